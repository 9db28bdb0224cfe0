use super::{Carrier, Proxy};

/// The direction of bytes between a client and the server behind the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    ToServer,
    ToClient,
}

/// What happens at the end of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The connection that reaches it is closed. It holds once.
    Close,
    /// Bytes in this direction wait, on all connections, until the limit is lifted.
    Freeze,
}

/// The number of bytes that still pass in one direction, on all connections together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    direction: Direction,
    left: usize,
    then: Then,
}

impl Proxy {
    /// After this many further bytes, the connection that carries the last of them is closed.
    pub(crate) fn cut_after(&self, bytes: usize, direction: Direction) {
        self.limit(bytes, direction, Then::Close);
    }

    /// After this many further bytes, nothing passes in this direction.
    pub(crate) fn freeze_after(&self, bytes: usize, direction: Direction) {
        self.limit(bytes, direction, Then::Freeze);
    }

    fn limit(&self, left: usize, direction: Direction, then: Then) {
        self.change(|state| {
            state.limit = Some(Limit {
                direction,
                left,
                then,
            });
        });
    }

    /// What has waited passes, and all that follows.
    pub(crate) fn lift_limit(&self) {
        self.change(|state| state.limit = None);
    }

    /// Whether bytes wait for [`Self::lift_limit`].
    pub(crate) fn is_frozen(&self) -> bool {
        let limit = self.state.borrow().limit;
        limit.is_some_and(|limit| limit.then == Then::Freeze && limit.left == 0)
    }

    /// The number of bytes so far, to the server and to clients.
    pub(crate) fn carried(&self) -> [usize; 2] {
        self.state.borrow().carried
    }
}

impl Carrier {
    /// Counts bytes that are about to pass; returns how many of them may, and what happens then.
    pub(super) fn meter(&self, bytes: usize, direction: Direction) -> (usize, Option<Then>) {
        let mut passed = (bytes, None);
        self.sender.send_if_modified(|state| {
            state.carried[direction as usize] += bytes;
            let of_this = |limit: &&mut Limit| limit.direction == direction;
            if let Some(limit) = state.limit.as_mut().filter(of_this) {
                if bytes < limit.left {
                    limit.left -= bytes;
                } else {
                    passed = (limit.left, Some(limit.then));
                    limit.left = 0;
                    if limit.then == Then::Close {
                        state.limit = None;
                    }
                }
            }
            // Only a frozen direction waits for a change, and this is none.
            false
        });
        passed
    }

    pub(super) async fn lifted(&self) {
        let mut state = self.state.clone();
        let _ = state.wait_for(|state| state.limit.is_none()).await;
    }
}
