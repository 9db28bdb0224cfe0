//! Resources of the system that run out. Proofs of the long form.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mysql_async::Conn;
use serde_json::Value;

use crate::support::{PrivateDatabase, ServerProcess, batch, effort, eventually, readings};

/// A batch of readings with the ids of this number.
fn numbered(number: i64, rows: i64) -> Value {
    let first = number * rows + 1;
    batch(&serde_json::json!({"realtime_data": readings(first..=first + rows - 1)}))
}

#[tokio::test]
async fn a_database_without_free_connections_is_a_failure_until_there_are_some() {
    if effort(true, false) {
        return;
    }
    let database = PrivateDatabase::start_with(&["--max-connections=20"]).await;
    database
        .execute(&[
            "CREATE USER car@'127.0.0.1' IDENTIFIED BY 'secret'",
            "GRANT ALL ON eclipse_ai.* TO car@'127.0.0.1'",
        ])
        .await;
    let url = database.url_of("car", "secret");
    let mut taken = Vec::new();
    while let Ok(connection) = Conn::from_url(url.as_str()).await {
        taken.push(connection);
    }
    let server = ServerProcess::start(&url, &[]).await;
    let (status, body) = server.sync(&numbered(0, 5)).await;
    assert!(matches!(status, 500 | 503), "{status} {body}");
    for connection in taken {
        connection.disconnect().await.unwrap();
    }
    eventually("the batch is stored", async || {
        server.sync(&numbered(0, 5)).await.0 == 200
    })
    .await;
    assert_eq!(database.count("realtime_data", "TRUE").await, 5);
}

/// In a batch that needs further pages of a table.
const ROWS: i64 = 500;

/// Writes a file until its disk is full.
fn fill(disk: &Path) -> PathBuf {
    let filler = disk.join("filler");
    let source = std::fs::File::open("/dev/zero").unwrap();
    let full = std::io::copy(
        &mut std::io::BufReader::with_capacity(4096, source),
        &mut std::fs::File::create(&filler).unwrap(),
    );
    assert_eq!(
        full.unwrap_err().kind(),
        std::io::ErrorKind::StorageFull,
        "the disk is full"
    );
    filler
}

#[tokio::test]
async fn a_full_disk_of_the_database_refuses_whole_batches_until_there_is_room() {
    if effort(true, false) {
        return;
    }
    let database = PrivateDatabase::start_on_small_disk("600m").await;
    let server = ServerProcess::start(&database.url(), &[]).await;
    server.logs("schema is up to date").await;
    assert_eq!(server.sync(&numbered(0, ROWS)).await.0, 200);
    let disk = database.folder_from_outside();
    // On another thread: meanwhile the server may close the client's idle connection, which must notice it.
    let filler = tokio::task::spawn_blocking(move || fill(&disk));
    let filler = filler.await.unwrap();
    // The tables' files have some free pages.
    let mut stored = 1;
    let refused = loop {
        let batch = numbered(stored, ROWS);
        let sync = server.sync(&batch);
        let (status, body) = tokio::time::timeout(Duration::from_mins(2), sync)
            .await
            .expect("an answer comes though the disk is full");
        if status != 200 {
            println!("after {stored} batches: {status} {body}");
            break status;
        }
        stored += 1;
        assert!(stored < 1_000, "the disk is never full");
    };
    assert!(matches!(refused, 500 | 503 | 507));
    let rows = u64::try_from(stored * ROWS).unwrap();
    assert_eq!(database.count("realtime_data", "TRUE").await, rows);

    std::fs::remove_file(filler).unwrap();

    eventually("the batch is stored", async || {
        server.sync(&numbered(stored, ROWS)).await.0 == 200
    })
    .await;
    let rows = u64::try_from((stored + 1) * ROWS).unwrap();
    assert_eq!(database.count("realtime_data", "TRUE").await, rows);
}
