use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::{NamedTempFile, TempDir, TempPath};

const PROGRAM: &str = env!("CARGO_BIN_EXE_eclipse-ai-server");

/// The time limit of a command.
const LIMIT: Duration = Duration::from_mins(3);

/// The real binary, in a working directory of its own, with only the given variables.
pub(crate) struct Binary {
    folder: Arc<TempDir>,
    variables: Vec<(String, String)>,
}

/// The outcome of a command.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// Its output on both streams.
    pub(crate) output: String,
}

impl Binary {
    /// With a file `.env` that has these lines.
    pub(crate) fn with_env_file(lines: &[(&str, &str)]) -> Self {
        Self::with_file(".env", lines)
    }

    /// With a file that has these lines, readable by its owner only.
    pub(crate) fn with_file(name: &str, lines: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text: String = lines
            .iter()
            .flat_map(|(name, value)| [name, "=", value, "\n"])
            .collect();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        Self {
            folder: Arc::new(folder),
            variables: Vec::new(),
        }
    }

    /// With the required settings, and this database.
    pub(crate) fn with_database(url: &str) -> Self {
        let rest = [
            ("API_KEY", super::API_KEY),
            ("HOST", "127.0.0.1"),
            ("PORT", "0"),
        ];
        let ollama = ("OLLAMA_BASE_URL", "http://127.0.0.1:9");
        Self::with_env_file(&[&[("DATABASE_URL", url), ollama], &rest[..]].concat())
    }

    /// A variable of the environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts a command without waiting for it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Process {
        self.start_through(Command::new(PROGRAM), arguments)
    }

    fn start_through(&self, mut program: Command, arguments: &[&str]) -> Process {
        let (file, output) = NamedTempFile::new().unwrap().into_parts();
        let child = program
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        Process {
            child,
            output,
            _folder: Arc::clone(&self.folder),
        }
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).end()
    }

    /// The same, after a shell script that may mount file systems that only this process sees.
    ///
    /// Fails if neither root nor a user namespace may mount.
    pub(crate) fn run_after(&self, mounts: &str, arguments: &[&str]) -> Ended {
        let mut program = Command::new("unshare");
        let script = format!(r#"{mounts} && exec "$0" "$@""#);
        program.args(["--user", "--map-root-user", "--mount"]);
        program.args(["sh", "-c", &script, PROGRAM]);
        self.start_through(program, arguments).end()
    }

    /// Makes a file of its working directory readable for all users.
    pub(crate) fn open_to_all(&self, name: &str) {
        let path = self.folder.path().join(name);
        std::fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
    }

    /// The names of all files in its working directory.
    pub(crate) fn files(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

/// A running command, killed on drop.
pub(crate) struct Process {
    child: Child,
    output: TempPath,
    _folder: Arc<TempDir>,
}

impl Process {
    /// Waits for the exit.
    pub(crate) fn end(mut self) -> Ended {
        let status = self.wait();
        Ended {
            code: status.code(),
            output: self.output(),
        }
    }

    /// Sends SIGTERM and waits for the exit.
    pub(crate) fn terminate(self) -> Ended {
        let id = self.child.id().to_string();
        let reported = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(reported.success());
        self.end()
    }

    /// Its output so far.
    pub(crate) fn output(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap()
    }

    /// The address of the server, once it listens.
    pub(crate) fn url(&mut self) -> String {
        let started = Instant::now();
        loop {
            let output = self.output();
            let port = output.split("server listens port=").nth(1);
            if let Some((port, _)) = port.and_then(|rest| rest.split_once('\n')) {
                return format!("http://127.0.0.1:{port}");
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended with {ended:?}: {output}");
            assert!(started.elapsed() < LIMIT, "it does not listen: {output}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The peak of resident memory, in bytes.
    pub(crate) fn peak_resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let kib: u64 = line
            .unwrap()
            .split_whitespace()
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        kib * 1024
    }

    fn wait(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                started.elapsed() < LIMIT,
                "it does not end: {}",
                self.output()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
