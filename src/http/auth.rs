//! API keys: the shared one, and those that belong to a device. Checked before a byte of the body is read.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, web};
use actors::device_id::DeviceId;
use actors::sync::{IdentifyKey, KeyHolder};
use ring::{digest, hmac, rand};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;

use super::State;
use super::error::ApiError;
use crate::hex::hex;

const HEADER: &str = "X-API-Key";

/// How long a request waits for its key's turn to be looked up, before its sender is asked to come again.
const TURN_LIMIT: Duration = Duration::from_secs(5);

/// The shared key, in a form that can be compared in constant time and gives nothing away.
pub struct ApiKey {
    /// Lives as long as the process.
    secret: hmac::Key,
    tag: hmac::Tag,
}

impl ApiKey {
    /// Forgets the key itself.
    pub fn new(key: &SecretString) -> Self {
        let random = rand::SystemRandom::new();
        let secret = hmac::Key::generate(hmac::HMAC_SHA256, &random)
            // Without random numbers the key itself has to do: comparing stays constant in time.
            .unwrap_or_else(|_| hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret().as_bytes()));
        let tag = hmac::sign(&secret, sha256(key.expose_secret()).as_ref());
        Self { secret, tag }
    }

    /// Takes the same time whatever is offered.
    fn is(&self, offered: &digest::Digest) -> bool {
        hmac::verify(&self.secret, offered.as_ref(), self.tag.as_ref()).is_ok()
    }
}

fn sha256(key: &str) -> digest::Digest {
    digest::digest(&digest::SHA256, key.as_bytes())
}

/// Lets a request with a key pass, with the key's [`KeyHolder`] among its extensions.
pub(super) async fn require_key(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let key = request.headers().get(HEADER).ok_or(ApiError::MissingKey)?;
    let offered = digest::digest(&digest::SHA256, key.as_bytes());
    let state = request
        .app_data::<web::Data<State>>()
        .ok_or(ApiError::Internal)?;
    let holder = if state.api_key.is(&offered) {
        KeyHolder::Owner
    } else {
        let sha256 = hex(offered.as_ref());
        let turn = timeout(TURN_LIMIT, state.key_lookups.enter())
            .await
            .map_err(|_| ApiError::Busy)?
            .map_err(ApiError::from)?;
        let device = state
            .sync
            .send(IdentifyKey { sha256, turn })
            .await
            .map_err(ApiError::from)?;
        KeyHolder::Device(
            device
                .map_err(ApiError::KeyLookup)?
                .ok_or(ApiError::InvalidKey)?,
        )
    };
    request.extensions_mut().insert(holder);
    next.call(request).await
}

/// The device that a request may be about: with a device's own key it is that device.
pub(super) fn within(
    sender: &KeyHolder,
    wanted: Option<DeviceId>,
) -> Result<Option<DeviceId>, ApiError> {
    match (sender, wanted) {
        (KeyHolder::Owner, wanted) => Ok(wanted),
        (KeyHolder::Device(own), None) => Ok(Some(own.clone())),
        (KeyHolder::Device(own), Some(wanted)) if *own == wanted => Ok(Some(wanted)),
        (KeyHolder::Device(_), Some(_)) => Err(ApiError::ForeignDevice),
    }
}
