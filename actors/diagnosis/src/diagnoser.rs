//! Runs the parts of the diagnosis over the readings of one drive.

use std::collections::{BTreeSet, HashMap};

use super::baseline;
use super::causes;
use super::channels::names::{self, Meaning};
use super::channels::{CHANNELS, Channel};
use super::doubts::{DoubtBuilder, about_sensor, switched_speed};
use super::figures::FigureBuilder;
use super::grade;
use super::model::{Diagnosis, Doubt, Figures, History, Reading, System, Traces};
use super::rules::{Drive, RuleSet};
use super::states::{Sample, Second};
use super::thresholds::Settings;
use super::time::{Clock, Tick, seconds};
use super::timeline::{Observer, Timeline};
use super::traces::TraceBuilder;

/// Distinct logged names; far more than any car has.
const MAX_NAMES: usize = 1_000;
/// Names that are listed as unknown.
const MAX_UNKNOWN: usize = 50;
/// A name that was silent for longer leaves its channel to another name.
const MAX_SILENCE_MS: i64 = 60_000;
/// Beyond this (either sign) a value is garbage.
const MAX_VALUE: f64 = 1e12;
/// Channels that the 4G63's control unit of the Eclipse does not have.
const NOT_4G63: [Channel; 4] = [
    Channel::Pedal,
    Channel::ThrottleActuator,
    Channel::CatalystTemp,
    Channel::EquivalenceRatio,
];

/// Takes the readings of one drive, in the order in which the device took them, and diagnoses it.
#[derive(Debug)]
pub struct Diagnoser {
    settings: Settings,
    history: History,
    core: Box<Core>,
    /// Whether `core` holds real readings; simulated and replayed ones count only where there are no others.
    has_real: bool,
}

impl Diagnoser {
    /// Begins with no readings.
    pub fn new(settings: &Settings, history: History) -> Self {
        Self {
            core: Box::new(Core::new(settings, &history)),
            settings: settings.clone(),
            history,
            has_real: false,
        }
    }

    /// Adds one reading.
    pub fn push(&mut self, reading: Reading<'_>) {
        if reading.real && !self.has_real {
            self.has_real = true;
            *self.core = Core::new(&self.settings, &self.history);
        }
        if reading.real || !self.has_real {
            self.core.push(reading);
        }
    }

    /// Adds a doubt that the readings themselves do not show, such as an overlap with another drive.
    pub fn doubt(&mut self, doubt: Doubt) {
        self.core.parts.doubts.add(doubt);
    }

    /// The diagnosis, and the drive at the resolution of a plot.
    pub fn finish(self) -> (Diagnosis, Traces) {
        self.core.finish(&self.settings, &self.history)
    }
}

/// What a logged name means under each unit that it came with, and a number for the name.
#[derive(Debug)]
struct Name {
    id: usize,
    units: Vec<(Option<Box<str>>, Option<Meaning>)>,
}

#[derive(Debug)]
struct Core {
    names: HashMap<Box<str>, Name>,
    /// The name that a channel's readings come under, and when the latest came: a second name for it is another source.
    owners: [Option<(usize, i64)>; CHANNELS],
    unknown: BTreeSet<String>,
    clock: Clock,
    timeline: Timeline,
    parts: Parts,
    readings: u64,
    left_out: u64,
}

/// What watches the timeline.
#[derive(Debug)]
struct Parts {
    figures: FigureBuilder,
    doubts: DoubtBuilder,
    rules: RuleSet,
    traces: TraceBuilder,
}

impl Observer for Parts {
    fn reading(&mut self, sample: &Sample) {
        self.doubts
            .reading(sample.channel, sample.at_ms, sample.value);
        let second = u64::try_from(sample.at_ms / 1_000).unwrap_or(0);
        self.traces.push(sample.channel, second, sample.value);
    }

    fn stepped(&mut self) {
        self.figures.stepped();
        self.doubts.stepped();
    }

    fn stood(&mut self, channel: Channel, ms: i64) {
        self.figures.stood(channel, ms);
    }

    fn second(&mut self, second: &Second<'_>) {
        self.figures.second(second);
        self.doubts.second(second);
        self.rules.second(second);
        self.traces.push_state(second.index, second.state);
    }
}

impl Core {
    fn new(settings: &Settings, history: &History) -> Self {
        Self {
            names: HashMap::new(),
            owners: [None; CHANNELS],
            unknown: BTreeSet::new(),
            clock: Clock::default(),
            timeline: Timeline::new(),
            parts: Parts {
                figures: FigureBuilder::new(),
                doubts: DoubtBuilder::new(),
                rules: RuleSet::new(settings, history),
                traces: TraceBuilder::new(),
            },
            readings: 0,
            left_out: 0,
        }
    }

    fn push(&mut self, reading: Reading<'_>) {
        let Some((meaning, name)) = self.meaning(&reading) else {
            self.left_out += 1;
            return;
        };
        let channel = meaning.channel;
        let interval = self.timeline.interval_ms(channel);
        let tick = self.clock.place(reading.at_ms, interval);
        match tick {
            Tick::Steady(_) => {}
            Tick::SteppedBack(_) => self.timeline.step(&mut self.parts),
            Tick::Paused(_) => self.timeline.pause(&mut self.parts),
        }
        let at_ms = tick.elapsed_ms();
        let owner = &mut self.owners[channel.index()];
        if owner.is_none_or(|(owner, seen_ms)| owner == name || at_ms - seen_ms > MAX_SILENCE_MS) {
            *owner = Some((name, at_ms));
        }
        let owns = owner.is_some_and(|(owner, _)| owner == name);
        let value = owns.then(|| self.value(&reading, meaning, at_ms)).flatten();
        let Some(value) = value else {
            self.left_out += 1;
            return;
        };
        if meaning.unit_is_assumed {
            self.timeline.assume_unit(channel);
        }
        self.readings += 1;
        let sample = Sample {
            channel,
            at_ms,
            value,
        };
        self.timeline.push(sample, &mut self.parts);
    }

    /// The value in the canonical unit, if it can be one.
    fn value(&mut self, reading: &Reading<'_>, meaning: Meaning, at_ms: i64) -> Option<f64> {
        let channel = meaning.channel;
        let Some(scale) = meaning.scale else {
            self.parts
                .doubts
                .unknown_unit(channel, reading.unit.unwrap_or_default().trim());
            return None;
        };
        let mut value = scale.apply(reading.value);
        if !value.is_finite() || value.abs() > MAX_VALUE {
            return None;
        }
        if channel == Channel::FuelStatus {
            value = names::fuel_status(value);
        }
        let spec = channel.spec();
        if !(spec.low..=spec.high).contains(&value) {
            self.parts.doubts.out_of_range(channel, at_ms, value);
            return None;
        }
        Some(value)
    }

    /// What the reading's name and unit mean, and the number of its name.
    fn meaning(&mut self, reading: &Reading<'_>) -> Option<(Meaning, usize)> {
        if !self.names.contains_key(reading.channel) {
            if self.names.len() >= MAX_NAMES {
                return None;
            }
            let id = self.names.len();
            let name = Name {
                id,
                units: Vec::with_capacity(1),
            };
            self.names.insert(reading.channel.into(), name);
        }
        let name = self.names.get_mut(reading.channel)?;
        let known = name
            .units
            .iter()
            .find(|(unit, _)| unit.as_deref() == reading.unit);
        if let Some((_, meaning)) = known {
            return meaning.map(|meaning| (meaning, name.id));
        }
        let meaning = names::meaning(reading.channel, reading.unit);
        // A label in the place of the unit may be different in every reading.
        if name.units.len() < 32 {
            name.units.push((reading.unit.map(Box::from), meaning));
        }
        if meaning.is_none() && self.unknown.len() < MAX_UNKNOWN {
            self.unknown
                .insert(reading.channel.chars().take(64).collect());
        }
        meaning.map(|meaning| (meaning, name.id))
    }

    fn finish(mut self, settings: &Settings, history: &History) -> (Diagnosis, Traces) {
        self.timeline.finish(&mut self.parts);
        let Parts {
            figures,
            doubts,
            rules,
            traces,
        } = self.parts;
        let figures = Figures {
            start_ms: self.clock.start_ms(),
            readings: self.readings,
            left_out: self.left_out,
            elapsed_seconds: seconds(self.clock.elapsed_ms()),
            unknown_channels: self.unknown.into_iter().collect(),
            ..figures.finish()
        };
        let (mut doubts, mut doubted) = doubts.finish(&self.clock, &figures);
        if let Some(doubt) = switched_speed(&figures, history) {
            doubted |= Channel::Speed.bit();
            doubts.insert(0, doubt);
        }
        let mut vehicle = settings.vehicle;
        vehicle.boost_sensor |= baseline::has_boost_sensor(history);
        let drive = Drive {
            figures: &figures,
            vehicle: &vehicle,
            history,
            is_other_engine: is_other_engine(vehicle.is_4g63, &figures),
        };
        let outcome = rules.finish(&drive, doubted);

        let mut judged: BTreeSet<System> = outcome.passed.iter().map(|spec| spec.system).collect();
        judged.extend(outcome.findings.iter().map(|finding| finding.system));
        let mut findings = causes::merge(outcome.findings);
        findings.extend(doubts.iter().filter_map(about_sensor));
        causes::sort(&mut findings);
        let (grade, grade_reason) =
            grade::grade(&findings, &judged, figures.running_seconds, settings);
        let compared = baseline::compare(&figures, history);
        let traces = traces.finish(|channel| self.timeline.interval_seconds(channel));
        let diagnosis = Diagnosis {
            rules_version: super::RULES_VERSION,
            thresholds_version: settings.version(),
            grade,
            grade_reason,
            findings,
            not_judged: outcome.not_judged,
            passed: outcome
                .passed
                .iter()
                .map(|spec| spec.id.to_owned())
                .collect(),
            doubts,
            baseline: baseline::comparison(&compared, history),
            figures,
        };
        (diagnosis, traces)
    }
}

fn is_other_engine(is_4g63: Option<bool>, figures: &Figures) -> bool {
    match is_4g63 {
        Some(is) => !is,
        None => NOT_4G63
            .iter()
            .any(|channel| figures.channel(channel.name()).is_some()),
    }
}
