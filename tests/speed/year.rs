//! A year of one car: ten million readings in 1,000 drives, and 365 backups, all sent to the server; how long each answer
//! takes after one, three, six and twelve months.

use std::process::{Command, Stdio};
use std::time::Instant;

use chrono::{NaiveDateTime, TimeDelta};
use eclipse_ai_server::simulation::Drive;
use serde_json::{Value, json};

use crate::backups::{answer, request};
use crate::growth::{self, exchange, get, succeed, wait_for_analyses};
use crate::median as median_of;
use crate::ollama::Ollama;
use crate::raw;
use crate::server::{API_KEY, Server};

const CAR: &str = "year";

/// Readings of a drive, in two requests.
const READINGS: usize = 10_000;

const BACKUPS: usize = 365;

const MONTHS: [usize; 4] = [1, 3, 6, 12];

/// How many drives the year has: fewer with `YEAR_DRIVES`, to try it out.
fn drives() -> usize {
    let drives = std::env::var("YEAR_DRIVES").ok();
    drives.map_or(1_000, |drives| drives.parse().unwrap())
}

/// An answer, and after each number of months its time in milliseconds and its bytes.
type Row = (&'static str, Vec<(f64, usize)>);

pub(crate) fn measure(base: &str) {
    let name = raw::create_database(base);
    let folder = tempfile::tempdir().unwrap();
    let backups = folder.path().to_str().unwrap().to_owned();
    let ollama = Ollama::start();
    let database = format!("{base}/{name}");
    let variables = [
        ("OLLAMA_BASE_URL", ollama.url.as_str()),
        ("BACKUP_DIR", backups.as_str()),
    ];
    let server = Server::start_with(&database, &variables);
    let mut year = Year {
        server,
        database,
        backups,
        drives: drives(),
        sent: 0,
        uploaded: 0,
    };
    let clock = Instant::now();
    let mut table: Vec<Row> = Vec::new();
    for months in MONTHS {
        while year.sent < year.drives * months / 12 {
            year.send_drive();
        }
        wait_for_analyses(year.server.port);
        println!(
            "{months} months: {} readings, {} drives and {} backups after {:.0} s; the server has {} KiB",
            year.sent * READINGS,
            year.sent,
            year.uploaded,
            clock.elapsed().as_secs_f64(),
            year.server.resident_kib(),
        );
        for (answer, measured) in year.answers() {
            match table.iter_mut().find(|(known, _)| *known == answer) {
                Some((_, all)) => all.push(measured),
                None => table.push((answer, vec![measured])),
            }
        }
    }
    print(&table);
    drop(year);
    raw::drop_database(base, &name);
}

fn print(table: &[Row]) {
    println!(
        "| answer | 1 month | 3 months | 6 months | 12 months | growth of the time | of the size |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (answer, measured) in table {
        let times: Vec<String> = measured
            .iter()
            .map(|(time, _)| format!("{time:.1} ms"))
            .collect();
        let (first, last) = (measured[0], measured[measured.len() - 1]);
        println!(
            "| {answer} | {} | {:.1} × | {:.1} × |",
            times.join(" | "),
            last.0 / first.0,
            last.1.max(1) as f64 / first.1.max(1) as f64
        );
    }
}

struct Year {
    server: Server,
    database: String,
    backups: String,
    /// Of the whole year.
    drives: usize,
    sent: usize,
    uploaded: usize,
}

impl Year {
    /// The next drive, and the backups of the days until then. Returns the times of its two requests, in milliseconds.
    fn send_drive(&mut self) -> [f64; 2] {
        let times = requests_of(self.sent, self.drives).map(|body| {
            let clock = Instant::now();
            self.sync(&body);
            clock.elapsed().as_secs_f64() * 1000.0
        });
        self.sent += 1;
        while self.uploaded < BACKUPS * self.sent / self.drives {
            self.upload();
        }
        times
    }

    fn sync(&self, body: &str) -> String {
        succeed(exchange(self.server.port, "POST /api/v1/sync", body))
    }

    /// 64 KiB of text.
    fn upload(&mut self) -> String {
        self.uploaded += 1;
        let head = format!(
            "--x\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nlogs\r\n\
             --x\r\nContent-Disposition: form-data; name=\"deviceId\"\r\n\r\n{CAR}\r\n\
             --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"obd.log\"\r\n\r\n"
        );
        let line = format!("{:015}\n", self.uploaded);
        let body = head + &line.repeat(4_096) + "\r\n--x--\r\n";
        let headers = format!(
            "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {}",
            body.len()
        );
        let mut stream = request(self.server.port, "POST /api/v1/backup", &headers);
        std::io::Write::write_all(&mut stream, body.as_bytes()).unwrap();
        answer(stream)
    }

    /// Each with the median of its times, and its bytes.
    fn answers(&mut self) -> Vec<(&'static str, (f64, usize))> {
        let port = self.server.port;
        let drives: Value = serde_json::from_str(&self.get("/api/v1/drives?limit=1")).unwrap();
        let last = drives["drives"][0]["drive"].as_i64().unwrap();
        let backups: Value = serde_json::from_str(&self.get("/api/v1/backups")).unwrap();
        let backup = backups["backups"][0]["filename"].as_str().unwrap();
        let start = start_of(0, self.drives);
        let end = start + TimeDelta::minutes(30);
        let window = json!({"deviceId": CAR, "driveStartTime": start.and_utc().to_rfc3339(), "driveEndTime": end.and_utc().to_rfc3339()});
        let paths = [
            ("`/health`", "/api/v1/health".to_owned()),
            ("`/metrics`", "/metrics".to_owned()),
            ("`/sync/status`", "/api/v1/sync/status".to_owned()),
            ("`/drives`, the latest 50", "/api/v1/drives".to_owned()),
            ("`/drives/N`, the first", "/api/v1/drives/1".to_owned()),
            ("`/drives/N`, the latest", format!("/api/v1/drives/{last}")),
            (
                "`/drives/N/report`, the latest",
                format!("/api/v1/drives/{last}/report"),
            ),
            ("`/analyses`, the latest 50", "/api/v1/analyses".to_owned()),
            ("`/backups`", "/api/v1/backups".to_owned()),
            (
                "a backup fetched",
                format!("/api/v1/backups/{CAR}/logs/{backup}"),
            ),
        ];
        let mut rows = Vec::new();
        for (name, path) in paths {
            rows.push((name, measured(|| self.get(&path))));
        }
        let analyze = |body: Value| {
            let body = body.to_string();
            measured(move || succeed(exchange(port, "POST /api/v1/analyze", &body)))
        };
        rows.push(("`/analyze`, half an hour of the first day", analyze(window)));
        let of_drive = json!({"deviceId": CAR, "driveId": self.sent});
        rows.push(("`/analyze`, the latest drive", analyze(of_drive)));
        let again = requests_of(0, self.drives)[0].clone();
        rows.push(("5,000 readings sent again", measured(|| self.sync(&again))));
        rows.push(("`status`, the command", measured(|| self.command("status"))));
        rows.push(("`drives`, the command", measured(|| self.command("drives"))));
        rows.extend(self.next_drives());
        rows
    }

    /// What a drive costs, measured with the next ones of the year, or after its end.
    fn next_drives(&mut self) -> [(&'static str, (f64, usize)); 2] {
        let (mut stored, mut analysed) = (Vec::new(), Vec::new());
        for _ in 0..(self.drives / 100).clamp(1, growth::TIMES) {
            let clock = Instant::now();
            let [first, second] = self.send_drive();
            growth::wait_for_analysis(self.server.port, CAR);
            stored.extend([first, second]);
            analysed.push(clock.elapsed().as_secs_f64() * 1000.0);
        }
        [
            ("5,000 new readings", (median_of(stored.into_iter()), 0)),
            (
                "a drive of 10,000 readings sent, diagnosed and analysed",
                (median_of(analysed.into_iter()), 0),
            ),
        ]
    }

    fn get(&self, path: &str) -> String {
        succeed(get(self.server.port, path))
    }

    fn command(&self, command: &str) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_eclipse-ai-server"))
            .arg(command)
            .current_dir(&self.backups)
            .env("DATABASE_URL", &self.database)
            .env("API_KEY", API_KEY)
            .env("BACKUP_DIR", &self.backups)
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        // `status` exits with 1 where it has something to say.
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The median time of the answer, and its bytes.
fn measured(mut answer: impl FnMut() -> String) -> (f64, usize) {
    let mut bytes = 0;
    let time = growth::median(|| bytes = answer().len());
    (time, bytes)
}

/// Spread evenly over the year.
fn start_of(drive: usize, drives: usize) -> NaiveDateTime {
    let start: NaiveDateTime = "2025-11-01T06:00:00".parse().unwrap();
    let seconds = 365 * 86_400 * drive / drives;
    start + TimeDelta::seconds(i64::try_from(seconds).unwrap())
}

/// The two bodies of a drive. The second one has its events, which completes it.
fn requests_of(drive: usize, drives: usize) -> [String; 2] {
    let number = i64::try_from(drive + 1).unwrap();
    let recorded = Drive {
        interval: TimeDelta::seconds(1),
        ..Drive::new(number, start_of(drive, drives), 20)
    };
    let mut readings = recorded.readings();
    assert!(readings.len() >= READINGS, "{} readings", readings.len());
    readings.truncate(READINGS);
    for (id, reading) in (drive * READINGS + 1..).zip(&mut readings) {
        reading["id"] = json!(id);
    }
    let mut events = recorded.events();
    for (id, event) in (2 * drive + 1..).zip(&mut events) {
        event["id"] = json!(id);
    }
    let (first, second) = readings.split_at(READINGS / 2);
    [(first, &[][..]), (second, &events)].map(|(readings, events)| {
        let batch = format!("{CAR}-{drive}-{}", events.len());
        let tables =
            json!({"connection_log": {"rows": events}, "realtime_data": {"rows": readings}});
        json!({"deviceId": CAR, "batchId": batch, "tables": tables}).to_string()
    })
}
