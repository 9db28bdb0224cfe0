//! What ten million readings and 100,000 drives cost: readings stored beside them, and the answers about them.
//!
//! Two databases, an empty one and a full one, are measured alternately. The rows are made by SQL.

use std::time::Instant;

use crate::client;
use crate::cpu::of_process;
use crate::growth::{get, median as median_time, succeed};
use crate::median;
use crate::raw;
use crate::server::Server;

const ROUNDS: usize = 5;
const CLIENTS: usize = 8;
const ROWS: usize = 500;

/// How many requests of each client one measurement has.
const REQUESTS: usize = 10;

/// Cars that the rows belong to.
const CARS: usize = 5;

/// A memory that holds a twentieth of the table, in bytes.
const SMALL_POOL: usize = 128 * 1024 * 1024;

/// The readings, as a power of ten: fewer with `LARGE_DIGITS`, to try it out.
fn digits() -> u32 {
    let digits = std::env::var("LARGE_DIGITS").ok();
    digits.map_or(7, |digits| digits.parse().unwrap())
}

pub(crate) fn measure(base: &str) {
    let names = ["empty", "full"].map(|kind| raw::create_database_for(base, kind));
    let [empty, full] = names.each_ref().map(|name| format!("{base}/{name}"));
    // Before there are readings: they count as derived by batches then.
    let servers = [&empty, &full].map(|url| Server::start(url));
    let clock = Instant::now();
    fill_readings(&full);
    println!(
        "10^{} readings in {:.0} s",
        digits(),
        clock.elapsed().as_secs_f64()
    );
    let mut first_id = 0;
    throughput("as the database is set", &servers, &mut first_id);
    raw::execute(
        base,
        &[format!("SET GLOBAL innodb_buffer_pool_size = {SMALL_POOL}")],
    );
    throughput("with 128 MB of memory", &servers, &mut first_id);

    println!("| answer | drives | time |\n|---|---|---|");
    for drives in [3, 5] {
        fill_drives(&full, drives);
        answers(servers[1].port, drives);
    }
    drop(servers);
    for name in names {
        raw::drop_database(base, &name);
    }
}

/// New readings, stored alternately in the empty and in the full table.
fn throughput(name: &str, servers: &[Server; 2], first_id: &mut usize) {
    let database = std::env::var("DATABASE_PID").unwrap();
    let mut speeds = [Vec::new(), Vec::new()];
    let mut costs = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for number in 0..2 {
            let place = (number + round) % 2;
            let before = of_process(&database);
            let port = servers[place].port;
            let (took, _) = client::post_batches_from(port, CLIENTS, *first_id, REQUESTS, ROWS);
            let rows = (CLIENTS * REQUESTS * ROWS) as f64;
            speeds[place].push(rows / took.as_secs_f64());
            let used = of_process(&database).saturating_sub(before);
            costs[place].push(used.as_secs_f64() * 1e6 / rows);
        }
        *first_id += REQUESTS * ROWS;
    }
    let ratio = speeds[1]
        .iter()
        .zip(&speeds[0])
        .map(|(full, empty)| full / empty);
    println!(
        "{name}: {:.2} × the empty table's rows/s (goal: at least 0.9); database {:.1} µs a row, {:.1} µs with the empty table",
        median(ratio),
        median(costs[1].iter().copied()),
        median(costs[0].iter().copied()),
    );
}

fn answers(port: u16, digits: u32) {
    for (answer, path) in [
        ("status of a car", "/api/v1/sync/status?deviceId=full-0"),
        ("status of all cars", "/api/v1/sync/status"),
        ("latest drives of a car", "/api/v1/drives?deviceId=full-0"),
        ("latest drives of all cars", "/api/v1/drives"),
    ] {
        let time = median_time(|| {
            succeed(get(port, path));
        });
        println!("| {answer} | 10^{digits} | {time:.1} ms |");
    }
}

/// A table of the numbers below ten to the power of `digits`.
fn numbers(digits: u32) -> String {
    let digit = "SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 \
                 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9";
    let sum: Vec<String> = (0..digits)
        .map(|place| format!("{} * d{place}.n", 10_u64.pow(place)))
        .collect();
    let tables: Vec<String> = (0..digits)
        .map(|place| format!("({digit}) AS d{place}"))
        .collect();
    format!(
        "(SELECT {} AS n FROM {}) AS numbers",
        sum.join(" + "),
        tables.join(" JOIN ")
    )
}

/// In steps of a tenth, as the cars would have sent them: one reading a second, 10,000 a drive.
fn fill_readings(url: &str) {
    let digits = digits();
    let step = 10_u64.pow(digits - 1);
    raw::execute(
        url,
        &["INSERT INTO profiles (source_id, source_device, synced_at, name) VALUES ('daily', 'full-0', NOW(6), 'daily')".to_owned()],
    );
    for first in (0..10).map(|number| number * step / CARS as u64) {
        let id = format!("({first} + n DIV {CARS})");
        raw::execute(
            url,
            &[format!(
                "INSERT INTO realtime_data (source_id, source_device, synced_at, sync_batch_id, timestamp, parameter_name, value, \
                 unit, profile_id, data_source, drive_id) \
                 SELECT {id}, CONCAT('full-', n % {CARS}), NOW(6), 'full-2024-01-01T00:00:00Z', '2024-01-01' + INTERVAL {id} SECOND, \
                 ELT(1 + n DIV {CARS} % 4, 'RPM', 'SPEED', 'COOLANT_TEMP', 'ENGINE_LOAD'), n % 97, '°C', \
                 (SELECT MIN(id) FROM profiles), 'real', {id} DIV 10000 FROM {}",
                numbers(digits - 1)
            )],
        );
    }
    let cars = CARS as u64;
    raw::execute(
        url,
        &[
            format!(
                "INSERT INTO devices (device_id, last_seen) SELECT CONCAT('full-', n), NOW(6) FROM {} WHERE n < {cars}",
                numbers(1)
            ),
            format!(
                "INSERT INTO sync_devices (source_device, is_counted, last_contact_at) \
                 SELECT CONCAT('full-', n), TRUE, NOW(6) FROM {} WHERE n < {cars}",
                numbers(1)
            ),
            format!(
                "INSERT INTO sync_tables (source_device, table_name, last_batch_id, last_batch_at) \
                 SELECT CONCAT('full-', n), 'realtime_data', 'full-2024-01-01T00:00:00Z', NOW(6) FROM {} WHERE n < {cars}",
                numbers(1)
            ),
            format!(
                "INSERT INTO stored_ids (source_device, table_name, page, runs) \
                 SELECT CONCAT('full-', n % {cars}), 'realtime_data', n DIV {cars}, UNHEX('00000fff') FROM {} WHERE n < {}",
                numbers(4),
                10 * step / 4096
            ),
        ],
    );
}

/// Ten to the power of `digits` drives in all, each with 1,000 readings.
fn fill_drives(url: &str, digits: u32) {
    let numbers = numbers(digits);
    let start = "'2024-01-01' + INTERVAL n HOUR";
    raw::execute(
        url,
        &[
            "DELETE FROM drives WHERE source_device LIKE 'full-%'".to_owned(),
            "DELETE FROM reading_blocks WHERE source_device LIKE 'full-%'".to_owned(),
            format!(
                "INSERT INTO drives (source_device, drive_key, drive_id, start_source_id, drive_start, drive_end, first_source_id, \
                 last_source_id, window_end, state) \
                 SELECT CONCAT('full-', n % {CARS}), CONCAT('r:', 1024 * n), n, -1, {start}, NULL, 1024 * n, 1024 * n + 999, \
                 {start} + INTERVAL 999 SECOND, 'analysed' FROM {numbers}"
            ),
            format!(
                "INSERT INTO reading_blocks (source_device, block, drive_id, day, first_source_id, last_source_id, first_at, last_at, \
                 readings) \
                 SELECT CONCAT('full-', n % {CARS}), 4 * n + part, n, DATE({start}), 1024 * n + 256 * part, 1024 * n + 256 * part + 249, \
                 {start} + INTERVAL 250 * part SECOND, {start} + INTERVAL 250 * part + 249 SECOND, 250 \
                 FROM {numbers} JOIN (SELECT 0 AS part UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) AS parts"
            ),
        ],
    );
}
