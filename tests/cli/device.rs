//! `device` manages devices and their keys. Runs the real binary, and uses the printed keys over HTTP.

use serde_json::{Value, json};

use crate::support::{
    API_KEY, Binary, Ended, Fixture, TestDatabase, answer, batch, readings, with,
};

impl Fixture {
    /// Runs `device` with these arguments.
    fn run(&self, arguments: &[&str]) -> Ended {
        let binary = Binary::with_database(&self.database.url());
        binary.run(&[&["device"], arguments].concat())
    }

    /// The output of a command that succeeds.
    fn device(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.output);
        ended.output
    }

    /// The output of a command that fails.
    fn refused(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(1), "{}", ended.output);
        ended.output
    }

    /// Sends rows as a device with a key.
    async fn sync_as(&self, key: &str, device: &str) -> (u16, Value) {
        let rows = batch(&json!({"realtime_data": readings(1..=5)}));
        let batch = with(rows, &json!({ "deviceId": device }));
        let url = format!("{}/api/v1/sync", self.server.url);
        let request = self.server.http.post(url).header("X-API-Key", key);
        answer(request.body(batch.to_string())).await
    }
}

/// The only line of an output that has the form of a key.
fn key(output: &str) -> String {
    let is_key =
        |line: &&str| line.len() == 64 && line.bytes().all(|byte| byte.is_ascii_hexdigit());
    let keys: Vec<&str> = output.lines().filter(is_key).collect();
    assert_eq!(keys.len(), 1, "{output}");
    keys[0].to_owned()
}

#[tokio::test]
async fn a_registered_device_writes_as_itself_with_the_printed_key() {
    let fixture = Fixture::start().await;
    let key = key(&fixture.device(&["add", "car-1", "--name", "Eclipse"]));
    assert_eq!(fixture.sync_as(&key, "car-1").await.0, 200);
    assert_eq!(fixture.sync_as(&key, "car-2").await.0, 403);
    let name: String = fixture
        .database
        .row("SELECT display_name FROM devices WHERE device_id = 'car-1'")
        .await;
    assert_eq!(name, "Eclipse");
}

#[tokio::test]
async fn a_device_can_be_registered_before_there_is_a_server() {
    let database = TestDatabase::create().await;
    let ended = Binary::with_database(&database.url()).run(&["device", "add", "car-1"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert_eq!(database.count("devices", "device_id = 'car-1'").await, 1);
}

#[tokio::test]
async fn only_the_hash_of_a_key_is_stored() {
    let fixture = Fixture::start().await;
    let key = key(&fixture.device(&["add", "car-1"]));
    let is_hashed = format!("api_key_hash = SHA2('{key}', 256)");
    assert_eq!(fixture.database.count("devices", &is_hashed).await, 1);
}

#[tokio::test]
async fn no_two_keys_are_the_same() {
    let fixture = Fixture::start().await;
    let keys = ["car-1", "car-2"].map(|id| key(&fixture.device(&["add", id])));
    assert_ne!(keys[0], keys[1]);
}

#[tokio::test]
async fn a_device_that_uses_the_shared_key_gets_its_own() {
    let fixture = Fixture::start().await;
    assert_eq!(fixture.sync_as(API_KEY, "car-1").await.0, 200);
    let key = key(&fixture.device(&["add", "car-1"]));
    assert_eq!(fixture.sync_as(&key, "car-1").await.0, 200);
    let seen = "device_id = 'car-1' AND last_seen IS NOT NULL";
    assert_eq!(fixture.database.count("devices", seen).await, 1);
}

#[tokio::test]
async fn adding_a_device_twice_keeps_its_key_and_name() {
    let fixture = Fixture::start().await;
    let key = key(&fixture.device(&["add", "car-1", "--name", "Eclipse"]));
    let refusal = fixture.refused(&["add", "car-1", "--name", "Other"]);
    assert!(refusal.contains("device rotate-key car-1"), "{refusal}");
    assert_eq!(fixture.sync_as(&key, "car-1").await.0, 200);
    assert_eq!(
        fixture
            .database
            .count("devices", "display_name = 'Eclipse'")
            .await,
        1
    );
}

#[tokio::test]
async fn of_several_simultaneous_additions_one_gets_the_key() {
    let fixture = Fixture::start().await;
    let processes = [(); 4].map(|()| Binary::with_database(&fixture.database.url()));
    let running: Vec<_> = processes
        .iter()
        .map(|binary| binary.start(&["device", "add", "car-1"]))
        .collect();
    let ended: Vec<_> = running
        .into_iter()
        .map(crate::support::Process::end)
        .collect();
    let winners: Vec<_> = ended.iter().filter(|ended| ended.code == Some(0)).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(
        fixture.sync_as(&key(&winners[0].output), "car-1").await.0,
        200
    );
}

#[tokio::test]
async fn after_a_rotation_only_the_new_key_is_valid() {
    let fixture = Fixture::start().await;
    let old = key(&fixture.device(&["add", "car-1", "--name", "Eclipse"]));
    let new = key(&fixture.device(&["rotate-key", "car-1"]));
    assert_eq!(fixture.sync_as(&old, "car-1").await.0, 401);
    assert_eq!(fixture.sync_as(&new, "car-1").await.0, 200);
    assert_eq!(
        fixture
            .database
            .count("devices", "display_name = 'Eclipse'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_removed_device_loses_its_key_and_keeps_its_rows() {
    let fixture = Fixture::start().await;
    let key = key(&fixture.device(&["add", "car-1"]));
    assert_eq!(fixture.sync_as(&key, "car-1").await.0, 200);
    let said = fixture.device(&["remove", "car-1"]);
    assert!(said.contains("rows and backups are kept"), "{said}");
    assert_eq!(fixture.sync_as(&key, "car-1").await.0, 401);
    let rows = fixture
        .database
        .count("realtime_data", "source_device = 'car-1'")
        .await;
    assert_eq!(rows, 5);
    assert!(!fixture.device(&["list"]).contains("car-1"));
}

#[tokio::test]
async fn an_unknown_device_is_named_in_the_error() {
    let fixture = Fixture::start().await;
    for command in ["rotate-key", "remove"] {
        let refusal = fixture.refused(&[command, "car-1"]);
        assert!(refusal.contains("there is no device car-1"), "{refusal}");
        assert!(
            !refusal.lines().any(|line| line.len() == 64),
            "no key is made for an unknown device: {refusal}"
        );
    }
}

#[tokio::test]
async fn the_list_shows_who_has_a_key_and_never_a_key() {
    let fixture = Fixture::start().await;
    fixture.sync_as(API_KEY, "car-2").await;
    let key = key(&fixture.device(&["add", "car-1", "--name", "Eclipse"]));
    let list = fixture.device(&["list"]);
    let line = |id: &str| list.lines().find(|line| line.starts_with(id)).unwrap();
    let words: Vec<&str> = line("car-1").split_whitespace().collect();
    assert_eq!(words, ["car-1", "own", "never", "Eclipse"]);
    assert!(line("car-2").contains("shared  20"), "{list}");
    let hash = fixture
        .database
        .row::<String>(&format!("SELECT SHA2('{key}', 256)"))
        .await;
    assert!(!list.contains(&key) && !list.contains(&hash), "{list}");
}

#[test]
fn an_invalid_device_id_is_refused() {
    let binary = Binary::with_database("mysql://nobody@127.0.0.1:9/nothing");
    for id in ["", "../car", "a/b", ".car", "car ", &"x".repeat(65)] {
        let ended = binary.run(&["device", "add", "--", id]);
        assert_eq!(ended.code, Some(2), "{id:?}: {}", ended.output);
    }
}
