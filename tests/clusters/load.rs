//! Cars that send all the time, to whichever server answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::API_KEY;

/// The readings of a drive.
const READINGS: i64 = 20;

/// A request that gets no answer within this time is sent again.
const PATIENCE: Duration = Duration::from_secs(20);

const PAUSE: Duration = Duration::from_millis(100);

/// What was answered.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Device and number of each drive that was accepted.
    pub(super) accepted: BTreeSet<(String, i64)>,
    /// How often each failure was answered.
    pub(super) failures: BTreeMap<String, usize>,
}

/// Senders in the background.
pub(super) struct Load {
    answers: Arc<Mutex<Answers>>,
    is_over: Arc<AtomicBool>,
    senders: Vec<JoinHandle<()>>,
}

impl Load {
    /// Each sender has a device of its own, but for two, which send different drives of one device at the same time.
    /// `urls` may change meanwhile: a server that was restarted has another one.
    pub(super) fn start(senders: usize, urls: &Arc<Mutex<Vec<String>>>) -> Self {
        let answers = Arc::<Mutex<Answers>>::default();
        let is_over = Arc::<AtomicBool>::default();
        let senders = (0..senders)
            .map(|sender| {
                let device = format!("car-{}", sender.max(1));
                let (answers, is_over) = (Arc::clone(&answers), Arc::clone(&is_over));
                let sending = send(sender, device, Arc::clone(urls), answers, is_over);
                tokio::spawn(sending)
            })
            .collect();
        Self {
            answers,
            is_over,
            senders,
        }
    }

    /// Waits until this many further drives were accepted.
    pub(super) async fn accepts(&self, drives: usize) {
        let count = || self.answers.lock().unwrap().accepted.len();
        let goal = count() + drives;
        crate::support::eventually("drives are accepted", async || count() >= goal).await;
    }

    /// Waits until every sender has ended its last batch.
    pub(super) async fn end(self) -> Answers {
        self.is_over.store(true, Ordering::Relaxed);
        for sender in self.senders {
            sender.await.unwrap();
        }
        std::mem::take(&mut self.answers.lock().unwrap())
    }
}

async fn send(
    sender: usize,
    device: String,
    urls: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<Answers>>,
    is_over: Arc<AtomicBool>,
) {
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .unwrap();
    // The first two senders have the odd and the even drives of one device.
    let (mut number, step) = if sender < 2 {
        (1 + i64::try_from(sender).unwrap(), 2)
    } else {
        (1, 1)
    };
    let mut turn = sender;
    while !is_over.load(Ordering::Relaxed) {
        let batch = drive(&device, number).to_string();
        loop {
            let url = {
                let urls = urls.lock().unwrap();
                urls[turn % urls.len()].clone()
            };
            turn += 1;
            let request = http
                .post(format!("{url}/api/v1/sync"))
                .header("X-API-Key", API_KEY);
            let failure = match request.body(batch.clone()).send().await {
                Ok(response) if response.status() == 200 => break,
                Ok(response) => {
                    let status = response.status().as_u16();
                    let body: Value = response.json().await.unwrap_or_default();
                    format!("{status} {}", body["error"].as_str().unwrap_or_default())
                }
                Err(_) => "no answer".to_owned(),
            };
            *answers.lock().unwrap().failures.entry(failure).or_default() += 1;
            tokio::time::sleep(PAUSE).await;
        }
        answers
            .lock()
            .unwrap()
            .accepted
            .insert((device.clone(), number));
        number += step;
    }
}

/// A drive with its events and readings, in one batch.
fn drive(device: &str, number: i64) -> Value {
    let start: NaiveDateTime = "2026-02-01T14:00:00".parse().unwrap();
    let start = start + TimeDelta::hours(number);
    let at = |second: i64| {
        (start + TimeDelta::seconds(second))
            .format("%Y-%m-%dT%H:%M:%S")
            .to_string()
    };
    let events: Vec<Value> = [("drive_start", 0), ("drive_end", 300)]
        .iter()
        .zip(2 * number - 1..)
        .map(|((kind, second), id)| json!({"id": id, "event_type": kind, "timestamp": at(*second), "drive_id": number}))
        .collect();
    let readings: Vec<Value> = (0..READINGS)
        .map(|reading| {
            json!({"id": READINGS * (number - 1) + reading + 1, "timestamp": at(10 * reading), "parameter_name": "RPM",
                   "value": 2500.5, "unit": "rpm", "drive_id": number})
        })
        .collect();
    json!({"deviceId": device, "batchId": format!("{device}-{number}"), "tables": {
        "connection_log": {"lastSyncedId": 0, "rows": events},
        "realtime_data": {"lastSyncedId": 0, "rows": readings},
    }})
}

/// The `source_id`s of the readings of a drive.
pub(super) fn readings_of(number: i64) -> impl Iterator<Item = i64> {
    READINGS * (number - 1) + 1..=READINGS * number
}
