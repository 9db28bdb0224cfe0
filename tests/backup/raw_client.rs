use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::support::{API_KEY, Form};

/// A client that writes HTTP by hand and can stop anywhere.
pub(super) struct RawClient(TcpStream);

impl RawClient {
    /// Begins an upload whose body has this length.
    pub(super) fn begin(address: &str, body_bytes: usize) -> Self {
        Self::send_head(address, &format!("Content-Length: {body_bytes}"))
    }

    /// Begins an upload without a declared length.
    pub(super) fn begin_chunked(address: &str) -> Self {
        Self::send_head(address, "Transfer-Encoding: chunked")
    }

    fn send_head(address: &str, framing: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        // A longer wait would never end.
        stream
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        stream
            .set_write_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        let mut client = Self(stream);
        let content_type = Form::CONTENT_TYPE;
        client.send(
            format!(
                "POST /api/v1/backup HTTP/1.1\r\nHost: test\r\nX-API-Key: {API_KEY}\r\n\
                 Content-Type: {content_type}\r\n{framing}\r\n\r\n"
            )
            .as_bytes(),
        );
        client
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    pub(super) fn send_chunk(&mut self, bytes: &[u8]) {
        self.send(format!("{:x}\r\n", bytes.len()).as_bytes());
        self.send(bytes);
        self.send(b"\r\n");
    }

    /// Reads an answer; returns its status and its body.
    pub(super) fn answer(&mut self) -> (u16, Value) {
        let mut received = Vec::new();
        let mut block = [0; 4096];
        loop {
            let text = String::from_utf8_lossy(&received).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && let Ok(body) = serde_json::from_str(body)
            {
                let status = head.split(' ').nth(1).unwrap().parse().unwrap();
                return (status, body);
            }
            let count = self.0.read(&mut block).unwrap();
            assert!(count > 0, "the connection ended after {text:?}");
            received.extend(&block[..count]);
        }
    }

    /// Waits until the server has closed the connection.
    pub(super) fn is_closed(&mut self) -> bool {
        let mut block = [0; 4096];
        loop {
            match self.0.read(&mut block) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == ErrorKind::ConnectionReset,
            }
        }
    }
}
