//! How each answer's time grows with the data: the same requests at 1× and at 100× of rows, drives, batches and analyses, with 10×
//! of cars, and while as many cars drive.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::ollama::Ollama;
use crate::raw;
use crate::server::{API_KEY, Server};

/// How much is stored.
#[derive(Clone, Copy)]
struct Scale {
    cars: usize,
    /// Drives of each car.
    drives: usize,
    /// Cars that send while the answers are measured.
    driving: usize,
}

const SCALES: [Scale; 2] = [
    Scale {
        cars: 2,
        drives: 5,
        driving: 1,
    },
    Scale {
        cars: 20,
        drives: 50,
        driving: 10,
    },
];

/// Readings of a drive, one every 1.8 s, in two requests.
const READINGS: usize = 1_000;

/// How often each answer is measured; the median counts.
pub(crate) const TIMES: usize = 9;

/// How long the model may take for all drives.
const ANALYSIS_LIMIT: Duration = Duration::from_mins(5);

/// An answer and its times at both scales, in milliseconds.
type Row = (&'static str, Vec<f64>);

pub(crate) fn measure(base: &str) {
    let mut table: Vec<Row> = Vec::new();
    for scale in SCALES {
        let rows = scale.cars * scale.drives * READINGS;
        println!(
            "storing {rows} readings of {} cars, {} drives",
            scale.cars,
            scale.cars * scale.drives
        );
        for (answer, time) in measure_at(base, scale) {
            match table.iter_mut().find(|(known, _)| *known == answer) {
                Some((_, times)) => times.push(time),
                None => table.push((answer, vec![time])),
            }
        }
    }
    println!("| answer | 1× | 100× | growth |\n|---|---|---|---|");
    for (answer, times) in table {
        let [small, large] = times[..] else {
            continue;
        };
        println!(
            "| {answer} | {small:.1} ms | {large:.1} ms | {:.1} |",
            large / small
        );
    }
}

fn measure_at(base: &str, scale: Scale) -> Vec<(&'static str, f64)> {
    let name = raw::create_database(base);
    let ollama = Ollama::start();
    let server = Server::start_with(
        &format!("{base}/{name}"),
        &[("OLLAMA_BASE_URL", &ollama.url)],
    );
    let port = server.port;
    let clock = Instant::now();
    std::thread::scope(|scope| {
        for car in 0..scale.cars {
            scope.spawn(move || {
                for drive in 0..scale.drives {
                    post_drive(port, &format!("car-{car}"), drive);
                }
            });
        }
    });
    println!("  stored in {:.0} s", clock.elapsed().as_secs_f64());
    wait_for_analyses(port);
    println!("  analysed after {:.0} s", clock.elapsed().as_secs_f64());

    let has_ended = AtomicBool::new(false);
    let times = std::thread::scope(|scope| {
        for car in 0..scale.driving {
            let has_ended = &has_ended;
            scope.spawn(move || drive_on(port, &format!("driving-{car}"), has_ended));
        }
        let times = answers(port, scale);
        has_ended.store(true, Ordering::Relaxed);
        times
    });
    drop(server);
    raw::drop_database(base, &name);
    times
}

/// The median time of each answer.
fn answers(port: u16, scale: Scale) -> Vec<(&'static str, f64)> {
    let mut next_drive = scale.drives;
    let mut times = Vec::new();
    for (answer, path) in [
        ("health", "/api/v1/health"),
        ("metrics", "/metrics"),
        ("status of a car", "/api/v1/sync/status?deviceId=car-0"),
        ("status of all cars", "/api/v1/sync/status"),
        ("latest drives of a car", "/api/v1/drives?deviceId=car-0"),
        ("latest drives of all cars", "/api/v1/drives"),
        ("analyses of a car", "/api/v1/analyses?deviceId=car-0"),
        ("failed analyses", "/api/v1/analyses?status=failed"),
        ("a drive's report", "/api/v1/drives/3/report"),
    ] {
        let time = median(|| {
            succeed(get(port, path));
        });
        times.push((answer, time));
    }
    times.push((
        "500 readings sent again",
        median(|| {
            post(port, "/api/v1/sync", &readings("car-0", 0, 0));
        }),
    ));
    times.push(("half an hour analysed by request", median(|| {
        let window = r#"{"deviceId": "car-1", "driveStartTime": "2026-01-01T00:00:00", "driveEndTime": "2026-01-01T00:30:00"}"#;
        post(port, "/api/v1/analyze", window);
    })));
    times.push((
        "a drive from its last batch to its analysis",
        median(|| {
            post_drive(port, "car-0", next_drive);
            next_drive += 1;
            wait_for_analysis(port, "car-0");
        }),
    ));
    times
}

pub(crate) fn median(mut request: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..TIMES)
        .map(|_| {
            let clock = Instant::now();
            request();
            clock.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[TIMES / 2]
}

/// The two requests of a drive. The second one has its events, which completes it.
fn post_drive(port: u16, car: &str, drive: usize) {
    for half in 0..2 {
        post(port, "/api/v1/sync", &readings(car, drive, half));
    }
}

/// A drive every two hours.
fn time(drive: usize, seconds: f64) -> String {
    let start = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let start = start.and_hms_opt(0, 0, 0).unwrap();
    let since = drive as f64 * 7200.0 + seconds;
    let at = start + chrono::TimeDelta::milliseconds((since * 1000.0) as i64);
    at.format("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

fn readings(car: &str, drive: usize, half: usize) -> String {
    let mut rows = String::new();
    for n in half * READINGS / 2..(half + 1) * READINGS / 2 {
        let comma = if rows.is_empty() { "" } else { "," };
        let name = ["RPM", "SPEED", "COOLANT_TEMP", "ENGINE_LOAD"][n % 4];
        write!(
            rows,
            r#"{comma}{{"id":{},"timestamp":"{}","parameter_name":"{name}","value":{},"drive_id":{}}}"#,
            drive * READINGS + n + 1,
            time(drive, n as f64 * 1.8),
            20 + n % 60,
            drive + 1,
        )
        .unwrap();
    }
    let mut events = String::new();
    if half == 1 {
        for (n, kind, seconds) in [(1, "drive_start", 0.0), (2, "drive_end", 1_800.0)] {
            let comma = if events.is_empty() { "" } else { "," };
            write!(
                events,
                r#"{comma}{{"id":{},"timestamp":"{}","event_type":"{kind}","drive_id":{}}}"#,
                2 * drive + n,
                time(drive, seconds),
                drive + 1,
            )
            .unwrap();
        }
    }
    format!(
        r#"{{"deviceId":"{car}","batchId":"{car}-{drive}-{half}","tables":{{"connection_log":{{"rows":[{events}]}},"realtime_data":{{"rows":[{rows}]}}}}}}"#
    )
}

/// Sends 500 readings ten times a second, until the measurement has ended.
fn drive_on(port: u16, car: &str, has_ended: &AtomicBool) {
    for request in 0.. {
        if has_ended.load(Ordering::Relaxed) {
            return;
        }
        post(port, "/api/v1/sync", &readings(car, request, 0));
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub(crate) fn wait_for_analyses(port: u16) {
    let clock = Instant::now();
    loop {
        let health: Value = serde_json::from_str(&succeed(get(port, "/api/v1/health"))).unwrap();
        // Reported at each turn of the queue.
        if health["analysis"]["drivesWaiting"] == 0 && health["analysis"]["queueLength"] == 0 {
            return;
        }
        assert!(clock.elapsed() < ANALYSIS_LIMIT, "the drives are analysed");
        std::thread::sleep(Duration::from_millis(500));
    }
}

pub(crate) fn wait_for_analysis(port: u16, car: &str) {
    loop {
        let path = format!("/api/v1/drives?deviceId={car}&limit=1");
        let drives: Value = serde_json::from_str(&succeed(get(port, &path))).unwrap();
        if drives["drives"][0]["state"] == "analysed" {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn get(port: u16, path: &str) -> (u16, String) {
    exchange(port, &format!("GET {path}"), "")
}

fn post(port: u16, path: &str, body: &str) {
    succeed(exchange(port, &format!("POST {path}"), body));
}

pub(crate) fn succeed((status, body): (u16, String)) -> String {
    assert_eq!(status, 200, "{body}");
    body
}

/// A connection a request, as the car does it.
pub(crate) fn exchange(port: u16, line: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         X-API-Key: {API_KEY}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}
