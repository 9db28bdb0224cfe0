//! One figure, or two.

use actors::diagnosis::{ChannelFigures, EngineState};
use simulation::Random;

use super::super::Made;
use super::super::numbers::{Style, forms, index, pick, step, style, written};
use super::super::phrasings::{Phrasings, StatisticWords};
use super::super::truth::{Statistic, Truth};
use super::{fill, name, state};

/// A figure as a sentence states it.
#[derive(Clone)]
#[expect(clippy::struct_field_names, reason = "a value has a value")]
pub(crate) struct Value {
    pub(crate) channel: &'static str,
    pub(crate) unit: String,
    pub(crate) name: &'static str,
    pub(crate) state: Option<EngineState>,
    pub(crate) when: &'static str,
    /// None for a sentence that names none.
    pub(crate) statistic: Option<Statistic>,
    pub(crate) word: usize,
    pub(crate) value: f64,
    pub(crate) style: Style,
}

impl Value {
    pub(crate) fn number(&self) -> String {
        written(self.value, &self.unit, &self.style)
    }

    fn place(&self) -> usize {
        Statistic::ALL
            .iter()
            .position(|of| Some(*of) == self.statistic)
            .unwrap_or(0)
    }

    fn words(&self, words: &[&'static [&'static str]; 4]) -> &'static str {
        let words = words[self.place()];
        words[self.word % words.len()]
    }

    /// Whether a careful reader objects.
    fn is_false(&self, truth: &Truth<'_>) -> bool {
        let apart = |figure: &f64| (figure - self.value).abs() > self.clearly();
        let granted = truth.granted(self.channel, self.state, self.statistic);
        // A state that does not occur says nothing.
        !granted.is_empty() && granted.iter().all(apart)
    }

    /// A difference that no rounding explains.
    pub(crate) fn clearly(&self) -> f64 {
        let step = step(&self.unit, &self.style);
        let rounding = if self.style.about.is_some() {
            0.12
        } else {
            0.04
        };
        (2.5 * step).max(rounding * self.value.abs())
    }
}

/// A figure of this drive, at random.
pub(crate) fn value(
    truth: &Truth<'_>,
    phrasings: &Phrasings,
    random: &mut Random,
) -> Option<Value> {
    let (state, when) = state(phrasings, random);
    let known: Vec<&ChannelFigures> = truth
        .channels(state)
        .iter()
        .filter(|figures| figures.readings >= 5)
        .collect();
    if known.is_empty() {
        return None;
    }
    let figures = known[index(random, known.len())];
    let (channel, _) = phrasings
        .channels
        .iter()
        .find(|(name, _)| *name == figures.channel)?;
    let statistic = pick(random, &Statistic::ALL);
    let mut value = Value {
        channel,
        unit: figures.unit.clone(),
        name: name(phrasings, channel, random)?,
        state,
        when,
        statistic: Some(statistic),
        word: index(random, 100),
        value: truth.value(channel, state, statistic)?,
        style: style(random, &figures.unit),
    };
    settle(&mut value);
    Some(value)
}

/// Leaves out what would not be true any more by its rounding.
pub(crate) fn settle(value: &mut Value) {
    let form = &forms(&value.unit)[value.style.unit];
    if value.style.about.is_some() && value.value.abs() < 10.0 * step(&value.unit, &value.style) {
        value.style.about = None;
    }
    // Numbers in words have no decimals.
    if value.style.spelled {
        if value.style.decimals > 0 && form.decimals.0 > 0 {
            value.style.spelled = false;
        } else {
            value.style.decimals = 0;
        }
    }
}

fn render(template: &str, value: &Value, words: &StatisticWords) -> String {
    let number = value.number();
    fill(
        template,
        &[
            ("c", value.name),
            ("v", &number),
            ("w", value.when),
            ("verb", value.words(&words.verbs)),
            ("adj", value.words(&words.adjectives)),
            ("tail", value.words(&words.tails)),
        ],
    )
}

pub(crate) fn add(
    truth: &Truth<'_>,
    phrasings: &Phrasings,
    random: &mut Random,
    all: &mut Vec<Made>,
) {
    let words = &phrasings.statistics;
    for (kind, templates) in [
        ("a statistic", phrasings.with_verb),
        ("a statistic", phrasings.with_adjective),
        ("a statistic", phrasings.with_tail),
        ("a figure without statistic", phrasings.plain),
    ] {
        for template in templates {
            let Some(mut value) = value(truth, phrasings, random) else {
                continue;
            };
            if kind != "a statistic" {
                value.statistic = None;
            }
            let mutants = changed(truth, phrasings, &value, random)
                .into_iter()
                .map(|(mutation, value)| (mutation, render(template, &value, words)))
                .collect();
            all.push(Made {
                kind,
                text: render(template, &value, words),
                finding: None,
                mutants,
            });
        }
    }
    for template in phrasings.two {
        let pair = (
            value(truth, phrasings, random),
            value(truth, phrasings, random),
        );
        let (Some(first), Some(second)) = pair else {
            continue;
        };
        if first.channel == second.channel || first.state.is_some() || second.state.is_some() {
            continue;
        }
        let both = |first: &Value, second: &Value| {
            fill(
                template,
                &[
                    ("c", first.name),
                    ("verb", first.words(&words.verbs)),
                    ("v", &first.number()),
                    ("d", second.name),
                    ("verb2", second.words(&words.verbs)),
                    ("u", &second.number()),
                ],
            )
        };
        let mut mutants = Vec::new();
        for (mutation, value) in changed(truth, phrasings, &first, random) {
            mutants.push((mutation, both(&value, &second)));
        }
        for (mutation, value) in changed(truth, phrasings, &second, random) {
            mutants.push((mutation, both(&first, &value)));
        }
        all.push(Made {
            kind: "two figures",
            text: both(&first, &second),
            finding: None,
            mutants,
        });
    }
}

/// The value with one thing changed, for each change that makes it false.
pub(crate) fn changed(
    truth: &Truth<'_>,
    phrasings: &Phrasings,
    value: &Value,
    random: &mut Random,
) -> Vec<(&'static str, Value)> {
    let mut changed = vec![("number", with_another_number(value, random))];
    if let Some(value) = with_the_other_sign(value) {
        changed.push(("sign", value));
    }
    changed.extend(with_another_unit(value, random).map(|value| ("unit", value)));
    if let Some(statistic) = value.statistic {
        let others: Vec<Statistic> = Statistic::ALL
            .into_iter()
            .filter(|of| *of != statistic)
            .collect();
        changed.push((
            "statistic",
            Value {
                statistic: Some(pick(random, &others)),
                ..value.clone()
            },
        ));
    }
    let of_the_drive: Vec<&str> = truth
        .channels(None)
        .iter()
        .map(|figures| figures.channel.as_str())
        .collect();
    let others: Vec<&(&str, &[&str])> = phrasings
        .channels
        .iter()
        .filter(|(channel, names)| {
            of_the_drive.contains(channel)
                && *channel != value.channel
                && !names.contains(&value.name)
        })
        .collect();
    if !others.is_empty() {
        let (channel, names) = others[index(random, others.len())];
        changed.push((
            "channel",
            Value {
                channel,
                name: pick(random, names),
                ..value.clone()
            },
        ));
    }
    changed.retain(|(_, value)| value.is_false(truth));
    changed
}

fn with_another_number(value: &Value, random: &mut Random) -> Value {
    let away: f64 = pick(random, &[0.07, 0.12, 0.25, 0.5, 1.5_f64])
        * if random.chance(0.5) { 1.0 } else { -1.0 };
    let size = value.value.abs().max(6.0 * step(&value.unit, &value.style));
    let mut other = Value {
        value: value.value + away.max(-0.6) * size,
        ..value.clone()
    };
    other.style.spelled &= other.value >= 0.0;
    other
}

fn with_the_other_sign(value: &Value) -> Option<Value> {
    let signed = matches!(value.unit.as_str(), "%" | "°");
    let changes =
        value.value.abs() > 2.0 * step(&value.unit, &value.style) && signed && !value.style.spelled;
    changes.then(|| Value {
        value: -value.value,
        ..value.clone()
    })
}

/// The same digits in another unit of the same quantity.
fn with_another_unit(value: &Value, random: &mut Random) -> Option<Value> {
    let forms = forms(&value.unit);
    let own = &forms[value.style.unit];
    let others: Vec<usize> = (0..forms.len())
        .filter(|place| {
            let other = &forms[*place];
            (other.factor - own.factor).abs() > 1e-9 || (other.offset - own.offset).abs() > 1e-9
        })
        // "degrees" may mean either.
        .filter(|place| !matches!(forms[*place].text, " degrees" | "°"))
        .collect();
    // A separator before three digits may be a decimal one in another unit.
    let ambiguous =
        matches!(value.style.thousands, "." | ",") && value.value.abs() * own.factor >= 1_000.0;
    if others.is_empty() || ambiguous || matches!(own.text, " degrees" | "°") {
        return None;
    }
    let unit = others[index(random, others.len())];
    let shown = value.value * own.factor + own.offset;
    let read = (shown - forms[unit].offset) / forms[unit].factor;
    let style = Style {
        unit,
        ..value.style
    };
    Some(Value {
        value: read,
        style,
        ..value.clone()
    })
}
