//! API keys: the shared key and per-device keys. A key is checked before the first byte of the body is read.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, web};
use actors::device_id::DeviceId;
use actors::sync::{IdentifyKey, KeyHolder};
use ring::{digest, hmac, rand};
use secrecy::{ExposeSecret as _, SecretString};

use super::error::ApiError;
use super::{State, turn};
use crate::hex::hex;

const HEADER: &str = "X-API-Key";

/// The shared key as an HMAC tag, which is compared in constant time and does not reveal the key.
pub struct ApiKey {
    /// Lives as long as the process.
    secret: hmac::Key,
    tag: hmac::Tag,
}

impl ApiKey {
    /// Keeps a tag of the key, not the key.
    pub fn new(key: &SecretString) -> Self {
        let random = rand::SystemRandom::new();
        let secret = hmac::Key::generate(hmac::HMAC_SHA256, &random)
            // Without a random number generator the key signs itself: the comparison still takes constant time.
            .unwrap_or_else(|_| hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret().as_bytes()));
        let tag = hmac::sign(&secret, sha256(key.expose_secret()).as_ref());
        Self { secret, tag }
    }

    /// Takes the same time for every offered key.
    fn is(&self, offered: &digest::Digest) -> bool {
        hmac::verify(&self.secret, offered.as_ref(), self.tag.as_ref()).is_ok()
    }
}

fn sha256(key: &str) -> digest::Digest {
    digest::digest(&digest::SHA256, key.as_bytes())
}

/// Admits requests with a valid key and adds the key's [`KeyHolder`] to their extensions; others get 401.
pub(super) async fn require_key(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let state = request
        .app_data::<web::Data<State>>()
        .ok_or(ApiError::Internal)?;
    let holder = identify(request.headers(), state).await?;
    request.extensions_mut().insert(holder);
    next.call(request).await
}

/// Whose key a request has, from its headers.
pub(super) async fn identify(headers: &HeaderMap, state: &State) -> Result<KeyHolder, ApiError> {
    let key = headers.get(HEADER).ok_or(ApiError::MissingKey)?;
    let offered = digest::digest(&digest::SHA256, key.as_bytes());
    if state.api_key.is(&offered) {
        return Ok(KeyHolder::Owner);
    }
    let sha256 = hex(offered.as_ref());
    let turn = turn::take(&state.key_lookups).await?;
    let device = state.sync.send(IdentifyKey { sha256, turn }).await?;
    let device = device.map_err(ApiError::KeyLookup)?;
    Ok(KeyHolder::Device(device.ok_or(ApiError::InvalidKey)?))
}

/// Restricts a request to the devices its key is valid for: a device's own key is valid for that device only.
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
