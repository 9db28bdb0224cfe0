use rstest::rstest;

use super::*;
use crate::channels::CHANNELS;
use crate::model::EngineState;

mod outside;

fn second(sensor: &mut SensorWatch, since_start: u32, values: &[(Channel, f64)]) {
    let mut merged = [f64::NAN; CHANNELS];
    for (channel, value) in values {
        merged[channel.index()] = *value;
    }
    sensor.second(&Second {
        index: 0,
        state: EngineState::Other,
        running: true,
        since_start,
        warm: true,
        closed_loop: None,
        throttle_closed: None,
        standing: None,
        standing_for: 0,
        values: &merged,
        readings: &[],
    });
}

fn kinds(sensor: &SensorWatch) -> Vec<DoubtKind> {
    sensor.finish().map(|doubt| doubt.kind).collect()
}

/// One value every second while engine speed, load and speed are at two values by turns.
#[derive(Clone, Copy)]
struct Resting {
    channel: Channel,
    value: f64,
    readings: u32,
    rpm: [f64; 2],
    load: [f64; 2],
    speed: [f64; 2],
}

/// Just enough of a change for every channel but one, and a minute.
fn resting(channel: Channel, value: f64) -> Resting {
    Resting {
        channel,
        value,
        readings: 61,
        rpm: [1_000.0, 1_800.0],
        load: [45.0, 60.0],
        speed: [30.0, 50.0],
    }
}

fn watch(resting: &Resting) -> SensorWatch {
    let mut sensor = SensorWatch::new(resting.channel);
    for index in 0..resting.readings {
        sensor.reading(1_000_000 + i64::from(index) * 1_000, resting.value);
        let at = usize::from(index % 2 == 1);
        let values = [
            (Channel::Rpm, resting.rpm[at]),
            (Channel::Load, resting.load[at]),
            (Channel::Speed, resting.speed[at]),
        ];
        second(&mut sensor, 11 + index, &values);
    }
    sensor
}

fn timing() -> Resting {
    resting(Channel::Timing, 12.0)
}
fn coolant(value: f64) -> Resting {
    Resting {
        readings: 301,
        rpm: [800.0; 2],
        load: [20.0; 2],
        speed: [0.0; 2],
        ..resting(Channel::Coolant, value)
    }
}
fn rpm() -> Resting {
    Resting {
        rpm: [2_000.0; 2],
        speed: [30.0, 60.0],
        ..resting(Channel::Rpm, 2_000.0)
    }
}
fn load() -> Resting {
    Resting {
        load: [40.0; 2],
        ..resting(Channel::Load, 40.0)
    }
}
fn speed() -> Resting {
    Resting {
        readings: 121,
        rpm: [1_000.0, 2_500.0],
        speed: [40.0; 2],
        ..resting(Channel::Speed, 40.0)
    }
}
fn throttle() -> Resting {
    resting(Channel::Throttle, 69.0)
}

#[rstest]
#[case::timing(timing(), true)]
#[case::timing_for_less_than_a_minute(Resting { readings: 60, ..timing() }, false)]
#[case::timing_at_a_steady_speed(Resting { rpm: [1_000.0, 1_799.0], ..timing() }, false)]
#[case::timing_at_a_steady_load(Resting { load: [46.0, 60.0], ..timing() }, false)]
#[case::a_channel_that_may_rest(resting(Channel::FuelLevel, 50.0), false)]
#[case::trim(resting(Channel::ShortTrim, 3.0), true)]
#[case::trim_at_rest(resting(Channel::ShortTrim, 0.0), false)]
#[case::trim_at_a_steady_load(Resting { load: [46.0, 60.0], ..resting(Channel::ShortTrim, 3.0) }, false)]
#[case::coolant(coolant(64.0), true)]
#[case::warm_coolant(coolant(65.0), false)]
#[case::the_coldest_coolant(coolant(-39.0), true)]
#[case::an_open_circuit(coolant(-39.25), false)]
#[case::coolant_for_less_than_5_minutes(Resting { readings: 300, ..coolant(20.0) }, false)]
#[case::rpm(rpm(), true)]
#[case::rpm_at_a_steady_speed(Resting { speed: [31.0, 60.0], ..rpm() }, false)]
#[case::rpm_at_a_steady_load(Resting { load: [46.0, 60.0], ..rpm() }, false)]
#[case::load(load(), true)]
#[case::load_at_a_steady_engine_speed(Resting { rpm: [1_000.0, 1_799.0], ..load() }, false)]
#[case::load_at_a_steady_speed(Resting { speed: [31.0, 50.0], ..load() }, false)]
#[case::speed(speed(), true)]
#[case::speed_at_a_steady_engine_speed(Resting { rpm: [1_000.0, 2_499.0], ..speed() }, false)]
#[case::speed_at_little_load(Resting { load: [40.0, 59.0], ..speed() }, false)]
#[case::speed_for_less_than_2_minutes(Resting { readings: 120, ..speed() }, false)]
#[case::throttle(throttle(), true)]
#[case::an_open_throttle(resting(Channel::Throttle, 70.0), false)]
#[case::throttle_at_a_steady_engine_speed(Resting { rpm: [1_000.0, 1_799.0], ..throttle() }, false)]
#[case::throttle_at_little_load(Resting { load: [40.0, 59.0], ..throttle() }, false)]
#[case::throttle_at_a_steady_speed(Resting { speed: [31.0, 50.0], ..throttle() }, false)]
fn a_value_that_rests_while_the_engine_changes_is_stuck(
    #[case] resting: Resting,
    #[case] is_stuck: bool,
) {
    let expected: &[DoubtKind] = if is_stuck { &[DoubtKind::Stuck] } else { &[] };
    assert_eq!(kinds(&watch(&resting)), expected);
}

#[test]
fn a_stuck_value_is_shown_with_its_longest_rest() {
    let mut sensor = watch(&Resting {
        readings: 91,
        ..timing()
    });
    sensor.reading(1_091_000, 13.0);
    sensor.reading(1_092_000, 12.0);
    let doubt = sensor.stuck_doubt().expect("stuck");
    let text = "Ignition timing rests at 12.0° for 90 s while the engine's state changes.";
    assert_eq!(doubt.explanation, text);
    let span = doubt.span.map(|span| (span.from_seconds, span.to_seconds));
    assert_eq!(span, Some((1_000.0, 1_090.0)));
    assert_eq!(doubt.channel.as_deref(), Some("TIMING_ADVANCE"));
}

#[test]
fn of_two_rests_of_equal_length_the_first_is_shown() {
    let mut sensor = SensorWatch::new(Channel::Timing);
    for (from_ms, value) in [(0, 12.0), (200_000, 13.0)] {
        for index in 0..91_u32 {
            sensor.reading(from_ms + i64::from(index) * 1_000, value);
            let at = f64::from(index % 2);
            let values = [
                (Channel::Rpm, 1_000.0 + 800.0 * at),
                (Channel::Load, 45.0 + 15.0 * at),
            ];
            second(&mut sensor, 11, &values);
        }
    }
    let span = sensor.stuck_doubt().and_then(|doubt| doubt.span);
    let span = span.map(|span| (span.from_seconds, span.to_seconds));
    assert_eq!(span, Some((0.0, 90.0)));
}

#[test]
fn few_readings_and_the_first_seconds_after_a_start_are_no_rest() {
    let rests = |readings: i64, first_second: u32| {
        let mut sensor = SensorWatch::new(Channel::Timing);
        for index in 0..readings {
            sensor.reading(index * 4_000, 12.0);
            for (at, (rpm, load)) in (0..).zip([(1_000.0, 20.0), (2_000.0, 60.0)].repeat(2)) {
                let values = [(Channel::Rpm, rpm), (Channel::Load, load)];
                let passed = u32::try_from(index * 4).expect("small") + at;
                second(&mut sensor, first_second + passed, &values);
            }
        }
        !kinds(&sensor).is_empty()
    };
    assert!(rests(30, 0) && !rests(29, 0));
    // After 29 more readings 116 seconds have passed, of which those up to the tenth do not count.
    let counted = |seconds: u32| {
        let mut sensor = SensorWatch::new(Channel::Timing);
        for index in 0..120 {
            sensor.reading(i64::from(index) * 1_000, 12.0);
            let values = [
                (Channel::Rpm, 1_000.0 * f64::from(1 + index % 2)),
                (Channel::Load, 40.0 * f64::from(1 + index % 2)),
            ];
            let since_start = if index < 119 - seconds { 10 } else { 11 };
            second(&mut sensor, since_start, &values);
        }
        !kinds(&sensor).is_empty()
    };
    assert!(counted(60) && !counted(59));
}

#[rstest]
#[case::clipped(150.0, 6, 1_300.0, true)]
#[case::little_air(149.0, 6, 1_300.0, false)]
#[case::four_readings(150.0, 4, 1_300.0, false)]
#[case::five_readings(150.0, 5, 1_300.0, true)]
#[case::a_steady_engine(150.0, 6, 1_299.0, false)]
fn an_air_mass_of_150_that_stays_flat_over_300_rpm_in_5_readings_is_clipped(
    #[case] value: f64,
    #[case] readings: u32,
    #[case] rpm: f64,
    #[case] is_clipped: bool,
) {
    let sensor = watch(&Resting {
        readings,
        rpm: [1_000.0, rpm],
        ..resting(Channel::Maf, value)
    });
    let doubt = sensor.clipped_doubt();
    assert_eq!(doubt.is_some(), is_clipped);
    if let Some(doubt) = doubt {
        let text = "Air mass stays flat at 150.0 g/s while the engine speed changes";
        assert!(doubt.explanation.starts_with(text));
    }
}

#[rstest]
#[case::coolant(Channel::Coolant, 1, 10.5, true)]
#[case::coolant_by_less(Channel::Coolant, 1, 10.0, false)]
#[case::coolant_falls(Channel::Coolant, 1, -10.5, true)]
#[case::coolant_within_20_seconds(Channel::Coolant, 21, 20.5, true)]
#[case::coolant_by_less_within_20_seconds(Channel::Coolant, 21, 20.0, false)]
#[case::coolant_after_a_minute(Channel::Coolant, 60, 40.0, true)]
#[case::coolant_after_more(Channel::Coolant, 61, 90.0, false)]
#[case::intake(Channel::IntakeAir, 5, 25.5, true)]
#[case::intake_by_less(Channel::IntakeAir, 5, 25.0, false)]
#[case::intake_after_more(Channel::IntakeAir, 6, 90.0, false)]
#[case::speed(Channel::Speed, 1, 76.0, true)]
#[case::speed_by_less(Channel::Speed, 1, 75.0, false)]
#[case::speed_after_10_seconds(Channel::Speed, 10, 481.0, true)]
#[case::speed_by_less_after_10_seconds(Channel::Speed, 10, 480.0, false)]
#[case::speed_after_more(Channel::Speed, 11, 900.0, false)]
#[case::a_quick_channel(Channel::Rpm, 1, 9_000.0, false)]
fn a_jump_is_more_than_a_quantity_can_change_between_two_readings(
    #[case] channel: Channel,
    #[case] seconds: i64,
    #[case] change: f64,
    #[case] jumps: bool,
) {
    let sensor = SensorWatch::new(channel);
    assert_eq!(sensor.is_jump(seconds * 1_000, change), jumps);
}

fn jumped(channel: Channel, values: &[f64]) -> Option<Doubt> {
    let mut sensor = SensorWatch::new(channel);
    for (at_ms, value) in (100_000..).step_by(1_000).zip(values) {
        sensor.reading(at_ms, *value);
    }
    sensor.jump_doubt()
}

#[test]
fn coolant_may_not_jump_once_and_other_channels_not_twice() {
    let doubt = jumped(Channel::Coolant, &[85.0, 85.0, 99.0]).expect("jumps");
    assert_eq!(
        doubt.explanation,
        "Coolant temperature jumps from 85 °C to 99 °C: no sensor can follow that."
    );
    let at = doubt.span.map(|span| (span.from_seconds, span.to_seconds));
    assert_eq!(at, Some((102.0, 102.0)));
    assert!(jumped(Channel::IntakeAir, &[20.0, 50.0]).is_none());
    let doubt = jumped(Channel::IntakeAir, &[20.0, 50.0, 10.0]).expect("jumps");
    let text = "jumps from 20 °C to 50 °C, 2 times in all: no sensor";
    assert!(doubt.explanation.contains(text));

    let mut sensor = SensorWatch::new(Channel::Coolant);
    sensor.reading(0, 85.0);
    sensor.stepped();
    sensor.reading(1_000, 20.0);
    assert!(sensor.jump_doubt().is_none());
}
