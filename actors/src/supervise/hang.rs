//! Finds actors that hang. Nothing within the process can restart those: their thread is lost.

use std::time::Duration;

use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use super::{Member, Supervision};

impl Supervision {
    /// The first actor that hangs: a task on its thread, and from there one on the runtime that all
    /// share, did not both have their turn within `limit`. Busy actors do not hang: they wait
    /// asynchronously, and leave the thread to others meanwhile.
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
    /// Ends when the tasks have had their turn, and when there is no thread any more to give it:
    /// an actor that has ended does not hang.
    fn turn(&self) -> oneshot::Receiver<()> {
        let (done, turn) = oneshot::channel();
        self.arbiter.spawn(async move {
            if tokio::spawn(async {}).await.is_ok() {
                // Fails when nobody waits any longer.
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
    async fn an_actor_whose_thread_is_blocked_is_found_until_it_goes_on() {
        let runtime = ActorRuntime::start().unwrap();
        let supervision = Supervision::new(RestartPolicy::default());
        let blocked = runtime.arbiter().unwrap();
        supervision.start(&runtime.arbiter().unwrap(), "idle", |_| Idle);
        supervision.start(&blocked, "blocked", |_| Idle);
        assert_eq!(supervision.find_hung(Duration::from_secs(30)).await, None);

        let (go_on, told_to_go_on) = mpsc::channel::<()>();
        blocked.spawn_fn(move || {
            let _ = told_to_go_on.recv();
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
