//! The examples of errors in the OpenAPI document are what the server answers.

use eclipse_ai_server::http;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{API_KEY, Form, TestDatabase, TestServer, answer};

/// The example of an error of an endpoint.
fn example(document: &Value, method: &Method, path: &str, status: u16) -> Value {
    let method = method.as_str().to_lowercase();
    let response = &document["paths"][path][method]["responses"][status.to_string()];
    response["content"]["application/json"]["example"].clone()
}

#[tokio::test]
async fn the_example_of_an_error_is_what_the_server_answers() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let document = serde_json::to_value(http::document()).unwrap();
    let batch = json!({"deviceId": "example-device", "batchId": "b", "tables": {"realtime_data": {"rows": [
        {"id": 3966, "timestamp": "2026-02-01T14:25:00", "parameter_name": "RPM", "value": "fast"},
    ]}}});
    let window = json!({"driveStartTime": "this morning", "driveEndTime": "2026-02-01T14:25:00"});
    let (get, post) = (Method::GET, Method::POST);
    let upload = "0123456789abcdef0123456789abcdef";
    for (method, path, at, body, status) in [
        (&post, "/api/v1/sync", "/api/v1/sync", Some(&batch), 422),
        (
            &get,
            "/api/v1/sync/status",
            "/api/v1/sync/status?deviceId=a/b",
            None,
            422,
        ),
        (
            &post,
            "/api/v1/analyze",
            "/api/v1/analyze",
            Some(&window),
            422,
        ),
        (
            &get,
            "/api/v1/analyses",
            "/api/v1/analyses?from=yesterday",
            None,
            422,
        ),
        (
            &get,
            "/api/v1/analyses/{analysisId}",
            "/api/v1/analyses/none",
            None,
            404,
        ),
        (
            &get,
            "/api/v1/drives",
            "/api/v1/drives?from=yesterday",
            None,
            422,
        ),
        (
            &get,
            "/api/v1/drives/{drive}",
            "/api/v1/drives/9",
            None,
            404,
        ),
        (
            &get,
            "/api/v1/drives/{drive}/report",
            "/api/v1/drives/9/report",
            None,
            404,
        ),
        (
            &Method::DELETE,
            "/api/v1/backup/uploads/{uploadId}",
            &format!("/api/v1/backup/uploads/{upload}"),
            None,
            404,
        ),
        (
            &Method::PATCH,
            "/api/v1/backup/uploads/{uploadId}",
            &format!("/api/v1/backup/uploads/{upload}"),
            None,
            415,
        ),
        (
            &get,
            "/api/v1/backups",
            "/api/v1/backups?type=photos",
            None,
            422,
        ),
        (
            &get,
            "/api/v1/backups/{deviceId}/{type}/{filename}",
            "/api/v1/backups/car/logs/car-2026-02-01T14-30-00.log",
            None,
            404,
        ),
    ] {
        let url = format!("{}{at}", server.url);
        let mut request = server.http.request(method.clone(), url);
        request = request.header("X-API-Key", API_KEY);
        if let Some(body) = body {
            request = request.json(body);
        }
        let expected = example(&document, method, path, status);
        assert_eq!(answer(request).await, (status, expected), "{method} {path}");
    }
}

#[tokio::test]
async fn the_example_of_a_rejected_file_is_what_the_server_answers() {
    let server = TestServer::start_unready("mysql://nobody@127.0.0.1:9/nothing", &[]).await;
    let document = serde_json::to_value(http::document()).unwrap();
    let form = Form::default().text("type", "logs").text("deviceId", "car");
    let form = form.file("car.exe", "0").finish();
    let request = server.post("/api/v1/backup");
    let request = request
        .header("Content-Type", Form::CONTENT_TYPE)
        .body(form);
    let expected = example(&document, &Method::POST, "/api/v1/backup", 422);
    assert_eq!(answer(request).await, (422, expected));
}
