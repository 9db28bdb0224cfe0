//! Reads the fields of requests, whether they come in a JSON body, a query string or a form, and collects the problems
//! with them. Every rule for the value of a field is a function in this file or a type in `actors`.

use std::str::FromStr;

use actors::device_id::{DeviceId, check_text_id};
use actors::page::Page;
use actors::problem::{Fault, Problem, Problems, Step};
use actors::sync::timestamp::{self, ACCEPTED_YEARS};
use chrono::NaiveDateTime;
use serde_json::{Map, Value};

/// The fields of one request.
pub(super) struct Fields {
    /// The first step of every location: `body` or `query`.
    source: &'static str,
    values: Map<String, Value>,
    problems: Problems,
}

impl Fields {
    fn new(source: &'static str, values: Map<String, Value>) -> Self {
        Self {
            source,
            values,
            problems: Problems::default(),
        }
    }

    /// The fields of a JSON object.
    pub(super) fn of_json(body: &[u8]) -> Result<Self, Vec<Problem>> {
        let fault = match serde_json::from_slice(body) {
            Ok(Value::Object(values)) => return Ok(Self::new("body", values)),
            Ok(_) => Fault::new(
                "model_attributes_type",
                "Input should be an object",
                &Value::Null,
            ),
            Err(error) => {
                let msg = format!("JSON decode error: {error}");
                Fault::new("json_invalid", msg, &Value::Object(Map::new()))
            }
        };
        Err(vec![fault.at(vec!["body".into()])])
    }

    /// The fields of a query string. Of a field that is given twice the last one counts.
    pub(super) fn of_query(query: &[(String, String)]) -> Self {
        let values = query.iter().cloned();
        Self::new(
            "query",
            values.map(|(name, text)| (name, text.into())).collect(),
        )
    }

    /// The fields of a form, which are read one at a time with [`Fields::check`].
    pub(super) fn of_form() -> Self {
        Self::new("body", Map::new())
    }

    /// Adds a problem at a location below the body or the query.
    pub(super) fn note(&mut self, loc: &[Step], fault: Fault) {
        let source = std::iter::once(Step::from(self.source));
        self.problems
            .push(fault.at(source.chain(loc.iter().cloned()).collect()));
    }

    /// Reads a field that may be absent or null.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value) -> Result<T, Fault>,
    ) -> Option<T> {
        let value = self.values.get(name).filter(|value| !value.is_null())?;
        let read = read(value);
        self.keep(&[name.into()], read)
    }

    /// Reads a field that must be present.
    pub(super) fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value) -> Result<T, Fault>,
    ) -> Option<T> {
        let read = self.values.get(name).map_or(Err(Fault::missing()), read);
        self.keep(&[name.into()], read)
    }

    /// Reads a list of names that may be absent or null.
    pub(super) fn names(&mut self, name: &str, length: Length) -> Option<Vec<String>> {
        let list = self.optional(name, |value| list(value, length))?;
        let mut names = Vec::with_capacity(list.len());
        for (index, value) in list.iter().enumerate() {
            names.extend(self.keep(&[name.into(), index.into()], self::name(value)));
        }
        Some(names)
    }

    /// Reads a value that is not among the fields yet.
    pub(super) fn check<T>(
        &mut self,
        name: &str,
        value: &Value,
        read: impl FnOnce(&Value) -> Result<T, Fault>,
    ) -> Option<T> {
        self.keep(&[name.into()], read(value))
    }

    fn keep<T>(&mut self, loc: &[Step], read: Result<T, Fault>) -> Option<T> {
        read.map_err(|fault| self.note(loc, fault)).ok()
    }

    /// The value of a field as the client sent it.
    pub(super) fn given(&self, name: &str) -> &Value {
        self.values.get(name).unwrap_or(&Value::Null)
    }

    /// Whether a problem was found.
    pub(super) fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    /// The problems that were found.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_vec()
    }

    /// What was read, unless there are problems. `read` is `None` only if a problem was noted.
    pub(super) fn finish<T>(self, read: Option<T>) -> Result<T, Vec<Problem>> {
        match read {
            Some(read) if self.problems.is_empty() => Ok(read),
            _ => Err(self.problems.into_vec()),
        }
    }
}

/// How many items a list may have.
#[derive(Clone, Copy)]
pub(super) struct Length {
    pub least: usize,
    pub most: usize,
}

fn list(value: &Value, Length { least, most }: Length) -> Result<Vec<Value>, Fault> {
    let list = value
        .as_array()
        .ok_or_else(|| Fault::new("list_type", "Input should be a valid list", value))?;
    let length = list.len();
    if length < least {
        let msg = format!("List should have at least {least} item after validation, not {length}");
        return Err(Fault::new("too_short", msg, value));
    }
    if length > most {
        let msg = format!("List should have at most {most} items after validation, not {length}");
        return Err(Fault::new("too_long", msg, value));
    }
    Ok(list.clone())
}

fn text(value: &Value) -> Result<&str, Fault> {
    value
        .as_str()
        .ok_or_else(|| Fault::new("string_type", "Input should be a valid string", value))
}

fn text_id(text: &str) -> Result<String, Fault> {
    match check_text_id(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(error) => Err(Fault::of_id(error, text)),
    }
}

/// The name of a parameter or of an area to focus on.
pub(super) fn name(value: &Value) -> Result<String, Fault> {
    text_id(text(value)?)
}

/// A profile id: a text, or a whole number, which stands for its decimal text.
pub(super) fn profile_id(value: &Value) -> Result<String, Fault> {
    match value {
        Value::String(text) => text_id(text),
        Value::Number(number) if number.is_i64() || number.is_u64() => Ok(number.to_string()),
        _ => {
            let msg = "Input should be a valid string or a whole number";
            Err(Fault::new("string_type", msg, value))
        }
    }
}

/// A device's number of a drive.
pub(super) fn drive_id(value: &Value) -> Result<i64, Fault> {
    value
        .as_i64()
        .ok_or_else(|| Fault::new("int_type", "Input should be a valid integer", value))
}

/// A device id.
pub(super) fn device_id(value: &Value) -> Result<DeviceId, Fault> {
    let text = text(value)?;
    text.parse().map_err(|error| Fault::of_id(error, text))
}

/// A time; one with a zone is converted to UTC.
pub(super) fn time(value: &Value) -> Result<NaiveDateTime, Fault> {
    let text = value.as_str().ok_or_else(|| {
        let msg = "Input should be a valid datetime, as text";
        Fault::new("datetime_type", msg, value)
    })?;
    timestamp::parse(text).ok_or_else(|| {
        let msg = format!(
            "Input should be a valid datetime such as 2026-02-01T14:25:00, {ACCEPTED_YEARS}"
        );
        Fault::new("datetime_parsing", msg, value)
    })
}

/// A limit on the number of results, from 1 to `most`.
pub(super) fn limit(value: &Value, most: u32) -> Result<u32, Fault> {
    let limit = text(value)?.parse().ok();
    limit
        .filter(|limit| (1..=most).contains(limit))
        .ok_or_else(|| {
            let msg = format!("Input should be a whole number from 1 to {most}");
            Fault::new("int_parsing", msg, value)
        })
}

/// The page of a list: `from`, `to`, `cursor` and `limit`.
pub(super) fn page<Id: FromStr>(fields: &mut Fields, default: u32, most: u32) -> Page<Id> {
    let from = fields.optional("from", time);
    let to = fields.optional("to", time);
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        let msg = "Value error, from must not be after to";
        let fault = Fault::new("value_error", msg, fields.given("from"));
        fields.note(&["from".into()], fault);
    }
    let after = fields.optional("cursor", |value| {
        let msg = "Input should be a nextCursor of an earlier answer";
        parsed(value, "cursor_parsing", msg)
    });
    let limit = fields.optional("limit", |value| limit(value, most));
    Page {
        from,
        to,
        after,
        limit: limit.unwrap_or(default),
    }
}

/// Leaves `limit` entries of one more that was asked for; if there are more, the last that is left.
pub(super) fn cut<T>(entries: &mut Vec<T>, limit: u32) -> Option<&T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = entries.len() > limit;
    entries.truncate(limit);
    entries.last().filter(|_| more)
}

/// A value that stands for itself; `kind` and `msg` describe any other.
pub(super) fn parsed<T: FromStr>(value: &Value, kind: &'static str, msg: &str) -> Result<T, Fault> {
    text(value)?
        .parse()
        .map_err(|_| Fault::new(kind, msg, value))
}

#[cfg(test)]
mod tests;
