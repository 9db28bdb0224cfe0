//! Names for analyses: the second in which they began, and a suffix that distinguishes those of one second, over any
//! number of servers.

use chrono::NaiveDateTime;
use rand::Rng as _;
use rand::distr::Alphanumeric;

const SUFFIX_CHARS: usize = 10;

/// `analysis-2026-02-01T14:30:10-k3v9x2m0qa` for an analysis that begins `now` (UTC).
pub fn new_analysis_id(now: NaiveDateTime) -> String {
    let suffix: String = rand::rng()
        .sample_iter(Alphanumeric)
        .take(SUFFIX_CHARS)
        .map(|byte| char::from(byte).to_ascii_lowercase())
        .collect();
    format!("analysis-{}-{suffix}", now.format("%Y-%m-%dT%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn an_id_shows_its_second_fits_its_column_and_is_unique_within_the_second() {
        let now = NaiveDate::from_ymd_opt(2026, 2, 1)
            .unwrap()
            .and_hms_micro_opt(14, 30, 10, 999_999)
            .unwrap();
        let ids: HashSet<String> = (0..1000).map(|_| new_analysis_id(now)).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            assert!(id.starts_with("analysis-2026-02-01T14:30:10-"), "{id}");
            assert!(id.len() <= 64, "{id}");
        }
    }
}
