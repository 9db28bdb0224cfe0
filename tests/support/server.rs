use std::cell::Cell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use eclipse_ai_server::app::{AppError, Application};
use eclipse_ai_server::config::Settings;
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::{TestDatabase, eventually};

pub(crate) const API_KEY: &str = "the-shared-key-of-the-tests";

/// Below the folder of a server, so that a test can see what is written outside of it.
const BACKUP_DIR: &str = "data/backups";

/// The real application on a free port, stopped when it is dropped.
pub(crate) struct TestServer {
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), AppError>>>,
    folder: TempDir,
}

impl TestServer {
    /// A server with default settings, once its schema is there.
    pub(crate) async fn start(database: &TestDatabase) -> Self {
        Self::start_with(&database.url(), &[]).await
    }

    /// A server with further variables set, once its schema is there.
    pub(crate) async fn start_with(database_url: &str, variables: &[(&str, &str)]) -> Self {
        loop {
            let server = Self::start_unready(database_url, variables).await;
            let has_failed = Cell::new(false);
            eventually("the schema is there", async || {
                let probe = json!({"deviceId": "probe", "batchId": "none", "tables": {}});
                let is_stored = server.sync(&probe).await.0 == 200;
                has_failed.set(has_failed.get() || !is_stored);
                is_stored
            })
            .await;
            if !has_failed.get() {
                return server;
            }
            // The server has counted the failure.
            forget_failed_probes(database_url).await;
        }
    }

    /// A server that may have no database.
    pub(crate) async fn start_unready(database_url: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let backup_dir = folder.path().join(BACKUP_DIR);
        let defaults = [
            ("DATABASE_URL", database_url),
            ("API_KEY", API_KEY),
            ("HOST", "127.0.0.1"),
            ("PORT", "0"),
            ("BACKUP_DIR", backup_dir.to_str().unwrap()),
            // The disk of the tests may be nearly full.
            ("BACKUP_MIN_FREE_MB", "0"),
            // Unreachable, unless the test sets another.
            ("OLLAMA_BASE_URL", "http://127.0.0.1:9"),
        ];
        let variables: HashMap<String, String> = defaults
            .iter()
            .chain(variables)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let settings = Settings::from_variables(&variables).unwrap();
        let (stop, stopped) = oneshot::channel();
        let (send_port, port) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            actix_rt::System::new().block_on(async {
                let app = Application::build(&settings)?;
                let _ = send_port.send(app.port());
                app.run_until(async { _ = stopped.await }).await
            })
        });
        let port = port.await.expect("the server starts");
        Self {
            url: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::builder()
                .no_proxy()
                // The server closes idle connections after 5 s. A request on one that is being closed would fail.
                .pool_idle_timeout(Duration::from_secs(2))
                .build()
                .unwrap(),
            stop: Some(stop),
            thread: Some(thread),
            folder,
        }
    }

    /// The server's own folder, of which it gets [`TestServer::backup_dir`] only; removed at the end.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn backup_dir(&self) -> PathBuf {
        self.folder.path().join(BACKUP_DIR)
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http
            .get(format!("{}{path}", self.url))
            .header("X-API-Key", API_KEY)
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.http
            .post(format!("{}{path}", self.url))
            .header("X-API-Key", API_KEY)
    }

    /// The body of `GET /api/v1/health`.
    pub(crate) async fn health(&self) -> Value {
        answer(self.http.get(format!("{}/api/v1/health", self.url)))
            .await
            .1
    }

    /// Posts a batch; returns the status and the body.
    pub(crate) async fn sync(&self, batch: &Value) -> (u16, Value) {
        self.sync_bytes(batch.to_string().into_bytes()).await
    }

    /// Posts any bytes as a batch.
    pub(crate) async fn sync_bytes(&self, body: Vec<u8>) -> (u16, Value) {
        let request = self
            .post("/api/v1/sync")
            .header("Content-Type", "application/json");
        answer(request.body(body)).await
    }

    /// Stops the server as SIGTERM does; returns the outcome.
    pub(crate) fn stop(&mut self) -> Result<(), AppError> {
        drop(self.stop.take());
        let thread = self
            .thread
            .take()
            .expect("the server was not stopped before");
        thread.join().expect("the server's thread does not panic")
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if self.thread.is_some() {
            let stopped = self.stop();
            assert!(
                std::thread::panicking() || stopped.is_ok(),
                "the server ended with {stopped:?}"
            );
        }
    }
}

/// On a busy machine, migrations take longer than a batch waits for them, and its failure is in the history.
async fn forget_failed_probes(database_url: &str) {
    // A test with another kind of URL does not read the history.
    if let Ok(mut connection) = Conn::from_url(database_url).await {
        let forget = "DELETE FROM sync_history WHERE device_id = 'probe'";
        connection.query_drop(forget).await.unwrap();
        connection.disconnect().await.unwrap();
    }
}

/// Sends a request; returns the status and the body, which must be JSON.
pub(crate) async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body = response.text().await.unwrap();
    let json = serde_json::from_str(&body);
    (
        status,
        json.unwrap_or_else(|error| {
            panic!("{status} with a body that is no JSON ({error}): {body}")
        }),
    )
}

/// The body of a failure without its request id, which is random.
pub(crate) fn without_request_id(mut answer: Value) -> Value {
    let id = answer
        .as_object_mut()
        .and_then(|body| body.remove("requestId"));
    assert!(id.is_some(), "a failure names its request: {answer}");
    answer
}
