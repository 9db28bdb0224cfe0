//! What is wrong with a request: where, why, and what was found there. HTTP bodies, queries and forms and the rows of
//! batches describe their problems in this one format, which is FastAPI's.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::device_id::IdError;

/// How many problems of a request are described; a batch of 80,000 bad rows is not answered with as many.
const DESCRIBED: usize = 50;

/// How many characters of a text are repeated in a response.
const SHOWN_CHARACTERS: usize = 100;

/// One problem with a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// The kind of problem, named as in pydantic: `missing`, `int_type`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The location: `["body", "tables", "realtime_data", "rows", 3, "value"]`.
    pub loc: Vec<Step>,
    /// What is wrong, in one sentence.
    pub msg: String,
    /// The value at that location, shortened.
    pub input: Value,
}

/// One step of a location in a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Step {
    /// The name of a field.
    Field(String),
    /// An index into a list, from 0.
    Index(usize),
}

impl Step {
    /// A name that the client chose, shortened.
    pub fn named(name: &str) -> Self {
        Self::Field(shortened(name))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => f.write_str(name),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

impl From<&str> for Step {
    fn from(name: &str) -> Self {
        Self::Field(name.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// What is wrong with a value, without its location.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The kind of problem, named as in pydantic.
    pub kind: &'static str,
    /// What is wrong, in one sentence.
    pub msg: String,
    /// The value, shortened.
    pub input: Value,
}

impl Fault {
    /// A fault of `input`, which is shortened.
    pub fn new(kind: &'static str, msg: impl Into<String>, input: &Value) -> Self {
        Self {
            kind,
            msg: msg.into(),
            input: shown(input),
        }
    }

    /// A required field that is absent.
    pub fn missing() -> Self {
        Self::new("missing", "Field required", &Value::Object(Map::new()))
    }

    /// An id that breaks its rule.
    pub fn of_id(error: IdError, id: &str) -> Self {
        Self {
            kind: error.kind(),
            msg: error.to_string(),
            input: Value::from(shortened(id)),
        }
    }

    /// The problem that this fault is at a location.
    pub fn at(self, loc: Vec<Step>) -> Problem {
        Problem {
            kind: self.kind,
            loc,
            msg: self.msg,
            input: self.input,
        }
    }
}

/// The problems of one request: the first ones described, the others counted.
#[derive(Debug, Default)]
pub struct Problems {
    described: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        self.push_with(|| problem);
    }

    /// Adds a problem, which is only made if it will be described.
    pub fn push_with(&mut self, problem: impl FnOnce() -> Problem) {
        if self.described.len() < DESCRIBED {
            self.described.push(problem());
        } else {
            self.more += 1;
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.described.is_empty()
    }

    /// The described problems, and a last one that counts the others.
    pub fn into_vec(mut self) -> Vec<Problem> {
        if self.more > 0 {
            self.described.push(Problem {
                kind: "too_many_problems",
                loc: vec!["body".into()],
                msg: match self.more {
                    1 => "1 more problem is not listed".to_owned(),
                    more => format!("{more} more problems are not listed"),
                },
                input: Value::Null,
            });
        }
        self.described
    }
}

/// The beginning of a text.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A value for a response: texts shortened, lists and objects emptied.
pub fn shown(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(shortened(text)),
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Object(_) => Value::Object(Map::new()),
        scalar => scalar.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_cut_at_a_character() {
        assert_eq!(shortened(&"ü".repeat(100)), "ü".repeat(100));
        assert_eq!(shortened(&"ü".repeat(101)), format!("{}…", "ü".repeat(100)));
    }

    #[test]
    fn a_shown_value_has_a_bounded_size() {
        assert_eq!(shown(&json!([1, 2])), json!([]));
        assert_eq!(shown(&json!({"a": [1]})), json!({}));
        assert_eq!(shown(&json!(1.5)), json!(1.5));
    }

    #[test]
    fn problems_beyond_the_first_fifty_are_counted() {
        let mut problems = Problems::default();
        for index in 0..60 {
            problems.push(Fault::missing().at(vec!["body".into(), index.into()]));
        }
        let listed = problems.into_vec();
        assert_eq!(listed.len(), 51);
        assert_eq!(listed[50].msg, "10 more problems are not listed");
    }
}
