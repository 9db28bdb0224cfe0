//! The registry of the eight mirrored tables: their names, keys and columns, as the device has them.
//!
//! Everything that names a table or a column in SQL takes the name from here, never from a request. A test holds
//! the registry against the schema of a real database.

/// No table has more columns, the key and those of the server aside.
pub const MAX_COLUMNS: usize = 16;

/// A mirrored table.
#[derive(Debug)]
pub struct Table {
    /// Its name, on the device and here.
    pub name: &'static str,
    /// How a row says which row of the device it is.
    pub key: Key,
    /// The device's columns, without the key and without what the server adds.
    pub columns: &'static [Column],
}

/// The device's primary key, stored as `source_id`.
#[derive(Debug)]
pub enum Key {
    /// An integer, in the first of these columns that a row has.
    Integer(&'static [&'static str]),
    /// A text in the column `id`.
    Text,
    /// A text in the column `id`, or else in this one, which is a column here too.
    TextIn(&'static str),
}

/// A column of the device.
#[derive(Debug)]
pub struct Column {
    /// Its name, on the device and here.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnType,
    /// What happens when a row does not have it.
    pub presence: Presence,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ColumnType {
    /// An integer between two limits, both included.
    Integer(i64, i64),
    /// A finite double.
    Real,
    /// A text with a maximum number of characters.
    Characters(usize),
    /// A text with a maximum number of UTF-8 bytes.
    Bytes(usize),
    /// A point in time, with microseconds.
    Time,
    /// A text key of the device; a number stands for its decimal text.
    Key,
    /// The device's id of a profile; stored as the `id` that `profiles` has here.
    Profile,
    /// The device's id of another row of the same table; stored as the `id` of that row here.
    SameTable,
}

/// Whether a row must have a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// NOT NULL without a default: a row without it is refused.
    Required,
    /// NOT NULL with a default, which stands in for null as well.
    Defaulted,
    /// May be null.
    Nullable,
}

use ColumnType::{Bytes, Characters, Integer, Profile, Real, SameTable, Time};

const ANY_INTEGER: ColumnType = Integer(i64::MIN, i64::MAX);
const NAME: ColumnType = Characters(64);
const LABEL: ColumnType = Characters(255);
const TEXT: ColumnType = Bytes(65_535);
const DOCUMENT: ColumnType = Bytes(16_777_215);

const fn required(name: &'static str, kind: ColumnType) -> Column {
    Column {
        name,
        kind,
        presence: Presence::Required,
    }
}

const fn defaulted(name: &'static str, kind: ColumnType) -> Column {
    Column {
        name,
        kind,
        presence: Presence::Defaulted,
    }
}

const fn nullable(name: &'static str, kind: ColumnType) -> Column {
    Column {
        name,
        kind,
        presence: Presence::Nullable,
    }
}

const PROFILE_ID: Column = nullable("profile_id", Profile);
const CREATED_AT: Column = defaulted("created_at", Time);
const UPDATED_AT: Column = defaulted("updated_at", Time);
const DATA_SOURCE: Column = nullable("data_source", Characters(16));
const DRIVE_ID: Column = nullable("drive_id", ANY_INTEGER);

/// The tables in the order in which they are stored: what others refer to comes first.
pub static TABLES: [Table; 8] = [
    Table {
        name: "profiles",
        key: Key::Text,
        columns: &[
            required("name", LABEL),
            nullable("description", TEXT),
            nullable("alert_config_json", DOCUMENT),
            nullable("polling_interval_ms", ANY_INTEGER),
            CREATED_AT,
            UPDATED_AT,
            DATA_SOURCE,
        ],
    },
    Table {
        name: "vehicle_info",
        key: Key::TextIn("vin"),
        columns: &[
            defaulted("vin", ColumnType::Key),
            nullable("make", LABEL),
            nullable("model", LABEL),
            nullable("year", ANY_INTEGER),
            nullable("engine", LABEL),
            nullable("fuel_type", LABEL),
            nullable("transmission", LABEL),
            nullable("drive_type", LABEL),
            nullable("body_class", LABEL),
            nullable("plant_city", LABEL),
            nullable("plant_country", LABEL),
            nullable("raw_api_response", DOCUMENT),
            CREATED_AT,
            UPDATED_AT,
        ],
    },
    Table {
        name: "realtime_data",
        key: Key::Integer(&["id"]),
        columns: &[
            required("timestamp", Time),
            required("parameter_name", NAME),
            required("value", Real),
            nullable("unit", NAME),
            PROFILE_ID,
            DATA_SOURCE,
            DRIVE_ID,
        ],
    },
    Table {
        name: "statistics",
        key: Key::Integer(&["id"]),
        columns: &[
            required("parameter_name", NAME),
            required("analysis_date", Time),
            required("profile_id", Profile),
            nullable("max_value", Real),
            nullable("min_value", Real),
            nullable("avg_value", Real),
            nullable("mode_value", Real),
            nullable("std_1", Real),
            nullable("std_2", Real),
            nullable("outlier_min", Real),
            nullable("outlier_max", Real),
            nullable("sample_count", ANY_INTEGER),
            CREATED_AT,
            DATA_SOURCE,
            DRIVE_ID,
        ],
    },
    Table {
        name: "ai_recommendations",
        key: Key::Integer(&["id"]),
        columns: &[
            defaulted("timestamp", Time),
            required("recommendation", TEXT),
            nullable("priority_rank", Integer(1, 5)),
            nullable("is_duplicate_of", SameTable),
            PROFILE_ID,
            CREATED_AT,
        ],
    },
    Table {
        name: "connection_log",
        key: Key::Integer(&["id"]),
        columns: &[
            defaulted("timestamp", Time),
            required("event_type", NAME),
            nullable("mac_address", NAME),
            defaulted("success", ANY_INTEGER),
            nullable("error_message", TEXT),
            nullable("retry_count", ANY_INTEGER),
            DATA_SOURCE,
            DRIVE_ID,
        ],
    },
    Table {
        name: "alert_log",
        key: Key::Integer(&["id"]),
        columns: &[
            defaulted("timestamp", Time),
            required("alert_type", NAME),
            required("parameter_name", NAME),
            required("value", Real),
            required("threshold", Real),
            PROFILE_ID,
            DRIVE_ID,
        ],
    },
    Table {
        name: "calibration_sessions",
        key: Key::Integer(&["id", "session_id"]),
        columns: &[
            defaulted("start_time", Time),
            nullable("end_time", Time),
            nullable("notes", TEXT),
            PROFILE_ID,
            CREATED_AT,
            DATA_SOURCE,
        ],
    },
];

impl Table {
    /// The mirrored table of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// The place of the table in the order of storing.
    pub fn rank(&self) -> usize {
        TABLES
            .iter()
            .take_while(|table| table.name != self.name)
            .count()
    }

    /// The place of a column among [`Table::columns`].
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }

    /// True where `name` is a column that holds the key and nothing else.
    pub fn is_key(&self, name: &str) -> bool {
        match self.key {
            Key::Integer(names) => names.contains(&name),
            Key::Text | Key::TextIn(_) => name == "id",
        }
    }
}
