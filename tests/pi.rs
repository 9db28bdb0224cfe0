//! The device that really exists, end to end.

use crate::support::{Delivery, Drive, Fate, Pi, Proxy, TestDatabase, TestServer};

#[tokio::test]
async fn every_row_of_a_days_drives_arrives_exactly_once() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let mut pi = Pi::new("chi-eclipse-01");
    pi.record_drive(&Drive::new(1, "2026-04-18T07:18:50".parse().unwrap(), 6));
    pi.record_drive(&Drive::new(2, "2026-04-18T17:02:11".parse().unwrap(), 4));
    pi.sync_all(&server.url, 20).await;
    for table in pi.tables() {
        let stored = database
            .count(&table, "source_device = 'chi-eclipse-01'")
            .await;
        assert_eq!(stored, pi.rows(&table).len() as u64, "{table}");
    }
}

#[tokio::test]
async fn a_bad_way_home_loses_no_row_and_doubles_none() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let address = server.url.trim_start_matches("http://").parse().unwrap();
    let way = Proxy::start_with(address, |connection| match connection % 4 {
        0 => Fate::CutAnswer,
        1 => Fate::CutRequestAfter(2_000),
        2 => Fate::HangUp,
        _ => Fate::Pass,
    });
    let url = format!("http://{}", way.address);
    let mut pi = Pi::new("chi-eclipse-01");
    pi.record_drive(&Drive::new(1, "2026-04-18T07:18:50".parse().unwrap(), 2));
    let deliveries = pi.sweep(&url).await;
    assert_eq!(deliveries["connection_log"], Delivery::Accepted);
    pi.sync_all(&url, 20).await;
    for table in pi.tables() {
        let stored = database.count(&table, "TRUE").await;
        assert_eq!(stored, pi.rows(&table).len() as u64, "{table}");
    }
}
