//! What every request has: an id, a line in the log, and an answer even when its handler panics.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse};
use actors::{causes, panic_message};
use futures_util::FutureExt as _;
use log::Level;
use serde_json::{Map, Value};

use super::error::{ApiError, Panic};

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over from a client, in characters.
const LONGEST_ID: usize = 64;

/// What programs ask for every few seconds; as long as all is well, the log need not say so.
const POLLED: [&str; 2] = ["/api/v1/health", "/metrics"];

/// How much is logged of a path that no route has.
const PATH_CHARACTERS: usize = 200;

/// Gives a request its id, logs how it ended, and turns a panic into an answer. To be wrapped around everything else.
pub async fn trace(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let trace = Trace::begin(&request);
    request.extensions_mut().insert(trace.id.clone());
    // What a panic leaves half done belongs to this request alone, which is over.
    let answer = AssertUnwindSafe(async move { next.call(request).await });
    let error = match answer.catch_unwind().await {
        Ok(Ok(response)) => {
            let (request, response) = response.map_into_boxed_body().into_parts();
            return Ok(ServiceResponse::new(request, trace.end(response)));
        }
        Ok(Err(error)) => error,
        Err(panic) => ApiError::Panicked(Panic(panic_message(&*panic))).into(),
    };
    let response = trace.end(HttpResponse::from_error(error));
    Err(InternalError::from_response("answered", response).into())
}

/// A request's name, in its answer and in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RequestId(String);

impl RequestId {
    /// The client's own, if that can do no harm in a log; else a random one.
    fn of(header: Option<&HeaderValue>) -> Self {
        let given = header.and_then(|value| value.to_str().ok());
        Self(given.filter(|id| is_sane(id)).map_or_else(
            || format!("{:016x}", rand::random::<u64>()),
            ToOwned::to_owned,
        ))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_sane(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(is_plain)
}

/// A request on its way to its line in the log. Dropped before its end, it was left by its client.
struct Trace {
    id: RequestId,
    method: Method,
    /// The pattern of its route; where it has none, its path.
    route: String,
    began: Instant,
    has_ended: bool,
}

impl Trace {
    fn begin(request: &ServiceRequest) -> Self {
        let route = request.match_pattern();
        Self {
            id: RequestId::of(request.headers().get(&HEADER)),
            method: request.method().clone(),
            route: route.unwrap_or_else(|| request.path().chars().take(PATH_CHARACTERS).collect()),
            began: Instant::now(),
            has_ended: false,
        }
    }

    /// Logs the answer, and puts the id into it.
    fn end(mut self, mut response: HttpResponse) -> HttpResponse {
        self.has_ended = true;
        let status = response.status();
        if status.is_server_error() {
            let cause = cause(response.error());
            log::error!(
                "request failed {self} status={} cause={cause:?}",
                status.as_u16()
            );
            response = with_id_in_body(response, &self.id);
        } else {
            let level = self.level(status);
            log::log!(
                level,
                "request is answered {self} status={}",
                status.as_u16()
            );
        }
        if let Ok(id) = HeaderValue::from_str(&self.id.0) {
            response.headers_mut().insert(HEADER, id);
        }
        response
    }

    fn level(&self, status: StatusCode) -> Level {
        if status.is_success() && POLLED.contains(&self.route.as_str()) {
            Level::Debug
        } else {
            Level::Info
        }
    }
}

/// The fields that every line about a request has.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id, method, route, ..
        } = self;
        let took_ms = self.began.elapsed().as_millis();
        write!(
            f,
            "request_id={id} method={method} route={route} took_ms={took_ms}"
        )
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if !self.has_ended {
            log::info!("request is left by its client {self}");
        }
    }
}

fn cause(error: Option<&Error>) -> String {
    let Some(error) = error else {
        return "not told by the handler".to_owned();
    };
    error
        .as_error::<ApiError>()
        .map_or_else(|| error.to_string(), |error| causes(error))
}

/// Puts the request's id into the body of a failure. For what makes a stream of a body, which is out of reach then.
pub(super) fn name_failure(response: ServiceResponse) -> ServiceResponse {
    let (request, response) = response.into_parts();
    let id = request.extensions().get::<RequestId>().cloned();
    let response = match id {
        Some(id) if response.status().is_server_error() => with_id_in_body(response, &id),
        _ => response,
    };
    ServiceResponse::new(request, response)
}

/// A client that reports a failure reports its id with it. What is no JSON object gives way to one: it was not
/// written for the client. An answer that is sent piece by piece keeps its body; the id is in its header.
fn with_id_in_body(response: HttpResponse, id: &RequestId) -> HttpResponse {
    let (mut response, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(body) => body,
        Err(stream) => return response.set_body(stream),
    };
    let mut fields = json_object(&body).unwrap_or_else(|| {
        let sentence = ApiError::Internal.to_string();
        Map::from_iter([("detail".to_owned(), sentence.into())])
    });
    fields.insert("requestId".to_owned(), id.to_string().into());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response.set_body(BoxBody::new(Value::Object(fields).to_string()))
}

fn json_object(body: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(given: &str) -> String {
        let header = HeaderValue::from_str(given).unwrap();
        RequestId::of(Some(&header)).0
    }

    #[test]
    fn a_sane_id_is_taken_over() {
        let longest = "x".repeat(LONGEST_ID);
        for id in ["7", "drive-7_b.2", longest.as_str()] {
            assert_eq!(id_of(id), id);
        }
    }

    #[test]
    fn what_could_confuse_a_log_is_replaced() {
        let too_long = "x".repeat(LONGEST_ID + 1);
        for id in ["", "a b", "a\"b", "a=b", "ä", too_long.as_str()] {
            assert!(is_sane(&id_of(id)), "{id:?} became {:?}", id_of(id));
            assert_ne!(id_of(id), id);
        }
    }

    #[test]
    fn no_two_requests_are_given_the_same_id() {
        assert_ne!(RequestId::of(None), RequestId::of(None));
    }

    #[test]
    fn a_body_that_was_not_written_for_the_client_is_replaced() {
        let id = RequestId("r1".to_owned());
        let response = HttpResponse::BadGateway().body("SELECT secret FROM devices");
        let body = with_id_in_body(response, &id).into_body();
        assert_eq!(
            body.try_into_bytes().unwrap(),
            r#"{"detail":"Internal server error","requestId":"r1"}"#
        );
    }

    #[test]
    fn a_body_keeps_what_it_says() {
        let id = RequestId("r1".to_owned());
        let told = serde_json::json!({"detail": "Sync failed", "batchId": "b1"});
        let response = HttpResponse::InternalServerError().json(told);
        let body = with_id_in_body(response, &id).into_body();
        assert_eq!(
            body.try_into_bytes().unwrap(),
            r#"{"batchId":"b1","detail":"Sync failed","requestId":"r1"}"#
        );
    }
}
