//! Steps of the database's clock, in either direction, cost nothing.
//!
//! Moving all times of the queue is the same as moving the clock against them.

use super::{end_as, events, readings, send};
use crate::support::{
    FakeOllama, Fixture, Proxy, ServerProcess, TestDatabase, TestServer, eventually,
};

/// Sets the clock back by moving what the queue has stored into the future.
async fn set_the_clock_back(database: &TestDatabase, interval: &str) {
    let statement = format!(
        "UPDATE drives SET next_look_at = next_look_at + INTERVAL {interval}, \
         last_reading_at = last_reading_at + INTERVAL {interval}, created_at = created_at + INTERVAL {interval}, \
         lease_until = lease_until + INTERVAL {interval}"
    );
    database.execute(&statement).await.unwrap();
}

#[tokio::test]
async fn a_waiting_drive_is_analysed_though_the_clock_is_set_back_by_two_days() {
    let fixture = Fixture::with_quiet("2").await;
    send(&fixture.server, events(1, "start@0 end@25"), Vec::new()).await;
    send(&fixture.server, Vec::new(), readings(1, "10")).await;
    set_the_clock_back(&fixture.database, "2 DAY").await;
    end_as(&fixture.database, "0-25 analysed").await;
}

#[tokio::test]
async fn a_queued_drive_is_analysed_though_the_clock_is_set_back_by_two_days() {
    let database = TestDatabase::create().await;
    let ollama = FakeOllama::start();
    let away = Proxy::start(ollama.url.trim_start_matches("http://").parse().unwrap());
    away.refuse();
    let url = format!("http://{}", away.address);
    let server = TestServer::start_with(&database.url(), &[("OLLAMA_BASE_URL", &url)]).await;
    send(&server, events(1, "start@0 end@25"), readings(1, "10")).await;
    end_as(&database, "0-25 queued").await;
    set_the_clock_back(&database, "2 DAY").await;
    away.restore();
    end_as(&database, "0-25 analysed").await;
}

#[tokio::test]
async fn a_drive_of_a_dead_server_is_analysed_within_30_s_though_its_claim_lies_in_the_future() {
    let fixture = Fixture::start().await;
    fixture.ollama.hold();
    let claim = "UPDATE drives SET state = 'running', lease_owner = 'of a dead server', next_look_at = NULL, \
                 lease_until = NOW(6) + INTERVAL 2 DAY";
    let database = &fixture.database;
    // The drive is held by a server that no longer exists.
    send(
        &fixture.server,
        events(1, "start@0 end@25"),
        readings(1, "10"),
    )
    .await;
    fixture.ollama.is_asked(1).await;
    database.execute(claim).await.unwrap();
    fixture.ollama.release();
    let began = std::time::Instant::now();
    eventually("the drive is analysed", async || {
        database.count("drives", "state = 'analysed'").await == 1
    })
    .await;
    let took = began.elapsed().as_secs();
    assert!((15..=35).contains(&took), "{took} s");
}

#[tokio::test]
async fn a_live_claim_is_not_lost_though_the_clock_is_set_forward_by_two_days() {
    let fixture = Fixture::start().await;
    fixture.ollama.hold();
    send(
        &fixture.server,
        events(1, "start@0 end@25"),
        readings(1, "10"),
    )
    .await;
    fixture.ollama.is_asked(1).await;
    let forward = "UPDATE drives SET lease_until = lease_until - INTERVAL 2 DAY";
    fixture.database.execute(forward).await.unwrap();
    // Another server that shares the queue.
    let other = ServerProcess::start(
        &fixture.database.url(),
        &[("OLLAMA_BASE_URL", &fixture.ollama.url)],
    )
    .await;
    other.logs("schema is up to date").await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    fixture.ollama.release();
    end_as(&fixture.database, "0-25 analysed").await;
    assert_eq!(fixture.ollama.questions().len(), 1);
}
