//! One channel over time.

use std::fmt::Write as _;

use actors::diagnosis::{Span, Trace};
use maud::{Markup, html as markup};

use crate::report::wording::{clock, number, quantity};

/// A trace with what a finding says about it.
pub(super) struct Plot<'a> {
    pub(super) trace: &'a Trace,
    /// The end of the time axis, in seconds.
    pub(super) seconds: f64,
    /// Limits, drawn as lines.
    pub(super) limits: Vec<f64>,
    /// Times that are marked.
    pub(super) marked: Vec<Span>,
}

/// Size of the drawing in its own units; the page stretches it.
const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 200.0;
/// A mark is never narrower than this share of the plot.
const NARROWEST_MARK: f64 = 0.004;

/// Where the label of a limit begins, and how high it is, as shares of the plot.
const LABEL: f64 = 0.85;
const LABEL_HEIGHT: f64 = 0.12;

impl Plot<'_> {
    pub(super) fn markup(&self) -> Markup {
        let axis = Axis::of(self);
        let label = format!("{} over time", self.trace.label);
        markup! {
            figure.plot {
                figcaption {
                    (self.trace.label)
                    @if !self.trace.unit.is_empty() { " in " (self.trace.unit) }
                }
                div.canvas {
                    div.y aria-hidden="true" {
                        @for tick in axis.ticks() {
                            span style=(format!("bottom:{:.2}%", 100.0 * axis.share(tick))) { (number(tick)) }
                        }
                    }
                    svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" role="img" aria-label=(label) {
                        @for span in &self.marked { (self.mark(*span)) }
                        @for tick in axis.ticks() { (line(axis.y(tick), "grid")) }
                        path.trace d=(self.path(&axis)) {}
                        @for limit in &self.limits { (line(axis.y(*limit), "limit")) }
                    }
                    @for limit in &self.limits {
                        span.limit.left[self.ends_near(*limit, &axis)] style=(format!("bottom:{:.2}%", 100.0 * axis.share(*limit))) {
                            "limit " (quantity(*limit, &self.trace.unit))
                        }
                    }
                }
                (time_axis(self.seconds))
            }
        }
    }

    /// Whether the label of a limit at the right edge would hide the end of the trace.
    fn ends_near(&self, limit: f64, axis: &Axis) -> bool {
        let shown = self.trace.points.iter().rev();
        let at_the_end = shown.take_while(|point| self.x(point.at_seconds) > LABEL * WIDTH);
        let is_near = |value: f64| (axis.share(value) - axis.share(limit)).abs() < LABEL_HEIGHT;
        at_the_end
            .into_iter()
            .any(|point| is_near(point.min) || is_near(point.max))
    }

    fn x(&self, seconds: f64) -> f64 {
        (seconds / self.seconds.max(1.0)).clamp(0.0, 1.0) * WIDTH
    }

    fn mark(&self, span: Span) -> Markup {
        let from = self.x(span.from_seconds);
        let width = (self.x(span.to_seconds) - from).max(NARROWEST_MARK * WIDTH);
        markup! {
            rect.mark x=(format!("{from:.1}")) y="0" width=(format!("{width:.1}")) height=(HEIGHT) {}
        }
    }

    /// Through the smallest and largest value of every bucket; interrupted where readings are missing.
    fn path(&self, axis: &Axis) -> String {
        let longest = (3.0 * self.trace.interval_seconds).clamp(3.0, 60.0);
        let mut path = String::new();
        let mut last: Option<f64> = None;
        let mut alone = false;
        for point in &self.trace.points {
            let x = self.x(point.at_seconds);
            let joined =
                last.is_some_and(|last| point.at_seconds - last <= longest.max(self.bucket()));
            if !joined && alone {
                path.push_str("h0.5");
            }
            alone = !joined;
            let command = if joined { 'L' } else { 'M' };
            let _ = write!(path, "{command}{x:.1} {:.1}", axis.y(point.max));
            if point.max > point.min {
                let _ = write!(path, "V{:.1}", axis.y(point.min));
                alone = false;
            }
            last = Some(point.at_seconds);
        }
        if alone {
            path.push_str("h0.5");
        }
        path
    }

    /// Two bucket widths: neighbouring buckets are never torn apart.
    fn bucket(&self) -> f64 {
        let steps = self
            .trace
            .points
            .windows(2)
            .map(|pair| pair[1].at_seconds - pair[0].at_seconds);
        2.0 * steps.fold(f64::MAX, f64::min).min(30.0)
    }
}

fn line(y: f64, class: &str) -> Markup {
    markup! { line class=(class) x1="0" x2=(WIDTH) y1=(format!("{y:.1}")) y2=(format!("{y:.1}")) {} }
}

/// Times below a plot or band of the whole drive.
pub(super) fn time_axis(seconds: f64) -> Markup {
    let step = [
        10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0,
    ]
    .into_iter()
    .find(|step| seconds / step <= 6.0)
    .unwrap_or(seconds / 5.0);
    let times: Vec<f64> = std::iter::successors(Some(0.0), |at| Some(at + step))
        .take_while(|at| *at <= seconds * 0.97)
        .collect();
    markup! {
        div.x aria-hidden="true" {
            @for at in times {
                span style=(format!("left:{:.2}%", 100.0 * at / seconds.max(1.0))) { (clock(at)) }
            }
        }
    }
}

/// The axis of values.
struct Axis {
    low: f64,
    high: f64,
    step: f64,
}

impl Axis {
    fn of(plot: &Plot<'_>) -> Self {
        let points = &plot.trace.points;
        let low = points
            .iter()
            .map(|point| point.min)
            .fold(f64::MAX, f64::min);
        let high = points
            .iter()
            .map(|point| point.max)
            .fold(f64::MIN, f64::max);
        let low = plot.limits.iter().copied().fold(low, f64::min);
        let high = plot.limits.iter().copied().fold(high, f64::max);
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let step = nice_step((high - low).max(1e-3 + high.abs() * 0.02) / 4.0);
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        let high = if high > low { high } else { low + step };
        Self { low, high, step }
    }

    fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    fn y(&self, value: f64) -> f64 {
        (1.0 - self.share(value)) * HEIGHT
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let (low, high, step) = (self.low, self.high, self.step);
        (0..12)
            .map(move |number| low + f64::from(number) * step)
            .take_while(move |tick| *tick <= high + step / 2.0)
    }
}

/// The next of 1, 2, 2.5, 5, 10, … that is at least `size`.
fn nice_step(size: f64) -> f64 {
    let power = 10_f64.powf(size.log10().floor());
    [1.0, 2.0, 2.5, 5.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= size * 0.999)
        .unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use actors::diagnosis::TracePoint;

    use super::*;

    fn trace(values: &[(f64, f64)]) -> Trace {
        Trace {
            channel: "RPM".to_owned(),
            label: "engine speed".to_owned(),
            unit: "rpm".to_owned(),
            interval_seconds: 1.0,
            points: values
                .iter()
                .map(|(at_seconds, value)| TracePoint {
                    at_seconds: *at_seconds,
                    min: *value,
                    max: *value,
                })
                .collect(),
        }
    }

    fn plot(trace: &Trace) -> Plot<'_> {
        Plot {
            trace,
            seconds: 100.0,
            limits: vec![1_000.0],
            marked: Vec::new(),
        }
    }

    #[test]
    fn a_line_is_interrupted_where_readings_are_missing() {
        let trace = trace(&[(0.0, 500.0), (1.0, 600.0), (50.0, 700.0), (51.0, 800.0)]);
        let plot = plot(&trace);
        let path = plot.path(&Axis::of(&plot));
        assert_eq!(path.matches('M').count(), 2, "{path}");
        assert_eq!(path.matches('L').count(), 2, "{path}");
    }

    #[test]
    fn the_label_of_a_limit_avoids_the_end_of_the_trace() {
        for (last, is_near) in [(990.0, true), (300.0, false)] {
            let trace = trace(&[(0.0, 0.0), (95.0, last)]);
            let plot = plot(&trace);
            assert_eq!(plot.ends_near(1_000.0, &Axis::of(&plot)), is_near, "{last}");
        }
    }

    #[test]
    fn the_axis_has_round_ticks_and_holds_the_limits() {
        let trace = trace(&[(0.0, 210.0), (1.0, 790.0)]);
        let axis = Axis::of(&plot(&trace));
        let ticks: Vec<f64> = axis.ticks().collect();
        assert_eq!(ticks, [200.0, 400.0, 600.0, 800.0, 1_000.0]);
        assert!((axis.share(1_000.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_constant_or_empty_trace_has_an_axis() {
        for values in [&[(0.0, 14.2), (1.0, 14.2)] as &[_], &[]] {
            let trace = trace(values);
            let axis = Axis::of(&Plot {
                trace: &trace,
                seconds: 0.0,
                limits: Vec::new(),
                marked: Vec::new(),
            });
            assert!(axis.high > axis.low && axis.ticks().count() >= 2);
        }
    }
}
