use actors::device_id::DeviceId;
use actors::problem::{Fault, Problem};
use chrono::NaiveDateTime;
use utoipa::ToSchema;

use crate::http::fields::{self, Fields, Length};
use crate::http::schemas::{DeviceIdSchema, DeviceTime, ProfileId};

const PARAMETERS: Length = Length {
    least: 1,
    most: 500,
};
const FOCUS_AREAS: Length = Length {
    least: 0,
    most: 100,
};

/// The readings to analyse. Unknown fields are ignored.
#[derive(Debug, PartialEq, ToSchema)]
#[schema(rename_all = "camelCase", examples(json!({
    "deviceId": "example-device",
    "profileId": "daily",
    "driveStartTime": "2026-02-01T14:00:00",
    "driveEndTime": "2026-02-01T14:25:00",
    "parameters": ["RPM", "COOLANT_TEMP", "SPEED"],
    "focusAreas": ["air_fuel_ratio", "timing"],
})))]
pub(super) struct AnalysisRequest {
    /// The device; by default the one that has readings in the window.
    #[schema(value_type = Option<DeviceIdSchema>)]
    pub(super) device_id: Option<DeviceId>,
    /// The device's id of the driving profile to which the result belongs.
    #[schema(value_type = Option<ProfileId>)]
    pub(super) profile_id: Option<String>,
    /// Start of the window.
    #[schema(rename = "driveStartTime", value_type = DeviceTime)]
    pub(super) window_start: NaiveDateTime,
    /// End of the window; not before its start.
    #[schema(rename = "driveEndTime", value_type = DeviceTime)]
    pub(super) window_end: NaiveDateTime,
    /// Only these parameters; by default all.
    #[schema(min_items = 1, max_items = 500, examples("RPM"))]
    pub(super) parameters: Option<Vec<String>>,
    /// Topics for the recommendations.
    #[schema(required = false, max_items = 100, examples("timing"))]
    pub(super) focus_areas: Vec<String>,
}

impl AnalysisRequest {
    /// Reads a body, or returns every problem with it.
    pub(super) fn read(body: &[u8]) -> Result<Self, Vec<Problem>> {
        let mut fields = Fields::of_json(body)?;
        let profile_id = fields.optional("profileId", fields::profile_id);
        let device_id = fields.optional("deviceId", fields::device_id);
        let start = fields.required("driveStartTime", fields::time);
        let end = fields.required("driveEndTime", fields::time);
        let parameters = fields.names("parameters", PARAMETERS);
        let focus_areas = fields.names("focusAreas", FOCUS_AREAS);
        if start > end && end.is_some() {
            let msg = "Value error, driveStartTime must not be after driveEndTime";
            let fault = Fault::new("value_error", msg, fields.given("driveStartTime"));
            fields.note(&["driveStartTime".into()], fault);
        }
        let read = start.zip(end).map(|(window_start, window_end)| Self {
            device_id,
            profile_id,
            window_start,
            window_end,
            parameters,
            focus_areas: focus_areas.unwrap_or_default(),
        });
        fields.finish(read)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn complete() -> Value {
        json!({
            "profileId": 1,
            "driveStartTime": "2026-02-01T14:00:00",
            "driveEndTime": "2026-02-01T16:25:00+02:00",
            "parameters": ["RPM", "SPEED"],
            "focusAreas": ["timing"],
        })
    }

    fn read(body: &Value) -> Result<AnalysisRequest, Vec<Problem>> {
        AnalysisRequest::read(body.to_string().as_bytes())
    }

    #[test]
    fn a_complete_request_is_read() {
        let request = AnalysisRequest {
            device_id: None,
            profile_id: Some("1".to_owned()),
            window_start: "2026-02-01T14:00:00".parse().unwrap(),
            window_end: "2026-02-01T14:25:00".parse().unwrap(),
            parameters: Some(vec!["RPM".to_owned(), "SPEED".to_owned()]),
            focus_areas: vec!["timing".to_owned()],
        };
        assert_eq!(read(&complete()), Ok(request));
    }

    #[test]
    fn only_the_window_is_required_and_null_means_absent() {
        let mut body = complete();
        for field in ["profileId", "parameters", "focusAreas"] {
            body[field] = Value::Null;
        }
        let bare = json!({
            "driveStartTime": "2026-02-01 14:00:00", "driveEndTime": "2026-02-01 14:25:00Z", "unknown": {},
        });
        assert_eq!(read(&body), read(&bare));
        let request = read(&bare).unwrap();
        assert_eq!((request.parameters, request.profile_id), (None, None));
    }

    #[rstest]
    #[case::profile("profileId", json!(1.5), "string_type")]
    #[case::profile_empty("profileId", json!(""), "string_too_short")]
    #[case::device("deviceId", json!(7), "string_type")]
    #[case::device_long("deviceId", json!("x".repeat(65)), "string_too_long")]
    #[case::start("driveStartTime", json!("yesterday"), "datetime_parsing")]
    #[case::start_number("driveStartTime", json!(1_769_954_400), "datetime_type")]
    #[case::start_null("driveStartTime", Value::Null, "datetime_type")]
    #[case::end_before_start("driveStartTime", json!("2026-02-01T14:25:01"), "value_error")]
    #[case::parameters("parameters", json!("RPM"), "list_type")]
    #[case::no_parameters("parameters", json!([]), "too_short")]
    #[case::many_parameters("parameters", json!(vec!["RPM"; 501]), "too_long")]
    #[case::focus("focusAreas", json!({}), "list_type")]
    fn an_invalid_field_is_a_problem_at_its_location(
        #[case] field: &str,
        #[case] value: Value,
        #[case] kind: &str,
    ) {
        let mut body = complete();
        body[field] = value;
        let problems = read(&body).unwrap_err();
        let found: Vec<_> = problems
            .iter()
            .map(|problem| (problem.kind, problem.loc.clone()))
            .collect();
        assert_eq!(found, [(kind, vec!["body".into(), field.into()])]);
    }

    #[test]
    fn every_problem_is_listed_at_once() {
        let body = json!({"parameters": ["RPM", 3, ""], "focusAreas": [null]});
        let places: Vec<String> = read(&body)
            .unwrap_err()
            .iter()
            .map(|problem| {
                let steps: Vec<_> = problem.loc.iter().map(ToString::to_string).collect();
                steps.join(".")
            })
            .collect();
        let wrong = [
            "body.driveStartTime",
            "body.driveEndTime",
            "body.parameters.1",
            "body.parameters.2",
            "body.focusAreas.0",
        ];
        assert_eq!(places, wrong);
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in any::<Vec<u8>>()) {
            let _ = AnalysisRequest::read(&body);
        }
    }
}
