//! The body that a batch is read from, and the numbers in it that are not JSON: `NaN`, `Infinity` and `-Infinity`, which
//! Python's `json` writes.
//!
//! A body that has such numbers is read with an empty text of the same length in the place of each. The places are
//! remembered, so that the answer names the rows, and the other rows can be read.

use bytes::Bytes;

use super::texts::{self, Texts};

const TOKENS: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];

/// The body of a request.
pub(super) struct Source {
    received: Bytes,
    /// The same without non-finite numbers.
    body: Bytes,
    /// Where those were, in order.
    non_finite: Vec<usize>,
}

impl Source {
    pub(super) fn new(received: &Bytes) -> Self {
        Self {
            received: received.clone(),
            body: received.clone(),
            non_finite: Vec::new(),
        }
    }

    /// A body with an empty text in the place of each of its non-finite numbers; `None` if it has none.
    pub(super) fn without_non_finite(received: &Bytes) -> Option<Self> {
        let positions = positions(received);
        if positions.is_empty() {
            return None;
        }
        let mut body = received.to_vec();
        for (position, length) in &positions {
            body[*position..position + length].fill(b' ');
            body[*position..position + 2].fill(b'"');
        }
        let positions = positions.into_iter().map(|(position, _)| position);
        Some(Self {
            received: received.clone(),
            body: Bytes::from(body),
            non_finite: positions.collect(),
        })
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    pub(super) fn texts(&self) -> Texts {
        Texts::new(self.body.clone(), self.non_finite.clone())
    }

    /// A part of the body as it was received.
    pub(super) fn as_received(&self, part: &str) -> Bytes {
        match texts::position(part, &self.body) {
            Some(start) => self.received.slice(start..start + part.len()),
            None => Bytes::copy_from_slice(part.as_bytes()),
        }
    }
}

/// Positions and lengths of non-finite numbers outside of texts.
fn positions(body: &[u8]) -> Vec<(usize, usize)> {
    let mut positions = Vec::new();
    let mut at = 0;
    let mut in_text = false;
    while let Some(byte) = body.get(at) {
        match byte {
            b'\\' if in_text => at += 1,
            b'"' => in_text = !in_text,
            b'N' | b'I' | b'-' if !in_text => {
                let token = TOKENS.iter().find(|token| body[at..].starts_with(token));
                if let Some(token) = token {
                    positions.push((at, token.len()));
                    at += token.len() - 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    positions
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
        assert_eq!(source.non_finite, [6, 17, 27]);
        let list = std::str::from_utf8(&source.body()[16..36]).unwrap();
        assert_eq!(&source.as_received(list)[..], b"[-Infinity,Infinity]");
    }

    #[test]
    fn a_body_without_them_is_left_alone() {
        let body = Bytes::from_static(br#"{"a": "NaN", "b": -1}"#);
        assert!(Source::without_non_finite(&body).is_none());
    }
}
