//! `seed-db` fills an empty database with realistic drives.

use std::process::{Command, Output};

use crate::support::TestDatabase;

fn seed(database: &TestDatabase) -> Output {
    let folder = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_eclipse-ai-server"))
        .arg("seed-db")
        .current_dir(folder.path())
        .env("DATABASE_URL", database.url())
        .env("API_KEY", "any-key")
        .output()
        .unwrap()
}

#[tokio::test]
async fn seeding_fills_an_empty_database_and_never_changes_a_filled_one() {
    let database = TestDatabase::create().await;
    let seeded = seed(&database);
    assert!(seeded.status.success(), "{seeded:?}");
    let ends = "event_type = 'drive_end'";
    assert_eq!(database.count("connection_log", ends).await, 3);
    assert_eq!(database.count("vehicle_info", "model = 'Eclipse'").await, 1);
    let readings = database.count("realtime_data", "TRUE").await;
    assert!(readings > 1_000, "{readings} readings");

    let repeated = seed(&database);
    assert_eq!(repeated.status.code(), Some(1), "{repeated:?}");
    let stderr = String::from_utf8(repeated.stderr).unwrap();
    assert!(stderr.contains("has readings already"), "{stderr}");
    assert_eq!(database.count("realtime_data", "TRUE").await, readings);
}
