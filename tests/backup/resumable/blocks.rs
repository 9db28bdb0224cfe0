//! Uploads that send only what changed.

use super::*;
use crate::support::eventually;

const BLOCK: usize = 64 * 1024;

/// The list of the digests of a file's blocks.
fn blocks(content: &[u8]) -> Value {
    let digests: Vec<String> = content.chunks(BLOCK).map(sha256).collect();
    json!({"blocks": digests})
}

#[tokio::test]
async fn only_blocks_that_changed_are_sent() {
    let server = start().await;
    // JSON, so that it can be found sound; a hundred blocks.
    let text = |changed: &[usize]| {
        let line = |block: usize| {
            let mark = if changed.contains(&block) {
                "new"
            } else {
                "old"
            };
            let head = format!("{{\"{mark}\": \"{block:04}");
            format!("{head}{}\"}}\n", "x".repeat(BLOCK - head.len() - 3))
        };
        (0..100).map(line).collect::<String>().into_bytes()
    };
    let path = "database";
    let first = text(&[]);
    server.store(path, "obd.json", &first).await;
    eventually("the first is verified", async || {
        server.list("").await[0]["verified"] == true
    })
    .await;

    let second = text(&[42]);
    let created = server
        .create("obd.json", &second, &blocks(&second).to_string())
        .await;
    let upload = header(&created, "Location");
    let (status, answer) = body(created).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(answer["blocks"], json!([[42, 42]]));
    let sent = usize::try_from(answer["uploadLength"].as_u64().unwrap()).unwrap();
    assert!(
        sent * 100 <= second.len() * 3,
        "1 % changed, {sent} bytes sent"
    );
    let part = &second[42 * BLOCK..43 * BLOCK];
    let (status, receipt) = body(server.append(&upload, 0, part, true).await).await;
    assert_eq!(
        (status, &receipt["sha256"]),
        (200, &json!(sha256(&second))),
        "{receipt}"
    );
    assert!(std::fs::read(receipt["storedAt"].as_str().unwrap()).unwrap() == second);

    // Another name has no earlier backup.
    let other = server
        .create("other.json", &second, &blocks(&second).to_string())
        .await;
    assert_eq!(body(other).await.1["uploadLength"], second.len());
}

#[tokio::test]
async fn a_wrong_block_is_found_by_the_digest_of_the_whole() {
    let server = start().await;
    let first = format!("[{}1]", "1,".repeat(BLOCK)).into_bytes();
    server.store("database", "obd.json", &first).await;
    eventually("it is verified", async || {
        server.list("").await[0]["verified"] == true
    })
    .await;
    let second = [&first[..], b" "].concat();
    let created = server
        .create("obd.json", &second, &blocks(&second).to_string())
        .await;
    let upload = header(&created, "Location");
    let length = usize::try_from(body(created).await.1["uploadLength"].as_u64().unwrap()).unwrap();
    let refused = server.append(&upload, 0, &vec![b'x'; length], true).await;
    assert_eq!(refused.status(), 422);
    assert_eq!(server.stored("database").len(), 1);
}
