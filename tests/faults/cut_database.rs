//! The connection to the database ends, or stands still, after each byte of a batch: acknowledged means stored once, not
//! acknowledged means whole or not at all, and the next request is right.

use serde_json::{Value, json};

use crate::support::{Direction, Proxy, TestDatabase, TestServer, effort, eventually, with};

const ROWS: i64 = 3;
const TABLES: [&str; 2] = ["alert_log", "realtime_data"];

/// A server whose connections to the database can be cut, and batches of two tables each.
struct Cut {
    server: TestServer,
    proxy: Proxy,
    database: TestDatabase,
    batches: i64,
}

impl Cut {
    async fn start() -> Self {
        let database = TestDatabase::create().await;
        let proxy = Proxy::to_database_server().await;
        let server = TestServer::start_with(&proxy.url_of(&database), &[]).await;
        let mut cut = Self {
            server,
            proxy,
            database,
            batches: 0,
        };
        // What is prepared once is prepared: the device, its profile, its epoch.
        for _ in 0..3 {
            let batch = cut.next_batch();
            assert_eq!(cut.server.sync(&batch).await.0, 200);
        }
        cut
    }

    fn next_batch(&mut self) -> Value {
        let first = self.batches * ROWS + 1;
        self.batches += 1;
        let row = |id| {
            json!({"id": id, "timestamp": "2026-04-18 07:20:00", "parameter_name": "RPM", "value": 2500.5,
                   "profile_id": "daily"})
        };
        let readings: Vec<Value> = (first..first + ROWS).map(row).collect();
        let alert = |row: &Value| with(row.clone(), &json!({"alert_type": "high", "threshold": 2}));
        let alerts: Vec<Value> = readings.iter().map(alert).collect();
        json!({"deviceId": "car", "batchId": format!("b{}", self.batches), "tables": {
            "alert_log": {"lastSyncedId": first - 1, "rows": alerts},
            "realtime_data": {"lastSyncedId": first - 1, "rows": readings},
        }})
    }

    /// The number of stored rows of the newest batch, by table.
    async fn stored(&self) -> [i64; 2] {
        let newest = format!("source_id > {}", (self.batches - 1) * ROWS);
        let mut stored = [0; 2];
        for (stored, table) in stored.iter_mut().zip(TABLES) {
            *stored = i64::try_from(self.database.count(table, &newest).await).unwrap();
        }
        stored
    }

    /// The number of bytes of a batch, to the database and back.
    async fn length(&mut self) -> [usize; 2] {
        let batch = self.next_batch();
        let before = self.proxy.carried();
        assert_eq!(self.server.sync(&batch).await.0, 200);
        let after = self.proxy.carried();
        [after[0] - before[0], after[1] - before[1]]
    }

    /// Some positions, and in the long form all of them, in both directions.
    async fn positions(&mut self, of_each: usize) -> Vec<(usize, Direction)> {
        let [to_server, to_client] = self.length().await;
        let of = |direction, length: usize| {
            let step = effort(length.div_ceil(of_each), 1);
            (0..=length).step_by(step).map(move |at| (at, direction))
        };
        let to_server = of(Direction::ToServer, to_server);
        to_server
            .chain(of(Direction::ToClient, to_client))
            .collect()
    }

    /// What the answer to the newest batch promises is so, and the same batch again is stored once.
    async fn keeps_its_promise(&self, batch: &Value, status: u16, place: (usize, Direction)) {
        assert!(matches!(status, 200 | 500 | 503), "{place:?}: {status}");
        let before = self.stored().await;
        let is_stored = before == [ROWS; 2];
        assert!(
            is_stored || status != 200 && before == [0; 2],
            "{place:?}: {status} with {before:?} rows"
        );
        let (again, receipt) = self.server.sync(batch).await;
        assert_eq!(again, 200, "{place:?}: the next request: {receipt}");
        assert_eq!(self.stored().await, [ROWS; 2], "{place:?}: after a retry");
    }

    async fn holds_no_other_row(&self) {
        for table in TABLES {
            let rows = self.database.count(table, "TRUE").await;
            assert_eq!(i64::try_from(rows).unwrap(), self.batches * ROWS, "{table}");
        }
    }
}

#[tokio::test]
async fn a_connection_cut_after_each_byte_of_a_batch_stores_it_whole_or_not_at_all() {
    let mut cut = Cut::start().await;
    let positions = cut.positions(7).await;
    let mut failures = 0;
    for (bytes, direction) in positions.clone() {
        let batch = cut.next_batch();
        cut.proxy.cut_after(bytes, direction);
        let (status, _) = cut.server.sync(&batch).await;
        cut.proxy.lift_limit();
        cut.keeps_its_promise(&batch, status, (bytes, direction))
            .await;
        failures += usize::from(status != 200);
    }
    cut.holds_no_other_row().await;
    println!("{} cuts, {failures} failures", positions.len());
}

#[tokio::test]
async fn a_connection_that_stands_still_in_a_batch_delays_it_and_no_more() {
    let mut cut = Cut::start().await;
    for (bytes, direction) in cut.positions(3).await {
        let batch = cut.next_batch();
        cut.proxy.freeze_after(bytes, direction);
        let lift = async {
            // The last positions may be behind the end of this batch: its length varies.
            let waited = tokio::time::timeout(
                std::time::Duration::from_millis(200),
                eventually("it stands still", async || cut.proxy.is_frozen()),
            );
            let _ = waited.await;
            cut.proxy.lift_limit();
        };
        let ((status, receipt), ()) = tokio::join!(cut.server.sync(&batch), lift);
        assert_eq!(status, 200, "{bytes} {direction:?}: {receipt}");
        assert_eq!(cut.stored().await, [ROWS; 2]);
    }
    cut.holds_no_other_row().await;
}
