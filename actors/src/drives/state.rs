use std::fmt;
use std::str::FromStr;

use mysql_async::prelude::FromValue;
use mysql_async::{FromValueError, Value};

/// The state of a drive. The transitions between states are drawn in [the module](super) and written in
/// `transitions.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriveState {
    /// Under way: nothing says that it has ended.
    Open,
    /// Ended; more readings may arrive.
    Waiting,
    /// Ready to be analysed.
    Queued,
    /// Being analysed.
    Running,
    /// Analysed with all of its readings.
    Analysed,
    /// Its analysis failed too often.
    Failed,
    /// Given up: no readings arrived.
    Abandoned,
}

/// Not the name of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown state of a drive")]
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

    /// Its name in the API and in the database: the only mapping between states and text.
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

    /// The state after the events of a drive are new (without a state `before`) or have changed.
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

impl fmt::Display for DriveState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for DriveState {
    type Err = UnknownState;

    fn from_str(name: &str) -> Result<Self, UnknownState> {
        let mut all = Self::ALL.into_iter();
        all.find(|state| state.as_str() == name).ok_or(UnknownState)
    }
}

impl From<DriveState> for Value {
    fn from(state: DriveState) -> Self {
        Self::from(state.as_str())
    }
}

impl TryFrom<Value> for DriveState {
    type Error = FromValueError;

    fn try_from(value: Value) -> Result<Self, FromValueError> {
        let state = match &value {
            Value::Bytes(name) => str::from_utf8(name).ok().and_then(|name| name.parse().ok()),
            _ => None,
        };
        state.ok_or(FromValueError(value))
    }
}

impl FromValue for DriveState {
    type Intermediate = Self;
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::DriveState::{self, *};
    use super::*;

    #[rstest]
    #[case::begun(None, false, true, Open)]
    #[case::all_at_once(None, true, true, Queued)]
    #[case::only_its_events(None, true, false, Waiting)]
    #[case::ended_with_readings(Some(Open), true, true, Queued)]
    #[case::ended(Some(Open), true, false, Waiting)]
    #[case::ended_at_another_time(Some(Analysed), true, true, Waiting)]
    #[case::not_over_any_more(Some(Waiting), false, false, Open)]
    #[case::running(Some(Running), true, true, Running)]
    #[case::not_over_any_more_but_running(Some(Running), false, false, Running)]
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
    fn every_state_is_read_back_from_its_name() {
        for state in DriveState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
            assert_eq!(DriveState::try_from(Value::from(state)), Ok(state));
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_and_never_a_state() {
        assert_eq!("done".parse::<DriveState>(), Err(UnknownState));
        assert!(DriveState::try_from(Value::from("done")).is_err());
        assert!(DriveState::try_from(Value::NULL).is_err());
    }
}
