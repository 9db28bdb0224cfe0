//! `status`, `drives`, `show` and `reanalyse`: what the owner sees is what the API answers.

use serde_json::{Value, json};

use crate::support::{Binary, Drive, Fixture, Form, TestDatabase, answer, batch, eventually, with};

const DEVICE: &str = "car-1";

impl Fixture {
    /// A server that has analysed one drive of [`DEVICE`].
    async fn with_an_analysed_drive() -> Self {
        let fixture = Self::start().await;
        let drive = Drive::new(1, "2026-04-11T07:00:00".parse().unwrap(), 12);
        // In one batch, so that it is analysed once.
        let tables = json!({
            "connection_log": numbered(drive.events()),
            "realtime_data": numbered(drive.readings()),
        });
        let batch = with(batch(&tables), &json!({ "deviceId": DEVICE }));
        let (status, receipt) = fixture.server.sync(&batch).await;
        assert_eq!(status, 200, "{receipt}");
        let done = "state = 'analysed' AND id IN (SELECT drive FROM drive_diagnoses)";
        eventually("the drive is diagnosed and analysed", async || {
            fixture.database.count("drives", done).await == 1
        })
        .await;
        fixture
    }

    fn binary(&self) -> Binary {
        let folder = self.server.backup_dir();
        Binary::with_database(&self.database.url()).variable("BACKUP_DIR", folder.to_str().unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = answer(self.server.get(path)).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    async fn drive(&self) -> i64 {
        self.database.row("SELECT id FROM drives").await
    }

    /// The output of a command that succeeds.
    fn output(&self, arguments: &[&str]) -> String {
        let ended = self.binary().run(arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.output);
        ended.output
    }

    async fn back_up(&self, name: &str, content: &[u8]) {
        let form = Form::default()
            .text("type", "config")
            .text("deviceId", DEVICE)
            .file(name, content);
        let request = self.server.post("/api/v1/backup");
        let request = request.header("Content-Type", Form::CONTENT_TYPE);
        let (status, receipt) = answer(request.body(form.finish())).await;
        assert_eq!(status, 200, "{receipt}");
    }
}

fn numbered(mut rows: Vec<Value>) -> Vec<Value> {
    for (row, id) in rows.iter_mut().zip(1..) {
        row["id"] = json!(id);
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn without_problems_status_shows_each_car_and_exits_with_0() {
    let fixture = Fixture::with_an_analysed_drive().await;
    fixture.back_up("settings.json", b"{}").await;
    let status = fixture.output(&["status"]);
    let drive = fixture.drive().await;
    for part in [
        "\ncar-1\n",
        "  last contact  ",
        "  drives        1 analysed\n",
        &format!("2026-04-11 07:00 drive {drive}: grade "),
        "config: ",
        "\nNothing here needs you.",
    ] {
        assert!(status.contains(part), "{part} in {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_json_of_status_has_the_lists_of_the_api() {
    let fixture = Fixture::with_an_analysed_drive().await;
    fixture.back_up("settings.json", b"{}").await;
    eventually("the backup is checked", async || {
        fixture.get("/api/v1/backups").await["backups"][0]["verified"] == true
    })
    .await;
    let status: Value = serde_json::from_str(&fixture.output(&["status", "--json"])).unwrap();
    assert_eq!(status["ok"], true, "{status}");
    assert_eq!(status["problems"], json!([]));
    for (list, path) in [
        ("devices", "/api/v1/sync/status"),
        ("drives", "/api/v1/drives"),
        ("backups", "/api/v1/backups"),
    ] {
        assert_eq!(status[list], fixture.get(path).await[list], "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_problem_is_named_with_the_command_that_repairs_it() {
    let fixture = Fixture::with_an_analysed_drive().await;
    let drive = fixture.drive().await;
    let failed = "UPDATE drives SET state = 'failed', reason = 'the model was too slow'";
    fixture.database.execute(failed).await.unwrap();
    let unknown = batch(&json!({"dtc_log": [{"id": 1}]}));
    let (status, _) = fixture.server.sync(&unknown).await;
    assert_eq!(status, 422);
    // One batch with two bad rows is one problem.
    let bad = batch(&json!({
        "statistics": [{"id": 1, "mean_value": "much"}],
        "alert_log": [{"id": 1, "timestamp": "yesterday"}],
    }));
    let bad = with(bad, &json!({ "deviceId": DEVICE }));
    assert_eq!(fixture.server.sync(&bad).await.0, 422);
    fixture.back_up("settings.json", b"{").await;
    eventually("the backup is checked", async || {
        fixture.get("/api/v1/backups").await["backups"][0]["verified"] == false
    })
    .await;

    let ended = fixture.binary().run(&["status"]);
    assert_eq!(ended.code, Some(1), "{}", ended.output);
    for (problem, command) in [
        (
            format!("the analysis of drive {drive} failed: the model was too slow"),
            format!("reanalyse {drive}"),
        ),
        (
            "dtc_log: the latest batch was not stored: ".to_owned(),
            "add dtc_log to EXTRA_TABLES".to_owned(),
        ),
        (
            "car-1: alert_log, statistics: the latest batch was not stored: ".to_owned(),
            "BAD_ROWS=quarantine".to_owned(),
        ),
        (
            "car-1: its newest backup of type config, settings-".to_owned(),
            "backups list --device 'car-1' --type config".to_owned(),
        ),
    ] {
        let lines = ended.output.split_once(&problem);
        let (_, rest) = lines.unwrap_or_else(|| panic!("{problem} in {}", ended.output));
        let next = rest.lines().nth(1).unwrap_or_default();
        assert!(
            next.starts_with("    $ ") && next.contains(&command),
            "{next}"
        );
    }
    assert!(
        ended
            .output
            .ends_with("eclipse-ai-server: status: 4 problems need the owner\n"),
        "{}",
        ended.output
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn drives_are_listed_with_state_and_grade() {
    let fixture = Fixture::with_an_analysed_drive().await;
    let drive = fixture.drive().await;
    let list = fixture.output(&["drives"]);
    let line = list.lines().nth(1).unwrap();
    assert!(line.starts_with(&format!("{drive} ")), "{list}");
    assert!(
        line.contains("  car-1   2026-04-11 07:00  12 min  analysed  "),
        "{list}"
    );
    let json: Value = serde_json::from_str(&fixture.output(&["drives", "--json"])).unwrap();
    assert_eq!(json, fixture.get("/api/v1/drives").await);
    let none = fixture.output(&["drives", "--device", "car-2"]);
    assert_eq!(none, "There is no drive yet.\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drive_is_shown_with_its_diagnosis_and_the_advice() {
    let fixture = Fixture::with_an_analysed_drive().await;
    let drive = fixture.drive().await.to_string();
    let advice: String = fixture
        .database
        .row("SELECT recommendation FROM ai_recommendations ORDER BY priority_rank LIMIT 1")
        .await;
    let first_words: Vec<&str> = advice.split(' ').take(3).collect();
    let text = fixture.output(&["show", &drive]);
    assert!(
        text.starts_with(&format!("Drive {drive} of car-1\n2026-04-11 07:00")),
        "{text}"
    );
    let (_, recommended) = text.split_once("\nRecommendations\n").unwrap();
    assert!(
        recommended.contains(&first_words.join(" ")),
        "{recommended}"
    );

    let path = format!("/api/v1/drives/{drive}");
    let json: Value = serde_json::from_str(&fixture.output(&["show", &drive, "--json"])).unwrap();
    assert_eq!(json, fixture.get(&path).await);
    let page = fixture.output(&["show", &drive, "--html", "-"]);
    let served = fixture.server.get(&format!("{path}/report"));
    assert_eq!(page, served.send().await.unwrap().text().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drive_is_analysed_again_on_request() {
    let fixture = Fixture::with_an_analysed_drive().await;
    let drive = fixture.drive().await.to_string();
    let output = fixture.output(&["reanalyse", &drive]);
    assert!(
        output.contains(&format!("Drive {drive} is diagnosed again. Grade A. ")),
        "{output}"
    );
    eventually("it is analysed twice", async || {
        let history = fixture
            .database
            .count("analysis_history", "status = 'success'");
        history.await == 2 && fixture.database.count("drives", "state = 'analysed'").await == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_drive_gets_all_of_its_attempts_again() {
    let fixture = Fixture::with_an_analysed_drive().await;
    let drive = fixture.drive().await.to_string();
    let failed = "UPDATE drives SET state = 'failed', attempts = 3, reason = 'too slow', next_look_at = NULL";
    fixture.database.execute(failed).await.unwrap();
    fixture.output(&["reanalyse", &drive]);
    let row = "state = 'analysed' AND attempts = 0 AND reason IS NULL";
    eventually("it is analysed", async || {
        fixture.database.count("drives", row).await == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drive_that_cannot_be_analysed_again_stays_as_it_is() {
    let fixture = Fixture::with_an_analysed_drive().await;
    let drive = fixture.drive().await;
    let open = "UPDATE drives SET state = 'open', drive_end = NULL, last_reading_at = NOW(6)";
    fixture.database.execute(open).await.unwrap();
    for (drive, message) in [
        (drive, format!("drive {drive} has not ended yet")),
        (drive + 1, format!("there is no drive {}", drive + 1)),
    ] {
        let ended = fixture.binary().run(&["reanalyse", &drive.to_string()]);
        assert_eq!(ended.code, Some(1), "{}", ended.output);
        assert!(ended.output.contains(&message), "{}", ended.output);
    }
    assert_eq!(fixture.database.count("drives", "state = 'open'").await, 1);
}

#[tokio::test]
async fn a_command_that_reads_changes_nothing_in_a_database_without_tables() {
    let database = TestDatabase::create().await;
    for command in [
        &["status"] as &[&str],
        &["drives"],
        &["show", "1"],
        &["reanalyse", "1"],
    ] {
        let ended = Binary::with_database(&database.url()).run(command);
        assert_eq!(ended.code, Some(1), "{}", ended.output);
        let hint = "the database has no tables yet: the server creates them when it starts";
        assert!(ended.output.contains(hint), "{}", ended.output);
    }
    assert_eq!(database.rows::<String>("SHOW TABLES").await, [""; 0]);
}

#[test]
fn an_unreachable_database_is_named_with_its_address_once() {
    let ended = Binary::with_database("mysql://car:hunter2@127.0.0.1:9/x").run(&["status"]);
    assert_eq!(ended.code, Some(1), "{}", ended.output);
    assert_eq!(
        ended.output,
        "eclipse-ai-server: database 127.0.0.1:9/x: the database cannot be reached: \
         Input/output error: Connection refused (os error 111)\n"
    );
    assert!(!ended.output.contains("hunter2"), "{}", ended.output);
}
