//! Finds claims whose server has died, without comparing clocks: a live server changes its claim every few seconds.
//! No I/O.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::NaiveDateTime;

/// Time between two observations counts up to this much: a watcher that was stopped, or had no database, has not
/// watched.
const LONGEST_GAP: Duration = Duration::from_secs(10);

/// A claim as it stands in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// `drives.id`.
    pub id: i64,
    /// Identifies the claim.
    pub token: Option<String>,
    /// Changes with every renewal; its value has no meaning here.
    pub heartbeat: Option<NaiveDateTime>,
}

/// Remembers how long each claim has not changed.
#[derive(Clone, Debug, Default)]
pub struct ClaimWatch {
    last: Option<Instant>,
    unchanged: HashMap<i64, (Held, Duration)>,
}

impl ClaimWatch {
    /// Takes all claims and returns those that have not changed for `limit`.
    pub fn observe(&mut self, held: Vec<Held>, limit: Duration, now: Instant) -> Vec<Held> {
        let last = self.last.replace(now);
        let gap = last.map_or(Duration::ZERO, |last| (now - last).min(LONGEST_GAP));
        let mut before = std::mem::take(&mut self.unchanged);
        for held in held {
            let unchanged_for = match before.remove(&held.id) {
                Some((earlier, unchanged_for)) if earlier == held => unchanged_for + gap,
                _ => Duration::ZERO,
            };
            self.unchanged.insert(held.id, (held, unchanged_for));
        }
        let unchanged = self.unchanged.values();
        let expired = unchanged.filter(|(_, unchanged_for)| *unchanged_for >= limit);
        expired.map(|(held, _)| held.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    fn held(id: i64, heartbeat: u32) -> Held {
        let at: NaiveDateTime = "2026-02-01T14:00:00".parse().unwrap();
        Held {
            id,
            token: Some("token".to_owned()),
            heartbeat: Some(at + chrono::TimeDelta::seconds(heartbeat.into())),
        }
    }

    fn ids(expired: &[Held]) -> Vec<i64> {
        expired.iter().map(|held| held.id).collect()
    }

    #[test]
    fn only_a_claim_that_stays_unchanged_for_the_limit_has_expired() {
        let (mut watch, start) = (ClaimWatch::default(), Instant::now());
        for second in (0..20).step_by(5) {
            let claims = vec![held(1, 0), held(2, second)];
            let now = start + Duration::from_secs(second.into());
            assert!(watch.observe(claims, LIMIT, now).is_empty(), "{second}");
        }
        let claims = vec![held(1, 0), held(2, 20)];
        let expired = watch.observe(claims, LIMIT, start + LIMIT);
        assert_eq!(ids(&expired), [1]);
    }

    #[test]
    fn time_in_which_nothing_was_observed_does_not_expire_a_claim() {
        let (mut watch, start) = (ClaimWatch::default(), Instant::now());
        watch.observe(vec![held(1, 0)], LIMIT, start);
        let later = start + Duration::from_hours(1);
        assert!(watch.observe(vec![held(1, 0)], LIMIT, later).is_empty());
    }

    #[test]
    fn a_drive_that_was_claimed_again_starts_again() {
        let (mut watch, start) = (ClaimWatch::default(), Instant::now());
        watch.observe(vec![held(1, 0)], LIMIT, start);
        watch.observe(Vec::new(), LIMIT, start + Duration::from_secs(10));
        watch.observe(vec![held(1, 0)], LIMIT, start + Duration::from_secs(20));
        let later = start + Duration::from_secs(30);
        assert!(watch.observe(vec![held(1, 0)], LIMIT, later).is_empty());
    }
}
