//! What a restart keeps, what it replaces, and what it ends.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use actix_rt::Arbiter;
use futures_util::future::join_all;
use rstest::rstest;

use super::player::{
    CLOSED, Count, Failure, Note, Player, Stage, Toil, pausing_for_ever, soon, start, swift,
};
use crate::{
    admission::Admission,
    supervise::{RestartPolicy, Supervision},
};

#[rstest]
#[actix::test]
async fn an_actor_starts_again_with_fresh_state_on_the_same_address(
    #[values(
        Failure::PanicInHandler,
        Failure::PanicInFuture,
        Failure::PanicInAtomic,
        Failure::Stop
    )]
    failure: Failure,
) {
    let stage = Stage::default();
    let (supervision, addr) = start(swift(), &stage);
    assert_eq!(addr.send(Count).await, Ok(1));
    assert_eq!(addr.send(Count).await, Ok(2));

    assert_eq!(failure.send(&addr, None).await, CLOSED);

    assert_eq!(addr.send(Count).await, Ok(1));
    assert_eq!(stage.starts(), 2);
    assert_eq!(supervision.restarts(), [("player", 1)]);
}

#[rstest]
#[actix::test]
async fn messages_queued_behind_a_failure_are_handled_in_order(
    #[values(Failure::PanicInHandler, Failure::PanicInAtomic, Failure::Stop)] failure: Failure,
) {
    let stage = Stage::default();
    let (_supervision, addr) = start(swift(), &stage);
    let failing = failure.send(&addr, None);
    let queued: Vec<_> = (0..10)
        .map(|number| addr.send(Note(number, None)))
        .collect();

    assert_eq!(failing.await, CLOSED);
    assert_eq!(join_all(queued).await, [Ok(()); 10]);
    assert_eq!(
        stage.noted(),
        (0..10).map(|number| (2, number)).collect::<Vec<_>>()
    );
}

#[rstest]
#[actix::test]
async fn messages_sent_during_the_pause_are_handled_after_it(
    #[values(
        Failure::PanicInHandler,
        Failure::PanicInFuture,
        Failure::PanicInAtomic,
        Failure::Stop
    )]
    failure: Failure,
) {
    let stage = Stage::default();
    let policy = RestartPolicy {
        first_pause: Duration::from_millis(20),
        ..swift()
    };
    let (_supervision, addr) = start(policy, &stage);

    assert_eq!(failure.send(&addr, None).await, CLOSED);
    let queued: Vec<_> = (0..10)
        .map(|number| addr.send(Note(number, None)))
        .collect();

    assert_eq!(join_all(queued).await, [Ok(()); 10]);
    assert_eq!(
        stage.noted(),
        (0..10).map(|number| (2, number)).collect::<Vec<_>>()
    );
}

#[rstest]
#[actix::test]
async fn callers_of_lost_work_learn_of_it_before_the_pause_and_all_places_are_free(
    #[values(
        Failure::PanicInHandler,
        Failure::PanicInFuture,
        Failure::PanicInAtomic,
        Failure::Stop
    )]
    failure: Failure,
) {
    let admission = Admission::new(3, 0);
    let (_supervision, addr) = start(pausing_for_ever(), &Stage::default());
    let mut turns = Vec::new();
    for _ in 0..3 {
        turns.push(admission.enter().await.unwrap());
    }
    let running: Vec<_> = turns.drain(..2).map(|turn| addr.send(Toil(turn))).collect();
    let failing = failure.send(&addr, turns.pop());
    assert_eq!(admission.running(), 3);

    assert_eq!(soon(failing).await, CLOSED);

    assert_eq!(soon(join_all(running)).await, [CLOSED; 2]);
    assert_eq!(admission.running(), 0);
}

#[actix::test]
async fn a_queued_message_is_skipped_and_frees_its_place_when_its_client_hangs_up() {
    let admission = Admission::new(3, 0);
    let stage = Stage::default();
    let (_supervision, addr) = start(swift(), &stage);
    let failing = Failure::PanicInHandler.send(&addr, None);
    let mut queued = Vec::new();
    for number in 0..3 {
        queued.push(addr.send(Note(number, admission.enter().await.ok())));
    }

    drop(queued.remove(1));
    assert_eq!(failing.await, CLOSED);

    assert_eq!(join_all(queued).await, [Ok(()); 2]);
    assert_eq!(stage.noted(), [(2, 0), (2, 2)]);
    assert_eq!(admission.running(), 0);
}

#[actix::test]
async fn a_panic_while_restarting_is_one_more_failure() {
    let stage = Stage::default();
    let (supervision, addr) = start(swift(), &stage);
    assert_eq!(addr.send(Count).await, Ok(1));
    stage.panics_in_restarting.store(2, SeqCst);

    assert_eq!(Failure::PanicInHandler.send(&addr, None).await, CLOSED);

    assert_eq!(addr.send(Count).await, Ok(1));
    assert_eq!(supervision.restarts(), [("player", 3)]);
    assert_eq!(
        stage.starts(),
        2,
        "a state that could not be rebuilt is never started"
    );
}

#[actix::test]
async fn a_panic_in_started_is_one_more_failure() {
    let stage = Stage::default();
    stage.panics_in_started.store(2, SeqCst);
    let (supervision, addr) = start(swift(), &stage);

    assert_eq!(addr.send(Count).await, Ok(1));
    assert_eq!(supervision.restarts(), [("player", 2)]);
    assert_eq!(stage.starts(), 3);
}

#[actix::test]
async fn no_hook_runs_on_an_actor_that_is_dropped_between_two_lives() {
    let arbiter = Arbiter::new();
    let stage = Stage::default();
    let player = Player::new(stage.clone());
    let supervision = Supervision::new(pausing_for_ever());
    let addr = supervision.start(&arbiter.handle(), "player", move |_| player);
    assert_eq!(Failure::PanicInHandler.send(&addr, None).await, CLOSED);

    arbiter.stop();
    arbiter.join().unwrap();

    assert_eq!(stage.starts(), 1);
    assert_eq!(stage.stopped.load(SeqCst), 0);
}
