use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::json::shortened;

/// How many problems are described one by one; a batch of 80,000 bad rows shall not be answered with as many.
const DESCRIBED: usize = 50;

/// One thing in a request that keeps it from being accepted, in the shape that FastAPI gives it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// What kind of problem: one of pydantic's names, such as `missing` or `int_type`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Where: `["body", "tables", "realtime_data", "rows", 3, "value"]`.
    pub loc: Vec<Step>,
    /// What is wrong, in one sentence.
    pub msg: String,
    /// What was found there, shortened.
    pub input: Value,
}

/// One step on the way to a place in a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Step {
    /// A field of an object.
    Field(String),
    /// A position in a list, from 0.
    Index(usize),
}

impl Step {
    /// A name that the client chose, shortened.
    pub(super) fn named(name: &str) -> Self {
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

/// What is wrong with one value, before it is known where the value stands.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    pub kind: &'static str,
    pub msg: String,
    pub input: Value,
}

impl Fault {
    pub(super) fn at(self, loc: Vec<Step>) -> Problem {
        Problem {
            kind: self.kind,
            loc,
            msg: self.msg,
            input: self.input,
        }
    }
}

/// The problems of one request: the first ones described, the rest counted.
#[derive(Debug, Default)]
pub(super) struct Problems {
    described: Vec<Problem>,
    more: usize,
}

impl Problems {
    pub(super) fn push(&mut self, problem: Problem) {
        if self.described.len() < DESCRIBED {
            self.described.push(problem);
        } else {
            self.more += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.described.is_empty()
    }

    pub(super) fn into_vec(mut self) -> Vec<Problem> {
        if self.more > 0 {
            self.described.push(Problem {
                kind: "too_many_problems",
                loc: vec!["body".into()],
                msg: format!("{} more problems are not listed", self.more),
                input: Value::Null,
            });
        }
        self.described
    }
}
