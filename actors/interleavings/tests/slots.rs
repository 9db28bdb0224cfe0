//! Slots, in random interleavings of their threads. A thread that is never woken up is reported as a deadlock.

#![allow(clippy::unwrap_used)]

mod schedules;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use shuttle::future::block_on;
use shuttle::thread;

use eclipse_ai_interleavings::admission::{Admission, Turn};

const RUNNING: usize = 2;

/// How many work. An atomic of `std`: no point where another thread may run.
#[derive(Clone, Default)]
struct Work(Arc<AtomicUsize>);

impl Work {
    fn run(&self, turn: Turn) {
        let running = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        assert!(running <= RUNNING, "{running} run");
        thread::yield_now();
        self.0.fetch_sub(1, Ordering::SeqCst);
        drop(turn);
    }
}

fn enters(admission: &Admission, work: &Work) -> thread::JoinHandle<()> {
    let (admission, work) = (admission.clone(), work.clone());
    thread::spawn(move || work.run(block_on(admission.enter()).unwrap()))
}

/// Its client disconnects, perhaps while it waits.
fn gives_up(admission: &Admission, work: &Work) -> thread::JoinHandle<()> {
    let (admission, work) = (admission.clone(), work.clone());
    thread::spawn(move || {
        let mut call = Box::pin(admission.enter());
        let turn = (&mut call).now_or_never();
        thread::yield_now();
        if let Some(turn) = turn {
            work.run(turn.unwrap());
        }
        drop(call);
    })
}

fn works_in_the_background(admission: &Admission, work: &Work) -> thread::JoinHandle<()> {
    let (admission, work) = (admission.clone(), work.clone());
    thread::spawn(move || work.run(block_on(admission.spare_turn())))
}

fn end_empty(admission: &Admission, threads: Vec<thread::JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!((admission.running(), admission.waiting()), (0, 0));
}

#[test]
fn every_call_gets_a_turn_of_which_no_more_run_than_slots() {
    schedules::check(|| {
        let (admission, work) = (Admission::new(RUNNING, 8), Work::default());
        let calls = (0..5).map(|_| enters(&admission, &work)).collect();
        end_empty(&admission, calls);
    });
}

#[test]
fn calls_that_are_given_up_keep_no_slot_and_no_place() {
    schedules::check(|| {
        let (admission, work) = (Admission::new(RUNNING, 8), Work::default());
        let mut calls: Vec<_> = (0..3).map(|_| enters(&admission, &work)).collect();
        calls.extend((0..2).map(|_| gives_up(&admission, &work)));
        end_empty(&admission, calls);
    });
}

#[test]
fn background_work_is_woken_when_the_last_request_leaves() {
    schedules::check(|| {
        let (admission, work) = (Admission::new(RUNNING, 8), Work::default());
        let mut calls: Vec<_> = (0..3).map(|_| enters(&admission, &work)).collect();
        calls.push(gives_up(&admission, &work));
        calls.extend((0..2).map(|_| works_in_the_background(&admission, &work)));
        end_empty(&admission, calls);
    });
}

#[test]
fn all_that_were_admitted_have_ended_when_it_is_drained() {
    schedules::check(|| {
        let (admission, work) = (Admission::new(RUNNING, 8), Work::default());
        let admitted: Vec<_> = (0..4).map(|_| admission.admit().unwrap()).collect();
        let calls = admitted.into_iter().map(|permit| {
            let work = work.clone();
            thread::spawn(move || work.run(block_on(permit.turn())))
        });
        let calls: Vec<_> = calls.collect();
        block_on(admission.drained());
        assert_eq!(work.0.load(Ordering::SeqCst), 0);
        assert!(admission.admit().is_err());
        for call in calls {
            call.join().unwrap();
        }
    });
}
