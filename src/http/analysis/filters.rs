use actors::analysis::AnalysisStatus;
use actors::device_id::DeviceId;
use actors::page::Page;
use actors::problem::Problem;

use crate::http::fields::{self, Fields};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;

/// The filters of `GET /api/v1/analyses`.
#[derive(Debug, PartialEq)]
pub(super) struct AnalysisFilters {
    pub(super) device_id: Option<DeviceId>,
    pub(super) status: Option<AnalysisStatus>,
    pub(super) page: Page<String>,
}

impl AnalysisFilters {
    /// Reads a query, or returns every problem with it.
    pub(super) fn read(query: &[(String, String)]) -> Result<Self, Vec<Problem>> {
        let mut fields = Fields::of_query(query);
        let device_id = fields.optional("deviceId", fields::device_id);
        let status = fields.optional("status", |value| {
            let msg = "Input should be 'running', 'success' or 'failed'";
            fields::parsed(value, "literal_error", msg)
        });
        let page = fields::page(&mut fields, DEFAULT_LIMIT, MAX_LIMIT);
        fields.finish(Some(Self {
            device_id,
            status,
            page,
        }))
    }
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
    fn filters_are_optional() {
        let page = Page::first(DEFAULT_LIMIT);
        let none = AnalysisFilters {
            device_id: None,
            status: None,
            page: page.clone(),
        };
        assert_eq!(read(&[]), Ok(none));
        let all = AnalysisFilters {
            device_id: Some("car".parse().unwrap()),
            status: Some(AnalysisStatus::Failed),
            page: Page { limit: 500, ..page },
        };
        let query = [("deviceId", "car"), ("status", "failed"), ("limit", "500")];
        assert_eq!(read(&query), Ok(all));
    }

    #[test]
    fn every_bad_filter_is_listed() {
        let problems = read(&[
            ("limit", "0"),
            ("status", "done"),
            ("deviceId", ""),
            ("cursor", "2"),
            ("from", "2026-02-02T00:00:00"),
            ("to", "2026-02-01T00:00:00"),
        ])
        .unwrap_err();
        let kinds: Vec<_> = problems.iter().map(|problem| problem.kind).collect();
        let expected = [
            "string_too_short",
            "literal_error",
            "value_error",
            "cursor_parsing",
            "int_parsing",
        ];
        assert_eq!(kinds, expected);
    }
}
