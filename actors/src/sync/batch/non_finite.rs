//! `NaN`, `Infinity` and `-Infinity`: not JSON, but what Python's `json` writes for such numbers.
//!
//! A body that has them is read with an empty text of the same length in the place of each, and the places are
//! remembered, so that the answer names the rows and the other rows can be read.

use bytes::Bytes;

const TOKENS: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];

/// A body with an empty text in the place of each of its non-finite numbers, and their positions in order; `None` if it
/// has none.
pub(super) fn replaced(body: &[u8]) -> Option<(Bytes, Vec<usize>)> {
    let positions = positions(body);
    if positions.is_empty() {
        return None;
    }
    let mut replaced = body.to_vec();
    for (position, length) in &positions {
        replaced[*position..position + length].fill(b' ');
        replaced[*position..position + 2].fill(b'"');
    }
    let positions = positions.into_iter().map(|(position, _)| position);
    Some((Bytes::from(replaced), positions.collect()))
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
        let (replaced, positions) = replaced(body).unwrap();
        assert_eq!(
            replaced,
            br#"{"a": "" , "b": [""       ,""      ], "NaN": "NaN \" Infinity", "c": -1}"#[..]
        );
        assert_eq!(positions, [6, 17, 27]);
    }

    #[test]
    fn a_body_without_them_is_left_alone() {
        assert_eq!(replaced(br#"{"a": "NaN", "b": -1}"#), None);
    }
}
