//! Clients of a server that fails under them: what each was promised, and whether it is there.

mod devices;
mod pairs;
mod uploads;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use self::pairs::Pairs;
use self::uploads::Uploads;
use crate::support::{FakeOllama, Pi, ServerProcess, assert_mirrored_at, effort, eventually};

/// The number of devices that sync at the same time.
const DEVICES: usize = 4;

/// A server under load, whose place is taken by another one when it ends.
pub(super) struct Load {
    pub(super) server: ServerProcess,
    pub(super) random: StdRng,
    database_url: String,
    backup_dir: TempDir,
    ollama: FakeOllama,
    target: Arc<Target>,
    devices: Vec<JoinHandle<Pi>>,
    pairs: JoinHandle<Pairs>,
    uploads: JoinHandle<Uploads>,
}

/// Where the clients send to, and how much was accepted there.
struct Target {
    url: std::sync::Mutex<String>,
    acknowledged: AtomicUsize,
    is_ending: AtomicBool,
}

impl Target {
    fn url(&self) -> String {
        self.url.lock().unwrap().clone()
    }

    fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    fn acknowledge(&self, requests: usize) {
        self.acknowledged.fetch_add(requests, Ordering::Relaxed);
    }
}

/// From `TEST_SEED`, or of the time; printed, so that a failed trial can be repeated.
fn seed() -> u64 {
    let given = std::env::var("TEST_SEED").ok();
    let seed = given.map_or_else(rand::random, |seed| {
        seed.parse().expect("TEST_SEED is a number")
    });
    println!("TEST_SEED={seed}");
    seed
}

impl Load {
    /// A server and its clients, each of which makes a pause after each acknowledgement.
    pub(super) async fn start(database_url: &str, pause: Duration) -> Self {
        let (backup_dir, ollama) = (tempfile::tempdir().unwrap(), FakeOllama::start());
        let server = start_server(database_url, backup_dir.path(), &ollama).await;
        server.logs("schema is up to date").await;
        let target = Arc::new(Target {
            url: server.url.clone().into(),
            acknowledged: AtomicUsize::new(0),
            is_ending: AtomicBool::new(false),
        });
        let device = |number| devices::drive(number, Arc::clone(&target), pause);
        Self {
            devices: (0..DEVICES)
                .map(|number| tokio::spawn(device(number)))
                .collect(),
            pairs: tokio::spawn(pairs::send(Arc::clone(&target), pause)),
            uploads: tokio::spawn(uploads::send(Arc::clone(&target), pause)),
            random: StdRng::seed_from_u64(seed()),
            server,
            database_url: database_url.to_owned(),
            backup_dir,
            ollama,
            target,
        }
    }

    /// Waits until a random number of further requests is accepted, and then for a random instant within one.
    pub(super) async fn proceeds(&mut self) {
        let now = self.target.acknowledged.load(Ordering::Relaxed);
        let next = now + self.random.random_range(1..=12);
        eventually("requests are accepted", async || {
            self.target.acknowledged.load(Ordering::Relaxed) >= next
        })
        .await;
        let instant = self.random.random_range(0..40_000);
        tokio::time::sleep(Duration::from_micros(instant)).await;
    }

    /// Ends the server as systemd does.
    pub(super) async fn stop(&mut self) {
        self.server.signal("TERM");
        assert_eq!(self.server.ends_in_time().await.code(), Some(0));
    }

    /// Another server on the same database and folder, to which the clients turn.
    pub(super) async fn start_next(&mut self) {
        self.server = start_server(&self.database_url, self.backup_dir.path(), &self.ollama).await;
        self.target.url.lock().unwrap().clone_from(&self.server.url);
    }

    /// The clients end once all of their rows are accepted. Every promise was kept, and nothing else is there.
    pub(super) async fn ends_with_all_promises_kept(mut self, connection: &mut Conn) {
        self.target.is_ending.store(true, Ordering::Relaxed);
        let mut devices = Vec::new();
        for device in self.devices.drain(..) {
            devices.push(device.await.unwrap());
        }
        let pairs = (&mut self.pairs).await.unwrap();
        let uploads = (&mut self.uploads).await.unwrap();
        // Another server, without the pauses that follow on failures, finishes what is left.
        self.stop().await;
        self.start_next().await;
        let drives = devices.iter().map(devices::drives).sum();
        every_drive_is_done(connection, drives).await;
        self.stop().await;

        for pi in &devices {
            assert_mirrored_at(connection, pi).await;
        }
        every_drive_has_one_diagnosis_and_one_analysis(connection, drives).await;
        pairs.are_whole(connection).await;
        uploads.are_whole(self.backup_dir.path());
        println!(
            "{drives} drives, {} batches of two tables, {} files; {} requests acknowledged",
            pairs.acknowledged(),
            uploads.acknowledged(),
            self.target.acknowledged.load(Ordering::Relaxed)
        );
    }
}

async fn start_server(database_url: &str, backup_dir: &Path, ollama: &FakeOllama) -> ServerProcess {
    let variables = [
        ("BACKUP_DIR", backup_dir.to_str().unwrap()),
        ("OLLAMA_BASE_URL", ollama.url.as_str()),
        // All readings of a drive are sent in one request, so it is complete at once.
        ("AUTO_ANALYSIS_QUIET_SECONDS", "0"),
    ];
    ServerProcess::start(database_url, &variables).await
}

/// Without the pauses between attempts, which may be long after a failure of the database.
pub(super) async fn every_drive_is_done(connection: &mut Conn, drives: u64) {
    let hasten = "UPDATE drives SET next_look_at = NOW(6) WHERE state IN ('waiting', 'queued') AND next_look_at > NOW(6)";
    let left = format!(
        "SELECT CONCAT(source_device, ' ', drive_key, ' ', state, ' ', COALESCE(reason, '')) FROM drives \
         WHERE state <> 'analysed' UNION SELECT 'diagnoses are missing' \
         WHERE (SELECT COUNT(*) FROM drive_diagnoses) < {drives}"
    );
    let limit = Instant::now() + Duration::from_mins(effort(3, 20));
    loop {
        connection.query_drop(hasten).await.unwrap();
        let left: Vec<String> = connection.query(left.as_str()).await.unwrap();
        if left.is_empty() {
            break;
        }
        assert!(Instant::now() < limit, "drives are left: {left:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

pub(super) async fn every_drive_has_one_diagnosis_and_one_analysis(
    connection: &mut Conn,
    drives: u64,
) {
    for (what, query) in [
        ("drives", "SELECT COUNT(*) FROM drives"),
        ("diagnoses", "SELECT COUNT(*) FROM drive_diagnoses"),
        (
            "drives with an analysis",
            "SELECT COUNT(DISTINCT drive_row_id) FROM analysis_history WHERE status = 'success'",
        ),
        (
            "analyses",
            "SELECT COUNT(*) FROM analysis_history WHERE status = 'success'",
        ),
        (
            "recommendations for each three",
            "SELECT COUNT(*) DIV 3 FROM ai_recommendations",
        ),
    ] {
        assert_eq!(count(connection, query).await, drives, "{what}");
    }
    let unfinished = "SELECT COUNT(*) FROM analysis_history WHERE status = 'running'";
    assert_eq!(count(connection, unfinished).await, 0);
}

async fn count(connection: &mut Conn, query: &str) -> u64 {
    connection.query_first(query).await.unwrap().unwrap()
}

/// Every file below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| {
        if path.is_dir() {
            files_below(&path)
        } else {
            vec![path]
        }
    };
    paths.flat_map(below).collect()
}
