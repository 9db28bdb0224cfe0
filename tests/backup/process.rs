//! The real binary in a process of its own: to be killed, or to be measured.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::API_KEY;

const BINARY: &str = env!("CARGO_BIN_EXE_eclipse-ai-server");

/// A running server without a database; killed when it is dropped.
pub(crate) struct ServerProcess {
    child: Child,
    pub(crate) address: String,
}

impl ServerProcess {
    /// Starts a server that keeps its backups there.
    pub(crate) fn start(backup_dir: &Path) -> Self {
        Self::spawn(Command::new(BINARY), backup_dir)
    }

    /// The same, with `backup_dir` a disk of this size that only this process sees.
    ///
    /// Fails where neither root nor a user namespace may mount a tmpfs.
    pub(crate) fn start_on_small_disk(backup_dir: &Path, size: &str) -> Self {
        let mut command = Command::new("unshare");
        let script = r#"mount -t tmpfs -o size="$1" tmpfs "$BACKUP_DIR" && exec "$2""#;
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
        command.args(["sh", size, BINARY]);
        Self::spawn(command, backup_dir)
    }

    fn spawn(mut command: Command, backup_dir: &Path) -> Self {
        let mut child = command
            .env("DATABASE_URL", "mysql://nobody@127.0.0.1:9/none")
            .env("API_KEY", API_KEY)
            .env("HOST", "127.0.0.1")
            .env("PORT", "0")
            .env("LOG_LEVEL", "INFO")
            .env("BACKUP_DIR", backup_dir)
            .current_dir(backup_dir)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let port = loop {
            let Some(line) = log.next() else {
                panic!("the server did not start: {said:#?}");
            };
            let line = line.unwrap();
            if let Some((_, port)) = line.split_once("server listens port=") {
                break port.trim().to_owned();
            }
            said.push(line);
        };
        // Nobody reads the log from here on, but it must not fill up.
        std::thread::spawn(move || log.for_each(drop));
        Self {
            child,
            address: format!("127.0.0.1:{port}"),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The most memory that it ever had, in bytes.
    pub(crate) fn peak_memory_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        kilobytes * 1024
    }

    /// A folder as this process sees it, which may be on a disk of its own.
    pub(crate) fn seen_from_inside(&self, path: &Path) -> std::path::PathBuf {
        Path::new(&format!("/proc/{}/root", self.child.id())).join(path.strip_prefix("/").unwrap())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
