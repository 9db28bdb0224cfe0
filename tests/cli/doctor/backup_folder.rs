//! The folder of the backups and its disk.

use super::*;

#[test]
fn an_unwritable_backup_folder_is_an_error() {
    // Not writable, not even for root.
    let ended = binary("mysql://nobody@127.0.0.1:9/nothing", "http://127.0.0.1:9")
        .variable("BACKUP_DIR", "/proc/backups")
        .run(&["doctor"]);
    assert!(reported(&ended, "error", "backups").contains("/proc cannot be written"));
}

#[test]
fn a_backup_folder_whose_disk_is_not_mounted_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let [backups, state] = ["backups", "state"].map(|name| folder.path().join(name));
    std::fs::create_dir(&backups).unwrap();
    std::fs::create_dir(&state).unwrap();
    // The server's note that it used this folder.
    std::fs::write(state.join("backup-folder"), backups.to_str().unwrap()).unwrap();
    let binary = binary("mysql://nobody@127.0.0.1:9/nothing", "http://127.0.0.1:9")
        .variable("BACKUP_DIR", backups.to_str().unwrap())
        .variable("STATE_DIRECTORY", state.to_str().unwrap());
    let ended = binary.run(&["doctor"]);
    let marker = backups.join(".eclipse-ai-backups");
    let line = reported(&ended, "error", "backups");
    assert!(line.contains("its disk is not mounted"), "{line}");
    let mend = "$ sudo mount -a # or, if the folder is empty on purpose: touch";
    let mend = format!("{mend} {}", marker.display());
    assert!(line.contains(&mend), "{line}");
    assert_eq!(std::fs::read_dir(&backups).unwrap().count(), 0);

    std::fs::write(&marker, "").unwrap();
    let ended = binary.run(&["doctor"]);
    assert!(reported(&ended, "ok", "backups").contains("can be written"));
}

#[test]
fn a_backup_folder_on_a_read_only_disk_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let binary = binary("mysql://nobody@127.0.0.1:9/nothing", "http://127.0.0.1:9")
        .variable("BACKUP_DIR", folder.path().to_str().unwrap());
    let ended = binary.run_after(
        r#"mount -t tmpfs -o ro,size=1M tmpfs "$BACKUP_DIR""#,
        &["doctor"],
    );
    let folder_line = reported(&ended, "error", "backups");
    assert!(
        folder_line.contains("Read-only file system"),
        "{folder_line}"
    );
    assert!(folder_line.contains("$ findmnt --target"), "{folder_line}");
}

#[test]
fn a_disk_that_is_nearly_full_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let binary = binary("mysql://nobody@127.0.0.1:9/nothing", "http://127.0.0.1:9")
        .variable("BACKUP_DIR", folder.path().to_str().unwrap());
    let ended = binary.run_after(
        r#"mount -t tmpfs -o size=1M tmpfs "$BACKUP_DIR""#,
        &["doctor"],
    );
    reported(&ended, "ok", "backups");
    assert!(reported(&ended, "warning", "disk").contains("1 MB are free"));
}
