//! The queue, shared by several servers.

use std::time::{Duration, Instant};

use actors::database::{Database, DatabaseUrl};
use actors::drives::check::Decision;
use actors::drives::{self, Claim, ClaimWatch, ClockWatch, Counted, DriveState, QueueTiming};

use super::{events, readings, send};
use crate::support::{DEVICE, TestDatabase, TestServer};

const LIMIT: Duration = Duration::from_secs(20);

const TIMING: QueueTiming = QueueTiming::with_quiet(Duration::ZERO);

/// The drives of a device, and the pool of a server that analyses them.
struct Queue {
    database: TestDatabase,
    pool: Database,
}

impl Queue {
    /// With these drives and readings.
    async fn with_drives(log: &str, data: &str) -> Self {
        let database = TestDatabase::create().await;
        let variables = [("AUTO_ANALYSIS_QUIET_SECONDS", "86400")];
        let server = TestServer::start_with(&database.url(), &variables).await;
        send(&server, events(1, log), readings(1, data)).await;
        drop(server);
        let pool = Database::open(&DatabaseUrl::parse(&database.url()).unwrap(), 4);
        Self { database, pool }
    }

    async fn claim(&self) -> Option<Claim> {
        let claimed = self.pool.transaction(LIMIT, async |transaction| {
            drives::claim(transaction, DEVICE, &TIMING).await
        });
        claimed.await.unwrap()
    }

    async fn check(&self) -> Option<Decision> {
        let clock = ClockWatch::new(Instant::now());
        let checked = drives::check(&self.pool, DEVICE, &TIMING, &clock).await;
        checked.unwrap()?.outcome.unwrap()
    }

    async fn expire(&self) {
        let (mut watch, now) = (ClaimWatch::default(), Instant::now());
        let held = self.pool.run(LIMIT, async |connection| {
            drives::held_claims(connection).await
        });
        let held = held.await.unwrap();
        let mut expired = Vec::new();
        for turn in 0..=TIMING.claim_expiry.as_secs() / TIMING.renewal.as_secs() {
            assert!(expired.is_empty(), "too early: turn {turn}");
            let now = now + TIMING.renewal * u32::try_from(turn).unwrap();
            expired = watch.observe(held.clone(), TIMING.claim_expiry, now);
        }
        assert_eq!(expired.len(), 1);
        let requeued = self.pool.run(LIMIT, async |connection| {
            drives::expire_claim(connection, &expired[0]).await
        });
        assert!(requeued.await.unwrap());
    }

    async fn renew(&self, claim: &Claim) -> bool {
        let renewed = self.pool.run(LIMIT, async |connection| {
            drives::renew(connection, claim, &TIMING).await
        });
        renewed.await.unwrap()
    }

    async fn finish(&self, claim: &Claim, readings: u64) -> bool {
        let counted = Counted {
            readings,
            ..Counted::default()
        };
        let finished = self.pool.run(LIMIT, async |connection| {
            drives::finish(connection, claim, "analysis-1", &counted).await
        });
        finished.await.unwrap()
    }

    async fn fail(&self, claim: &Claim) -> bool {
        let failed = self.pool.run(LIMIT, async |connection| {
            drives::fail(connection, claim, "Ollama error").await
        });
        failed.await.unwrap()
    }

    async fn state(&self) -> String {
        self.database.row("SELECT state FROM drives").await
    }

    async fn make_due(&self) {
        self.database
            .execute("UPDATE drives SET next_look_at = NOW(6)")
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn every_drive_is_claimed_once_by_competing_servers() {
    let log = "start@0 end@9 start@10 end@19 start@20 end@29 start@30 end@39 start@40 end@49";
    let queue = Queue::with_drives(log, "5 15 25 35 45").await;
    let claims = futures_util::future::join_all((0..12).map(|_| queue.claim())).await;
    let mut claimed: Vec<i64> = claims.into_iter().flatten().map(|claim| claim.id).collect();
    claimed.sort_unstable();
    let all: Vec<i64> = queue
        .database
        .rows("SELECT id FROM drives ORDER BY id")
        .await;
    assert_eq!(claimed, all);
}

#[tokio::test]
async fn a_claim_that_is_not_renewed_expires() {
    let queue = Queue::with_drives("start@0 end@25", "10").await;
    let first = queue.claim().await.unwrap();
    assert!(queue.renew(&first).await);
    assert_eq!(queue.claim().await, None);
    queue.expire().await;
    let second = queue.claim().await.unwrap();
    assert_eq!(second.id, first.id);
    assert!(!queue.renew(&first).await);
    assert!(!queue.finish(&first, 1).await);
    assert!(!queue.fail(&first).await);
    assert!(queue.finish(&second, 1).await);
    assert_eq!(queue.state().await, "analysed");
}

#[tokio::test]
async fn a_failing_drive_is_attempted_three_times() {
    let queue = Queue::with_drives("start@0 end@25", "10").await;
    for pause_seconds in [Some(60), Some(240), None] {
        let claim = queue.claim().await.unwrap();
        assert!(queue.fail(&claim).await);
        assert_eq!(queue.claim().await, None);
        let pause: Option<i64> = queue
            .database
            .row("SELECT ROUND(TIMESTAMPDIFF(MICROSECOND, NOW(6), next_look_at) / 60000000) * 60 FROM drives")
            .await;
        assert_eq!(pause, pause_seconds);
        queue.make_due().await;
    }
    assert_eq!(queue.state().await, "failed");
    assert_eq!(
        queue
            .database
            .count("drives", "reason = 'Ollama error'")
            .await,
        1
    );
    assert_eq!(queue.claim().await, None);
}

#[tokio::test]
async fn a_requeued_drive_has_lost_no_attempt() {
    let queue = Queue::with_drives("start@0 end@25", "10").await;
    let claim = queue.claim().await.unwrap();
    let given_back = queue.pool.run(LIMIT, async |connection| {
        drives::give_back(connection, &claim, Duration::ZERO, true, None).await
    });
    assert!(given_back.await.unwrap());
    assert_eq!(
        queue
            .database
            .count("drives", "attempts = 0 AND lease_owner IS NULL")
            .await,
        1
    );
    assert!(queue.claim().await.is_some());
}

#[tokio::test]
async fn readings_that_arrive_during_an_analysis_make_the_drive_wait() {
    let queue = Queue::with_drives("start@0 end@25", "10 11").await;
    let claim = queue.claim().await.unwrap();
    queue
        .database
        .execute("UPDATE drives SET is_stale = TRUE")
        .await
        .unwrap();
    assert!(queue.finish(&claim, 1).await);
    assert_eq!(queue.state().await, "waiting");
    assert_eq!(queue.check().await, Some(Decision::Queue));
    let claim = queue.claim().await.unwrap();
    queue
        .database
        .execute("UPDATE drives SET is_stale = TRUE")
        .await
        .unwrap();
    assert!(queue.finish(&claim, 2).await);
    assert_eq!(queue.check().await, Some(Decision::NothingNew));
    assert_eq!(queue.state().await, "analysed");
}

#[tokio::test]
async fn a_drive_without_readings_is_abandoned_after_a_week() {
    let queue = Queue::with_drives("start@0 end@25", "").await;
    queue.make_due().await;
    assert_eq!(
        queue.check().await,
        Some(Decision::CheckAgain(TIMING.recheck))
    );
    assert_eq!(queue.check().await, None, "it is not due yet");
    queue
        .database
        .execute("UPDATE drives SET created_at = NOW(6) - INTERVAL 7 DAY, next_look_at = NOW(6)")
        .await
        .unwrap();
    assert_eq!(queue.check().await, Some(Decision::GiveUp));
    let reason: String = queue
        .database
        .row("SELECT reason FROM drives WHERE state = 'abandoned'")
        .await;
    assert_eq!(reason, "no readings arrived for a week");
}

#[tokio::test]
async fn a_drive_has_the_readings_of_its_id_and_those_without_id_in_its_time() {
    let log = "start@0#1 end@25#1 start@20 end@40";
    let queue = Queue::with_drives(log, "24#1 5 21 22#1 35 36#9").await;
    let mut counted = Vec::new();
    while let Some(claim) = queue.claim().await {
        let count = queue.pool.run(LIMIT, async |connection| {
            claim.readings.count(connection).await
        });
        counted.push((claim.readings.drive_id, count.await.unwrap().readings));
    }
    counted.sort_unstable();
    assert_eq!(counted, [(None, 2), (Some(1), 3)]);
}

#[tokio::test]
async fn the_next_look_is_at_the_drive_that_is_due_first() {
    let queue = Queue::with_drives("start@0 end@25 start@30 end@40", "").await;
    for (drive, days) in [(0, 1), (30, 2)] {
        let later = format!(
            "UPDATE drives SET next_look_at = NOW(6) + INTERVAL {days} DAY WHERE drive_start = '{}'",
            super::at(drive)
        );
        queue.database.execute(&later).await.unwrap();
    }
    let next_due = async |state| {
        let found = queue.pool.run(LIMIT, async |connection| {
            drives::next_due(connection, state).await
        });
        found.await.unwrap()
    };
    let next = next_due(DriveState::Waiting).await.unwrap();
    let day = Duration::from_hours(24);
    assert!((day / 2..=day).contains(&next), "{next:?}");
    assert_eq!(next_due(DriveState::Queued).await, None);
}
