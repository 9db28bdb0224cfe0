//! Crash consistency: the server and the database are killed at random instants while clients send.

use std::time::{Duration, Instant};

use rand::Rng as _;

use super::load::Load;
use crate::support::{PrivateDatabase, effort, minutes};

#[derive(Clone, Copy, Debug)]
enum Victim {
    Server,
    Database,
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_server_and_database_under_load_lose_and_duplicate_nothing_acknowledged() {
    // As it is delivered: each commit is on the disk before it is acknowledged.
    let mut database = PrivateDatabase::start().await;
    let pause = Duration::from_millis(effort(50, 2_000));
    let mut load = Load::start(&database.url(), pause).await;
    let (started, length) = (Instant::now(), minutes("TEST_CRASH_MINUTES", 30));
    let mut kills = [0_u32; 2];
    // The usual form is limited by a number of kills, so that a busy machine sees as many as another.
    for victim in [Victim::Server, Victim::Database, Victim::Server] {
        kill(victim, &mut load, &mut database, &mut kills).await;
    }
    while effort(false, started.elapsed() < length) {
        let victim = if load.random.random_ratio(3, 4) {
            Victim::Server
        } else {
            Victim::Database
        };
        kill(victim, &mut load, &mut database, &mut kills).await;
    }
    load.proceeds().await;
    let mut connection = database.connect().await;
    load.ends_with_all_promises_kept(&mut connection).await;
    let [servers, databases] = kills;
    println!("{servers} kills of the server, {databases} of the database");
}

async fn kill(
    victim: Victim,
    load: &mut Load,
    database: &mut PrivateDatabase,
    kills: &mut [u32; 2],
) {
    load.proceeds().await;
    kills[victim as usize] += 1;
    match victim {
        Victim::Server => {
            load.server.kill().await;
            load.start_next().await;
        }
        // Blocks this task only: the clients run on other threads.
        Victim::Database => {
            database.crash();
            database.restart();
        }
    }
}
