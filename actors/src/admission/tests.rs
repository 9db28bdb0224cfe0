use std::{future::Future, pin::Pin};

use futures_util::FutureExt as _;
use tokio::{
    runtime::Builder,
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

use super::*;

/// A turn that is waited for: the place in line is taken with the first poll.
fn wait(permit: Permit) -> Pin<Box<dyn Future<Output = Turn>>> {
    let mut turn = Box::pin(permit.turn());
    assert!(poll(&mut turn).is_none(), "no slot is free");
    turn
}

fn poll<T>(future: &mut Pin<Box<impl Future<Output = T> + ?Sized>>) -> Option<T> {
    future.now_or_never()
}

fn turn_now(admission: &Admission) -> Turn {
    admission
        .enter()
        .now_or_never()
        .expect("a slot is free")
        .unwrap()
}

#[test]
fn of_200_senders_only_as_many_as_slots_and_places_are_let_in() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap();
    runtime.block_on(async {
        let admission = Admission::new(2, 8);
        let finish = Arc::new(Semaphore::new(0));
        let (refused, mut refusals) = mpsc::channel(200);
        let mut senders = JoinSet::new();
        for _ in 0..200 {
            let (admission, finish) = (admission.clone(), Arc::clone(&finish));
            let refused = refused.clone();
            senders.spawn(async move {
                match admission.enter().await {
                    Ok(_turn) => finish.acquire().await.unwrap().forget(),
                    Err(Full) => refused.send(()).await.unwrap(),
                }
            });
        }

        for _ in 0..190 {
            refusals.recv().await.unwrap();
        }
        assert_eq!((admission.running(), admission.waiting()), (2, 8));

        finish.add_permits(10);
        senders.join_all().await;
        assert!(refusals.try_recv().is_err(), "all ten were served");
        assert_eq!((admission.running(), admission.waiting()), (0, 0));
    });
}

#[test]
fn without_waiting_places_only_free_slots_admit() {
    let admission = Admission::new(1, 0);
    let turn = turn_now(&admission);
    assert_eq!(admission.admit().unwrap_err(), Full);
    drop(turn);
    assert!(admission.admit().is_ok());
}

#[test]
fn turns_come_in_the_order_they_were_asked_for() {
    let admission = Admission::new(1, 2);
    let running = turn_now(&admission);
    let mut first = wait(admission.admit().unwrap());
    let mut second = wait(admission.admit().unwrap());

    drop(running);

    assert!(poll(&mut second).is_none());
    let running = poll(&mut first).expect("the first in line is next");
    assert!(poll(&mut second).is_none());
    drop(running);
    assert!(poll(&mut second).is_some());
}

#[test]
fn a_waiting_client_that_hangs_up_frees_its_place_in_line() {
    let admission = Admission::new(1, 1);
    let running = turn_now(&admission);
    let waiting = wait(admission.admit().unwrap());
    assert_eq!(admission.admit().unwrap_err(), Full);

    drop(waiting);

    let mut next = wait(admission.admit().unwrap());
    drop(running);
    assert!(
        poll(&mut next).is_some(),
        "the slot goes to the one that is still there"
    );
}

#[test]
fn a_client_that_hangs_up_just_when_its_turn_has_come_hands_it_on() {
    let admission = Admission::new(1, 2);
    let running = turn_now(&admission);
    let hanging_up = wait(admission.admit().unwrap());
    let mut next = wait(admission.admit().unwrap());

    drop(running);
    drop(hanging_up);

    assert!(poll(&mut next).is_some());
    assert_eq!((admission.running(), admission.waiting()), (0, 0));
}

#[test]
fn a_permit_that_is_dropped_unused_frees_its_slot_or_place() {
    let admission = Admission::new(1, 1);
    let with_slot = admission.admit().unwrap();
    let in_line = admission.admit().unwrap();
    assert_eq!((admission.running(), admission.waiting()), (1, 1));
    drop((with_slot, in_line));
    assert_eq!((admission.running(), admission.waiting()), (0, 0));
}

#[test]
fn background_work_waits_for_all_queued_requests() {
    let admission = Admission::new(1, 2);
    let running = turn_now(&admission);
    let mut background = Box::pin(admission.spare_turn());
    assert!(poll(&mut background).is_none());
    let mut request = wait(admission.admit().unwrap());

    drop(running);
    assert!(poll(&mut background).is_none(), "the request goes first");
    let running = poll(&mut request).expect("its turn has come");
    assert!(poll(&mut background).is_none());

    drop(running);
    assert!(poll(&mut background).is_some());
}

#[test]
fn background_work_takes_no_place_in_line() {
    let admission = Admission::new(1, 1);
    let background = admission.spare_turn().now_or_never().expect("idle");
    assert_eq!((admission.running(), admission.waiting()), (1, 0));
    let mut request = wait(admission.admit().unwrap());
    drop(background);
    assert!(poll(&mut request).is_some());
}

#[actix::test]
async fn background_work_is_woken_when_the_last_in_line_hangs_up() {
    let admission = Admission::new(2, 1);
    let running = turn_now(&admission);
    let other = turn_now(&admission);
    let waiting = admission.admit().unwrap();
    let background = actix_rt::spawn({
        let admission = admission.clone();
        async move { admission.spare_turn().await }
    });
    tokio::task::yield_now().await;

    drop(running);
    tokio::task::yield_now().await;
    assert!(!background.is_finished(), "one stands in line");

    drop(waiting);
    background.await.unwrap();
    drop(other);
}

#[test]
fn draining_finishes_admitted_work_and_admits_no_more() {
    let admission = Admission::new(1, 2);
    let running = turn_now(&admission);
    let mut waiting = wait(admission.admit().unwrap());
    let mut drained = Box::pin(admission.drained());
    assert!(poll(&mut drained).is_none());
    assert_eq!(admission.admit().unwrap_err(), Full);

    drop(running);
    assert!(poll(&mut drained).is_none(), "one is still in line");
    let running = poll(&mut waiting).expect("its turn has come");
    assert!(poll(&mut drained).is_none(), "one is still running");
    drop((running, waiting));

    assert!(poll(&mut drained).is_some());
    assert_eq!(admission.admit().unwrap_err(), Full);
    assert!(
        admission.drained().now_or_never().is_some(),
        "it stays drained"
    );
}
