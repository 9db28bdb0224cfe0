//! The page `/docs` in a real browser without Internet access.

use serde_json::json;

use crate::support::{API_KEY, Browser, Form, TestDatabase, TestServer, answer};

const SYNC: &str = "#operations-Sync-store_batch";
const HEALTH: &str = "#operations-Service-check_health";
const BACKUPS: &str = "#operations-Backup-list_backups";
const DOWNLOAD: &str = "#operations-Backup-download_backup";

async fn open(server: &TestServer) -> Browser {
    let browser = Browser::start().await;
    browser.open(&format!("{}/docs", server.url)).await;
    browser
}

async fn authorize(browser: &Browser, key: &str) {
    browser.click(".auth-wrapper .btn.authorize").await;
    browser.type_into(".modal-ux input", key).await;
    browser.click(".modal-ux .btn.authorize").await;
    browser.click(".modal-ux .btn-done").await;
}

/// Sends the example of an endpoint as it is; returns once the page shows an answer with this status.
async fn try_out(browser: &Browser, endpoint: &str, status: &str) {
    browser
        .click(&format!("{endpoint} .opblock-summary-control"))
        .await;
    browser.click(&format!("{endpoint} .try-out__btn")).await;
    browser.click(&format!("{endpoint} .execute")).await;
    let answer = format!("{endpoint} .live-responses-table .response-col_status");
    browser.sees(&answer, status).await;
}

#[tokio::test]
async fn the_page_shows_the_api_and_everything_on_it_is_from_this_server() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let browser = open(&server).await;
    for path in [
        "/api/v1/sync",
        "/api/v1/analyze",
        "/api/v1/backup",
        "/api/v1/backups",
        "/api/v1/health",
    ] {
        let shown = format!("[data-path=\"{path}\"]");
        browser.sees(&shown, path).await;
    }
    let loaded = browser
        .run(
            "return performance.getEntriesByType('resource').map(it => it.name)",
            &json!([]),
        )
        .await;
    let loaded: Vec<String> = serde_json::from_value(loaded).unwrap();
    let script = "return document.documentElement.scrollWidth <= innerWidth";
    let fits = browser.run(script, &json!([])).await;
    assert_eq!(fits, true, "the page is not wider than the window");
    assert!(
        browser.texts(".topbar").await.is_empty(),
        "no other document can be opened"
    );
    assert!(loaded.len() > 3, "{loaded:?}");
    assert!(
        loaded.iter().all(|url| url.starts_with(&server.url)),
        "{loaded:?}"
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn health_and_a_sync_can_be_sent_with_the_key() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let browser = open(&server).await;
    authorize(&browser, API_KEY).await;
    try_out(&browser, HEALTH, "200").await;
    browser
        .sees(
            &format!("{HEALTH} .live-responses-table"),
            "\"mysql\": \"up\"",
        )
        .await;
    try_out(&browser, SYNC, "200").await;
    browser
        .sees(&format!("{SYNC} .live-responses-table"), "\"inserted\": 1")
        .await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn with_a_wrong_key_the_page_shows_401() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let browser = open(&server).await;
    authorize(&browser, "bad-key-123").await;
    try_out(&browser, SYNC, "401").await;
    browser
        .sees(&format!("{SYNC} .live-responses-table"), "Invalid API key")
        .await;
}

#[tokio::test]
async fn examples_that_are_sent_as_they_are_hide_and_overwrite_nothing() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let stored = json!({"deviceId": "chi-eclipse-tuner", "batchId": "b", "tables": {
        "realtime_data": {"rows": [{"id": 3966, "timestamp": "2026-02-01T14:25:00", "parameter_name": "SPEED", "value": 63.0}]},
    }});
    assert_eq!(server.sync(&stored).await.0, 200);
    let form = Form::default()
        .text("type", "logs")
        .text("deviceId", "chi-eclipse-tuner")
        .file("car.log", "0123456789");
    let upload = server
        .post("/api/v1/backup")
        .header("Content-Type", Form::CONTENT_TYPE);
    assert_eq!(answer(upload.body(form.finish())).await.0, 200);

    let browser = open(&server).await;
    authorize(&browser, API_KEY).await;
    try_out(&browser, SYNC, "200").await;
    let untouched = "source_device = 'chi-eclipse-tuner' AND parameter_name = 'SPEED'";
    assert_eq!(database.count("realtime_data", untouched).await, 1);
    let simulated = "data_source = 'simulated' AND source_device = 'example-device'";
    assert_eq!(database.count("realtime_data", simulated).await, 1);
    try_out(&browser, BACKUPS, "200").await;
    browser
        .sees(&format!("{BACKUPS} .live-responses-table"), "car-")
        .await;
    try_out(&browser, DOWNLOAD, "404").await;
    let request = browser.texts(&format!("{DOWNLOAD} .curl-command")).await;
    assert!(!request.concat().contains("Range"), "{request:?}");
}

#[tokio::test]
async fn the_key_is_kept_over_a_reload() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let browser = open(&server).await;
    authorize(&browser, API_KEY).await;
    browser.open(&format!("{}/docs/", server.url)).await;
    try_out(&browser, SYNC, "200").await;
}
