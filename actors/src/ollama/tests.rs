//! Over real HTTP: a fake server, and raw sockets for what no decent server does.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use rstest::rstest;
use wiremock::matchers::{body_partial_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

/// Long enough for anything local; tests end by what happens, not by this.
const PATIENCE: Duration = Duration::from_secs(20);

fn schema() -> Value {
    json!({"type": "object", "properties": {"recommendations": {"type": "array"}}})
}

async fn chat(base_url: &str, limit: Duration) -> Result<Answer, OllamaError> {
    let ollama = Ollama::new(base_url, "gemma2:2b").unwrap();
    let question = Question {
        system: "You are a tuner.",
        user: "RPM|rpm|3",
        tokens: TokenRange {
            at_least: 10,
            at_most: 20,
        },
        schema: &schema(),
    };
    ollama.chat(&question, Budget::of(8192), limit).await
}

/// What a chat comes to when the server responds so.
async fn chat_with(response: ResponseTemplate) -> Result<Answer, OllamaError> {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/api/chat"))
        .respond_with(response)
        .mount(&server)
        .await;
    chat(&server.uri(), PATIENCE).await
}

fn said(message: &Value) -> Value {
    json!({"model": "gemma2:2b", "message": message, "done": true, "done_reason": "stop",
        "load_duration": 2_500_000, "prompt_eval_count": 17, "eval_count": 5})
}

/// A server that accepts one connection, hands it to `serve`, and reports when that has returned.
fn raw_server(serve: impl FnOnce(TcpStream) + Send + 'static) -> (String, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (done, told) = mpsc::channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        serve(stream);
        let _ = done.send(());
    });
    (url, told)
}

/// Reads something of what is asked.
fn read_question(stream: &mut TcpStream) {
    let _ = stream.read(&mut [0; 8192]).unwrap();
}

/// Reads until the other side closes; panics if it never does.
fn read_to_the_end(mut stream: TcpStream) {
    let mut sink = [0; 4096];
    while stream.read(&mut sink).unwrap() > 0 {}
}

/// An address without a listener.
fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[actix::test]
async fn a_question_carries_model_schema_context_and_length() {
    let server = MockServer::start().await;
    let expected = json!({
        "model": "gemma2:2b",
        "stream": false,
        "messages": [
            {"role": "system", "content": "You are a tuner."},
            {"role": "user", "content": "RPM|rpm|3"},
        ],
        "format": schema(),
        "options": {"num_ctx": 8192, "num_predict": 2048},
    });
    Mock::given(method("POST"))
        .and(path("/api/chat"))
        .and(body_partial_json(expected))
        .respond_with(ResponseTemplate::new(200).set_body_json(said(&json!({"content": "{}"}))))
        .expect(1)
        .mount(&server)
        .await;
    let answer = chat(&format!("{}/", server.uri()), PATIENCE).await.unwrap();
    let expected = Answer {
        is_cut: false,
        text: "{}".to_owned(),
        prompt_tokens: Some(17),
        answer_tokens: Some(5),
        load_ms: 2,
    };
    assert_eq!(answer, expected);
}

#[rstest]
#[case::unknown_model(404, json!({"error": "model 'gemma2:2b' not found"}), "model 'gemma2:2b' not found")]
#[case::busy(503, json!({"error": "server busy, please try again"}), "server busy, please try again")]
#[case::generation_failed(500, json!({"error": "model runner has stopped\n\u{0}"}), "model runner has stopped")]
#[case::in_the_middle(200, json!({"error": "out of memory"}), "out of memory")]
#[case::object(400, json!({"error": {"message": "bad format", "code": 7}}), "bad format")]
#[case::without_words(502, json!("gone"), "it answered with status 502 Bad Gateway")]
#[actix::test]
async fn an_error_of_any_kind_is_a_refusal_in_its_own_words(
    #[case] code: u16,
    #[case] body: Value,
    #[case] words: &str,
) {
    let refused = chat_with(ResponseTemplate::new(code).set_body_json(body)).await;
    assert!(
        matches!(&refused, Err(OllamaError::Refused { status, message }) if *status == code && message == words),
        "{refused:?}"
    );
}

#[rstest]
#[case::cut_prompt(json!({"message": {"content": "{}"}, "prompt_eval_count": 8192}), Unusable::CutPrompt { evaluated: 8192 })]
#[case::only_thoughts(said(&json!({"content": "", "thinking": "Let me see…"})), Unusable::OnlyThoughts)]
#[case::empty(said(&json!({"content": " \n"})), Unusable::Empty)]
#[case::no_message(json!({"done": true}), Unusable::UnknownShape)]
#[case::not_json(Value::Null, Unusable::UnknownShape)]
#[actix::test]
async fn a_success_that_is_none_is_unusable(#[case] body: Value, #[case] reason: Unusable) {
    let response = match body {
        Value::Null => ResponseTemplate::new(200).set_body_string("<html>Welcome</html>"),
        body => ResponseTemplate::new(200).set_body_json(body),
    };
    let unusable = chat_with(response).await;
    assert!(
        matches!(&unusable, Err(OllamaError::Unusable(why)) if *why == reason),
        "{unusable:?}"
    );
}

#[actix::test]
async fn a_redirect_is_not_followed() {
    let server = MockServer::start().await;
    let away = ResponseTemplate::new(307).insert_header("location", "/elsewhere");
    Mock::given(path("/api/chat"))
        .respond_with(away)
        .mount(&server)
        .await;
    Mock::given(path("/elsewhere"))
        .respond_with(ResponseTemplate::new(200))
        .expect(0)
        .mount(&server)
        .await;
    let refused = chat(&server.uri(), PATIENCE).await;
    assert!(
        matches!(refused, Err(OllamaError::Refused { status: 307, .. })),
        "{refused:?}"
    );
}

#[actix::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let response = ResponseTemplate::new(200).set_body_bytes(vec![b' '; MAX_BODY_BYTES + 1]);
    let unusable = chat_with(response).await;
    assert!(
        matches!(unusable, Err(OllamaError::Unusable(Unusable::TooLong))),
        "{unusable:?}"
    );
}

#[actix::test]
async fn a_closed_port_is_unavailable_and_away() {
    let unavailable = chat(&closed_port(), PATIENCE).await;
    assert!(unavailable.as_ref().is_err_and(OllamaError::is_away));
    assert!(
        matches!(unavailable, Err(OllamaError::Unavailable(_))),
        "{unavailable:?}"
    );
}

#[rstest]
#[case::before_the_answer("")]
#[case::in_the_answer("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"message\":")]
#[actix::test]
async fn a_connection_that_breaks_is_unavailable_but_was_not_away(#[case] sent: &'static str) {
    let (url, _) = raw_server(move |mut stream| {
        read_question(&mut stream);
        stream.write_all(sent.as_bytes()).unwrap();
    });
    let unavailable = chat(&url, PATIENCE).await;
    assert!(unavailable.as_ref().is_err_and(|error| !error.is_away()));
    assert!(
        matches!(unavailable, Err(OllamaError::Unavailable(_))),
        "{unavailable:?}"
    );
}

#[rstest]
#[case::before_the_answer("")]
#[case::in_the_answer("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"message\":")]
#[actix::test]
async fn a_time_out_closes_the_connection(#[case] sent: &'static str) {
    let (url, closed) = raw_server(move |mut stream| {
        read_question(&mut stream);
        stream.write_all(sent.as_bytes()).unwrap();
        read_to_the_end(stream);
    });
    let late = chat(&url, Duration::from_millis(300)).await;
    assert!(
        matches!(late, Err(OllamaError::TimedOut { .. })),
        "{late:?}"
    );
    let closed = tokio::task::spawn_blocking(move || closed.recv_timeout(PATIENCE));
    assert!(closed.await.unwrap().is_ok(), "the connection stayed open");
}

#[actix::test]
async fn giving_up_on_an_answer_closes_the_connection() {
    let (asked, question) = mpsc::channel();
    let (url, closed) = raw_server(move |mut stream| {
        read_question(&mut stream);
        asked.send(()).unwrap();
        read_to_the_end(stream);
    });
    let chat = actix_rt::spawn(async move { chat(&url, PATIENCE).await });
    let asked = tokio::task::spawn_blocking(move || question.recv_timeout(PATIENCE));
    asked.await.unwrap().unwrap();
    chat.abort();
    let closed = tokio::task::spawn_blocking(move || closed.recv_timeout(PATIENCE));
    assert!(closed.await.unwrap().is_ok(), "the connection stayed open");
}

#[actix::test]
async fn a_server_is_up_when_it_greets_and_reachable_when_it_says_anything_sensible() {
    for (status, up, reachable) in [(200, true, true), (404, false, true), (502, false, false)] {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path("/"))
            .respond_with(ResponseTemplate::new(status).set_body_string("Ollama is running"))
            .mount(&server)
            .await;
        let ollama = Ollama::new(&server.uri(), "gemma2:2b").unwrap();
        assert_eq!(ollama.is_up(PATIENCE).await, up, "{status}");
        assert_eq!(ollama.is_reachable(PATIENCE).await, reachable, "{status}");
    }
    let closed = Ollama::new(&closed_port(), "gemma2:2b").unwrap();
    assert!(!closed.is_reachable(PATIENCE).await);
}

#[actix::test]
async fn a_server_that_accepts_and_says_nothing_is_not_reachable() {
    let (url, _) = raw_server(read_to_the_end);
    let silent = Ollama::new(&url, "gemma2:2b").unwrap();
    assert!(!silent.is_reachable(Duration::from_millis(300)).await);
}

#[actix::test]
async fn a_model_is_found_by_its_whole_name() {
    let server = MockServer::start().await;
    let tags = json!({"models": [{"name": "gemma2:2b", "size": 1}, {"name": "llama3.2:latest"}]});
    Mock::given(method("GET"))
        .and(path("/api/tags"))
        .respond_with(ResponseTemplate::new(200).set_body_json(tags))
        .mount(&server)
        .await;
    for (wanted, found) in [
        ("gemma2:2b", true),
        ("gemma2", false),
        ("gemma2:2", false),
        ("llama3.2", true),
        ("llama3", false),
    ] {
        let ollama = Ollama::new(&server.uri(), wanted).unwrap();
        assert_eq!(ollama.has_model(PATIENCE).await.unwrap(), found, "{wanted}");
    }
}

#[rstest]
#[case("llama3", "llama3:latest", true)]
#[case("Llama3", "llama3:latest", true)]
#[case("host:5000/me/model", "host:5000/me/model:latest", true)]
#[case("llama3", "llama3:8b", false)]
#[case("llama3:8b-q4", "llama3:8b", false)]
#[case("gemma2:27b", "gemma2:2b", false)]
#[case("me/gemma2:2b", "gemma2:2b", false)]
fn a_name_without_a_tag_means_latest(#[case] left: &str, #[case] right: &str, #[case] same: bool) {
    assert_eq!(is_same_model(left, right), same);
    assert_eq!(is_same_model(right, left), same);
}

#[test]
fn the_shown_address_holds_no_password() {
    let shown = |url| Ollama::new(url, "m").unwrap().shown_url();
    assert_eq!(
        shown("http://me:secret@gpu.lan:11434/"),
        "http://gpu.lan:11434"
    );
    assert_eq!(shown("http://gpu.lan:11434"), "http://gpu.lan:11434");
}
