//! Delivers early responses to clients that are still sending.
//!
//! Most clients send their whole body before they read the response. Closing the connection early
//! turns a refusal into a reset, and the reason is lost. So the response is sent at once, and the
//! rest of the body is then read and discarded.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::time::timeout;

use super::body::SILENCE_LIMIT;
use super::trace;

/// How long a client may continue sending after the response.
const LINGER_LIMIT: Duration = Duration::from_mins(5);

/// Keeps the connection open until the end of the request's body, after the response was sent.
pub(super) async fn read_on(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let body = match request.take_payload() {
        Payload::None => return Ok(next.call(request).await?.map_into_boxed_body()),
        payload => RequestBody::new(payload),
    };
    let stream = Box::pin(body.clone());
    request.set_payload(Payload::Stream { payload: stream });
    let http_request = request.request().clone();
    let response = match next.call(request).await {
        Ok(response) => response.map_into_boxed_body(),
        Err(error) => ServiceResponse::from_err(error, http_request),
    };
    let response = trace::name_failure(response);
    if body.has_ended() || response.status() == StatusCode::REQUEST_TIMEOUT {
        return Ok(response);
    }
    Ok(response.map_body(|_, answer| {
        BoxBody::new(Lingering {
            answer,
            is_given: false,
            rest: Box::pin(body.discard()),
        })
    }))
}

/// A request's body, read first by the handler and then by the response.
#[derive(Clone)]
struct RequestBody(Rc<RefCell<Source>>);

struct Source {
    payload: Payload,
    has_ended: bool,
}

impl RequestBody {
    fn new(payload: Payload) -> Self {
        Self(Rc::new(RefCell::new(Source {
            payload,
            has_ended: false,
        })))
    }

    fn has_ended(&self) -> bool {
        self.0.borrow().has_ended
    }

    /// Reads the rest until its end or until the client is silent.
    async fn discard(mut self) {
        let all =
            async { while let Ok(Some(Ok(_))) = timeout(SILENCE_LIMIT, self.next()).await {} };
        // A client that sends for longer is disconnected.
        let _ = timeout(LINGER_LIMIT, all).await;
    }
}

impl Stream for RequestBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut source = self.0.borrow_mut();
        if source.has_ended {
            return Poll::Ready(None);
        }
        let chunk = ready!(source.payload.poll_next_unpin(context));
        source.has_ended = !matches!(chunk, Some(Ok(_)));
        Poll::Ready(chunk)
    }
}

/// A response body that is sent at once but ends with the request's body.
struct Lingering {
    answer: BoxBody,
    is_given: bool,
    rest: Pin<Box<dyn Future<Output = ()>>>,
}

impl MessageBody for Lingering {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.answer.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        if !this.is_given {
            if let Some(chunk) = ready!(Pin::new(&mut this.answer).poll_next(context)) {
                return Poll::Ready(Some(chunk));
            }
            this.is_given = true;
        }
        ready!(this.rest.as_mut().poll(context));
        Poll::Ready(None)
    }
}
