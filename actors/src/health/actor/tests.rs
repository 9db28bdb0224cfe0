use std::net::TcpListener;
use std::pin::pin;

use actix::{Addr, Message};
use actix_rt::System;
use futures_util::poll;

use super::*;
use crate::admission::Admission;
use crate::fair_admission::FairAdmission;
use crate::health::assess::Status;
use crate::report::{BatchFailure, BatchOutcome};
use crate::runtime::ActorRuntime;
use crate::supervise::RestartPolicy;

/// Breaks the actor.
#[derive(Message)]
#[rtype(result = "()")]
struct Panic;

impl Handler<Panic> for HealthActor {
    type Result = ();

    fn handle(&mut self, _: Panic, _: &mut Self::Context) {
        panic!("on request");
    }
}

/// Runs a test with an actor that finds nothing to probe.
fn with_actor<F: Future<Output = ()>>(test: impl FnOnce(Addr<HealthActor>, Queues) -> F) {
    with_actor_and_ollama("http://127.0.0.1:9", test);
}

fn with_actor_and_ollama<F: Future<Output = ()>>(
    ollama_url: &str,
    test: impl FnOnce(Addr<HealthActor>, Queues) -> F,
) {
    System::new().block_on(async {
        let runtime = ActorRuntime::start().unwrap();
        let supervision = Supervision::new(RestartPolicy::default());
        let queues = Queues {
            batches: FairAdmission::new(1, 5),
            analyses: Admission::new(1, 5),
            uploads: Admission::new(1, 5),
        };
        let settings = HealthSettings {
            database: DatabaseUrl::parse("mysql://nobody@127.0.0.1:9/nothing").unwrap(),
            ollama: Ollama::new(ollama_url, "gemma2:2b").unwrap(),
            backup_folder: "/".into(),
            state_folder: None,
            largest_backup_bytes: 1,
            queues: queues.clone(),
            refused_clients: RefusedClients::default(),
            connections: Connections::new(8),
            supervision: supervision.clone(),
            started: Instant::now(),
        };
        let arbiter = runtime.arbiter().unwrap();
        let actor = supervision.start(&arbiter, "health", |_| HealthActor::new(settings));
        test(actor, queues).await;
    });
}

/// Takes connections and never says a word.
fn silent_server() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

fn failed_batch() -> Report {
    let failure = BatchFailure {
        tables: vec!["statistics".to_owned()],
        unknown_tables: Vec::new(),
        error: "the database refused a statement".to_owned(),
    };
    Report::Batch {
        device_id: Some("pi".to_owned()),
        outcome: BatchOutcome::Failed(failure),
        took: Duration::ZERO,
    }
}

#[test]
fn what_was_reported_outlives_a_restart() {
    with_actor(async |actor, _| {
        for _ in 0..3 {
            actor.do_send(failed_batch());
        }
        actor.send(Panic).await.unwrap_err();
        let facts = actor.send(CheckHealth).await.unwrap().facts;
        assert_eq!(facts.restarts, [("health", 1)]);
        assert_eq!(facts.sync.record.recent_failures, 3);
        assert_eq!(facts.sync.failing_tables.len(), 1);
    });
}

#[test]
fn a_restart_in_the_middle_of_a_probe_begins_another() {
    let (silent, url) = silent_server();
    with_actor_and_ollama(&url, async |actor, _| {
        let asked = actor.send(CheckHealth);
        actor.do_send(Panic);
        asked.await.unwrap_err();
        drop(silent);
        let assessment = actor.send(CheckHealth).await.unwrap().assessment;
        assert_eq!(assessment.status, Status::Unhealthy);
    });
}

#[test]
fn queues_are_read_where_they_are() {
    with_actor(async |actor, queues| {
        let _one_runs = queues.analyses.admit().unwrap();
        let _two_wait = [queues.analyses.admit(), queues.analyses.admit()];
        actor.do_send(Report::DrivesWaiting(7));
        let facts = actor.send(CheckHealth).await.unwrap().facts;
        assert_eq!((facts.sync.waiting, facts.backup.waiting), (0, 0));
        assert_eq!(facts.analysis.waiting, 2);
        assert_eq!(facts.analysis.drives_waiting, Some(7));
    });
}

#[test]
fn reports_do_not_wait_for_a_probe_that_hangs() {
    let (_silent, url) = silent_server();
    with_actor_and_ollama(&url, async |actor, _| {
        let mut asked = pin!(actor.send(CheckHealth));
        actor.send(failed_batch()).await.unwrap();
        assert!(poll!(&mut asked).is_pending());
    });
}

#[test]
fn metrics_outlive_a_restart_and_count_it() {
    with_actor(async |actor, _| {
        actor.do_send(failed_batch());
        actor.send(Panic).await.unwrap_err();
        let text = actor.send(CollectMetrics).await.unwrap().unwrap();
        for line in [
            r#"eclipse_ai_sync_batches_total{outcome="failed"} 1"#,
            r#"eclipse_ai_actor_restarts_total{actor="health"} 1"#,
        ] {
            assert!(text.contains(line), "no {line} in\n{text}");
        }
    });
}

#[test]
fn metrics_do_not_wait_for_a_probe_that_hangs() {
    let (_silent, url) = silent_server();
    with_actor_and_ollama(&url, async |actor, _| {
        let mut health = pin!(actor.send(CheckHealth));
        assert!(poll!(&mut health).is_pending());
        actor.send(CollectMetrics).await.unwrap().unwrap();
        assert!(poll!(&mut health).is_pending(), "the probe still hangs");
    });
}
