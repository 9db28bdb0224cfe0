use serde_json::Value;

use super::{FakeOllama, TestDatabase, TestServer, batch};

/// A server with a database of its own and a fake Ollama.
///
/// A subject that needs more of it adds methods in an `impl Fixture` beside its tests.
pub(crate) struct Fixture {
    pub(crate) server: TestServer,
    pub(crate) ollama: FakeOllama,
    pub(crate) database: TestDatabase,
}

impl Fixture {
    /// With default settings.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With further variables set.
    pub(crate) async fn start_with(variables: &[(&str, &str)]) -> Self {
        let database = TestDatabase::create().await;
        let ollama = FakeOllama::start();
        let ollama_url = [("OLLAMA_BASE_URL", ollama.url.as_str())];
        let variables = [&ollama_url, variables].concat();
        let server = TestServer::start_with(&database.url(), &variables).await;
        Self {
            server,
            ollama,
            database,
        }
    }

    /// Syncs rows by table, as [`batch`] takes them; returns the receipt.
    pub(crate) async fn store(&self, rows_by_table: &Value) -> Value {
        let (status, receipt) = self.server.sync(&batch(rows_by_table)).await;
        assert_eq!(status, 200, "{receipt}");
        receipt
    }
}
