use crate::diagnosis::channels::Channel;
use crate::diagnosis::figures::round;
use crate::diagnosis::model::{EngineState, Evidence, NotJudgedReason, Span, Tier};
use crate::diagnosis::text;

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
