//! The fields that go with backups: what they must look like, and what is said if they do not.

use std::str::FromStr;

use actors::backup::{DeviceId, DeviceIdError, Kind, Sha256};
use actors::sync::batch::Problem;
use serde_json::Value;

use crate::http::error::ApiError;

/// Where a field was found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// In the form.
    Body,
    /// In the URL.
    Query,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Query => "query",
        }
    }

    /// Something that is wrong with a field of this name.
    pub(super) fn problem(
        self,
        field: &str,
        kind: &'static str,
        msg: impl Into<String>,
        input: impl Into<Value>,
    ) -> Problem {
        Problem {
            kind,
            loc: vec![self.name().into(), field.into()],
            msg: msg.into(),
            input: input.into(),
        }
    }

    /// A required field that is not there.
    pub(super) fn missing(self, field: &str) -> Problem {
        self.problem(field, "missing", "Field required", Value::Null)
    }

    /// Reads a field of this name.
    pub(super) fn read<T: FieldValue>(self, field: &str, text: &str) -> Result<T, Problem> {
        text.parse().map_err(|error| {
            let (kind, msg) = T::explain(error);
            self.problem(field, kind, msg, text)
        })
    }
}

/// A value whose faults are told in pydantic's words.
pub(super) trait FieldValue: FromStr {
    /// The kind of problem, and a sentence.
    fn explain(error: Self::Err) -> (&'static str, &'static str);
}

impl FieldValue for DeviceId {
    fn explain(error: DeviceIdError) -> (&'static str, &'static str) {
        match error {
            DeviceIdError::Empty => (
                "string_too_short",
                "String should have at least 1 character",
            ),
            DeviceIdError::TooLong => (
                "string_too_long",
                "String should have at most 64 characters",
            ),
            DeviceIdError::Malformed => (
                "string_pattern_mismatch",
                "String should match pattern '^[A-Za-z0-9_-][A-Za-z0-9._-]*$'",
            ),
        }
    }
}

impl FieldValue for Kind {
    fn explain(_: Self::Err) -> (&'static str, &'static str) {
        (
            "literal_error",
            "Input should be 'database', 'logs' or 'config'",
        )
    }
}

impl FieldValue for Sha256 {
    fn explain(_: Self::Err) -> (&'static str, &'static str) {
        (
            "string_pattern_mismatch",
            "String should match pattern '^[0-9A-Fa-f]{64}$'",
        )
    }
}

/// `deviceId` and `type` of a query, neither of them required.
pub(super) fn filters(
    query: &[(String, String)],
) -> Result<(Option<DeviceId>, Option<Kind>), ApiError> {
    let device = filter(query, "deviceId");
    let kind = filter(query, "type");
    match (device, kind) {
        (Ok(device), Ok(kind)) => Ok((device, kind)),
        (device, kind) => Err(ApiError::Invalid(
            device.err().into_iter().chain(kind.err()).collect(),
        )),
    }
}

fn filter<T: FieldValue>(query: &[(String, String)], name: &str) -> Result<Option<T>, Problem> {
    let given = query.iter().rev().find(|(given, _)| given == name);
    given
        .map(|(_, text)| Source::Query.read(name, text))
        .transpose()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn filters_are_optional_and_others_are_ignored() {
        assert_eq!(filters(&[]).unwrap(), (None, None));
        let (device, kind) = filters(&query(&[("type", "logs"), ("limit", "x")])).unwrap();
        assert_eq!((device, kind), (None, Some(Kind::Logs)));
    }

    #[test]
    fn every_bad_filter_is_told() {
        let refused = filters(&query(&[("type", "all"), ("deviceId", "../pi")]));
        let Err(ApiError::Invalid(problems)) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(
            serde_json::to_value(problems).unwrap(),
            json!([
                {
                    "type": "string_pattern_mismatch",
                    "loc": ["query", "deviceId"],
                    "msg": "String should match pattern '^[A-Za-z0-9_-][A-Za-z0-9._-]*$'",
                    "input": "../pi",
                },
                {
                    "type": "literal_error",
                    "loc": ["query", "type"],
                    "msg": "Input should be 'database', 'logs' or 'config'",
                    "input": "all",
                },
            ])
        );
    }
}
