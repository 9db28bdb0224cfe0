//! The whole API on one screen.

use std::future::ready;

use actix::Addr;
use actix_web::dev::HttpServiceFactory;
use actix_web::http::Method;
use actix_web::http::header::Allow;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Route};
use actors::admission::Admission;
use actors::analysis::AnalysisActor;
use actors::backup::BackupActor;
use actors::byte_budget::ByteBudget;
use actors::fair_admission::FairAdmission;
use actors::health::{Connections, HealthActor, RefusedClients};
use actors::sync::SyncActor;

mod analysis;
mod auth;
mod backup;
mod bodies;
mod body;
mod diagnosis;
mod docs;
mod drives;
mod error;
mod fields;
mod health;
mod linger;
mod metrics;
mod ping;
mod query;
mod schemas;
mod server;
mod sync;
mod trace;
mod turn;

pub use auth::ApiKey;
pub(crate) use backup::{BackupList, block_list_bytes};
pub(crate) use diagnosis::DiagnosedDrive;
pub use docs::document;
pub(crate) use drives::DriveList;
pub use metrics::{RequestMetrics, measure};
pub use server::serve;
pub(crate) use sync::status::SyncStatus;
pub use trace::trace;

/// What handlers use: the addresses of the actors, and the admission in front of each.
pub struct State {
    /// The shared key.
    pub api_key: ApiKey,
    /// Stores batches.
    pub sync: Addr<SyncActor>,
    /// Admission of batches.
    pub batches: FairAdmission,
    /// Admission of look-ups of unknown keys: requests without a valid key must not take the connections of batches.
    pub key_lookups: Admission,
    /// The memory for the bodies of batches.
    pub batch_memory: ByteBudget,
    /// The largest batch that is taken.
    pub max_sync_payload_bytes: usize,
    /// Keeps backups.
    pub backups: Addr<BackupActor>,
    /// Admission of uploads.
    pub uploads: Admission,
    /// The memory for the lists of blocks of uploads.
    pub backup_memory: ByteBudget,
    /// The largest backup that is taken.
    pub max_backup_bytes: u64,
    /// Has drives analysed.
    pub analysis: Addr<AnalysisActor>,
    /// Admission of analyses.
    pub analyses: Admission,
    /// Admission of look-ups of analyses.
    pub analysis_lookups: Admission,
    /// The memory for the bodies that ask for an analysis.
    pub analysis_memory: ByteBudget,
    /// Knows how everything is.
    pub health: Addr<HealthActor>,
    /// Clients whose requests are refused.
    pub refused_clients: RefusedClients,
    /// Open connections of clients, and their limit.
    pub connections: Connections,
    /// Counts requests.
    pub request_metrics: RequestMetrics,
}

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Clients with a key.
    Key,
    /// All clients.
    Open,
}

/// One line of the API.
pub struct Endpoint {
    /// Its method.
    pub method: Method,
    /// Its path, with `{names}` for the parts that vary.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// The parameters of its query.
    pub query: &'static [&'static str],
    handler: fn(Route) -> Route,
}

impl Endpoint {
    fn with_query(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }

    /// Its path as the OpenAPI document has it: a name says nothing of what it may match.
    pub fn documented_path(&self) -> String {
        self.path.replace(":.*}", "}")
    }
}

impl Endpoint {
    /// The methods it answers: HEAD wherever GET is.
    fn methods(&self) -> Vec<Method> {
        let head = (self.method == Method::GET).then_some(Method::HEAD);
        [self.method.clone()].into_iter().chain(head).collect()
    }
}

/// Every endpoint of the server. There is no other way to add one. Those of one path are adjacent.
pub fn endpoints() -> Vec<Endpoint> {
    use Access::{Key, Open};
    let endpoint = |method, path, access, handler| Endpoint {
        method,
        path,
        access,
        query: &[],
        handler,
    };
    let get = |path, access, handler| endpoint(Method::GET, path, access, handler);
    let post = |path, access, handler| endpoint(Method::POST, path, access, handler);
    let upload =
        |method, handler| endpoint(method, "/api/v1/backup/uploads/{uploadId}", Key, handler);
    vec![
        post("/api/v1/sync", Key, |route| route.to(sync::store_batch)),
        get("/api/v1/sync/status", Key, |route| {
            route.to(sync::status::sync_status)
        })
        .with_query(&["deviceId"]),
        post("/api/v1/analyze", Key, |route| {
            route.to(analysis::analyze_drive)
        }),
        get("/api/v1/analyses", Key, |route| {
            route.to(analysis::list_analyses)
        })
        .with_query(&["deviceId", "status", "from", "to", "cursor", "limit"]),
        get("/api/v1/analyses/{analysisId}", Key, |route| {
            route.to(analysis::find_analysis)
        }),
        get("/api/v1/drives", Key, |route| route.to(drives::list_drives))
            .with_query(&["deviceId", "from", "to", "cursor", "limit"]),
        get("/api/v1/drives/{drive}", Key, |route| {
            route.to(diagnosis::find_diagnosis)
        }),
        get("/api/v1/drives/{drive}/report", Key, |route| {
            route.to(diagnosis::report_drive)
        }),
        post("/api/v1/backup", Key, |route| {
            route.to(backup::store_backup)
        }),
        post("/api/v1/backup/uploads", Key, |route| {
            route.to(backup::uploads::create_upload)
        })
        .with_query(&["deviceId", "type", "filename"]),
        upload(Method::HEAD, |route| route.to(backup::uploads::find_upload)),
        upload(Method::PATCH, |route| {
            route.to(backup::uploads::append_upload)
        }),
        upload(Method::DELETE, |route| {
            route.to(backup::uploads::cancel_upload)
        }),
        get("/api/v1/backups", Key, |route| {
            route.to(backup::list_backups)
        })
        .with_query(&["deviceId", "type"]),
        get(
            "/api/v1/backups/{deviceId}/{type}/{filename}",
            Key,
            |route| route.to(backup::download_backup),
        ),
        get("/api/v1/health", Open, |route| {
            route.to(health::check_health)
        }),
        get("/api/v1/ping", Open, |route| route.to(ping::ping)),
        get("/metrics", Open, |route| route.to(metrics::collect)),
        get("/openapi.json", Open, |route| route.to(docs::openapi_json)),
        get("/docs", Open, |route| route.to(docs::to_page)),
        get("/docs/{file:.*}", Open, |route| route.to(docs::page)),
    ]
}

/// Registers all endpoints.
pub fn configure(config: &mut ServiceConfig) {
    for of_path in endpoints().chunk_by(|one, other| one.path == other.path) {
        config.service(resource(of_path));
    }
    config.default_service(web::to(not_found));
}

/// The endpoints of one path, which have the same access.
fn resource(endpoints: &[Endpoint]) -> impl HttpServiceFactory + use<> {
    let allowed: Vec<Method> = endpoints.iter().flat_map(Endpoint::methods).collect();
    let path = endpoints.first().map_or("", |endpoint| endpoint.path);
    let needs_key = endpoints
        .iter()
        .any(|endpoint| endpoint.access == Access::Key);
    let mut resource = web::resource(path);
    for endpoint in endpoints {
        let known = endpoint.query;
        for method in endpoint.methods() {
            let route = (endpoint.handler)(web::method(method));
            resource = resource.route(match endpoint.access {
                Access::Key => route.wrap(from_fn(move |request, next| {
                    query::refuse_unknown(known, request, next)
                })),
                // What is open to all is asked for by programs that add parameters of their own.
                Access::Open => route,
            });
        }
    }
    resource
        .wrap(Condition::new(needs_key, from_fn(auth::require_key)))
        .wrap(from_fn(linger::read_on))
        .default_service(web::to(move || ready(method_not_allowed(&allowed))))
}

async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().json(bodies::Detail::new("Not Found"))
}

fn method_not_allowed(allowed: &[Method]) -> HttpResponse {
    HttpResponse::MethodNotAllowed()
        .insert_header(Allow(allowed.to_vec()))
        .json(bodies::Detail::new("Method Not Allowed"))
}
