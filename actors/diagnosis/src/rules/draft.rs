use crate::channels::Channel;
use crate::figures::round;
use crate::model::{EngineState, Evidence, NotJudgedReason, Span, Tier};
use crate::text;

/// The answer of a rule.
#[derive(Debug)]
pub(crate) enum Judgement {
    Passed,
    Found(Box<Draft>),
    NotJudged(NotJudgedReason, String),
}

impl Judgement {
    pub(crate) fn too_little(explanation: impl Into<String>) -> Self {
        Self::NotJudged(NotJudgedReason::TooLittleData, explanation.into())
    }
}

/// What a rule found, without what its specification says.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) tier: Tier,
    pub(crate) title: Option<&'static str>,
    pub(crate) confidence: f64,
    pub(crate) beyond: f64,
    pub(crate) explanation: String,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) span: Option<Span>,
}

impl Draft {
    /// A finding that rests on evidence; the first piece leads.
    pub(crate) fn new(tier: Tier, explanation: String, evidence: Vec<Evidence>) -> Self {
        let beyond = evidence.first().map_or(0.0, beyond);
        let span = evidence.first().and_then(|evidence| evidence.span);
        Self {
            tier,
            title: None,
            confidence: 0.9,
            beyond,
            explanation,
            evidence,
            span,
        }
    }

    /// Confidence grows from 0.5 with the amount of data to 0.95 at `enough`.
    pub(crate) fn with_data(mut self, amount: f64, enough: f64) -> Self {
        self.confidence = round(0.5 + 0.45 * (amount / enough).clamp(0.0, 1.0), 2);
        self
    }

    pub(crate) fn with_confidence(mut self, confidence: f64) -> Self {
        self.confidence = round(confidence, 2);
        self
    }

    pub(crate) fn found(self) -> Judgement {
        Judgement::Found(Box::new(self))
    }
}

/// How far a figure is beyond its threshold, in thresholds (in units where the threshold is 0).
fn beyond(evidence: &Evidence) -> f64 {
    let Some(threshold) = evidence.threshold else {
        return 0.0;
    };
    let scale = if threshold.abs() < 1e-9 {
        1.0
    } else {
        threshold.abs()
    };
    round((evidence.value - threshold).abs() / scale, 3)
}

/// A piece of evidence on a channel's figure, rounded as it is shown.
pub(crate) fn evidence(figure: &str, channel: Channel, value: f64) -> Evidence {
    evidence_in(figure, value, channel.unit(), Some(channel))
}

/// A piece of evidence in a unit of its own.
pub(crate) fn evidence_in(
    figure: &str,
    value: f64,
    unit: &str,
    channel: Option<Channel>,
) -> Evidence {
    Evidence {
        figure: figure.to_owned(),
        channel: channel.map(|channel| channel.name().to_owned()),
        value: text::shown(value, unit),
        unit: unit.to_owned(),
        threshold: None,
        state: None,
        span: None,
        seconds: None,
    }
}

impl Evidence {
    pub(crate) fn against(mut self, threshold: f64) -> Self {
        self.threshold = Some(threshold);
        self
    }

    pub(crate) fn in_state(mut self, state: EngineState) -> Self {
        self.state = Some(state);
        self
    }

    pub(crate) fn within(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    pub(crate) fn lasting(mut self, seconds: u32) -> Self {
        self.seconds = Some(f64::from(seconds));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_beyond_its_threshold_by_a_share_of_it_or_by_units_of_zero() {
        let beyond = |value: f64, threshold: Option<f64>| {
            let found = evidence_in("figure", value, "%", None);
            let found = match threshold {
                Some(threshold) => found.against(threshold),
                None => found,
            };
            Draft::new(Tier::Watch, String::new(), vec![found]).beyond
        };
        for (value, threshold, expected) in [
            (12.0, Some(8.0), 0.5),
            (6.0, Some(8.0), 0.25),
            (-18.0, Some(-12.0), 0.5),
            (3.0, Some(0.0), 3.0),
            (12.0, None, 0.0),
        ] {
            let beyond = beyond(value, threshold);
            assert!((beyond - expected).abs() < 1e-9, "{value}: {beyond}");
        }
    }

    #[test]
    fn confidence_grows_with_the_data_from_a_half_to_0_95() {
        for (amount, expected) in [(0.0, 0.5), (4.0, 0.68), (10.0, 0.95), (99.0, 0.95)] {
            let draft = Draft::new(Tier::Watch, String::new(), Vec::new());
            let confidence = draft.with_data(amount, 10.0).confidence;
            assert!(
                (confidence - expected).abs() < 1e-9,
                "{amount}: {confidence}"
            );
        }
    }
}
