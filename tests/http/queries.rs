//! Parameters of queries that no endpoint has.

use eclipse_ai_server::http::{Access, endpoints};
use serde_json::json;

use crate::support::{API_KEY, TestServer, answer};

#[tokio::test]
async fn a_misspelt_parameter_is_named_by_every_endpoint_with_a_key() {
    let server = TestServer::start_unready("mysql://nobody@127.0.0.1:9/nothing", &[]).await;
    let problem = json!({
        "type": "extra_forbidden",
        "loc": ["query", "devcieId"],
        "msg": "Extra inputs are not permitted",
        "input": "car",
    });
    for endpoint in endpoints() {
        let path = endpoint.path.replace(['{', '}', ':', '*'], "");
        let url = format!("{}{path}?devcieId=car", server.url);
        let method: reqwest::Method = endpoint.method.as_str().parse().unwrap();
        let request = server.http.request(method.clone(), &url);
        let request = request.header("X-API-Key", API_KEY);
        let (is_open, is_head) = (endpoint.access == Access::Open, method == "HEAD");
        if is_open || is_head {
            let status = request.send().await.unwrap().status().as_u16();
            assert_eq!(status == 422, is_head, "{method} {path}");
        } else {
            let expected = (422, json!({ "detail": [problem] }));
            assert_eq!(answer(request).await, expected, "{method} {path}");
        }
    }
}
