use actors::sync::batch::Problem;
use chrono::NaiveDateTime;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::http::docs::{DeviceTime, ProfileId};
use crate::http::fields::{self, Fields, Length};

const PARAMETERS: Length = Length {
    least: 1,
    most: 500,
};
const FOCUS_AREAS: Length = Length {
    least: 0,
    most: 100,
};

/// Which readings are to be analysed. Fields beyond these are ignored.
#[derive(Debug, PartialEq, ToSchema)]
#[schema(rename_all = "camelCase", examples(json!({
    "deviceId": "chi-eclipse-tuner",
    "profileId": "daily",
    "driveStartTime": "2026-02-01T14:00:00",
    "driveEndTime": "2026-02-01T14:25:00",
    "parameters": ["RPM", "COOLANT_TEMP", "SPEED"],
    "focusAreas": ["air_fuel_ratio", "timing"],
})))]
pub(super) struct AnalysisRequest {
    /// Whose readings; without it, those of the one device that has some in the window.
    #[schema(min_length = 1, max_length = 64, examples("chi-eclipse-tuner"))]
    pub(super) device_id: Option<String>,
    /// The driving profile that the result belongs to, by the device's id of it.
    #[schema(value_type = Option<ProfileId>)]
    pub(super) profile_id: Option<String>,
    /// When the drive began.
    #[schema(rename = "driveStartTime", value_type = DeviceTime)]
    pub(super) window_start: NaiveDateTime,
    /// When it ended; not before it began.
    #[schema(rename = "driveEndTime", value_type = DeviceTime)]
    pub(super) window_end: NaiveDateTime,
    /// Only these parameters; without it, all.
    #[schema(min_items = 1, max_items = 500, examples("RPM"))]
    pub(super) parameters: Option<Vec<String>>,
    /// What the advice should be about.
    #[schema(required = false, max_items = 100, examples("timing"))]
    pub(super) focus_areas: Vec<String>,
}

impl AnalysisRequest {
    /// Reads a body, or says everything that is wrong with it.
    pub(super) fn read(body: &[u8]) -> Result<Self, Vec<Problem>> {
        let value = serde_json::from_slice(body).map_err(|error| {
            let nothing = Value::Object(Map::new());
            vec![of_body(
                "json_invalid",
                format!("JSON decode error: {error}"),
                nothing,
            )]
        })?;
        let Value::Object(values) = value else {
            let msg = "Input should be an object".to_owned();
            return Err(vec![of_body("model_attributes_type", msg, Value::Null)]);
        };
        let mut fields = Fields::new(&values);
        let profile_id = fields.optional("profileId", fields::name_or_number);
        let device_id = fields.optional("deviceId", fields::name);
        let start = fields.required("driveStartTime", fields::moment);
        let end = fields.required("driveEndTime", fields::moment);
        let parameters = fields.names("parameters", PARAMETERS);
        let focus_areas = fields.names("focusAreas", FOCUS_AREAS);
        if start > end && end.is_some() {
            let msg = "Value error, driveStartTime must not be after driveEndTime".to_owned();
            let given = values.get("driveStartTime").unwrap_or(&Value::Null);
            fields.note(&["driveStartTime".into()], ("value_error", msg), given);
        }
        match (start, end, fields.into_problems()) {
            (Some(window_start), Some(window_end), problems) if problems.is_empty() => Ok(Self {
                device_id,
                profile_id,
                window_start,
                window_end,
                parameters,
                focus_areas: focus_areas.unwrap_or_default(),
            }),
            (_, _, problems) => Err(problems),
        }
    }
}

fn of_body(kind: &'static str, msg: String, input: Value) -> Problem {
    Problem {
        kind,
        loc: vec!["body".into()],
        msg,
        input,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn whole() -> Value {
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
    fn a_whole_request_is_read() {
        let request = AnalysisRequest {
            device_id: None,
            profile_id: Some("1".to_owned()),
            window_start: "2026-02-01T14:00:00".parse().unwrap(),
            window_end: "2026-02-01T14:25:00".parse().unwrap(),
            parameters: Some(vec!["RPM".to_owned(), "SPEED".to_owned()]),
            focus_areas: vec!["timing".to_owned()],
        };
        assert_eq!(read(&whole()), Ok(request));
    }

    #[test]
    fn only_the_window_is_required_and_null_is_as_good_as_absent() {
        let mut body = whole();
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
    fn a_field_of_another_kind_is_told(
        #[case] field: &str,
        #[case] value: Value,
        #[case] kind: &str,
    ) {
        let mut body = whole();
        body[field] = value;
        let problems = read(&body).unwrap_err();
        let told: Vec<_> = problems
            .iter()
            .map(|problem| (problem.kind, problem.loc.clone()))
            .collect();
        assert_eq!(told, [(kind, vec!["body".into(), field.into()])]);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
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

    #[test]
    fn what_is_no_object_is_told() {
        for (body, kind) in [("", "json_invalid"), ("[]", "model_attributes_type")] {
            assert_eq!(
                AnalysisRequest::read(body.as_bytes()).unwrap_err()[0].kind,
                kind
            );
        }
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in any::<Vec<u8>>()) {
            let _ = AnalysisRequest::read(&body);
        }
    }
}
