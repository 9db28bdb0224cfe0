//! A model that answers at once.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

const TAGS: &str = r#"{"models": [{"name": "gemma2:2b", "size": 1}]}"#;
const CHAT: &str = r#"{"model": "gemma2:2b", "message": {"role": "assistant", "content": "{\"recommendations\": []}"},
    "done": true, "done_reason": "stop"}"#;

/// Lives as long as the process.
pub(crate) struct Ollama {
    pub(crate) url: String,
}

impl Ollama {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || serve(stream));
            }
        });
        Self { url }
    }
}

fn serve(mut stream: TcpStream) -> Option<()> {
    let mut requests = BufReader::new(stream.try_clone().ok()?);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        if requests.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let mut header = String::new();
        while requests.read_line(&mut header).ok()? > 2 {
            if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            header.clear();
        }
        requests.read_exact(&mut vec![0; length]).ok()?;
        let body = match line.split(' ').nth(1)? {
            "/api/tags" => TAGS,
            "/api/chat" => CHAT,
            _ => "Ollama is running",
        };
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
        let answer = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).ok()?;
    }
}
