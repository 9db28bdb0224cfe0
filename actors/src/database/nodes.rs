//! The database servers that `DATABASE_URL` names, and which of them new work uses: the first in the list that is not
//! away.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mysql_async::{Conn, OptsBuilder, Pool, PoolConstraints, PoolOpts};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::pooled::PooledConnection;
use super::session::Accepted;
use super::tls::TlsMode;
use super::url::Address;
use super::{DatabaseError, DatabaseUrl, PoolUse, session, tls};
use crate::causes;

/// How long an idle connection stays open.
const IDLE_CONNECTION_TTL: Duration = Duration::from_mins(5);

/// How long connecting to one of several servers may take. A host that is switched off does not answer at all.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// How long a server that is away is not tried, if another one works.
const AWAY_PAUSE: Duration = Duration::from_secs(5);

/// How long connecting has taken at least when its cancellation means that the server does not answer.
const CANCEL_LIMIT: Duration = Duration::from_millis(500);

/// The servers, in the order in which they are preferred.
#[derive(Debug)]
pub(super) struct Nodes {
    nodes: Vec<Node>,
    /// Bounds the connections in use, over all servers. A pool's own limit would make waiting for a connection look like
    /// a server that does not answer.
    permits: Arc<Semaphore>,
}

/// One server. Clones share its state.
#[derive(Clone)]
struct Node {
    /// With TLS, unless it is disabled.
    pool: Pool,
    /// For a server that does not offer TLS, if it is only preferred.
    plain: Option<Pool>,
    lacks_tls: Arc<AtomicBool>,
    accepted: Arc<Accepted>,
    away: Away,
}

impl Nodes {
    pub(super) fn new(url: &DatabaseUrl, connections: usize) -> Self {
        let addresses = url.addresses().iter();
        Self {
            nodes: addresses
                .map(|address| Node::new(url, address, connections))
                .collect(),
            permits: Arc::new(Semaphore::new(connections)),
        }
    }

    /// How many servers there are.
    pub(super) fn count(&self) -> usize {
        self.nodes.len()
    }

    /// A connection to the first server that works. Those that are away are tried last.
    pub(super) async fn connect(&self) -> Result<PooledConnection, DatabaseError> {
        let permits = Arc::clone(&self.permits);
        let permit = permits
            .acquire_owned()
            .await
            .map_err(|_| DatabaseError::Closed)?;
        let (present, away): (Vec<&Node>, Vec<&Node>) =
            self.nodes.iter().partition(|node| node.away.is_over());
        let mut failure = DatabaseError::Closed;
        for node in present.into_iter().chain(away) {
            let connected = if self.count() == 1 {
                node.connect().await
            } else {
                let limit = CONNECT_LIMIT;
                // Meanwhile, other work uses the next server.
                node.away.extend();
                let _trial = Trial::of(&node.away);
                let connected = timeout(limit, node.connect()).await;
                connected.unwrap_or(Err(DatabaseError::TimedOut { limit }))
            };
            match connected {
                Ok(connection) => {
                    node.away.end();
                    return Ok(PooledConnection {
                        connection: Some(connection),
                        accepted: Arc::clone(&node.accepted),
                        away: node.away.clone(),
                        _permit: permit,
                    });
                }
                Err(error) if error.is_of_server() => {
                    node.away.mark(&error);
                    failure = error;
                }
                Err(error) => return Err(error),
            }
        }
        Err(failure)
    }

    pub(super) fn usage(&self) -> PoolUse {
        PoolUse::new(self.pools().map(Pool::metrics).collect())
    }

    /// The largest packet that every server accepts, of those that were asked.
    pub(super) fn largest_packet(&self) -> Option<usize> {
        let nodes = self.nodes.iter();
        let packets = nodes.map(|node| node.accepted.largest_packet());
        packets.filter(|packet| *packet > 0).min()
    }

    /// Closes idle connections and waits for the ones in use.
    pub(super) async fn disconnect(&self) -> mysql_async::Result<()> {
        for pool in self.pools() {
            pool.clone().disconnect().await?;
        }
        Ok(())
    }

    fn pools(&self) -> impl Iterator<Item = &Pool> {
        self.nodes
            .iter()
            .flat_map(|node| std::iter::once(&node.pool).chain(&node.plain))
    }
}

impl Node {
    fn new(url: &DatabaseUrl, address: &Address, connections: usize) -> Self {
        let tls = url.tls(address);
        let accepted = Arc::<Accepted>::default();
        let options = session::prepare(url.options(address), Arc::clone(&accepted))
            .pool_opts(pool_options(connections));
        let plain = (tls.mode() == TlsMode::Preferred).then(|| Pool::new(options.clone()));
        Self {
            pool: Pool::new(options.ssl_opts(tls.options())),
            plain,
            lacks_tls: Arc::default(),
            accepted,
            away: Away::new(address),
        }
    }

    async fn connect(&self) -> Result<Conn, DatabaseError> {
        let Some(plain) = &self.plain else {
            return Ok(self.pool.get_conn().await?);
        };
        if self.lacks_tls.load(Ordering::Relaxed) {
            return Ok(plain.get_conn().await?);
        }
        let error = match self.pool.get_conn().await {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        let Some(problem) = tls::problem(&error) else {
            return Err(error.into());
        };
        let connection = plain.get_conn().await?;
        if !self.lacks_tls.swap(true, Ordering::Relaxed) {
            log::warn!(
                address:% = self.away.address,
                error:? = problem;
                "connections to the database are not encrypted"
            );
        }
        Ok(connection)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({})", self.away.address)
    }
}

/// Until when a server is not tried. Clones share it.
#[derive(Clone)]
pub(super) struct Away {
    address: Arc<str>,
    until: Arc<Mutex<Option<Instant>>>,
    /// Whether the log has it.
    is_known: Arc<AtomicBool>,
}

impl Away {
    fn new(address: &Address) -> Self {
        Self {
            address: address.to_string().into(),
            until: Arc::default(),
            is_known: Arc::default(),
        }
    }

    /// Whether the server may be tried.
    fn is_over(&self) -> bool {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_none_or(|until| until <= Instant::now())
    }

    /// Begins another pause if one has passed.
    fn extend(&self) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_some() {
            *until = Some(Instant::now() + AWAY_PAUSE);
        }
    }

    fn begin(&self) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = Some(Instant::now() + AWAY_PAUSE);
    }

    /// The server does not work.
    pub(super) fn mark(&self, error: &DatabaseError) {
        self.begin();
        if !self.is_known.swap(true, Ordering::Relaxed) {
            log::warn!(address:% = self.address, error:% = causes(error); "database server is away");
        }
    }

    /// The server works.
    fn end(&self) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if self.is_known.swap(false, Ordering::Relaxed) {
            log::info!(address:% = self.address; "database server is back");
        }
    }
}

/// One attempt to connect. Work whose time limit ends it has found a server that does not answer.
struct Trial<'a> {
    away: &'a Away,
    begun: Instant,
}

impl<'a> Trial<'a> {
    fn of(away: &'a Away) -> Self {
        Self {
            away,
            begun: Instant::now(),
        }
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        if self.begun.elapsed() >= CANCEL_LIMIT {
            self.away.begin();
        }
    }
}

fn pool_options(connections: usize) -> PoolOpts {
    let constraints = PoolConstraints::new(0, connections).unwrap_or_default();
    PoolOpts::default()
        .with_constraints(constraints)
        .with_inactive_connection_ttl(IDLE_CONNECTION_TTL)
        .with_reset_connection(false)
}

/// A separate pool of one connection to the server of `connection`, for the migrations' runner, which returns connections
/// even after cancelled work: no other work may use them.
pub(crate) fn pool_for_migrations(connection: &Conn) -> Pool {
    Pool::new(OptsBuilder::from_opts(connection.opts().clone()).pool_opts(pool_options(1)))
}
