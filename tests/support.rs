//! Shared by all tests: a database and a server for each of them, and a device that sends to it.

mod account;
mod batch;
mod binary;
mod black_hole;
mod browser;
mod cluster;
mod database;
mod effort;
mod failing;
mod fixture;
mod form;
mod mirror;
mod ollama;
mod pi;
mod private_database;
mod problems;
mod process;
mod proxy;
mod raw;
mod server;
mod tool;
mod trace;

pub(crate) use account::Account;
pub(crate) use batch::{DEVICE, batch, reading, readings, with, without};
pub(crate) use binary::{Binary, Ended, Process};
pub(crate) use black_hole::BlackHole;
pub(crate) use browser::Browser;
pub(crate) use cluster::{Cluster, ClusterKind, NODES};
pub(crate) use database::{Session, TableLock, TestDatabase};
pub(crate) use eclipse_ai_server::simulation::Drive;
pub(crate) use effort::{effort, minutes};
pub(crate) use failing::FAILURES;
pub(crate) use fixture::Fixture;
pub(crate) use form::Form;
pub(crate) use mirror::{assert_mirrored, assert_mirrored_at, assert_mirrored_from};
pub(crate) use ollama::FakeOllama;
pub(crate) use pi::{Delivery, Pi};
pub(crate) use private_database::PrivateDatabase;
pub(crate) use problems::{kinds_and_places, refused};
pub(crate) use process::ServerProcess;
pub(crate) use proxy::{Direction, Fate, Proxy};
pub(crate) use raw::{Announced, begin_to_send, drip, send_all_then_read};
pub(crate) use server::{API_KEY, TestServer, answer, without_request_id};
pub(crate) use tool::tool;
pub(crate) use trace::{Call, Trace};

use std::time::Duration;

/// Waits until `condition` holds; fails after three minutes.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, condition: impl FnMut() -> F) {
    eventually_within(Duration::from_mins(3), what, condition).await;
}

/// The same for what takes longer.
pub(crate) async fn eventually_within<F: Future<Output = bool>>(
    limit: Duration,
    what: &str,
    mut condition: impl FnMut() -> F,
) {
    let waited = tokio::time::timeout(limit, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(waited.await.is_ok(), "never came true: {what}");
}
