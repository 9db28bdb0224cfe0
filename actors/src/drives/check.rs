//! Decides what follows from a check of a waiting drive, and from a failed analysis. No I/O.

use std::time::Duration;

use super::QueueTiming;

/// How many attempts the analysis of a drive has.
pub const ATTEMPTS: u32 = 3;

/// The pause after a first failure; each further one is four times as long.
const FIRST_PAUSE: Duration = Duration::from_mins(1);

/// What a check finds out about a waiting drive.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Whether it is over.
    pub is_over: bool,
    /// How many readings of it are stored.
    pub readings: u64,
    /// How many readings it was analysed with.
    pub readings_analysed: Option<u64>,
    /// Since the last new reading, where one has arrived since the drive was discovered.
    pub quiet_for: Option<Duration>,
    /// Since the drive was discovered.
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
    /// Reopen it: it is not over any more.
    Reopen,
}

/// Decides what a check of a waiting drive leads to.
pub fn decide(facts: &Facts, timing: &QueueTiming) -> Decision {
    let quiet_for = facts.quiet_for.unwrap_or(facts.known_for);
    if !facts.is_over {
        Decision::Reopen
    } else if quiet_for < timing.quiet {
        Decision::CheckAgain(timing.quiet.saturating_sub(quiet_for))
    } else if facts.readings == 0 && facts.known_for >= timing.give_up_after {
        Decision::GiveUp
    } else if facts.readings == 0 {
        Decision::CheckAgain(timing.recheck)
    } else if facts.readings_analysed == Some(facts.readings) {
        Decision::NothingNew
    } else {
        Decision::Queue
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

    use super::Decision::{CheckAgain, GiveUp, NothingNew, Queue, Reopen};
    use super::*;

    const TIMING: QueueTiming = QueueTiming::with_quiet(Duration::from_secs(90));
    const WEEK: u64 = 7 * 24 * 3600;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[rstest]
    #[case::under_way(false, 9, None, Some(100), 100, Reopen)]
    #[case::more_may_come(true, 9, None, Some(60), 100, CheckAgain(seconds(30)))]
    #[case::quiet(true, 9, None, Some(90), 100, Queue)]
    #[case::had_its_readings_before(true, 9, None, None, 90, Queue)]
    #[case::just_found(true, 9, None, None, 60, CheckAgain(seconds(30)))]
    #[case::without_readings(true, 0, None, None, 3600, CheckAgain(seconds(30)))]
    #[case::without_readings_for_a_week(true, 0, None, None, WEEK, GiveUp)]
    #[case::readings_after_a_week(true, 9, None, Some(90), WEEK, Queue)]
    #[case::analysed_with_all(true, 9, Some(9), Some(90), 1000, NothingNew)]
    #[case::late_readings(true, 10, Some(9), Some(90), 1000, Queue)]
    #[case::late_readings_still_come(true, 10, Some(9), Some(1), 1000, CheckAgain(seconds(89)))]
    fn a_check_decides(
        #[case] is_over: bool,
        #[case] readings: u64,
        #[case] readings_analysed: Option<u64>,
        #[case] quiet_for: Option<u64>,
        #[case] known_for: u64,
        #[case] decision: Decision,
    ) {
        let facts = Facts {
            is_over,
            readings,
            readings_analysed,
            quiet_for: quiet_for.map(seconds),
            known_for: seconds(known_for),
        };
        assert_eq!(decide(&facts, &TIMING), decision);
    }

    #[test]
    fn pauses_grow_and_end_with_the_third_attempt() {
        let pauses: Vec<_> = (1..=4).map(pause_after).collect();
        assert_eq!(pauses, [Some(seconds(60)), Some(seconds(240)), None, None]);
    }
}
