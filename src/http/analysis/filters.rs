use actors::analysis::AnalysisStatus;
use actors::sync::batch::Problem;
use serde_json::Value;

use crate::http::fields;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;

/// Which analyses are to be listed.
#[derive(Debug, PartialEq)]
pub(super) struct AnalysisFilters {
    pub(super) device_id: Option<String>,
    pub(super) status: Option<AnalysisStatus>,
    pub(super) limit: u32,
}

impl AnalysisFilters {
    /// Reads a query, or says everything that is wrong with it. Other fields are ignored; of one that is given
    /// twice the last counts.
    pub(in crate::http) fn read(query: &[(String, String)]) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let device_id = device_id(query, &mut problems);
        let status = filter(query, "status", &mut problems, |text| {
            let msg = "Input should be 'running', 'success' or 'failed'";
            text.parse().map_err(|_| ("literal_error", msg.to_owned()))
        });
        let limit = limit(query, MAX_LIMIT, &mut problems);
        if problems.is_empty() {
            Ok(Self {
                device_id,
                status,
                limit: limit.unwrap_or(DEFAULT_LIMIT),
            })
        } else {
            Err(problems)
        }
    }
}

/// The device that a query names.
pub(in crate::http) fn device_id(
    query: &[(String, String)],
    problems: &mut Vec<Problem>,
) -> Option<String> {
    filter(query, "deviceId", problems, |text| {
        fields::name(&Value::from(text))
    })
}

/// How much a query wants at most.
pub(in crate::http) fn limit(
    query: &[(String, String)],
    most: u32,
    problems: &mut Vec<Problem>,
) -> Option<u32> {
    filter(query, "limit", problems, |text| {
        let limit = text.parse().ok();
        limit
            .filter(|limit| (1..=most).contains(limit))
            .ok_or_else(|| {
                let msg = format!("Input should be a whole number from 1 to {most}");
                ("int_parsing", msg)
            })
    })
}

fn filter<T>(
    query: &[(String, String)],
    name: &str,
    problems: &mut Vec<Problem>,
    read: impl FnOnce(&str) -> Result<T, (&'static str, String)>,
) -> Option<T> {
    let (_, text) = query.iter().rev().find(|(given, _)| given == name)?;
    let tell = |(kind, msg)| {
        problems.push(Problem {
            kind,
            loc: vec!["query".into(), name.into()],
            msg,
            input: Value::from(text.as_str()),
        });
    };
    read(text).map_err(tell).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &[(&str, &str)]) -> Result<AnalysisFilters, Vec<Problem>> {
        let query: Vec<_> = query
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        AnalysisFilters::read(&query)
    }

    #[test]
    fn filters_are_optional_and_others_are_ignored() {
        let none = AnalysisFilters {
            device_id: None,
            status: None,
            limit: DEFAULT_LIMIT,
        };
        assert_eq!(read(&[("colour", "red")]), Ok(none));
        let all = AnalysisFilters {
            device_id: Some("car".to_owned()),
            status: Some(AnalysisStatus::Failed),
            limit: 500,
        };
        let query = [
            ("deviceId", "car"),
            ("status", "failed"),
            ("limit", "7"),
            ("limit", "500"),
        ];
        assert_eq!(read(&query), Ok(all));
    }

    #[test]
    fn every_bad_filter_is_told() {
        let problems = read(&[("limit", "0"), ("status", "done"), ("deviceId", "")]).unwrap_err();
        let kinds: Vec<_> = problems.iter().map(|problem| problem.kind).collect();
        assert_eq!(kinds, ["string_too_short", "literal_error", "int_parsing"]);
        for limit in ["501", "-1", "1.5", "many", "99999999999"] {
            assert_eq!(read(&[("limit", limit)]).unwrap_err().len(), 1, "{limit}");
        }
    }
}
