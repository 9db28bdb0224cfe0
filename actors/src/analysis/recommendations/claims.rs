//! Finds the numbers in a sentence that claim something: value, unit, and whether they are meant as a bound.

use super::numbers::{Number, numbers};
use crate::analysis::statistics::units::Unit;

/// How a number is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// A value that occurred.
    None,
    /// "fell below 12": some values were.
    Below,
    /// "exceeded 105": some values did.
    Above,
    /// "never exceeded 105", "stayed below 105": no value was above.
    NeverAbove,
    /// "never fell below 12", "stayed above 12": no value was below.
    NeverBelow,
}

/// A number that claims something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub(super) value: f64,
    /// Half a unit of the last written digit.
    pub(super) precision: f64,
    pub(super) unit: Option<Unit>,
    pub(super) bound: Bound,
    /// Where it begins in the sentence, in bytes.
    pub(super) start: usize,
}

/// How many words before a number tell how it is meant.
const WORDS_BEFORE: usize = 4;

#[rustfmt::skip]
const UPPER_WORDS: &[&str] = &[
    "below", "under", "beneath", "<", "≤", "less", "lower", "most", "within",
];
#[rustfmt::skip]
const LOWER_WORDS: &[&str] = &[
    "above", "over", "beyond", ">", "≥", "more", "higher", "least", "exceed", "exceeds",
    "exceeded", "exceeding",
];
const NEGATIONS: &[&str] = &[
    "not", "never", "no", "without", "didn't", "doesn't", "hasn't",
];
const ALWAYS: &[&str] = &[
    "stayed", "stays", "remained", "remains", "always", "held", "kept",
];
/// What comes after these is wished for, not measured.
#[rustfmt::skip]
const TARGET_WORDS: &[&str] = &[
    "should", "must", "target", "aim", "recommended", "recommend", "ideal", "ideally", "normal",
    "normally", "typical", "expected", "specification", "spec", "keep", "maintain", "ensure",
    "set", "until", "limit", "avoid", "do", "don't",
];
/// A number after one of these is a change, or the name of a thing.
#[rustfmt::skip]
const NUMBERED_THINGS: &[&str] = &[
    "by", "bank", "sensor", "cylinder", "cylinders", "gear", "stage", "step", "drive", "rank",
    "sae", "every",
];
/// A number before one of these counts things.
#[rustfmt::skip]
const COUNTED_THINGS: &[&str] = &[
    "times", "time", "readings", "reading", "samples", "sample", "drives", "drive", "cylinders",
    "cylinder", "years", "days", "weeks", "points", "occasions", "events", "parameters", "steps",
    "octane", "st", "nd", "rd", "th",
];

/// The sentences of a text. A dot ends one only before white space, so that decimals stay whole.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '!', '?', ';'])
        .flat_map(|part| part.split(". "))
}

/// The claims of a sentence in lower case.
pub(super) fn claims(sentence: &str) -> Vec<Claim> {
    numbers(sentence)
        .iter()
        .filter_map(|number| claim(sentence, number))
        .collect()
}

fn claim(sentence: &str, number: &Number) -> Option<Claim> {
    let before: Vec<&str> = words(&sentence[..number.start])
        .rev()
        .take(WORDS_BEFORE)
        .collect();
    if before
        .iter()
        .take(2)
        .any(|word| NUMBERED_THINGS.contains(word))
    {
        return None;
    }
    if number.unit.is_none() {
        let next = words(&sentence[number.end..]).next();
        if next.is_some_and(|word| COUNTED_THINGS.contains(&word)) {
            return None;
        }
    }
    if before.iter().any(|word| TARGET_WORDS.contains(word)) {
        return None;
    }
    let bound = bound(&before);
    Some(Claim {
        value: number.value,
        precision: number.precision,
        unit: number.unit,
        bound,
        start: number.start,
    })
}

/// From the words before a number, nearest first.
fn bound(before: &[&str]) -> Bound {
    let Some(place) = before
        .iter()
        .position(|word| UPPER_WORDS.contains(word) || LOWER_WORDS.contains(word))
    else {
        return Bound::None;
    };
    let upper = UPPER_WORDS.contains(&before[place]);
    let any_of = |list: &[&str]| before[place..].iter().any(|word| list.contains(word));
    match (upper, any_of(NEGATIONS), any_of(ALWAYS)) {
        (true, true, _) | (false, false, true) => Bound::NeverBelow,
        (false, true, _) | (true, false, true) => Bound::NeverAbove,
        (true, false, false) => Bound::Below,
        (false, false, false) => Bound::Above,
    }
}

fn words(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || "'<>≤≥_".contains(c)))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn found(sentence: &str) -> Vec<(f64, Option<&'static str>, Bound)> {
        claims(sentence)
            .iter()
            .map(|claim| (claim.value, claim.unit.map(Unit::label), claim.bound))
            .collect()
    }

    #[rstest]
    #[case("peaked at 1,250.5 rpm", &[(1250.5, Some("rpm"), Bound::None)])]
    #[case("trim of -12.5% and −3 %", &[(-12.5, Some("%"), Bound::None), (-3.0, Some("%"), Bound::None)])]
    #[case("700-900 rpm", &[(700.0, Some("rpm"), Bound::None), (900.0, Some("rpm"), Bound::None)])]
    #[case("between 0.1 and 0.9 v", &[(0.1, Some("V"), Bound::None), (0.9, Some("V"), Bound::None)])]
    #[case("reached 203°f", &[(203.0, Some("°F"), Bound::None)])]
    #[case("stayed below 100 degrees celsius", &[(100.0, Some("°C"), Bound::NeverAbove)])]
    #[case("it never exceeded 90 mph", &[(90.0, Some("mph"), Bound::NeverAbove)])]
    #[case("did not drop below 12.4 v", &[(12.4, Some("V"), Bound::NeverBelow)])]
    #[case("fell below 12 v", &[(12.0, Some("V"), Bound::Below)])]
    #[case("above 7000", &[(7000.0, None, Bound::Above)])]
    fn claims_are_read_with_unit_and_bound(
        #[case] sentence: &str,
        #[case] expected: &[(f64, Option<&'static str>, Bound)],
    ) {
        assert_eq!(found(sentence), expected);
    }

    #[rstest]
    #[case("o2_b1s1 and p0420 on a 4g63")]
    #[case("advance it by 2 degrees, or by about 3")]
    #[case("bank 1 sensor 2, cylinder 3")]
    #[case("the 2nd time, 5 times, 50 readings")]
    #[case("voltage should be above 13.5 v")]
    #[case("keep it under 6500 rpm")]
    #[case("do not exceed 3000 rpm while cold")]
    fn names_changes_counts_and_targets_claim_nothing(#[case] sentence: &str) {
        assert_eq!(found(sentence), []);
    }

    #[test]
    fn a_decimal_point_does_not_end_a_sentence() {
        let sentences: Vec<_> = sentences("it is 13.5 v. then 14\nend").collect();
        assert_eq!(sentences, ["it is 13.5 v", "then 14", "end"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in any::<String>(), digits in "[0-9.,°%a-z -]{0,40}") {
            for text in [text.to_lowercase(), digits] {
                for sentence in sentences(&text) {
                    prop_assert!(claims(sentence).iter().all(|claim| claim.value.is_finite()));
                }
            }
        }
    }
}
