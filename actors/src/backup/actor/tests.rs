//! The actor on a real disk, asked as the HTTP side asks it.

use std::fs;
use std::path::Path;

use actix::{Addr, Message};
use actix_rt::Arbiter;
use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::*;
use crate::admission::Admission;
use crate::backup::folder::{BackupType, Folder};
use crate::backup::sha256::{self, Sha256};
use crate::backup::upload::StagedFile;
use crate::fair_admission::FairAdmission;
use crate::report::Reporter;
use crate::supervise::{RestartPolicy, Supervision};

mod parts;
mod reports;

const WAIT_LIMIT: Duration = Duration::from_secs(20);

struct Fixture {
    root: TempDir,
    actor: Addr<BackupActor>,
    supervision: Supervision,
    admission: Admission,
}

impl Fixture {
    fn keeping(retention_count: usize) -> Self {
        let root = tempfile::tempdir().unwrap();
        Self::on(root, retention_count)
    }

    fn on(root: TempDir, retention_count: usize) -> Self {
        let settings = BackupSettings {
            root: root.path().to_owned(),
            max_bytes: 1000,
            min_free_bytes: 0,
            state_folder: None,
            retention_count,
            admission: Admission::new(1, 0),
            batches: FairAdmission::new(1, 0),
            clock: Clock::default(),
            reporter: Reporter::default(),
        };
        Self::with(root, settings)
    }

    fn with(root: TempDir, settings: BackupSettings) -> Self {
        let supervision = Supervision::new(RestartPolicy::default());
        let actor = supervision.start(&Arbiter::current(), "backup", |_| {
            BackupActor::new(settings)
        });
        Self {
            root,
            actor,
            supervision,
            admission: Admission::new(64, 0),
        }
    }

    async fn stage(&self, content: &[u8]) -> StagedFile {
        let turn = self.admission.enter().await.unwrap();
        let mut upload = self
            .actor
            .send(BeginUpload { turn })
            .await
            .unwrap()
            .unwrap();
        upload.write(content).await.unwrap();
        upload.finish().await.unwrap()
    }

    async fn commit(&self, name: &str, staged: StagedFile) -> StoredBackup {
        let name = name.parse().unwrap();
        let commit = CommitUpload {
            staged,
            folder: folder(),
            name,
            expected_sha256: None,
        };
        self.actor.send(commit).await.unwrap().unwrap()
    }

    async fn store(&self, name: &str, content: &[u8]) -> StoredBackup {
        self.commit(name, self.stage(content).await).await
    }

    async fn list(&self) -> Vec<Backup> {
        let everything = ListBackups {
            device: None,
            kind: None,
        };
        self.actor.send(everything).await.unwrap().unwrap()
    }

    /// Waits until every backup has its verdict; returns them, newest first.
    async fn verdicts(&self) -> Vec<Option<bool>> {
        timeout(WAIT_LIMIT, async {
            loop {
                let backups = self.list().await;
                let is_pending = |b: &Backup| b.note.as_deref() == Some("not checked yet");
                if !backups.iter().any(is_pending) {
                    return backups.into_iter().map(|backup| backup.verified).collect();
                }
                sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap()
    }
}

fn folder() -> Folder {
    Folder {
        device: "pi".parse().unwrap(),
        kind: BackupType::Config,
    }
}

fn files_below(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

fn sound_records(folder: &Path) -> usize {
    let is_sound = |path| fs::read_to_string(path).unwrap().contains("\"sound\"");
    fs::read_dir(folder)
        .unwrap()
        .filter(|entry| is_sound(entry.as_ref().unwrap().path()))
        .count()
}

#[derive(Message)]
#[rtype(result = "()")]
struct Panic;

impl Handler<Panic> for BackupActor {
    type Result = ();

    fn handle(&mut self, _: Panic, _: &mut Self::Context) {
        panic!("as the test wants it");
    }
}

#[actix::test]
async fn a_backup_is_stored_at_once_and_checked_afterwards() {
    let fixture = Fixture::keeping(30);
    let stored = fixture.store("car.json", b"{\"idle\": 800}").await;
    assert_eq!(fs::read(&stored.path).unwrap(), b"{\"idle\": 800}");
    assert_eq!(fixture.verdicts().await, [Some(true)]);
    fixture.store("car.json", b"{\"idle\":").await;
    fixture.store("car.log", b"").await;
    let mut verdicts = fixture.verdicts().await;
    verdicts.sort();
    assert_eq!(verdicts, [None, Some(false), Some(true)]);
}

#[actix::test]
async fn many_uploads_of_one_name_at_once_are_all_kept() {
    let fixture = Fixture::keeping(30);
    let contents: Vec<String> = (0..20).map(|i| format!("[{i}]")).collect();
    let stored = join_all(
        contents
            .iter()
            .map(|c| fixture.store("car.json", c.as_bytes())),
    )
    .await;
    for (content, stored) in contents.iter().zip(&stored) {
        assert_eq!(fs::read_to_string(&stored.path).unwrap(), *content);
    }
    assert_eq!(fixture.list().await.len(), 20);
}

#[actix::test]
async fn uploads_at_once_beyond_the_retention_leave_exactly_that_many() {
    let fixture = Fixture::keeping(5);
    let stored = join_all((0..12).map(|_| fixture.store("car.log", b"x"))).await;
    let left: Vec<_> = stored
        .iter()
        .filter(|stored| stored.path.exists())
        .collect();
    assert_eq!(left.len(), 5);
    assert_eq!(fixture.list().await.len(), 5);
}

#[actix::test]
async fn a_digest_that_does_not_fit_is_refused_and_leaves_nothing() {
    let fixture = Fixture::keeping(30);
    let staged = fixture.stage(b"abc").await;
    let expected: Sha256 = sha256::of_reader(&b"abd"[..]).unwrap();
    let name = "car.log".parse().unwrap();
    let commit = CommitUpload {
        staged,
        folder: folder(),
        name,
        expected_sha256: Some(expected),
    };
    let refused = fixture.actor.send(commit).await.unwrap();
    let Err(BackupError::ChecksumMismatch {
        expected: told,
        actual,
    }) = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (told, actual),
        (expected, sha256::of_reader(&b"abc"[..]).unwrap())
    );
    assert!(fixture.list().await.is_empty());
    assert_eq!(files_below(&fixture.root.path().join(".staging")), 0);
    assert!(!fixture.root.path().join("pi").exists());
}

#[actix::test]
async fn an_upload_outlives_a_panic_of_the_actor() {
    let fixture = Fixture::keeping(30);
    let staged = fixture.stage(b"{}").await;
    fixture.actor.send(Panic).await.unwrap_err();
    let stored = fixture.commit("car.json", staged).await;
    assert!(stored.path.exists());
    assert_eq!(fixture.verdicts().await, [Some(true)]);
    assert_eq!(fixture.supervision.restarts(), [("backup", 1)]);
}

/// Begins a check, and panics.
#[derive(Message)]
#[rtype(result = "()")]
struct PanicInCheck(BackupKey);

impl Handler<PanicInCheck> for BackupActor {
    type Result = ();

    fn handle(&mut self, PanicInCheck(key): PanicInCheck, ctx: &mut Self::Context) {
        self.enqueue_checks([key], ctx);
        panic!("as the test wants it");
    }
}

#[actix::test]
async fn files_are_checked_after_a_panic_during_a_check() {
    let fixture = Fixture::keeping(30);
    let filename = fixture.store("car.json", b"{}").await.filename;
    assert_eq!(fixture.verdicts().await, [Some(true)]);
    let key = BackupKey {
        folder: folder(),
        filename,
    };
    fixture.actor.send(PanicInCheck(key)).await.unwrap_err();
    fixture.store("car.json", b"{}").await;
    assert_eq!(fixture.verdicts().await, [Some(true), Some(true)]);
}

#[actix::test]
async fn checks_that_were_not_done_are_done_after_the_next_start() {
    let fixture = Fixture::keeping(30);
    fixture.actor.send(Drain).await.unwrap();
    for _ in 0..3 {
        fixture.store("car.json", b"{}").await;
    }
    let Fixture { root, .. } = fixture;

    let fixture = Fixture::on(root, 30);
    // Reads the records directly: asking for the list would trigger a check.
    let records = fixture.root.path().join(".records/pi/config");
    timeout(WAIT_LIMIT, async {
        while sound_records(&records) < 3 {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
}

#[actix::test]
async fn what_is_being_stored_is_stored_before_a_drain_ends() {
    let fixture = Fixture::keeping(30);
    let staged = fixture.stage(b"{}").await;
    let name = "car.json".parse().unwrap();
    let commit = CommitUpload {
        staged,
        folder: folder(),
        name,
        expected_sha256: None,
    };
    let commit = fixture.actor.send(commit);
    let (stored, ()) = tokio::join!(commit, async {
        fixture.actor.send(Drain).await.unwrap();
        assert_eq!(files_below(&fixture.root.path().join("pi/config")), 1);
    });
    stored.unwrap().unwrap();
}

#[actix::test]
async fn a_root_that_cannot_be_used_fails_one_request_and_serves_the_next() {
    let fixture = Fixture::keeping(30);
    let staging = fixture.root.path().join(".staging");
    fs::write(&staging, "in the way").unwrap();
    let turn = fixture.admission.enter().await.unwrap();
    let refused = fixture.actor.send(BeginUpload { turn }).await.unwrap();
    assert!(matches!(refused, Err(BackupError::Storage(_))));
    fs::remove_file(&staging).unwrap();
    assert!(fixture.store("car.json", b"{}").await.path.exists());
    assert_eq!(fixture.supervision.restarts(), [("backup", 0)]);
}
