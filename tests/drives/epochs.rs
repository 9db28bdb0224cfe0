//! The drives of a device that was re-imaged: its ids and its numbers of drives begin again.

use super::{drives, end_as, events, readings, send};
use crate::support::Fixture;

#[tokio::test]
async fn each_image_of_a_device_has_its_own_drives() {
    let fixture = Fixture::with_quiet("86400").await;
    let server = &fixture.server;
    let old = || {
        (
            events(1, "start@0#1 end@25#1"),
            readings(1, "1#1 10#1 20#1 24#1"),
        )
    };
    let (log, data) = old();
    send(server, log, data).await;
    end_as(&fixture.database, "0-25#1 analysed").await;

    // Two days later, with the same ids and the same number.
    let log = events(1, "start@2880#1 end@2900#1");
    send(server, log, readings(1, "2881#1 2890#1 2899#1")).await;
    let both = "0-25#1 analysed, 2880-2900#1 analysed";
    end_as(&fixture.database, both).await;
    let analysed = "SELECT readings_analysed FROM drives ORDER BY drive_start";
    assert_eq!(fixture.database.rows::<u64>(analysed).await, [4, 3]);

    // A batch of the old image that was sent again arrives late.
    let (log, data) = old();
    send(server, log, data).await;
    assert_eq!(drives(&fixture.database).await, both);
    assert_eq!(fixture.successes().await, 2);
    assert_eq!(fixture.database.count("realtime_data", "TRUE").await, 7);
}
