//! The [`BackupActor`]'s handlers for uploads in parts.

use std::sync::Arc;

use actix::{ActorFutureExt as _, Handler, ResponseActFuture, WrapFuture as _};

use super::appending::PartialUpload;
use super::messages::{
    AppendUpload, CancelUpload, CreateUpload, CreatedUpload, FindUpload, FinishUpload, UploadState,
};
use crate::backup::actor::BackupActor;
use crate::backup::error::BackupError;
use crate::backup::messages::StoredBackup;
use crate::runtime::blocking;

impl Handler<CreateUpload> for BackupActor {
    type Result = ResponseActFuture<Self, Result<CreatedUpload, BackupError>>;

    fn handle(&mut self, create: CreateUpload, _: &mut Self::Context) -> Self::Result {
        let (uploads, account) = (Arc::clone(&self.resumable), self.open_account());
        let created = blocking(move || {
            let created = uploads.create(&create);
            created.inspect_err(|error| account.close(Err(error)))
        });
        Box::pin(created.into_actor(self))
    }
}

impl Handler<FindUpload> for BackupActor {
    type Result = ResponseActFuture<Self, Result<UploadState, BackupError>>;

    fn handle(
        &mut self,
        FindUpload { id, only }: FindUpload,
        _: &mut Self::Context,
    ) -> Self::Result {
        let uploads = Arc::clone(&self.resumable);
        let (lock, _) = self.sessions.enter(&id);
        let state = async move {
            let guard = lock.await;
            blocking(move || uploads.state(id, only.as_ref(), guard)).await
        };
        Box::pin(state.into_actor(self))
    }
}

impl Handler<AppendUpload> for BackupActor {
    type Result = ResponseActFuture<Self, Result<PartialUpload, BackupError>>;

    fn handle(&mut self, append: AppendUpload, _: &mut Self::Context) -> Self::Result {
        let uploads = Arc::clone(&self.resumable);
        let (lock, replaced) = self.sessions.enter(&append.id);
        let opened = async move {
            let guard = lock.await;
            blocking(move || {
                let upload = uploads.resume(&append, guard)?;
                Ok(PartialUpload::new(upload, replaced, append.turn))
            })
            .await
        };
        Box::pin(opened.into_actor(self))
    }
}

impl Handler<FinishUpload> for BackupActor {
    type Result = ResponseActFuture<Self, Result<StoredBackup, BackupError>>;

    fn handle(&mut self, finish: FinishUpload, _: &mut Self::Context) -> Self::Result {
        let (uploads, account) = (Arc::clone(&self.resumable), self.open_account());
        let verified = blocking({
            let account = account.clone();
            move || {
                let verified = uploads.verify(finish.settled, account.clone());
                verified.inspect_err(|error| account.close(Err(error)))
            }
        });
        let stored = verified.into_actor(self).then(|verified, actor, _| {
            let stored = verified.map(|(commit, upload)| (actor.commit(commit), upload));
            async move {
                let (stored, _upload) = stored?;
                stored.await
            }
            .into_actor(actor)
        });
        Box::pin(stored.map(move |stored, actor, ctx| actor.stored(stored, ctx)))
    }
}

impl Handler<CancelUpload> for BackupActor {
    type Result = ResponseActFuture<Self, Result<(), BackupError>>;

    fn handle(
        &mut self,
        CancelUpload { id, only }: CancelUpload,
        _: &mut Self::Context,
    ) -> Self::Result {
        let uploads = Arc::clone(&self.resumable);
        let (lock, _) = self.sessions.enter(&id);
        let cancelled = async move {
            let guard = lock.await;
            blocking(move || {
                let _guard = guard;
                uploads.cancel(&id, only.as_ref())
            })
            .await
        };
        Box::pin(cancelled.into_actor(self))
    }
}
