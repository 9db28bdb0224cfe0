//! Names with digits that claim nothing.

use crate::diagnosis::channels::names::meaning;

#[rustfmt::skip]
const NAMES: &[&str] = &[
    "o2", "o2s", "b1s1", "b1s2", "b2s1", "b2s2", "s1", "s2", "b1", "b2", "obd2", "4g63", "4g63t", "4g64", "6g72", "co2", "h2o", "v6", "v8", "i4", "l4", "e5", "e10",
    "e85", "dot3", "dot4", "dot5", "4x4", "j1979", "2g", "1g", "2wd", "4wd", "ho2s", "4x2", "r134a", "g12", "g13", "ac2", "o2_b1s1", "o2_b1s2",
];

/// Whether a word with digits is a name: a trouble code, a channel, an oil grade, an ordinal, or in the prompt.
pub(super) fn is_known(name: &str, in_texts: impl Fn(&str) -> bool) -> bool {
    NAMES.contains(&name)
        || is_trouble_code(name)
        || is_oil_grade(name)
        || is_ordinal(name)
        || meaning(name, None).is_some()
        || in_texts(name)
}

fn is_trouble_code(name: &str) -> bool {
    let digits = name.strip_prefix(['p', 'b', 'c', 'u']).unwrap_or_default();
    digits.len() == 4
        && digits.starts_with(['0', '1', '2', '3'])
        && digits.chars().all(|c| c.is_ascii_hexdigit())
}

/// `5w-30`, `10w40`.
fn is_oil_grade(name: &str) -> bool {
    let Some((cold, warm)) = name.split_once('w') else {
        return false;
    };
    let digits = |text: &str| {
        !text.is_empty() && text.len() <= 2 && text.chars().all(|c| c.is_ascii_digit())
    };
    digits(cold) && (warm.is_empty() || digits(warm.trim_start_matches('-')))
}

fn is_ordinal(name: &str) -> bool {
    let digits = name.trim_end_matches(|c: char| c.is_ascii_lowercase());
    matches!(&name[digits.len()..], "st" | "nd" | "rd" | "th")
        && digits.parse::<u32>().is_ok_and(|number| number <= 20)
}
