//! What cannot be read is an error, and not absent.

use super::*;

/// A link to itself cannot be read, not even by root.
fn make_unreadable(path: &std::path::Path) {
    fs::remove_dir_all(path).unwrap();
    symlink(path, path).unwrap();
}

#[test]
fn a_folder_that_cannot_be_read_is_an_error_and_not_empty() {
    let fixture = Fixture::keeping(30);
    let stored = fixture.store("a.json", b"{}", second(1));
    let key = BackupKey {
        folder: folder(),
        filename: stored.filename,
    };
    make_unreadable(&fixture.directory());
    fixture
        .archive
        .files(&folder())
        .map(|files| files.len())
        .unwrap_err();
    let opened = fixture.archive.open(&key).map(|_| ());
    assert!(matches!(opened, Err(BackupError::Storage(_))), "{opened:?}");
    let examined = fixture.archive.examine(&key, &StopOnDrop::default().sign());
    assert!(matches!(examined, Err(checks::Unfinished::Unreadable(_))));

    make_unreadable(&fixture.root.path().join("backups"));
    fixture.archive.folders(None, None).unwrap_err();
}

#[test]
fn a_check_of_a_file_that_has_gone_is_done_and_one_that_failed_is_an_error() {
    let fixture = Fixture::keeping(30);
    let stored = fixture.store("a.json", b"{}", second(1));
    let key = BackupKey {
        folder: folder(),
        filename: stored.filename,
    };
    let conclude = |kind: std::io::ErrorKind| {
        let failed = checks::Unfinished::Unreadable(kind.into());
        fixture.archive.conclude(&key, Err(failed))
    };
    conclude(std::io::ErrorKind::NotFound).unwrap();
    conclude(std::io::ErrorKind::Other).unwrap_err();
}
