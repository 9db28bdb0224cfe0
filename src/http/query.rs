//! Refuses parameters of a query that its endpoint does not have: a misspelt filter would otherwise show everything.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use actors::problem::{Fault, Problems, Step};

use super::error::ApiError;

/// Answers a request with 422 that has another parameter than those in `known`.
pub(super) async fn refuse_unknown(
    known: &'static [&'static str],
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string())?;
    let mut problems = Problems::default();
    for (name, value) in query.into_inner() {
        if !known.contains(&name.as_str()) {
            let fault = Fault::new(
                "extra_forbidden",
                "Extra inputs are not permitted",
                &value.into(),
            );
            problems.push(fault.at(vec!["query".into(), Step::named(&name)]));
        }
    }
    if problems.is_empty() {
        next.call(request).await
    } else {
        Err(ApiError::Invalid(problems.into_vec()).into())
    }
}
