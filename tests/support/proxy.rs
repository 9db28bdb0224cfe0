mod limit;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) use self::limit::Direction;
use self::limit::{Limit, Then};
use super::TestDatabase;

/// A TCP proxy that can fail as a network does. It has a thread of its own, and so keeps working
/// while a test waits for a server to stop.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    state: watch::Sender<State>,
    thread: Option<JoinHandle<()>>,
}

/// What happens to one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It works.
    Pass,
    /// It is closed at once.
    HangUp,
    /// It is closed after this many bytes to the server.
    CutRequestAfter(usize),
    /// The server receives everything; its answer is lost.
    CutAnswer,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    mode: Mode,
    /// Connections of an earlier generation are cut.
    generation: u64,
    /// The connection that sends this to the server is closed before the answer.
    trap: Option<Vec<u8>>,
    /// What is sent to the server is changed: the first words into the second ones, which are as long.
    change: Option<(&'static str, &'static str)>,
    limit: Option<Limit>,
    /// The number of bytes by [`Direction`].
    carried: [usize; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Open,
    Refusing,
    Stalled,
    Closed,
}

impl Proxy {
    /// In front of a server at `target`.
    pub(crate) fn start(target: SocketAddr) -> Self {
        Self::start_with(target, |_| Fate::Pass)
    }

    /// In front of the database server of the tests.
    pub(crate) async fn to_database_server() -> Self {
        let (host, port) = TestDatabase::server_address();
        let mut addresses = tokio::net::lookup_host((host, port)).await.unwrap();
        Self::start(addresses.next().unwrap())
    }

    /// Every connection gets the fate that belongs to its number, counted from 0.
    pub(crate) fn start_with(
        target: SocketAddr,
        fate: impl Fn(usize) -> Fate + Send + 'static,
    ) -> Self {
        Self::listen(Ipv4Addr::LOCALHOST.into(), target, fate)
    }

    /// In front of the database server of the tests, at an IPv6 address.
    pub(crate) async fn to_database_server_by_ipv6() -> Self {
        let (host, port) = TestDatabase::server_address();
        let mut addresses = tokio::net::lookup_host((host, port)).await.unwrap();
        let target = addresses.next().unwrap();
        Self::listen(Ipv6Addr::LOCALHOST.into(), target, |_| Fate::Pass)
    }

    fn listen(
        address: IpAddr,
        target: SocketAddr,
        fate: impl Fn(usize) -> Fate + Send + 'static,
    ) -> Self {
        let listener = std::net::TcpListener::bind((address, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (state, watched) = watch::channel(State {
            mode: Mode::Open,
            generation: 0,
            trap: None,
            change: None,
            limit: None,
            carried: [0; 2],
        });
        let sender = state.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                serve(&listener, target, &sender, watched, fate).await;
            });
        });
        Self {
            address,
            state,
            thread: Some(thread),
        }
    }

    /// The database's URL by way of this proxy.
    pub(crate) fn url_of(&self, database: &TestDatabase) -> String {
        let direct = database.url();
        let (host, port) = TestDatabase::server_address();
        let by_proxy = direct.replacen(&format!("{host}:{port}"), &self.address.to_string(), 1);
        assert_ne!(by_proxy, direct, "the database's URL names {host}:{port}");
        by_proxy
    }

    /// Closes all connections, and new ones immediately.
    pub(crate) fn refuse(&self) {
        self.change(|state| {
            state.mode = Mode::Refusing;
            state.generation += 1;
        });
    }

    /// Closes all connections; new ones work.
    pub(crate) fn cut(&self) {
        self.change(|state| state.generation += 1);
    }

    /// Stops forwarding without closing any connection.
    pub(crate) fn stall(&self) {
        self.change(|state| state.mode = Mode::Stalled);
    }

    /// Forwards again, including what has waited.
    pub(crate) fn restore(&self) {
        self.change(|state| state.mode = Mode::Open);
    }

    /// Closes the next connection that sends `words` to the server: the server receives them, and its answer is lost.
    pub(crate) fn cut_answer_to(&self, words: &str) {
        self.change(|state| state.trap = Some(words.as_bytes().to_vec()));
    }

    /// Changes these words on their way to the server, as a proxy that understands SQL does.
    pub(crate) fn rewrite(&self, words: &'static str, replacement: &'static str) {
        assert_eq!(words.len(), replacement.len());
        self.change(|state| state.change = Some((words, replacement)));
    }

    /// Whether [`Self::cut_answer_to`] has closed a connection.
    pub(crate) fn has_cut_answer(&self) -> bool {
        self.state.borrow().trap.is_none()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        self.state.send_modify(change);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.change(|state| state.mode = Mode::Closed);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(
                std::thread::panicking() || ended.is_ok(),
                "the proxy panicked"
            );
        }
    }
}

async fn serve(
    listener: &TcpListener,
    target: SocketAddr,
    sender: &watch::Sender<State>,
    mut state: watch::Receiver<State>,
    fate: impl Fn(usize) -> Fate,
) {
    let mut closed = state.clone();
    let accept = async {
        for number in 0.. {
            let (client, _) = listener.accept().await.unwrap();
            let now = state.borrow_and_update().clone();
            let fate = fate(number);
            if now.mode == Mode::Refusing || fate == Fate::HangUp {
                continue;
            }
            let carrier = Carrier {
                sender: sender.clone(),
                state: state.clone(),
                generation: now.generation,
                fate,
            };
            tokio::spawn(carrier.carry(client, target));
        }
    };
    tokio::select! {
        () = accept => {}
        _ = closed.wait_for(|state| state.mode == Mode::Closed) => {}
    }
}

/// Forwards one connection.
struct Carrier {
    sender: watch::Sender<State>,
    state: watch::Receiver<State>,
    generation: u64,
    fate: Fate,
}

impl Carrier {
    async fn carry(self, client: TcpStream, target: SocketAddr) {
        let Ok(server) = TcpStream::connect(target).await else {
            return;
        };
        let (client_reads, client_writes) = client.into_split();
        let (server_reads, server_writes) = server.into_split();
        let this = Arc::new(self);
        let mut state = this.state.clone();
        let cut = state.wait_for(|state| state.generation != this.generation);
        // The end of either direction ends both, except a half-close by the client.
        tokio::select! {
            _ = cut => {}
            () = this.to_server(client_reads, server_writes) => {}
            () = this.to_client(server_reads, client_writes) => {}
        }
    }

    async fn to_server(&self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let mut said = 0;
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            self.flowing().await;
            self.rewrite(&mut buffer[..length]);
            let mut words = &buffer[..length];
            let is_cut = match self.fate {
                Fate::CutRequestAfter(limit) if said + length >= limit => {
                    words = &words[..limit - said];
                    true
                }
                _ => self.springs_trap(words),
            };
            if !self.forward(words, &mut to, Direction::ToServer).await || is_cut {
                return;
            }
            said += length;
        }
    }

    fn rewrite(&self, sent: &mut [u8]) {
        let Some((words, replacement)) = self.state.borrow().change else {
            return;
        };
        let mut places = sent.windows(words.len());
        if let Some(place) = places.position(|part| part == words.as_bytes()) {
            sent[place..place + words.len()].copy_from_slice(replacement.as_bytes());
        }
    }

    async fn to_client(&self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            self.flowing().await;
            if self.fate == Fate::CutAnswer {
                return;
            }
            let words = &buffer[..length];
            if !self.forward(words, &mut to, Direction::ToClient).await {
                return;
            }
        }
    }

    /// Returns whether the connection continues.
    async fn forward(
        &self,
        words: &[u8],
        to: &mut (impl AsyncWrite + Unpin),
        direction: Direction,
    ) -> bool {
        let (passed, then) = self.meter(words.len(), direction);
        let (first, rest) = words.split_at(passed);
        if to.write_all(first).await.is_err() || then == Some(Then::Close) {
            return false;
        }
        if then == Some(Then::Freeze) {
            self.lifted().await;
        }
        to.write_all(rest).await.is_ok()
    }

    async fn flowing(&self) {
        let mut state = self.state.clone();
        let _ = state.wait_for(|state| state.mode != Mode::Stalled).await;
    }

    fn springs_trap(&self, words: &[u8]) -> bool {
        self.sender.send_if_modified(|state| {
            let springs = state.trap.as_ref().is_some_and(|trap| {
                words
                    .windows(trap.len())
                    .any(|part| part == trap.as_slice())
            });
            if springs {
                state.trap = None;
            }
            springs
        })
    }
}
