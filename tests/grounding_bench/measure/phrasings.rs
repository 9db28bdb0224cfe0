//! How sentences are worded: the check was tuned with the first two sets and not with the others.
//!
//! `{c}` is a channel, `{v}` `{a}` `{b}` numbers with units, `{w}` how a state is put (perhaps nothing), `{verb}` `{adj}`
//! `{tail}` a statistic. A capital letter begins a sentence; `{an}` is the article of what follows.

mod first;
mod fourth;
mod second;
mod third;

pub(crate) use first::FIRST;
pub(crate) use fourth::FOURTH;
pub(crate) use second::SECOND;
pub(crate) use third::THIRD;

/// A statistic in four positions, in the order mean, highest, lowest, median.
pub(crate) struct StatisticWords {
    /// "averaged"
    pub(crate) verbs: [&'static [&'static str]; 4],
    /// "average"
    pub(crate) adjectives: [&'static [&'static str]; 4],
    /// "on average"
    pub(crate) tails: [&'static [&'static str]; 4],
}

pub(crate) struct Phrasings {
    pub(crate) channels: &'static [(&'static str, &'static [&'static str])],
    /// For idle, cruise, high load and the whole drive.
    pub(crate) idle: &'static [&'static str],
    pub(crate) cruise: &'static [&'static str],
    pub(crate) load: &'static [&'static str],
    pub(crate) whole: &'static [&'static str],
    pub(crate) statistics: StatisticWords,
    pub(crate) with_verb: &'static [&'static str],
    pub(crate) with_adjective: &'static [&'static str],
    pub(crate) with_tail: &'static [&'static str],
    /// Without a statistic.
    pub(crate) plain: &'static [&'static str],
    /// Two numbers: `{c} {verb} {v}` and `{d} {verb2} {u}`.
    pub(crate) two: &'static [&'static str],
    /// The highest is above `{v}`, is not, the lowest is below, is not.
    pub(crate) exceeds: &'static [&'static str],
    pub(crate) never_exceeds: &'static [&'static str],
    pub(crate) falls_below: &'static [&'static str],
    pub(crate) never_below: &'static [&'static str],
    /// The mean is above or below.
    pub(crate) mean_above: &'static [&'static str],
    pub(crate) mean_below: &'static [&'static str],
    /// The lowest `{a}` and the highest `{b}`.
    pub(crate) ranges: &'static [&'static str],
    /// Highest less lowest `{v}`.
    pub(crate) widths: &'static [&'static str],
    /// `{v}` higher or lower at idle than at cruise.
    pub(crate) higher_at_idle: &'static [&'static str],
    pub(crate) lower_at_idle: &'static [&'static str],
    /// A figure `{v}` against its limit `{l}`.
    pub(crate) above_limit: &'static [&'static str],
    pub(crate) below_limit: &'static [&'static str],
    /// By how much.
    pub(crate) above_by: &'static [&'static str],
    pub(crate) below_by: &'static [&'static str],
    /// How long a finding lasted.
    pub(crate) lasting: &'static [&'static str],
    pub(crate) idled: &'static [&'static str],
    pub(crate) cruised: &'static [&'static str],
    pub(crate) drive_lasted: &'static [&'static str],
    pub(crate) share_idle: &'static [&'static str],
    pub(crate) share_cruise: &'static [&'static str],
    pub(crate) distance: &'static [&'static str],
    pub(crate) clock: &'static [&'static str],
    /// Nothing is claimed: every number is a name or a fact of the car.
    pub(crate) no_claim: &'static [&'static str],
}
