//! What the actor reports: the ends of uploads, and jumps of the clock.

use tokio::sync::mpsc;

use super::*;
use crate::clock::Moment;
use crate::report::ClockJump;

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
        batches: FairAdmission::new(1, 0),
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
        batches: FairAdmission::new(1, 0),
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
