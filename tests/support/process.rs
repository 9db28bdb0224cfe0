use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::Value;
use tempfile::TempDir;

use super::server::API_KEY;
use super::{answer, eventually};

/// The documented 10 s and some more for a busy machine; less than the 20 s after which
/// a batch that hangs times out, and the 30 s after which a silent upload does.
const END_LIMIT: Duration = Duration::from_secs(16);

/// The server as a process, with a log, signals and an exit code. Killed on drop.
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

    /// The same, with `backup_dir` on a disk of this size that only this process sees.
    ///
    /// Fails if neither root nor a user namespace may mount a tmpfs.
    pub(crate) async fn start_on_small_disk(
        database_url: &str,
        backup_dir: &Path,
        size: &str,
    ) -> Self {
        let mut command = Command::new("unshare");
        let script = r#"mount -t tmpfs -o size="$1" tmpfs "$BACKUP_DIR" && exec "$2""#;
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
        command.args(["sh", size, env!("CARGO_BIN_EXE_eclipse-ai-server")]);
        let backup_dir = [("BACKUP_DIR", backup_dir.to_str().unwrap())];
        Self::run(command, database_url, &backup_dir).await
    }

    /// A program that behaves like the real binary.
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
            // The disk of the tests may be nearly full.
            .env("BACKUP_MIN_FREE_MB", "0")
            // Unreachable, unless the test sets another.
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

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
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

    /// Waits until a line of the log contains `words`.
    pub(crate) async fn logs(&self, words: &str) {
        eventually(&format!("the log says {words:?}"), async || {
            !self.lines(words).is_empty()
        })
        .await;
    }

    /// The lines of the log so far that contain `words`.
    pub(crate) fn lines(&self, words: &str) -> Vec<String> {
        let lines = self.log.lock().unwrap();
        let found = lines.iter().filter(|line| line.contains(words));
        found.cloned().collect()
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Kills it, as a power failure would.
    pub(crate) async fn kill(&mut self) {
        self.signal("KILL");
        self.ends().await;
    }

    /// The peak of its resident memory, in bytes.
    pub(crate) fn peak_memory_bytes(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// Its resident memory, in bytes.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.memory("VmRSS:")
    }

    fn memory(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let value = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap();
        let kilobytes: u64 = value.trim().trim_end_matches(" kB").parse().unwrap();
        kilobytes * 1024
    }

    /// The number of its open file descriptors.
    pub(crate) fn descriptors(&self) -> u64 {
        let open = fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap();
        open.count() as u64
    }

    /// A folder as this process sees it, which may be on a disk of its own.
    pub(crate) fn seen_from_inside(&self, path: &Path) -> PathBuf {
        Path::new(&format!("/proc/{}/root", self.child.id())).join(path.strip_prefix("/").unwrap())
    }

    /// Waits for the exit within [`END_LIMIT`]; returns the exit status.
    pub(crate) async fn ends_in_time(&mut self) -> ExitStatus {
        tokio::time::timeout(END_LIMIT, self.ends())
            .await
            .expect("it ends in time")
    }

    /// Waits for the exit; fails after a minute.
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
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let lines = self.log.lock().unwrap();
            eprintln!("the server's log:\n{}", lines.join("\n"));
        }
    }
}

/// Sends a signal to a process that this test started.
pub(crate) fn signal(process: u32, name: impl AsRef<OsStr>) {
    let sent = Command::new("kill")
        .arg("-s")
        .arg(name)
        .arg(process.to_string())
        .status();
    assert!(sent.unwrap().success(), "process {process} gets a signal");
}

/// Collects the log of a process until it exits.
fn read_on(from: ChildStderr, log: &Arc<Mutex<Vec<String>>>) {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            log.lock().unwrap().push(line);
        }
    });
}
