use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::Value;
use tempfile::TempDir;

use super::server::API_KEY;
use super::{answer, eventually};

/// The server as a process of its own: with a log, signals and an exit code. Killed when it is dropped.
pub(crate) struct ServerProcess {
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    _folder: TempDir,
}

impl ServerProcess {
    /// The real binary, once its port is open.
    pub(crate) async fn start(database_url: &str, variables: &[(&str, &str)]) -> Self {
        let program = Command::new(env!("CARGO_BIN_EXE_eclipse-ai-server"));
        Self::run(program, database_url, variables).await
    }

    /// Whatever serves, as the real binary does.
    pub(crate) async fn run(
        mut program: Command,
        database_url: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = program
            .current_dir(folder.path())
            .env_remove("JOURNAL_STREAM")
            .env("DATABASE_URL", database_url)
            .env("API_KEY", API_KEY)
            .env("HOST", "127.0.0.1")
            .env("PORT", "0")
            .env("LOG_LEVEL", "INFO")
            .env("BACKUP_DIR", folder.path())
            // Nobody listens there, unless a test says otherwise.
            .env("OLLAMA_BASE_URL", "http://127.0.0.1:9")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::default();
        read_on(child.stderr.take().unwrap(), &log);
        let mut server = Self {
            url: String::new(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            child,
            log,
            _folder: folder,
        };
        server.logs("server listens port=").await;
        let line = server.lines("server listens port=").remove(0);
        let (_, port) = line.rsplit_once('=').unwrap();
        server.url = format!("http://127.0.0.1:{port}");
        server
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.url))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.http
            .post(format!("{}{path}", self.url))
            .header("X-API-Key", API_KEY)
    }

    /// Posts a batch; returns the status and the body.
    pub(crate) async fn sync(&self, batch: &Value) -> (u16, Value) {
        answer(self.batch(batch)).await
    }

    /// The request that posts a batch.
    pub(crate) fn batch(&self, batch: &Value) -> RequestBuilder {
        self.post("/api/v1/sync").body(batch.to_string())
    }

    /// Waits until a line of the log has all these words in it.
    pub(crate) async fn logs(&self, words: &str) {
        eventually(&format!("the log says {words:?}"), async || {
            !self.lines(words).is_empty()
        })
        .await;
    }

    /// The lines of the log so far that have these words in them.
    pub(crate) fn lines(&self, words: &str) -> Vec<String> {
        let lines = self.log.lock().unwrap();
        let told = lines.iter().filter(|line| line.contains(words));
        told.cloned().collect()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Waits for the end of the process; fails when that takes absurdly long.
    pub(crate) async fn ends(&mut self) -> ExitStatus {
        let ended = async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), ended)
            .await
            .expect("the process ends")
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It has ended already, or ends now.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let lines = self.log.lock().unwrap();
            eprintln!("the server's log:\n{}", lines.join("\n"));
        }
    }
}

/// Sends a signal to a process of this test.
pub(crate) fn signal(process: u32, name: impl AsRef<OsStr>) {
    let sent = Command::new("kill")
        .arg("-s")
        .arg(name)
        .arg(process.to_string())
        .status();
    assert!(sent.unwrap().success(), "process {process} gets a signal");
}

/// Collects what a process says until it ends.
fn read_on(from: ChildStderr, log: &Arc<Mutex<Vec<String>>>) {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            log.lock().unwrap().push(line);
        }
    });
}
