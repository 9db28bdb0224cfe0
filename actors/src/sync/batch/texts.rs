//! The texts of a batch. They stay where they are in the request's body; only texts with escapes are copied.

use std::sync::Arc;

use bytes::Bytes;

/// A text of a batch, by its position and length in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    start: u32,
    length: u32,
}

/// The body of a request, followed by the texts that stand in it with escapes, without them.
#[derive(Debug)]
pub(super) struct Texts {
    body: Bytes,
    unescaped: Vec<u8>,
    /// Where the body had `NaN` or an infinity and now has an empty text, in order.
    non_finite: Arc<[u32]>,
}

impl Texts {
    pub(super) fn new(body: Bytes, non_finite: Arc<[u32]>) -> Self {
        Self {
            body,
            unescaped: Vec::new(),
            non_finite,
        }
    }

    /// Keeps a text, which is copied only if it is not a part of the body.
    pub(super) fn keep(&mut self, text: &str) -> Span {
        if let Some(start) = self.position(text) {
            return Span::new(start, text.len());
        }
        let start = self.body.len() + self.unescaped.len();
        reserve_gently(&mut self.unescaped, text.len());
        self.unescaped.extend_from_slice(text.as_bytes());
        Span::new(start, text.len())
    }

    fn position(&self, text: &str) -> Option<usize> {
        position(text, &self.body)
    }

    /// Whether a text stands in the body for `NaN` or an infinity. Those are not JSON, but Python writes them.
    pub(super) fn is_non_finite(&self, text: &str) -> bool {
        !self.non_finite.is_empty()
            && text.is_empty()
            && self.position(text).is_some_and(|start| {
                // The position is that of the character behind the quote.
                let quote = u32::try_from(start - 1).unwrap_or(u32::MAX);
                self.non_finite.binary_search(&quote).is_ok()
            })
    }

    pub(super) fn bytes(&self, span: Span) -> &[u8] {
        let (start, length) = (span.start as usize, span.length as usize);
        let (text, start) = match start.checked_sub(self.body.len()) {
            Some(start) => (self.unescaped.as_slice(), start),
            None => (&*self.body, start),
        };
        text.get(start..start + length).unwrap_or_default()
    }

    pub(super) fn text(&self, span: Span) -> &str {
        std::str::from_utf8(self.bytes(span)).unwrap_or_default()
    }
}

impl Span {
    pub(super) fn to_bits(self) -> i64 {
        i64::from(self.start) << 32 | i64::from(self.length)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "takes the two halves apart"
    )]
    pub(super) fn from_bits(bits: i64) -> Self {
        Self {
            start: (bits >> 32) as u32,
            length: bits as u32,
        }
    }

    fn new(start: usize, length: usize) -> Self {
        // A body is far smaller than 4 GiB; a saturated span is an empty text.
        let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            start: short(start),
            length: short(length),
        }
    }
}

/// Where a text stands in a body, if it is a part of it.
pub(super) fn position(text: &str, body: &[u8]) -> Option<usize> {
    let start = (text.as_ptr() as usize).checked_sub(body.as_ptr() as usize)?;
    (start + text.len() <= body.len()).then_some(start)
}

/// Makes room for more items by an eighth of the present ones instead of by all of them. One body may have a million
/// rows, and up to half of the memory would be spare.
pub(super) fn reserve_gently<T>(items: &mut Vec<T>, additional: usize) {
    if items.capacity() - items.len() < additional {
        items.reserve_exact(additional.max(items.len() / 8).max(16));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_for_many_items_grows_by_an_eighth() {
        let mut items: Vec<u64> = Vec::new();
        let mut growths = 0;
        for number in 0..20_000 {
            let before = items.capacity();
            reserve_gently(&mut items, 3);
            growths += usize::from(items.capacity() != before);
            items.extend([number; 3]);
            let spare = items.capacity() - items.len();
            assert!(
                spare <= 16.max(items.len() / 8),
                "{spare} of {}",
                items.len()
            );
        }
        assert!(growths < 200, "{growths}");
    }
}
