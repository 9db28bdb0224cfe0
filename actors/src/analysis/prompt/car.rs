//! The car and the topics of its driver.

use std::fmt::Write;

use crate::analysis::vehicle::Vehicle;
use crate::text::phrase;

const VEHICLE_FIELD_CHARS: usize = 40;
const FOCUS_AREA_CHARS: usize = 48;
const MAX_FOCUS_AREAS: usize = 8;

pub(super) fn describe_vehicle(vehicle: Option<&Vehicle>) -> String {
    let unknown = Vehicle::default();
    let vehicle = vehicle.unwrap_or(&unknown);
    let field = |value: &Option<String>| {
        value
            .as_deref()
            .map(|value| phrase(value, VEHICLE_FIELD_CHARS))
            .filter(|value| !value.is_empty())
    };

    let year = vehicle
        .year
        .filter(|year| (1900..2200).contains(year))
        .map(|year| year.to_string());
    let name: Vec<_> = [year, field(&vehicle.make), field(&vehicle.model)]
        .into_iter()
        .flatten()
        .collect();
    let mut text = if name.is_empty() {
        "not recorded".to_owned()
    } else {
        name.join(" ")
    };
    let details = [
        ("engine", &vehicle.engine),
        ("fuel", &vehicle.fuel_type),
        ("transmission", &vehicle.transmission),
        ("drive", &vehicle.drive_type),
        ("body", &vehicle.body_class),
    ];
    for (label, value) in details {
        if let Some(value) = field(value) {
            // Writing to a string cannot fail.
            let _ = write!(text, ", {label}: {value}");
        }
    }
    text
}

pub(super) fn describe_focus(areas: &[String]) -> String {
    let areas: Vec<_> = areas
        .iter()
        .map(|area| phrase(area, FOCUS_AREA_CHARS))
        .filter(|area| !area.is_empty())
        .take(MAX_FOCUS_AREAS)
        .collect();
    if areas.is_empty() {
        "overall health and tuning".to_owned()
    } else {
        areas.join("; ")
    }
}
