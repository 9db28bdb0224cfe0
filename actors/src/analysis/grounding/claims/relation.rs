//! How a number is compared: "above 110", "never reached 110", "by 12".

mod words;

use self::words::{
    ABOVE, AT_LEAST, AT_MOST, AT_SOME_TIME, BELOW, BY, DOWN, DRIVE, JUST, MOVED, NEGATIONS,
    STEADILY, UP,
};
use super::window::Window;
use crate::analysis::grounding::facts::Statistic;
use crate::analysis::grounding::numbers::{Number, Sign};
use crate::diagnosis::units::{Dimension, Unit};

/// Which side of a number the figure is claimed to be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Side {
    Above,
    Below,
}

/// The relation of a figure to the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Relation {
    /// It is the number.
    Is,
    /// It is beyond the number at some time; `steady` where no word says that it moved there.
    Beyond {
        side: Side,
        steady: bool,
        just: bool,
    },
    /// It is beyond the number all the time.
    Always(Side),
    /// It differs by the number, up or down.
    By(Option<Side>),
    /// It has the two numbers as its ends.
    Between,
    /// It never leaves the two numbers.
    Within,
    /// It goes from one number to the other.
    FromTo(Option<Side>),
    /// It scatters by the number.
    PlusMinus,
}

pub(super) fn relation(window: &Window<'_>, number: &Number) -> Relation {
    if number.sign == Sign::Both {
        return Relation::PlusMinus;
    }
    // "gained 12 km" is no difference of two figures.
    let is_a_distance = number
        .readings
        .iter()
        .any(|reading| reading.unit.map(Unit::dimension) == Some(Dimension::Distance));
    if !is_a_distance && let Some(relation) = difference(window) {
        return relation;
    }
    if let Some(relation) = comparison(window) {
        return relation;
    }
    if window.is_statistic_negated(NEGATIONS) {
        match window.nearest_statistic() {
            Some(Statistic::Highest) => return Relation::Always(Side::Below),
            Some(Statistic::Lowest) => return Relation::Always(Side::Above),
            _ => {}
        }
    }
    Relation::Is
}

fn difference(window: &Window<'_>) -> Option<Relation> {
    let direction = |up: bool, down: bool| match (up, down) {
        (true, false) => Some(Side::Above),
        (false, true) => Some(Side::Below),
        _ => None,
    };
    // "12 °C above the limit", "3 % higher at idle than at cruise".
    let behind = window.words_behind(4);
    // "over the drive".
    let of_the_drive = behind.iter().any(|word| DRIVE.contains(word));
    let (up, down) = (
        behind
            .first()
            .is_some_and(|word| UP.contains(word) && *word != "up"),
        behind
            .first()
            .is_some_and(|word| DOWN.contains(word) && *word != "down"),
    );
    let more = matches!(
        behind.get(1),
        Some(
            &"than" | &"the" | &"its" | &"this" | &"of" | &"at" | &"a" | &"normal" | &"on" | &"in"
        )
    );
    if (up || down) && more && !of_the_drive {
        return Some(Relation::By(direction(up, down)));
    }
    // "12 °C too low".
    if let [first, second, ..] = behind.as_slice()
        && *first == "too"
        && (UP.contains(second) || DOWN.contains(second))
    {
        return Some(Relation::By(direction(
            UP.contains(second),
            DOWN.contains(second),
        )));
    }
    window.directly_before(BY)?;
    Some(Relation::By(direction(
        window.has_before(UP, 8) || up,
        window.has_before(DOWN, 8) || down,
    )))
}

fn comparison(window: &Window<'_>) -> Option<Relation> {
    if window.directly_before(AT_MOST).is_some() {
        return Some(Relation::Always(Side::Below));
    }
    if window.directly_before(AT_LEAST).is_some() {
        return Some(Relation::Always(Side::Above));
    }
    let behind = window.words_behind(2);
    // "Over the 12 km drive", "moved over a 12 % range".
    if window.opens_with("over") || matches!(behind.first(), Some(&"range" | &"band" | &"span")) {
        return None;
    }
    let mark = window.mark_before();
    let words = |phrase: Option<&str>| phrase.map_or(0, |phrase| phrase.split(' ').count());
    // "sank past" is below, though "past" alone is above.
    let (over, under) = (
        words(window.directly_before(ABOVE)),
        words(window.directly_before(BELOW)),
    );
    let above = matches!(mark, Some('>' | '≥')) || over > under;
    let below = matches!(mark, Some('<' | '≤')) || under > over;
    let or = matches!(behind.first(), Some(&"or" | &"and"));
    let (above, below) = match behind.get(1) {
        Some(&"more" | &"higher" | &"above" | &"greater" | &"hotter" | &"up" | &"over") if or => {
            (true, below)
        }
        Some(&"less" | &"lower" | &"below" | &"fewer" | &"under" | &"cooler") if or => {
            (above, true)
        }
        _ => (above, below),
    };
    let side = match (above, below) {
        (true, false) => Side::Above,
        (false, true) => Side::Below,
        _ => return None,
    };
    let opposite = match side {
        Side::Above => Side::Below,
        Side::Below => Side::Above,
    };
    if window.has_before(NEGATIONS, 14) {
        return Some(Relation::Always(opposite));
    }
    if window.has_before(STEADILY, 7)
        || window.has_behind(
            &[
                "at all times",
                "the whole time",
                "the entire time",
                "all the time",
            ],
            4,
        )
    {
        return Some(Relation::Always(side));
    }
    Some(Relation::Beyond {
        side,
        steady: !window.has_before(MOVED, 14)
            && !window.has_behind(MOVED, 4)
            && !window.has_behind(AT_SOME_TIME, 12),
        just: window.has_before(JUST, 4),
    })
}
