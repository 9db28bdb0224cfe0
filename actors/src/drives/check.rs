//! Decides what follows from a check of a waiting drive, and from a failed analysis. No I/O.

use std::time::Duration;

use super::QueueTiming;

/// How many attempts the analysis of a drive has.
pub const ATTEMPTS: u32 = 3;

/// The pause after a first failure; each further one is four times as long.
const FIRST_PAUSE: Duration = Duration::from_mins(1);

/// What is known about a waiting drive before its readings are counted.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Since the last new reading; since it was discovered where none has arrived since.
    pub quiet_for: Duration,
    /// Since it was discovered.
    pub known_for: Duration,
}

/// What a check of a waiting drive leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Check again after this time.
    CheckAgain(Duration),
    /// Analyse it.
    Queue,
    /// Keep its analysis: no readings are new.
    NothingNew,
    /// Give it up: no readings arrived.
    GiveUp,
}

impl Facts {
    /// The decision where it does not depend on readings. No pause is longer than [`QueueTiming::recheck`], whatever
    /// happens to clocks meanwhile.
    pub fn decide_without_readings(&self, timing: &QueueTiming) -> Option<Decision> {
        let rest = timing.quiet.saturating_sub(self.quiet_for);
        (!rest.is_zero()).then_some(Decision::CheckAgain(rest.min(timing.recheck)))
    }

    /// The decision about a drive with this number of `readings`; `is_analysed` means that an analysis had the same number.
    pub fn decide(&self, readings: u64, is_analysed: bool, timing: &QueueTiming) -> Decision {
        if let Some(decision) = self.decide_without_readings(timing) {
            decision
        } else if readings > 0 {
            if is_analysed {
                Decision::NothingNew
            } else {
                Decision::Queue
            }
        } else if self.known_for >= timing.give_up_after {
            Decision::GiveUp
        } else {
            Decision::CheckAgain(timing.recheck)
        }
    }
}

/// The pause before the next attempt; nothing after the last one.
pub fn pause_after(failed_attempts: u32) -> Option<Duration> {
    let pause = FIRST_PAUSE * 4_u32.saturating_pow(failed_attempts.saturating_sub(1));
    (failed_attempts < ATTEMPTS).then_some(pause)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Decision::{CheckAgain, GiveUp, NothingNew, Queue};
    use super::*;

    const TIMING: QueueTiming = QueueTiming::with_quiet(Duration::from_secs(90));
    const WEEK: u64 = 7 * 24 * 3600;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[rstest]
    #[case::more_may_arrive(9, false, 60, 100, CheckAgain(seconds(30)))]
    #[case::quiet_soon(9, false, 80, 100, CheckAgain(seconds(10)))]
    #[case::quiet_in_a_long_time(9, false, 10, 100, CheckAgain(seconds(30)))]
    #[case::quiet(9, false, 90, 100, Queue)]
    #[case::without_readings(0, false, 3600, 3600, CheckAgain(seconds(30)))]
    #[case::without_readings_for_a_week(0, false, WEEK, WEEK, GiveUp)]
    #[case::readings_after_a_week(9, false, 90, WEEK, Queue)]
    #[case::analysed_with_all(9, true, 90, 1000, NothingNew)]
    #[case::late_readings_still_arrive(10, false, 1, 1000, CheckAgain(seconds(30)))]
    fn a_check_decides(
        #[case] readings: u64,
        #[case] is_analysed: bool,
        #[case] quiet_for: u64,
        #[case] known_for: u64,
        #[case] decision: Decision,
    ) {
        let facts = Facts {
            quiet_for: seconds(quiet_for),
            known_for: seconds(known_for),
        };
        assert_eq!(facts.decide(readings, is_analysed, &TIMING), decision);
    }

    #[test]
    fn pauses_grow_and_end_with_the_third_attempt() {
        let pauses: Vec<_> = (1..=4).map(pause_after).collect();
        assert_eq!(pauses, [Some(seconds(60)), Some(seconds(240)), None, None]);
    }
}
