//! US-CMP-003: the schema of a migrated database, compared with the registry of tables.

use std::collections::{BTreeMap, BTreeSet};

use actors::sync::tables::{Column, ColumnType, Key, Presence, TABLES, Table};
use chrono::NaiveDateTime;
use mysql_async::Error;

use crate::support::{Binary, TestDatabase};

async fn migrated() -> TestDatabase {
    let database = TestDatabase::create().await;
    let ended = Binary::with_database(&database.url()).run(&["init-db"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    database
}

/// A column as both database servers describe it.
#[derive(Debug, PartialEq)]
struct Described {
    sql_type: String,
    is_nullable: bool,
    has_default: bool,
}

/// Name, type, length, precision, whether it can be null, whether it has a default.
type ColumnRow = (String, String, Option<u64>, Option<u64>, bool, bool);

async fn described(database: &TestDatabase, table: &str) -> BTreeMap<String, Described> {
    let query = format!(
        "SELECT column_name, data_type, character_maximum_length, datetime_precision, is_nullable = 'YES', \
         COALESCE(column_default, 'NULL') <> 'NULL' FROM information_schema.columns \
         WHERE table_schema = DATABASE() AND table_name = '{table}'"
    );
    let columns: Vec<ColumnRow> = database.rows(&query).await;
    columns
        .into_iter()
        .map(
            |(name, data_type, length, precision, is_nullable, has_default)| {
                let sql_type = match (data_type.as_str(), length.or(precision)) {
                    // MariaDB's JSON is a text with a check.
                    ("longtext", _) => "json".to_owned(),
                    (_, Some(size)) => format!("{data_type}({size})"),
                    _ => data_type,
                };
                (
                    name,
                    Described {
                        sql_type,
                        is_nullable,
                        has_default,
                    },
                )
            },
        )
        .collect()
}

fn sql_type(kind: ColumnType) -> String {
    match kind {
        ColumnType::Integer(..) | ColumnType::Profile | ColumnType::SameTable => {
            "bigint".to_owned()
        }
        ColumnType::Real => "double".to_owned(),
        ColumnType::Time => "datetime(6)".to_owned(),
        ColumnType::Key => "varchar(64)".to_owned(),
        ColumnType::Characters(length) => format!("varchar({length})"),
        ColumnType::Bytes(length @ 65_535) => format!("text({length})"),
        ColumnType::Bytes(length) => format!("mediumtext({length})"),
    }
}

/// The columns that the server adds to a table of the device.
fn server_columns(table: &Table) -> [(&'static str, &'static str, bool); 6] {
    let source_id = match table.key {
        Key::Integer(_) => "bigint",
        Key::Text | Key::TextIn(_) => "varchar(64)",
    };
    [
        ("id", "bigint", false),
        ("source_id", source_id, false),
        ("source_device", "varchar(64)", false),
        ("synced_at", "datetime(6)", false),
        ("sync_batch_id", "varchar(64)", true),
        ("extra", "json", true),
    ]
}

#[tokio::test]
async fn the_registry_has_exactly_the_columns_of_the_schema() {
    let database = migrated().await;
    for table in &TABLES {
        let mut described = described(&database, table.name).await;
        for (name, sql_type, is_nullable) in server_columns(table) {
            let place = format!("{}.{name}", table.name);
            let column = described.remove(name).expect(&place);
            assert_eq!(
                (column.sql_type.as_str(), column.is_nullable),
                (sql_type, is_nullable),
                "{place}"
            );
        }
        for Column {
            name,
            kind,
            presence,
        } in table.columns
        {
            let place = format!("{}.{name}", table.name);
            let column = described.remove(*name).expect(&place);
            assert_eq!(column.sql_type, sql_type(*kind), "{place}");
            assert_eq!(
                column.is_nullable,
                *presence == Presence::Nullable,
                "{place}"
            );
            match presence {
                Presence::Required => assert!(!column.has_default, "{place}"),
                // The column of the key gets the key.
                Presence::Defaulted => {
                    assert!(column.has_default || *kind == ColumnType::Key, "{place}");
                }
                Presence::Nullable => {}
            }
        }
        let missing: Vec<_> = described.keys().collect();
        assert!(
            missing.is_empty(),
            "the registry lacks {missing:?} of {}",
            table.name
        );
    }
}

#[tokio::test]
async fn the_columns_are_those_of_the_device() {
    // As the device's own schema lists them.
    let device: [(&str, &str); 8] = [
        (
            "vehicle_info",
            "vin make model year engine fuel_type transmission drive_type body_class plant_city \
          plant_country raw_api_response created_at updated_at",
        ),
        (
            "profiles",
            "name description alert_config_json polling_interval_ms created_at updated_at data_source",
        ),
        (
            "realtime_data",
            "timestamp parameter_name value unit profile_id data_source drive_id",
        ),
        (
            "statistics",
            "parameter_name analysis_date profile_id max_value min_value avg_value mode_value std_1 std_2 \
          outlier_min outlier_max sample_count created_at data_source drive_id",
        ),
        (
            "ai_recommendations",
            "timestamp recommendation priority_rank is_duplicate_of profile_id created_at",
        ),
        (
            "connection_log",
            "timestamp event_type mac_address success error_message retry_count data_source drive_id",
        ),
        (
            "alert_log",
            "timestamp alert_type parameter_name value threshold profile_id drive_id",
        ),
        (
            "calibration_sessions",
            "start_time end_time notes profile_id created_at data_source",
        ),
    ];
    let database = migrated().await;
    for (name, columns) in device {
        let table = Table::named(name).expect(name);
        let server = server_columns(table).map(|(name, ..)| name);
        let expected: BTreeSet<&str> = columns.split_whitespace().chain(server).collect();
        let described = described(&database, name).await;
        let stored: BTreeSet<&str> = described.keys().map(String::as_str).collect();
        assert_eq!(stored, expected, "{name}");
    }
}

#[tokio::test]
async fn every_mirrored_table_has_its_upsert_key() {
    let database = migrated().await;
    for Table { name, .. } in &TABLES {
        let columns: Vec<String> = database
            .rows(&format!(
                "SELECT column_name FROM information_schema.statistics WHERE table_schema = DATABASE() \
                 AND table_name = '{name}' AND non_unique = 0 AND index_name <> 'PRIMARY' ORDER BY seq_in_index"
            ))
            .await;
        assert_eq!(columns, ["source_device", "source_id"], "{name}");
    }
}

#[tokio::test]
async fn foreign_keys_are_those_of_the_device_and_refer_to_ids_of_mysql() {
    let database = migrated().await;
    let keys: Vec<(String, String, String, String, String)> = database
        .rows(
            "SELECT k.table_name, k.column_name, k.referenced_table_name, k.referenced_column_name, r.delete_rule \
             FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r \
             ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name \
             WHERE k.table_schema = DATABASE() ORDER BY 1, 2",
        )
        .await;
    let expected = [
        (
            "ai_recommendations",
            "is_duplicate_of",
            "ai_recommendations",
            "SET NULL",
        ),
        ("ai_recommendations", "profile_id", "profiles", "SET NULL"),
        ("alert_log", "profile_id", "profiles", "SET NULL"),
        ("calibration_sessions", "profile_id", "profiles", "SET NULL"),
        ("realtime_data", "profile_id", "profiles", "SET NULL"),
        ("statistics", "profile_id", "profiles", "CASCADE"),
    ];
    let expected = expected.map(|(table, column, target, rule)| {
        (
            table.into(),
            column.into(),
            target.into(),
            "id".into(),
            rule.into(),
        )
    });
    assert_eq!(keys, expected);
}

/// Each index costs time for every row: none is there that no foreign key and no query needs.
#[tokio::test]
async fn the_mirrored_tables_have_the_indexes_that_keys_and_queries_need_and_no_more() {
    let database = migrated().await;
    let indexes: Vec<(String, String)> = database
        .rows(
            "SELECT table_name, GROUP_CONCAT(column_name ORDER BY seq_in_index) FROM information_schema.statistics \
             WHERE table_schema = DATABASE() GROUP BY table_name, index_name",
        )
        .await;
    let of_each = ["id", "source_device,source_id"];
    let mut needed = BTreeSet::new();
    for table in &TABLES {
        needed.extend(of_each.map(|columns| (table.name.to_owned(), columns.to_owned())));
    }
    for (table, columns) in [
        // The readings of a device in a window.
        ("realtime_data", "source_device,timestamp,drive_id"),
        // The recommendations of an analysis.
        ("ai_recommendations", "sync_batch_id"),
        // Foreign keys.
        ("ai_recommendations", "is_duplicate_of"),
        ("ai_recommendations", "profile_id"),
        ("alert_log", "profile_id"),
        ("calibration_sessions", "profile_id"),
        ("realtime_data", "profile_id"),
        ("statistics", "profile_id"),
    ] {
        needed.insert((table.to_owned(), columns.to_owned()));
    }
    let is_mirrored = |(name, _): &(String, String)| TABLES.iter().any(|table| table.name == name);
    let there: BTreeSet<_> = indexes.into_iter().filter(is_mirrored).collect();
    assert_eq!(there, needed);
}

/// The error code of a statement that violates a constraint.
async fn refusal(database: &TestDatabase, statement: &str) -> u16 {
    match database.execute(statement).await {
        Err(Error::Server(answer)) => answer.code,
        other => panic!("{other:?} to {statement}"),
    }
}

#[tokio::test]
async fn a_reading_cannot_be_stored_twice() {
    let database = migrated().await;
    let insert = "INSERT INTO realtime_data (source_device, source_id, synced_at, timestamp, parameter_name, value) \
                  VALUES ('test', 1, NOW(6), NOW(6), 'RPM', 1)";
    database.execute(insert).await.unwrap();
    assert_eq!(refusal(&database, insert).await, 1062);
}

#[tokio::test]
async fn a_reading_cannot_refer_to_a_missing_profile() {
    let database = migrated().await;
    let insert = "INSERT INTO realtime_data (source_device, source_id, synced_at, timestamp, parameter_name, value, \
                  profile_id) VALUES ('test', 1, NOW(6), NOW(6), 'RPM', 1, 4711)";
    assert_eq!(refusal(&database, insert).await, 1452);
}

#[tokio::test]
async fn a_recommendation_has_a_rank_from_1_to_5() {
    let database = migrated().await;
    let insert = "INSERT INTO ai_recommendations (source_device, source_id, synced_at, recommendation, priority_rank) \
                  VALUES ('test', 1, NOW(6), 'None', 6)";
    assert!([3819, 4025].contains(&refusal(&database, insert).await));
}

#[tokio::test]
async fn the_history_stores_and_returns_all_of_its_fields() {
    type Entry = (
        String,
        String,
        NaiveDateTime,
        NaiveDateTime,
        String,
        i64,
        i64,
        String,
    );
    let database = migrated().await;
    database
        .execute(
            "INSERT INTO sync_history (batch_id, device_id, started_at, completed_at, tables_synced, rows_inserted, \
             rows_updated, status) VALUES ('b', 'd', '2026-02-01 14:30:00.000001', '2026-02-01 14:30:05.999999', \
             '[\"realtime_data\"]', 500, 7, 'partial')",
        )
        .await
        .unwrap();
    let entry: Entry = database
        .row(
            "SELECT batch_id, device_id, started_at, completed_at, CAST(tables_synced AS CHAR), rows_inserted, \
             rows_updated, status FROM sync_history",
        )
        .await;
    let expected = (
        "b".to_owned(),
        "d".to_owned(),
        "2026-02-01T14:30:00.000001".parse().unwrap(),
        "2026-02-01T14:30:05.999999".parse().unwrap(),
        "[\"realtime_data\"]".to_owned(),
        500,
        7,
        "partial".to_owned(),
    );
    assert_eq!(entry, expected);
}
