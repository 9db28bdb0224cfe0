//! `GET /metrics`, and the metrics of requests.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};
use actors::clock;
use actors::health::CollectMetrics;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::time::timeout;

use super::State;
use super::error::ApiError;

type Labels<const N: usize> = [(&'static str, String); N];

/// The health actor answers at once unless it is restarting.
const ANSWER_LIMIT: Duration = Duration::from_secs(4);

/// The media type of the `OpenMetrics` text format.
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The route label of unknown paths.
const NO_ROUTE: &str = "none";

const SECONDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0,
];

/// Metrics of requests. Label values are bounded: routes are patterns, not paths.
pub struct RequestMetrics {
    registry: Registry,
    requests: Family<Labels<3>, Counter>,
    seconds: Family<Labels<2>, Histogram, fn() -> Histogram>,
}

impl Default for RequestMetrics {
    fn default() -> Self {
        let requests = Family::default();
        let seconds: Family<_, _, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(SECONDS));
        let mut registry = Registry::with_prefix("eclipse_ai_http");
        registry.register(
            "requests",
            "Answered requests, by method, route and status",
            requests.clone(),
        );
        registry.register(
            "request_duration_seconds",
            "Time from the head of a request to the head of its response",
            seconds.clone(),
        );
        Self {
            registry,
            requests,
            seconds,
        }
    }
}

impl RequestMetrics {
    fn count(&self, route: [(&'static str, String); 2], status: u16, started: Instant) {
        self.seconds
            .get_or_create(&route)
            .observe(started.elapsed().as_secs_f64());
        let [method, route] = route;
        let labels = [method, route, ("status", status.to_string())];
        self.requests.get_or_create(&labels).inc();
    }
}

/// Counts a request once it is answered. The outermost middleware.
pub async fn measure(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let state = request.app_data::<web::Data<State>>().cloned();
    let route = [
        ("method", method(request.method()).to_owned()),
        (
            "route",
            request
                .match_pattern()
                .unwrap_or_else(|| NO_ROUTE.to_owned()),
        ),
    ];
    let peer = request.peer_addr().map(|peer| peer.ip());
    let answer = next.call(request).await;
    let (status, error) = match &answer {
        Ok(response) => (response.status(), response.response().error()),
        Err(error) => (error.as_response_error().status_code(), Some(error)),
    };
    if let Some(state) = state {
        if let Some(peer) = peer {
            note_refusal(&state, peer, &route, status, error);
        }
        state.request_metrics.count(route, status.as_u16(), started);
    }
    answer
}

/// Keeps track of clients whose requests are refused before an actor sees them: a wrong key, a body that is too large.
fn note_refusal(
    state: &State,
    peer: IpAddr,
    route: &[(&str, String); 2],
    status: StatusCode,
    error: Option<&Error>,
) {
    let [(_, method), (_, pattern)] = route;
    let route = format!("{method} {pattern}");
    match status {
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            let reason = error.map_or_else(|| status.to_string(), ToString::to_string);
            let clients = &state.refused_clients;
            clients.refuse(peer, &route, reason, clock::now());
        }
        status if status.is_success() => state.refused_clients.accept(peer, &route),
        _ => {}
    }
}

/// Clients can send any method name, so only known ones become label values.
fn method(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::POST
        | Method::HEAD
        | Method::OPTIONS
        | Method::PUT
        | Method::DELETE => method.as_str(),
        _ => "other",
    }
}

/// Metrics for Prometheus
///
/// Rows, batches, analyses, uploads, queues and requests. `docs/operations.md` describes each.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "Service",
    responses((status = 200, description = "All metrics in the OpenMetrics text format.", body = String, content_type = "application/openmetrics-text")),
)]
pub(super) async fn collect(state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let of_actors = timeout(ANSWER_LIMIT, state.health.send(CollectMetrics));
    let of_actors = of_actors.await.map_err(|_| ApiError::Busy)??;
    let text = exposition(&state.request_metrics.registry, of_actors);
    Ok(HttpResponse::Ok()
        .content_type(MEDIA_TYPE)
        .body(text.map_err(|_| ApiError::Internal)?))
}

fn exposition(
    requests: &Registry,
    of_actors: Result<String, fmt::Error>,
) -> Result<String, fmt::Error> {
    let mut text = of_actors?;
    encode_registry(&mut text, requests)?;
    encode_eof(&mut text)?;
    Ok(text)
}
