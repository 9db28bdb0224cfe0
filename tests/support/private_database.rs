use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use tempfile::TempDir;

use super::database::{Session, TableLock, other_sessions};
use super::process::signal;

/// A database server of one test, which can hang and crash, with an empty database. Stopped on
/// drop.
pub(crate) struct PrivateDatabase {
    server: u32,
    port: u16,
    script: Child,
    /// The script stops the server at the end of its input.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    folder: TempDir,
}

/// With the programs of the database server that the other tests use.
const SCRIPT: &str = r#"
set -euo pipefail
. deploy/lib/private-database.sh
# A library that was loaded into the server may leave shared memory behind.
trap 'server=$private_database_pid; stop_private_database; rm -f /dev/shm/*faketime_*_"$server"' EXIT
case ${MYSQL_CLIENT:-} in
    */mysql) find_database_programs mysql || find_database_programs mariadb ;;
    *) get_any_database_programs >&2 ;;
esac
eval "plain_$(declare -f run_database_server)"
run_database_server() {
    local -x LD_PRELOAD=${SERVER_PRELOAD:-}
    plain_run_database_server "$@"
}
port=$(free_port)
options=("${@:2}")
port_is_free() { ! port_is_taken "$port"; }
start() { start_private_database "$database_flavour" "$1" "$port" "" "${options[@]}"; }
start "$1"
private_database_sql "$1" "" --execute="CREATE DATABASE eclipse_ai"
echo "$private_database_pid $port"
while read -r order; do
    case $order in
        # The first thread may end before those that hold the port.
        crash) kill -KILL "$private_database_pid" && wait_until 20 has_ended "$private_database_pid" && wait_until 20 port_is_free ;;
        start) start "$1" ;;
    esac
    echo "$private_database_pid"
done
"#;

impl PrivateDatabase {
    /// Takes some seconds.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With further options of the server.
    pub(crate) async fn start_with(options: &[&str]) -> Self {
        Self::start_through(Command::new("bash"), options).await
    }

    /// A library for the server, in the environment of the shell that starts it.
    pub(crate) const PRELOAD: &'static str = "SERVER_PRELOAD";

    /// Started by a shell with another environment.
    pub(crate) async fn start_by(shell: Command) -> Self {
        Self::start_through(shell, &[]).await
    }

    /// On a disk of this size that only this server sees.
    ///
    /// Fails if neither root nor a user namespace may mount a tmpfs.
    pub(crate) async fn start_on_small_disk(size: &str) -> Self {
        let mut command = Command::new("unshare");
        let script = r#"mount -t tmpfs -o size="$SIZE" tmpfs "$4" && exec bash "$@""#;
        command.args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
        ]);
        command.env("SIZE", size);
        Self::start_through(command, &[]).await
    }

    /// By a shell, or a program that takes the same arguments.
    async fn start_through(shell: Command, options: &[&str]) -> Self {
        let options: Vec<String> = options.iter().map(ToString::to_string).collect();
        tokio::task::spawn_blocking(move || Self::start_blocking(shell, &options))
            .await
            .unwrap()
    }

    fn start_blocking(mut shell: Command, options: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut script = shell
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .args(["-c", SCRIPT, "private-database"])
            .arg(folder.path())
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(script.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let (server, port) = line
            .trim()
            .split_once(' ')
            .expect("a private database starts");
        Self {
            server: server.parse().unwrap(),
            port: port.parse().unwrap(),
            input: script.stdin.take(),
            output,
            script,
            folder,
        }
    }

    /// Its folder as its own process sees it, which may be on a disk of its own.
    pub(crate) fn folder_from_outside(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.server));
        root.join(self.folder.path().strip_prefix("/").unwrap())
    }

    /// Host and port.
    pub(crate) fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// A connection of the administrator.
    pub(crate) async fn connect(&self) -> Conn {
        Conn::from_url(self.url()).await.unwrap()
    }

    /// Runs statements as the administrator.
    pub(crate) async fn execute(&self, statements: &[&str]) {
        let mut connection = self.connect().await;
        for statement in statements {
            connection.query_drop(*statement).await.unwrap();
        }
        connection.disconnect().await.unwrap();
    }

    /// For `DATABASE_URL`.
    pub(crate) fn url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/eclipse_ai", self.port)
    }

    /// The same for another account.
    pub(crate) fn url_of(&self, user: &str, password: &str) -> String {
        format!(
            "mysql://{user}:{password}@127.0.0.1:{}/eclipse_ai",
            self.port
        )
    }

    /// Locks a table for all other sessions.
    pub(crate) async fn lock(&self, table: &'static str) -> TableLock {
        let holder = self.connect().await;
        TableLock::take(holder, table).await
    }

    /// The number of rows of a table that meet a condition such as `source_id > 3`.
    pub(crate) async fn count(&self, table: &str, condition: &str) -> u64 {
        let mut connection = self.connect().await;
        let query = format!("SELECT COUNT(*) FROM {table} WHERE {condition}");
        let count = connection.query_first(query).await.unwrap().unwrap();
        connection.disconnect().await.unwrap();
        count
    }

    /// The sessions of the database, without the one that asks.
    pub(crate) async fn other_sessions(&self) -> Vec<Session> {
        let mut connection = self.connect().await;
        let sessions = other_sessions(&mut connection, "eclipse_ai").await;
        connection.disconnect().await.unwrap();
        sessions
    }

    /// Kills the server, as the system does when memory runs out.
    pub(crate) fn crash(&mut self) {
        self.order("crash");
    }

    /// Starts it again, with its data.
    pub(crate) fn restart(&mut self) {
        self.order("start");
    }

    fn order(&mut self, order: &str) {
        writeln!(self.input.as_mut().unwrap(), "{order}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        self.server = line.trim().parse().expect("it is done");
    }

    /// From now on it does not answer, and closes no connection.
    pub(crate) fn hang(&self) {
        signal(self.server, "STOP");
    }

    /// Continues after [`Self::hang`].
    pub(crate) fn go_on(&self) {
        signal(self.server, "CONT");
    }
}

impl Drop for PrivateDatabase {
    fn drop(&mut self) {
        // As `go_on`, though the server may have ended in a test that fails.
        let server = self.server.to_string();
        let _ = Command::new("kill").args(["-s", "CONT", &server]).status();
        drop(self.input.take());
        let ended = self.script.wait();
        assert!(
            std::thread::panicking() || ended.is_ok_and(|status| status.success()),
            "the private database ends"
        );
    }
}
