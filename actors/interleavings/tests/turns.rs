//! Turns of owners, in random interleavings of their threads. A thread that is never woken up is reported as a deadlock.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod schedules;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use shuttle::future::block_on;
use shuttle::thread;

use eclipse_ai_interleavings::fair_admission::{FairAdmission, FairTurn};

const RUNNING: usize = 2;

/// Who works. Its lock is of `std`: no point where another thread may run.
#[derive(Clone, Default)]
struct Work(Arc<Mutex<BTreeMap<&'static str, usize>>>);

impl Work {
    fn run(&self, owner: &'static str, turn: FairTurn) {
        {
            let mut work = self.0.lock().unwrap();
            *work.entry(owner).or_default() += 1;
            assert_eq!(work[owner], 1, "{owner} has two turns");
            assert!(work.values().sum::<usize>() <= RUNNING);
        }
        thread::yield_now();
        *self.0.lock().unwrap().get_mut(owner).unwrap() -= 1;
        drop(turn);
    }
}

fn calls(
    admission: &FairAdmission,
    work: &Work,
    owners: &[&'static str],
) -> Vec<thread::JoinHandle<()>> {
    let call = |owner: &&'static str| {
        let (admission, work, owner) = (admission.clone(), work.clone(), *owner);
        thread::spawn(move || {
            let turn = block_on(admission.enter(owner)).expect("the queue has room for all");
            work.run(owner, turn);
        })
    };
    owners.iter().map(call).collect()
}

fn ends_empty(admission: &FairAdmission) {
    block_on(admission.drained());
    assert_eq!((admission.running(), admission.waiting()), (0, 0));
    assert!(block_on(admission.enter("a")).is_err());
}

#[test]
fn no_owner_has_two_turns_and_every_call_gets_one() {
    schedules::check(|| {
        let (admission, work) = (FairAdmission::new(RUNNING, 8), Work::default());
        for call in calls(&admission, &work, &["a", "b", "a", "c", "b", "a"]) {
            call.join().unwrap();
        }
        ends_empty(&admission);
    });
}

#[test]
fn calls_that_are_given_up_keep_no_turn() {
    schedules::check(|| {
        let (admission, work) = (FairAdmission::new(RUNNING, 8), Work::default());
        let mut threads = calls(&admission, &work, &["a", "b", "c"]);
        for owner in ["a", "b"] {
            let (admission, work) = (admission.clone(), work.clone());
            threads.push(thread::spawn(move || {
                // Its client disconnects while it waits.
                let mut call = Box::pin(admission.enter(owner));
                let turn = (&mut call).now_or_never();
                thread::yield_now();
                if let Some(turn) = turn {
                    work.run(owner, turn.unwrap());
                }
                drop(call);
            }));
        }
        for thread in threads {
            thread.join().unwrap();
        }
        ends_empty(&admission);
    });
}
