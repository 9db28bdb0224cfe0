//! Memory of bodies, in random interleavings of their threads. A thread that is never woken up is reported as a deadlock.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod schedules;

use std::time::Duration;

use futures_util::FutureExt as _;
use shuttle::future::block_on;
use shuttle::thread;

use eclipse_ai_interleavings::byte_budget::{ByteBudget, Reservation};

const KIB: usize = 1024;

const TOTAL: usize = 2048 * KIB;

/// Half of what one client may hold, so all of these together do not fit.
const BODY: usize = 768 * KIB;

/// In chunks of this size.
const CHUNK: usize = 256 * KIB;

const LONG: Duration = Duration::from_hours(1);

fn begin(budget: &ByteBudget, client: u8) -> Reservation {
    let client = Some([192, 0, 2, client].into());
    budget.begin(client, BODY).unwrap()
}

/// A client that sends its body to the end.
fn sends(budget: &ByteBudget, client: u8) -> thread::JoinHandle<()> {
    let budget = budget.clone();
    thread::spawn(move || {
        let mut body = begin(&budget, client);
        for bytes in (CHUNK..=BODY).step_by(CHUNK) {
            block_on(body.grow_to(bytes, LONG)).unwrap();
            assert!(budget.reserved_bytes() <= TOTAL);
        }
        body.complete(BODY - CHUNK / 2);
        thread::yield_now();
    })
}

/// A client that disconnects while its body waits for memory.
fn disconnects(budget: &ByteBudget, client: u8) -> thread::JoinHandle<()> {
    let budget = budget.clone();
    thread::spawn(move || {
        let mut body = begin(&budget, client);
        let mut wait = Box::pin(body.grow_to(BODY, LONG));
        let _granted_or_not = (&mut wait).now_or_never();
        thread::yield_now();
        drop(wait);
    })
}

fn end_empty(budget: &ByteBudget, threads: Vec<thread::JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(budget.reserved_bytes(), 0);
}

#[test]
fn bodies_never_wait_for_each_other_in_a_circle() {
    schedules::check(|| {
        let budget = ByteBudget::new(TOTAL);
        let threads = [1, 1, 2, 3, 4].map(|client| sends(&budget, client));
        end_empty(&budget, threads.into());
    });
}

#[test]
fn bodies_that_are_given_up_keep_no_memory() {
    schedules::check(|| {
        let budget = ByteBudget::new(TOTAL);
        let mut threads = vec![disconnects(&budget, 1), disconnects(&budget, 2)];
        threads.extend([1, 2, 3].map(|client| sends(&budget, client)));
        end_empty(&budget, threads);
    });
}
