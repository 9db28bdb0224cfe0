//! Values that are kept as JSON: the columns and fields that the server does not know. Their text stays in the body of
//! the request. It is checked for what the databases cannot hold, without building the value in memory.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::texts::{Span, Texts};
use crate::problem::Fault;

/// How deep a value that is kept as JSON may nest: MariaDB's JSON functions stop at 32.
const JSON_DEPTH: usize = 24;

/// The maximum length of a name in JSON, in bytes: MySQL's limit.
const JSON_NAME_BYTES: usize = 65_535;

/// How many unknown fields a row or a batch may have. No table has as many columns, and SQLite allows 2,000.
const FIELDS: usize = 2000;

/// A field that the server does not know: its name, and its value as JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeptField {
    pub name: Span,
    pub value: Span,
}

/// Reads the value of a field, and keeps both. `earlier` are the fields of the same row or batch.
pub(super) fn read_field<'de, A: MapAccess<'de>>(
    texts: &mut Texts,
    earlier: &[KeptField],
    name: &str,
    object: &mut A,
) -> Result<Result<KeptField, Fault>, A::Error> {
    let value = object.next_value::<&RawValue>()?.get();
    let fault = check_count(earlier.len())
        .or_else(|| check_name(name))
        .or_else(|| check(texts, value));
    Ok(match fault {
        Some(fault) => Err(fault),
        None => Ok(KeptField {
            name: texts.keep(name),
            value: texts.keep(value),
        }),
    })
}

/// Of fields from `start` on that have the same name, keeps the last.
pub(super) fn keep_last(texts: &Texts, fields: &mut Vec<KeptField>, start: usize) {
    if fields.len() - start < 2 {
        return;
    }
    let name = |field: &KeptField| texts.bytes(field.name);
    fields[start..].sort_by(|a, b| name(a).cmp(name(b)));
    let mut kept = start;
    for position in start + 1..fields.len() {
        if name(&fields[kept]) != name(&fields[position]) {
            kept += 1;
        }
        fields[kept] = fields[position];
    }
    fields.truncate(kept + 1);
}

/// Why a value cannot be kept as JSON.
fn check(texts: &Texts, value: &str) -> Option<Fault> {
    let mut fault = None;
    let check = Check {
        texts,
        fault: &mut fault,
        depth: 0,
    };
    let checked = check.deserialize(&mut serde_json::Deserializer::from_str(value));
    match (checked, fault) {
        (Ok(()), _) => None,
        (Err(_), Some(fault)) => Some(fault),
        (Err(error), None) => Some(fault_of("json_invalid", &describe(&error))),
    }
}

/// The error without its position, which is relative to the value.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    format!("JSON decode error: {text}")
}

fn check_count(earlier: usize) -> Option<Fault> {
    (earlier >= FIELDS).then(|| {
        let msg = format!("There should be at most {FIELDS} unknown fields");
        fault_of("too_long", &msg)
    })
}

fn check_name(name: &str) -> Option<Fault> {
    (name.len() > JSON_NAME_BYTES).then(|| {
        let msg = format!("Names should have at most {JSON_NAME_BYTES} bytes");
        fault_of("string_too_long", &msg)
    })
}

/// `NaN` or an infinity.
pub(super) fn non_finite() -> Fault {
    let msg =
        "NaN and infinities are not valid JSON; send null or leave the row out until it is known";
    fault_of("json_invalid", msg)
}

fn fault_of(kind: &'static str, msg: &str) -> Fault {
    Fault::new(kind, msg, &serde_json::Value::Null)
}

/// Visits a value and everything in it.
struct Check<'f, 't> {
    texts: &'t Texts,
    fault: &'f mut Option<Fault>,
    depth: usize,
}

impl Check<'_, '_> {
    fn deeper(&mut self) -> Check<'_, '_> {
        Check {
            texts: self.texts,
            fault: self.fault,
            depth: self.depth + 1,
        }
    }

    fn stop<E: Error>(&mut self, fault: Fault) -> E {
        *self.fault = Some(fault);
        E::custom("stopped")
    }

    fn check_depth<E: Error>(&mut self) -> Result<(), E> {
        if self.depth < JSON_DEPTH {
            return Ok(());
        }
        let msg = format!("Input should not nest deeper than {JSON_DEPTH} levels");
        Err(self.stop(fault_of("json_too_deep", &msg)))
    }
}

impl<'de> DeserializeSeed<'de> for Check<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Check<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(mut self, text: &'de str) -> Result<(), E> {
        if self.texts.is_non_finite(text) {
            return Err(self.stop(non_finite()));
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.check_depth()?;
        while list.next_element_seed(self.deeper())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        self.check_depth()?;
        while let Some(name) = object.next_key_seed(Name)? {
            if let Some(fault) = check_name(&name) {
                return Err(self.stop(fault));
            }
            object.next_value_seed(self.deeper())?;
        }
        Ok(())
    }
}

/// Reads the name of a field; copied only if it has escapes.
pub(super) struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }
}

/// Reads over a value.
pub(super) fn skip<'de, A: MapAccess<'de>>(object: &mut A) -> Result<(), A::Error> {
    object.next_value::<IgnoredAny>().map(drop)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use rstest::rstest;

    use super::*;

    fn kind(value: &str) -> Option<&'static str> {
        check(&Texts::new(Bytes::new(), Arc::default()), value).map(|fault| fault.kind)
    }

    #[rstest]
    #[case::too_deep(&format!("{}1{}", "[".repeat(25), "]".repeat(25)), "json_too_deep")]
    #[case::hopelessly_deep(&format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)), "json_too_deep")]
    #[case::too_deep_in_an_object(&format!("{}1{}", "{\"a\":".repeat(25), "}".repeat(25)), "json_too_deep")]
    #[case::long_name(&format!("{{\"{}\":1}}", "x".repeat(65_536)), "string_too_long")]
    #[case::long_name_with_an_escape(&format!("{{\"\\n{}\":1}}", "x".repeat(65_535)), "string_too_long")]
    #[case::too_large(r#"{"a":[1e400]}"#, "json_invalid")]
    #[case::half_a_character(r#"["\ud800"]"#, "json_invalid")]
    fn what_a_database_cannot_hold_is_refused(#[case] value: &str, #[case] expected: &str) {
        assert_eq!(kind(value), Some(expected));
    }

    #[rstest]
    #[case::deep(&format!("{}1{}", "[".repeat(24), "]".repeat(24)))]
    #[case::longest_name(&format!("{{\"{}\":1}}", "x".repeat(65_535)))]
    #[case::nested(r#"{"a": [1, 2.5e-3, "\u00b0", null, {"b": true}]}"#)]
    #[case::large_integer("123456789012345678901234567890")]
    fn other_json_is_kept(#[case] value: &str) {
        assert_eq!(kind(value), None);
    }

    #[test]
    fn what_is_wrong_with_a_number_is_said_without_its_place() {
        let fault = check(&Texts::new(Bytes::new(), Arc::default()), "[1e400]");
        let msg = fault.map(|fault| fault.msg);
        let expected = "JSON decode error: number out of range";
        assert_eq!(msg.as_deref(), Some(expected));
    }

    #[test]
    fn of_fields_with_one_name_the_last_is_kept() {
        let mut texts = Texts::new(Bytes::new(), Arc::default());
        let mut fields: Vec<KeptField> =
            [("c", "0"), ("b", "1"), ("a", "2"), ("b", "3"), ("a", "4")]
                .map(|(name, value)| KeptField {
                    name: texts.keep(name),
                    value: texts.keep(value),
                })
                .into();
        keep_last(&texts, &mut fields, 1);
        let kept: Vec<_> = fields
            .iter()
            .map(|field| (texts.text(field.name), texts.text(field.value)))
            .collect();
        assert_eq!(kept, [("c", "0"), ("a", "4"), ("b", "3")]);
    }
}
