//! Files above 4 GiB.

use std::fs;
use std::io::Write as _;

use base64::Engine as _;
use ring::digest::{Context, SHA256};
use serde_json::Value;
use tokio::task::spawn_blocking;

use super::cut::{answer, header, open, patch};
use super::raw_client::RawClient;
use super::{MEGABYTE, NO_DATABASE, form, noise, start_with};
use crate::support::effort;
use crate::support::{Form, ServerProcess};

#[tokio::test]
async fn a_limit_above_4_gib_is_the_one_that_was_set() {
    let no_room = ("BACKUP_MIN_FREE_MB", "1048576");
    let server = start_with(&[("MAX_BACKUP_SIZE_MB", "6000"), no_room]).await;
    for (megabytes, status, detail) in [
        (6001, 413, "File too large. Max: 6000MB"),
        // What is within the limit is refused for its room alone.
        (6000, 507, "No space is left for backups"),
        (4097, 507, "No space is left for backups"),
    ] {
        let address = server.url.trim_start_matches("http://").to_owned();
        let bytes = megabytes * MEGABYTE;
        let answers = spawn_blocking(move || {
            let create = format!(
                "POST /api/v1/backup/uploads?deviceId=test-pi&type=database&filename=obd.db\r\n\
                 Content-Length: 0\r\nUpload-Length: {bytes}\r\nRepr-Digest: sha-256=:{}=:",
                "A".repeat(43)
            );
            let (head, body) = answer(open(&address, &create));
            let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
            let body: Value = serde_json::from_str(&body).unwrap();
            // A form has some bytes around the file, which are not counted.
            let at_once = RawClient::begin(&address, bytes).answer();
            [(status, body), at_once]
        });
        for (answered, body) in answers.await.unwrap() {
            assert_eq!(
                (answered, &body["detail"]),
                (status, &detail.into()),
                "{megabytes}"
            );
        }
    }
}

/// Sends more than 4 GiB in either way; that takes minutes, so only with `TEST_LONG`.
#[tokio::test]
async fn a_file_of_more_than_4_gib_is_stored_whole() {
    const MEGABYTES: usize = 4097;
    if !effort(false, true) {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let variables = [
        ("MAX_BACKUP_SIZE_MB", "4200"),
        ("BACKUP_DIR", root.path().to_str().unwrap()),
    ];
    let server = ServerProcess::start(NO_DATABASE, &variables).await;
    let block = noise(MEGABYTE);
    let mut digest = Context::new(&SHA256);
    (0..MEGABYTES).for_each(|_| digest.update(&block));
    let digest = digest.finish();
    let digits = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
    let hex = digits.collect::<Vec<_>>().concat();
    let address = server.address().to_owned();

    let at_once = spawn_blocking({
        let (address, block) = (address.clone(), block.clone());
        move || {
            let (head, tail) = (form("logs").up_to_file("obd.log"), Form::tail_of_file());
            let length = head.len() + MEGABYTES * MEGABYTE + tail.len();
            let mut client = RawClient::begin(&address, length);
            client.send(&head);
            (0..MEGABYTES).for_each(|_| client.send(&block));
            client.send(tail.as_bytes());
            client.answer()
        }
    });
    let (status, receipt) = at_once.await.unwrap();
    assert_eq!(
        (status, receipt["sha256"].as_str()),
        (200, Some(hex.as_str()))
    );
    let stored = receipt["storedAt"].as_str().unwrap();
    assert_eq!(
        fs::metadata(stored).unwrap().len(),
        (MEGABYTES * MEGABYTE) as u64
    );
    fs::remove_file(stored).unwrap();

    let base64 = base64::prelude::BASE64_STANDARD.encode(digest);
    let in_parts = spawn_blocking(move || {
        let length = MEGABYTES * MEGABYTE;
        let create = format!(
            "POST /api/v1/backup/uploads?deviceId=test-pi&type=logs&filename=obd.log\r\n\
             Content-Length: 0\r\nUpload-Length: {length}\r\nRepr-Digest: sha-256=:{base64}:"
        );
        let (head, _) = answer(open(&address, &create));
        let upload = header(&head, "location").to_owned();
        // Cut within the last megabyte: beyond 4 GiB.
        let mut stream = open(&address, &patch(&upload, 0, length));
        (1..MEGABYTES).for_each(|_| stream.write_all(&block).unwrap());
        stream.write_all(&block[..1000]).unwrap();
        drop(stream);
        let (head, _) = answer(open(&address, &format!("HEAD {upload}")));
        let offset: usize = header(&head, "upload-offset").parse().unwrap();
        let mut stream = open(&address, &patch(&upload, offset, length));
        let rest = block.iter().copied().cycle().skip(offset % MEGABYTE);
        let rest: Vec<u8> = rest.take(length - offset).collect();
        stream.write_all(&rest).unwrap();
        (offset, answer(stream))
    });
    let (offset, (head, receipt)) = in_parts.await.unwrap();
    assert!(head.starts_with("http/1.1 200"), "{head} {receipt}");
    assert!(offset > 4096 * MEGABYTE - 16 * MEGABYTE, "{offset}");
    let receipt: Value = serde_json::from_str(&receipt).unwrap();
    assert_eq!(receipt["sha256"], hex);
}
