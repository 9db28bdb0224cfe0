use super::*;

/// Counts what it sees.
#[derive(Default)]
struct Counter {
    stood: [i64; CHANNELS],
    seconds: u64,
    /// Seconds in which coolant of at least 100 °C stands.
    hot: u64,
    readings: Vec<(Channel, f64)>,
    /// How many readings came before each step of the clock.
    steps: Vec<usize>,
    since_start: u32,
    throttle_closed: Option<bool>,
}

impl Observer for Counter {
    fn reading(&mut self, sample: &Sample) {
        self.readings.push((sample.channel, sample.value));
    }

    fn stepped(&mut self) {
        self.steps.push(self.readings.len());
    }

    fn stood(&mut self, channel: Channel, ms: i64) {
        self.stood[channel.index()] += ms;
    }

    fn second(&mut self, second: &Second<'_>) {
        self.seconds += 1;
        self.since_start = second.since_start;
        self.throttle_closed = second.throttle_closed;
        self.hot += u64::from(
            second
                .get(Channel::Coolant)
                .is_some_and(|coolant| coolant >= 100.0),
        );
    }
}

fn push(
    timeline: &mut Timeline,
    counter: &mut Counter,
    (channel, at_ms, value): (Channel, i64, f64),
) {
    let sample = Sample {
        channel,
        at_ms,
        value,
    };
    timeline.push(sample, counter);
}

/// Readings of channels as (channel, interval in seconds, value), for this time in seconds.
fn drive(channels: &[(Channel, i64, f64)], seconds: i64) -> Counter {
    let (mut timeline, mut counter) = (Timeline::new(), Counter::default());
    for second in 0..seconds {
        for (channel, every, value) in channels {
            if second % every == 0 {
                let sample = Sample {
                    channel: *channel,
                    at_ms: second * 1_000,
                    value: *value,
                };
                timeline.push(sample, &mut counter);
            }
        }
    }
    timeline.finish(&mut counter);
    counter
}

#[test]
fn a_slow_channel_stands_for_all_of_its_time() {
    let counter = drive(&[(Channel::Coolant, 30, 118.0)], 600);
    assert_eq!(counter.stood[Channel::Coolant.index()], 600_000);
    assert_eq!((counter.hot, counter.seconds), (600, 600));
}

#[test]
fn the_last_reading_stands_for_one_interval() {
    let counter = drive(&[(Channel::Coolant, 10, 100.0)], 11);
    assert_eq!(counter.stood[Channel::Coolant.index()], 20_000);
    assert_eq!(counter.seconds, 20);
}

#[test]
fn five_minutes_of_data_cover_five_minutes() {
    let counter = drive(
        &[(Channel::Rpm, 1, 800.0), (Channel::Coolant, 30, 90.0)],
        300,
    );
    assert_eq!(counter.seconds, 300);
}

#[test]
fn a_gap_is_covered_for_three_intervals_and_no_more() {
    let (mut timeline, mut counter) = (Timeline::new(), Counter::default());
    for at_ms in (0..60).chain(400..460).map(|second| second * 1_000) {
        let sample = Sample {
            channel: Channel::Rpm,
            at_ms,
            value: 800.0,
        };
        timeline.push(sample, &mut counter);
    }
    timeline.finish(&mut counter);
    assert_eq!(counter.seconds, 122);
    assert_eq!(counter.stood[Channel::Rpm.index()], 122_000);
}

/// What the timeline makes of two readings of a channel without a unit, or of one whose unit is known.
fn shown(channel: Channel, is_assumed: bool, values: [f64; 2]) -> Vec<f64> {
    let (mut timeline, mut counter) = (Timeline::new(), Counter::default());
    // Another channel's unit says nothing about this one's.
    timeline.assume_unit(Channel::Rpm);
    if is_assumed {
        timeline.assume_unit(channel);
    }
    for (at_ms, value) in [0, 1_000].into_iter().zip(values) {
        push(&mut timeline, &mut counter, (channel, at_ms, value));
    }
    timeline.finish(&mut counter);
    counter.readings.iter().map(|(_, value)| *value).collect()
}

#[test]
fn percentages_that_never_exceed_one_are_fractions_if_their_unit_is_not_known() {
    use Channel::{Coolant, FuelLevel, Load, Throttle};
    for (channel, is_assumed, values, expected) in [
        (Throttle, true, [0.25, 1.0], [25.0, 100.0]),
        (Load, true, [0.25, 0.5], [25.0, 50.0]),
        (Throttle, true, [0.25, 1.25], [0.25, 1.25]),
        (Throttle, false, [0.25, 0.5], [0.25, 0.5]),
        (Load, false, [0.25, 0.5], [0.25, 0.5]),
        // A tank is not driven on less than one percent.
        (FuelLevel, false, [0.25, 0.5], [25.0, 50.0]),
        (FuelLevel, false, [0.25, 1.25], [0.25, 1.25]),
        (Coolant, true, [0.25, 0.5], [0.25, 0.5]),
    ] {
        assert_eq!(
            shown(channel, is_assumed, values),
            expected,
            "{channel:?} {values:?}"
        );
    }
}

#[test]
fn each_channel_has_its_own_usual_interval() {
    let (mut timeline, mut counter) = (Timeline::new(), Counter::default());
    for (channel, at_ms) in [
        (Channel::Rpm, 0),
        (Channel::Coolant, 0),
        (Channel::Rpm, 500),
        (Channel::Coolant, 4_000),
    ] {
        push(&mut timeline, &mut counter, (channel, at_ms, 90.0));
    }
    timeline.finish(&mut counter);
    for (channel, ms, seconds) in [
        (Channel::Rpm, 500, 0.5),
        (Channel::Coolant, 4_000, 4.0),
        // Never read.
        (Channel::Load, 1_000, 1.0),
    ] {
        assert_eq!(timeline.interval_ms(channel), ms, "{channel:?}");
        assert!((timeline.interval_seconds(channel) - seconds).abs() < 1e-9);
    }
}

#[test]
fn a_channel_stands_from_its_first_reading_on() {
    let (mut timeline, mut counter) = (Timeline::new(), Counter::default());
    for at_ms in [0, 5_000, 10_000] {
        push(&mut timeline, &mut counter, (Channel::Rpm, at_ms, 800.0));
        if at_ms > 0 {
            push(&mut timeline, &mut counter, (Channel::Coolant, at_ms, 90.0));
        }
    }
    timeline.finish(&mut counter);
    for (channel, stood_ms) in [
        (Channel::Rpm, 15_000),
        (Channel::Coolant, 10_000),
        (Channel::Load, 0),
    ] {
        assert_eq!(counter.stood[channel.index()], stood_ms, "{channel:?}");
    }
}

#[test]
fn readings_are_held_back_for_two_minutes_or_until_they_are_many() {
    let (mut timeline, mut counter) = (Timeline::new(), Counter::default());
    push(&mut timeline, &mut counter, (Channel::Rpm, 0, 800.0));
    push(&mut timeline, &mut counter, (Channel::Rpm, 119_999, 800.0));
    assert_eq!(counter.readings.len(), 0);
    push(&mut timeline, &mut counter, (Channel::Rpm, 120_000, 800.0));
    assert_eq!(counter.readings.len(), 3);
    push(&mut timeline, &mut counter, (Channel::Rpm, 120_001, 800.0));
    assert_eq!(counter.readings.len(), 4);

    let (mut timeline, mut counter) = (Timeline::new(), Counter::default());
    for _ in 1..LOOK_AHEAD_READINGS {
        push(&mut timeline, &mut counter, (Channel::Rpm, 0, 800.0));
    }
    assert_eq!(counter.readings.len(), 0);
    push(&mut timeline, &mut counter, (Channel::Rpm, 0, 800.0));
    assert_eq!(counter.readings.len(), LOOK_AHEAD_READINGS);
}

#[test]
fn nothing_stands_across_a_pause_and_everything_across_a_step_of_the_clock() {
    for (is_pause, stood_ms, since_start) in [(true, 6_000, 3), (false, 7_000, 7)] {
        let (mut timeline, mut counter) = (Timeline::new(), Counter::default());
        for at_ms in [0, 1_000, 2_000] {
            push(&mut timeline, &mut counter, (Channel::Rpm, at_ms, 800.0));
        }
        if is_pause {
            timeline.pause(&mut counter);
        } else {
            timeline.step(&mut counter);
        }
        // The next reading comes a second later than usual.
        for at_ms in [4_000, 5_000, 6_000] {
            push(&mut timeline, &mut counter, (Channel::Rpm, at_ms, 800.0));
        }
        timeline.finish(&mut counter);
        assert_eq!(counter.steps, [3]);
        assert_eq!(counter.stood[Channel::Rpm.index()], stood_ms);
        assert_eq!(counter.since_start, since_start);
    }
}

#[test]
fn a_throttle_shows_where_it_is_closed_only_while_the_engine_runs() {
    let (mut timeline, mut counter) = (Timeline::new(), Counter::default());
    for second in 0..20 {
        let (rpm, throttle) = if second < 10 {
            (0.0, 0.0)
        } else {
            (800.0, 10.0)
        };
        push(
            &mut timeline,
            &mut counter,
            (Channel::Rpm, second * 1_000, rpm),
        );
        push(
            &mut timeline,
            &mut counter,
            (Channel::Throttle, second * 1_000, throttle),
        );
    }
    timeline.finish(&mut counter);
    assert_eq!(counter.throttle_closed, Some(true));
}
