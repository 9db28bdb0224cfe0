//! Storing, rotating, listing and examining on a real disk.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::time::{Duration, SystemTime};

use chrono::{NaiveDate, NaiveDateTime};
use tempfile::TempDir;

use super::*;
use crate::admission::Admission;
use crate::backup::checks::{self, StopOnDrop};
use crate::backup::error::BackupError;
use crate::backup::folder::BackupType;
use crate::backup::messages::{Backup, StoredBackup};
use crate::backup::sha256;
use crate::backup::upload::StagedFile;
use crate::clock::Clock;
use crate::fair_admission::FairAdmission;
use crate::report::Reporter;

mod faults;
mod findings;
mod unmounted;

struct Fixture {
    root: TempDir,
    archive: Archive,
}

impl Fixture {
    fn keeping(retention_count: usize) -> Self {
        let root = tempfile::tempdir().unwrap();
        let archive = Archive::new(&BackupSettings {
            root: root.path().join("backups"),
            max_bytes: u64::MAX,
            min_free_bytes: 0,
            state_folder: None,
            retention_count,
            admission: Admission::new(1, 0),
            batches: FairAdmission::new(1, 0),
            clock: Clock::default(),
            reporter: Reporter::default(),
        });
        Self { root, archive }
    }

    fn store(&self, name: &str, content: &[u8], now: NaiveDateTime) -> StoredBackup {
        let staged = StagedFile::of(self.archive.stage().unwrap(), content);
        let stored = self
            .archive
            .store(&folder(), &name.parse().unwrap(), staged, now)
            .unwrap();
        self.archive.rotate(&folder(), &stored.filename).unwrap();
        stored
    }

    fn examine(&self, stored: &StoredBackup) {
        let key = BackupKey {
            folder: folder(),
            filename: stored.filename.clone(),
        };
        let stop = StopOnDrop::default();
        self.archive
            .conclude(&key, self.archive.examine(&key, &stop.sign()))
            .unwrap();
    }

    fn list(&self) -> Vec<Backup> {
        self.archive.list(None, None).unwrap().0
    }

    fn names(&self) -> Vec<String> {
        self.list()
            .into_iter()
            .map(|backup| backup.filename)
            .collect()
    }

    fn directory(&self) -> PathBuf {
        self.archive.directory(&folder())
    }

    fn put_by_hand(&self, name: &str) {
        fs::create_dir_all(self.directory()).unwrap();
        fs::write(self.directory().join(name), "by hand").unwrap();
    }

    fn records(&self) -> usize {
        fs::read_dir(self.root.path().join("backups/.records/pi/database"))
            .unwrap()
            .count()
    }
}

fn folder() -> Folder {
    Folder {
        device: "pi".parse().unwrap(),
        kind: BackupType::Database,
    }
}

fn second(second: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 2, 1)
        .unwrap()
        .and_hms_opt(12, 0, second)
        .unwrap()
}

#[test]
fn a_stored_file_has_its_content_its_name_and_its_record() {
    let fixture = Fixture::keeping(30);
    let stored = fixture.store("obd.json", b"{}", second(5));
    assert_eq!(stored.filename, "obd-2026-02-01T12-00-05.json");
    assert_eq!(fs::read(&stored.path).unwrap(), b"{}");
    assert_eq!(stored.path, fixture.directory().join(&stored.filename));

    let [backup] = fixture.list().try_into().unwrap();
    assert_eq!(backup.path, stored.path);
    assert_eq!((backup.size_bytes, backup.sha256), (2, Some(stored.sha256)));
    assert_eq!((backup.created_at, backup.verified), (second(5), None));
}

#[test]
fn files_of_one_name_and_second_are_counted() {
    let fixture = Fixture::keeping(30);
    for _ in 0..3 {
        fixture.store("obd.db", b"x", second(5));
    }
    assert_eq!(
        fixture.names(),
        [
            "obd-2026-02-01T12-00-05-3.db",
            "obd-2026-02-01T12-00-05-2.db",
            "obd-2026-02-01T12-00-05.db"
        ]
    );
}

#[test]
fn a_name_that_a_hand_made_file_has_is_not_taken_from_it() {
    let fixture = Fixture::keeping(30);
    fixture.put_by_hand("obd-2026-02-01T12-00-05.db");
    fs::create_dir(fixture.directory().join("obd-2026-02-01T12-00-05-2.db")).unwrap();
    let stored = fixture.store("obd.db", b"x", second(5));
    assert_eq!(stored.filename, "obd-2026-02-01T12-00-05-3.db");
    let by_hand = fixture.directory().join("obd-2026-02-01T12-00-05.db");
    assert_eq!(fs::read_to_string(by_hand).unwrap(), "by hand");
    assert_eq!(fixture.records(), 1);
}

#[test]
fn rotation_removes_the_oldest_with_their_records() {
    let fixture = Fixture::keeping(2);
    for at in [1, 2, 3, 3, 3] {
        fixture.store("obd.db", b"x", second(at));
    }
    assert_eq!(
        fixture.names(),
        [
            "obd-2026-02-01T12-00-03-3.db",
            "obd-2026-02-01T12-00-03-2.db"
        ]
    );
    assert_eq!(fixture.records(), 2);
}

/// Makes a record look like one of an earlier version, which kept no order.
fn forget_sequence(fixture: &Fixture, stored: &StoredBackup) {
    let records = fixture.root.path().join("backups/.records/pi/database");
    let path = records.join(format!("{}.json", stored.filename));
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let fields = record.as_object_mut().unwrap();
    fields.remove("sequence").unwrap();
    fields.remove("checkVersion").unwrap();
    fs::write(&path, record.to_string()).unwrap();
}

#[test]
fn a_folder_of_an_earlier_version_is_rotated_by_name_and_then_by_order_of_storing() {
    let fixture = Fixture::keeping(3);
    let old = [5, 4, 3].map(|at| fixture.store("obd.db", b"x", second(at)));
    for stored in &old {
        forget_sequence(&fixture, stored);
    }
    // The clock is behind that of all earlier names.
    let new = [2, 1].map(|at| fixture.store("obd.db", b"x", second(at)).filename);
    let [newest_old, ..] = old;
    assert_eq!(
        fixture.names(),
        [new[1].clone(), new[0].clone(), newest_old.filename]
    );
}

#[test]
fn a_verdict_of_an_earlier_version_of_the_checks_is_checked_again() {
    let fixture = Fixture::keeping(30);
    let stored = fixture.store("a.json", b"{}", second(1));
    fixture.examine(&stored);
    assert_eq!(fixture.archive.list(None, None).unwrap().1, []);
    forget_sequence(&fixture, &stored);
    let (backups, due) = fixture.archive.list(None, None).unwrap();
    assert_eq!((backups[0].verified, due.len()), (Some(true), 1));
    fixture.examine(&stored);
    assert_eq!(fixture.archive.list(None, None).unwrap().1, []);
}

#[test]
fn what_the_server_did_not_store_is_neither_counted_nor_deleted() {
    let fixture = Fixture::keeping(1);
    for name in ["notes.txt", "obd-2020-01-01T00-00-00.db", "obd.db"] {
        fixture.put_by_hand(name);
    }
    let edited = fixture.store("obd.db", b"stored", second(1));
    fs::write(&edited.path, "edited by hand").unwrap();
    fixture.store("obd.db", b"x", second(2));
    fixture.store("obd.db", b"x", second(3));
    let mut names = fixture.names();
    names.sort();
    assert_eq!(
        names,
        [
            "notes.txt",
            "obd-2020-01-01T00-00-00.db",
            "obd-2026-02-01T12-00-01.db",
            "obd-2026-02-01T12-00-03.db",
            "obd.db"
        ]
    );
}

#[test]
fn a_file_that_was_removed_by_hand_is_not_listed_and_its_name_not_given_again() {
    let fixture = Fixture::keeping(30);
    let stored = fixture.store("a.json", b"{}", second(1));
    fs::remove_file(&stored.path).unwrap();
    assert!(fixture.list().is_empty());
    fixture.examine(&stored);
    assert_ne!(
        fixture.store("a.json", b"[]", second(1)).filename,
        stored.filename
    );
}

#[test]
fn only_visible_regular_files_of_the_folder_can_be_opened() {
    let fixture = Fixture::keeping(30);
    let stored = fixture.store("a.json", b"{}", second(1));
    fixture.put_by_hand(".hidden");
    fs::create_dir(fixture.directory().join("folder")).unwrap();
    symlink("/etc/passwd", fixture.directory().join("link.db")).unwrap();
    fs::write(fixture.root.path().join("backups/pi/outside.db"), "x").unwrap();
    let long = "x".repeat(5000);
    for filename in [
        "",
        ".",
        "..",
        "../outside.db",
        "/etc/passwd",
        ".hidden",
        "folder",
        "link.db",
        "a.json/",
        "a.json\0",
        "missing.db",
        "../../.records/pi/database",
        &long,
    ] {
        let key = BackupKey {
            folder: folder(),
            filename: filename.to_owned(),
        };
        let opened = fixture.archive.open(&key);
        assert!(
            matches!(opened, Err(BackupError::NotFound)),
            "{filename:?}: {opened:?}"
        );
    }
    let key = BackupKey {
        folder: folder(),
        filename: stored.filename,
    };
    let opened = fixture.archive.open(&key).unwrap();
    assert_eq!(opened.backup.sha256, Some(stored.sha256));
    assert_eq!(sha256::of_reader(opened.file).unwrap(), stored.sha256);
    assert_eq!(fixture.names(), ["a-2026-02-01T12-00-01.json"]);
}

#[test]
fn the_list_can_be_narrowed_to_a_device_and_a_type() {
    let fixture = Fixture::keeping(30);
    for (device, kind) in [
        ("b", BackupType::Logs),
        ("a", BackupType::Logs),
        ("a", BackupType::Database),
    ] {
        let folder = Folder {
            device: device.parse().unwrap(),
            kind,
        };
        let staged = StagedFile::of(fixture.archive.stage().unwrap(), b"x");
        fixture
            .archive
            .store(&folder, &"x.log".parse().unwrap(), staged, second(1))
            .unwrap();
    }
    fs::write(fixture.root.path().join("backups/a-file"), "").unwrap();
    let places = |device: Option<&str>, kind| {
        let device = device.map(|device| device.parse().unwrap());
        let (backups, _) = fixture.archive.list(device.as_ref(), kind).unwrap();
        backups
            .iter()
            .map(|backup| backup.folder.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(places(None, None), ["a/database", "a/logs", "b/logs"]);
    assert_eq!(places(Some("a"), None), ["a/database", "a/logs"]);
    assert_eq!(places(None, Some(BackupType::Logs)), ["a/logs", "b/logs"]);
    assert_eq!(places(Some("a"), Some(BackupType::Config)), [""; 0]);
    assert_eq!(places(Some("c"), None), [""; 0]);
}

#[test]
fn a_root_that_is_not_there_is_empty_and_clean() {
    let fixture = Fixture::keeping(30);
    assert!(fixture.archive.tidy().unwrap().is_empty());
    assert!(fixture.list().is_empty());
    assert!(!fixture.root.path().join("backups").exists());
}

#[test]
fn tidying_removes_leftovers_and_finds_what_was_not_checked() {
    let fixture = Fixture::keeping(30);
    let checked = fixture.store("a.json", b"{}", second(1));
    fixture.examine(&checked);
    let unchecked = fixture.store("a.json", b"{}", second(2));
    let leftover = fixture.root.path().join("backups/.staging/staged-x.part");
    fs::write(&leftover, "half a file").unwrap();

    let due = fixture.archive.tidy().unwrap();
    assert_eq!(
        due,
        [BackupKey {
            folder: folder(),
            filename: unchecked.filename
        }]
    );
    assert!(!leftover.exists());
}
