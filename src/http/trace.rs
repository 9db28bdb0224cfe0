//! Request tracing: an id, a line in the log, and a 500 when the handler panics.

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

/// The longest request id accepted from a client, in characters.
const LONGEST_ID: usize = 64;

/// Routes that are polled every few seconds: successful requests are logged at DEBUG.
const POLLED: [&str; 2] = ["/api/v1/health", "/metrics"];

/// The number of characters logged of an unknown path.
const PATH_CHARACTERS: usize = 200;

/// Assigns the request id, logs the outcome, and turns a panic into a 500. The outermost middleware.
pub async fn trace(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let trace = Trace::begin(&request);
    request.extensions_mut().insert(trace.id.clone());
    // Whatever a panic leaves inconsistent belongs to this request alone.
    let answer = AssertUnwindSafe(async move { next.call(request).await });
    let error = match answer.catch_unwind().await {
        Ok(Ok(response)) => {
            let (request, response) = response.map_into_boxed_body().into_parts();
            return Ok(ServiceResponse::new(request, trace.end(response)));
        }
        Ok(Err(error)) => error,
        Err(panic) => ApiError::Panicked(Panic(panic_message(&*panic))).into(),
    };
    let sentence = error.to_string();
    let response = trace.end(HttpResponse::from_error(error));
    Err(InternalError::from_response(sentence, response).into())
}

/// The id of a request, in its response and in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RequestId(String);

impl RequestId {
    /// The client's id if it is safe to log, else a random one.
    fn of(header: Option<&HeaderValue>) -> Self {
        let given = header.and_then(|value| value.to_str().ok());
        Self(given.filter(|id| is_safe(id)).map_or_else(
            || format!("{:016x}", rand::random::<u64>()),
            ToOwned::to_owned,
        ))
    }
}

fn is_safe(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(is_plain)
}

/// A request in progress. Dropping it before its end means that the client disconnected.
struct Trace {
    id: RequestId,
    method: Method,
    /// The pattern of the route, or the path if no route matches.
    route: String,
    started: Instant,
    has_ended: bool,
}

impl Trace {
    fn begin(request: &ServiceRequest) -> Self {
        let route = request.match_pattern();
        Self {
            id: RequestId::of(request.headers().get(&HEADER)),
            method: request.method().clone(),
            route: route.unwrap_or_else(|| request.path().chars().take(PATH_CHARACTERS).collect()),
            started: Instant::now(),
            has_ended: false,
        }
    }

    /// Logs the response and adds the request id to it.
    fn end(mut self, mut response: HttpResponse) -> HttpResponse {
        self.has_ended = true;
        let (status, took_ms) = (response.status(), self.took_ms());
        let Self {
            id, method, route, ..
        } = &self;
        if status.is_server_error() {
            let error = cause(response.error());
            log::error!(
                request_id:% = id.0, method:%, route, took_ms, status = status.as_u16(), error;
                "request failed"
            );
            response = with_id_in_body(response, id);
        } else {
            let level = self.level(status);
            log::log!(
                level,
                request_id:% = id.0, method:%, route, took_ms, status = status.as_u16();
                "request answered"
            );
        }
        if let Ok(id) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(HEADER, id);
        }
        response
    }

    fn took_ms(&self) -> u128 {
        self.started.elapsed().as_millis()
    }

    fn level(&self, status: StatusCode) -> Level {
        if status.is_success() && POLLED.contains(&self.route.as_str()) {
            Level::Debug
        } else {
            Level::Info
        }
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if !self.has_ended {
            let took_ms = self.took_ms();
            let Self {
                id, method, route, ..
            } = self;
            log::info!(request_id:% = id.0, method:%, route:%, took_ms; "client disconnected before the response");
        }
    }
}

fn cause(error: Option<&Error>) -> String {
    let Some(error) = error else {
        return "not given by the handler".to_owned();
    };
    error
        .as_error::<ApiError>()
        .map_or_else(|| error.to_string(), |error| causes(error))
}

/// Adds the request id to the body of a 5xx. For middleware that turns the body into a stream, which [`trace`] cannot
/// change.
pub(super) fn name_failure(response: ServiceResponse) -> ServiceResponse {
    let (request, response) = response.into_parts();
    let id = request.extensions().get::<RequestId>().cloned();
    let response = match id {
        Some(id) if response.status().is_server_error() => with_id_in_body(response, &id),
        _ => response,
    };
    ServiceResponse::new(request, response)
}

/// Adds the request id to a JSON body, so that clients report it. A body that is not a JSON object was not written for
/// the client and is replaced. A streamed body is kept; the id is in the header.
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
    fields.insert("requestId".to_owned(), id.0.clone().into());
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
    fn a_safe_id_is_kept() {
        let longest = "x".repeat(LONGEST_ID);
        for id in ["7", "drive-7_b.2", longest.as_str()] {
            assert_eq!(id_of(id), id);
        }
    }

    #[test]
    fn an_id_that_is_not_safe_to_log_is_replaced() {
        let too_long = "x".repeat(LONGEST_ID + 1);
        for id in ["", "a b", "a\"b", "a=b", "ä", too_long.as_str()] {
            assert!(is_safe(&id_of(id)), "{id:?} became {:?}", id_of(id));
            assert_ne!(id_of(id), id);
        }
    }

    #[test]
    fn random_ids_differ() {
        assert_ne!(RequestId::of(None), RequestId::of(None));
    }

    #[test]
    fn a_body_that_is_not_json_is_replaced() {
        let id = RequestId("r1".to_owned());
        let response = HttpResponse::BadGateway().body("SELECT secret FROM devices");
        let body = with_id_in_body(response, &id).into_body();
        assert_eq!(
            body.try_into_bytes().unwrap(),
            r#"{"detail":"Internal server error","requestId":"r1"}"#
        );
    }

    #[test]
    fn a_json_body_keeps_its_fields() {
        let id = RequestId("r1".to_owned());
        let body = serde_json::json!({"detail": "Sync failed", "batchId": "b1"});
        let response = HttpResponse::InternalServerError().json(body);
        let body = with_id_in_body(response, &id).into_body();
        assert_eq!(
            body.try_into_bytes().unwrap(),
            r#"{"batchId":"b1","detail":"Sync failed","requestId":"r1"}"#
        );
    }
}
