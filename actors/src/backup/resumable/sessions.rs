//! One request at a time changes an upload; a new one replaces the one before, whose client has gone.

use std::collections::HashMap;

use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use super::upload_id::UploadId;
use crate::backup::locks::Locks;

/// The uploads that requests are at work on.
#[derive(Debug, Default)]
pub(in crate::backup) struct Sessions {
    locks: Locks<UploadId>,
    latest: HashMap<UploadId, CancellationToken>,
}

impl Sessions {
    /// Cancels the earlier request, and waits for its end. The token is cancelled when this one is replaced.
    pub(super) fn enter(
        &mut self,
        id: &UploadId,
    ) -> (
        impl Future<Output = OwnedMutexGuard<()>> + use<>,
        CancellationToken,
    ) {
        let lock = self.locks.lock(id);
        self.latest.retain(|id, _| self.locks.is_in_use(id));
        let token = CancellationToken::new();
        if let Some(earlier) = self.latest.insert(id.clone(), token.clone()) {
            earlier.cancel();
        }
        (lock, token)
    }

    /// Waits until the requests of now have ended.
    pub(in crate::backup) fn all_ended(&self) -> impl Future<Output = ()> + use<> {
        self.locks.all_free()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn a_request_replaces_the_one_before_and_waits_for_its_end() {
        let mut sessions = Sessions::default();
        let (id, other) = (UploadId::random(), UploadId::random());
        let (lock, first) = sessions.enter(&id);
        let guard = lock.now_or_never().unwrap();
        let (lock, _) = sessions.enter(&other);
        assert!(lock.now_or_never().is_some() && !first.is_cancelled());

        let (lock, second) = sessions.enter(&id);
        let mut lock = Box::pin(lock);
        assert!(first.is_cancelled() && !second.is_cancelled());
        assert!(lock.as_mut().now_or_never().is_none());
        drop(guard);
        assert!(lock.now_or_never().is_some());
    }

    #[test]
    fn requests_that_have_ended_are_forgotten() {
        let mut sessions = Sessions::default();
        for _ in 0..100 {
            let (lock, _) = sessions.enter(&UploadId::random());
            drop(lock);
        }
        let (_lock, _) = sessions.enter(&UploadId::random());
        assert_eq!(sessions.latest.len(), 1);
    }
}
