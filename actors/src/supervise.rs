//! Keeps actors alive.
//!
//! An actor that stops or panics (in a handler, in a future of its context, in a life cycle
//! hook) starts again on the same address: its [`Supervised::restarting`](actix::Supervised)
//! replaces its state, `started` runs, and the messages that were queued meanwhile are handled in
//! order. Running work is lost: its callers get `MailboxError::Closed`. Restarts are delayed by
//! growing pauses. An actor that exceeds its restart limit stays down; [`Supervision::gave_up`]
//! returns then, and the process must end so that the service manager starts a new one.
//!
//! Requirements on an actor:
//! - `restarting` is `*self = fresh state`. A panic there is one more failure, not the end.
//! - Asynchronous handlers return `ResponseActFuture` or `AtomicResponse`: only those run within
//!   the supervised context. A panic in a task spawned elsewhere goes unnoticed
//!   ([`blocking`](crate::runtime::blocking) forwards it).
//! - `stopping` never returns `Running::Continue`, `terminate` and `cancel_future` are not used:
//!   the decision record `0001-supervision-and-mailboxes.md` says what they break.

mod hang;
mod life;
mod policy;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use actix::{
    Actor, Addr, Context, Handler, Message, Recipient,
    dev::channel::{AddressReceiver, channel},
};
use actix_rt::ArbiterHandle;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

pub use self::policy::RestartPolicy;
use self::{
    life::{Ending, Life},
    policy::RestartHistory,
};

/// The buffer of a new mailbox. It bounds nothing (see [`admission`](crate::admission)); this is
/// actix's own default.
const MAILBOX_BUFFER: usize = 16;

/// Asks an actor to finish the work that runs, start no more, and hand back what it holds (leases,
/// connections). The reply says that this is done. The actor may stop itself then.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Drain;

/// An actor failed more often than the [`RestartPolicy`] allows, or when it could not be
/// restarted: the process must end with a non-zero code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("actor {actor} exceeded its restart limit: {reason}")]
pub struct GaveUp {
    /// The name of the actor.
    pub actor: &'static str,
    /// How its last run ended, with the message of its panic.
    pub reason: String,
}

/// Starts, restarts and drains actors. Clones share one registry.
#[derive(Clone)]
pub struct Supervision {
    registry: Arc<Registry>,
}

struct Registry {
    policy: RestartPolicy,
    /// In the order of their start.
    members: Mutex<Vec<Member>>,
    shutting_down: AtomicBool,
    /// The first actor that exceeded its limit.
    gave_up: watch::Sender<Option<GaveUp>>,
}

#[derive(Clone)]
struct Member {
    name: &'static str,
    restarts: Arc<AtomicU64>,
    arbiter: ArbiterHandle,
    /// Also keeps the address connected: an actor lives until shutdown even if no other address is left.
    drain: Recipient<Drain>,
}

impl Supervision {
    /// A supervision without actors.
    pub fn new(policy: RestartPolicy) -> Self {
        let registry = Registry {
            policy,
            members: Mutex::default(),
            shutting_down: AtomicBool::new(false),
            gave_up: watch::Sender::new(None),
        };
        Self {
            registry: Arc::new(registry),
        }
    }

    /// Starts an actor on an arbiter and keeps it running. `factory` makes the first state, on the
    /// arbiter's thread; the later ones are made by the actor's `restarting`.
    ///
    /// A panic in `factory` is final: there is nothing to restart yet.
    pub fn start<A, F>(&self, arbiter: &ArbiterHandle, name: &'static str, factory: F) -> Addr<A>
    where
        A: Actor<Context = Context<A>> + actix::Supervised + Handler<Drain>,
        F: FnOnce(&mut Context<A>) -> A + Send + 'static,
    {
        let (sender, receiver) = channel(MAILBOX_BUFFER);
        let addr = Addr::new(sender);
        let member = Member {
            name,
            restarts: Arc::default(),
            arbiter: arbiter.clone(),
            drain: addr.clone().recipient(),
        };
        self.members().push(member.clone());

        let registry = Arc::clone(&self.registry);
        let spawned = arbiter.spawn_fn(move || {
            actix_rt::spawn(async move { registry.keep_alive(&member, receiver, factory).await });
        });
        if !spawned {
            self.registry.give_up(name, "its arbiter has ended");
        }
        addr
    }

    /// The restarts of each actor, in the order of their start.
    pub fn restarts(&self) -> Vec<(&'static str, u64)> {
        self.members()
            .iter()
            .map(|member| (member.name, member.restarts.load(Ordering::Relaxed)))
            .collect()
    }

    /// Waits until an actor exceeds its restart limit; returns at once if one already has.
    pub async fn gave_up(&self) -> GaveUp {
        let mut gave_up = self.registry.gave_up.subscribe();
        loop {
            if let Some(gave_up) = gave_up.borrow_and_update().clone() {
                return gave_up;
            }
            if gave_up.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// From here on an actor that stops stays stopped, and a panic is final.
    pub fn begin_shutdown(&self) {
        self.registry.shutting_down.store(true, Ordering::Relaxed);
    }

    /// Begins the shutdown and drains the actors within `limit`, the last started first. Each gets an equal share of the
    /// remaining time; an actor that takes longer is abandoned with a warning, and unused time goes to the next.
    ///
    /// Fails if an actor exceeded its restart limit before or meanwhile: a crash must not exit with 0.
    pub async fn shut_down(&self, limit: Duration) -> Result<(), GaveUp> {
        self.begin_shutdown();
        let mut members = self.members().clone();
        let deadline = Instant::now() + limit;
        while let Some(member) = members.pop() {
            let sharers = u32::try_from(members.len() + 1).unwrap_or(u32::MAX);
            let share = (deadline - Instant::now()) / sharers;
            match timeout(share, member.drain.send(Drain)).await {
                Ok(Ok(())) => log::debug!(actor = member.name; "actor drained"),
                Ok(Err(_closed)) => log::debug!(actor = member.name; "actor already ended"),
                Err(_elapsed) => log::warn!(
                    actor = member.name, waited_ms = share.as_millis();
                    "actor not drained in time"
                ),
            }
        }
        self.registry.gave_up.borrow().clone().map_or(Ok(()), Err)
    }

    fn members(&self) -> MutexGuard<'_, Vec<Member>> {
        // A list that is only pushed to is never left half written.
        self.registry
            .members
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    /// Runs an actor, life after life, until it stops for good or exceeds its restart limit.
    async fn keep_alive<A, F>(&self, member: &Member, receiver: AddressReceiver<A>, factory: F)
    where
        A: Actor<Context = Context<A>> + actix::Supervised,
        F: FnOnce(&mut Context<A>) -> A,
    {
        let mut life = match Life::begin(receiver, factory) {
            Ok(life) => life,
            Err(ending) => return self.give_up(member.name, &ending.to_string()),
        };
        let mut history = RestartHistory::new(self.policy);
        let mut ending = life.run().await;
        loop {
            let reason = ending.to_string();
            if self.shutting_down.load(Ordering::Relaxed) {
                if let Ending::Panicked(_) = ending {
                    self.give_up(member.name, &reason);
                }
                return;
            }
            let Some(pause) = history.next_pause(Instant::now()) else {
                return self.give_up(member.name, &reason);
            };
            let restarts = member.restarts.fetch_add(1, Ordering::Relaxed) + 1;
            log::error!(
                actor = member.name, reason:%, restarts, pause_ms = pause.as_millis();
                "actor restarted"
            );
            // Before the pause, so that the callers of lost work get their error now.
            let renewed = life.renew();
            sleep(pause).await;
            ending = match renewed {
                Ok(()) => life.run().await,
                Err(ending) => ending,
            };
        }
    }

    fn give_up(&self, actor: &'static str, reason: &str) {
        log::error!(actor, reason; "actor exceeded its restart limit");
        self.gave_up.send_if_modified(|gave_up| {
            let first = gave_up.is_none();
            if first {
                *gave_up = Some(GaveUp {
                    actor,
                    reason: reason.to_owned(),
                });
            }
            first
        });
    }
}
