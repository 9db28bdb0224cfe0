//! Several servers on one database.

use super::{events, readings, send, successes};
use crate::support::{FakeOllama, TestDatabase, TestServer, eventually};

#[tokio::test]
async fn two_servers_on_one_database_analyse_each_drive_once() {
    let database = TestDatabase::create().await;
    let ollamas = [FakeOllama::start(), FakeOllama::start()];
    let mut servers = Vec::new();
    for ollama in &ollamas {
        let variables = [
            ("OLLAMA_BASE_URL", ollama.url.as_str()),
            ("AUTO_ANALYSIS_QUIET_SECONDS", "0"),
        ];
        servers.push(TestServer::start_with(&database.url(), &variables).await);
    }
    for number in 0..12 {
        let server = &servers[number % 2];
        let number = i64::try_from(number).unwrap();
        let log = format!("start@{} end@{}", 10 * number, 10 * number + 5);
        send(
            server,
            events(2 * number + 1, &log),
            readings(number + 1, &(10 * number + 1).to_string()),
        )
        .await;
    }
    eventually("all drives are analysed", async || {
        database.count("drives", "state = 'analysed'").await == 12
    })
    .await;
    assert_eq!(successes(&database).await, 12);
    let asked = ollamas.each_ref().map(|ollama| ollama.questions().len());
    assert_eq!(asked[0] + asked[1], 12, "{asked:?}");
}
