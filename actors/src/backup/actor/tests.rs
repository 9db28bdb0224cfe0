//! The actor on a real disk, asked as the HTTP side asks it.

use std::fs;
use std::path::Path;

use actix::{Addr, Message};
use actix_rt::Arbiter;
use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::*;
use crate::admission::Admission;
use crate::backup::folder::{BackupType, Folder};
use crate::backup::sha256::{self, Sha256};
use crate::backup::upload::StagedFile;
use crate::clock::Moment;
use crate::report::{ClockJump, Report, Reporter};
use crate::supervise::{RestartPolicy, Supervision};

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

/// Forwards reports.
struct Listener(mpsc::UnboundedSender<Result<u64, String>>);

impl Actor for Listener {
    type Context = Context<Self>;
}

impl Handler<Report> for Listener {
    type Result = ();

    fn handle(&mut self, report: Report, _: &mut Self::Context) {
        if let Report::Backup { outcome, .. } = report {
            self.0.send(outcome).unwrap();
        }
    }
}

/// Hands on the jumps of the clock.
struct Jumps(mpsc::UnboundedSender<ClockJump>);

impl Actor for Jumps {
    type Context = Context<Self>;
}

impl Handler<Report> for Jumps {
    type Result = ();

    fn handle(&mut self, report: Report, _: &mut Self::Context) {
        if let Report::ClockJumped(jump) = report {
            self.0.send(jump).unwrap();
        }
    }
}

#[actix::test]
async fn a_clock_that_was_wrong_for_a_day_deletes_nothing_new_and_is_reported() {
    let (told, mut jumps) = mpsc::unbounded_channel();
    let root = tempfile::tempdir().unwrap();
    let hands = Arc::new(Mutex::new(Moment {
        utc: "2026-02-01T12:00:00".parse().unwrap(),
        since_boot: Duration::from_mins(1),
    }));
    let shown = Arc::clone(&hands);
    let settings = BackupSettings {
        root: root.path().to_owned(),
        max_bytes: 1000,
        min_free_bytes: 0,
        state_folder: None,
        retention_count: 3,
        admission: Admission::new(1, 0),
        clock: Clock::new(move || *shown.lock().unwrap()),
        reporter: Reporter::new(Jumps(told).start().recipient()),
    };
    let fixture = Fixture::with(root, settings);
    let mut stored = Vec::new();
    let mut minute = 1;
    for clock in ["2026-02-01", "2031-02-01", "2002-02-01", "2026-02-02"] {
        for _ in 0..4 {
            minute += 1;
            *hands.lock().unwrap() = Moment {
                utc: format!("{clock}T12:{minute:02}:00").parse().unwrap(),
                since_boot: Duration::from_mins(minute),
            };
            stored.push(fixture.store("car.log", b"x").await);
            let left = fixture.list().await.into_iter().map(|backup| backup.path);
            let newest = stored
                .iter()
                .rev()
                .take(3)
                .map(|stored| stored.path.clone());
            assert_eq!(left.collect::<Vec<_>>(), newest.collect::<Vec<_>>());
        }
    }
    let years = async {
        let jump = jumps.recv().await.unwrap();
        [jump.from, jump.to].map(|time| time.format("%Y").to_string())
    };
    assert_eq!(years.await, ["2026", "2031"]);
    assert_eq!(
        jumps.recv().await.unwrap().to.to_string(),
        "2002-02-01 12:10:00"
    );
    assert_eq!(
        jumps.recv().await.unwrap().to.to_string(),
        "2026-02-02 12:14:00"
    );
    assert!(jumps.is_empty());
}

#[actix::test]
async fn the_end_of_every_upload_is_reported_once() {
    let (told, mut reports) = mpsc::unbounded_channel();
    let listener = Listener(told).start().recipient();
    let root = tempfile::tempdir().unwrap();
    let settings = BackupSettings {
        root: root.path().to_owned(),
        max_bytes: 10,
        min_free_bytes: 0,
        state_folder: None,
        retention_count: 30,
        admission: Admission::new(1, 0),
        clock: Clock::default(),
        reporter: Reporter::new(listener),
    };
    let fixture = Fixture::with(root, settings);

    fixture.store("car.json", b"{}").await;
    assert_eq!(reports.recv().await.unwrap(), Ok(2));

    let turn = fixture.admission.enter().await.unwrap();
    let begun = fixture.actor.send(BeginUpload { turn }).await.unwrap();
    begun.unwrap().write(&[0; 11]).await.unwrap_err();
    let too_large = "the file is larger than 10 bytes".to_owned();
    assert_eq!(reports.recv().await.unwrap(), Err(too_large));

    let staging = fixture.root.path().join(".staging");
    fs::remove_dir_all(&staging).unwrap();
    fs::write(&staging, "in the way").unwrap();
    let turn = fixture.admission.enter().await.unwrap();
    let refused = fixture.actor.send(BeginUpload { turn }).await.unwrap();
    assert!(refused.is_err());
    let unusable = "the backup folder (BACKUP_DIR) cannot be read or written".to_owned();
    assert_eq!(reports.recv().await.unwrap(), Err(unusable));
    assert!(reports.is_empty());
}
