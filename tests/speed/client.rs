//! Devices that send as fast as they get answers. Bodies are built beforehand, so that the clients cost little.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::server::API_KEY;

/// Every client posts `requests` requests of `rows` readings; returns the total duration and that of each request.
pub(crate) fn post_batches(
    port: u16,
    clients: usize,
    requests: usize,
    rows: usize,
) -> (Duration, Vec<Duration>) {
    post_batches_from(port, clients, 0, requests, rows)
}

/// The same, with readings from this id on.
pub(crate) fn post_batches_from(
    port: u16,
    clients: usize,
    first_id: usize,
    requests: usize,
    rows: usize,
) -> (Duration, Vec<Duration>) {
    let bodies: Vec<Vec<String>> = (0..clients)
        .map(|client| {
            (0..requests)
                .map(|n| body(client, first_id + n * rows, rows))
                .collect()
        })
        .collect();
    post_all(port, &bodies)
}

/// Every client posts this many batches of nearly 10 MB.
pub(crate) fn post_large_batches(port: u16, clients: usize, requests: usize) {
    const ROWS: usize = 48_000;
    let bodies: Vec<Vec<String>> = (0..clients)
        .map(|client| {
            (0..requests)
                .map(|n| body(client, n * ROWS, ROWS))
                .collect()
        })
        .collect();
    post_all(port, &bodies);
}

fn post_all(port: u16, bodies: &[Vec<String>]) -> (Duration, Vec<Duration>) {
    let clock = Instant::now();
    let times = std::thread::scope(|scope| {
        let clients: Vec<_> = bodies
            .iter()
            .map(|bodies| scope.spawn(move || post_sequentially(port, bodies)))
            .collect();
        let ended = clients.into_iter().map(|client| client.join().unwrap());
        ended.flatten().collect()
    });
    (clock.elapsed(), times)
}

/// Posts bodies one after another; returns how long each answer took.
pub(crate) fn post_sequentially(port: u16, bodies: &[String]) -> Vec<Duration> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let mut times = Vec::with_capacity(bodies.len());
    for body in bodies {
        let head = format!(
            "POST /api/v1/sync HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             X-API-Key: {API_KEY}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let clock = Instant::now();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut status = String::new();
        answers.read_line(&mut status).unwrap();
        let mut length = 0;
        loop {
            let mut line = String::new();
            answers.read_line(&mut line).unwrap();
            match line.trim_end().to_ascii_lowercase().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut answer = vec![0; length];
        answers.read_exact(&mut answer).unwrap();
        times.push(clock.elapsed());
        assert!(
            status.contains(" 200 "),
            "{status}{}",
            String::from_utf8_lossy(&answer)
        );
    }
    times
}

/// Readings as the real device sends them.
pub(crate) fn body(client: usize, first_id: usize, rows: usize) -> String {
    let mut body = format!(
        "{{\"deviceId\": \"speed-{client}\", \"batchId\": \"speed-{client}-2026-04-18T14:30:00Z\", \
         \"tables\": {{\"realtime_data\": {{\"lastSyncedId\": {first_id}, \"rows\": ["
    );
    for id in first_id..first_id + rows {
        let comma = if id == first_id { "" } else { ", " };
        write!(
            body,
            "{comma}{{\"id\": {id}, \"timestamp\": \"2026-04-19 {:02}:{:02}:{:02}.697867\", \
             \"parameter_name\": \"COOLANT_TEMP\", \"value\": {}, \"unit\": \"\\u00b0C\", \
             \"profile_id\": \"daily\", \"data_source\": \"real\", \"drive_id\": 17}}",
            id / 3600 % 24,
            id / 60 % 60,
            id % 60,
            80.0 + f64::from(u32::try_from(id % 97).unwrap()) / 7.0,
        )
        .unwrap();
    }
    body.push_str("]}}}");
    body
}
