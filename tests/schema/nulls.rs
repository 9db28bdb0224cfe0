//! Rows with NULL in every column that allows it do no harm to any reader.

use std::fmt::Write as _;

use eclipse_ai_server::http::{Access, endpoints};
use mysql_async::prelude::Queryable as _;
use serde_json::json;

use crate::support::{
    API_KEY, Binary, FakeOllama, TestDatabase, TestServer, answer, batch, reading, with,
};

/// One row for each state of a drive, the longest list of values that a column has.
const ROWS: usize = 7;

struct Column {
    table: String,
    name: String,
    kind: String,
    is_nullable: bool,
    is_optional: bool,
}

/// Every column of the migrated database, except for the tables of the migrations, whose rows are there already.
async fn columns(database: &TestDatabase) -> Vec<Column> {
    let query = "SELECT table_name, column_name, column_type, is_nullable = 'YES', \
                 column_default IS NOT NULL OR extra <> '' FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND table_name NOT IN ('refinery_schema_history', 'migration_lock') \
                 ORDER BY table_name, ordinal_position";
    let columns: Vec<(String, String, String, bool, bool)> = database.rows(query).await;
    let columns = columns.into_iter();
    columns
        .map(|(table, name, kind, is_nullable, is_optional)| Column {
            table,
            name,
            kind,
            is_nullable,
            is_optional,
        })
        .collect()
}

fn device(row: usize) -> String {
    format!("car-{row}")
}

/// A value that a required column accepts.
fn value(column: &Column, row: usize) -> String {
    if ["source_device", "device_id"].contains(&column.name.as_str()) {
        return format!("'{}'", device(row));
    }
    let kind = column.kind.to_lowercase();
    if let Some(values) = kind.strip_prefix("enum(") {
        let values: Vec<&str> = values.trim_end_matches(')').split(',').collect();
        return values[row % values.len()].to_owned();
    }
    let name = kind.split(['(', ' ']).next().unwrap();
    match name {
        "varchar" => format!("'{row}'"),
        "json" | "longtext" | "mediumtext" | "text" => "'{}'".to_owned(),
        "datetime" => "'2026-02-01 14:00:00'".to_owned(),
        "date" => "'2026-02-01'".to_owned(),
        "varbinary" => "''".to_owned(),
        _ => row.to_string(),
    }
}

/// Inserts rows into every table: NULL where it is allowed, the default where there is one.
async fn fill(database: &TestDatabase) -> usize {
    let columns = columns(database).await;
    let mut connection = database.connect().await;
    // Required links lead to the rows of the other table, which have the same numbers.
    let setting = "SET foreign_key_checks = 0";
    connection.query_drop(setting).await.unwrap();
    for of_table in columns.chunk_by(|left, right| left.table == right.table) {
        for row in 1..=ROWS {
            let (mut names, mut values) = (String::new(), String::new());
            for column in of_table {
                let value = match (column.is_nullable, column.is_optional) {
                    (true, _) => "NULL".to_owned(),
                    (false, true) => continue,
                    (false, false) => value(column, row),
                };
                let comma = if names.is_empty() { "" } else { ", " };
                write!(names, "{comma}`{}`", column.name).unwrap();
                write!(values, "{comma}{value}").unwrap();
            }
            let table = &of_table[0].table;
            let insert = format!("INSERT INTO {table} ({names}) VALUES ({values})");
            connection.query_drop(&insert).await.expect(&insert);
        }
    }
    connection.disconnect().await.unwrap();
    columns.iter().filter(|column| column.is_nullable).count()
}

async fn filled() -> TestDatabase {
    let database = TestDatabase::create().await;
    let ended = Binary::with_database(&database.url()).run(&["init-db"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert!(fill(&database).await > 80, "all nullable columns are found");
    database
}

#[tokio::test]
async fn every_endpoint_answers_about_rows_with_null_wherever_it_is_allowed() {
    let database = filled().await;
    let ollama = FakeOllama::start();
    let server = TestServer::start_with(&database.url(), &[("OLLAMA_BASE_URL", &ollama.url)]).await;
    for row in 1..=ROWS {
        let (number, device) = (row.to_string(), device(row));
        for endpoint in endpoints() {
            if endpoint.method.as_str() != "GET" || endpoint.path.starts_with("/docs") {
                continue;
            }
            let path = endpoint
                .path
                .replace("{analysisId}", &number)
                .replace("{drive}", &number)
                .replace("{deviceId}", &device);
            for query in ["", "?limit=200", &format!("?deviceId={device}")] {
                let url = format!("{}{path}{query}", server.url);
                let request = server.http.get(&url);
                let request = match endpoint.access {
                    Access::Key => request.header("X-API-Key", API_KEY),
                    Access::Open => request,
                };
                let response = request.send().await.unwrap();
                let status = response.status().as_u16();
                let body = response.text().await.unwrap();
                assert!(status < 500, "{status} from {path}{query}: {body}");
            }
        }
        let rows = json!({"realtime_data": [reading(1)]});
        let (status, body) = server
            .sync(&with(batch(&rows), &json!({"deviceId": device})))
            .await;
        assert_eq!(status, 200, "{body}");
        let window = json!({
            "deviceId": device, "driveStartTime": "2026-02-01T13:00:00", "driveEndTime": "2026-02-01T15:00:00",
        });
        let request = server.post("/api/v1/analyze").json(&window);
        let (status, body) = answer(request).await;
        assert_eq!(status, 200, "{body}");
    }
    let health = server.health().await;
    assert_eq!(health["components"]["mysql"], "up", "{health}");
    for (actor, state) in health["actors"].as_object().unwrap() {
        assert_eq!(state["restarts"], 0, "{actor} panicked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_reads_rows_with_null_wherever_it_is_allowed() {
    let database = filled().await;
    let binary = Binary::with_database(&database.url());
    let numbers: Vec<String> = (1..=ROWS).map(|row| row.to_string()).collect();
    let mut commands: Vec<Vec<&str>> = vec![
        vec!["doctor"],
        vec!["device", "list"],
        vec!["diagnose", "--last"],
        vec!["diagnose", "--last", "--device", "car-3", "--json"],
        vec!["diagnose", "--recompute"],
        vec!["baseline", "clear", "car-1"],
        vec!["baseline", "reset", "car-2"],
    ];
    for number in &numbers {
        commands.push(vec!["diagnose", "--drive", number]);
        commands.push(vec!["baseline", "set", number]);
    }
    for command in commands {
        let ended = binary.run(&command);
        let output = &ended.output;
        assert!(ended.code == Some(0) || ended.code == Some(1), "{output}");
        for fault in ["panic", "cannot be read", "refused a statement"] {
            assert!(!output.contains(fault), "{command:?}: {output}");
        }
    }
}
