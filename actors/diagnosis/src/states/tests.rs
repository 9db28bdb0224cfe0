use super::*;

mod limits;

/// Classifies `seconds` equal seconds and returns the last state.
fn after(classifier: &mut Classifier, seconds: u32, values: &[(Channel, f64)]) -> Class {
    let mut merged = [f64::NAN; CHANNELS];
    for (channel, value) in values {
        merged[channel.index()] = *value;
        for _ in 0..5 {
            classifier.learn(*channel, *value, true);
        }
    }
    let mut class = classifier.classify(&merged);
    for _ in 1..seconds {
        class = classifier.classify(&merged);
    }
    class
}

const WARM: (Channel, f64) = (Channel::Coolant, 88.0);

fn warm(values: &[(Channel, f64)]) -> Class {
    let mut classifier = Classifier::new();
    after(
        &mut classifier,
        20,
        &[
            WARM,
            (Channel::Rpm, 800.0),
            (Channel::Speed, 0.0),
            (Channel::Throttle, 10.0),
        ],
    );
    let values: Vec<_> = values.iter().copied().chain([WARM]).collect();
    after(&mut classifier, 20, &values)
}

#[test]
fn a_second_has_the_state_of_its_values() {
    use Channel::{Load, Rpm, Speed, Throttle};
    for (values, state) in [
        (vec![(Rpm, 0.0)], EngineState::Off),
        (
            vec![(Rpm, 800.0), (Speed, 0.0), (Throttle, 10.0)],
            EngineState::Idle,
        ),
        (
            vec![
                (Rpm, 2_400.0),
                (Speed, 90.0),
                (Throttle, 20.0),
                (Load, 40.0),
            ],
            EngineState::Cruise,
        ),
        (
            vec![
                (Rpm, 3_000.0),
                (Speed, 90.0),
                (Throttle, 50.0),
                (Load, 75.0),
            ],
            EngineState::HighLoad,
        ),
        (
            vec![
                (Rpm, 4_000.0),
                (Speed, 90.0),
                (Throttle, 85.0),
                (Load, 75.0),
            ],
            EngineState::WideOpen,
        ),
        (
            vec![
                (Rpm, 2_000.0),
                (Speed, 60.0),
                (Throttle, 10.5),
                (Load, 15.0),
            ],
            EngineState::Overrun,
        ),
        (
            vec![
                (Rpm, 1_500.0),
                (Speed, 20.0),
                (Throttle, 15.0),
                (Load, 30.0),
            ],
            EngineState::Other,
        ),
        (vec![(Speed, 20.0)], EngineState::Unknown),
    ] {
        assert_eq!(warm(&values).state, state, "{values:?}");
    }
}

#[test]
fn a_cold_engine_is_cold_whatever_it_does() {
    let class = after(
        &mut Classifier::new(),
        20,
        &[
            (Channel::Rpm, 3_000.0),
            (Channel::Coolant, 40.0),
            (Channel::Load, 95.0),
        ],
    );
    assert_eq!(class.state, EngineState::Cold);
    assert!(!class.warm);
}

#[test]
fn without_a_fuel_status_a_trim_that_moves_means_closed_loop() {
    let mut classifier = Classifier::new();
    let rpm = (Channel::Rpm, 800.0);
    let resting = after(&mut classifier, 60, &[rpm, (Channel::ShortTrim, 0.0)]);
    assert_eq!(resting.closed_loop, Some(false));
    after(&mut classifier, 1, &[rpm, (Channel::ShortTrim, 1.6)]);
    let moving = after(&mut classifier, 1, &[rpm, (Channel::ShortTrim, 0.8)]);
    assert_eq!(moving.closed_loop, Some(true));
}

#[test]
fn a_fuel_status_is_believed_before_the_trim() {
    let class = after(
        &mut Classifier::new(),
        5,
        &[
            (Channel::Rpm, 800.0),
            (Channel::FuelStatus, 1.0),
            (Channel::ShortTrim, 3.0),
        ],
    );
    assert_eq!(class.closed_loop, Some(false));
}

#[test]
fn the_time_since_the_start_begins_again_with_each_start() {
    let mut classifier = Classifier::new();
    assert_eq!(
        after(&mut classifier, 30, &[(Channel::Rpm, 800.0)]).since_start,
        30
    );
    assert_eq!(
        after(&mut classifier, 5, &[(Channel::Rpm, 0.0)]).since_start,
        0
    );
    assert_eq!(
        after(&mut classifier, 7, &[(Channel::Rpm, 800.0)]).since_start,
        7
    );
}

#[test]
fn missing_readings_stop_neither_the_engine_nor_the_car() {
    let mut classifier = Classifier::new();
    let idle = [(Channel::Rpm, 800.0), (Channel::Speed, 0.0)];
    after(&mut classifier, 30, &idle);
    after(&mut classifier, 20, &[]);
    let class = after(&mut classifier, 7, &idle);
    assert_eq!((class.since_start, class.standing_for), (37, 37));
    let class = after(
        &mut classifier,
        1,
        &[(Channel::Rpm, 800.0), (Channel::Speed, 30.0)],
    );
    assert_eq!(class.standing_for, 0);
}

#[test]
fn an_open_throttle_without_load_is_a_diesel_not_wide_open() {
    let values = |load| {
        [
            (Channel::Rpm, 2_000.0),
            (Channel::Coolant, 88.0),
            (Channel::Speed, 70.0),
            (Channel::Throttle, 83.5),
            (Channel::Load, load),
        ]
    };
    let state = |load| after(&mut Classifier::new(), 20, &values(load)).state;
    assert_eq!(state(30.0), EngineState::Cruise);
    assert_eq!(state(60.0), EngineState::WideOpen);
}
