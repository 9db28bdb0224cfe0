//! `HAProxy` in front of a cluster.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use super::load::{Load, readings_of};
use crate::support::{Cluster, ClusterKind, NODES, ServerProcess, effort};

/// Without a failure, a drive is accepted every few milliseconds.
const GAP: Duration = Duration::from_secs(10);

/// One writer at a time: the other nodes are reserves.
struct HaProxy {
    port: u16,
    process: Child,
    _settings: NamedTempFile,
}

impl HaProxy {
    fn start(cluster: &Cluster) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut settings = NamedTempFile::new().unwrap();
        write!(
            settings,
            "defaults\n mode tcp\n timeout connect 2s\n timeout client 120s\n timeout server 120s\n\
             listen database\n bind 127.0.0.1:{port}\n option tcp-check\n"
        )
        .unwrap();
        for node in NODES {
            let reserve = if node == 1 { "" } else { " backup" };
            let address = cluster.port_of(node);
            writeln!(
                settings,
                " server node{node} 127.0.0.1:{address} check inter 500 fall 2 rise 2 on-marked-down shutdown-sessions{reserve}"
            )
            .unwrap();
        }
        settings.flush().unwrap();
        let process = Command::new("bash")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args([
                "-c",
                ". deploy/lib/private-cluster.sh; get_haproxy; exec \"$haproxy\" -db -f \"$1\"",
                "haproxy",
            ])
            .arg(settings.path())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            port,
            process,
            _settings: settings,
        }
    }
}

impl Drop for HaProxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_behind_haproxy_loses_nothing_when_its_node_is_killed() {
    if !effort(false, true) {
        return;
    }
    let start = || Cluster::start(ClusterKind::Galera);
    let mut cluster = tokio::task::spawn_blocking(start).await.unwrap();
    let proxy = HaProxy::start(&cluster);
    let url = format!(
        "mysql://root@127.0.0.1:{}/eclipse_ai?ssl-mode=disabled",
        proxy.port
    );
    let server = ServerProcess::start(&url, &[]).await;
    let load = Load::start(3, &Arc::new(Mutex::new(vec![server.url.clone()])));
    load.accepts(60).await;
    cluster.kill(1);
    let began = Instant::now();
    // One batch of each car may have been stored just before.
    load.accepts(4).await;
    let gap = began.elapsed();
    load.accepts(60).await;
    cluster.restart(1);
    load.accepts(60).await;
    let answers = load.end().await;
    println!(
        "HAProxy: {} drives, failures {:?}, gap {gap:?}",
        answers.accepted.len(),
        answers.failures
    );
    assert!(gap < GAP, "{gap:?}");
    let stored = "SELECT source_device, source_id FROM realtime_data";
    let stored: std::collections::BTreeSet<(String, i64)> =
        cluster.rows(2, stored).await.into_iter().collect();
    for (device, number) in &answers.accepted {
        for id in readings_of(*number) {
            assert!(stored.contains(&(device.clone(), id)), "{device} {id}");
        }
    }
}
