//! The order in which the files of a folder were stored.
//!
//! The clock is no order: after a day with a clock in 2031, every later name would be older than those of that day. So
//! each record has a number, and a new file gets the next one. Pure.

use super::names::StoredName;

/// The number of the next file.
pub(super) fn next(numbers: impl IntoIterator<Item = u64>) -> u64 {
    numbers
        .into_iter()
        .max()
        .map_or(1, |highest| highest.saturating_add(1))
}

/// Numbers for the files that have none, by their names.
///
/// Earlier versions of the server wrote records without numbers. The next store numbers all of them, so a file without
/// one was stored after all that have one: by an earlier version that ran again in between.
pub(super) fn for_unnumbered<'a>(stored: &[(Option<u64>, &'a str)]) -> Vec<(&'a str, u64)> {
    let first = next(stored.iter().filter_map(|(number, _)| *number));
    let unnumbered = stored.iter().filter(|(number, _)| number.is_none());
    let mut names: Vec<&str> = unnumbered.map(|(_, name)| *name).collect();
    names.sort_by_cached_key(|name| (name.parse::<StoredName>().ok(), *name));
    names.into_iter().zip(first..).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_is_one_and_the_next_follows_the_highest() {
        assert_eq!(next([]), 1);
        assert_eq!(next([3, 9, 4]), 10);
    }

    #[test]
    fn a_folder_without_numbers_is_numbered_by_time_and_then_by_counter() {
        let names = [
            "a-2026-02-01T12-00-05-10.db",
            "b-2026-02-01T12-00-04.db",
            "a-2026-02-01T12-00-05-9.db",
            "a-2026-02-01T12-00-05.db",
        ];
        let stored = names.map(|name| (None, name));
        let numbered = for_unnumbered(&stored);
        assert_eq!(
            numbered,
            [(names[1], 1), (names[3], 2), (names[2], 3), (names[0], 4)]
        );
    }

    #[test]
    fn files_of_an_earlier_version_follow_those_that_have_a_number() {
        let stored = [
            (Some(7), "a-2031-01-01T00-00-00.db"),
            (None, "a-2026-01-01T00-00-00.db"),
            (Some(6), "a-2026-02-01T00-00-00.db"),
        ];
        assert_eq!(for_unnumbered(&stored), [("a-2026-01-01T00-00-00.db", 8)]);
    }
}
