//! Devices that send one drive after the other, as the one in the car does.

use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};

use super::Target;
use crate::support::{Delivery, Drive, Pi};

/// A drive whose readings fit into one request.
fn recorded(number: i64) -> Drive {
    let start: NaiveDateTime = "2026-04-18T07:18:50".parse().unwrap();
    Drive {
        interval: TimeDelta::seconds(15),
        ..Drive::new(number, start + TimeDelta::hours(number), 5)
    }
}

/// The number of drives of a device.
pub(super) fn drives(pi: &Pi) -> u64 {
    u64::try_from(pi.rows("connection_log").len() / 2).unwrap()
}

/// Records and sends drives until the load ends; returns once everything is accepted.
pub(super) async fn drive(device: usize, target: Arc<Target>, pause: Duration) -> Pi {
    let mut pi = Pi::new(&format!("car-{device}"));
    for number in 1.. {
        pi.record_drive(&recorded(number));
        while pi.unsent() > 0 {
            let deliveries = pi.sweep(&target.url()).await;
            let accepted = deliveries
                .values()
                .filter(|delivery| **delivery == Delivery::Accepted)
                .count();
            target.acknowledge(accepted);
            if accepted == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        if target.is_ending() {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    pi
}
