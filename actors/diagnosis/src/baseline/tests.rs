use rstest::rstest;

use super::*;
use crate::model::{ChannelFigures, EarlierDrive, StateFigures};

mod bins;

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

fn compared(trim: f64, history: &History) -> Option<BaselineFigure> {
    compare(&drive(trim), history)
        .into_iter()
        .find(|compared| compared.metric.channel == Channel::LongTrim)
        .map(|compared| compared.figure)
}

fn drifts(trim: f64, history: &History) -> Option<bool> {
    compared(trim, history).map(|figure| figure.drifted)
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
    assert!(!seen(EngineState::WideOpen, 120.0));
    assert!(seen(EngineState::HighLoad, 121.0));
    assert!(!seen(EngineState::Idle, 180.0));
    assert!(seen(EngineState::WideOpen, 165.0));
}

#[rstest]
#[case::spread_of_three(Some(2.0), &[0.0, 3.0, 6.0], Some(3.0), 3.464)]
#[case::equal(None, &[4.0, 4.0, 4.0], Some(4.0), 1.732)]
#[case::two_and_an_anchor(Some(2.0), &[0.0, 9.0], None, 1.837)]
#[case::one_and_an_anchor(Some(2.0), &[0.0], None, 2.121)]
#[case::an_anchor(Some(2.0), &[], None, 1.5)]
#[case::five(None, &[2.0, 0.0, 4.0, -2.0, 6.0], Some(2.0), 3.464)]
#[case::less_than_zero(None, &[-6.0, -3.0, 0.0], Some(-3.0), 3.464)]
fn sigma_is_the_spread_of_the_earlier_drives_widened_for_their_number(
    #[case] anchor: Option<f64>,
    #[case] earlier: &[f64],
    #[case] mean: Option<f64>,
    #[case] sigma: f64,
) {
    let figure = compared(10.0, &history(anchor, earlier)).expect("has history");
    assert_eq!(
        (figure.value, figure.anchor, figure.mean, figure.sigma),
        (10.0, anchor, mean, sigma)
    );
    assert_eq!(usize::try_from(figure.drives), Ok(earlier.len()));
}

// σ is 1.732 with three equal drives, 1.837 with two, 2.121 with one and 1.5 with none.
#[rstest]
#[case::below_3_from_the_anchor(5.0, Some(0.0), &[3.5; 3], false)]
#[case::above_3_from_the_anchor(5.3, Some(0.0), &[3.5; 3], true)]
#[case::above_3_below_the_anchor(-5.3, Some(0.0), &[-3.5; 3], true)]
#[case::above_2_from_both(3.6, Some(0.0), &[0.0; 3], true)]
#[case::above_2_below_both(-3.6, Some(0.0), &[0.0; 3], true)]
#[case::above_2_from_the_anchor_only(3.6, Some(0.0), &[0.2; 3], false)]
#[case::above_2_from_the_others_only(3.4, Some(0.0), &[-1.0; 3], false)]
#[case::above_3_from_the_others_only(3.4, Some(0.0), &[-3.0; 3], false)]
#[case::below_3_without_an_anchor(5.0, None, &[0.0; 3], false)]
#[case::above_3_without_an_anchor(5.3, None, &[0.0; 3], true)]
#[case::above_3_below_without_an_anchor(-5.3, None, &[0.0; 3], true)]
#[case::below_3_with_two(5.5, Some(0.0), &[5.5; 2], false)]
#[case::above_3_with_two(5.6, Some(0.0), &[5.6; 2], true)]
#[case::below_3_with_one(6.3, Some(0.0), &[0.0], false)]
#[case::above_3_with_one(6.4, Some(0.0), &[0.0], true)]
#[case::below_3_with_the_anchor_only(4.4, Some(0.0), &[], false)]
#[case::on_3_with_the_anchor_only(4.5, Some(0.0), &[], false)]
#[case::above_3_with_the_anchor_only(4.6, Some(0.0), &[], true)]
fn a_drift_is_3_sigma_from_the_anchor_or_2_from_both_or_3_without_one(
    #[case] trim: f64,
    #[case] anchor: Option<f64>,
    #[case] earlier: &[f64],
    #[case] drifted: bool,
) {
    assert_eq!(drifts(trim, &history(anchor, earlier)), Some(drifted));
}

/// Name and value of the figures that are compared when a state has these channels.
fn figures_of(
    state: EngineState,
    seconds: f64,
    channels: Vec<ChannelFigures>,
) -> Vec<(&'static str, f64)> {
    let figures = Figures {
        states: vec![StateFigures {
            state,
            seconds,
            closed_loop_share: Some(1.0),
            fuel_trim_sum: None,
            channels,
        }],
        ..Figures::default()
    };
    let history = History {
        anchor: Some(EarlierDrive {
            drive: 1,
            figures: figures.clone(),
        }),
        earlier: Vec::new(),
    };
    compare(&figures, &history)
        .into_iter()
        .map(|compared| (compared.metric.figure, compared.figure.value))
        .collect()
}

#[test]
fn the_voltage_is_that_of_the_control_module_rather_than_of_the_battery() {
    let both = vec![
        channel(Channel::BatteryVoltage, 12.8),
        channel(Channel::ModuleVoltage, 14.1),
    ];
    let found = figures_of(EngineState::Cruise, 60.0, both);
    assert_eq!(found, [("voltage at cruise", 14.1)]);
}

#[test]
fn both_trims_at_idle_are_compared_as_their_sum() {
    let both = vec![
        channel(Channel::ShortTrim, 3.0),
        channel(Channel::LongTrim, 4.0),
    ];
    let found = figures_of(EngineState::Idle, 60.0, both);
    let expected = [
        ("long-term fuel trim at warm idle", 4.0),
        ("both fuel trims at warm idle", 7.0),
    ];
    assert_eq!(found, expected);
}

#[rstest]
#[case(EngineState::Idle, Channel::LongTrim, 2, 30.0, &[("long-term fuel trim at warm idle", 13.0)])]
#[case(EngineState::Idle, Channel::LongTrim, 1, 30.0, &[])]
#[case(EngineState::Idle, Channel::LongTrim, 2, 29.0, &[])]
#[case(EngineState::Cruise, Channel::LongTrim, 2, 60.0, &[("long-term fuel trim at cruise", 13.0)])]
#[case(EngineState::Cruise, Channel::LongTrim, 1, 60.0, &[])]
#[case(EngineState::Cruise, Channel::LongTrim, 2, 59.0, &[])]
#[case(EngineState::Cruise, Channel::Coolant, 5, 120.0, &[("coolant temperature at cruise", 13.0)])]
#[case(EngineState::Cruise, Channel::Coolant, 4, 120.0, &[])]
#[case(EngineState::Cruise, Channel::Coolant, 5, 119.0, &[])]
#[case(EngineState::Cruise, Channel::ModuleVoltage, 5, 60.0, &[("voltage at cruise", 12.0)])]
#[case(EngineState::Cruise, Channel::BatteryVoltage, 5, 60.0, &[("voltage at cruise", 12.0)])]
#[case(EngineState::Cruise, Channel::ModuleVoltage, 4, 60.0, &[])]
#[case(EngineState::Cruise, Channel::ModuleVoltage, 5, 59.0, &[])]
#[case(EngineState::Idle, Channel::ModuleVoltage, 5, 60.0, &[("voltage at warm idle", 12.0)])]
#[case(EngineState::Idle, Channel::Rpm, 30, 60.0, &[("engine speed at warm idle", 13.0)])]
#[case(EngineState::Idle, Channel::Rpm, 29, 60.0, &[])]
#[case(EngineState::Idle, Channel::Rpm, 59, 60.0, &[("engine speed at warm idle", 13.0)])]
#[case(EngineState::Idle, Channel::Rpm, 60, 60.0,
    &[("engine speed at warm idle", 13.0), ("spread of the engine speed at warm idle", 40.0)])]
#[case(EngineState::Idle, Channel::Rpm, 60, 59.0, &[])]
fn a_figure_needs_its_readings_and_its_seconds(
    #[case] state: EngineState,
    #[case] logged: Channel,
    #[case] readings: u64,
    #[case] seconds: f64,
    #[case] expected: &[(&str, f64)],
) {
    let logged = ChannelFigures {
        readings,
        median: 12.0,
        spread: 40.0,
        ..channel(logged, 13.0)
    };
    let found = figures_of(state, seconds, vec![logged]);
    assert_eq!(found, expected);
}

#[rstest]
#[case::too_few(None, &[30.0, 36.0], None)]
#[case::with_the_anchor(Some(38.0), &[30.0, 36.0], Some(36.0))]
#[case::four(None, &[38.0, 30.0, 36.0, 31.0], Some(36.0))]
#[case::five(None, &[39.0, 31.0, 36.0, 30.0, 38.0], Some(36.0))]
#[case::more_than_five(None, &[90.0, 90.0, 90.0, 39.0, 31.0, 36.0, 30.0, 38.0], Some(36.0))]
fn the_usual_gearing_is_the_median_of_three_drives_or_more(
    #[case] anchor: Option<f64>,
    #[case] earlier: &[f64],
    #[case] usual: Option<f64>,
) {
    let with_gearing = |gearing: &f64| EarlierDrive {
        drive: 1,
        figures: Figures {
            speed_per_1000_rpm: Some(*gearing),
            ..Figures::default()
        },
    };
    let history = History {
        anchor: anchor.as_ref().map(with_gearing),
        earlier: earlier.iter().map(with_gearing).collect(),
    };
    assert_eq!(usual_gearing(&history), usual);
}

#[test]
fn a_comparison_names_the_anchor_and_the_last_five_drives() {
    let numbered = |number| EarlierDrive {
        drive: number,
        figures: drive(0.0),
    };
    let history = History {
        anchor: Some(numbered(1)),
        earlier: (2..9).map(numbered).collect(),
    };
    let comparison = comparison(&compare(&drive(0.0), &history), &history);
    assert_eq!(comparison.anchor_drive, Some(1));
    assert_eq!(comparison.earlier_drives, [4, 5, 6, 7, 8]);
    assert_eq!(comparison.figures.len(), 1);
    assert_eq!(comparison.figures[0].drives, 5);
}
