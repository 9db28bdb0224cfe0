use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use mysql_async::Conn;
use mysql_async::prelude::{FromRow, Queryable as _};
use tempfile::TempDir;

/// Which cluster, and how its servers are addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClusterKind {
    /// Every node writes.
    Galera,
    /// One node writes; the others refuse.
    Group,
}

/// The numbers of the nodes.
pub(crate) const NODES: [u16; 3] = [1, 2, 3];

/// Three database servers as one cluster, with an empty database. Stopped on drop.
pub(crate) struct Cluster {
    kind: ClusterKind,
    port: u16,
    script: Child,
    /// The script stops the nodes at the end of its input.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    _folder: TempDir,
}

const SCRIPT: &str = r#"
set -euo pipefail
. deploy/lib/private-cluster.sh
trap stop_private_cluster EXIT
start_private_cluster "$1" "$2"
echo "$cluster_port"
while read -r order node; do
    "${order}_node" "$node"
    echo "$order"
done
"#;

impl Cluster {
    /// Takes half a minute.
    pub(crate) fn start(kind: ClusterKind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let name = match kind {
            ClusterKind::Galera => "galera",
            ClusterKind::Group => "group",
        };
        let mut script = Command::new("bash")
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .args(["-c", SCRIPT, "private-cluster", name])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut cluster = Self {
            kind,
            port: 0,
            input: script.stdin.take(),
            output: BufReader::new(script.stdout.take().unwrap()),
            script,
            _folder: folder,
        };
        cluster.port = cluster.answer().parse().expect("the cluster starts");
        cluster
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn order(&mut self, order: &str, node: u16) {
        writeln!(self.input.as_mut().unwrap(), "{order} {node}").unwrap();
        assert_eq!(self.answer(), order, "node {node}");
    }

    /// Kills a node, as the system does when memory runs out.
    pub(crate) fn kill(&mut self, node: u16) {
        self.order("kill", node);
    }

    /// Stops a node properly.
    pub(crate) fn stop(&mut self, node: u16) {
        self.order("stop", node);
    }

    /// Starts a node again and waits until it takes part in the cluster.
    pub(crate) fn restart(&mut self, node: u16) {
        self.order("start", node);
    }

    /// Separates a node from the others by a partition of the network. Returns once they have excluded it.
    pub(crate) fn isolate(&mut self, node: u16) {
        self.order("isolate", node);
    }

    /// Ends a partition and waits until the node takes part again.
    pub(crate) fn reconnect(&mut self, node: u16) {
        self.order("reconnect", node);
    }

    /// The port of a node.
    pub(crate) fn port_of(&self, node: u16) -> u16 {
        self.port + node
    }

    /// For the `DATABASE_URL` of a server beside this node: the node, and where it does not write, the others after it.
    pub(crate) fn url(&self, node: u16) -> String {
        let others = NODES.iter().filter(|other| **other != node);
        let nodes: Vec<u16> = match self.kind {
            ClusterKind::Galera => vec![node],
            ClusterKind::Group => std::iter::once(&node).chain(others).copied().collect(),
        };
        let hosts = nodes
            .iter()
            .map(|node| format!("127.0.0.1:{}", self.port_of(*node)));
        let hosts: Vec<String> = hosts.collect();
        format!(
            "mysql://root@{}/eclipse_ai?ssl-mode=disabled",
            hosts.join(",")
        )
    }

    /// The rows of a query on one node, which has applied everything that was committed before.
    pub(crate) async fn rows<T: FromRow + Send + 'static>(&self, node: u16, query: &str) -> Vec<T> {
        let url = format!("mysql://root@127.0.0.1:{}/eclipse_ai", self.port_of(node));
        let mut connection = Conn::from_url(url).await.unwrap();
        let see_all = match self.kind {
            ClusterKind::Galera => "SET SESSION wsrep_sync_wait = 1",
            ClusterKind::Group => "SET SESSION group_replication_consistency = 'BEFORE'",
        };
        connection.query_drop(see_all).await.unwrap();
        let rows = connection.query(query).await.unwrap();
        connection.disconnect().await.unwrap();
        rows
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.input.take());
        let ended = self.script.wait();
        assert!(
            std::thread::panicking() || ended.is_ok_and(|status| status.success()),
            "the cluster ends"
        );
    }
}
