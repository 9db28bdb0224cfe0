use rstest::rstest;

use super::*;
use crate::model::WarmUp;

fn second(
    index: u64,
    state: EngineState,
    values: &[(Channel, f64)],
    builder: &mut FigureBuilder,
    closed_loop: Option<bool>,
) {
    let mut merged = [f64::NAN; CHANNELS];
    let mut readings = Vec::new();
    for (channel, value) in values {
        merged[channel.index()] = *value;
        readings.push(super::super::states::Sample {
            channel: *channel,
            at_ms: 0,
            value: *value,
        });
    }
    builder.second(&Second {
        index,
        state,
        running: state != EngineState::Off,
        since_start: 400,
        warm: state != EngineState::Cold,
        closed_loop,
        throttle_closed: None,
        standing: Some(state == EngineState::Idle),
        standing_for: 0,
        values: &merged,
        readings: &readings,
    });
}

#[test]
fn trims_count_in_closed_loop_only() {
    let mut builder = FigureBuilder::new();
    let trims = |short| [(Channel::ShortTrim, short), (Channel::LongTrim, 4.0)];
    second(
        0,
        EngineState::Idle,
        &trims(20.0),
        &mut builder,
        Some(false),
    );
    second(1, EngineState::Idle, &trims(3.0), &mut builder, Some(true));
    let figures = builder.finish();
    let idle = figures.state(EngineState::Idle).expect("two seconds");
    assert_eq!(idle.fuel_trim_sum, Some(7.0));
    assert_eq!(idle.closed_loop_share, Some(0.5));
}

#[test]
fn distance_is_speed_over_time() {
    let mut builder = FigureBuilder::new();
    for index in 0..1_800 {
        second(
            index,
            EngineState::Cruise,
            &[(Channel::Speed, 90.0), (Channel::Rpm, 2_500.0)],
            &mut builder,
            None,
        );
    }
    let figures = builder.finish();
    assert_eq!(figures.distance_km, Some(45.0));
    assert!((figures.speed_per_1000_rpm.expect("half an hour") - 36.0).abs() < 0.3);
}

#[test]
fn a_warm_up_has_its_time_from_30_to_70_degrees() {
    let mut builder = FigureBuilder::new();
    let mut coolant = 20.0;
    for index in 0..800 {
        second(
            index,
            EngineState::Cold,
            &[(Channel::Coolant, coolant)],
            &mut builder,
            None,
        );
        coolant = (coolant + 0.1_f64).min(88.0);
    }
    let warm_up = builder.finish().warm_up.expect("has coolant");
    assert_eq!(warm_up.seconds_30_to_70, Some(400.0));
    assert!((warm_up.kelvin_per_minute.expect("passed both") - 6.0).abs() < 0.05);
    assert!((warm_up.highest_c - 88.0).abs() < 1e-9);
}

/// The warm-up curve of an engine that starts at 20 °C and gains 6 K/min, without the coolant of some seconds.
fn warm_up(lost: std::ops::Range<u64>) -> Option<WarmUp> {
    let mut builder = FigureBuilder::new();
    let mut coolant = 20.0_f64;
    for index in 0..1_000 {
        if !lost.contains(&index) {
            let values = [(Channel::Coolant, coolant), (Channel::Rpm, 1_500.0)];
            second(index, EngineState::Cold, &values, &mut builder, None);
        }
        coolant = (coolant + 0.1).min(88.0);
    }
    builder.finish().warm_up
}

#[test]
fn seconds_without_coolant_belong_to_the_warm_up() {
    let short = warm_up(200..250).expect("has coolant");
    assert_eq!(short.seconds_30_to_70, Some(400.0));
    let rate = short.kelvin_per_minute.expect("passed both");
    assert!((rate - 6.0).abs() < 0.05, "{rate}");
}

#[test]
fn a_warm_up_that_was_lost_from_sight_has_no_duration() {
    let from_within = warm_up(250..550).expect("has coolant");
    assert_eq!(from_within.seconds_30_to_70, None);
    let rate = from_within.kelvin_per_minute.expect("rose by 15 K before");
    assert!((rate - 6.0).abs() < 0.05, "{rate}");

    let from_before = warm_up(50..300).expect("has coolant");
    assert_eq!(from_before.seconds_30_to_70, None);
}

/// Seconds in one state, each with the values of these channels.
fn seconds_in(
    state: EngineState,
    seconds: u64,
    values: &[(Channel, f64)],
    builder: &mut FigureBuilder,
) {
    for index in 0..seconds {
        second(index, state, values, builder, None);
    }
}

#[test]
fn a_bin_has_the_mean_timing_and_air_mass_of_5_seconds_at_its_speed_and_load() {
    let mut builder = FigureBuilder::new();
    let at = |rpm, load| [(Channel::Rpm, rpm), (Channel::Load, load)];
    for (index, timing) in (0..).zip([10.0, 11.0, 12.0, 13.0, 14.0, 18.0]) {
        let mut values = at(2_600.0, 47.0).to_vec();
        values.push((Channel::Timing, timing));
        if index < 4 {
            values.push((Channel::Maf, 20.0));
        }
        second(index, EngineState::Cruise, &values, &mut builder, None);
    }
    for (index, maf) in (6..).zip([3.0, 3.0, 3.0, 3.0, 5.0]) {
        let [rpm, load] = at(700.0, 22.0);
        let values = [rpm, load, (Channel::Maf, maf)];
        second(index, EngineState::Idle, &values, &mut builder, None);
    }
    seconds_in(EngineState::Cruise, 4, &at(3_000.0, 50.0), &mut builder);
    seconds_in(EngineState::Overrun, 9, &at(2_600.0, 5.0), &mut builder);
    seconds_in(EngineState::Cold, 9, &at(1_500.0, 30.0), &mut builder);
    let without_load = &at(4_000.0, 50.0)[..1];
    seconds_in(EngineState::Cruise, 9, without_load, &mut builder);

    let bins: Vec<_> = builder
        .finish()
        .bins
        .into_iter()
        .map(|bin| {
            let place = (bin.rpm_from, bin.load_from, bin.seconds);
            (place, bin.timing, bin.maf)
        })
        .collect();
    let expected = [
        ((500, 20, 5), None, Some(3.4)),
        ((2_500, 40, 6), Some(13.0), None),
    ];
    assert_eq!(bins, expected);
}

#[rstest]
#[case::lowest(0.0, 0.0, 0)]
#[case::below_a_limit(499.0, 9.9, 0)]
#[case::on_a_limit(500.0, 10.0, 12)]
#[case::highest(9_500.0, 100.0, 219)]
#[case::faster_than_the_highest(12_000.0, 100.0, 219)]
#[case::more_load_than_the_highest(9_500.0, 250.0, 219)]
fn a_bin_spans_500_rpm_and_10_percent_of_load(
    #[case] rpm: f64,
    #[case] load: f64,
    #[case] place: usize,
) {
    assert_eq!(bin_of(rpm, load), place);
}

#[test]
fn the_share_of_closed_loop_needs_the_loop_in_half_of_the_seconds() {
    let share = |loops: &[Option<bool>]| {
        let mut builder = FigureBuilder::new();
        for (index, closed_loop) in (0..).zip(loops) {
            second(index, EngineState::Idle, &[], &mut builder, *closed_loop);
        }
        let figures = builder.finish();
        let idle = figures.state(EngineState::Idle).expect("has seconds");
        idle.closed_loop_share
    };
    let half = [Some(true), Some(false), None, None];
    assert_eq!(share(&half), Some(0.5));
    assert_eq!(share(&[&half[..], &[None]].concat()), None);
}

#[test]
fn the_gearing_takes_60_seconds_of_cruise() {
    let gearing = |state, seconds| {
        let mut builder = FigureBuilder::new();
        let values = [(Channel::Speed, 90.0), (Channel::Rpm, 2_500.0)];
        seconds_in(state, seconds, &values, &mut builder);
        builder.finish().speed_per_1000_rpm
    };
    assert!(gearing(EngineState::Cruise, 60).is_some());
    assert_eq!(gearing(EngineState::Cruise, 59), None);
    assert_eq!(gearing(EngineState::HighLoad, 60), None);
}

/// Coolant that rises evenly over some seconds of a running engine.
fn rise(from: f64, to: f64, seconds: u32) -> WarmUp {
    let mut builder = FigureBuilder::new();
    for index in 0..=seconds {
        let coolant = from + (to - from) * f64::from(index) / f64::from(seconds);
        let values = [(Channel::Coolant, coolant), (Channel::Rpm, 1_500.0)];
        second(index.into(), EngineState::Cold, &values, &mut builder, None);
    }
    builder.finish().warm_up.expect("has coolant")
}

#[rstest]
#[case::ten_kelvin(40.0, 60, Some(10.0))]
#[case::nine_kelvin(39.0, 60, None)]
#[case::two_minutes(31.0, 120, Some(0.5))]
#[case::less_than_two_minutes(31.0, 119, None)]
#[case::half_a_minute(50.0, 30, Some(40.0))]
#[case::less_than_half_a_minute(50.0, 29, None)]
fn a_rise_has_a_rate_after_half_a_minute_and_either_10_kelvin_or_two_minutes(
    #[case] to: f64,
    #[case] seconds: u32,
    #[case] rate: Option<f64>,
) {
    let warm_up = rise(30.0, to, seconds);
    assert_eq!(
        (warm_up.kelvin_per_minute, warm_up.watched_seconds),
        (rate, f64::from(seconds))
    );
}

#[test]
fn an_engine_that_starts_at_50_degrees_has_no_warm_up() {
    let watched = |from| rise(from, 80.0, 200).watched_seconds > 0.0;
    assert!(watched(49.0) && !watched(50.0));
}

#[rstest]
#[case::from_30(30.0, 70.0, Some(100.0))]
#[case::from_near_30(35.0, 70.0, Some(100.0))]
#[case::from_too_warm(36.0, 70.0, None)]
#[case::not_to_70(30.0, 69.0, None)]
fn the_time_of_a_warm_up_is_from_at_most_35_to_at_least_70_degrees(
    #[case] from: f64,
    #[case] to: f64,
    #[case] expected: Option<f64>,
) {
    assert_eq!(rise(from, to, 100).seconds_30_to_70, expected);
}

#[test]
fn a_minute_without_coolant_is_bridged_and_a_second_more_is_not() {
    let duration = |lost| warm_up(lost).expect("has coolant").seconds_30_to_70;
    assert_eq!(duration(200..259), Some(400.0));
    assert_eq!(duration(200..260), None);
}

#[test]
fn a_stopped_engine_does_not_warm_up_and_one_without_readings_does() {
    let watched = |rpm: Option<f64>| {
        let mut builder = FigureBuilder::new();
        for index in 0..200 {
            let stands = (50..100).contains(&index);
            let state = if stands {
                EngineState::Off
            } else {
                EngineState::Cold
            };
            let mut values = vec![(Channel::Coolant, 40.0)];
            let rpm = if stands { rpm } else { Some(1_500.0) };
            values.extend(rpm.map(|rpm| (Channel::Rpm, rpm)));
            second(index, state, &values, &mut builder, None);
        }
        builder
            .finish()
            .warm_up
            .expect("has coolant")
            .watched_seconds
    };
    assert_eq!((watched(Some(0.0)), watched(None)), (149.0, 199.0));
}

#[rstest]
#[case::lean(EngineState::Overrun, 1, 1, 0.05, Some(true))]
#[case::never_lean(EngineState::Overrun, 10, 5, 0.1, Some(false))]
#[case::on_the_limit(EngineState::Overrun, 10, 5, 0.06, Some(false))]
#[case::short(EngineState::Overrun, 9, 9, 0.1, None)]
#[case::few_readings(EngineState::Overrun, 10, 4, 0.1, None)]
#[case::lean_elsewhere(EngineState::Cruise, 10, 10, 0.05, None)]
fn an_o2_voltage_below_0_06_on_overrun_is_a_fuel_cut(
    #[case] state: EngineState,
    #[case] seconds: u64,
    #[case] readings: u64,
    #[case] voltage: f64,
    #[case] seen: Option<bool>,
) {
    let mut builder = FigureBuilder::new();
    let values = [(Channel::FrontO2, voltage)];
    seconds_in(state, readings, &values, &mut builder);
    seconds_in(state, seconds - readings, &[], &mut builder);
    assert_eq!(builder.finish().fuel_cut_seen, seen);
}

#[test]
fn seconds_are_counted_and_those_of_a_running_engine_too() {
    let mut builder = FigureBuilder::new();
    seconds_in(EngineState::Off, 3, &[], &mut builder);
    seconds_in(EngineState::Idle, 4, &[], &mut builder);
    let figures = builder.finish();
    let counted = (figures.covered_seconds, figures.running_seconds);
    assert_eq!(counted, (7.0, 4.0));
}

#[test]
fn a_warm_up_over_a_step_of_the_clock_has_no_duration() {
    let duration = |step_at: u64| {
        let mut builder = FigureBuilder::new();
        for (index, coolant) in (0..).zip([20.0, 30.0, 50.0, 70.0, 80.0]) {
            if index == step_at {
                builder.stepped();
            }
            let values = [(Channel::Coolant, coolant)];
            second(index, EngineState::Cold, &values, &mut builder, None);
        }
        let warm_up = builder.finish().warm_up.expect("has coolant");
        warm_up.seconds_30_to_70
    };
    assert_eq!(duration(1), Some(2.0));
    assert_eq!(duration(2), None);
}
