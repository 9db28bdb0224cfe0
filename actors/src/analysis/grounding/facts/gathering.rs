//! Gathers the facts of a diagnosis.

use super::{Duration, Facts, Figure, Quoted, Share, Statistic};
use crate::analysis::grounding::claims::{Context, claims};
use crate::analysis::grounding::subject::Subject;
use crate::analysis::grounding::tokens::{Token, sentences};
use crate::diagnosis::channels::Channel;
use crate::diagnosis::units::{Dimension, Unit};
use crate::diagnosis::{
    BaselineFigure, ChannelFigures, Diagnosis, EngineState, Evidence, Figures, Span,
};

impl Facts {
    /// The figures of a diagnosis.
    pub fn of(diagnosis: &Diagnosis) -> Self {
        let mut facts = Self {
            start_ms: diagnosis.figures.start_ms,
            distance_km: diagnosis.figures.distance_km,
            ..Self::default()
        };
        facts.drive(&diagnosis.figures);
        for (place, finding) in diagnosis.findings.iter().enumerate() {
            facts.rules.push(finding.rule.clone());
            for evidence in &finding.evidence {
                facts.evidence(place, evidence);
            }
            facts.span(finding.span.as_ref(), Some(place), None);
            facts.figure(
                Subject::CONFIDENCE,
                None,
                Statistic::Other,
                finding.confidence * 100.0,
                "%",
                Some(place),
            );
            let texts = std::iter::once(&finding.explanation).chain(&finding.next_checks);
            texts.for_each(|text| facts.quote(Some(place), text));
        }
        for doubt in &diagnosis.doubts {
            facts.span(doubt.span.as_ref(), None, None);
            facts.quote(None, &doubt.explanation);
        }
        for unjudged in &diagnosis.not_judged {
            facts.quote(None, &unjudged.explanation);
            facts.quote(None, &unjudged.what_to_log);
        }
        facts.quote(None, &diagnosis.grade_reason);
        for figure in &diagnosis.baseline.figures {
            facts.baseline(figure);
        }
        facts.counts.extend(
            [
                diagnosis.findings.len(),
                diagnosis.not_judged.len(),
                diagnosis.passed.len(),
                diagnosis.doubts.len(),
                diagnosis.baseline.earlier_drives.len(),
            ]
            .map(count),
        );
        facts
    }

    /// Adds sentences that the prompt states besides the diagnosis, such as alerts and trouble codes.
    #[must_use]
    pub fn with_text(mut self, text: &str) -> Self {
        self.quote(None, text);
        self
    }

    fn quote(&mut self, finding: Option<usize>, text: &str) {
        let mut context = Context::default();
        for tokens in sentences(text) {
            self.names
                .extend(tokens.iter().filter_map(|token| match token {
                    Token::Name(name) => Some(name.clone()),
                    _ => None,
                }));
            let claims = claims(&tokens, &mut context);
            self.quoted
                .extend(claims.into_iter().map(|claim| Quoted { finding, claim }));
        }
    }

    fn figure(
        &mut self,
        subject: Subject,
        state: Option<EngineState>,
        statistic: Statistic,
        value: f64,
        unit: &str,
        finding: Option<usize>,
    ) {
        self.figures.push(Figure {
            subject,
            state,
            statistic,
            value,
            unit: Unit::named(unit),
            finding,
        });
    }

    fn drive(&mut self, figures: &Figures) {
        for seconds in [
            figures.covered_seconds,
            figures.elapsed_seconds,
            figures.running_seconds,
        ] {
            self.durations.push(Duration {
                seconds,
                state: None,
                finding: None,
                whole: true,
            });
        }
        self.counts
            .extend([figures.readings, figures.left_out].map(from_u64));
        self.channels(&figures.channels, None);
        let (mut in_closed_loop, mut judged) = (0.0, 0.0);
        for state in &figures.states {
            self.channels(&state.channels, Some(state.state));
            self.durations.push(Duration {
                seconds: state.seconds,
                state: Some(state.state),
                finding: None,
                whole: false,
            });
            for whole in [figures.covered_seconds, figures.running_seconds] {
                if whole > 0.0 {
                    self.shares.push(Share {
                        fraction: state.seconds / whole,
                        state: Some(state.state),
                        closed_loop: false,
                    });
                }
            }
            if let Some(share) = state.closed_loop_share {
                in_closed_loop += share * state.seconds;
                judged += state.seconds;
                self.shares.push(Share {
                    fraction: share,
                    state: Some(state.state),
                    closed_loop: true,
                });
            }
            if let Some(sum) = state.fuel_trim_sum {
                self.figure(
                    Subject::TRIM_SUM,
                    Some(state.state),
                    Statistic::Mean,
                    sum,
                    "%",
                    None,
                );
            }
        }
        if judged > 0.0 {
            self.shares.push(Share {
                fraction: in_closed_loop / judged,
                state: None,
                closed_loop: true,
            });
        }
        if let Some(warm_up) = &figures.warm_up {
            let coolant = Subject::of(Channel::Coolant);
            self.figure(coolant, None, Statistic::First, warm_up.from_c, "°C", None);
            self.figure(
                coolant,
                None,
                Statistic::Highest,
                warm_up.highest_c,
                "°C",
                None,
            );
            if let Some(rate) = warm_up.kelvin_per_minute {
                self.figure(coolant, None, Statistic::Other, rate, "K/min", None);
            }
            let seconds = [warm_up.seconds_30_to_70, Some(warm_up.watched_seconds)];
            for seconds in seconds.into_iter().flatten() {
                self.durations.push(Duration {
                    seconds,
                    state: Some(EngineState::Cold),
                    finding: None,
                    whole: false,
                });
            }
        }
        if let Some(ratio) = figures.speed_per_1000_rpm {
            self.figure(
                Subject::of(Channel::Speed),
                None,
                Statistic::Other,
                ratio,
                "km/h",
                None,
            );
        }
    }

    fn channels(&mut self, channels: &[ChannelFigures], state: Option<EngineState>) {
        for figures in channels {
            let Some(subject) = Subject::named(&figures.channel) else {
                continue;
            };
            let values = [
                (Statistic::Mean, figures.mean),
                (Statistic::Median, figures.median),
                (Statistic::Highest, figures.max),
                (Statistic::Lowest, figures.min),
                (Statistic::Low, figures.p5),
                (Statistic::High, figures.p95),
                (Statistic::Spread, figures.spread),
                (Statistic::Width, figures.max - figures.min),
            ];
            for (statistic, value) in values {
                self.figure(subject, state, statistic, value, &figures.unit, None);
            }
            self.counts.push(from_u64(figures.readings));
        }
    }

    fn evidence(&mut self, place: usize, evidence: &Evidence) {
        let subject = subject_of(evidence);
        let statistic = crate::analysis::grounding::words::statistic_of(&evidence.figure);
        let unit = &evidence.unit;
        if Unit::named(unit).is_some_and(|unit| unit.dimension() == Dimension::Time) {
            for seconds in std::iter::once(evidence.value).chain(evidence.threshold) {
                self.durations.push(Duration {
                    seconds,
                    state: evidence.state,
                    finding: Some(place),
                    whole: false,
                });
            }
        } else if unit.is_empty() {
            self.counts
                .extend(std::iter::once(evidence.value).chain(evidence.threshold));
        }
        self.figure(
            subject,
            evidence.state,
            statistic,
            evidence.value,
            unit,
            Some(place),
        );
        if let Some(limit) = evidence.threshold {
            self.figure(
                subject,
                evidence.state,
                Statistic::Limit,
                limit,
                unit,
                Some(place),
            );
        }
        if let Some(seconds) = evidence.seconds {
            self.durations.push(Duration {
                seconds,
                state: evidence.state,
                finding: Some(place),
                whole: false,
            });
        }
        self.span(evidence.span.as_ref(), Some(place), evidence.state);
    }

    fn span(&mut self, span: Option<&Span>, finding: Option<usize>, state: Option<EngineState>) {
        let Some(span) = span else { return };
        self.moments.extend([span.from_seconds, span.to_seconds]);
        self.durations.push(Duration {
            seconds: span.to_seconds - span.from_seconds,
            state,
            finding,
            whole: false,
        });
    }

    fn baseline(&mut self, figure: &BaselineFigure) {
        let subject = crate::analysis::grounding::words::subject_of(&figure.figure);
        let state = crate::analysis::grounding::words::state_of(&figure.figure);
        self.figure(
            subject,
            state,
            Statistic::Mean,
            figure.value,
            &figure.unit,
            None,
        );
        for earlier in [figure.anchor, figure.mean].into_iter().flatten() {
            self.figure(
                subject,
                state,
                Statistic::Earlier,
                earlier,
                &figure.unit,
                None,
            );
        }
        self.figure(
            subject,
            state,
            Statistic::Spread,
            figure.sigma,
            &figure.unit,
            None,
        );
        self.counts.push(f64::from(figure.drives));
    }
}

#[allow(clippy::cast_precision_loss)] // Far below 2^52.
fn from_u64(count: u64) -> f64 {
    count as f64
}

#[allow(clippy::cast_precision_loss)] // Far below 2^52.
fn count(count: usize) -> f64 {
    count as f64
}

/// What the figure is about: its channel, or what its name says.
fn subject_of(evidence: &Evidence) -> Subject {
    let named = crate::analysis::grounding::words::subject_of(&evidence.figure);
    if named.meets(Subject::TRIM_SUM) {
        return Subject::TRIM_SUM;
    }
    match evidence.channel.as_deref().and_then(Subject::named) {
        Some(subject) => subject,
        None => named,
    }
}
