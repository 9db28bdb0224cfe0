//! Weeks of four cars, at a thousand times the speed: what the server holds and what it logs stay flat, what is old is
//! removed, and nothing is lost or analysed twice.

mod car;
mod log;
mod owner;
mod watch;

use std::time::{Duration, Instant};

use chrono::{Days, NaiveDateTime, NaiveTime, Utc};
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use tempfile::TempDir;
use tokio::task::JoinSet;

use self::car::Car;
use self::log::Log;
use self::owner::Owner;
use self::watch::Watch;
use super::load::{every_drive_has_one_diagnosis_and_one_analysis, every_drive_is_done};
use crate::support::{
    FakeOllama, PrivateDatabase, Proxy, ServerProcess, assert_mirrored_from, effort, eventually,
    minutes,
};

const CARS: usize = 4;

/// How long a day of the cars takes.
const DAY: Duration = Duration::from_millis(86_400);

const HISTORY_DAYS: u64 = 2;
const READING_DAYS: u64 = 3;
const BACKUPS: usize = 3;

/// Longer than the pauses of a car within a drive, so that each drive is analysed once.
const QUIET_SECONDS: &str = "12";

/// Days since a Monday.
#[derive(Clone, Copy)]
struct Day(u64);

impl Day {
    fn is_weekday(self) -> bool {
        self.0 % 7 < 5
    }

    fn is_saturday(self) -> bool {
        self.0 % 7 == 5
    }

    /// The model's computer is off on Wednesday night.
    fn has_night_without_model(self) -> bool {
        self.0 % 7 == 2
    }

    /// By the clocks of the cars, which are ahead of the database's: the newest reading bounds what is removed.
    fn at(self, hour: u32) -> NaiveDateTime {
        let date = Utc::now().date_naive() + Days::new(self.0);
        date.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap())
    }
}

struct Soak {
    database: PrivateDatabase,
    _ollama: FakeOllama,
    to_ollama: Proxy,
    backup_dir: TempDir,
    server: ServerProcess,
    cars: Vec<Car>,
    owner: Owner,
    watch: Watch,
    log: Log,
    day: Day,
}

async fn start_server(
    database: &PrivateDatabase,
    to_ollama: &Proxy,
    backup_dir: &TempDir,
) -> ServerProcess {
    let ollama = format!("http://{}", to_ollama.address);
    let variables = [
        ("BACKUP_DIR", backup_dir.path().to_str().unwrap()),
        ("BACKUP_RETENTION_COUNT", &BACKUPS.to_string()),
        ("OLLAMA_BASE_URL", &ollama),
        ("AUTO_ANALYSIS_QUIET_SECONDS", QUIET_SECONDS),
        ("SYNC_HISTORY_RETENTION_DAYS", &HISTORY_DAYS.to_string()),
        ("REALTIME_RETENTION_DAYS", &READING_DAYS.to_string()),
    ];
    let server = ServerProcess::start(&database.url(), &variables).await;
    server.logs("schema is up to date").await;
    server
}

impl Soak {
    async fn start() -> Self {
        let (database, ollama) = (PrivateDatabase::start().await, FakeOllama::start());
        let to_ollama = Proxy::start(ollama.url.trim_start_matches("http://").parse().unwrap());
        let backup_dir = tempfile::tempdir().unwrap();
        let server = start_server(&database, &to_ollama, &backup_dir).await;
        Self {
            cars: (0..CARS)
                .map(|number| Car::new(number, &server.url))
                .collect(),
            owner: Owner::start(&server.url),
            watch: Watch::default(),
            log: Log::default(),
            day: Day(0),
            database,
            _ollama: ollama,
            to_ollama,
            backup_dir,
            server,
        }
    }

    /// Every car does this at the same time.
    async fn cars<F: Future<Output = Car> + Send + 'static>(&mut self, act: impl Fn(Car) -> F) {
        let acting: JoinSet<Car> = self.cars.drain(..).map(act).collect();
        self.cars = acting.join_all().await;
    }

    async fn day(&mut self, is_database_restarted: bool) {
        let (dawn, day) = (Instant::now(), self.day);
        let reaches = async |part: f64| {
            tokio::time::sleep(DAY.mul_f64(part).saturating_sub(dawn.elapsed())).await;
        };
        self.to_ollama.restore();
        if is_database_restarted {
            self.owner.is_excused(true);
            let sending: JoinSet<Car> = self.cars.drain(..).map(|car| car.morning(day)).collect();
            // Blocks this task only: the cars and the owner run on other threads.
            self.watch.add_conflicts(&self.database).await;
            self.database.crash();
            self.database.restart();
            self.cars = sending.join_all().await;
            self.owner.is_excused(false);
        } else {
            self.cars(|car| car.morning(day)).await;
        }
        reaches(0.35).await;
        self.watch.sample(&self.server, &self.database).await;

        if day.has_night_without_model() {
            self.to_ollama.refuse();
        }
        // As in an upgrade. A server removes what is old when it starts.
        let mut other = start_server(&self.database, &self.to_ollama, &self.backup_dir).await;
        self.cars(|car| car.evening(day)).await;
        self.only_recent_rows_are_left().await;
        other.signal("TERM");
        assert_eq!(other.ends_in_time().await.code(), Some(0));
        reaches(0.7).await;

        self.cars(|car| car.night(day)).await;
        if !day.has_night_without_model() {
            self.drives_with_an_end_are_analysed().await;
        }
        let mut connection = self.database.connect().await;
        for car in &mut self.cars {
            car.new_readings_are_stored_once(&mut connection).await;
        }
        self.watch.sample(&self.server, &self.database).await;
        self.log.day_has_passed(&self.server);
        self.a_day_passes(&mut connection).await;
        connection.disconnect().await.unwrap();
        reaches(1.0).await;
        self.day = Day(day.0 + 1);
    }

    /// What the database's clock wrote becomes a day older. Nothing else happens meanwhile.
    async fn a_day_passes(&self, connection: &mut Conn) {
        for change in [
            "UPDATE sync_history SET started_at = started_at - INTERVAL 1 DAY, completed_at = completed_at - INTERVAL 1 DAY",
            "UPDATE realtime_data SET synced_at = synced_at - INTERVAL 1 DAY",
            "UPDATE drives SET last_reading_at = last_reading_at - INTERVAL 1 DAY WHERE state = 'open'",
        ] {
            connection.query_drop(change).await.unwrap();
        }
    }

    async fn only_recent_rows_are_left(&self) {
        let is_old = |column: &str, days: u64| format!("{column} < NOW(6) - INTERVAL {days} DAY");
        // A day later at most, so that a clock that is wrong removes nothing of the present.
        let history = is_old("completed_at", HISTORY_DAYS + 1);
        let readings = is_old("synced_at", READING_DAYS + 1);
        eventually("what is old is removed", async || {
            self.database.count("sync_history", &history).await == 0
                && self.database.count("realtime_data", &readings).await == 0
        })
        .await;
    }

    /// Those without one end with the next drive, or by the silence of a night.
    async fn drives_with_an_end_are_analysed(&self) {
        eventually("drives are analysed", async || {
            let left = "state IN ('waiting', 'queued', 'running')";
            self.database.count("drives", left).await == 0
        })
        .await;
    }

    async fn ends_with_all_promises_kept(mut self) {
        self.to_ollama.restore();
        let day = self.day;
        self.cars(|car| car.comes_home(day)).await;
        let mut connection = self.database.connect().await;
        self.a_day_passes(&mut connection).await;
        let drives = self.cars.iter().map(Car::drives).sum();
        every_drive_is_done(&mut connection, drives).await;
        every_drive_has_one_diagnosis_and_one_analysis(&mut connection, drives).await;
        self.watch.add_conflicts(&self.database).await;
        let mut rows = 0;
        for car in &self.cars {
            let oldest = format!(
                "SELECT COALESCE(MIN(source_id), 1) FROM realtime_data WHERE source_device = '{}'",
                car.pi.device_id
            );
            let oldest: usize = connection.query_first(oldest).await.unwrap().unwrap();
            let first = |table: &str| if table == "realtime_data" { oldest } else { 1 };
            assert_mirrored_from(&mut connection, &car.pi, first).await;
            rows += car.pi.rows("realtime_data").len() as u64;
            car.backups_are_rotated(self.backup_dir.path());
        }
        self.state_is_bounded(&mut connection, drives, rows).await;
        connection.disconnect().await.unwrap();
        println!("{} days, {drives} drives, {rows} readings", self.day.0);
        self.owner.was_answered().await;
        self.server.signal("TERM");
        assert_eq!(self.server.ends_in_time().await.code(), Some(0));
        self.log.is_bounded();
        self.watch.is_flat();
    }

    /// What is kept about readings that are removed is a small part of them.
    async fn state_is_bounded(&self, connection: &mut Conn, drives: u64, readings: u64) {
        for (table, most) in [
            // 256 readings of one drive and day; a drive begins and ends within one.
            ("reading_blocks", readings / 256 + 4 * drives),
            // 4,096 ids of a table.
            ("stored_ids", readings / 4_096 + 4 * CARS as u64),
            ("drive_events", 2 * drives),
            ("sync_devices", CARS as u64),
            ("sync_tables", 3 * CARS as u64),
            ("sync_epochs", 0),
            ("quarantined_rows", 0),
        ] {
            let query = format!("SELECT COUNT(*) FROM {table}");
            let rows: u64 = connection.query_first(query).await.unwrap().unwrap();
            println!("{table}: {rows} rows, {most} at most");
            assert!(rows <= most, "{table} has {rows} rows");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn weeks_of_cars_leave_memory_descriptors_sessions_and_the_log_flat() {
    if effort(true, false) {
        return;
    }
    let length = minutes("TEST_SOAK_MINUTES", 60);
    let mut soak = Soak::start().await;
    let days = u64::try_from(length.as_millis() / DAY.as_millis()).unwrap();
    for day in 0..days.max(1) {
        soak.day(day == days / 2).await;
    }
    soak.ends_with_all_promises_kept().await;
}
