use std::str::FromStr;

/// How a drive stands. [The module](super) says what leads from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriveState {
    /// Under way, as far as is known.
    Open,
    /// Over; more readings may come.
    Waiting,
    /// To be analysed.
    Queued,
    /// Being analysed.
    Running,
    /// Analysed with all of its readings.
    Analysed,
    /// Its analysis failed too often.
    Failed,
    /// Given up: no readings came.
    Abandoned,
}

/// Not the name of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is no state of a drive")]
pub struct UnknownState;

impl DriveState {
    const ALL: [Self; 7] = [
        Self::Open,
        Self::Waiting,
        Self::Queued,
        Self::Running,
        Self::Analysed,
        Self::Failed,
        Self::Abandoned,
    ];

    /// Its name, here and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Analysed => "analysed",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }

    /// What it becomes when its events are new (without a state `before`) or have changed.
    pub(super) fn after_events(
        before: Option<Self>,
        is_over: bool,
        came_with_readings: bool,
    ) -> Self {
        match (before, is_over) {
            // Becomes stale instead.
            (Some(Self::Running), _) => Self::Running,
            (_, false) => Self::Open,
            (None | Some(Self::Open), true) if came_with_readings => Self::Queued,
            (_, true) => Self::Waiting,
        }
    }
}

impl FromStr for DriveState {
    type Err = UnknownState;

    fn from_str(name: &str) -> Result<Self, UnknownState> {
        let mut all = Self::ALL.into_iter();
        all.find(|state| state.as_str() == name).ok_or(UnknownState)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::DriveState::{self, *};

    #[rstest]
    #[case::begun(None, false, true, Open)]
    #[case::all_at_once(None, true, true, Queued)]
    #[case::only_its_events(None, true, false, Waiting)]
    #[case::ended_with_readings(Some(Open), true, true, Queued)]
    #[case::ended(Some(Open), true, false, Waiting)]
    #[case::ended_otherwise_than_thought(Some(Analysed), true, true, Waiting)]
    #[case::not_over_after_all(Some(Waiting), false, false, Open)]
    #[case::under_way(Some(Running), true, true, Running)]
    #[case::not_over_but_under_way(Some(Running), false, false, Running)]
    fn events_make_it(
        #[case] before: Option<DriveState>,
        #[case] is_over: bool,
        #[case] came_with_readings: bool,
        #[case] after: DriveState,
    ) {
        assert_eq!(
            DriveState::after_events(before, is_over, came_with_readings),
            after
        );
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for state in DriveState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert!("done".parse::<DriveState>().is_err());
    }
}
