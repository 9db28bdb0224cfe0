//! The end that is wanted.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix::{
    Actor, Context, Handler, MailboxError, ResponseActFuture, Supervised, WrapFuture as _,
};
use actix_rt::Arbiter;
use futures_util::FutureExt as _;

use super::player::{CLOSED, Count, Failure, Stage, soon, start, swift};
use crate::supervise::{Drain, Supervision};

#[actix::test]
async fn after_shutdown_has_begun_a_stop_is_final() {
    let stage = Stage::default();
    let (supervision, addr) = start(swift(), &stage);
    supervision.begin_shutdown();

    assert_eq!(Failure::Stop.send(&addr, None).await, CLOSED);

    assert_eq!(addr.send(Count).await, Err(MailboxError::Closed));
    assert_eq!(supervision.restarts(), [("player", 0)]);
    assert_eq!(
        soon(supervision.shut_down(Duration::from_mins(1))).await,
        Ok(())
    );
}

#[actix::test]
async fn a_panic_after_shutdown_has_begun_is_not_forgotten() {
    let (supervision, addr) = start(swift(), &Stage::default());
    supervision.begin_shutdown();

    assert_eq!(Failure::PanicInFuture.send(&addr, None).await, CLOSED);

    let gave_up = soon(supervision.shut_down(Duration::from_mins(1)))
        .await
        .unwrap_err();
    assert_eq!(
        gave_up.to_string(),
        "actor player exceeded its restart limit: it panicked: boom in future"
    );
}

/// Writes its number down when it is asked to drain, and then drains or never does.
struct Drainer {
    number: usize,
    ends: bool,
    noted: Arc<Mutex<Vec<usize>>>,
}

impl Actor for Drainer {
    type Context = Context<Self>;
}

impl Supervised for Drainer {}

impl Handler<Drain> for Drainer {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: Drain, _: &mut Context<Self>) -> Self::Result {
        self.noted.lock().unwrap().push(self.number);
        let draining = if self.ends {
            async {}.boxed_local()
        } else {
            pending().boxed_local()
        };
        Box::pin(draining.into_actor(self))
    }
}

#[actix::test]
async fn actors_are_drained_the_last_started_first_and_none_holds_up_the_others() {
    let supervision = Supervision::new(swift());
    let noted: Arc<Mutex<Vec<usize>>> = Arc::default();
    for number in 0..3 {
        let drainer = Drainer {
            number,
            ends: number != 1,
            noted: Arc::clone(&noted),
        };
        supervision.start(&Arbiter::current(), "drainer", move |_| drainer);
    }

    assert_eq!(
        soon(supervision.shut_down(Duration::from_millis(50))).await,
        Ok(())
    );

    assert_eq!(*noted.lock().unwrap(), [2, 1, 0]);
}
