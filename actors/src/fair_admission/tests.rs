use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use tokio::task::JoinSet;

use super::*;

type Call = Pin<Box<dyn Future<Output = Result<FairTurn, Full>>>>;

/// A call that has taken its place.
fn call(admission: &FairAdmission, owner: &'static str) -> Call {
    let admission = admission.clone();
    let mut call: Call = Box::pin(async move { admission.enter(owner).await });
    assert!(poll(&mut call).is_none(), "{owner} has to wait");
    call
}

fn poll(call: &mut Call) -> Option<Result<FairTurn, Full>> {
    call.now_or_never()
}

fn turn(admission: &FairAdmission, owner: &str) -> FairTurn {
    let turn = admission.enter(owner).now_or_never();
    turn.expect("a turn is free").unwrap()
}

#[test]
fn an_owner_has_one_turn_at_a_time() {
    let admission = FairAdmission::new(3, 8);
    let first = turn(&admission, "a");
    let mut second = call(&admission, "a");
    // Others are not affected.
    let _other = turn(&admission, "b");
    assert_eq!((admission.running(), admission.waiting()), (2, 1));
    drop(first);
    assert!(poll(&mut second).unwrap().is_ok());
    assert_eq!((admission.running(), admission.waiting()), (1, 0));
}

#[test]
fn it_was_busy_until_its_latest_turn_ended() {
    let admission = FairAdmission::new(2, 0);
    assert!(!admission.was_busy_within(Duration::MAX));
    let (first, second) = (turn(&admission, "a"), turn(&admission, "b"));
    drop(first);
    assert!(admission.was_busy_within(Duration::ZERO));
    drop(second);
    assert!(admission.was_busy_within(Duration::MAX));
    assert!(!admission.was_busy_within(Duration::ZERO));
}

#[test]
fn owners_take_turns_however_many_calls_each_has() {
    let admission = FairAdmission::new(1, 8);
    let running = turn(&admission, "a");
    let owners = ["a", "a", "a", "b", "c", "b"];
    let mut calls: Vec<(&str, Call)> = owners.map(|owner| (owner, call(&admission, owner))).into();
    drop(running);
    let mut served = Vec::new();
    while !calls.is_empty() {
        let is_served = |(_, call): &mut (&str, Call)| poll(call).is_some();
        let position = calls.iter_mut().position(is_served).expect("one is served");
        served.push(calls.remove(position).0);
    }
    assert_eq!(served, ["b", "c", "a", "b", "a", "a"]);
}

#[test]
fn the_calls_of_an_owner_are_served_in_their_order() {
    let admission = FairAdmission::new(2, 8);
    let running = turn(&admission, "a");
    let mut first = call(&admission, "a");
    let mut second = call(&admission, "a");
    drop(running);
    assert!(poll(&mut second).is_none());
    let first = poll(&mut first).unwrap();
    assert!(poll(&mut second).is_none(), "the first still runs");
    drop(first);
    assert!(poll(&mut second).is_some());
}

#[test]
fn a_full_queue_admits_nothing_more_and_a_place_that_is_left_is_free() {
    let admission = FairAdmission::new(1, 2);
    let running = turn(&admission, "a");
    let mut first = call(&admission, "b");
    let second = call(&admission, "c");
    let refused = admission.enter("d").now_or_never().unwrap();
    assert_eq!(refused.unwrap_err(), Full);
    drop(second);
    assert_eq!(admission.waiting(), 1);
    let mut third = call(&admission, "d");
    drop(running);
    let first = poll(&mut first).unwrap();
    drop(first);
    // The one that left is passed over.
    assert!(poll(&mut third).unwrap().is_ok());
}

#[test]
fn a_turn_that_its_call_no_longer_takes_goes_to_the_next_one() {
    let admission = FairAdmission::new(1, 2);
    let running = turn(&admission, "a");
    let first = call(&admission, "b");
    let mut second = call(&admission, "c");
    drop(running);
    // It has its turn already, and has not been polled since.
    assert_eq!((admission.running(), admission.waiting()), (1, 1));
    drop(first);
    assert!(poll(&mut second).unwrap().is_ok());
}

#[test]
fn a_drain_waits_for_admitted_work_and_admits_nothing_more() {
    let admission = FairAdmission::new(1, 2);
    let running = turn(&admission, "a");
    let mut waiting = call(&admission, "b");
    let mut drained = Box::pin(admission.drained());
    assert!(drained.as_mut().now_or_never().is_none());
    assert!(admission.enter("c").now_or_never().unwrap().is_err());
    drop(running);
    let last = poll(&mut waiting).unwrap();
    assert!(drained.as_mut().now_or_never().is_none());
    drop(last);
    assert!(drained.now_or_never().is_some());
}

#[test]
fn many_owners_on_many_threads_never_exceed_the_limit_and_all_are_served() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap();
    runtime.block_on(async {
        let admission = FairAdmission::new(3, 1_000);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut calls = JoinSet::new();
        for number in 0..400 {
            let admission = admission.clone();
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            calls.spawn(async move {
                let owner = format!("car-{}", number % 7);
                let entered = admission.enter(&owner);
                // Every fifth call gives up after its first poll.
                let turn = if number % 5 == 0 {
                    entered.now_or_never().and_then(Result::ok)
                } else {
                    Some(entered.await.unwrap())
                };
                if let Some(_turn) = turn {
                    let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(now, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    running.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
        calls.join_all().await;
        assert!(most.load(Ordering::SeqCst) <= 3);
        assert_eq!((admission.running(), admission.waiting()), (0, 0));
    });
}
