//! The fields of uploads and of queries for backups.

use actors::backup::{BackupType, Sha256};
use actors::device_id::DeviceId;
use actors::problem::{Fault, Problem};
use serde_json::Value;

use crate::http::fields::{self, Fields};

/// A type of backup.
pub(super) fn backup_type(value: &Value) -> Result<BackupType, Fault> {
    let msg = "Input should be 'database', 'logs' or 'config'";
    fields::parsed(value, "literal_error", msg)
}

/// A SHA-256 in hex.
pub(super) fn sha256(value: &Value) -> Result<Sha256, Fault> {
    let msg = "String should match pattern '^[0-9A-Fa-f]{64}$'";
    fields::parsed(value, "string_pattern_mismatch", msg)
}

/// The filters `deviceId` and `type`, both optional.
pub(super) fn filters(
    query: &[(String, String)],
) -> Result<(Option<DeviceId>, Option<BackupType>), Vec<Problem>> {
    let mut fields = Fields::of_query(query);
    let device_id = fields.optional("deviceId", fields::device_id);
    let backup_type = fields.optional("type", backup_type);
    fields.finish(Some((device_id, backup_type)))
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
    fn filters_are_optional() {
        assert_eq!(filters(&[]), Ok((None, None)));
        let given = query(&[("type", "logs")]);
        assert_eq!(filters(&given), Ok((None, Some(BackupType::Logs))));
    }

    #[test]
    fn every_bad_filter_is_listed() {
        let problems = filters(&query(&[("type", "all"), ("deviceId", "../pi")])).unwrap_err();
        assert_eq!(
            serde_json::to_value(problems).unwrap(),
            json!([
                {
                    "type": "string_pattern_mismatch",
                    "loc": ["query", "deviceId"],
                    "msg": "String should not start with a dot, or contain '/' or '\\'",
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
