//! Times as devices write them: `YYYY-MM-DD`, `T` or a blank, `HH:MM:SS`, then perhaps a fraction, then perhaps
//! `Z` or an offset. With a zone the time is turned into UTC; without one it is kept as it is.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, TimeDelta};

/// The years that are accepted, for messages.
pub const ACCEPTED_YEARS: &str = "in the years 1900 to 8999";

/// MySQL's DATETIME holds the years 1000 to 9999. The accepted ones leave centuries on both sides, so that no sum or
/// difference with an interval of a drive leaves that range.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=8999;

/// Parses a time; `None` if the text is not a time or not in the [`ACCEPTED_YEARS`]. Digits after the microseconds are
/// dropped.
pub fn parse(text: &str) -> Option<NaiveDateTime> {
    let bytes = text.as_bytes();
    let (date_and_time, rest) = bytes.split_at_checked(19)?;
    let separators = [
        date_and_time[4],
        date_and_time[7],
        date_and_time[13],
        date_and_time[16],
    ];
    if separators != *b"--::" || !matches!(date_and_time[10], b'T' | b' ') {
        return None;
    }
    let number = |from: usize, to: usize| digits(&date_and_time[from..to]);
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(number(0, 4)?).ok()?,
        number(5, 7)?,
        number(8, 10)?,
    )?;
    let (micros, zone) = fraction(rest)?;
    let local =
        date.and_hms_micro_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?, micros)?;
    let time = local.checked_sub_signed(offset(zone)?)?;
    YEARS.contains(&time.year()).then_some(time)
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0_u32, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + u32::from(byte - b'0'))
    })
}

/// The microseconds at the head of `text`, and what follows them.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some((b'.', fraction)) = text.split_first() else {
        return Some((0, text));
    };
    let length = fraction
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (digits_of_fraction, zone) = fraction.split_at(length);
    let micros = digits(&digits_of_fraction[..length.min(6)])?;
    let missing_digits = 6 - u32::try_from(length.min(6)).ok()?;
    (length > 0).then_some((micros * 10_u32.pow(missing_digits), zone))
}

/// How far a zone is ahead of UTC; nothing and `Z` are not.
fn offset(zone: &[u8]) -> Option<TimeDelta> {
    let (sign, amount) = match zone {
        [] | [b'Z'] => return Some(TimeDelta::zero()),
        [b'+', amount @ ..] => (1, amount),
        [b'-', amount @ ..] => (-1, amount),
        _ => return None,
    };
    let (hours, minutes) = match amount {
        [h1, h2] => ([*h1, *h2], *b"00"),
        [h1, h2, m1, m2] | [h1, h2, b':', m1, m2] => ([*h1, *h2], [*m1, *m2]),
        _ => return None,
    };
    let (hours, minutes) = (i64::from(digits(&hours)?), i64::from(digits(&minutes)?));
    (hours < 24 && minutes < 60).then(|| TimeDelta::minutes(sign * (hours * 60 + minutes)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::parse;

    #[rstest]
    #[case::from_sqlite("2026-04-19 07:18:50.697867", "2026-04-19 07:18:50.697867")]
    #[case::whole_seconds("2026-04-19 12:17:09", "2026-04-19 12:17:09")]
    #[case::iso_utc("2026-05-01T10:01:00Z", "2026-05-01 10:01:00")]
    #[case::milliseconds("2026-05-01T10:01:00.5Z", "2026-05-01 10:01:00.500")]
    #[case::nanoseconds_are_cut("2026-05-01T10:01:00.123456789", "2026-05-01 10:01:00.123456")]
    #[case::east("2026-05-01T00:30:00+02:00", "2026-04-30 22:30:00")]
    #[case::west("2026-12-31 20:00:00.25-0430", "2027-01-01 00:30:00.250")]
    #[case::hours_only("2026-05-01T10:00:00+05", "2026-05-01 05:00:00")]
    #[case::leap_day("2028-02-29T00:00:00", "2028-02-29 00:00:00")]
    fn a_time_is_read_and_brought_to_utc(#[case] text: &str, #[case] stored: &str) {
        assert_eq!(parse(text).unwrap().to_string(), stored);
    }

    #[rstest]
    #[case::empty("")]
    #[case::date_only("2026-05-01")]
    #[case::no_seconds("2026-05-01T10:00")]
    #[case::year_zero("0000-01-01 00:00:00")]
    #[case::year_999("0999-12-31 23:59:59")]
    #[case::year_1000("1000-01-03T00:00:00")]
    #[case::before_the_accepted_years("1899-12-31T23:59:59")]
    #[case::before_them_in_utc("1900-01-01T00:00:00+00:01")]
    #[case::after_the_accepted_years("9000-01-01T00:00:00")]
    #[case::after_them_in_utc("8999-12-31T23:59:59-00:01")]
    #[case::year_9999("9999-12-31T23:59:59")]
    #[case::into_year_999("1000-01-01T00:00:00+01:00")]
    #[case::into_year_10000("9999-12-31T23:30:00-01:00")]
    #[case::sixty_seconds("2026-05-01T10:00:60")]
    #[case::sixty_minutes("2026-05-01T10:60:00")]
    #[case::hour_24("2026-05-01T24:00:00")]
    #[case::month_13("2026-13-01T00:00:00")]
    #[case::no_leap_day("2026-02-29T00:00:00")]
    #[case::empty_fraction("2026-05-01T10:00:00.")]
    #[case::trailing_text("2026-05-01T10:00:00Z tomorrow")]
    #[case::offset_of_a_day("2026-05-01T10:00:00+24:00")]
    #[case::offset_of_sixty_minutes("2026-05-01T10:00:00+01:60")]
    #[case::slashes("2026/05/01T10:00:00")]
    #[case::dots("2026-05-01T10.00.00")]
    #[case::another_letter("2026-05-01t10:00:00")]
    #[case::signs_for_digits("2026-05-01T+1:-2:00")]
    #[case::other_digits("２026-05-01T10:00:00")]
    fn what_is_no_time_is_refused(#[case] text: &str) {
        assert_eq!(parse(text), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn texts_that_look_like_times_never_make_it_panic(
            text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,9})?(Z|[+-][0-9:]{0,6})?"
        ) {
            if let Some(time) = parse(&text) {
                prop_assert_eq!(time.to_string().get(..4).map(str::len), Some(4));
            }
        }
    }
}
