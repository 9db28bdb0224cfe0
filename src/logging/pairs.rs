//! Key-value pairs of a record as text.

use std::io::{self, Write};

use log::kv::{self, Key, Source, Value, VisitSource};

/// Writes each pair as ` key=value`. A value that is not one plain word is quoted and escaped, so that it can neither
/// break the line nor imitate another pair.
pub(super) fn write(out: &mut dyn Write, pairs: &dyn Source) -> io::Result<()> {
    let mut writer = PairWriter(out);
    pairs.visit(&mut writer).map_err(io::Error::other)
}

struct PairWriter<'a>(&'a mut dyn Write);

impl<'kvs> VisitSource<'kvs> for PairWriter<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let value = value.to_string();
        if is_plain(&value) || is_quoted(&value) {
            write!(self.0, " {key}={value}")?;
        } else {
            write!(self.0, " {key}={value:?}")?;
        }
        Ok(())
    }
}

fn is_plain(value: &str) -> bool {
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '"' | '=');
    !value.is_empty() && value.chars().all(is_plain)
}

/// Whether `Debug` has already quoted the value: nothing within the quotes can end them.
fn is_quoted(value: &str) -> bool {
    let inner = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let mut is_escaped = false;
    inner.is_some_and(|inner| {
        inner.chars().all(|c| {
            let is_harmless = is_escaped || c != '"';
            is_escaped = c == '\\' && !is_escaped;
            is_harmless && !c.is_control()
        }) && !is_escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(pairs: &[(&str, Value<'_>)]) -> String {
        let mut out = Vec::new();
        write(&mut out, &pairs).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn words_and_numbers_stand_plain_and_all_else_in_quotes() {
        let pairs = [
            ("port", Value::from(8000)),
            ("route", Value::from("/api/v1/sync")),
            ("error", Value::from("cannot connect: refused")),
            ("device", Value::from("")),
        ];
        assert_eq!(
            written(&pairs),
            r#" port=8000 route=/api/v1/sync error="cannot connect: refused" device="""#
        );
    }

    #[test]
    fn a_value_captured_by_debug_is_quoted_once() {
        let value = "a \"b\" \\";
        let pairs = [("device", Value::from_debug(&value))];
        assert_eq!(written(&pairs), format!(" device={value:?}"));
    }

    #[test]
    fn a_value_cannot_forge_a_line_or_a_pair() {
        let pairs = [("device", Value::from("a\n<3>panic b=\"c\""))];
        assert_eq!(written(&pairs), r#" device="a\n<3>panic b=\"c\"""#);
        assert_eq!(written(&[("id", Value::from("a=b"))]), r#" id="a=b""#);
        for forged in [r#""a" b="c""#, r#""a\""#, "\"a\nb\""] {
            assert_eq!(
                written(&[("id", Value::from(forged))]),
                format!(" id={forged:?}")
            );
        }
    }
}
