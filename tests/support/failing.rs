//! Parts of the server that fail on demand, through messages that only tests have, and
//! routes that send them to the actors of a process started for this.

use std::process::Command;

use actix::{
    Actor, ActorContext as _, Addr, AtomicResponse, Context, Handler, Message, ResponseActFuture,
    WrapFuture as _,
};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use actors::analysis::AnalysisActor;
use actors::backup::BackupActor;
use actors::health::HealthActor;
use actors::runtime::blocking;
use actors::sync::SyncActor;
use eclipse_ai_server::config::Settings;
use eclipse_ai_server::http::State;
use eclipse_ai_server::{app, cli, logging};

use super::ServerProcess;

/// Set for a process that runs the server instead of the tests.
const MARK: &str = "SERVER_THAT_FAILS_ON_DEMAND";

/// The kinds of failure of an actor.
pub(crate) const FAILURES: [&str; 5] = [
    "in-handler",
    "in-future",
    "in-atomic",
    "in-blocking-work",
    "by-stopping",
];

impl ServerProcess {
    /// The server, with `POST /fail/handler` and `POST /fail/{actor}/{failure}` for all [`FAILURES`].
    pub(crate) async fn start_failing(database_url: &str, variables: &[(&str, &str)]) -> Self {
        let mut tests = Command::new(std::env::current_exe().unwrap());
        tests
            .args([
                "support::failing::the_server_that_fails",
                "--exact",
                "--nocapture",
            ])
            .env(MARK, "yes");
        Self::run(tests, database_url, variables).await
    }
}

/// No test: the entry point of the process that [`ServerProcess::start_failing`] starts.
#[test]
fn the_server_that_fails() {
    if std::env::var_os(MARK).is_none() {
        return;
    }
    let settings = Settings::load().unwrap();
    logging::start(settings.log_level);
    let outcome = app::serve_with(&settings, routes);
    let exit_code = cli::exit_code(outcome.map_err(Into::into));
    std::process::exit(i32::from(exit_code != std::process::ExitCode::SUCCESS));
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/fail/handler", web::post().to(fail_in_http_handler))
        .route("/fail/{actor}/{failure}", web::post().to(fail_in_actor));
}

async fn fail_in_http_handler() -> HttpResponse {
    panic!("boom in the HTTP handler")
}

async fn fail_in_actor(
    state: web::Data<State>,
    path: web::Path<(String, String)>,
) -> impl Responder {
    let (actor, failure) = path.into_inner();
    let outcome = match actor.as_str() {
        "sync" => fail(&state.sync, failure).await,
        "backup" => fail(&state.backups, failure).await,
        "health" => fail(&state.health, failure).await,
        "analysis" => fail(&state.analysis, failure).await,
        _ => panic!("there is no actor {actor}"),
    };
    assert!(outcome.is_err(), "the actor {actor} has not failed");
    "it has failed"
}

async fn fail<A>(actor: &Addr<A>, failure: String) -> Result<(), actix::MailboxError>
where
    A: Handler<Fail> + Handler<FailInAtomic> + Actor<Context = Context<A>>,
{
    match failure.as_str() {
        "in-atomic" => actor.send(FailInAtomic).await,
        _ => actor.send(Fail(failure)).await,
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Fail(String);

#[derive(Message)]
#[rtype(result = "()")]
struct FailInAtomic;

macro_rules! fails_on_demand {
    ($($actor:ty),*) => {$(
        impl Handler<Fail> for $actor {
            type Result = ResponseActFuture<Self, ()>;

            fn handle(&mut self, Fail(failure): Fail, context: &mut Self::Context) -> Self::Result {
                match failure.as_str() {
                    "in-handler" => panic!("boom in-handler"),
                    "by-stopping" => context.stop(),
                    _ => {}
                }
                let work = async move {
                    match failure.as_str() {
                        "in-future" => panic!("boom in-future"),
                        "in-blocking-work" => blocking(|| panic!("boom in-blocking-work")).await,
                        _ => std::future::pending().await,
                    }
                };
                Box::pin(work.into_actor(self))
            }
        }

        impl Handler<FailInAtomic> for $actor {
            type Result = AtomicResponse<Self, ()>;

            fn handle(&mut self, _: FailInAtomic, _: &mut Self::Context) -> Self::Result {
                let work = async { panic!("boom in-atomic") };
                AtomicResponse::new(Box::pin(work.into_actor(self)))
            }
        }
    )*};
}

fails_on_demand!(SyncActor, BackupActor, HealthActor, AnalysisActor);
