use actors::analysis::Scope;
use actors::device_id::DeviceId;
use actors::problem::{Fault, Problem};
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

/// The readings to analyse: a window, or a drive by its number. Unknown fields are ignored.
#[derive(ToSchema)]
#[schema(as = AnalysisRequest, rename_all = "camelCase", examples(json!({
    "deviceId": "example-device",
    "profileId": "daily",
    "driveStartTime": "2026-02-01T14:00:00",
    "driveEndTime": "2026-02-01T14:25:00",
    "parameters": ["RPM", "COOLANT_TEMP", "SPEED"],
    "focusAreas": ["air_fuel_ratio", "timing"],
})))]
#[expect(dead_code, reason = "for the documentation")]
pub(super) struct AnalysisRequestSchema {
    /// The device; by default the one that has readings in the window.
    #[schema(value_type = Option<DeviceIdSchema>)]
    device_id: Option<String>,
    /// The device's id of the driving profile to which the result belongs.
    #[schema(value_type = Option<ProfileId>)]
    profile_id: Option<String>,
    /// Start of the window.
    #[schema(value_type = Option<DeviceTime>)]
    drive_start_time: Option<String>,
    /// End of the window; not before its start.
    #[schema(value_type = Option<DeviceTime>)]
    drive_end_time: Option<String>,
    /// Instead of the two times: the number that the device gave the drive. Of several drives with one number the
    /// latest is analysed.
    #[schema(examples(7))]
    drive_id: Option<i64>,
    /// Only the figures of these parameters are put before the model; by default all. The findings rest on all readings.
    #[schema(min_items = 1, max_items = 500, examples("RPM"))]
    parameters: Option<Vec<String>>,
    /// Topics for the recommendations.
    #[schema(max_items = 100, examples("timing"))]
    focus_areas: Option<Vec<String>>,
}

/// A request that was read.
#[derive(Debug, PartialEq)]
pub(super) struct AnalysisRequest {
    pub(super) device_id: Option<DeviceId>,
    pub(super) profile_id: Option<String>,
    pub(super) scope: Scope,
    pub(super) parameters: Option<Vec<String>>,
    pub(super) focus_areas: Vec<String>,
}

impl AnalysisRequest {
    /// Reads a body, or returns every problem with it.
    pub(super) fn read(body: &[u8]) -> Result<Self, Vec<Problem>> {
        let mut fields = Fields::of_json(body)?;
        let profile_id = fields.optional("profileId", fields::profile_id);
        let device_id = fields.optional("deviceId", fields::device_id);
        let scope = scope(&mut fields);
        let parameters = fields.names("parameters", PARAMETERS);
        let focus_areas = fields.names("focusAreas", FOCUS_AREAS);
        let read = scope.map(|scope| Self {
            device_id,
            profile_id,
            scope,
            parameters,
            focus_areas: focus_areas.unwrap_or_default(),
        });
        fields.finish(read)
    }
}

/// The number of a drive, or else both ends of a window.
fn scope(fields: &mut Fields) -> Option<Scope> {
    const ENDS: [&str; 2] = ["driveStartTime", "driveEndTime"];
    if fields.given("driveId").is_null() {
        let [start, end] = ENDS.map(|name| fields.required(name, fields::time));
        if start > end && end.is_some() {
            let msg = "Value error, driveStartTime must not be after driveEndTime";
            let fault = Fault::new("value_error", msg, fields.given("driveStartTime"));
            fields.note(&["driveStartTime".into()], fault);
        }
        let (start, end) = start.zip(end)?;
        return Some(Scope::Window { start, end });
    }
    let drive_id = fields.optional("driveId", fields::drive_id);
    for name in ENDS {
        if !fields.given(name).is_null() {
            let msg = "Value error, driveId stands instead of driveStartTime and driveEndTime";
            let fault = Fault::new("value_error", msg, fields.given(name));
            fields.note(&[name.into()], fault);
        }
    }
    Some(Scope::Drive {
        drive_id: drive_id?,
    })
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
            scope: Scope::Window {
                start: "2026-02-01T14:00:00".parse().unwrap(),
                end: "2026-02-01T14:25:00".parse().unwrap(),
            },
            parameters: Some(vec!["RPM".to_owned(), "SPEED".to_owned()]),
            focus_areas: vec!["timing".to_owned()],
        };
        assert_eq!(read(&complete()), Ok(request));
    }

    #[test]
    fn the_number_of_a_drive_stands_instead_of_the_window() {
        let request = read(&json!({"deviceId": "car", "driveId": 7})).unwrap();
        assert_eq!(request.scope, Scope::Drive { drive_id: 7 });
        let both = json!({"driveId": 7, "driveEndTime": "2026-02-01T14:25:00"});
        let problems = read(&both).unwrap_err();
        assert_eq!(problems[0].kind, "value_error");
        let text = read(&json!({"driveId": "7"})).unwrap_err();
        assert_eq!((text.len(), text[0].kind), (1, "int_type"));
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
