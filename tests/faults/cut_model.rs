//! The connection to Ollama ends, or stands still, after each byte of a question and its answer: an analysis succeeds
//! with all of its recommendations, or fails with none, and the next one is right.

use serde_json::{Value, json};

use crate::support::{
    Direction, FakeOllama, Proxy, TestDatabase, TestServer, answer, batch, effort, eventually,
    readings,
};

struct Cut {
    server: TestServer,
    proxy: Proxy,
    database: TestDatabase,
    _ollama: FakeOllama,
}

impl Cut {
    async fn start() -> Self {
        let database = TestDatabase::create().await;
        let ollama = FakeOllama::start();
        let proxy = Proxy::start(ollama.url.trim_start_matches("http://").parse().unwrap());
        let url = format!("http://{}", proxy.address);
        let variables = [("OLLAMA_BASE_URL", url.as_str())];
        let server = TestServer::start_with(&database.url(), &variables).await;
        let rows = batch(&json!({"realtime_data": readings(1..=20)}));
        assert_eq!(server.sync(&rows).await.0, 200);
        Self {
            server,
            proxy,
            database,
            _ollama: ollama,
        }
    }

    async fn analyze(&self) -> (u16, Value) {
        let window =
            json!({"driveStartTime": "2026-02-01T14:00:00", "driveEndTime": "2026-02-01T15:00:00"});
        answer(self.server.post("/api/v1/analyze").body(window.to_string())).await
    }

    /// The number of bytes of an analysis, to the model and back.
    async fn length(&self) -> [usize; 2] {
        let before = self.proxy.carried();
        assert_eq!(self.analyze().await.0, 200);
        let after = self.proxy.carried();
        [after[0] - before[0], after[1] - before[1]]
    }

    async fn positions(&self, of_each: usize) -> Vec<(usize, Direction)> {
        let directions = [Direction::ToServer, Direction::ToClient];
        let lengths = directions.into_iter().zip(self.length().await);
        let positions = lengths.flat_map(|(direction, length)| {
            // The question is long text: a step of 16 bytes is dense.
            let step = match direction {
                Direction::ToServer => effort(length.div_ceil(of_each), 16),
                Direction::ToClient => effort(length.div_ceil(of_each), 1),
            };
            (0..=length).step_by(step).map(move |at| (at, direction))
        });
        positions.collect()
    }

    async fn recommendations(&self) -> u64 {
        self.database.count("ai_recommendations", "TRUE").await
    }
}

#[tokio::test]
async fn a_connection_to_the_model_cut_after_each_byte_stores_all_recommendations_or_none() {
    let cut = Cut::start().await;
    let positions = cut.positions(4).await;
    let mut failures = 0;
    for (bytes, direction) in positions.clone() {
        let before = cut.recommendations().await;
        cut.proxy.cut_after(bytes, direction);
        let (status, body) = cut.analyze().await;
        cut.proxy.lift_limit();
        let new = cut.recommendations().await - before;
        if status == 200 {
            assert_eq!(new, 3, "{bytes} {direction:?}");
        } else {
            failures += 1;
            assert_eq!((status, new), (503, 0), "{bytes} {direction:?}: {body}");
        }
        let (status, body) = cut.analyze().await;
        assert_eq!(status, 200, "{bytes} {direction:?}: the next one: {body}");
    }
    let successes = cut.database.count("analysis_history", "status = 'success'");
    assert_eq!(cut.recommendations().await, successes.await * 3);
    assert!(failures > 0);
    println!("{} cuts, {failures} failures", positions.len());
}

#[tokio::test]
async fn a_model_whose_connection_stands_still_is_waited_for() {
    let cut = Cut::start().await;
    let [question, answer] = cut.length().await;
    for (bytes, direction) in [
        (question / 2, Direction::ToServer),
        (answer / 2, Direction::ToClient),
    ] {
        cut.proxy.freeze_after(bytes, direction);
        let lift = async {
            eventually("it stands still", async || cut.proxy.is_frozen()).await;
            cut.proxy.lift_limit();
        };
        let ((status, body), ()) = tokio::join!(cut.analyze(), lift);
        assert_eq!(status, 200, "{bytes} {direction:?}: {body}");
    }
    assert_eq!(cut.recommendations().await, 9);
}
