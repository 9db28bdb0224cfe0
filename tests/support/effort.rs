use std::time::Duration;

/// `long` in the longer proofs of `deploy/test.sh --long`, `usual` otherwise: a number of cases, rows or seconds.
pub(crate) fn effort<T>(usual: T, long: T) -> T {
    if std::env::var_os("TEST_LONG").is_some_and(|value| value == "1") {
        long
    } else {
        usual
    }
}

/// The length of a longer proof: as this variable has it, otherwise `default`, in minutes.
pub(crate) fn minutes(variable: &str, default: u64) -> Duration {
    let given = std::env::var(variable).ok();
    Duration::from_mins(given.map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} must be a number of minutes, not {text:?}"))
    }))
}
