//! Where one state ends and the next begins.

use super::*;

/// No reading of this channel.
const NONE: f64 = f64::NAN;

#[test]
fn a_warm_engine_changes_its_state_at_the_documented_limits() {
    use Channel::{Load, Rpm, Speed, Throttle};
    use EngineState::{Cruise, HighLoad, Idle, Off, Other, Overrun, WideOpen};
    // The throttle of this car is closed at 10 %, and up to 13.5 % counts as closed.
    for (rpm, speed, throttle, load, state) in [
        (399.0, NONE, NONE, NONE, Off),
        (400.0, NONE, NONE, NONE, Other),
        (499.0, 0.0, 10.0, NONE, Other),
        (500.0, 0.0, 10.0, NONE, Idle),
        (1_100.0, 0.0, 10.0, NONE, Idle),
        (1_101.0, 0.0, 10.0, NONE, Other),
        (800.0, 2.0, 10.0, NONE, Idle),
        (800.0, 3.0, 10.0, NONE, Other),
        (800.0, 0.0, 13.5, NONE, Idle),
        (800.0, 0.0, 14.0, NONE, Other),
        // Without a throttle a car that stands idles, without a speed one with a closed throttle, without both none.
        (800.0, 0.0, NONE, NONE, Idle),
        (800.0, NONE, 10.0, NONE, Idle),
        (800.0, NONE, 14.0, NONE, Other),
        (800.0, NONE, NONE, NONE, Other),
        // Rolling with the throttle closed.
        (1_000.0, 30.0, 10.0, NONE, Other),
        (1_200.0, 30.0, 10.0, NONE, Other),
        (1_201.0, 30.0, 10.0, NONE, Overrun),
        (1_500.0, 20.0, 10.0, NONE, Other),
        (1_500.0, 21.0, 10.0, NONE, Overrun),
        (1_500.0, 21.0, 13.5, NONE, Overrun),
        (1_500.0, 21.0, 14.0, NONE, Other),
        (2_000.0, 39.0, 20.0, 40.0, Other),
        (2_000.0, 40.0, 20.0, 40.0, Cruise),
        (2_000.0, 40.0, 20.0, NONE, Cruise),
        (2_000.0, 40.0, 20.0, 19.0, Other),
        (2_000.0, 40.0, 20.0, 20.0, Cruise),
        (2_000.0, 40.0, 20.0, 60.0, Cruise),
        (2_000.0, 40.0, 20.0, 61.0, Other),
        (3_000.0, 90.0, 50.0, 69.0, Other),
        (3_000.0, 90.0, 50.0, 70.0, HighLoad),
        (3_000.0, 90.0, 50.0, 89.0, HighLoad),
        (3_000.0, 90.0, 50.0, 90.0, WideOpen),
        (999.0, 90.0, 50.0, 90.0, Other),
        (1_000.0, 90.0, 50.0, 90.0, WideOpen),
        (3_000.0, 90.0, 79.0, NONE, Cruise),
        (3_000.0, 90.0, 80.0, NONE, WideOpen),
        (3_000.0, 90.0, 80.0, 49.0, Cruise),
        (3_000.0, 90.0, 80.0, 50.0, WideOpen),
    ] {
        let values: Vec<_> = [
            (Rpm, rpm),
            (Speed, speed),
            (Throttle, throttle),
            (Load, load),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_nan())
        .collect();
        assert_eq!(warm(&values).state, state, "{values:?}");
    }
}

#[test]
fn an_engine_is_warm_from_70_degrees_on() {
    let class = |coolant| {
        after(
            &mut Classifier::new(),
            20,
            &[
                (Channel::Rpm, 800.0),
                (Channel::Speed, 0.0),
                (Channel::Coolant, coolant),
            ],
        )
    };
    assert_eq!(
        (class(69.0).state, class(69.0).warm),
        (EngineState::Cold, false)
    );
    assert_eq!(
        (class(70.0).state, class(70.0).warm),
        (EngineState::Idle, true)
    );
}

#[test]
fn without_coolant_an_engine_is_warm_after_more_than_ten_minutes() {
    let idle = [(Channel::Rpm, 800.0), (Channel::Speed, 0.0)];
    for (seconds, state, is_warm) in [
        (1, EngineState::Unknown, false),
        (600, EngineState::Unknown, false),
        (601, EngineState::Idle, true),
        (602, EngineState::Idle, true),
    ] {
        let class = after(&mut Classifier::new(), seconds, &idle);
        assert_eq!((class.state, class.warm), (state, is_warm), "{seconds} s");
    }
}

#[test]
fn the_load_of_the_first_five_seconds_means_nothing() {
    let state = |seconds| {
        let values = [WARM, (Channel::Rpm, 3_000.0), (Channel::Load, 95.0)];
        after(&mut Classifier::new(), seconds, &values).state
    };
    assert_eq!(state(5), EngineState::Other);
    assert_eq!(state(6), EngineState::WideOpen);
}

#[test]
fn a_car_cruises_once_ten_seconds_lie_within_ten_kmh() {
    let mut classifier = Classifier::new();
    let mut drive = |seconds, kmh| {
        let values = [WARM, (Channel::Rpm, 2_000.0), (Channel::Speed, kmh)];
        after(&mut classifier, seconds, &values).state
    };
    assert_eq!(drive(9, 60.0), EngineState::Other);
    assert_eq!(drive(1, 60.0), EngineState::Cruise);
    assert_eq!(drive(1, 70.0), EngineState::Cruise);
    assert_eq!(drive(1, 71.0), EngineState::Other);
    // The last second at 60 km/h is the tenth to last.
    assert_eq!(drive(7, 71.0), EngineState::Other);
    assert_eq!(drive(1, 71.0), EngineState::Cruise);
}

#[test]
fn the_time_standing_ends_with_the_engine() {
    let mut classifier = Classifier::new();
    let mut stand = |seconds, rpm| {
        let values = [(Channel::Rpm, rpm), (Channel::Speed, 0.0)];
        after(&mut classifier, seconds, &values).standing_for
    };
    assert_eq!(stand(30, 800.0), 30);
    assert_eq!(stand(1, 0.0), 0);
    assert_eq!(stand(7, 800.0), 7);
}

#[test]
fn a_trim_that_rests_for_30_seconds_is_no_sign_of_closed_loop() {
    for (trim, rested) in [(3.0, None), (-3.0, None), (0.0, Some(false))] {
        let mut classifier = Classifier::new();
        let mut closed_loop = |seconds, trim| {
            let values = [(Channel::Rpm, 800.0), (Channel::ShortTrim, trim)];
            after(&mut classifier, seconds, &values).closed_loop
        };
        closed_loop(1, 1.6);
        // It moved in the first of these seconds and has rested for 29 in the last.
        assert_eq!(closed_loop(30, trim), Some(true), "{trim}");
        assert_eq!(closed_loop(1, trim), rested, "{trim}");
        // The same distance on the other side of zero is a move as well.
        assert_eq!(closed_loop(1, -trim - 1.0), Some(true), "{trim}");
        assert_eq!(closed_loop(1, trim + 1.0), Some(true), "{trim}");
    }
}

#[test]
fn a_trim_shows_no_closed_loop_of_an_engine_that_is_off() {
    let mut classifier = Classifier::new();
    let mut closed_loop = |trim| {
        let values = [(Channel::Rpm, 0.0), (Channel::ShortTrim, trim)];
        after(&mut classifier, 1, &values).closed_loop
    };
    closed_loop(1.6);
    assert_eq!(closed_loop(0.8), None);
    assert_eq!(closed_loop(0.0), Some(false));
}

#[test]
fn a_throttle_that_never_came_below_35_percent_was_not_seen_closed() {
    let closed = |throttle| {
        let values = [(Channel::Rpm, 2_000.0), (Channel::Throttle, throttle)];
        after(&mut Classifier::new(), 1, &values).throttle_closed
    };
    assert_eq!(closed(34.5), Some(true));
    assert_eq!(closed(35.0), None);
}

#[test]
fn a_relative_throttle_below_one_and_a_half_percent_is_closed() {
    for (relative, closed) in [(0.0, true), (1.0, true), (2.0, false), (40.0, false)] {
        let values = [(Channel::Rpm, 800.0), (Channel::RelativeThrottle, relative)];
        let class = after(&mut Classifier::new(), 1, &values);
        assert_eq!(class.throttle_closed, Some(closed), "{relative} %");
    }
}

#[test]
fn the_throttle_is_closed_at_its_lowest_step_with_more_than_stray_readings() {
    // Readings of 0 % and of 10 %; the first 3.5 % above the closed throttle are closed as well.
    for (strays, others, closed_at) in [
        (2, 3, 10.0),
        (3, 3, 0.0),
        // From 400 readings on a hundredth of them may be stray.
        (5, 635, 10.0),
        (6, 634, 0.0),
    ] {
        let mut throttle = ClosedThrottle::new();
        for _ in 0..strays {
            throttle.learn(0.0);
        }
        for _ in 0..others {
            throttle.learn(10.0);
        }
        let closed = [closed_at, closed_at + 3.5, closed_at + 4.0];
        assert_eq!(
            closed.map(|value| throttle.is_closed(value)),
            [Some(true), Some(true), Some(false)],
            "{strays} of {others}"
        );
    }
}

#[test]
fn two_readings_are_not_enough_to_know_a_closed_throttle() {
    let mut throttle = ClosedThrottle::new();
    throttle.learn(10.0);
    throttle.learn(10.0);
    assert_eq!(throttle.is_closed(10.0), None);
    throttle.learn(10.0);
    assert_eq!(throttle.is_closed(10.0), Some(true));
}

#[test]
fn a_throttle_is_learnt_only_while_the_engine_runs() {
    let mut classifier = Classifier::new();
    for _ in 0..5 {
        classifier.learn(Channel::Throttle, 0.0, false);
    }
    let values = [(Channel::Rpm, 800.0), (Channel::Throttle, 10.0)];
    assert_eq!(
        after(&mut classifier, 1, &values).throttle_closed,
        Some(true)
    );
}

#[test]
fn after_a_pause_the_engine_has_just_started() {
    let mut classifier = Classifier::new();
    let stand = [(Channel::Rpm, 800.0), (Channel::Speed, 0.0)];
    let cruise = [WARM, (Channel::Rpm, 2_000.0), (Channel::Speed, 60.0)];
    after(&mut classifier, 20, &stand);
    classifier.pause();
    let class = after(&mut classifier, 1, &stand);
    assert_eq!((class.since_start, class.standing_for), (1, 1));
    assert_eq!(
        after(&mut classifier, 20, &cruise).state,
        EngineState::Cruise
    );
    classifier.pause();
    assert_eq!(after(&mut classifier, 9, &cruise).state, EngineState::Other);
    assert_eq!(
        after(&mut classifier, 1, &cruise).state,
        EngineState::Cruise
    );
}

#[test]
fn a_fuel_status_says_closed_loop_while_the_engine_runs() {
    // 2 and 16 are closed loop, 16 with a fault.
    for (rpm, status, closed_loop) in [
        (800.0, 1.0, Some(false)),
        (800.0, 2.0, Some(true)),
        (800.0, 4.0, Some(false)),
        (800.0, 8.0, Some(false)),
        (800.0, 16.0, Some(true)),
        (0.0, 2.0, Some(false)),
    ] {
        let mut classifier = Classifier::new();
        let values = [(Channel::Rpm, rpm), (Channel::FuelStatus, status)];
        let class = after(&mut classifier, 1, &values);
        assert_eq!(class.closed_loop, closed_loop, "{status}");
        // The trim is not asked in a second without a fuel status.
        let trim = [(Channel::Rpm, 800.0), (Channel::ShortTrim, 0.0)];
        assert_eq!(after(&mut classifier, 1, &trim).closed_loop, None);
    }
    let class = after(&mut Classifier::new(), 1, &[(Channel::Rpm, 800.0)]);
    assert_eq!(class.closed_loop, None);
}
