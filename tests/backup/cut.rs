//! An upload in parts that is cut at random places, by closed connections and by a killed server.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::resumable::repr_digest;
use super::{MEGABYTE, noise, sha256, start_process};
use crate::support::effort;
use crate::support::{API_KEY, eventually};

const CUTS: usize = 10;

/// Tens of megabytes; the size of a real device's database with `TEST_LONG`.
fn file_bytes() -> usize {
    effort(40, 500) * MEGABYTE + 123
}

/// A request; of the body, only what follows is sent.
pub(super) fn open(address: &str, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_mins(2)))
        .unwrap();
    let head =
        format!("{head} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nX-API-Key: {API_KEY}\r\n");
    let (line, headers) = head.split_once(" HTTP/1.1\r\n").unwrap();
    let (line, further) = line.split_once("\r\n").unwrap_or((line, ""));
    let further = if further.is_empty() {
        String::new()
    } else {
        format!("{further}\r\n")
    };
    write!(stream, "{line} HTTP/1.1\r\n{headers}{further}\r\n").unwrap();
    stream
}

/// The head and the body of an answer.
pub(super) fn answer(mut stream: TcpStream) -> (String, String) {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

pub(super) fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.strip_prefix(": ")).unwrap()
}

/// The bytes of the one upload that the server has written.
fn written(root: &Path) -> u64 {
    let entries = std::fs::read_dir(root.join(".uploads")).unwrap();
    let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    let part = paths
        .iter()
        .find(|path| path.extension().is_some_and(|it| it == "part"));
    part.unwrap().metadata().unwrap().len()
}

#[tokio::test]
async fn an_upload_that_is_cut_ten_times_sends_hardly_anything_twice() {
    let root = tempfile::tempdir().unwrap();
    let content = noise(file_bytes());
    let limit = [
        ("MAX_BACKUP_SIZE_MB", "600"),
        ("BACKUP_DIR", root.path().to_str().unwrap()),
    ];
    let start = || crate::support::ServerProcess::start(super::NO_DATABASE, &limit);
    let mut server = start().await;
    let created = format!(
        "POST /api/v1/backup/uploads?deviceId=test-pi&type=database&filename=obd.log\r\nContent-Length: 0\r\n\
         Upload-Length: {}\r\nRepr-Digest: {}",
        content.len(),
        repr_digest(&content)
    );
    let (head, _) = answer(open(server.address(), &created));
    let upload = header(&head, "location").to_owned();

    // Random places, the same in each run.
    let places = noise(8 * CUTS);
    let places = places
        .chunks(8)
        .map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap()));
    let mut cuts: Vec<usize> = places
        .map(|place| usize::try_from(place % content.len() as u64).unwrap())
        .collect();
    cuts.sort_unstable();
    let (mut offset, mut sent) = (0, 0);
    for (count, cut) in cuts.into_iter().enumerate() {
        let mut stream = open(server.address(), &patch(&upload, offset, content.len()));
        stream.write_all(&content[offset..cut.max(offset)]).unwrap();
        sent += cut.saturating_sub(offset);
        // What is still in the buffers of the network is lost in any case.
        eventually("the server has what was sent", async || {
            written(root.path()) >= cut as u64
        })
        .await;
        if count % 2 == 0 {
            server.kill().await;
            server = start().await;
        }
        drop(stream);
        let (head, _) = answer(open(server.address(), &format!("HEAD {upload}")));
        offset = header(&head, "upload-offset").parse().unwrap();
        assert!(offset <= cut, "{offset} of {cut}");
    }
    let mut stream = open(server.address(), &patch(&upload, offset, content.len()));
    stream.write_all(&content[offset..]).unwrap();
    sent += content.len() - offset;
    let (head, receipt) = answer(stream);
    assert!(head.starts_with("http/1.1 200"), "{head} {receipt}");
    let receipt: Value = serde_json::from_str(&receipt).unwrap();
    assert_eq!(receipt["sha256"], sha256(&content));
    let again = sent - content.len();
    assert!(
        again * 100 <= content.len(),
        "{again} bytes were sent twice"
    );
}

pub(super) fn patch(upload: &str, offset: usize, end: usize) -> String {
    format!(
        "PATCH {upload}\r\nContent-Type: application/partial-upload\r\nUpload-Offset: {offset}\r\n\
         Upload-Complete: ?1\r\nContent-Length: {}",
        end - offset
    )
}

#[tokio::test]
async fn a_new_request_replaces_one_whose_client_is_gone() {
    let root = tempfile::tempdir().unwrap();
    let server = start_process(root.path()).await;
    let content = noise(300_000);
    let created = format!(
        "POST /api/v1/backup/uploads?deviceId=test-pi&type=logs&filename=obd.log\r\nContent-Length: 0\r\n\
         Upload-Length: {}\r\nRepr-Digest: {}",
        content.len(),
        repr_digest(&content)
    );
    let (head, _) = answer(open(server.address(), &created));
    let upload = header(&head, "location").to_owned();
    // Its connection stays open, as that of a car that drove away.
    let mut stalled = open(server.address(), &patch(&upload, 0, content.len()));
    stalled.write_all(&content[..100_000]).unwrap();
    eventually("it has begun", async || written(root.path()) == 100_000).await;
    let (head, _) = answer(open(server.address(), &format!("HEAD {upload}")));
    assert_eq!(header(&head, "upload-offset"), "100000");
    let mut stream = open(server.address(), &patch(&upload, 100_000, content.len()));
    stream.write_all(&content[100_000..]).unwrap();
    let (head, _) = answer(stream);
    assert!(head.starts_with("http/1.1 200"), "{head}");
    drop(stalled);
}
