use super::*;

fn all_well() -> Facts {
    Facts {
        mysql_is_up: true,
        ollama: OllamaState::Ready,
        model: "gemma2:2b".to_owned(),
        last_sync: None,
        uptime: Duration::ZERO,
        sync: SyncFacts::default(),
        analysis: AnalysisFacts::default(),
        backup: BackupFacts {
            free_bytes: Some(3 * GB),
            wanted_bytes: GB,
            ..BackupFacts::default()
        },
        restarts: vec![("sync", 2)],
    }
}

const GB: u64 = 1024 * 1024 * 1024;

fn verdict(change: impl FnOnce(&mut Facts)) -> (Status, Vec<String>) {
    let mut facts = all_well();
    change(&mut facts);
    let verdict = assess(&facts);
    (verdict.status, verdict.reasons)
}

#[test]
fn all_well_is_healthy_without_a_reason() {
    assert_eq!(verdict(|_| {}), (Status::Healthy, vec![]));
}

#[test]
fn without_mysql_nothing_is_better_than_unhealthy() {
    let reasons = vec!["MySQL does not answer.".to_owned()];
    let without_mysql = verdict(|facts| facts.mysql_is_up = false);
    assert_eq!(without_mysql, (Status::Unhealthy, reasons));
    let (status, reasons) = verdict(|facts| {
        facts.mysql_is_up = false;
        facts.ollama = OllamaState::Down;
    });
    assert_eq!((status, reasons.len()), (Status::Unhealthy, 2));
}

#[test]
fn each_trouble_degrades_and_says_why() {
    type Trouble = fn(&mut Facts);
    let troubles: [(Trouble, &str); 6] = [
        (
            |facts| facts.ollama = OllamaState::Down,
            "Ollama does not answer.",
        ),
        (
            |facts| facts.ollama = OllamaState::WithoutModel,
            "Ollama does not have the model gemma2:2b.",
        ),
        (
            |facts| {
                facts.sync.failing_tables = vec![FailingTable {
                    device_id: "pi".to_owned(),
                    table: "statistics".to_owned(),
                    failures: 3,
                }];
            },
            "The last 3 batches of pi with rows of statistics were not stored.",
        ),
        (
            |facts| {
                facts.analysis.growth = Some(Growth {
                    from: 1,
                    to: 4,
                    minutes: 16,
                });
            },
            "The queue of drives has only grown for 16 minutes, from 1 to 4.",
        ),
        (
            |facts| facts.backup.free_bytes = Some(GB - 1),
            "The disk of the backup folder is nearly full: 1023 MB free, 1024 MB wanted.",
        ),
        (
            |facts| facts.backup.free_bytes = None,
            "The free space of the backup folder cannot be read.",
        ),
    ];
    for (trouble, sentence) in troubles {
        assert_eq!(
            verdict(trouble),
            (Status::Degraded, vec![sentence.to_owned()])
        );
    }
}

#[test]
fn a_restarted_actor_and_old_failures_alone_do_not_degrade() {
    let (status, _) = verdict(|facts| {
        facts.sync.record.recent_failures = 2;
        facts.restarts = vec![("sync", 5)];
    });
    assert_eq!(status, Status::Healthy);
}
