use actors::diagnosis::{
    Doubt, DoubtKind, EngineState, Evidence, Figures, Finding, Grade, NotJudged, NotJudgedReason,
    Span, StateFigures, StateSpan, System, Tier, Trace, TracePoint,
};

use super::*;

const HOSTILE: &str = "<script>alert(\"1\")</script>&\x1b[2J";

fn span(from_seconds: f64, to_seconds: f64) -> Span {
    Span {
        from_seconds,
        to_seconds,
    }
}

fn trace() -> Trace {
    Trace {
        channel: "COOLANT_TEMP".to_owned(),
        label: "coolant temperature".to_owned(),
        unit: "°C".to_owned(),
        interval_seconds: 1.0,
        points: (0..600)
            .map(|second| TracePoint {
                at_seconds: f64::from(second),
                min: 20.0 + f64::from(second) / 6.0,
                max: 21.0 + f64::from(second) / 6.0,
            })
            .collect(),
    }
}

/// A diagnosis with everything in it, `text` wherever a text comes from the car.
fn overheated(text: &str) -> (Diagnosis, Traces) {
    let finding = Finding {
        rule: "coolant_overheating".to_owned(),
        system: System::Cooling,
        tier: Tier::Warning,
        confidence: 0.9,
        title: "The engine overheats".to_owned(),
        explanation: format!("The coolant reached 104 °C. {text}"),
        evidence: vec![Evidence {
            figure: format!("coolant temperature {text}"),
            channel: Some("COOLANT_TEMP".to_owned()),
            value: 104.0,
            unit: "°C".to_owned(),
            threshold: Some(100.0),
            state: Some(EngineState::Idle),
            span: Some(span(300.0, 420.0)),
            seconds: Some(120.0),
        }],
        next_checks: vec!["Check the coolant level.".to_owned()],
        span: Some(span(300.0, 420.0)),
        beyond: 0.04,
        explains: vec!["fan_weak".to_owned()],
    };
    let diagnosis = Diagnosis {
        rules_version: 1,
        thresholds_version: "built-in".to_owned(),
        grade: Some(Grade::C),
        grade_reason: format!("one warning {text}"),
        findings: vec![finding],
        not_judged: vec![NotJudged {
            rule: "maf_implausible".to_owned(),
            system: System::Air,
            reason: NotJudgedReason::ChannelMissing,
            explanation: "MAF was not logged.".to_owned(),
            what_to_log: "Log MAF.".to_owned(),
        }],
        passed: vec!["vacuum_leak".to_owned()],
        doubts: vec![Doubt {
            kind: DoubtKind::Gaps,
            channel: None,
            explanation: format!("A gap. {text}"),
            span: Some(span(10.0, 70.0)),
        }],
        figures: Figures {
            start_ms: 1_776_583_130_000,
            readings: 600,
            covered_seconds: 600.0,
            elapsed_seconds: 600.0,
            distance_km: Some(5.25),
            states: vec![StateFigures {
                state: EngineState::Idle,
                seconds: 600.0,
                closed_loop_share: Some(1.0),
                fuel_trim_sum: Some(-2.5),
                channels: Vec::new(),
            }],
            unknown_channels: vec![text.to_owned()],
            ..Figures::default()
        },
        baseline: actors::diagnosis::BaselineComparison::default(),
    };
    let traces = Traces {
        bucket_seconds: 1.0,
        channels: vec![trace()],
        states: vec![StateSpan {
            state: EngineState::Idle,
            from_seconds: 0.0,
            to_seconds: 600.0,
        }],
    };
    (diagnosis, traces)
}

fn page(text: &str) -> String {
    let (diagnosis, traces) = overheated(text);
    let recommendations = [Recommendation {
        text: format!("Check the fan. {text}"),
        finding: Some("coolant_overheating".to_owned()),
        evidence: Some("Coolant reached 104 °C.".to_owned()),
    }];
    html(&Subject {
        title: text,
        has_date: true,
        diagnosis: &diagnosis,
        traces: &traces,
        recommendations: &recommendations,
    })
}

fn text(text: &str) -> String {
    let (diagnosis, traces) = overheated(text);
    terminal(
        &Subject {
            title: text,
            has_date: true,
            diagnosis: &diagnosis,
            traces: &traces,
            recommendations: &[],
        },
        TerminalStyle::default(),
    )
}

#[test]
fn the_page_holds_grade_finding_evidence_plot_and_the_rest() {
    let page = page("drive.csv");
    for part in [
        "<title>drive.csv – diagnosis</title>",
        "2026-04-19 07:18",
        ">C</div>",
        "One warning drive.csv",
        "The engine overheats",
        "104\u{a0}°C",
        "limit 100\u{a0}°C",
        "warm idle, 2 min, 5 min to 7 min into the drive",
        "coolant temperature in °C",
        "Check the coolant level.",
        "also explains: fan weak",
        "MAF was not logged.",
        "A gap.",
        "−2.5",
        "Check the fan.",
        "vacuum leak",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
}

#[test]
fn the_page_needs_nothing_from_outside_and_runs_no_script() {
    let page = page("drive.csv");
    for forbidden in [
        "<script", "http://", "https://", "url(", "@import", "<link", "<img", " on",
    ] {
        let found = page
            .find(forbidden)
            .map(|at| &page[at..(at + 60).min(page.len())]);
        let harmless = found
            .is_some_and(|found| forbidden == " on" && !found[..12.min(found.len())].contains('='));
        assert!(found.is_none() || harmless, "{found:?}");
    }
}

#[test]
fn texts_from_the_car_are_escaped_on_the_page() {
    let page = page(HOSTILE);
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("&lt;script&gt;"));
}

#[test]
fn the_mark_covers_the_time_of_the_finding() {
    // 300 to 420 of 600 s, in a drawing of 1,000 units.
    let page = page("drive.csv");
    assert!(
        page.contains("<rect class=\"mark\" x=\"500.0\" y=\"0\" width=\"200.0\""),
        "{page}"
    );
}

#[test]
fn the_terminal_shows_the_same_and_a_sparkline() {
    let text = text("drive.csv");
    // Lines are broken at blanks.
    let words = |text: &str| {
        let words = text.split([' ', '\n']).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    };
    for part in [
        "drive.csv\n",
        "2026-04-19 07:18 · 10 min of data · 5.2 km · 600 readings",
        "Grade C: one warning",
        "1. WARNING  The engine overheats  (confidence 90 %)",
        "104\u{a0}°C (limit 100\u{a0}°C; warm idle, 2 min, 5 min to 7 min into the drive)",
        "▁▁",
        "██",
        "coolant temperature: 20\u{a0}°C to 121\u{a0}°C, finding 5 min to 7 min into the drive",
        "1. Check the coolant level.",
        "maf implausible: MAF was not logged. Log MAF.",
    ] {
        assert!(words(&text).contains(&words(part)), "{part}\n{text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
}

#[test]
fn texts_from_the_car_cannot_control_the_terminal() {
    assert!(!text(HOSTILE).contains('\x1b'));
}

#[test]
fn a_drive_without_anything_has_a_page_and_a_text() {
    let (mut diagnosis, _) = overheated("");
    diagnosis.findings.clear();
    diagnosis.passed.clear();
    diagnosis.grade = None;
    diagnosis.grade_reason = "No grade: the engine runs for 0 s only.".to_owned();
    diagnosis.figures = Figures::default();
    let traces = Traces::default();
    let subject = Subject {
        title: "empty",
        has_date: false,
        diagnosis: &diagnosis,
        traces: &traces,
        recommendations: &[],
    };
    assert!(html(&subject).contains("No rule could be judged"));
    let text = terminal(&subject, TerminalStyle::default());
    assert_eq!(text.matches("No grade").count(), 1, "{text}");
}

#[test]
fn evidence_without_a_time_of_its_own_marks_the_time_in_its_state() {
    let (mut diagnosis, mut traces) = overheated("");
    traces.states.insert(
        0,
        StateSpan {
            state: EngineState::Cruise,
            from_seconds: 60.0,
            to_seconds: 120.0,
        },
    );
    let finding = &mut diagnosis.findings[0];
    finding.span = None;
    finding.evidence[0].span = None;
    finding.evidence[0].state = Some(EngineState::Cruise);
    let page = html(&Subject {
        title: "",
        has_date: false,
        diagnosis: &diagnosis,
        traces: &traces,
        recommendations: &[],
    });
    assert!(
        page.contains("x=\"100.0\" y=\"0\" width=\"100.0\""),
        "{page}"
    );
}
