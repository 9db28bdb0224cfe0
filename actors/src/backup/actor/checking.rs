//! Checks stored files, one at a time.

use std::sync::Arc;
use std::time::Duration;

use actix::{ActorFutureExt as _, AsyncContext as _, Context, WrapFuture as _};
use futures_util::FutureExt as _;
use tokio::sync::OwnedMutexGuard;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::BackupActor;
use crate::backup::archive::{Archive, BackupKey};
use crate::backup::checks::{StopOnDrop, StopSign, Unfinished};
use crate::backup::folder::Folder;
use crate::backup::records::Record;
use crate::report::Report;
use crate::runtime::blocking;

/// The time limit of a check.
const CHECK_LIMIT: Duration = Duration::from_mins(10);

/// The running check.
pub(super) struct Checking {
    key: BackupKey,
    _stop: StopOnDrop,
}

impl BackupActor {
    pub(super) fn enqueue_checks(
        &mut self,
        keys: impl IntoIterator<Item = BackupKey>,
        ctx: &mut Context<Self>,
    ) {
        for key in keys {
            let is_running = self
                .checking
                .as_ref()
                .is_some_and(|running| running.key == key);
            if !is_running && !self.due.contains(&key) {
                self.due.push_back(key);
            }
        }
        self.check_next(ctx);
    }

    fn check_next(&mut self, ctx: &mut Context<Self>) {
        if self.is_draining || self.checking.is_some() {
            return;
        }
        let Some(key) = self.due.pop_front() else {
            return;
        };
        let stop = StopOnDrop::default();
        let examination = examine(Arc::clone(&self.archive), key.clone(), stop.sign());
        self.checking = Some(Checking {
            key: key.clone(),
            _stop: stop,
        });

        let check = examination
            .into_actor(self)
            .then(move |examined, actor, _| {
                let lock = actor.locks.lock(&key.folder);
                let report = actor.report_newest(Some(key.folder.clone()));
                conclude(Arc::clone(&actor.archive), key, examined, lock)
                    .then(|()| report)
                    .into_actor(actor)
            })
            .map(|(), actor, ctx| {
                actor.checking = None;
                actor.check_next(ctx);
            });
        ctx.spawn(check);
    }

    /// Reports whether the newest backup of a folder is damaged; of every folder without one.
    pub(super) fn report_newest(&self, folder: Option<Folder>) -> impl Future<Output = ()> + use<> {
        let (archive, reporter) = (Arc::clone(&self.archive), self.settings.reporter.clone());
        blocking(move || {
            let folders = match folder {
                Some(folder) => Ok(vec![folder]),
                None => archive.folders(None, None),
            };
            for folder in folders.unwrap_or_default() {
                match archive.damage_of_newest(&folder) {
                    Ok(damage) => reporter.send(Report::NewestBackup {
                        folder: folder.to_string(),
                        damage,
                    }),
                    Err(error) => log::warn!(folder:%, error:%; "backups not readable"),
                }
            }
        })
    }
}

/// A panic in a check must not become one of the actor: the same file would cause it again after every restart.
async fn examine(
    archive: Arc<Archive>,
    key: BackupKey,
    stop: StopSign,
) -> Result<Option<Record>, Unfinished> {
    match timeout(
        CHECK_LIMIT,
        spawn_blocking(move || archive.examine(&key, &stop)),
    )
    .await
    {
        Ok(Ok(examined)) => examined,
        Ok(Err(_panicked)) => Err(Unfinished::Panicked),
        Err(_elapsed) => Err(Unfinished::TooLong),
    }
}

async fn conclude(
    archive: Arc<Archive>,
    key: BackupKey,
    examined: Result<Option<Record>, Unfinished>,
    lock: impl Future<Output = OwnedMutexGuard<()>>,
) {
    let guard = lock.await;
    blocking(move || {
        let _guard = guard;
        if let Err(error) = archive.conclude(&key, examined) {
            let BackupKey { folder, filename } = key;
            log::warn!(folder:%, name:% = filename, error:%; "backup not checked");
        }
    })
    .await;
}
