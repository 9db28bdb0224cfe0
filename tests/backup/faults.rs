use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::raw_client::RawClient;
use super::{
    MARKER, MEGABYTE, NO_DATABASE, files_below, form, names_in, noise, start, start_process,
    start_with,
};
use crate::support::{API_KEY, Form, ServerProcess, TestServer, answer, eventually};

fn address(server: &TestServer) -> String {
    server.url.trim_start_matches("http://").to_owned()
}

async fn post_backup(server: &ServerProcess, content: &[u8]) -> (u16, Value) {
    let request = server
        .post("/api/v1/backup")
        .header("Content-Type", Form::CONTENT_TYPE);
    answer(request.body(form("database").file("obd.db", content).finish())).await
}

async fn nothing_is_left(root: &Path) {
    eventually("the upload has been removed", async || {
        files_below(root).is_empty()
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_upload_leaves_nothing() {
    let server = start().await;
    for sent_bytes in [0, 1, 100_000, 2 * MEGABYTE] {
        let mut client = RawClient::begin(&address(&server), 3 * MEGABYTE);
        client.send(&form("database").up_to_file("obd.db"));
        client.send(&noise(sent_bytes));
        eventually("the upload has begun", async || {
            !files_below(&server.backup_dir()).is_empty()
        })
        .await;
        drop(client);
        nothing_is_left(&server.backup_dir()).await;
    }
    server.store("database", "obd.db", "x").await;
}

#[tokio::test]
async fn interrupted_uploads_free_their_slots() {
    let server = start().await;
    let stalled: Vec<RawClient> = (0..12)
        .map(|_| {
            let mut client = RawClient::begin(&address(&server), 3 * MEGABYTE);
            client.send(&form("database").up_to_file("obd.db"));
            client
        })
        .collect();
    let staged = server.backup_dir().join(".staging");
    eventually("all slots are taken", async || names_in(&staged).len() == 8).await;
    drop(stalled);
    server.store("database", "obd.db", "x").await;
    eventually("all of them are gone", async || {
        names_in(&staged).is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_server_killed_during_an_upload_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let mut server = start_process(root.path()).await;
    let mut client = RawClient::begin(server.address(), 3 * MEGABYTE);
    client.send(&form("database").up_to_file("obd.db"));
    client.send(&noise(MEGABYTE));
    eventually("some of it is on the disk", async || {
        let files = files_below(root.path());
        files
            .iter()
            .any(|file| file.metadata().is_ok_and(|file| file.len() > 100_000))
    })
    .await;
    server.kill().await;
    assert_eq!(names_in(root.path()), [MARKER, ".staging"]);

    let _server = start_process(root.path()).await;
    nothing_is_left(root.path()).await;
}

#[tokio::test]
async fn an_acknowledged_backup_survives_a_kill() {
    let root = tempfile::tempdir().unwrap();
    let mut server = start_process(root.path()).await;
    let content = noise(MEGABYTE);
    let (status, receipt) = post_backup(&server, &content).await;
    server.kill().await;
    assert_eq!(status, 200, "{receipt}");
    assert!(std::fs::read(receipt["storedAt"].as_str().unwrap()).unwrap() == content);

    let server = start_process(root.path()).await;
    let list = server.get("/api/v1/backups").header("X-API-Key", API_KEY);
    let (_, list) = answer(list).await;
    assert_eq!(list["backups"][0]["sha256"], receipt["sha256"]);
}

#[tokio::test]
async fn a_full_disk_is_a_507_and_the_server_continues() {
    let root = tempfile::tempdir().unwrap();
    let server = ServerProcess::start_on_small_disk(NO_DATABASE, root.path(), "2m").await;
    let inside = server.seen_from_inside(root.path());
    for _ in 0..2 {
        let (status, reported) = post_backup(&server, &noise(5 * MEGABYTE)).await;
        assert_eq!(status, 507);
        assert_eq!(reported["detail"], "No space is left for backups");
        assert!(reported["requestId"].is_string(), "{reported}");
        nothing_is_left(&inside).await;
        let (status, receipt) = post_backup(&server, &noise(MEGABYTE / 2)).await;
        assert_eq!(status, 200, "{receipt}");
        assert_eq!(names_in(&inside.join("test-pi/database")).len(), 1);
        // A check that still writes its record would be in the way of the removal.
        eventually("it is checked", async || {
            let list = server.get("/api/v1/backups").header("X-API-Key", API_KEY);
            answer(list).await.1["backups"][0]["verified"] == json!(false)
        })
        .await;
        std::fs::remove_dir_all(inside.join("test-pi")).unwrap();
        std::fs::remove_dir_all(inside.join(".records")).unwrap();
    }
    assert!(
        files_below(root.path()).is_empty(),
        "the disk was the server's own"
    );
}

#[tokio::test]
async fn a_disk_without_inodes_is_a_507_and_the_server_continues() {
    let root = tempfile::tempdir().unwrap();
    let disk = "2m,nr_inodes=16";
    let server = ServerProcess::start_on_small_disk(NO_DATABASE, root.path(), disk).await;
    let inside = server.seen_from_inside(root.path());
    let mut stored = 0;
    while post_backup(&server, b"small").await.0 == 200 {
        stored += 1;
        assert!(stored < 16, "there is always an inode left");
    }
    let (status, reported) = post_backup(&server, b"small").await;
    assert_eq!(
        (status, &reported["detail"]),
        (507, &json!("No space is left for backups"))
    );
    assert_eq!(names_in(&inside.join("test-pi/database")).len(), stored);
    assert!(names_in(&inside.join(".staging")).is_empty());

    std::fs::remove_dir_all(inside.join("test-pi")).unwrap();

    let (status, receipt) = post_backup(&server, b"small").await;
    assert_eq!(status, 200, "{receipt}");
}

#[tokio::test]
async fn a_silent_client_gets_408_and_is_disconnected() {
    let server = start().await;
    let mut client = RawClient::begin(&address(&server), 3 * MEGABYTE);
    client.send(&form("database").up_to_file("obd.db"));
    client.send(&noise(100_000));
    let (answer, is_closed) = spawn_blocking(move || (client.answer(), client.is_closed()))
        .await
        .unwrap();
    assert_eq!(
        answer,
        (408, json!({"detail": "Nothing was sent for 30 seconds"}))
    );
    assert!(is_closed);
    nothing_is_left(&server.backup_dir()).await;
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_sends_everything_first() {
    let server = start_with(&[("MAX_BACKUP_SIZE_MB", "1")]).await;
    let too_large = (413, json!({"detail": "File too large. Max: 1MB"}));
    let address = address(&server);

    // Slower than the HTTP server's own timeout of a second.
    let announced = spawn_blocking({
        let address = address.clone();
        move || {
            let mut client = RawClient::begin(&address, 40 * 100_000);
            for piece in noise(40 * 100_000).chunks(100_000) {
                client.send(piece);
                std::thread::sleep(Duration::from_millis(60));
            }
            client.answer()
        }
    });
    let chunked = spawn_blocking(move || {
        let mut client = RawClient::begin_chunked(&address);
        client.send_chunk(&form("database").up_to_file("obd.db"));
        for piece in noise(50 * 100_000).chunks(100_000) {
            client.send_chunk(piece);
            std::thread::sleep(Duration::from_millis(60));
        }
        client.send_chunk(Form::tail_of_file().as_bytes());
        client.send(b"0\r\n\r\n");
        client.answer()
    });
    assert_eq!(announced.await.unwrap(), too_large);
    assert_eq!(chunked.await.unwrap(), too_large);
    nothing_is_left(&server.backup_dir()).await;
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_reads_while_it_sends() {
    let server = start_with(&[("MAX_BACKUP_SIZE_MB", "1")]).await;
    let mut client = RawClient::begin(&address(&server), 500 * MEGABYTE);
    client.send(&noise(100_000));
    let answer = spawn_blocking(move || client.answer()).await.unwrap();
    assert_eq!(answer, (413, json!({"detail": "File too large. Max: 1MB"})));
}

#[tokio::test]
async fn memory_does_not_grow_with_the_file() {
    let root = tempfile::tempdir().unwrap();
    let server = start_process(root.path()).await;
    let upload = |address: String, megabytes: usize| {
        spawn_blocking(move || {
            let block = noise(MEGABYTE);
            let head = form("database").up_to_file("obd.db");
            let tail = Form::tail_of_file();
            let body_bytes = head.len() + megabytes * MEGABYTE + tail.len();
            let mut client = RawClient::begin(&address, body_bytes);
            client.send(&head);
            (0..megabytes).for_each(|_| client.send(&block));
            client.send(tail.as_bytes());
            client.answer()
        })
    };
    let (status, _) = upload(server.address().to_owned(), 1).await.unwrap();
    assert_eq!(status, 200);
    let before = server.peak_memory_bytes();
    let (status, receipt) = upload(server.address().to_owned(), 99).await.unwrap();
    assert_eq!(
        (status, &receipt["sizeBytes"]),
        (200, &json!(99 * MEGABYTE))
    );
    let grown = server.peak_memory_bytes() - before;
    assert!(grown < 20 * MEGABYTE as u64, "{grown} bytes more");
}
