//! How often an actor may be restarted, and after which pauses.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// At most `restarts` within any `period`, after pauses that double from `first_pause`.
#[derive(Debug, Clone, Copy)]
pub struct RestartPolicy {
    /// Restarts allowed within `period`; the next failure is final.
    pub restarts: usize,
    /// How long a restart counts.
    pub period: Duration,
    /// The pause before the first restart of a period.
    pub first_pause: Duration,
}

impl Default for RestartPolicy {
    /// 5 restarts in 60 s; pauses of 0.1, 0.2, 0.4, 0.8 and 1.6 s.
    fn default() -> Self {
        Self {
            restarts: 5,
            period: Duration::from_mins(1),
            first_pause: Duration::from_millis(100),
        }
    }
}

/// The restarts of one actor within the present period.
pub(super) struct RestartHistory {
    policy: RestartPolicy,
    restarts: VecDeque<Instant>,
}

impl RestartHistory {
    pub(super) fn new(policy: RestartPolicy) -> Self {
        Self {
            policy,
            restarts: VecDeque::new(),
        }
    }

    /// The pause before restarting an actor that failed `now`; `None` if the period has used up
    /// its restarts.
    pub(super) fn next_pause(&mut self, now: Instant) -> Option<Duration> {
        let Self { policy, restarts } = self;
        restarts.retain(|restart| now.duration_since(*restart) < policy.period);
        if restarts.len() >= policy.restarts {
            return None;
        }
        let doublings = u32::try_from(restarts.len()).unwrap_or(u32::MAX);
        restarts.push_back(now);
        Some(
            policy
                .first_pause
                .saturating_mul(2_u32.saturating_pow(doublings)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_most(restarts: usize) -> RestartHistory {
        let policy = RestartPolicy {
            restarts,
            ..RestartPolicy::default()
        };
        RestartHistory::new(policy)
    }

    #[test]
    fn pauses_double_until_the_period_has_had_its_restarts() {
        let mut history = at_most(5);
        let now = Instant::now();
        let pauses_ms: Vec<_> = std::iter::from_fn(|| history.next_pause(now))
            .map(|pause| pause.as_millis())
            .collect();
        assert_eq!(pauses_ms, [100, 200, 400, 800, 1600]);
    }

    #[test]
    fn a_restart_older_than_the_period_does_not_count() {
        let mut history = at_most(2);
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(history.next_pause(after(0)).is_some());
        assert!(history.next_pause(after(30)).is_some());
        assert_eq!(history.next_pause(after(59)), None);
        assert_eq!(
            history.next_pause(after(60)),
            Some(Duration::from_millis(200))
        );
        assert_eq!(history.next_pause(after(61)), None);
    }

    #[test]
    fn pauses_start_small_again_after_a_quiet_period() {
        let mut history = at_most(5);
        let start = Instant::now();
        for _ in 0..4 {
            history.next_pause(start);
        }
        let quiet = start + Duration::from_mins(1);
        assert_eq!(history.next_pause(quiet), Some(Duration::from_millis(100)));
    }
}
