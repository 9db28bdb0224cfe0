//! Finds actors that hang. The process cannot restart them: their thread is lost.

use std::time::Duration;

use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use super::{Member, Supervision};

impl Supervision {
    /// The first actor that hangs: a task on its thread, or one on the shared runtime, was not
    /// polled within `limit`. A busy actor does not hang: it waits asynchronously and yields its
    /// thread meanwhile.
    pub async fn find_hung(&self, limit: Duration) -> Option<&'static str> {
        let members = self.members().clone();
        let turns: Vec<_> = members.iter().map(Member::turn).collect();
        let deadline = Instant::now() + limit;
        for (member, turn) in members.iter().zip(turns) {
            if timeout_at(deadline, turn).await.is_err() {
                return Some(member.name);
            }
        }
        None
    }
}

impl Member {
    /// Resolves when both tasks were polled, or when the thread has ended: an actor that has ended
    /// does not hang.
    fn turn(&self) -> oneshot::Receiver<()> {
        let (done, turn) = oneshot::channel();
        self.arbiter.spawn(async move {
            if tokio::spawn(async {}).await.is_ok() {
                // Fails if the receiver timed out.
                let _ = done.send(());
            }
        });
        turn
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use actix::{Actor, Context, Handler, Supervised};

    use super::*;
    use crate::{
        runtime::ActorRuntime,
        supervise::{Drain, RestartPolicy},
    };

    const LIMIT: Duration = Duration::from_millis(200);

    struct Idle;

    impl Actor for Idle {
        type Context = Context<Self>;
    }

    impl Supervised for Idle {}

    impl Handler<Drain> for Idle {
        type Result = ();

        fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
    }

    #[actix::test]
    async fn an_actor_on_a_blocked_thread_is_found_until_the_thread_continues() {
        let runtime = ActorRuntime::start().unwrap();
        let supervision = Supervision::new(RestartPolicy::default());
        let blocked = runtime.arbiter().unwrap();
        supervision.start(&runtime.arbiter().unwrap(), "idle", |_| Idle);
        supervision.start(&blocked, "blocked", |_| Idle);
        assert_eq!(supervision.find_hung(Duration::from_secs(30)).await, None);

        let (go_on, continued) = mpsc::channel::<()>();
        blocked.spawn_fn(move || {
            let _ = continued.recv();
        });
        assert_eq!(supervision.find_hung(LIMIT).await, Some("blocked"));

        drop(go_on);
        assert_eq!(supervision.find_hung(Duration::from_secs(30)).await, None);
    }

    #[actix::test]
    async fn an_actor_whose_thread_has_ended_does_not_hang() {
        let runtime = ActorRuntime::start().unwrap();
        let supervision = Supervision::new(RestartPolicy::default());
        let arbiter = runtime.arbiter().unwrap();
        supervision.start(&arbiter, "ended", |_| Idle);
        arbiter.stop();
        assert_eq!(supervision.find_hung(Duration::from_secs(30)).await, None);
    }
}
