//! The files of the page `/docs`, and the OpenAPI document.

use reqwest::redirect::Policy;
use serde_json::json;

use crate::support::{TestServer, answer};

/// Documentation needs no database.
const NO_DATABASE: &str = "mysql://nobody@127.0.0.1:9/nothing";

#[tokio::test]
async fn the_document_that_is_served_is_the_one_that_is_printed() {
    let server = TestServer::start_unready(NO_DATABASE, &[]).await;
    let (status, document) = answer(server.http.get(format!("{}/openapi.json", server.url))).await;
    assert_eq!(status, 200);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document, json!(eclipse_ai_server::http::document()));
}

#[tokio::test]
async fn docs_redirects_to_the_page_and_its_files() {
    let server = TestServer::start_unready(NO_DATABASE, &[]).await;
    let direct = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none());
    let direct = direct.build().unwrap();
    let docs = direct
        .get(format!("{}/docs", server.url))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (docs.status().as_u16(), &docs.headers()["location"]),
        (308, &"docs/".parse().unwrap())
    );
    for (file, media_type) in [
        ("", "text/html"),
        ("index.html", "text/html"),
        ("swagger-ui.css", "text/css"),
        ("swagger-ui-bundle.js", "text/javascript"),
    ] {
        let url = format!("{}/docs/{file}", server.url);
        let response = server.http.get(url).send().await.unwrap();
        assert_eq!(response.status(), 200, "{file}");
        let headers = response.headers().clone();
        assert!(
            headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with(media_type),
            "{file}"
        );
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{file}");
        assert!(!response.text().await.unwrap().is_empty(), "{file}");
    }
}

#[tokio::test]
async fn an_unknown_file_of_the_page_is_not_found() {
    let server = TestServer::start_unready(NO_DATABASE, &[]).await;
    for file in ["nothing.js", "../Cargo.toml", "..%2fCargo.toml", "a/b"] {
        let url = format!("{}/docs/{file}", server.url);
        let not_found = json!({"detail": "Not Found"});
        assert_eq!(
            answer(server.http.get(url)).await,
            (404, not_found),
            "{file}"
        );
    }
}

#[tokio::test]
async fn the_page_has_a_title_and_fits_a_phone() {
    let server = TestServer::start_unready(NO_DATABASE, &[]).await;
    let page = server.http.get(format!("{}/docs/", server.url));
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<title>eclipse-ai-server API</title>"));
    assert!(page.contains("width=device-width"));
}
