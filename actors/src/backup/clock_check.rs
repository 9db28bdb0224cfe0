//! Notices that the server's clock was set between two backups. Pure: the caller reads the clocks.

use chrono::{NaiveDateTime, TimeDelta};

use crate::clock::Moment;
use crate::report::ClockJump;

/// A larger difference is a jump. NTP corrects less in a day.
const TOLERANCE: TimeDelta = TimeDelta::minutes(1);

/// What the clocks showed at the last backup.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClockCheck(Option<Moment>);

impl ClockCheck {
    /// Takes a reading of the clocks; returns the jump since the last one.
    ///
    /// At the first reading, the time in the name of the `newest` backup shows whether the clock is behind it.
    pub(super) fn observe(
        &mut self,
        now: Moment,
        newest: Option<NaiveDateTime>,
    ) -> Option<ClockJump> {
        let (expected, can_be_later) = match self.0.replace(now) {
            Some(last) => {
                let elapsed = now.since_boot.saturating_sub(last.since_boot);
                (last.utc + elapsed, false)
            }
            None => (newest?, true),
        };
        let step = now.utc - expected;
        let has_jumped = step < -TOLERANCE || (step > TOLERANCE && !can_be_later);
        has_jumped.then_some(ClockJump {
            from: expected,
            to: now.utc,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(utc: &str, since_boot_s: u64) -> Moment {
        Moment {
            utc: utc.parse().unwrap(),
            since_boot: Duration::from_secs(since_boot_s),
        }
    }

    fn jump(from: &str, to: &str) -> ClockJump {
        let [from, to] = [from, to].map(|text| text.parse().unwrap());
        ClockJump { from, to }
    }

    #[test]
    fn a_clock_that_runs_has_not_jumped() {
        let mut check = ClockCheck::default();
        assert_eq!(check.observe(at("2026-02-01T12:00:00", 10), None), None);
        assert_eq!(check.observe(at("2026-02-01T12:00:59", 10), None), None);
        assert_eq!(
            check.observe(at("2026-02-03T12:00:00", 172_800), None),
            None
        );
    }

    #[test]
    fn a_jump_is_found_in_either_direction_and_once() {
        let mut check = ClockCheck::default();
        check.observe(at("2026-02-01T12:00:00", 0), None);
        let forward = check.observe(at("2031-02-01T12:00:00", 60), None);
        assert_eq!(
            forward,
            Some(jump("2026-02-01T12:01:00", "2031-02-01T12:00:00"))
        );
        assert_eq!(check.observe(at("2031-02-01T12:01:00", 120), None), None);
        let back = check.observe(at("2026-02-01T12:03:00", 180), None);
        assert_eq!(
            back,
            Some(jump("2031-02-01T12:02:00", "2026-02-01T12:03:00"))
        );
    }

    #[test]
    fn at_the_first_reading_the_clock_must_not_be_behind_the_newest_backup() {
        let first = |newest: &str| {
            let now = at("2026-02-01T12:00:00", 0);
            ClockCheck::default().observe(now, Some(newest.parse().unwrap()))
        };
        assert_eq!(first("2020-01-01T00:00:00"), None);
        let behind = jump("2031-01-01T00:00:00", "2026-02-01T12:00:00");
        assert_eq!(first("2031-01-01T00:00:00"), Some(behind));
    }

    #[test]
    fn a_difference_of_a_minute_is_tolerated_and_a_larger_one_is_not() {
        for (utc, is_jump) in [
            ("2026-02-01T11:58:59", true),
            ("2026-02-01T11:59:00", false),
            ("2026-02-01T12:01:00", false),
            ("2026-02-01T12:01:01", true),
        ] {
            let mut check = ClockCheck::default();
            check.observe(at("2026-02-01T12:00:00", 0), None);
            assert_eq!(check.observe(at(utc, 0), None).is_some(), is_jump, "{utc}");
        }
    }
}
