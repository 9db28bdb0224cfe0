//! A serialized diagnosis has exactly the fields that its schema names, with values that the schema allows.

use std::collections::BTreeSet;

use actors::diagnosis::{
    Diagnoser, DoubtKind, EarlierDrive, EngineState, History, NotJudgedReason, Reading, Settings,
    System, Tier, VehicleFacts,
};
use serde::Serialize;
use serde_json::{Value, json};
use simulation::{Engine, Fault, Logger, Simulation, Strength};

use crate::http::document;

/// The diagnosis of a drive with a vacuum leak after three others.
fn diagnosis() -> Value {
    let settings = Settings::for_vehicle(VehicleFacts::eclipse());
    let mut history = History::default();
    let mut last = Value::Null;
    for drive in 1..=4 {
        let mut diagnoser = Diagnoser::new(&settings, history.clone());
        let leaking = Simulation::faulty(
            Engine::ECLIPSE_TURBO,
            Fault::VacuumLeak,
            Strength::Strong,
            1,
        );
        for reading in leaking.readings(Logger::Rows(1.0)) {
            #[allow(clippy::cast_possible_truncation)] // Seconds of a drive.
            diagnoser.push(Reading {
                at_ms: (reading.seconds * 1_000.0).round() as i64,
                channel: reading.parameter,
                value: reading.value,
                unit: Some(reading.unit),
                real: true,
            });
        }
        diagnoser.push(Reading {
            at_ms: 0,
            channel: "FUEL_LEVEL",
            value: 1.0,
            unit: Some("bananas"),
            real: true,
        });
        let (diagnosis, _) = diagnoser.finish();
        last = json!(diagnosis);
        history.earlier.push(EarlierDrive {
            drive,
            figures: diagnosis.figures,
        });
    }
    last
}

/// Every difference between a value and its schema.
fn differences(schemas: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return differences(schemas, &schemas[name], value, at, found);
    }
    if let Some(either) = schema["oneOf"].as_array() {
        if !value.is_null() {
            let other = either.iter().find(|schema| schema["type"] != "null");
            differences(schemas, other.unwrap(), value, at, found);
        }
        return;
    }
    if let Some(allowed) = schema["enum"].as_array() {
        if !allowed.contains(value) {
            found.push(format!("{at}: {value} is not allowed"));
        }
        return;
    }
    match value {
        Value::Object(fields) => {
            let documented = schema["properties"].as_object().unwrap();
            let named: BTreeSet<&String> = documented.keys().collect();
            let present: BTreeSet<&String> = fields.keys().collect();
            for name in named.symmetric_difference(&present) {
                found.push(format!("{at}.{name}: only in one of them"));
            }
            for (name, field) in fields {
                let at = format!("{at}.{name}");
                differences(schemas, &schema["properties"][name], field, &at, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                differences(schemas, &schema["items"], item, at, found);
            }
        }
        _ => {}
    }
}

#[test]
fn a_diagnosis_is_as_its_schema_says() {
    let document = json!(document());
    let schemas = &document["components"]["schemas"];
    let diagnosis = diagnosis();
    for list in ["findings", "notJudged", "passed", "doubts"] {
        assert_ne!(diagnosis[list], json!([]), "{list} is not compared");
    }
    assert_ne!(diagnosis["baseline"]["figures"], json!([]));
    let mut found = Vec::new();
    differences(
        schemas,
        &schemas["Diagnosis"],
        &diagnosis,
        "diagnosis",
        &mut found,
    );
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_name_of_a_tier_system_state_reason_or_doubt_is_documented() {
    fn names(values: &[impl Serialize]) -> Value {
        values.iter().map(|value| json!(value)).collect()
    }
    let document = json!(document());
    let schemas = &document["components"]["schemas"];
    let documented = |name: &str| schemas[name]["enum"].clone();
    assert_eq!(documented("Tier"), names(&Tier::ALL));
    assert_eq!(documented("System"), names(&System::ALL));
    assert_eq!(documented("EngineState"), names(&EngineState::ALL));
    for name in documented("NotJudgedReason").as_array().unwrap() {
        assert!(serde_json::from_value::<NotJudgedReason>(name.clone()).is_ok());
    }
    for name in documented("DoubtKind").as_array().unwrap() {
        assert!(serde_json::from_value::<DoubtKind>(name.clone()).is_ok());
    }
}
