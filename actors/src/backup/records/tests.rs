use super::*;

const NAME: &str = "obd-2026-02-01T12-00-05.db";

fn record() -> Record {
    Record {
        sha256: super::super::sha256::of_reader(&b"abc"[..]).unwrap(),
        size_bytes: 3,
        modified: SystemTime::UNIX_EPOCH + Duration::new(1_770_000_000, 123_456_789),
        verdict: Verdict::Pending,
        sequence: Some(1),
        check_version: 0,
    }
}

fn folder() -> Folder {
    Folder {
        device: "pi".parse().unwrap(),
        kind: super::super::folder::BackupType::Database,
    }
}

fn records(root: &Path) -> Records {
    Records::new(Arc::new(Place::new(root.to_owned(), None, 0)))
}

#[test]
fn a_record_is_read_back_as_it_was_written() {
    let root = tempfile::tempdir().unwrap();
    let records = records(root.path());
    assert_eq!(records.read(&folder(), NAME), None);
    assert!(records.reserve(&folder(), NAME, &record()).unwrap());
    assert_eq!(records.read(&folder(), NAME), Some(record()));

    let damaged = Record {
        verdict: Verdict::Damaged {
            reason: "torn".into(),
        },
        ..record()
    };
    records.replace(&folder(), NAME, &damaged).unwrap();
    assert_eq!(records.read(&folder(), NAME), Some(damaged));

    records.remove(&folder(), NAME).unwrap();
    assert_eq!(records.read(&folder(), NAME), None);
}

#[test]
fn nothing_is_written_beneath_an_unmounted_disk() {
    let folder_above = tempfile::tempdir().unwrap();
    let root = folder_above.path().join("backups");
    let records = records(&root);
    assert!(records.reserve(&folder(), NAME, &record()).unwrap());
    fs::rename(&root, folder_above.path().join("unmounted")).unwrap();
    fs::create_dir(&root).unwrap();
    let replaced = records.replace(&folder(), NAME, &record());
    assert!(matches!(replaced, Err(BackupError::NotMounted)));
    let reserved = records.reserve(&folder(), "another.db", &record());
    assert!(matches!(reserved, Err(BackupError::NotMounted)));
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
}

#[test]
fn a_record_of_an_earlier_version_has_no_number() {
    let mut json = serde_json::to_value(record()).unwrap();
    for later in ["sequence", "checkVersion"] {
        json.as_object_mut().unwrap().remove(later).unwrap();
    }
    let earlier: Record = serde_json::from_value(json).unwrap();
    assert_eq!((earlier.sequence, earlier.check_version), (None, 0));
}

#[test]
fn a_name_is_reserved_once() {
    let root = tempfile::tempdir().unwrap();
    let records = records(root.path());
    assert!(records.reserve(&folder(), NAME, &record()).unwrap());
    let other = Record {
        size_bytes: 4,
        ..record()
    };
    assert!(!records.reserve(&folder(), NAME, &other).unwrap());
    assert_eq!(records.read(&folder(), NAME), Some(record()));
}

#[test]
fn an_unreadable_record_counts_as_none() {
    let root = tempfile::tempdir().unwrap();
    let records = records(root.path());
    records.reserve(&folder(), NAME, &record()).unwrap();
    fs::write(records.path(&folder(), NAME), "{\"sha256\": \"torn").unwrap();
    assert_eq!(records.read(&folder(), NAME), None);
}

#[test]
fn only_old_records_without_a_file_are_orphans() {
    let root = tempfile::tempdir().unwrap();
    let records = records(root.path());
    let old = SystemTime::now() - 2 * ORPHAN_AFTER;
    for (name, modified) in [("gone", old), ("there", old), ("coming", SystemTime::now())] {
        records.reserve(&folder(), name, &record()).unwrap();
        let file = fs::File::open(records.path(&folder(), name)).unwrap();
        file.set_modified(modified).unwrap();
    }
    records
        .remove_orphans(&folder(), |name| name == "there")
        .unwrap();
    let left = ["gone", "there", "coming"].map(|name| records.read(&folder(), name).is_some());
    assert_eq!(left, [false, true, true]);
}

#[test]
fn a_record_fits_the_file_it_was_written_for_and_no_other() {
    let (size, modified) = (record().size_bytes, record().modified);
    let later = modified + Duration::from_nanos(1);
    let altered = Record {
        verdict: Verdict::Altered,
        ..record()
    };

    assert_eq!(Standing::of(None, size, modified), Standing::Unknown);
    assert_eq!(
        Standing::of(Some(record()), size, modified),
        Standing::AsStored(record())
    );
    assert_eq!(
        Standing::of(Some(record()), size, later),
        Standing::Touched(record())
    );
    assert_eq!(
        Standing::of(Some(record()), size + 1, modified),
        Standing::Altered
    );
    assert_eq!(
        Standing::of(Some(altered.clone()), size, modified),
        Standing::Altered
    );
    assert_eq!(
        Standing::of(Some(altered.clone()), size, later),
        Standing::Touched(altered)
    );
}

#[test]
fn a_folder_of_records_that_cannot_be_read_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let records = records(root.path());
    let no_orphans = || records.remove_orphans(&folder(), |_| true);
    no_orphans().unwrap();
    std::os::unix::fs::symlink(ROOT, root.path().join(ROOT)).unwrap();
    no_orphans().unwrap_err();
}
