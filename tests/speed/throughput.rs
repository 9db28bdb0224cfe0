//! Readings stored through the server, compared with multi-row upserts by hand on the same table: prepared ones, and ones as text.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cpu::of_process;
use crate::raw::{self, Form};
use crate::server::Server;
use crate::{ROUNDS, client, median};

/// How many readings one measurement stores, and stores again.
const READINGS: usize = 80_000;

const CLIENTS: [usize; 4] = [1, 2, 4, 8];
const ROWS_PER_REQUEST: [usize; 2] = [500, 5_000];

/// Who stores the readings.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Peer {
    Server,
    ByHand(Form),
}

const PEERS: [Peer; 3] = [
    Peer::Server,
    Peer::ByHand(Form::Prepared),
    Peer::ByHand(Form::Text),
];

/// One measurement.
struct Measured {
    rows_per_second: f64,
    /// Of each request or statement.
    times: Vec<Duration>,
    /// µs a row.
    own_cpu: f64,
    database_cpu: f64,
}

/// What the readings are when they come.
const KINDS: [&str; 2] = ["new", "repeated"];

pub(crate) fn print(base: &str) {
    println!(
        "| clients | rows | readings | rows/s | × prepared | × text | p50 | p99 | own CPU a row | database: server | prepared | text |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|"
    );
    for clients in CLIENTS {
        for rows in ROWS_PER_REQUEST {
            let mut measured: BTreeMap<(usize, Peer), Vec<Measured>> = BTreeMap::new();
            for round in 0..ROUNDS {
                // The first one after another one begins with warm caches: each is the first once.
                for number in 0..PEERS.len() {
                    let peer = PEERS[(number + round) % PEERS.len()];
                    for (kind, one) in measure(base, peer, clients, rows).into_iter().enumerate() {
                        measured.entry((kind, peer)).or_default().push(one);
                    }
                }
            }
            for (kind, name) in KINDS.iter().enumerate() {
                let [server, prepared, text] = PEERS.map(|peer| &measured[&(kind, peer)]);
                let ratio = |peer: &[Measured]| {
                    let pairs = server.iter().zip(peer);
                    median(pairs.map(|(own, peer)| own.rows_per_second / peer.rows_per_second))
                };
                let cpu = |peer: &[Measured]| median(peer.iter().map(|one| one.database_cpu));
                let mut times: Vec<Duration> =
                    server.iter().flat_map(|one| one.times.clone()).collect();
                times.sort();
                let at =
                    |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
                println!(
                    "| {clients} | {rows} | {name} | {:.0} | {:.2} | {:.2} | {:.1} ms | {:.1} ms | {:.2} µs | {:.1} µs | {:.1} µs | {:.1} µs |",
                    median(server.iter().map(|one| one.rows_per_second)),
                    ratio(prepared),
                    ratio(text),
                    at(50),
                    at(99),
                    median(server.iter().map(|one| one.own_cpu)),
                    cpu(server),
                    cpu(prepared),
                    cpu(text),
                );
            }
        }
    }
}

/// On an empty table: new readings, then the same ones again.
fn measure(base: &str, peer: Peer, clients: usize, rows: usize) -> [Measured; 2] {
    let name = raw::create_database(base);
    let url = format!("{base}/{name}");
    let requests = (READINGS / rows / clients).max(1);
    let stored = (requests * clients * rows) as f64;
    let server = (peer == Peer::Server).then(|| Server::start(&url));
    let database = std::env::var("DATABASE_PID").ok();
    let database_cpu = || database.as_deref().map_or(Duration::ZERO, of_process);
    let measured = KINDS.map(|_| {
        let before = (database_cpu(), server.as_ref().map(Server::cpu));
        let (took, times) = match (&server, peer) {
            (Some(server), _) => client::post_batches(server.port, clients, requests, rows),
            (None, Peer::ByHand(form)) => raw::upsert(&url, form, clients, requests, rows),
            (None, Peer::Server) => unreachable!("it was started"),
        };
        let a_row = |used: Duration| used.as_secs_f64() * 1e6 / stored;
        let own = server.as_ref().map(Server::cpu).zip(before.1);
        Measured {
            rows_per_second: stored / took.as_secs_f64(),
            times,
            own_cpu: own.map_or(0.0, |(after, before)| a_row(after.saturating_sub(before))),
            database_cpu: a_row(database_cpu().saturating_sub(before.0)),
        }
    });
    drop(server);
    raw::drop_database(base, &name);
    measured
}
