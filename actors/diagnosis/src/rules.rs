//! The rules: each watches the seconds of a drive and says at its end whether it found something.
//!
//! One file a system. A rule declares what it needs; the runner answers *not judged* for a channel that is missing or in
//! doubt, so that a rule's own code sees good data only.

mod air;
mod charging;
mod codes;
mod cooling;
mod draft;
mod drift;
mod engine;
mod exhaust;
mod fuel;
mod idle;
mod ignition;
mod knock;
mod sustained;

use super::channels::Channel;
use super::model::{
    Figures, Finding, History, NotJudged, NotJudgedReason, System, Tier, VehicleFacts,
};
use super::states::Second;
use super::text;
use super::thresholds::{Limits, Settings, ThresholdSpec};
use draft::{Draft, Judgement};

/// What is fixed of a rule.
#[derive(Debug)]
pub(crate) struct RuleSpec {
    /// Its id in findings and in the thresholds file.
    pub id: &'static str,
    /// The part of the car.
    pub system: System,
    /// The class of its weight in the grade.
    pub weight: &'static str,
    /// The title of its finding.
    pub title: &'static str,
    /// When it fires, in words.
    pub condition: &'static str,
    /// The tiers it can have, the usual one first.
    pub tiers: &'static [Tier],
    /// Its thresholds.
    pub thresholds: &'static [ThresholdSpec],
    /// One channel of each group must be there.
    pub(crate) needs: &'static [&'static [Channel]],
    /// More channels that it rests on when they are there.
    pub(crate) uses: &'static [Channel],
    /// What to log or do where it could not be judged.
    pub what_to_log: &'static str,
    /// Where its thresholds come from.
    pub source: &'static str,
    /// What to check when it fires, the cheapest first.
    pub next_checks: &'static [&'static str],
    /// Valid for the 4G63 only: not judged for a car known to have another engine.
    pub only_4g63: bool,
    pub(crate) build: fn(&Limits) -> Box<dyn Rule>,
}

/// A rule at work.
pub(crate) trait Rule: std::fmt::Debug + Send {
    /// Learns what earlier drives were like, before the first second.
    fn begin(&mut self, _: &History) {}
    /// Watches one second.
    fn second(&mut self, second: &Second<'_>);
    /// Judges at the end of the drive.
    fn judge(&self, drive: &Drive<'_>) -> Judgement;
}

/// What a rule may know at the end besides what it watched.
#[derive(Debug)]
pub(crate) struct Drive<'a> {
    pub(crate) figures: &'a Figures,
    pub(crate) vehicle: &'a VehicleFacts,
    pub(crate) history: &'a History,
    /// The engine is not a 4G63: by the vehicle's facts, or by channels that the 4G63 does not have.
    pub(crate) is_other_engine: bool,
}

impl Drive<'_> {
    pub(crate) fn has(&self, channel: Channel) -> bool {
        self.figures.channel(channel.name()).is_some()
    }
}

/// All rules, in the order in which they are listed.
pub(crate) fn specs() -> impl Iterator<Item = &'static RuleSpec> {
    [
        codes::RULES,
        cooling::RULES,
        fuel::RULES,
        ignition::RULES,
        charging::RULES,
        air::RULES,
        idle::RULES,
        exhaust::RULES,
        engine::RULES,
        drift::RULES,
    ]
    .into_iter()
    .flatten()
}

/// The rule with an id.
pub(crate) fn spec(id: &str) -> Option<&'static RuleSpec> {
    specs().find(|spec| spec.id == id)
}

/// The rules of one drive.
#[derive(Debug)]
pub(crate) struct RuleSet {
    rules: Vec<(&'static RuleSpec, Option<Tier>, Box<dyn Rule>)>,
    switched_off: Vec<&'static RuleSpec>,
}

/// What came of the rules.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) findings: Vec<Finding>,
    pub(crate) not_judged: Vec<NotJudged>,
    pub(crate) passed: Vec<&'static RuleSpec>,
}

impl RuleSet {
    pub(crate) fn new(settings: &Settings, history: &History) -> Self {
        let (on, off): (Vec<_>, Vec<_>) = specs().partition(|spec| settings.rules[spec.id].enabled);
        Self {
            rules: on
                .into_iter()
                .map(|spec| {
                    let settings = &settings.rules[spec.id];
                    let mut rule = (spec.build)(&settings.limits);
                    rule.begin(history);
                    (spec, settings.tier, rule)
                })
                .collect(),
            switched_off: off,
        }
    }

    pub(crate) fn second(&mut self, second: &Second<'_>) {
        for (_, _, rule) in &mut self.rules {
            rule.second(second);
        }
    }

    /// Judges all rules; `doubted` are the bits of the channels in doubt.
    pub(crate) fn finish(self, drive: &Drive<'_>, doubted: u64) -> Outcome {
        let mut outcome = Outcome::default();
        for (spec, tier, rule) in &self.rules {
            match judge(spec, rule.as_ref(), drive, doubted) {
                Judgement::Passed => outcome.passed.push(spec),
                Judgement::Found(draft) => outcome.findings.push(finding(spec, *tier, *draft)),
                Judgement::NotJudged(reason, explanation) => {
                    outcome
                        .not_judged
                        .push(not_judged(spec, reason, explanation));
                }
            }
        }
        for spec in self.switched_off {
            let text = "The rule is switched off in the thresholds file.".to_owned();
            outcome
                .not_judged
                .push(not_judged(spec, NotJudgedReason::SwitchedOff, text));
        }
        outcome
    }
}

fn judge(spec: &RuleSpec, rule: &dyn Rule, drive: &Drive<'_>, doubted: u64) -> Judgement {
    if spec.only_4g63 && drive.is_other_engine {
        return Judgement::NotJudged(
            NotJudgedReason::VehicleFactMissing,
            "The rule holds for the 4G63 only, and this is another engine.".to_owned(),
        );
    }
    let missing: Vec<String> = spec
        .needs
        .iter()
        .filter(|group| !group.iter().any(|channel| drive.has(*channel)))
        .map(|group| {
            group
                .iter()
                .map(|channel| channel.name())
                .collect::<Vec<_>>()
                .join(" or ")
        })
        .collect();
    if !missing.is_empty() {
        let verb = if missing.len() == 1 { "is" } else { "are" };
        let text = format!("{} {verb} not logged.", text::list(&missing));
        return Judgement::NotJudged(NotJudgedReason::ChannelMissing, text);
    }
    let in_doubt: Vec<String> = spec
        .needs
        .iter()
        .copied()
        .flatten()
        .chain(spec.uses)
        .filter(|channel| doubted & channel.bit() != 0)
        .map(|channel| channel.name().to_owned())
        .collect();
    if !in_doubt.is_empty() {
        let verb = if in_doubt.len() == 1 { "is" } else { "are" };
        let text = format!("{} {verb} in doubt.", text::list(&in_doubt));
        return Judgement::NotJudged(NotJudgedReason::ChannelInDoubt, text);
    }
    rule.judge(drive)
}

fn finding(spec: &RuleSpec, tier: Option<Tier>, draft: Draft) -> Finding {
    Finding {
        rule: spec.id.to_owned(),
        system: spec.system,
        tier: tier.unwrap_or(draft.tier),
        confidence: draft.confidence,
        title: draft.title.unwrap_or(spec.title).to_owned(),
        explanation: draft.explanation,
        evidence: draft.evidence,
        next_checks: spec.next_checks.iter().map(ToString::to_string).collect(),
        span: draft.span,
        beyond: draft.beyond,
        explains: Vec::new(),
    }
}

fn not_judged(spec: &RuleSpec, reason: NotJudgedReason, explanation: String) -> NotJudged {
    NotJudged {
        rule: spec.id.to_owned(),
        system: spec.system,
        reason,
        explanation,
        what_to_log: spec.what_to_log.to_owned(),
    }
}
