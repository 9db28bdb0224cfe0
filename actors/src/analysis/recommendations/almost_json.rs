//! Reads what models write for JSON: literal newlines in strings, trailing commas, comments, single quotes, names
//! without quotes, `NaN`, `None`, numbers beyond any range.

use serde_json::{Map, Value};

/// Deeper values are not read; bounds the recursion.
const MAX_DEPTH: usize = 64;

/// The value at the begin of `text` and its length in bytes; nothing where it is broken or cut off.
pub(super) fn read(text: &str) -> Option<(Value, usize)> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    Some((value, reader.at))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn take_if(&mut self, wanted: char) -> bool {
        let is_next = self.peek() == Some(wanted);
        if is_next {
            self.at += wanted.len_utf8();
        }
        is_next
    }

    /// Skips blanks and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            let rest = &rest[blank..];
            let comment = if rest.starts_with("//") || rest.starts_with('#') {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                0
            };
            self.at += blank + comment;
            if comment == 0 {
                return;
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth >= MAX_DEPTH {
            return None;
        }
        self.skip();
        match self.peek()? {
            '{' => self.object(depth),
            '[' => self.list(depth),
            quote @ ('"' | '\'') => self.string(quote).map(Value::String),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        self.take();
        let mut fields = Map::new();
        loop {
            self.skip();
            if self.take_if('}') {
                return Some(Value::Object(fields));
            }
            let name = match self.peek()? {
                quote @ ('"' | '\'') => self.string(quote)?,
                _ => self.name()?,
            };
            self.skip();
            if !self.take_if(':') {
                return None;
            }
            let value = self.value(depth + 1)?;
            fields.insert(name, value);
            self.skip();
            if !self.take_if(',') && self.peek() != Some('}') {
                return None;
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        self.take();
        let mut items = Vec::new();
        loop {
            self.skip();
            if self.take_if(']') {
                return Some(Value::Array(items));
            }
            items.push(self.value(depth + 1)?);
            self.skip();
            if !self.take_if(',') && self.peek() != Some(']') {
                return None;
            }
        }
    }

    fn string(&mut self, quote: char) -> Option<String> {
        self.take();
        let mut text = String::new();
        loop {
            match self.take()? {
                '\\' => text.push(self.escaped()?),
                next if next == quote && self.ends_here(quote) => return Some(text),
                next => text.push(next),
            }
        }
    }

    /// Whether a quote ends its string. An apostrophe within single quotes does not.
    fn ends_here(&self, quote: char) -> bool {
        quote == '"' || {
            let next = self.rest().trim_start();
            next.is_empty() || next.starts_with([',', ':', '}', ']'])
        }
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.take()? {
            'n' => '\n',
            't' => '\t',
            'r' | 'b' | 'f' => ' ',
            'u' => {
                let code = self.rest().get(..4)?;
                let code = u32::from_str_radix(code, 16).ok()?;
                self.at += 4;
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            other => other,
        })
    }

    fn name(&mut self) -> Option<String> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        self.at += end;
        (!name.is_empty()).then_some(name)
    }

    /// A number or one of the known names of nothing.
    fn word(&mut self) -> Option<Value> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && !matches!(c, '+' | '-' | '.' | '_'))
            .unwrap_or(rest.len());
        let word = &rest[..end];
        let value = match word.to_ascii_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" | "none" | "nan" | "undefined" => Value::Null,
            number => {
                let number: f64 = number.parse().ok()?;
                // JSON has no infinity.
                serde_json::json!(number.clamp(-f64::MAX, f64::MAX))
            }
        };
        self.at += end;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::newline_in_a_string("{\"a\": \"one\ntwo\"}", json!({"a": "one\ntwo"}))]
    #[case::trailing_commas(r#"{"a": [1, 2,], "b": 3,}"#, json!({"a": [1.0, 2.0], "b": 3.0}))]
    #[case::comments("{// first\n\"a\": 1, /* second */ # third\n\"b\": 2}", json!({"a": 1.0, "b": 2.0}))]
    #[case::single_quotes("{'a': 'don't stop', 'b': ['x']}", json!({"a": "don't stop", "b": ["x"]}))]
    #[case::bare_names("{rank: 1, ok: True}", json!({"rank": 1.0, "ok": true}))]
    #[case::names_of_nothing("[NaN, None, null, undefined]", json!([null, null, null, null]))]
    #[case::out_of_range("[1e999, -1e999]", json!([f64::MAX, -f64::MAX]))]
    #[case::escapes(r#"["\u00b0C \"x\" \\"]"#, json!(["°C \"x\" \\"]))]
    fn almost_json_is_read(#[case] text: &str, #[case] value: Value) {
        assert_eq!(read(text), Some((value, text.len())));
    }

    #[rstest]
    #[case::cut("{\"a\": [1, 2")]
    #[case::cut_in_a_string("{\"a\": \"one")]
    #[case::prose("[as asked]")]
    #[case::no_comma("[1 2]")]
    #[case::no_value("{\"a\"}")]
    fn what_is_broken_is_not_read(#[case] text: &str) {
        assert_eq!(read(text), None);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read(&nested(MAX_DEPTH)).is_some());
        assert!(read(&nested(100_000)).is_none());
    }
}
