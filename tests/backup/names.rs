use std::path::Path;

use super::{MARKER, files_below, form, names_in, start};
use crate::support::Form;

/// Names that try to leave the folder, to be hidden, or to break their handling.
const FILE_NAMES: [&str; 21] = [
    "../../../etc/passwd.db",
    "/etc/passwd.db",
    "..\\..\\windows\\system32\\config.db",
    "C:\\data\\obd.db",
    "\\\\server\\share\\obd.db",
    "a/../../b.db",
    "....//....//obd.db",
    "..%2f..%2fobd.db",
    "%2e%2e/obd.db",
    ".hidden.db",
    "..db",
    "...db",
    "-rf.db",
    "obd\t.db",
    "obd db (1).db",
    "\u{fc}ber-\u{1f697}.db",
    "\u{202e}bd.obd.db",
    "$(reboot);`id`.db",
    "obd\"quoted\".db",
    ".records/x.db",
    ".staging.db",
];

const REFUSED_DEVICE_IDS: [&str; 12] = [
    "..",
    ".",
    "../other",
    "/etc",
    "a/b",
    "a\\b",
    "..\\other",
    ".records",
    ".staging",
    "pi\u{0}",
    "pi ",
    "pi\n",
];

/// Device ids and their folders.
const ENCODED_DEVICE_IDS: [(&str, &str); 5] = [
    ("%2e%2e", "%252e%252e"),
    ("\u{fc}ber", "%C3%BCber"),
    ("~root", "%7Eroot"),
    ("$HOME *", "%24HOME%20%2A"),
    ("Anna's Pi", "Anna%27s%20Pi"),
];

#[tokio::test]
async fn no_file_name_can_leave_its_folder_or_be_hidden() {
    let server = start().await;
    let folder = server.backup_dir().join("test-pi/database");
    for (count, name) in FILE_NAMES.into_iter().enumerate() {
        let receipt = server.store("database", name, name).await;
        let stored = Path::new(receipt["storedAt"].as_str().unwrap());
        assert_eq!(stored.parent(), Some(folder.as_path()), "{name:?}");
        let file_name = stored.file_name().unwrap().to_str().unwrap();
        assert!(
            file_name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)),
            "{name:?} became {file_name:?}"
        );
        assert!(!file_name.starts_with('.'), "{name:?} became {file_name:?}");
        assert_eq!(names_in(&folder).len(), count + 1, "{name:?}");
    }
    assert_eq!(names_in(server.folder()), ["data"]);
    assert_eq!(names_in(&server.folder().join("data")), ["backups"]);
    assert_eq!(
        names_in(&server.backup_dir()),
        [MARKER, ".records", ".staging", "test-pi"]
    );
}

#[tokio::test]
async fn a_file_name_that_no_header_can_hold_is_refused() {
    let server = start().await;
    for name in ["obd\u{0}.exe.db", "obd\u{7f}.db", "obd\u{1b}[2J.db"] {
        let (status, body) = server.upload(form("database").file(name, "x")).await;
        assert_eq!(status, 400, "{name:?}: {body}");
    }
    assert_eq!(files_below(server.folder()), [""; 0].map(Path::new));
}

#[tokio::test]
async fn a_device_id_that_could_leave_the_backup_folder_is_refused() {
    let server = start().await;
    for id in REFUSED_DEVICE_IDS {
        let fields = Form::default()
            .text("type", "database")
            .text("deviceId", id);
        let (status, body) = server.upload(fields.file("obd.db", "x")).await;
        assert_eq!(status, 422, "{id:?}: {body}");
    }
    assert_eq!(files_below(server.folder()), [""; 0].map(Path::new));
}

#[tokio::test]
async fn a_devices_folder_is_its_percent_encoded_id_and_the_list_has_the_id() {
    let server = start().await;
    let longest = "\u{fc}".repeat(64);
    let mut ids = ENCODED_DEVICE_IDS.to_vec();
    ids.push((&longest, &longest));
    for (id, folder) in &ids {
        let fields = Form::default()
            .text("type", "database")
            .text("deviceId", id);
        let (status, receipt) = server.upload(fields.file("obd.db", "content")).await;
        assert_eq!(status, 200, "{id:?}: {receipt}");
        let stored = Path::new(receipt["storedAt"].as_str().unwrap());
        let expected = server.backup_dir().join(folder).join("database");
        assert_eq!(stored.parent(), Some(expected.as_path()), "{id:?}");
    }
    let list = server.list("").await;
    let mut listed: Vec<&str> = list
        .iter()
        .map(|backup| backup["deviceId"].as_str().unwrap())
        .collect();
    let mut sent: Vec<&str> = ids.iter().map(|(id, _)| *id).collect();
    listed.sort_unstable();
    sent.sort_unstable();
    assert_eq!(listed, sent);
}

#[tokio::test]
async fn only_the_last_segment_of_a_path_is_kept() {
    let server = start().await;
    for name in ["/home/pi/obd.db", "C:\\data\\obd.db", "../obd.db"] {
        let receipt = server.store("database", name, "x").await;
        assert!(
            receipt["filename"].as_str().unwrap().starts_with("obd-2"),
            "{receipt}"
        );
    }
}

#[tokio::test]
async fn a_very_long_name_is_shortened() {
    let server = start().await;
    let receipt = server
        .store("logs", &format!("{}.log", "x".repeat(1000)), "x")
        .await;
    assert!(receipt["filename"].as_str().unwrap().len() < 255);
}

#[tokio::test]
async fn the_extended_form_of_a_file_name_is_accepted() {
    let server = start().await;
    let parameters =
        "name=\"file\"; filename=\"x.exe\"; filename*=UTF-8''log%20f%C3%BCr%20M%C3%A4rz.log";
    let (status, receipt) = server.upload(form("logs").part(parameters, b"x")).await;
    assert_eq!(status, 200, "{receipt}");
    assert!(
        receipt["filename"]
            .as_str()
            .unwrap()
            .starts_with("log_f_r_M_rz-2"),
        "{receipt}"
    );
}
