//! A diagnosis in a terminal: plain text, wrapped, with a sparkline for each finding.

use std::fmt::Write as _;

use actors::diagnosis::{Evidence, Finding, Tier, Trace};

use super::Subject;
use super::wording::{circumstances, duration, extent, quantity, rule, span, start};

/// How the terminal wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalStyle {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether it shows colours.
    pub colour: bool,
}

impl Default for TerminalStyle {
    fn default() -> Self {
        Self {
            width: 100,
            colour: false,
        }
    }
}

/// Renders a diagnosis as text.
pub fn terminal(subject: &Subject<'_>, style: TerminalStyle) -> String {
    let mut page = Page {
        text: String::new(),
        style,
    };
    page.head(subject);
    for (number, finding) in (1..).zip(&subject.diagnosis.findings) {
        page.finding(number, finding, subject);
    }
    page.not_judged(subject);
    page.doubts(subject);
    page.recommendations(subject);
    page.text
}

struct Page {
    text: String,
    style: TerminalStyle,
}

impl Page {
    fn head(&mut self, subject: &Subject<'_>) {
        let diagnosis = subject.diagnosis;
        let title = self.painted("1", &clean(subject.title));
        self.line(0, &title);
        let begun = start(&diagnosis.figures).filter(|_| subject.has_date);
        let begun = begun.map_or_else(String::new, |start| format!("{start} · "));
        self.line(0, &format!("{begun}{}", extent(&diagnosis.figures)));
        self.wrapped(0, &states(subject));
        self.text.push('\n');
        // Without a grade, the reason begins with "No grade:".
        let reason = clean(&diagnosis.grade_reason);
        let grade = diagnosis.grade.map_or(reason.clone(), |grade| {
            let grade = self.painted("1", &format!("Grade {}", grade.label()));
            format!("{grade}: {reason}")
        });
        self.wrapped(0, &grade);
    }

    fn finding(&mut self, number: usize, finding: &Finding, subject: &Subject<'_>) {
        let tier = self.painted(colour(finding.tier), &finding.tier.label().to_uppercase());
        let title = self.painted("1", &clean(&finding.title));
        let _ = write!(self.text, "\n{number}. {tier}  {title}");
        let _ = writeln!(
            self.text,
            "  (confidence {:.0} %)",
            finding.confidence * 100.0
        );
        self.wrapped(3, &clean(&finding.explanation));
        for evidence in &finding.evidence {
            self.wrapped_item(3, "·", &evidence_line(evidence));
        }
        if let Some(trace) = finding
            .evidence
            .iter()
            .filter_map(|evidence| evidence.channel.as_deref())
            .find_map(|channel| subject.traces.channel(channel))
        {
            self.sparkline(trace, finding);
        }
        if !finding.next_checks.is_empty() {
            self.line(3, "Next checks:");
            for (step, check) in (1..).zip(&finding.next_checks) {
                self.wrapped_item(3, &format!("{step}."), &clean(check));
            }
        }
        if !finding.explains.is_empty() {
            let explained: Vec<String> = finding.explains.iter().map(|id| rule(id)).collect();
            self.wrapped(
                3,
                &format!("Also explains: {}", clean(&explained.join(", "))),
            );
        }
    }

    fn sparkline(&mut self, trace: &Trace, finding: &Finding) {
        let width = self.style.width.saturating_sub(6).clamp(20, 72);
        let Some(line) = sparkline(trace, width) else {
            return;
        };
        let low = trace
            .points
            .iter()
            .map(|point| point.min)
            .fold(f64::MAX, f64::min);
        let high = trace
            .points
            .iter()
            .map(|point| point.max)
            .fold(f64::MIN, f64::max);
        self.line(3, &line);
        let held = finding
            .span
            .map_or_else(String::new, |held| format!(", finding {}", span(held)));
        self.wrapped(
            3,
            &clean(&format!(
                "{}: {} to {}{held}",
                trace.label,
                quantity(low, &trace.unit),
                quantity(high, &trace.unit)
            )),
        );
    }

    fn not_judged(&mut self, subject: &Subject<'_>) {
        let not_judged = &subject.diagnosis.not_judged;
        if not_judged.is_empty() {
            return;
        }
        self.heading("Not judged");
        let mut said: Vec<(&str, &str, Vec<String>)> = Vec::new();
        for entry in not_judged {
            let name = rule(&entry.rule);
            match said
                .iter_mut()
                .find(|(why, log, _)| *why == entry.explanation && *log == entry.what_to_log)
            {
                Some((_, _, rules)) => rules.push(name),
                None => said.push((&entry.explanation, &entry.what_to_log, vec![name])),
            }
        }
        for (why, what_to_log, rules) in said {
            let log = if what_to_log.is_empty() {
                String::new()
            } else {
                format!(" {what_to_log}")
            };
            self.wrapped_item(0, "·", &clean(&format!("{}: {why}{log}", rules.join(", "))));
        }
    }

    fn doubts(&mut self, subject: &Subject<'_>) {
        let diagnosis = subject.diagnosis;
        if !diagnosis.doubts.is_empty() {
            self.heading("Doubts about the data");
            for doubt in &diagnosis.doubts {
                let times = doubt
                    .span
                    .map_or_else(String::new, |times| format!(" ({})", span(times)));
                self.wrapped_item(0, "·", &clean(&format!("{}{times}", doubt.explanation)));
            }
        }
        let unknown = &diagnosis.figures.unknown_channels;
        if !unknown.is_empty() {
            self.heading("Logged, but not understood");
            self.wrapped(0, &clean(&unknown.join(", ")));
        }
    }

    fn recommendations(&mut self, subject: &Subject<'_>) {
        if subject.recommendations.is_empty() {
            return;
        }
        self.heading("Recommendations");
        for (rank, recommendation) in (1..).zip(subject.recommendations) {
            let evidence = recommendation.evidence.as_deref().unwrap_or_default();
            let text = format!("{} {evidence}", recommendation.text);
            self.wrapped_item(0, &format!("{rank}."), &clean(text.trim_end()));
        }
    }

    fn heading(&mut self, heading: &str) {
        let heading = self.painted("1", heading);
        let _ = writeln!(self.text, "\n{heading}");
    }

    fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.text, "{:indent$}{text}", "");
    }

    fn wrapped(&mut self, indent: usize, text: &str) {
        for line in wrap(text, self.style.width.saturating_sub(indent)) {
            self.line(indent, &line);
        }
    }

    fn wrapped_item(&mut self, indent: usize, mark: &str, text: &str) {
        let hang = mark.chars().count() + 1;
        let width = self.style.width.saturating_sub(indent + hang);
        for (number, line) in wrap(text, width).into_iter().enumerate() {
            let mark = if number == 0 { mark } else { "" };
            let _ = writeln!(self.text, "{:indent$}{mark:hang$}{line}", "");
        }
    }

    fn painted(&self, code: &str, text: &str) -> String {
        if self.style.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

fn colour(tier: Tier) -> &'static str {
    match tier {
        Tier::Stop => "1;37;41",
        Tier::Warning => "1;31",
        Tier::Investigate | Tier::Alert => "1;33",
        Tier::Watch => "1;36",
    }
}

fn evidence_line(evidence: &Evidence) -> String {
    let mut line = format!(
        "{} {}",
        evidence.figure,
        quantity(evidence.value, &evidence.unit)
    );
    let mut remarks = Vec::new();
    if let Some(threshold) = evidence.threshold {
        remarks.push(format!("limit {}", quantity(threshold, &evidence.unit)));
    }
    let circumstances = circumstances(evidence);
    if !circumstances.is_empty() {
        remarks.push(circumstances);
    }
    if !remarks.is_empty() {
        let _ = write!(line, " ({})", remarks.join("; "));
    }
    clean(&line)
}

/// One character a stretch of time: the middle of its values, blank where there are none.
fn sparkline(trace: &Trace, width: usize) -> Option<String> {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let first = trace.points.first()?.at_seconds;
    let length = (trace.points.last()?.at_seconds - first).max(1.0);
    let mut cells: Vec<Option<(f64, f64)>> = vec![None; width];
    for point in &trace.points {
        let cell = &mut cells[place((point.at_seconds - first) / length, width)];
        let (low, high) = cell.unwrap_or((point.min, point.max));
        *cell = Some((low.min(point.min), high.max(point.max)));
    }
    let middles: Vec<Option<f64>> = cells
        .into_iter()
        .map(|cell| cell.map(|(low, high)| f64::midpoint(low, high)))
        .collect();
    let low = middles.iter().flatten().copied().fold(f64::MAX, f64::min);
    let high = middles.iter().flatten().copied().fold(f64::MIN, f64::max);
    let range = (high - low).max(1e-9);
    Some(
        middles
            .into_iter()
            .map(|middle| {
                middle.map_or(' ', |middle| {
                    BARS[place((middle - low) / range, BARS.len())]
                })
            })
            .collect(),
    )
}

/// The place of a share between 0 and 1 among `count` places.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a small count"
)]
fn place(share: f64, count: usize) -> usize {
    ((share * count as f64) as usize).min(count - 1)
}

/// Without control characters: a name cannot move the cursor.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// Breaks at blanks; escape sequences count as no width.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = visible(word);
        if used > 0 && used + 1 + length > width.max(20) {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
    }
    lines.push(line);
    lines
}

fn visible(word: &str) -> usize {
    let mut escaped = false;
    word.chars()
        .filter(|c| {
            let was = escaped;
            escaped = match c {
                '\x1b' => true,
                'm' if was => false,
                _ => was,
            };
            !was && !escaped
        })
        .count()
}

/// The states of the drive in one line: `warm idle 4 min 10 s, cruise 12 min`.
fn states(subject: &Subject<'_>) -> String {
    let states = subject.diagnosis.figures.states.iter();
    let parts: Vec<String> = states
        .map(|figures| format!("{} {}", figures.state.label(), duration(figures.seconds)))
        .collect();
    parts.join(", ")
}
