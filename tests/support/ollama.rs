use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::eventually;

/// The duration of an answer: long enough to notice two simultaneous requests.
const THINKING: Duration = Duration::from_millis(20);

/// A fake Ollama with configurable answers and delays. It has a thread of its own.
pub(crate) struct FakeOllama {
    pub(crate) url: String,
    mode: watch::Sender<Mode>,
    seen: Arc<Mutex<Seen>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Debug)]
struct Mode {
    status: u16,
    body: String,
    is_holding: bool,
    is_closed: bool,
}

#[derive(Debug, Default)]
struct Seen {
    questions: Vec<Value>,
    at_work: usize,
    busiest: usize,
    hung_up: usize,
}

impl FakeOllama {
    /// With a model that gives three recommendations.
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (mode, watched) = watch::channel(Mode {
            status: 200,
            body: String::new(),
            is_holding: false,
            is_closed: false,
        });
        let seen = Arc::default();
        let noted = Arc::clone(&seen);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(serve(listener, watched, noted));
        });
        let ollama = Self {
            url,
            mode,
            seen,
            thread: Some(thread),
        };
        ollama.recommends(&three_recommendations());
        ollama
    }

    /// The model answers with these recommendations from now on.
    pub(crate) fn recommends(&self, recommendations: &Value) {
        self.says(&json!({ "recommendations": recommendations }).to_string());
    }

    /// The model answers with this text from now on.
    pub(crate) fn says(&self, text: &str) {
        self.answers(
            200,
            &json!({
                "model": "gemma2:2b", "message": {"role": "assistant", "content": text},
                "done": true, "done_reason": "stop", "prompt_eval_count": 700, "eval_count": 150,
                "load_duration": 1_000_000,
            }),
        );
    }

    /// Requests get this answer from now on.
    pub(crate) fn answers(&self, status: u16, body: &Value) {
        self.mode.send_modify(|mode| {
            mode.status = status;
            mode.body = body.to_string();
        });
    }

    /// The model does not answer until it is [released](Self::release).
    pub(crate) fn hold(&self) {
        self.mode.send_modify(|mode| mode.is_holding = true);
    }

    /// All waiting requests get an answer.
    pub(crate) fn release(&self) {
        self.mode.send_modify(|mode| mode.is_holding = false);
    }

    /// All requests to the model.
    pub(crate) fn questions(&self) -> Vec<Value> {
        self.seen().questions.clone()
    }

    /// The highest number of simultaneous requests.
    pub(crate) fn busiest(&self) -> usize {
        self.seen().busiest
    }

    /// Waits until this many requests have arrived in total.
    pub(crate) async fn is_asked(&self, times: usize) {
        eventually("the model is asked", async || {
            self.seen().questions.len() >= times
        })
        .await;
    }

    /// Waits until this many clients have disconnected without an answer.
    pub(crate) async fn is_left(&self, times: usize) {
        eventually("the model is left alone", async || {
            self.seen().hung_up >= times
        })
        .await;
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }
}

impl Drop for FakeOllama {
    fn drop(&mut self) {
        self.mode.send_modify(|mode| mode.is_closed = true);
        let thread = self.thread.take().unwrap();
        let ended = thread.join();
        assert!(std::thread::panicking() || ended.is_ok(), "it panicked");
    }
}

/// The default answer of the model.
fn three_recommendations() -> Value {
    json!([
        {"rank": 1, "category": "air_fuel_ratio", "recommendation": "Log the fuel trims.", "confidence": 0.85},
        {"rank": 2, "category": "timing", "recommendation": "Leave the timing alone.", "confidence": 0.7},
        {"rank": 3, "category": "general", "recommendation": "Drive on.", "confidence": 0.5},
    ])
}

async fn serve(
    listener: std::net::TcpListener,
    mode: watch::Receiver<Mode>,
    seen: Arc<Mutex<Seen>>,
) {
    let listener = TcpListener::from_std(listener).unwrap();
    let mut closed = mode.clone();
    let accept = async {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            tokio::spawn(answer(client, mode.clone(), Arc::clone(&seen)));
        }
    };
    tokio::select! {
        () = accept => {}
        _ = closed.wait_for(|mode| mode.is_closed) => {}
    }
}

/// One request on one connection.
async fn answer(mut client: TcpStream, mut mode: watch::Receiver<Mode>, seen: Arc<Mutex<Seen>>) {
    let Some((head, body)) = read_request(&mut client).await else {
        return;
    };
    let tags = json!({"models": [{"name": "gemma2:2b"}]}).to_string();
    let (status, said) = if head.starts_with("GET / ") {
        (200, "Ollama is running".to_owned())
    } else if head.starts_with("GET /api/tags ") {
        (200, tags)
    } else if head.starts_with("POST /api/chat ") {
        let question = serde_json::from_slice(&body).expect("a question is JSON");
        {
            let mut seen = seen.lock().unwrap();
            seen.questions.push(question);
            seen.at_work += 1;
            seen.busiest = seen.busiest.max(seen.at_work);
        }
        let thinking = async {
            tokio::time::sleep(THINKING).await;
            let released = mode.wait_for(|mode| !mode.is_holding).await;
            released.map(|mode| (mode.status, mode.body.clone()))
        };
        let mut byte = [0];
        let answer = tokio::select! {
            answer = thinking => answer.ok(),
            _ = client.read(&mut byte) => None,
        };
        let mut seen = seen.lock().unwrap();
        seen.at_work -= 1;
        let Some(answer) = answer else {
            seen.hung_up += 1;
            return;
        };
        answer
    } else {
        (404, json!({"error": "not found"}).to_string())
    };
    let response = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{said}",
        said.len()
    );
    let _ = client.write_all(response.as_bytes()).await;
}

/// Head and body; `None` if the client disconnects first.
async fn read_request(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut request = Vec::new();
    let head_ends = loop {
        if let Some(place) = request.windows(4).position(|part| part == b"\r\n\r\n") {
            break place + 4;
        }
        read_more(client, &mut request).await?;
    };
    let head = String::from_utf8(request[..head_ends].to_vec()).unwrap();
    let length: usize = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.trim().parse().unwrap());
    while request.len() < head_ends + length {
        read_more(client, &mut request).await?;
    }
    Some((head, request.split_off(head_ends)))
}

async fn read_more(client: &mut TcpStream, request: &mut Vec<u8>) -> Option<()> {
    let read = client.read_buf(request).await.ok()?;
    (read > 0).then_some(())
}
