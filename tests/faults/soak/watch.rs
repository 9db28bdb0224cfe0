//! What the server holds, and which transactions the database refused.

use mysql_async::prelude::Queryable as _;

use crate::support::{PrivateDatabase, ServerProcess};

/// What the documentation promises for `DATABASE_POOL_SIZE` = 8.
const MOST_SESSIONS: u64 = 8 + 10;

#[derive(Clone, Copy, Debug)]
struct Sample {
    resident_mb: u64,
    descriptors: u64,
    sessions: u64,
}

#[derive(Default)]
pub(super) struct Watch {
    samples: Vec<Sample>,
    conflicts: u64,
}

impl Watch {
    pub(super) async fn sample(&mut self, server: &ServerProcess, database: &PrivateDatabase) {
        let sample = Sample {
            resident_mb: server.memory_bytes() / 1024 / 1024,
            descriptors: server.descriptors(),
            sessions: database.other_sessions().await.len() as u64,
        };
        println!("{sample:?}");
        self.samples.push(sample);
    }

    /// Adds the deadlocks and lock timeouts since the database was started, also those after which the server retried.
    pub(super) async fn add_conflicts(&mut self, database: &PrivateDatabase) {
        let query = "SELECT CAST(SUM(count) AS UNSIGNED) FROM information_schema.innodb_metrics \
                     WHERE name IN ('lock_deadlocks', 'lock_timeouts')";
        let mut connection = database.connect().await;
        let conflicts: Option<u64> = connection.query_first(query).await.unwrap();
        connection.disconnect().await.unwrap();
        self.conflicts += conflicts.expect("the database counts them");
    }

    /// Compares the largest value of the second quarter with that of the last one. Sessions come and go with the load, below
    /// the limit of their pools.
    pub(super) fn is_flat(&self) {
        assert_eq!(self.conflicts, 0, "deadlocks and lock timeouts");
        let (before, after) = self.compared(|sample| sample.resident_mb);
        assert!(
            after <= before + before / 5 + 4,
            "memory: {before} MB, then {after} MB"
        );
        let (before, after) = self.compared(|sample| sample.descriptors);
        assert!(after <= before + 10, "descriptors: {before}, then {after}");
        let sessions = self.samples.iter().map(|sample| sample.sessions).max();
        assert!(sessions <= Some(MOST_SESSIONS), "sessions: {sessions:?}");
    }

    fn compared(&self, value: impl Fn(&Sample) -> u64) -> (u64, u64) {
        let quarter = self.samples.len() / 4;
        let most = |samples: &[Sample]| samples.iter().map(&value).max();
        (
            most(&self.samples[quarter..2 * quarter]).unwrap_or(u64::MAX / 2),
            most(&self.samples[3 * quarter..]).unwrap(),
        )
    }
}
