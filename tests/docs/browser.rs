//! The page `/docs` in a real browser that has no internet.

use serde_json::json;

use crate::support::{API_KEY, Browser, TestDatabase, TestServer};

const SYNC: &str = "#operations-Sync-store_batch";
const HEALTH: &str = "#operations-Service-check_health";

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

/// Tries an endpoint out with its example; returns once the page shows an answer with this status.
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
    assert!(loaded.len() > 3, "{loaded:?}");
    assert!(
        loaded.iter().all(|url| url.starts_with(&server.url)),
        "{loaded:?}"
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn with_the_key_health_and_a_sync_can_be_tried_out() {
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
