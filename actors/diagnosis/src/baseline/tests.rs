use super::*;
use crate::model::{ChannelFigures, EarlierDrive, StateFigures};

fn channel(channel: Channel, mean: f64) -> ChannelFigures {
    ChannelFigures {
        channel: channel.name().to_owned(),
        unit: channel.unit().to_owned(),
        readings: 200,
        seconds: 200.0,
        min: mean,
        p5: mean,
        median: mean,
        p95: mean,
        max: mean,
        mean,
        spread: 1.0,
    }
}

/// A drive with a long-term trim at idle.
fn drive(trim: f64) -> Figures {
    Figures {
        states: vec![StateFigures {
            state: EngineState::Idle,
            seconds: 200.0,
            closed_loop_share: Some(1.0),
            fuel_trim_sum: None,
            channels: vec![channel(Channel::LongTrim, trim)],
        }],
        ..Figures::default()
    }
}

fn history(anchor: Option<f64>, earlier: &[f64]) -> History {
    let earlier_drive = |trim: &f64| EarlierDrive {
        drive: 1,
        figures: drive(*trim),
    };
    History {
        anchor: anchor.as_ref().map(earlier_drive),
        earlier: earlier.iter().map(earlier_drive).collect(),
    }
}

fn drifts(trim: f64, history: &History) -> Option<bool> {
    compare(&drive(trim), history)
        .into_iter()
        .find(|compared| compared.metric.channel == Channel::LongTrim)
        .map(|compared| compared.figure.drifted)
}

#[test]
fn fewer_than_three_drives_and_no_anchor_are_no_history() {
    assert_eq!(drifts(20.0, &history(None, &[0.0, 0.0])), None);
}

#[test]
fn what_differs_by_less_than_healthy_drives_do_is_no_drift() {
    assert_eq!(
        drifts(3.0, &history(Some(0.0), &[0.0, 0.0, 0.0])),
        Some(false)
    );
}

#[test]
fn far_from_the_anchor_or_from_both_is_drift() {
    assert_eq!(
        drifts(6.0, &history(Some(0.0), &[5.5, 5.8, 6.0])),
        Some(true)
    );
    assert_eq!(
        drifts(4.5, &history(Some(0.5), &[0.0, 0.0, 0.5])),
        Some(true)
    );
    assert_eq!(
        drifts(4.5, &history(Some(0.5), &[4.0, 4.0, 4.5])),
        Some(false)
    );
    assert_eq!(drifts(6.0, &history(None, &[0.0, 0.0, 0.0])), Some(true));
}

#[test]
fn only_the_last_five_drives_count() {
    let long_ago = [20.0, 20.0, 20.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    assert_eq!(drifts(0.0, &history(None, &long_ago)), Some(false));
}

#[test]
fn timing_is_compared_within_equal_bins() {
    let with_bin = |timing: f64| Figures {
        bins: vec![OperatingBin {
            rpm_from: 2_500,
            load_from: 60,
            seconds: 200,
            timing: Some(timing),
            maf: None,
        }],
        ..Figures::default()
    };
    let earlier = [20.0, 20.5, 19.5].map(|timing| EarlierDrive {
        drive: 1,
        figures: with_bin(timing),
    });
    let history = History {
        anchor: None,
        earlier: earlier.to_vec(),
    };
    let compared = compare(&with_bin(10.0), &history);
    assert_eq!(compared.len(), 1);
    assert!(compared[0].figure.drifted);
    assert_eq!(compared[0].figure.mean, Some(20.0));
}

#[test]
fn a_pressure_is_boost_only_after_more_than_120_kpa_under_load() {
    let with_pressure = |state, pressure| EarlierDrive {
        drive: 1,
        figures: Figures {
            states: vec![StateFigures {
                state,
                seconds: 60.0,
                closed_loop_share: None,
                fuel_trim_sum: None,
                channels: vec![channel(Channel::ManifoldPressure, pressure)],
            }],
            ..Figures::default()
        },
    };
    let seen = |state, pressure| {
        has_boost_sensor(&History {
            anchor: None,
            earlier: vec![with_pressure(state, pressure)],
        })
    };
    assert!(!seen(EngineState::WideOpen, 101.0));
    assert!(!seen(EngineState::Idle, 180.0));
    assert!(seen(EngineState::WideOpen, 165.0));
}
