//! The JSON values in a text.

use serde_json::Value;

use super::almost_json;

/// How much of an answer is read as almost-JSON, over all places where such a value may begin.
const MAX_ALMOST_JSON_BYTES: usize = 4 * 1024 * 1024;
/// Places at which a JSON value may begin; bounds the work on an answer made of brackets.
pub(super) const MAX_ATTEMPTS: usize = 1000;

/// All JSON objects and lists in a text, outermost first; a broken value is replaced by the whole ones in it.
/// `serde_json` reads 128 levels deep at most, which bounds the recursion of code that walks a value.
pub(super) fn json_values(text: &str) -> Vec<Value> {
    if let Ok(value) = serde_json::from_str(text.trim()) {
        return vec![value];
    }
    let mut values = Vec::new();
    let mut almost_json_bytes = MAX_ALMOST_JSON_BYTES;
    let mut rest = text;
    for _ in 0..MAX_ATTEMPTS {
        let Some(start) = rest.find(['{', '[']) else {
            break;
        };
        rest = &rest[start..];
        let mut reader = serde_json::Deserializer::from_str(rest).into_iter();
        let consumed = match reader.next() {
            Some(Ok(value)) => {
                values.push(value);
                reader.byte_offset()
            }
            _ if almost_json_bytes < rest.len() => 1,
            _ => {
                almost_json_bytes -= rest.len();
                almost_json::read(rest).map_or(1, |(value, length)| {
                    values.push(value);
                    length
                })
            }
        };
        rest = &rest[consumed..];
    }
    values
}
