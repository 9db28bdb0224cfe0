//! A reader of the log that stops reading does not stop the server.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};

use crate::support::{API_KEY, eventually};

/// More lines than the pipe (64 KiB) and the queue behind it (4,096 lines) hold.
const REQUESTS: usize = 6_000;

/// The documented 10 s and some more for a busy machine.
const END_LIMIT: Duration = Duration::from_secs(16);

/// Killed on drop.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The real binary with a log that nothing reads; it cannot say which port it has.
fn start(port: u16, folder: &std::path::Path) -> Server {
    let child = Command::new(env!("CARGO_BIN_EXE_eclipse-ai-server"))
        .current_dir(folder)
        .env_remove("JOURNAL_STREAM")
        .env("DATABASE_URL", "mysql://nobody@127.0.0.1:9/nothing")
        .env("API_KEY", API_KEY)
        .env("HOST", "127.0.0.1")
        .env("PORT", port.to_string())
        .env("OLLAMA_BASE_URL", "http://127.0.0.1:9")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    Server(child)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_while_nothing_reads_the_log_and_dropped_lines_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut server = start(port, folder.path());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://127.0.0.1:{port}/api/v1/no-such-page");
    eventually("the server answers", async || {
        http.get(&url).send().await.is_ok()
    })
    .await;
    let answered = stream::iter(0..REQUESTS)
        .map(|_| http.get(&url).send())
        .buffer_unordered(8)
        .filter(|answer| std::future::ready(answer.as_ref().is_ok_and(|it| it.status() == 404)));
    assert_eq!(answered.count().await, REQUESTS);

    // It also ends in time, and what it could not write is counted.
    let id = server.0.id().to_string();
    let mut log = server.0.stderr.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        log.read_to_string(&mut text).unwrap();
        text
    });
    let signalled = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(signalled.success());
    let begun = Instant::now();
    while server.0.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < END_LIMIT, "the server ends");
        std::thread::sleep(Duration::from_millis(20));
    }
    let log = reading.join().unwrap();
    let dropped: usize = log
        .lines()
        .filter_map(|line| line.strip_prefix("log lines dropped lines="))
        .map(|count| count.parse::<usize>().unwrap())
        .sum();
    let kept = log.lines().filter(|line| line.contains("/no-such-page"));
    assert!(dropped > 0, "the pipe was full");
    assert!(
        kept.count() + dropped >= REQUESTS,
        "no line is lost uncounted"
    );
}
