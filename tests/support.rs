//! What the tests share: a database and a server for each of them, and a device that speaks to it.

mod database;
mod form;
mod process;
mod server;

pub(crate) use database::TestDatabase;
pub(crate) use form::Form;
pub(crate) use process::ServerProcess;
pub(crate) use server::{API_KEY, TestServer, answer};

use std::time::Duration;

/// Waits until `condition` holds; fails when that takes absurdly long.
pub(crate) async fn eventually<F: Future<Output = bool>>(
    what: &str,
    mut condition: impl FnMut() -> F,
) {
    let waited = tokio::time::timeout(Duration::from_secs(60), async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(waited.await.is_ok(), "never came true: {what}");
}
