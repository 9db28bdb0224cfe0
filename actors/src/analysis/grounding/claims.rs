//! What the numbers of a sentence claim: of which channel, in which state, which statistic, in which relation.

mod relation;
mod window;

use self::relation::relation;
pub(super) use self::relation::{Relation, Side};
use self::window::Window;
use super::facts::Statistic;
use super::numbers::{Number, Reading, Sign};
use super::subject::Subject;
use super::tokens::Token;
use super::words::{Mention, Named, named};
use crate::diagnosis::EngineState;
use crate::diagnosis::channels::Channel;
use crate::diagnosis::units::{Dimension, Unit};

/// What a number claims.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word that the text has or has not"
)]
pub(super) struct Claim {
    pub(super) number: Number,
    /// The other end of a range.
    pub(super) to: Option<Number>,
    /// One entry for each reading of the number, empty where no channel is named.
    pub(super) subjects: Vec<Subject>,
    /// A channel is named whose unit is another one.
    pub(super) mismatch: Option<Subject>,
    pub(super) states: States,
    /// Other states that the sentence names.
    pub(super) all_states: Vec<EngineState>,
    /// Any of these; empty where none is named.
    pub(super) statistics: Vec<Statistic>,
    pub(super) relation: Relation,
    /// "about", "nearly".
    pub(super) roughly: bool,
    /// "adding", "rich": words that give an unsigned number its sign.
    pub(super) negative: bool,
    /// A share of the time, or of the drive.
    pub(super) of_the_time: bool,
    pub(super) closed_loop: bool,
    /// The noun behind a number without a unit: "readings".
    pub(super) counts: bool,
    /// "of the drive", "into the trip".
    pub(super) of_the_drive: bool,
    /// The sentence names a limit.
    pub(super) to_limit: bool,
    /// "after", "into": a time since the start.
    pub(super) moment: bool,
}

impl Claim {
    /// As the text has it.
    pub(super) fn written(&self) -> String {
        match &self.to {
            Some(to) => format!("{} to {}", self.number.written, to.written),
            None => self.number.written.clone(),
        }
    }
}

/// The states that a claim is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum States {
    Unsaid,
    WholeDrive,
    Some(Vec<EngineState>),
}

/// What the sentences before have named.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    subjects: Vec<Subject>,
}

/// The claims of one sentence; `context` carries what earlier sentences named.
pub(super) fn claims(tokens: &[Token], context: &mut Context) -> Vec<Claim> {
    let tokens = &joined(tokens);
    let mentions = named(tokens);
    let places: Vec<usize> = (0..tokens.len())
        .filter(|place| {
            matches!(tokens[*place], Token::Number(_)) && !window::is_a_name(tokens, *place)
        })
        .collect();
    let mut claims: Vec<Claim> = Vec::new();
    let mut used = vec![false; mentions.len()];
    let mut skip = false;
    for (index, &place) in places.iter().enumerate() {
        if std::mem::take(&mut skip) {
            continue;
        }
        let Token::Number(number) = &tokens[place] else {
            continue;
        };
        let previous = index.checked_sub(1).map(|index| places[index]);
        let next = places.get(index + 1).copied();

        let partner = next.filter(|next| window::is_a_range(tokens, place, *next));
        let (to, last) = match partner.map(|partner| (&tokens[partner], partner)) {
            Some((Token::Number(to), partner)) => (Some(to.clone()), partner),
            _ => (None, place),
        };
        skip = to.is_some();
        let following = if skip {
            places.get(index + 2).copied()
        } else {
            next
        };
        let window = Window::new(tokens, &mentions, place, last, previous, following);
        let mut claim = claim(number.clone(), to, &window, &mut used, context);
        if claim.statistics.is_empty()
            && claim.relation == Relation::Is
            && window.continues_a_list()
            && let Some(before) = claims.last()
        {
            claim.statistics.clone_from(&before.statistics);
        }
        claims.push(claim);
    }
    context
        .subjects
        .extend(mentions.iter().filter_map(|mention| match mention.what {
            Named::Subject(subject, false) => Some(subject),
            _ => None,
        }));
    claims
}

fn claim(
    mut number: Number,
    mut to: Option<Number>,
    window: &Window<'_>,
    used: &mut [bool],
    context: &Context,
) -> Claim {
    share_unit(&mut number, &mut to);
    match window.word_before() {
        Some("minus" | "negative") if number.sign == Sign::None => negate(&mut number),
        Some("plus" | "positive") if number.sign == Sign::None => number.sign = Sign::Plus,
        _ => {}
    }
    let (mut subjects, mut mismatch) = (Vec::new(), None);
    for reading in &number.readings {
        match window.subject(reading, context) {
            Ok(subject) => subjects.push(subject),
            Err(subject) => {
                mismatch = Some(subject);
                subjects.push(Subject::UNKNOWN);
            }
        }
    }
    // "degrees" of the timing are no temperature.
    if subjects
        .iter()
        .any(|subject| !subject.is_none() && *subject != Subject::UNKNOWN)
    {
        mismatch = None;
        subjects
            .iter_mut()
            .filter(|subject| subject.is_none())
            .for_each(|subject| *subject = Subject::UNKNOWN);
    }
    let statistics = window.statistics(used);
    let relation = if to.is_some() {
        window.range()
    } else {
        relation(window, &number)
    };
    Claim {
        subjects,
        mismatch,
        states: window.states(),
        all_states: window.all_states(),
        statistics,
        relation,
        roughly: window.is_rough(),
        negative: window.has_negative_words(),
        of_the_time: window.is_of_the_time(),
        closed_loop: window.names_closed_loop(),
        counts: !number.has_unit && window.counts(),
        of_the_drive: window.is_of_the_drive(),
        to_limit: window.names_a_limit(),
        moment: window.is_a_moment(),
        number,
        to,
    }
}

fn negate(number: &mut Number) {
    number.sign = Sign::Minus;
    for reading in &mut number.readings {
        reading.value = -reading.value;
    }
}

/// "700 to 900 rpm": the first number has the unit of the second.
fn share_unit(number: &mut Number, to: &mut Option<Number>) {
    let Some(to) = to else { return };
    if number.has_unit || !to.has_unit {
        return;
    }
    let units: Vec<Option<Unit>> = to.readings.iter().map(|reading| reading.unit).collect();
    let mut readings: Vec<Reading> = Vec::new();
    for unit in units {
        for reading in &number.readings {
            let reading = Reading { unit, ..*reading };
            if !readings.contains(&reading) {
                readings.push(reading);
            }
        }
    }
    number.readings = readings;
    number.has_unit = true;
}

/// "12 min 30 s", "2 hours and 5 minutes" as one number.
fn joined(tokens: &[Token]) -> Vec<Token> {
    let mut joined: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let and = matches!(joined.last(), Some(Token::Word(word)) if word == "and");
        let place = joined.len().checked_sub(if and { 2 } else { 1 });
        if let Token::Number(small) = token
            && let Some(Token::Number(large)) = place.and_then(|place| joined.get(place))
            && let Some(sum) = sum_of_times(large, small)
        {
            if and {
                joined.pop();
            }
            joined.pop();
            joined.push(Token::Number(sum));
        } else {
            joined.push(token.clone());
        }
    }
    joined
}

fn sum_of_times(large: &Number, small: &Number) -> Option<Number> {
    let seconds = Unit::named("s")?;
    let time = |number: &Number| {
        let reading = *number.readings.first()?;
        let unit = reading
            .unit
            .filter(|unit| unit.dimension() == Dimension::Time)?;
        Some((
            unit.convert(reading.value, seconds)?,
            unit.convert(1.0, seconds)?,
            unit.convert_difference(reading.precision, seconds)?,
            reading.clock.is_none(),
        ))
    };
    let (large_seconds, large_unit, _, large_plain) = time(large)?;
    let (small_seconds, small_unit, precision, small_plain) = time(small)?;
    (large_plain && small_plain && small_unit < large_unit && small_seconds < large_unit).then(
        || {
            let value = large_seconds + small_seconds;
            Number {
                written: format!("{} {}", large.written, small.written),
                readings: vec![Reading {
                    value,
                    precision,
                    coarse: precision,
                    unit: Some(seconds),
                    clock: None,
                }],
                sign: Sign::None,
                has_unit: true,
            }
        },
    )
}

/// Whether a channel can be meant by a number in this unit.
fn fits(subject: Subject, reading: &Reading) -> bool {
    match reading.unit {
        Some(unit) => subject.meets(Subject::measured_in(unit.dimension())),
        None => true,
    }
}

/// "temperature" in a sentence on coolant is the coolant's.
fn narrowed(subject: Subject, reading: &Reading) -> Subject {
    match reading.unit {
        Some(unit) => subject.and(Subject::measured_in(unit.dimension())),
        None => subject,
    }
}

/// Channels whose name stands for a figure in several states.
fn is_a_trim(subject: Subject) -> bool {
    subject.meets(
        Subject::of(Channel::ShortTrim)
            .or(Subject::of(Channel::LongTrim))
            .or(Subject::TRIM_SUM),
    )
}

type Mentions<'a> = &'a [Mention<Named>];
