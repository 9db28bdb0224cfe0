//! Descriptions of the columns of the mirrored tables, for the documentation of batches.

/// The meaning of a column of that name, in any table.
pub(super) struct Meaning {
    column: &'static str,
    pub description: &'static str,
    /// JSON.
    pub example: &'static str,
}

/// The meaning of a column of the registry.
pub(super) fn meaning_of(column: &str) -> Option<&'static Meaning> {
    MEANINGS.iter().find(|meaning| meaning.column == column)
}

const fn meaning(
    column: &'static str,
    description: &'static str,
    example: &'static str,
) -> Meaning {
    Meaning {
        column,
        description,
        example,
    }
}

static MEANINGS: &[Meaning] = &[
    meaning("id", "The row's key on the device.", "3966"),
    meaning(
        "session_id",
        "Another name of `id`: one of the two is required.",
        "12",
    ),
    meaning("timestamp", "When it happened.", "\"2026-02-01T14:25:00\""),
    meaning("parameter_name", "The measured parameter.", "\"RPM\""),
    meaning(
        "value",
        "The measured value, in `unit`, or in the usual unit of the parameter.",
        "2500.0",
    ),
    meaning(
        "unit",
        "The value's unit, as a word or a symbol.",
        "\"rpm\"",
    ),
    meaning(
        "profile_id",
        "The device's id of the driving profile.",
        "\"daily\"",
    ),
    meaning(
        "data_source",
        "The source of the data: `real`, or for example `simulated`.",
        "\"real\"",
    ),
    meaning("drive_id", "The device's number of the drive.", "7"),
    meaning(
        "analysis_date",
        "When the statistics were computed.",
        "\"2026-02-01T14:26:00\"",
    ),
    meaning(
        "max_value",
        "The largest value, in the parameter's unit.",
        "4200.0",
    ),
    meaning(
        "min_value",
        "The smallest value, in the parameter's unit.",
        "780.0",
    ),
    meaning("avg_value", "The mean, in the parameter's unit.", "1850.5"),
    meaning(
        "mode_value",
        "The most frequent value, in the parameter's unit.",
        "1700.0",
    ),
    meaning(
        "std_1",
        "One standard deviation, in the parameter's unit.",
        "610.2",
    ),
    meaning(
        "std_2",
        "Two standard deviations, in the parameter's unit.",
        "1220.4",
    ),
    meaning(
        "outlier_min",
        "Values below are outliers, in the parameter's unit.",
        "630.1",
    ),
    meaning(
        "outlier_max",
        "Values above are outliers, in the parameter's unit.",
        "3070.9",
    ),
    meaning("sample_count", "The number of readings.", "1500"),
    meaning(
        "created_at",
        "When the row was created on the device.",
        "\"2026-02-01T14:26:00\"",
    ),
    meaning(
        "updated_at",
        "When the row was last changed on the device.",
        "\"2026-02-01T14:26:00\"",
    ),
    meaning("name", "The display name.", "\"Daily driving\""),
    meaning(
        "description",
        "A description.",
        "\"Commute, mixed traffic\"",
    ),
    meaning(
        "alert_config_json",
        "Limits for alerts, as JSON in a text.",
        "\"{\\\"RPM\\\": {\\\"max\\\": 6500}}\"",
    ),
    meaning(
        "polling_interval_ms",
        "The interval between measurements, in milliseconds.",
        "1000",
    ),
    meaning(
        "vin",
        "The vehicle identification number.",
        "\"4A3AK34T6WE000001\"",
    ),
    meaning("make", "The car's make.", "\"Mitsubishi\""),
    meaning("model", "The car's model.", "\"Eclipse\""),
    meaning("year", "The model year.", "1998"),
    meaning("engine", "The engine.", "\"2.0L I4\""),
    meaning("fuel_type", "The fuel.", "\"Gasoline\""),
    meaning("transmission", "The transmission.", "\"Manual\""),
    meaning("drive_type", "The driven wheels.", "\"FWD\""),
    meaning("body_class", "The body.", "\"Coupe\""),
    meaning(
        "plant_city",
        "Where the car was built: the city.",
        "\"Normal\"",
    ),
    meaning(
        "plant_country",
        "Where the car was built: the country.",
        "\"USA\"",
    ),
    meaning(
        "raw_api_response",
        "The answer of the VIN decoder.",
        "\"{}\"",
    ),
    meaning("recommendation", "The advice.", "\"Check the coolant.\""),
    meaning(
        "priority_rank",
        "How urgent it is: 1 is the most urgent.",
        "2",
    ),
    meaning(
        "is_duplicate_of",
        "The device's id of the recommendation that this one duplicates.",
        "41",
    ),
    meaning(
        "event_type",
        "The event: `drive_start`, `drive_end`, and others.",
        "\"drive_end\"",
    ),
    meaning(
        "mac_address",
        "The address of the OBD-II adapter.",
        "\"00:1D:A5:68:98:8B\"",
    ),
    meaning("success", "Whether it succeeded: 1 or 0.", "1"),
    meaning("error_message", "The error.", "\"timeout\""),
    meaning("retry_count", "The number of retries.", "0"),
    meaning("alert_type", "The limit that was crossed.", "\"max\""),
    meaning("threshold", "The limit, in the parameter's unit.", "6500.0"),
    meaning(
        "start_time",
        "When the session began.",
        "\"2026-02-01T14:00:00\"",
    ),
    meaning(
        "end_time",
        "When the session ended.",
        "\"2026-02-01T14:25:00\"",
    ),
    meaning("notes", "Notes.", "\"after the oil change\""),
];

#[cfg(test)]
mod tests {
    use actors::sync::tables::{Key, TABLES};

    use super::*;

    #[test]
    fn every_column_of_the_registry_has_a_meaning_and_an_example_and_no_other() {
        let mut columns = vec!["id"];
        for table in &TABLES {
            columns.extend(table.columns.iter().map(|column| column.name));
            if let Key::Integer(names) = table.key {
                columns.extend(names);
            }
        }
        for column in &columns {
            let meaning = meaning_of(column).expect(column);
            serde_json::from_str::<serde_json::Value>(meaning.example).expect(column);
        }
        for meaning in MEANINGS {
            assert!(columns.contains(&meaning.column), "{}", meaning.column);
        }
    }
}
