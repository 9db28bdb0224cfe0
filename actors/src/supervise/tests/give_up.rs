//! When restarting ends.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use actix::{Addr, MailboxError};
use actix_rt::Arbiter;
use futures_util::FutureExt as _;
use rstest::rstest;

use super::player::{CLOSED, Count, Failure, Player, Stage, soon, start, swift};
use crate::supervise::{GaveUp, RestartPolicy, Supervision};

#[rstest]
#[case(Failure::PanicInHandler, "it panicked: boom in handler")]
#[case(Failure::PanicInFuture, "it panicked: boom in future")]
#[case(Failure::PanicInAtomic, "it panicked: boom in atomic")]
#[case(Failure::Stop, "it stopped itself")]
#[actix::test]
async fn the_sixth_failure_within_the_period_gives_the_actor_up(
    #[case] failure: Failure,
    #[case] reason: &str,
) {
    let (supervision, addr) = start(swift(), &Stage::default());
    for _ in 0..5 {
        assert_eq!(failure.send(&addr, None).await, CLOSED);
        assert_eq!(addr.send(Count).await, Ok(1));
    }
    assert_eq!(supervision.gave_up().now_or_never(), None);

    assert_eq!(failure.send(&addr, None).await, CLOSED);

    let gave_up = soon(supervision.gave_up()).await;
    assert_eq!(
        gave_up,
        GaveUp {
            actor: "player",
            reason: reason.to_owned()
        }
    );
    assert_eq!(addr.send(Count).await, Err(MailboxError::Closed));
    assert_eq!(supervision.restarts(), [("player", 5)]);
}

#[actix::test]
async fn failures_that_are_further_apart_than_the_period_never_give_up() {
    let (supervision, addr) = start(
        RestartPolicy {
            restarts: 1,
            period: Duration::ZERO,
            ..swift()
        },
        &Stage::default(),
    );
    for _ in 0..10 {
        assert_eq!(Failure::PanicInHandler.send(&addr, None).await, CLOSED);
        assert_eq!(addr.send(Count).await, Ok(1));
    }
    assert_eq!(supervision.restarts(), [("player", 10)]);
    assert_eq!(supervision.gave_up().now_or_never(), None);
}

#[actix::test]
async fn messages_to_an_actor_that_exceeded_its_restart_limit_fail() {
    let never_restarted = RestartPolicy {
        restarts: 0,
        ..swift()
    };
    let (_supervision, addr) = start(never_restarted, &Stage::default());
    let failing = Failure::PanicInHandler.send(&addr, None);
    let queued = addr.send(Count);

    assert_eq!(failing.await, CLOSED);
    assert_eq!(queued.await, Err(MailboxError::Closed));
}

#[actix::test]
async fn an_actor_that_cannot_rebuild_its_state_is_given_up() {
    let stage = Stage::default();
    let (supervision, addr) = start(swift(), &stage);
    stage.panics_in_restarting.store(usize::MAX, SeqCst);

    assert_eq!(Failure::PanicInHandler.send(&addr, None).await, CLOSED);

    assert_eq!(
        soon(supervision.gave_up()).await.reason,
        "it panicked: boom in restarting"
    );
    assert_eq!(supervision.restarts(), [("player", 5)]);
}

#[actix::test]
async fn an_actor_that_cannot_be_made_is_given_up_at_once() {
    let supervision = Supervision::new(swift());
    let addr: Addr<Player> =
        supervision.start(&Arbiter::current(), "player", |_| panic!("boom in factory"));

    assert_eq!(
        soon(supervision.gave_up()).await.reason,
        "it panicked: boom in factory"
    );
    assert_eq!(addr.send(Count).await, Err(MailboxError::Closed));
}

#[actix::test]
async fn an_actor_without_a_living_arbiter_is_given_up_at_once() {
    let arbiter = Arbiter::new();
    let handle = arbiter.handle();
    handle.stop();
    arbiter.join().unwrap();
    let supervision = Supervision::new(swift());

    let addr = supervision.start(&handle, "player", |_| Player::new(Stage::default()));

    assert_eq!(
        soon(supervision.gave_up()).await.reason,
        "its arbiter has ended"
    );
    assert_eq!(addr.send(Count).await, Err(MailboxError::Closed));
}
