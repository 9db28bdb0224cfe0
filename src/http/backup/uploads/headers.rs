//! The headers of resumable uploads, which are structured fields (RFC 9651).

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actors::backup::{MAX_AGE, Sha256};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::http::body::declared_length;
use crate::http::error::ApiError;

pub(super) const UPLOAD_OFFSET: &str = "Upload-Offset";
pub(super) const UPLOAD_LENGTH: &str = "Upload-Length";
pub(super) const UPLOAD_COMPLETE: &str = "Upload-Complete";
pub(super) const UPLOAD_LIMIT: &str = "Upload-Limit";
pub(super) const REPR_DIGEST: &str = "Repr-Digest";

/// What a request says about the bytes that it appends.
pub(super) struct Append {
    pub(super) offset: u64,
    /// How many; `None` if it is sent in chunks.
    pub(super) bytes: Option<u64>,
    pub(super) is_last: bool,
}

/// The value of `Upload-Limit`.
pub(super) fn limits(max_bytes: u64) -> String {
    format!("max-size={max_bytes}, max-age={}", MAX_AGE.as_secs())
}

/// Reads the headers of a `PATCH`.
pub(super) fn append(request: &HttpRequest) -> Result<Append, ApiError> {
    let headers = request.headers();
    if text(headers, CONTENT_TYPE.as_str()) != Some("application/partial-upload") {
        return Err(ApiError::NotPartialUpload);
    }
    let offset = text(headers, UPLOAD_OFFSET).and_then(number);
    let is_last = text(headers, UPLOAD_COMPLETE).and_then(boolean);
    Ok(Append {
        offset: offset.ok_or(ApiError::UploadHeader(UPLOAD_OFFSET))?,
        bytes: declared_length(request).map(|bytes| bytes as u64),
        is_last: is_last.ok_or(ApiError::UploadHeader(UPLOAD_COMPLETE))?,
    })
}

/// The value of a header that is there once.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name);
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok().map(str::trim)
}

/// A number of bytes.
pub(super) fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "?1" => Some(true),
        "?0" => Some(false),
        _ => None,
    }
}

/// The SHA-256 among the digests of a `Repr-Digest`.
pub(super) fn sha256(text: &str) -> Option<Sha256> {
    let members = text
        .split(',')
        .filter_map(|member| member.trim().split_once('='));
    let (_, value) = members.into_iter().find(|(name, _)| *name == "sha-256")?;
    let base64 = value.strip_prefix(':')?.strip_suffix(':')?;
    let bytes = BASE64_STANDARD.decode(base64).ok()?;
    <[u8; 32]>::try_from(bytes).ok().map(Sha256::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";

    #[test]
    fn the_sha_256_is_found_among_other_digests() {
        let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        for text in [
            HELLO,
            &format!("sha-512=:AAAA:, {HELLO}"),
            &format!("{HELLO},md5=:AA==:"),
        ] {
            assert_eq!(
                sha256(text).map(|digest| digest.to_string()),
                Some(hello.to_owned())
            );
        }
        for text in [
            "",
            "sha-256",
            "sha-256=LPJN",
            "sha-256=:LPJN:",
            "sha-256=:?:",
            "sha-512=:AAAA:",
        ] {
            assert_eq!(sha256(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_has_digits_only_and_a_boolean_a_question_mark() {
        assert_eq!(number("8388608"), Some(8_388_608));
        for text in ["", "+1", "-1", "1.0", "1 2", "99999999999999999999"] {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(
            [boolean("?1"), boolean("?0"), boolean("1")],
            [Some(true), Some(false), None]
        );
    }
}
