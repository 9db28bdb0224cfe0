//! Uploads in parts: the protocol.

mod blocks;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{MEGABYTE, files_below, names_in, noise, sha256, start, start_with};
use crate::support::TestServer;

/// The value of `Repr-Digest` for some bytes.
pub(super) fn repr_digest(content: &[u8]) -> String {
    use base64::Engine as _;
    let digest = ring::digest::digest(&ring::digest::SHA256, content);
    let base64 = base64::prelude::BASE64_STANDARD.encode(digest);
    format!("sha-256=:{base64}:")
}

impl TestServer {
    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Response {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        request = request.header("X-API-Key", crate::support::API_KEY);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body).send().await.unwrap()
    }

    async fn create(&self, name: &str, content: &[u8], body: &str) -> Response {
        let path = format!("/api/v1/backup/uploads?deviceId=test-pi&type=database&filename={name}");
        let length = content.len().to_string();
        let digest = repr_digest(content);
        let headers = [("Upload-Length", length.as_str()), ("Repr-Digest", &digest)];
        self.send(Method::POST, &path, &headers, body.into()).await
    }

    /// Begins an upload; returns its path.
    async fn begin(&self, name: &str, content: &[u8]) -> String {
        let created = self.create(name, content, "").await;
        assert_eq!(created.status(), 201);
        header(&created, "Location")
    }

    async fn append(&self, upload: &str, offset: usize, bytes: &[u8], is_last: bool) -> Response {
        let offset = offset.to_string();
        let headers = [
            ("Content-Type", "application/partial-upload"),
            ("Upload-Offset", offset.as_str()),
            ("Upload-Complete", if is_last { "?1" } else { "?0" }),
        ];
        self.send(Method::PATCH, upload, &headers, bytes.to_vec())
            .await
    }

    async fn head(&self, upload: &str) -> Response {
        self.send(Method::HEAD, upload, &[], Vec::new()).await
    }
}

fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name);
    value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

async fn body(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_str(&response.text().await.unwrap()).unwrap(),
    )
}

#[tokio::test]
async fn a_file_in_parts_is_stored_like_one_that_was_sent_at_once() {
    let server = start().await;
    let content = noise(3 * MEGABYTE + 17);
    let created = server.create("obd.db", &content, "").await;
    assert_eq!(header(&created, "Upload-Offset"), "0");
    assert_eq!(header(&created, "Upload-Complete"), "?0");
    assert_eq!(
        header(&created, "Upload-Limit"),
        "max-size=104857600, max-age=604800"
    );
    let upload = header(&created, "Location");
    let (_, answer) = body(created).await;
    assert_eq!(answer["uploadLength"], content.len());
    assert_eq!(answer["location"], upload);

    let mut offset = 0;
    for part in content.chunks(MEGABYTE) {
        let end = offset + part.len();
        let answer = server
            .append(&upload, offset, part, end == content.len())
            .await;
        if end < content.len() {
            assert_eq!(answer.status(), 204);
            assert_eq!(header(&answer, "Upload-Offset"), end.to_string());
            let found = server.head(&upload).await;
            assert_eq!(found.status(), 204);
            assert_eq!(header(&found, "Upload-Offset"), end.to_string());
            assert_eq!(header(&found, "Upload-Length"), content.len().to_string());
            assert_eq!(header(&found, "Upload-Complete"), "?0");
            assert_eq!(header(&found, "Cache-Control"), "no-store");
        } else {
            assert_eq!(header(&answer, "Upload-Complete"), "?1");
            let (status, receipt) = body(answer).await;
            assert_eq!(
                (status, &receipt["sha256"]),
                (200, &json!(sha256(&content)))
            );
            let stored = receipt["storedAt"].as_str().unwrap();
            assert!(std::fs::read(stored).unwrap() == content);
        }
        offset = end;
    }
    // The receipt may have been lost on its way.
    let found = server.head(&upload).await;
    assert_eq!(header(&found, "Upload-Complete"), "?1");
    let again = body(server.append(&upload, offset, b"", true).await).await;
    assert_eq!(
        (again.0, &again.1["detail"]),
        (400, &json!("The upload is complete already"))
    );
    assert_eq!(server.stored("database").len(), 1);
}

#[tokio::test]
async fn an_empty_file_is_complete_with_an_empty_part() {
    let server = start().await;
    let upload = server.begin("obd.log", b"").await;
    let (status, receipt) = body(server.append(&upload, 0, b"", true).await).await;
    assert_eq!((status, &receipt["sizeBytes"]), (200, &json!(0)));
}

#[tokio::test]
async fn another_offset_is_a_conflict_that_names_the_right_one() {
    let server = start().await;
    let content = noise(1000);
    let upload = server.begin("obd.db", &content).await;
    server.append(&upload, 0, &content[..400], false).await;
    for wrong in [0, 399, 401, 5000] {
        let answer = server.append(&upload, wrong, &content[..1], false).await;
        assert_eq!(header(&answer, "Upload-Offset"), "400");
        let (status, problem) = body(answer).await;
        assert_eq!(status, 409);
        assert_eq!(problem["expected-offset"], 400);
        assert_eq!(problem["provided-offset"], wrong);
    }
    assert_eq!(
        server
            .append(&upload, 400, &content[400..], true)
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn a_length_that_does_not_fit_is_refused_and_the_upload_goes_on() {
    let server = start().await;
    let content = noise(1000);
    let upload = server.begin("obd.db", &content).await;
    for (bytes, is_last) in [(999, true), (1001, true), (1001, false)] {
        let (status, problem) = body(server.append(&upload, 0, &noise(bytes), is_last).await).await;
        assert_eq!(
            (status, &problem["detail"]),
            (400, &json!("The upload has 1000 bytes"))
        );
    }
    assert_eq!(
        server.append(&upload, 0, &content, true).await.status(),
        200
    );
}

#[tokio::test]
async fn a_file_with_another_digest_is_refused_and_nothing_of_it_is_left() {
    let server = start().await;
    let upload = server.begin("obd.db", &noise(1000)).await;
    let (status, problem) = body(server.append(&upload, 0, &vec![7; 1000], true).await).await;
    assert_eq!(
        (status, &problem["detail"][0]["loc"]),
        (422, &json!(["body", "sha256"]))
    );
    assert_eq!(server.head(&upload).await.status(), 404);
    assert!(files_below(&server.backup_dir()).is_empty());
}

#[tokio::test]
async fn a_removed_upload_leaves_nothing() {
    let server = start().await;
    let content = noise(1000);
    let upload = server.begin("obd.db", &content).await;
    server.append(&upload, 0, &content[..400], false).await;
    let delete = async || {
        server
            .send(Method::DELETE, &upload, &[], Vec::new())
            .await
            .status()
    };
    assert_eq!(delete().await, 204);
    assert_eq!(delete().await, 404);
    assert_eq!(
        server
            .append(&upload, 400, &content[400..], true)
            .await
            .status(),
        404
    );
    assert!(files_below(&server.backup_dir()).is_empty());
}

#[tokio::test]
async fn what_cannot_be_uploaded_is_refused_before_the_upload_begins() {
    let server = start_with(&[("MAX_BACKUP_SIZE_MB", "1")]).await;
    let too_large = server.create("obd.db", &noise(MEGABYTE + 1), "").await;
    assert_eq!(
        body(too_large).await,
        (413, json!({"detail": "File too large. Max: 1MB"}))
    );
    let extension = server.create("obd.exe", b"x", "").await;
    assert_eq!(extension.status(), 422);
    let nothing = server
        .send(Method::POST, "/api/v1/backup/uploads", &[], Vec::new())
        .await;
    let (status, problems) = body(nothing).await;
    let places: Vec<&Value> = problems["detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["loc"])
        .collect();
    assert_eq!(status, 422);
    assert_eq!(
        places,
        [
            &json!(["query", "deviceId"]),
            &json!(["query", "type"]),
            &json!(["query", "filename"]),
            &json!(["header", "Upload-Length"]),
            &json!(["header", "Repr-Digest"]),
        ]
    );
    for list in ["[]", "{\"blocks\": [\"00\"]}", "{\"blocks\": []}"] {
        assert_eq!(
            server.create("obd.db", b"x", list).await.status(),
            422,
            "{list}"
        );
    }
    let unknown = format!("/api/v1/backup/uploads/{}", "0".repeat(32));
    for upload in [unknown.as_str(), "/api/v1/backup/uploads/x"] {
        assert_eq!(server.head(upload).await.status(), 404);
    }
    assert!(names_in(&server.backup_dir().join(".uploads")).is_empty());
}

#[tokio::test]
async fn the_headers_of_a_part_are_required() {
    let server = start().await;
    let upload = server.begin("obd.db", b"x").await;
    let all = [
        ("Content-Type", "application/partial-upload"),
        ("Upload-Offset", "0"),
        ("Upload-Complete", "?1"),
    ];
    for (missing, expected) in [(0, 415), (1, 400), (2, 400)] {
        let mut headers = all.to_vec();
        headers.remove(missing);
        let refused = server
            .send(Method::PATCH, &upload, &headers, b"x".to_vec())
            .await;
        assert_eq!(refused.status(), expected);
    }
}
