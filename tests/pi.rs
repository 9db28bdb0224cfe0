//! The device that really exists, end to end.

use crate::support::{Drive, Pi, TestDatabase, TestServer};

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
