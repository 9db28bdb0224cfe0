//! Nodes are killed, separated from the others and restarted under load.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use super::load::{Answers, Load, readings_of};
use crate::support::{
    Cluster, ClusterKind, FakeOllama, NODES, ServerProcess, effort, eventually, eventually_within,
};

const SENDERS: usize = 6;

/// A server must be back in service this long after its node.
const BACK_WITHIN: Duration = Duration::from_secs(10);

/// The drives that are sent between two events.
const DRIVES: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_galera_cluster_loses_nothing_and_analyses_each_drive_once() {
    if effort(false, true) {
        survives(ClusterKind::Galera).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_group_with_one_primary_loses_nothing_and_analyses_each_drive_once() {
    if effort(false, true) {
        survives(ClusterKind::Group).await;
    }
}

/// One server beside each node.
struct Servers {
    cluster: Cluster,
    ollama: FakeOllama,
    processes: Vec<ServerProcess>,
    /// Where the cars send to.
    urls: Arc<Mutex<Vec<String>>>,
    slowest_return: Duration,
}

async fn survives(kind: ClusterKind) {
    let mut servers = Servers::start(kind).await;
    let load = Load::start(SENDERS, &servers.urls);
    load.accepts(DRIVES).await;
    for node in [2, 1] {
        servers.cluster.kill(node);
        load.accepts(DRIVES).await;
        servers.cluster.restart(node);
        servers.is_back(node).await;
        load.accepts(DRIVES).await;
    }
    for node in [3, 1] {
        servers.cluster.isolate(node);
        load.accepts(DRIVES).await;
        servers.cluster.reconnect(node);
        servers.is_back(node).await;
        load.accepts(DRIVES).await;
    }
    for node in NODES {
        servers.restart(node).await;
        load.accepts(DRIVES).await;
    }
    let answers = load.end().await;
    servers.have_all(&answers).await;
    servers.have_analysed_each_drive_once().await;
    println!(
        "{kind:?}: {} drives, failures {:?}, slowest return {:?}, questions {}",
        answers.accepted.len(),
        answers.failures,
        servers.slowest_return,
        servers.ollama.questions().len()
    );
    let untrue = answers
        .failures
        .keys()
        .find(|failure| failure.contains("contention") || failure.contains("refused a statement"));
    assert_eq!(untrue, None);
}

impl Servers {
    /// All at once, on an empty database.
    async fn start(kind: ClusterKind) -> Self {
        let cluster = tokio::task::spawn_blocking(move || Cluster::start(kind))
            .await
            .unwrap();
        let ollama = FakeOllama::start();
        let starts = NODES.map(|node| start_server(cluster.url(node), ollama.url.clone()));
        let processes = futures_util::future::join_all(starts).await;
        let urls = processes.iter().map(|server| server.url.clone()).collect();
        for server in &processes {
            is_in_service(server).await;
            assert_eq!(server.lines("schema is not ready"), [""; 0]);
        }
        Self {
            cluster,
            ollama,
            processes,
            urls: Arc::new(Mutex::new(urls)),
            slowest_return: Duration::ZERO,
        }
    }

    async fn is_back(&mut self, node: u16) {
        let began = Instant::now();
        is_in_service(&self.processes[usize::from(node) - 1]).await;
        let took = began.elapsed();
        self.slowest_return = self.slowest_return.max(took);
        assert!(
            took < BACK_WITHIN,
            "the server of node {node} is back after {took:?}"
        );
    }

    /// The server and its node, as an upgrade does.
    async fn restart(&mut self, node: u16) {
        let position = usize::from(node) - 1;
        let server = &mut self.processes[position];
        server.signal("TERM");
        assert!(server.ends_in_time().await.success());
        self.cluster.stop(node);
        self.cluster.restart(node);
        let server = start_server(self.cluster.url(node), self.ollama.url.clone()).await;
        self.urls.lock().unwrap()[position].clone_from(&server.url);
        self.processes[position] = server;
        self.is_back(node).await;
    }

    /// Every node has every reading that was accepted, and its drive, once.
    async fn have_all(&self, answers: &Answers) {
        for node in NODES {
            let stored = "SELECT source_device, source_id FROM realtime_data";
            let stored: Vec<(String, i64)> = self.cluster.rows(node, stored).await;
            let count = stored.len();
            let stored: BTreeSet<_> = stored.into_iter().collect();
            assert_eq!(stored.len(), count, "each reading once");
            let drives = "SELECT source_device, drive_id FROM drives";
            let drives: Vec<(String, i64)> = self.cluster.rows(node, drives).await;
            let count = drives.len();
            let drives: BTreeSet<_> = drives.into_iter().collect();
            assert_eq!(drives.len(), count, "each drive once");
            for (device, number) in &answers.accepted {
                for id in readings_of(*number) {
                    assert!(
                        stored.contains(&(device.clone(), id)),
                        "node {node}: {device} {id}"
                    );
                }
                assert!(
                    drives.contains(&(device.clone(), *number)),
                    "node {node}: {device} {number}"
                );
            }
        }
    }

    async fn have_analysed_each_drive_once(&self) {
        let left = "SELECT COUNT(*) FROM drives WHERE state <> 'analysed'";
        let is_done = async || self.cluster.rows::<u64>(1, left).await == [0];
        // A busy machine takes a while.
        eventually_within(Duration::from_mins(8), "all drives are analysed", is_done).await;
        let twice = "SELECT drive_row_id FROM analysis_history WHERE status = 'success' \
                     GROUP BY drive_row_id HAVING COUNT(*) > 1";
        let drives = "SELECT COUNT(*) FROM drives";
        let analyses = "SELECT COUNT(*) FROM analysis_history WHERE status = 'success'";
        for node in NODES {
            assert_eq!(self.cluster.rows::<i64>(node, twice).await, [0; 0]);
            let drives: Vec<u64> = self.cluster.rows(node, drives).await;
            assert_eq!(self.cluster.rows::<u64>(node, analyses).await, drives);
        }
    }
}

async fn start_server(database_url: String, ollama_url: String) -> ServerProcess {
    let variables = [
        ("OLLAMA_BASE_URL", ollama_url.as_str()),
        ("AUTO_ANALYSIS_QUIET_SECONDS", "0"),
        ("LOG_LEVEL", "INFO"),
    ];
    ServerProcess::start(&database_url, &variables).await
}

async fn is_in_service(server: &ServerProcess) {
    let probe = json!({"deviceId": "probe", "batchId": "none", "tables": {}});
    eventually("the server stores batches", async || {
        server.sync(&probe).await.0 == 200
    })
    .await;
}
