//! Whether somebody still waits for an answer.
//!
//! actix tells a handler nothing of a caller that has gone: what was sent is worked on to the end. Work that costs
//! much takes a [`Caller`] along in its message, and ends when the [`Presence`] on the other side is dropped.

use std::convert::Infallible;

use tokio::sync::oneshot;

/// Held by whoever waits, for as long as it waits.
#[derive(Debug)]
pub struct Presence(#[expect(dead_code, reason = "dropping it tells")] oneshot::Sender<Infallible>);

/// Whoever waits, as seen by whoever works.
#[derive(Debug)]
pub struct Caller(oneshot::Receiver<Infallible>);

/// A presence, and how it is seen.
pub fn present() -> (Presence, Caller) {
    let (presence, caller) = oneshot::channel();
    (Presence(presence), Caller(caller))
}

impl Caller {
    /// Returns when nobody waits any more.
    pub async fn has_left(self) {
        let _ = self.0.await;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_caller_has_left_when_its_presence_is_dropped_and_not_before() {
        let (presence, caller) = present();
        let mut left = Box::pin(caller.has_left());
        assert_eq!((&mut left).now_or_never(), None);
        drop(presence);
        left.await;
    }
}
