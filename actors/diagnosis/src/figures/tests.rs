use super::*;

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
