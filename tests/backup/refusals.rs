use serde_json::{Value, json};

use super::{files_below, form, noise, sha256, start, start_with};
use crate::support::{Form, TestServer, answer, eventually};

/// Posts a form, asserts that nothing of it is left, and returns status and `detail`.
async fn refused(server: &TestServer, form: Form) -> (u16, Value) {
    let (status, mut body) = server.upload(form).await;
    eventually("it has been removed", async || {
        files_below(&server.backup_dir()).is_empty()
    })
    .await;
    (status, body["detail"].take())
}

fn problem(kind: &str, field: &str, msg: &str, input: impl Into<Value>) -> Value {
    json!({"type": kind, "loc": ["body", field], "msg": msg, "input": input.into()})
}

#[tokio::test]
async fn another_extension_is_refused() {
    let server = start().await;
    let reported = json!("File extension not allowed. Allowed: .db, .log, .json, .gz");
    for name in [
        "virus.exe",
        "noextension",
        ".db",
        "obd.db.exe",
        "obd.db/",
        "obd.",
        "",
    ] {
        let refusal = refused(&server, form("database").file(name, noise(1000))).await;
        assert_eq!(refusal, (422, reported.clone()), "{name:?}");
    }
}

#[tokio::test]
async fn an_unknown_type_is_refused() {
    let server = start().await;
    for kind in ["invalid", "", "Database", "../logs"] {
        let msg = "Input should be 'database', 'logs' or 'config'";
        let reported = json!([problem("literal_error", "type", msg, kind)]);
        assert_eq!(
            refused(&server, form(kind).file("a.db", "x")).await,
            (422, reported),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn a_device_id_that_could_not_name_a_folder_is_refused() {
    let server = start().await;
    let long = "x".repeat(65);
    let blank = "String should not contain control characters, or blanks at either end";
    let path = "String should not start with a dot, or contain '/' or '\\'";
    for (id, kind, msg) in [
        (
            "",
            "string_too_short",
            "String should have at least 1 character",
        ),
        (
            &long,
            "string_too_long",
            "String should have at most 64 characters",
        ),
        (" ", "string_pattern_mismatch", blank),
        ("..", "string_pattern_mismatch", path),
        (".records", "string_pattern_mismatch", path),
    ] {
        let fields = Form::default().text("deviceId", id).text("type", "logs");
        let reported = json!([problem(kind, "deviceId", msg, id)]);
        assert_eq!(
            refused(&server, fields.file("a.log", "x")).await,
            (422, reported),
            "{id:?}"
        );
    }
}

#[tokio::test]
async fn all_missing_fields_are_listed_at_once() {
    let server = start().await;
    let missing = |fields: &[&str]| {
        let problem = |field: &&str| problem("missing", field, "Field required", Value::Null);
        Value::Array(fields.iter().map(problem).collect())
    };
    assert_eq!(
        refused(&server, Form::default()).await,
        (422, missing(&["file", "type", "deviceId"]))
    );
    assert_eq!(
        refused(&server, Form::default().file("a.db", noise(1000))).await,
        (422, missing(&["type", "deviceId"]))
    );
    assert_eq!(
        refused(&server, form("logs")).await,
        (422, missing(&["file"]))
    );

    let json = server
        .post("/api/v1/backup")
        .header("Content-Type", "application/json");
    let (status, body) = answer(json.body("{}")).await;
    assert_eq!(
        (status, &body["detail"]),
        (422, &missing(&["file", "type", "deviceId"]))
    );
    let bare = answer(server.post("/api/v1/backup")).await;
    assert_eq!(bare.0, 422);
}

#[tokio::test]
async fn a_digest_that_does_not_match_is_refused() {
    let server = start().await;
    let content = noise(100_000);
    let expected = sha256(b"something else");
    let arrived = sha256(&content);
    let with_digest = |digest| {
        form("database")
            .file("a.db", &content)
            .text("sha256", digest)
    };
    let reported = format!("Value error, the file that arrived has the SHA-256 {arrived}");
    assert_eq!(
        refused(&server, with_digest(&expected)).await,
        (
            422,
            json!([problem(
                "value_error",
                "sha256",
                &reported,
                expected.clone()
            )])
        )
    );
    let reported = "String should match pattern '^[0-9A-Fa-f]{64}$'";
    assert_eq!(
        refused(&server, with_digest("abc")).await,
        (
            422,
            json!([problem(
                "string_pattern_mismatch",
                "sha256",
                reported,
                "abc"
            )])
        )
    );
}

#[tokio::test]
async fn an_ambiguous_field_is_refused() {
    let server = start().await;
    let twice = "Value error, the field is given more than once";
    let reported = json!([problem("value_error", "file", twice, Value::Null)]);
    let two_files = form("logs").file("a.log", "x").file("b.log", "y");
    assert_eq!(refused(&server, two_files).await, (422, reported));
    let no_file = form("logs").text("file", "not a file");
    let reported = "Value error, the field holds no file: it has no filename";
    assert_eq!(
        refused(&server, no_file).await,
        (
            422,
            json!([problem("value_error", "file", reported, Value::Null)])
        )
    );
    let long = "x".repeat(5000);
    let reported = "String should have at most 1024 characters";
    assert_eq!(
        refused(&server, form(&long).file("a.log", "x")).await,
        (
            422,
            json!([problem("string_too_long", "type", reported, Value::Null)])
        )
    );
}

#[tokio::test]
async fn a_truncated_form_is_refused() {
    let server = start().await;
    let mut torn = form("logs").file("a.log", noise(200_000)).finish();
    torn.truncate(150_000);
    let request = server.post("/api/v1/backup");
    let request = request
        .header("Content-Type", Form::CONTENT_TYPE)
        .body(torn);
    let reported = json!({"detail": "There was an error parsing the body"});
    assert_eq!(answer(request).await, (400, reported));
    eventually("it has been removed", async || {
        files_below(&server.backup_dir()).is_empty()
    })
    .await;
}

#[tokio::test]
async fn the_headers_of_a_part_take_a_bounded_amount_of_memory() {
    let server = start().await;
    let endless = format!(
        "name=\"file\"; filename=\"{}\"",
        "x".repeat(3 * 1024 * 1024)
    );
    let form = form("logs").part(&endless, b"x");
    let (status, _) = refused(&server, form).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_file_above_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let server = start_with(&[("MAX_BACKUP_SIZE_MB", "1")]).await;
    let too_large = (413, json!("File too large. Max: 1MB"));
    for size_bytes in [1024 * 1024 + 1, 3 * 1024 * 1024] {
        let form = form("database").file("a.db", noise(size_bytes));
        assert_eq!(refused(&server, form).await, too_large, "{size_bytes}");
    }
    let padded = form("logs")
        .text("padding", &"x".repeat(1024 * 1024 + 1))
        .file("a.log", "x");
    assert_eq!(refused(&server, padded).await, too_large);
    let receipt = server.store("database", "a.db", noise(1024 * 1024)).await;
    assert_eq!(receipt["sizeBytes"], 1024 * 1024);
}
