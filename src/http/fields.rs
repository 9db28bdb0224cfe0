//! The fields of a request: each is read, or told of in pydantic's words.

use actors::sync::batch::{Problem, Step};
use actors::sync::timestamp;
use chrono::NaiveDateTime;
use serde_json::{Map, Value};

/// As in the columns for ids of devices and profiles and for names of parameters.
pub(super) const MAX_NAME_CHARS: usize = 64;

/// How much of a text is repeated in an answer.
const SHOWN_CHARS: usize = 100;

/// The fields of an object, and what is wrong with them.
pub(super) struct Fields<'v> {
    values: &'v Map<String, Value>,
    problems: Vec<Problem>,
}

/// Says what is wrong with a value.
type Fault = (&'static str, String);

impl<'v> Fields<'v> {
    pub(super) fn new(values: &'v Map<String, Value>) -> Self {
        Self {
            values,
            problems: Vec::new(),
        }
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Notes a problem with a field.
    pub(super) fn note(&mut self, loc: &[Step], (kind, msg): Fault, input: &Value) {
        let body = std::iter::once(Step::from("body"));
        self.problems.push(Problem {
            kind,
            loc: body.chain(loc.iter().cloned()).collect(),
            msg,
            input: shown(input),
        });
    }

    /// A field that may be absent or null.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value) -> Result<T, Fault>,
    ) -> Option<T> {
        let value = self.values.get(name).filter(|value| !value.is_null())?;
        self.keep(name, value, read)
    }

    /// A field that must be there.
    pub(super) fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value) -> Result<T, Fault>,
    ) -> Option<T> {
        let Some(value) = self.values.get(name) else {
            let fault = ("missing", "Field required".to_owned());
            self.note(&[name.into()], fault, &Value::Object(Map::new()));
            return None;
        };
        self.keep(name, value, read)
    }

    /// A list of names that may be absent or null.
    pub(super) fn names(&mut self, name: &str, length: Length) -> Option<Vec<String>> {
        let list = self.optional(name, |value| list(value, length))?;
        let mut names = Vec::with_capacity(list.len());
        for (position, value) in list.iter().enumerate() {
            match self::name(value) {
                Ok(name) => names.push(name),
                Err(fault) => self.note(&[name.into(), position.into()], fault, value),
            }
        }
        Some(names)
    }

    fn keep<T>(
        &mut self,
        name: &str,
        value: &Value,
        read: impl FnOnce(&Value) -> Result<T, Fault>,
    ) -> Option<T> {
        read(value)
            .map_err(|fault| self.note(&[name.into()], fault, value))
            .ok()
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
        .ok_or(("list_type", "Input should be a valid list".to_owned()))?;
    let length = list.len();
    if length < least {
        let msg = format!("List should have at least {least} item after validation, not {length}");
        return Err(("too_short", msg));
    }
    if length > most {
        let msg = format!("List should have at most {most} items after validation, not {length}");
        return Err(("too_long", msg));
    }
    Ok(list.clone())
}

/// A text of bounded length that is not empty.
pub(super) fn name(value: &Value) -> Result<String, Fault> {
    let text = value
        .as_str()
        .ok_or(("string_type", "Input should be a valid string".to_owned()))?;
    bounded(text)
}

/// A name, or a whole number that is kept as its decimal text.
pub(super) fn name_or_number(value: &Value) -> Result<String, Fault> {
    match value {
        Value::String(text) => bounded(text),
        Value::Number(number) if number.is_i64() || number.is_u64() => Ok(number.to_string()),
        _ => {
            let msg = "Input should be a valid string or a whole number";
            Err(("string_type", msg.to_owned()))
        }
    }
}

fn bounded(text: &str) -> Result<String, Fault> {
    match text.chars().count() {
        0 => {
            let msg = "String should have at least 1 character";
            Err(("string_too_short", msg.to_owned()))
        }
        count if count > MAX_NAME_CHARS => {
            let msg = format!("String should have at most {MAX_NAME_CHARS} characters");
            Err(("string_too_long", msg))
        }
        _ => Ok(text.to_owned()),
    }
}

/// A time; with a zone it is turned into UTC.
pub(super) fn moment(value: &Value) -> Result<NaiveDateTime, Fault> {
    let text = value.as_str().ok_or_else(|| {
        let msg = "Input should be a valid datetime, as text";
        ("datetime_type", msg.to_owned())
    })?;
    timestamp::parse(text).ok_or_else(|| {
        let msg = "Input should be a valid datetime such as 2026-02-01T14:25:00";
        ("datetime_parsing", msg.to_owned())
    })
}

/// The value for an answer, shortened.
fn shown(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > SHOWN_CHARS => {
            let head: String = text.chars().take(SHOWN_CHARS).collect();
            Value::from(format!("{head}…"))
        }
        Value::Array(list) if !list.is_empty() => Value::Array(Vec::new()),
        Value::Object(fields) if !fields.is_empty() => Value::Object(Map::new()),
        value => value.clone(),
    }
}
