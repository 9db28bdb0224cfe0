//! A batch whose processing panics fails alone: its actor, its restart limit and all other batches are not affected.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix::{Actor, Context, Handler};
use actors::byte_budget::ByteBudget;
use actors::database::{Database, DatabaseError, DatabaseUrl};
use actors::drives::{DriveTiming, DrivesChanged};
use actors::fair_admission::FairAdmission;
use actors::report::Reporter;
use actors::runtime::ActorRuntime;
use actors::supervise::{RestartPolicy, Supervision};
use actors::sync::{KeyHolder, ReadOptions, StoreBatch, SyncActor, SyncError, SyncSettings};
use bytes::Bytes;
use serde_json::json;
use std::time::Duration;

use crate::support::{
    Binary, DEVICE, TestDatabase, TestServer, answer, batch, reading, readings, with,
};

/// More than the restart limit of an actor within a minute.
const ATTEMPTS: usize = 8;

const LIMIT: Duration = Duration::from_secs(30);

/// The bytes of a body that cannot be freed without a panic.
struct Bomb {
    body: Vec<u8>,
    exploded: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Bomb {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        self.exploded.fetch_add(1, Ordering::Relaxed);
        assert!(std::thread::panicking(), "the body exploded");
    }
}

struct Listener;

impl Actor for Listener {
    type Context = Context<Self>;
}

impl Handler<DrivesChanged> for Listener {
    type Result = bool;

    fn handle(&mut self, _: DrivesChanged, _: &mut Self::Context) -> bool {
        false
    }
}

#[actix::test]
async fn a_panic_in_a_batch_fails_that_batch_and_not_the_actor() {
    let database = TestDatabase::create().await;
    // The first batch does not wait for the schema.
    let ended = Binary::with_database(&database.url()).run(&["init-db"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    let runtime = ActorRuntime::start().unwrap();
    let supervision = Supervision::new(RestartPolicy::default());
    let (admission, memory) = (FairAdmission::new(4, 16), ByteBudget::new(1024 * 1024));
    let settings = SyncSettings {
        database: DatabaseUrl::parse(&database.url()).unwrap(),
        connections: 4,
        read_options: ReadOptions::default(),
        history_retention_days: 90,
        reading_retention_days: 0,
        admission: admission.clone(),
        reporter: Reporter::default(),
        drive_timing: DriveTiming {
            quiet: Duration::from_secs(90),
            silence: Duration::from_hours(1),
        },
        on_drives: Listener.start().recipient(),
    };
    let sync = supervision.start(&runtime.arbiter().unwrap(), "sync", |_| {
        SyncActor::new(settings)
    });
    let send = async |body: Bytes| {
        let message = StoreBatch {
            body,
            sender: KeyHolder::Owner,
            turn: admission.enter("car").await.unwrap(),
            memory: memory.begin(None, 1).unwrap(),
        };
        sync.send(message).await.expect("the actor answers")
    };
    let exploded = Arc::new(AtomicUsize::new(0));
    for attempt in 1..=ATTEMPTS {
        for body in ["no JSON".to_owned(), batch(&json!({})).to_string()] {
            let bomb = Bomb {
                body: body.into_bytes(),
                exploded: Arc::clone(&exploded),
            };
            let error = send(Bytes::from_owner(bomb)).await.unwrap_err();
            assert!(matches!(error, SyncError::Panicked(_)), "{error:?}");
        }
        let rows = json!({"realtime_data": readings(1..=5)});
        send(Bytes::from(batch(&rows).to_string())).await.unwrap();
        assert_eq!(exploded.load(Ordering::Relaxed), 2 * attempt);
    }
    assert_eq!(supervision.restarts(), [("sync", 0)]);
    assert_eq!(admission.running(), 0, "every turn is freed");
}

#[tokio::test]
async fn work_that_panics_in_the_database_rolls_back_and_frees_its_connection() {
    let server = TestDatabase::create().await;
    let database = Database::open(&DatabaseUrl::parse(&server.url()).unwrap(), 1);
    let create = "CREATE TABLE notes (note INT) ENGINE = InnoDB";
    server.execute(create).await.unwrap();
    for _ in 0..3 {
        let outcome = database.transaction(LIMIT, async |transaction| {
            use mysql_async::prelude::Queryable as _;
            let connection = transaction.connection().await?;
            connection
                .query_drop("INSERT INTO notes VALUES (1)")
                .await?;
            assert_eq!(connection.affected_rows(), 0, "boom");
            Ok(())
        });
        let error = outcome.await.unwrap_err();
        assert!(matches!(error, DatabaseError::Panicked(_)), "{error:?}");
        assert!(actors::causes(&error).contains("boom"));
    }
    assert_eq!(server.count("notes", "TRUE").await, 0);
}

/// Once, date arithmetic on such a time panicked in the database driver and ended the process at the sixth attempt.
#[tokio::test]
async fn readings_at_the_limits_of_the_calendar_affect_no_other_device() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let times = [
        "1000-01-01T00:00:00",
        "1000-01-03T00:00:00",
        "9999-12-31T23:59:59",
    ];
    for _ in 0..ATTEMPTS {
        for timestamp in times {
            let row = with(reading(1), &json!({"timestamp": timestamp}));
            let (status, answer) = server.sync(&batch(&json!({"realtime_data": [row]}))).await;
            assert!([200, 422, 500].contains(&status), "{status} {answer}");
            if status == 500 {
                let failed = format!("device_id = '{DEVICE}' AND status = 'failed'");
                assert_eq!(database.count("sync_history", &failed).await, 1);
            }
        }
        let other = batch(&json!({"realtime_data": readings(1..=5)}));
        let other = with(other, &json!({"deviceId": "other-device"}));
        assert_eq!(server.sync(&other).await.0, 200);
    }
    let (_, health) = answer(server.get("/api/v1/health")).await;
    assert_eq!(health["actors"]["sync"]["restarts"], 0, "{health}");
}
