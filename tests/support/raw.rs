use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::API_KEY;

/// How the length of a body is declared.
pub(crate) enum Announced {
    /// By `Content-Length`, true or not.
    Bytes(u64),
    /// Not at all: it is sent in chunks.
    Chunked,
}

/// Posts a batch a byte at a time, with pauses, until there is an answer. Returns status and body.
pub(crate) async fn drip(url: &str, body: Vec<u8>, pause: Duration) -> (u16, Value) {
    let address = url.trim_start_matches("http://").to_owned();
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = begin(&address, &Announced::Bytes(body.len() as u64));
        stream.set_nonblocking(true).unwrap();
        let mut peeked = [0];
        let mut bytes = body.iter();
        while stream.peek(&mut peeked).is_err() {
            stream.write_all(&[*bytes.next().unwrap()]).unwrap();
            std::thread::sleep(pause);
        }
        stream.set_nonblocking(false).unwrap();
        read_answer(stream)
    });
    split(&answer.await.unwrap())
}

/// Posts a part of a batch and stops. The request is open until the stream is dropped.
pub(crate) async fn begin_to_send(url: &str, announced: Announced, part: Vec<u8>) -> TcpStream {
    let address = url.trim_start_matches("http://").to_owned();
    let begun = tokio::task::spawn_blocking(move || {
        let mut stream = begin(&address, &announced);
        if let Announced::Chunked = announced {
            write!(stream, "{:x}\r\n", part.len()).unwrap();
        }
        stream.write_all(&part).unwrap();
        stream
    });
    begun.await.unwrap()
}

/// Posts a batch as Python's urllib would: all of it is sent before a byte of the answer is read. Returns status and
/// body.
pub(crate) async fn send_all_then_read(
    url: &str,
    announced: Announced,
    body: Vec<u8>,
) -> (u16, Value) {
    let address = url.trim_start_matches("http://").to_owned();
    let answer = tokio::task::spawn_blocking(move || exchange(&address, &announced, &body));
    split(&answer.await.unwrap())
}

fn split(answer: &str) -> (u16, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

fn begin(address: &str, announced: &Announced) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    stream
        .set_write_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    let length = match announced {
        Announced::Bytes(length) => format!("Content-Length: {length}"),
        Announced::Chunked => "Transfer-Encoding: chunked".to_owned(),
    };
    let head = format!(
        "POST /api/v1/sync HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-API-Key: {API_KEY}\r\n{length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

fn exchange(address: &str, announced: &Announced, body: &[u8]) -> String {
    let mut stream = begin(address, announced);
    match announced {
        Announced::Bytes(_) => stream.write_all(body).unwrap(),
        Announced::Chunked => {
            for chunk in body.chunks(64 * 1024) {
                write!(stream, "{:x}\r\n", chunk.len()).unwrap();
                stream.write_all(chunk).unwrap();
                stream.write_all(b"\r\n").unwrap();
            }
            stream.write_all(b"0\r\n\r\n").unwrap();
        }
    }
    read_answer(stream)
}

fn read_answer(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
