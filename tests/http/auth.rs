//! US-CMP-002: access to the endpoints.

use eclipse_ai_server::http::{Access, endpoints};
use serde_json::json;

use crate::support::{API_KEY, TestDatabase, TestServer, answer};

#[tokio::test]
async fn every_endpoint_except_the_open_ones_requires_a_key() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let mut open = Vec::new();
    for endpoint in endpoints() {
        let path = endpoint.path.replace(['{', '}', ':', '*'], "");
        let url = format!("{}{path}", server.url);
        let method: reqwest::Method = endpoint.method.as_str().parse().unwrap();
        let request = || server.http.request(method.clone(), &url);
        if endpoint.access == Access::Open {
            assert_ne!(request().send().await.unwrap().status(), 401, "{path}");
            open.push(endpoint.path);
            continue;
        }
        if endpoint.method.as_str() == "HEAD" {
            let wrong = request().header("X-API-Key", "bad-key-123");
            for refused in [request(), wrong] {
                assert_eq!(refused.send().await.unwrap().status(), 401, "{path}");
            }
            continue;
        }
        let missing = json!({"detail": "Missing API key"});
        assert_eq!(answer(request()).await, (401, missing), "{path}");
        let invalid = json!({"detail": "Invalid API key"});
        let wrong = request().header("X-API-Key", "bad-key-123");
        assert_eq!(answer(wrong).await, (401, invalid), "{path}");
    }
    assert_eq!(
        open,
        [
            "/api/v1/health",
            "/api/v1/ping",
            "/metrics",
            "/openapi.json",
            "/docs",
            "/docs/{file:.*}"
        ],
        "the list of endpoints without a key is fixed here"
    );
}

#[tokio::test]
async fn head_is_answered_wherever_get_is() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    for endpoint in endpoints() {
        if endpoint.method.as_str() != "GET" {
            continue;
        }
        let path = endpoint.path.replace(['{', '}', ':', '*'], "");
        let get = server.get(&path).send().await.unwrap();
        let url = format!("{}{path}", server.url);
        let head = server.http.head(&url).header("X-API-Key", API_KEY);
        let head = head.send().await.unwrap();
        assert_eq!(head.status(), get.status(), "{path}");
        assert_eq!(
            head.headers().get("content-type"),
            get.headers().get("content-type")
        );
        assert!(head.bytes().await.unwrap().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn the_right_key_is_accepted() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    assert_eq!(server.sync(&json!({})).await.0, 422);
}
