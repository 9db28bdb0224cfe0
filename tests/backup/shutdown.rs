use serde_json::json;
use tokio::task::spawn_blocking;

use super::raw_client::RawClient;
use super::{MEGABYTE, files_below, form, names_in, noise, start_process};
use crate::support::{Form, ServerProcess, eventually};

/// A client that has sent one of the three megabytes of its file; returns once the server has some of it.
async fn begin_upload(server: &ServerProcess, root: &std::path::Path) -> RawClient {
    let head = form("database").up_to_file("obd.db");
    let tail = Form::tail_of_file();
    let mut client = RawClient::begin(server.address(), head.len() + 3 * MEGABYTE + tail.len());
    client.send(&head);
    client.send(&noise(MEGABYTE));
    eventually("the upload has begun", async || {
        !files_below(root).is_empty()
    })
    .await;
    client
}

#[tokio::test]
async fn an_upload_in_flight_is_finished_before_the_exit() {
    let root = tempfile::tempdir().unwrap();
    let mut server = start_process(root.path()).await;
    let mut client = begin_upload(&server, root.path()).await;

    server.signal("TERM");
    server.logs("server stops").await;
    client.send(&noise(2 * MEGABYTE));
    client.send(Form::tail_of_file().as_bytes());

    let (status, receipt) = spawn_blocking(move || client.answer()).await.unwrap();
    assert_eq!((status, &receipt["sizeBytes"]), (200, &json!(3 * MEGABYTE)));
    assert_eq!(server.ends_in_time().await.code(), Some(0));
    assert_eq!(names_in(&root.path().join("test-pi/database")).len(), 1);
}

#[tokio::test]
async fn a_stalled_upload_does_not_delay_the_exit_and_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let mut server = start_process(root.path()).await;
    let mut client = begin_upload(&server, root.path()).await;

    server.signal("TERM");

    assert_eq!(server.ends_in_time().await.code(), Some(0));
    assert!(
        spawn_blocking(move || client.is_closed()).await.unwrap(),
        "what is not stored has no receipt"
    );
    assert!(files_below(root.path()).is_empty(), "nothing is left");
}
