//! Stops at random instants under load.

use std::time::{Duration, Instant};

use super::load::Load;
use crate::support::{TestDatabase, effort};

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_at_any_instant_under_load_succeeds_and_loses_nothing_acknowledged() {
    let database = TestDatabase::create().await;
    let pause = Duration::from_millis(effort(20, 200));
    let mut load = Load::start(&database.url(), pause).await;
    let mut longest = Duration::ZERO;
    for _ in 0..effort(3, 200) {
        load.proceeds().await;
        let signalled = Instant::now();
        load.stop().await;
        longest = longest.max(signalled.elapsed());
        load.start_next().await;
    }
    load.proceeds().await;
    let mut connection = database.connect().await;
    load.ends_with_all_promises_kept(&mut connection).await;
    println!("the slowest exit took {} ms", longest.as_millis());
}
