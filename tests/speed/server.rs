//! The real binary as a process, so that its memory and CPU time can be measured.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub(crate) const API_KEY: &str = "the-key-for-measuring";

pub(crate) struct Server {
    pub(crate) port: u16,
    process: Child,
    _folder: tempfile::TempDir,
}

/// Creates the tables.
pub(crate) fn init_db(database_url: &str) {
    let status = Command::new(env!("CARGO_BIN_EXE_eclipse-ai-server"))
        .arg("init-db")
        .env("DATABASE_URL", database_url)
        .env("API_KEY", API_KEY)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.unwrap().success(), "init-db");
}

impl Server {
    /// Returns at the first healthy answer.
    pub(crate) fn start(database_url: &str) -> Self {
        Self::start_with(database_url, &[])
    }

    /// The same with further variables set.
    pub(crate) fn start_with(database_url: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let process = Command::new(env!("CARGO_BIN_EXE_eclipse-ai-server"))
            .current_dir(folder.path())
            .env("DATABASE_URL", database_url)
            .env("API_KEY", API_KEY)
            .env("HOST", "127.0.0.1")
            .env("PORT", port.to_string())
            .env("LOG_LEVEL", "INFO")
            .envs(variables.iter().copied())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !says_mysql_is_up(port) {
            std::thread::sleep(Duration::from_millis(2));
        }
        Self {
            port,
            process,
            _folder: folder,
        }
    }

    /// CPU time of the process so far, user and system.
    pub(crate) fn cpu(&self) -> Duration {
        crate::cpu::of_process(&self.process.id().to_string())
    }

    pub(crate) fn resident_kib(&self) -> u64 {
        self.status("VmRSS:")
    }

    pub(crate) fn peak_resident_kib(&self) -> u64 {
        self.status("VmHWM:")
    }

    fn status(&self, field: &str) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn says_mysql_is_up(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    let request = "GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.contains("\"mysql\":\"up\"")
}
