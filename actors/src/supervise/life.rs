//! An actor and its context, behind a boundary that catches panics.

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use actix::{
    Actor, ActorContext as _, Context, Supervised,
    dev::{ContextFut, channel::AddressReceiver},
};
use futures_util::FutureExt as _;

use crate::panic_message;

/// How a life ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The actor stopped itself.
    Stopped,
    /// The actor panicked, with this message.
    Panicked(String),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("it stopped itself"),
            Self::Panicked(message) => write!(f, "it panicked: {message}"),
        }
    }
}

/// An actor on its mailbox. After an [`Ending`] it must be [renewed](Life::renew), successfully,
/// before it runs again.
pub(super) struct Life<A: Actor<Context = Context<A>>> {
    context: ContextFut<A, Context<A>>,
}

// Unwind safety: whatever a panic left inconsistent is replaced by `renew` (the actor's state, the
// futures of the context) or was complete before the handler ran (the mailbox).
impl<A: Actor<Context = Context<A>> + Supervised> Life<A> {
    pub(super) fn begin<F>(receiver: AddressReceiver<A>, factory: F) -> Result<Self, Ending>
    where
        F: FnOnce(&mut Context<A>) -> A,
    {
        let begin = move || {
            let mut context = Context::with_receiver(receiver);
            let actor = factory(&mut context);
            Self {
                context: context.into_future(actor),
            }
        };
        catch_unwind(AssertUnwindSafe(begin)).map_err(|panic| panicked(&*panic))
    }

    pub(super) async fn run(&mut self) -> Ending {
        match AssertUnwindSafe(&mut self.context).catch_unwind().await {
            Ok(()) => Ending::Stopped,
            Err(panic) => panicked(&*panic),
        }
    }

    /// Drops running work and lets the actor replace its state.
    pub(super) fn renew(&mut self) -> Result<(), Ending> {
        // `restart` refuses only without addresses, and the registry holds one.
        catch_unwind(AssertUnwindSafe(|| self.context.restart()))
            .map(|_restarted| ())
            .map_err(|panic| panicked(&*panic))
    }
}

impl<A: Actor<Context = Context<A>>> Drop for Life<A> {
    /// Dropping a context that is not terminated polls it once more, which would run life cycle hooks
    /// on an actor between two lives.
    fn drop(&mut self) {
        self.context.ctx().terminate();
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Ending {
    Ending::Panicked(panic_message(panic))
}
