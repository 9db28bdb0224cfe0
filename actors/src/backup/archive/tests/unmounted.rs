//! Operations that end after the disk was unmounted.

use super::*;

/// Leaves the empty folder that a disk was mounted on.
fn unmount(fixture: &Fixture) {
    let root = fixture.root.path().join("backups");
    fs::rename(&root, fixture.root.path().join("unmounted")).unwrap();
    fs::create_dir(&root).unwrap();
}

fn nothing_was_written(fixture: &Fixture) {
    let root = fixture.root.path().join("backups");
    assert_eq!(fs::read_dir(root).unwrap().count(), 0);
}

#[test]
fn an_upload_that_ends_after_the_disk_was_unmounted_is_refused() {
    let fixture = Fixture::keeping(30);
    fixture.store("a.json", b"{}", second(1));
    let staged = StagedFile::of(fixture.archive.stage().unwrap(), b"[]");
    unmount(&fixture);
    let name = "a.json".parse().unwrap();
    let stored = fixture.archive.store(&folder(), &name, staged, second(2));
    assert!(matches!(stored, Err(BackupError::NotMounted)));
    let staged = fixture.archive.stage();
    assert!(matches!(staged, Err(BackupError::NotMounted)));
    nothing_was_written(&fixture);
}

#[test]
fn a_check_that_ends_after_the_disk_was_unmounted_writes_nothing() {
    let fixture = Fixture::keeping(1);
    let stored = [1, 2].map(|at| fixture.store("a.json", b"{}", second(at)));
    let key = BackupKey {
        folder: folder(),
        filename: stored[1].filename.clone(),
    };
    let stop = StopOnDrop::default();
    let examined = fixture.archive.examine(&key, &stop.sign());
    assert!(matches!(&examined, Ok(Some(_))));
    unmount(&fixture);
    fixture.archive.conclude(&key, examined).unwrap();
    fixture.archive.rotate(&folder(), &key.filename).unwrap();
    let tidied = fixture.archive.tidy();
    assert!(matches!(tidied, Err(BackupError::NotMounted)));
    nothing_was_written(&fixture);
}

#[test]
fn a_check_that_meets_the_unmounted_disk_at_its_record_writes_nothing() {
    let fixture = Fixture::keeping(30);
    let stored = fixture.store("a.json", b"{}", second(1));
    let key = BackupKey {
        folder: folder(),
        filename: stored.filename,
    };
    let stop = StopOnDrop::default();
    let record = fixture
        .archive
        .examine(&key, &stop.sign())
        .unwrap()
        .unwrap();
    unmount(&fixture);
    // What `conclude` does once it has found the file.
    let replaced = fixture
        .archive
        .records
        .replace(&folder(), &key.filename, &record);
    assert!(matches!(replaced, Err(BackupError::NotMounted)));
    nothing_was_written(&fixture);
}
