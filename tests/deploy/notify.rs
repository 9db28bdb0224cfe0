use std::fs;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::{ServerProcess, TestDatabase, eventually};

/// The socket of systemd.
struct Notifications {
    socket: UnixDatagram,
    folder: TempDir,
}

impl Notifications {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        Self { socket, folder }
    }

    /// A server that must report every 100 ms that it is alive.
    async fn start_server(&self, database: &TestDatabase) -> ServerProcess {
        let path = self.folder.path().join("notify");
        let variables = [
            ("NOTIFY_SOCKET", path.to_str().unwrap()),
            ("WATCHDOG_USEC", "300000"),
        ];
        ServerProcess::start(&database.url(), &variables).await
    }

    /// The next message.
    fn next(&self) -> String {
        let mut message = [0; 4096];
        let length = self.socket.recv(&mut message).expect("a message comes");
        String::from_utf8(message[..length].to_vec()).unwrap()
    }

    /// The next message with this line.
    fn next_with(&self, line: &str) -> String {
        loop {
            let message = self.next();
            if message.lines().any(|there| there == line) {
                return message;
            }
        }
    }

    /// Reads messages in the background, as systemd does, until none arrives for a second: the server waits while the
    /// socket's queue is full.
    fn read_on(&self) {
        let socket = self.socket.try_clone().unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(1)))
            .unwrap();
        std::thread::spawn(move || while socket.recv(&mut [0; 4096]).is_ok() {});
    }

    /// Reads all messages; returns whether another one arrives within this time.
    fn fall_silent_for(&self, time: Duration) -> bool {
        self.socket.set_nonblocking(true).unwrap();
        while self.socket.recv(&mut [0; 4096]).is_ok() {}
        self.socket.set_nonblocking(false).unwrap();
        self.socket.set_read_timeout(Some(time)).unwrap();
        let next = self.socket.recv(&mut [0; 4096]);
        self.socket
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        next.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_is_notified_of_ready_alive_and_stopping() {
    let database = TestDatabase::create().await;
    let notifications = Notifications::open();
    let mut server = notifications.start_server(&database).await;
    let ready = notifications.next();
    assert!(
        ready.lines().any(|line| line == "READY=1"),
        "the first message: {ready}"
    );
    let port = server.url.rsplit_once(':').unwrap().1;
    assert!(
        ready.contains(&format!("STATUS=listening on port {port}")),
        "{ready}"
    );
    for _ in 0..3 {
        assert_eq!(notifications.next().trim(), "WATCHDOG=1");
    }
    server.signal("TERM");
    notifications.next_with("STOPPING=1");
    notifications.read_on();
    assert_eq!(server.ends_in_time().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_hangs_misses_its_watchdog() {
    let database = TestDatabase::create().await;
    let notifications = Notifications::open();
    let server = notifications.start_server(&database).await;
    notifications.next_with("WATCHDOG=1");
    server.signal("STOP");
    eventually("the process is stopped", async || {
        let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
        status.contains("State:\tT")
    })
    .await;
    // Ten times the interval between two reports.
    assert!(notifications.fall_silent_for(Duration::from_secs(1)));
    server.signal("CONT");
    notifications.next_with("WATCHDOG=1");
}
