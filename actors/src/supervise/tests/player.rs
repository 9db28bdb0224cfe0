//! An actor that fails on demand.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use actix::{
    Actor, ActorContext as _, ActorFutureExt as _, Addr, AtomicResponse, Context, Handler,
    MailboxError, Message, MessageResult, ResponseActFuture, Supervised, WrapFuture as _,
};
use actix_rt::Arbiter;
use futures_util::FutureExt as _;
use tokio::{task::yield_now, time::timeout};

use crate::{
    admission::Turn,
    supervise::{Drain, RestartPolicy, Supervision},
};

/// What a test sees of its actor, and how it lets the actor fail; outlives every restart.
#[derive(Clone, Default)]
pub(super) struct Stage {
    pub(super) started: Arc<AtomicUsize>,
    pub(super) stopped: Arc<AtomicUsize>,
    /// Panics still to come in the hook.
    pub(super) panics_in_started: Arc<AtomicUsize>,
    pub(super) panics_in_restarting: Arc<AtomicUsize>,
    pub(super) noted: Arc<Mutex<Vec<(usize, usize)>>>,
}

impl Stage {
    pub(super) fn starts(&self) -> usize {
        self.started.load(SeqCst)
    }

    pub(super) fn noted(&self) -> Vec<(usize, usize)> {
        self.noted.lock().unwrap().clone()
    }
}

/// Whether a panic is still to come, which is then used up.
fn take(panics: &AtomicUsize) -> bool {
    panics
        .fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1))
        .is_ok()
}

/// The actor under test. `messages_in_this_life` is the state that a restart must replace.
pub(super) struct Player {
    stage: Stage,
    messages_in_this_life: usize,
}

impl Player {
    pub(super) fn new(stage: Stage) -> Self {
        Self {
            stage,
            messages_in_this_life: 0,
        }
    }
}

impl Actor for Player {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Context<Self>) {
        self.stage.started.fetch_add(1, SeqCst);
        assert!(!take(&self.stage.panics_in_started), "boom in started");
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.stage.stopped.fetch_add(1, SeqCst);
    }
}

impl Supervised for Player {
    fn restarting(&mut self, _: &mut Context<Self>) {
        assert!(
            !take(&self.stage.panics_in_restarting),
            "boom in restarting"
        );
        *self = Self::new(self.stage.clone());
    }
}

impl Handler<Drain> for Player {
    type Result = ();

    fn handle(&mut self, _: Drain, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

/// Replies with the number of messages in this life.
#[derive(Message)]
#[rtype(result = "usize")]
pub(super) struct Count;

impl Handler<Count> for Player {
    type Result = MessageResult<Count>;

    fn handle(&mut self, _: Count, _: &mut Context<Self>) -> Self::Result {
        self.messages_in_this_life += 1;
        MessageResult(self.messages_in_this_life)
    }
}

/// Writes down in which life it was handled, and its number.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Note(pub(super) usize, pub(super) Option<Turn>);

impl Handler<Note> for Player {
    type Result = ();

    fn handle(&mut self, Note(number, _turn): Note, _: &mut Context<Self>) {
        let life = self.stage.starts();
        self.stage.noted.lock().unwrap().push((life, number));
    }
}

/// Never ends.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Toil(pub(super) Turn);

impl Handler<Toil> for Player {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, Toil(turn): Toil, _: &mut Context<Self>) -> Self::Result {
        let toil = async move {
            let _turn = turn;
            pending::<()>().await;
        };
        Box::pin(toil.into_actor(self))
    }
}

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct PanicInHandler {
    _turn: Option<Turn>,
}

impl Handler<PanicInHandler> for Player {
    type Result = ();

    fn handle(&mut self, _: PanicInHandler, _: &mut Context<Self>) {
        self.messages_in_this_life += 1;
        panic!("boom in handler");
    }
}

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct PanicInFuture {
    _turn: Option<Turn>,
}

impl Handler<PanicInFuture> for Player {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, message: PanicInFuture, _: &mut Context<Self>) -> Self::Result {
        self.messages_in_this_life += 1;
        let work = async move {
            let _message = message;
            yield_now().await;
        };
        Box::pin(
            work.into_actor(self)
                .map(|(), _, _| panic!("boom in future")),
        )
    }
}

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct PanicInAtomic {
    _turn: Option<Turn>,
}

impl Handler<PanicInAtomic> for Player {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, message: PanicInAtomic, _: &mut Context<Self>) -> Self::Result {
        self.messages_in_this_life += 1;
        let work = async move {
            let _message = message;
            yield_now().await;
        };
        AtomicResponse::new(Box::pin(
            work.into_actor(self)
                .map(|(), _, _| panic!("boom in atomic")),
        ))
    }
}

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct StopYourself {
    _turn: Option<Turn>,
}

impl Handler<StopYourself> for Player {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, message: StopYourself, ctx: &mut Context<Self>) -> Self::Result {
        self.messages_in_this_life += 1;
        ctx.stop();
        let work = async move {
            let _message = message;
            pending::<()>().await;
        };
        Box::pin(work.into_actor(self))
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Failure {
    PanicInHandler,
    PanicInFuture,
    PanicInAtomic,
    Stop,
}

impl Failure {
    /// Puts the failure into the mailbox, now; its sender gets `Closed`.
    pub(super) fn send(
        self,
        addr: &Addr<Player>,
        turn: Option<Turn>,
    ) -> impl Future<Output = Reply> + use<> {
        match self {
            Self::PanicInHandler => addr.send(PanicInHandler { _turn: turn }).boxed(),
            Self::PanicInFuture => addr.send(PanicInFuture { _turn: turn }).boxed(),
            Self::PanicInAtomic => addr.send(PanicInAtomic { _turn: turn }).boxed(),
            Self::Stop => addr.send(StopYourself { _turn: turn }).boxed(),
        }
    }
}

pub(super) type Reply = Result<(), MailboxError>;
pub(super) const CLOSED: Reply = Err(MailboxError::Closed);

/// The real limit and period, but hardly a pause.
pub(super) fn swift() -> RestartPolicy {
    RestartPolicy {
        first_pause: Duration::from_micros(100),
        ..RestartPolicy::default()
    }
}

/// A pause that no test lives to see the end of.
pub(super) fn pausing_for_ever() -> RestartPolicy {
    RestartPolicy {
        first_pause: Duration::from_hours(1),
        ..RestartPolicy::default()
    }
}

pub(super) fn start(policy: RestartPolicy, stage: &Stage) -> (Supervision, Addr<Player>) {
    let supervision = Supervision::new(policy);
    let player = Player::new(stage.clone());
    let addr = supervision.start(&Arbiter::current(), "player", move |_| player);
    (supervision, addr)
}

/// Bounds what a test waits for, so that what would hang fails.
pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(10), future)
        .await
        .expect("it comes to its end")
}
