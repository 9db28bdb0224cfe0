//! The parts of a form, as they arrive.
//!
//! The parser buffers what belongs together, such as the headers of a part, and sets no limit to it. So the source ends
//! with an error when too much has been read without a result.

use std::cell::Cell;
use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Payload;
use bytes::Bytes;
use futures_util::StreamExt as _;
use multer::{Error, Field, Multipart};
use send_wrapper::SendWrapper;

use crate::http::error::ApiError;

/// Headers, or the bytes around a boundary: with the blocks that the HTTP server reads at a time, far less is needed.
const BUFFER_MAX_BYTES: usize = 1024 * 1024;

/// The parts of one form.
pub(super) struct Parts {
    parser: Multipart<'static>,
    /// Bytes read since the last part or chunk of one.
    buffered: Rc<Cell<usize>>,
}

impl Parts {
    /// `None` if the request has another content type than a form's.
    pub(super) fn of(request: &HttpRequest, payload: Payload) -> Result<Option<Self>, ApiError> {
        let content_type = request.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let boundary = match multer::parse_boundary(content_type.unwrap_or_default()) {
            Err(Error::NoMultipart | Error::DecodeContentType(_)) => return Ok(None),
            boundary => boundary?,
        };
        let buffered = Rc::new(Cell::new(0));
        let count = Rc::clone(&buffered);
        let source = payload.map(move |chunk| {
            let chunk = chunk?;
            count.set(count.get() + chunk.len());
            if count.get() > BUFFER_MAX_BYTES {
                return Err(PayloadError::Overflow);
            }
            Ok(chunk)
        });
        Ok(Some(Self {
            // A request is read by the thread that accepted it.
            parser: Multipart::new(SendWrapper::new(source), boundary),
            buffered,
        }))
    }

    /// The next part. The one before must have been read to its end.
    pub(super) async fn next(&mut self) -> Result<Option<Field<'static>>, ApiError> {
        let field = self.parser.next_field().await;
        self.buffered.set(0);
        Ok(field?)
    }

    /// The next bytes of a part.
    pub(super) async fn chunk(
        &self,
        field: &mut Field<'static>,
    ) -> Result<Option<Bytes>, ApiError> {
        let chunk = field.chunk().await;
        self.buffered.set(0);
        Ok(chunk?)
    }
}
