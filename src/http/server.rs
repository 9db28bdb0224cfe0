//! The HTTP server. A client that announces its body with `Expect: 100-continue` gets `100 Continue` only with a valid key.
//!
//! actix-web's own `HttpServer` sends `100 Continue` before the application sees the request, so the service is built here.

use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use actix_http::{HttpService, Request, Response};
use actix_rt::net::TcpStream;
use actix_service::{IntoServiceFactory, fn_factory, fn_service, map_config};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{AppConfig, Extensions, Server, Service, ServiceFactory, ServiceResponse};
use actix_web::{Error, web};

use super::{State, auth};

/// How long a client may take for the head of a request, and for closing a connection.
const HEAD_LIMIT: Duration = Duration::from_secs(5);
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// Serves an application on a listening socket, with some threads. At the end, requests in flight have `drain_seconds`.
pub fn serve<A, I, S, B>(
    listener: TcpListener,
    drain_seconds: u64,
    state: &web::Data<State>,
    app: A,
) -> io::Result<Server>
where
    A: Fn() -> I + Clone + Send + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let builder = Server::build()
        .workers(threads)
        .max_concurrent_connections(state.connections.limit().div_ceil(threads))
        .disable_signals()
        .shutdown_timeout(drain_seconds);
    let stopping = builder.graceful_shutdown_signal();
    let state = state.clone();
    let builder = builder.listen("http", listener, move || {
        let (stopping, state, app) = (stopping.clone(), state.clone(), app.clone());
        let connections = state.connections.clone();
        let service = map_config(app(), |()| AppConfig::default());
        HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .client_request_timeout(HEAD_LIMIT)
            .client_disconnect_timeout(CLOSE_LIMIT)
            .on_connect_ext(move |_: &TcpStream, data: &mut Extensions| {
                data.insert(connections.open(Instant::now()));
            })
            // Otherwise the work for a client that has disconnected continues and keeps its turn.
            .h1_allow_half_closed(false)
            .expect(fn_factory(move || expectation(app(), state.clone())))
            .finish(service)
            .tcp()
    })?;
    Ok(builder.run())
}

/// Lets requests with a valid key continue. The application answers all others at once.
async fn expectation<S, B>(
    app: impl IntoServiceFactory<S, Request>,
    state: web::Data<State>,
) -> Result<impl Service<Request, Response = Request, Error = Response<BoxBody>>, ()>
where
    S: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let app = app.into_factory().new_service(AppConfig::default()).await?;
    let app = Rc::new(app);
    Ok(fn_service(move |request: Request| {
        let (app, state) = (Rc::clone(&app), state.clone());
        async move {
            if auth::identify(&request.head().headers, &state)
                .await
                .is_ok()
            {
                return Ok(request);
            }
            Err(match app.call(request).await {
                Ok(response) => Response::from(response).map_body(|_, body| BoxBody::new(body)),
                Err(error) => error.into(),
            })
        }
    }))
}
