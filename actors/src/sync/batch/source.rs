//! The body that a batch is read from, and the numbers in it that are not JSON: `NaN`, `Infinity` and `-Infinity`, which
//! Python's `json` writes.
//!
//! A body that has such numbers is read with an empty text of the same length in the place of each. The places are
//! remembered, so that the answer names the rows, and the other rows can be read.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::texts::{self, Texts};

const TOKENS: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];

/// The body of a request.
pub(super) struct Source {
    received: Bytes,
    /// The same without non-finite numbers.
    body: Bytes,
    /// Where those were, in order.
    non_finite: Arc<[u32]>,
}

impl Source {
    pub(super) fn new(received: &Bytes) -> Self {
        Self {
            received: received.clone(),
            body: received.clone(),
            non_finite: Arc::default(),
        }
    }

    /// A body with an empty text in the place of each of its non-finite numbers; `None` if it has none.
    pub(super) fn without_non_finite(received: &Bytes) -> Option<Self> {
        let (mut body, mut non_finite) = (BytesMut::new(), Vec::new());
        for_each_non_finite(received, |position, length| {
            if body.is_empty() {
                body.extend_from_slice(received);
            }
            body[position..position + length].fill(b' ');
            body[position..position + 2].fill(b'"');
            texts::reserve_gently(&mut non_finite, 1);
            non_finite.push(u32::try_from(position).unwrap_or(u32::MAX));
        });
        (!body.is_empty()).then(|| Self {
            received: received.clone(),
            body: body.freeze(),
            non_finite: non_finite.into(),
        })
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    pub(super) fn texts(&self) -> Texts {
        Texts::new(self.body.clone(), Arc::clone(&self.non_finite))
    }

    /// A part of the body as it was received.
    pub(super) fn as_received(&self, part: &str) -> Bytes {
        match texts::position(part, &self.body) {
            Some(start) => self.received.slice(start..start + part.len()),
            None => Bytes::copy_from_slice(part.as_bytes()),
        }
    }
}

/// Calls `found` with the position and the length of every non-finite number outside of texts.
fn for_each_non_finite(body: &[u8], mut found: impl FnMut(usize, usize)) {
    let mut at = 0;
    let mut in_text = false;
    while let Some(byte) = body.get(at) {
        match byte {
            b'\\' if in_text => at += 1,
            b'"' => in_text = !in_text,
            b'N' | b'I' | b'-' if !in_text => {
                let token = TOKENS.iter().find(|token| body[at..].starts_with(token));
                if let Some(token) = token {
                    found(at, token.len());
                    at += token.len() - 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_of_texts_are_replaced_in_place() {
        let body = br#"{"a": NaN, "b": [-Infinity,Infinity], "NaN": "NaN \" Infinity", "c": -1}"#;
        let source = Source::without_non_finite(&Bytes::from_static(body)).unwrap();
        assert_eq!(
            source.body(),
            &br#"{"a": "" , "b": [""       ,""      ], "NaN": "NaN \" Infinity", "c": -1}"#[..]
        );
        assert_eq!(*source.non_finite, [6, 17, 27]);
        let list = std::str::from_utf8(&source.body()[16..36]).unwrap();
        assert_eq!(&source.as_received(list)[..], b"[-Infinity,Infinity]");
    }

    #[test]
    fn a_body_without_them_is_left_alone() {
        let body = Bytes::from_static(br#"{"a": "NaN", "b": -1}"#);
        assert!(Source::without_non_finite(&body).is_none());
    }
}
