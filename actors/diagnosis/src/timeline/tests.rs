use super::*;

/// Counts what it sees.
#[derive(Default)]
struct Counter {
    stood: [i64; CHANNELS],
    seconds: u64,
    /// Seconds in which coolant of at least 100 °C stands.
    hot: u64,
    readings: Vec<(Channel, f64)>,
}

impl Observer for Counter {
    fn reading(&mut self, sample: &Sample) {
        self.readings.push((sample.channel, sample.value));
    }

    fn stepped(&mut self) {}

    fn stood(&mut self, channel: Channel, ms: i64) {
        self.stood[channel.index()] += ms;
    }

    fn second(&mut self, second: &Second<'_>) {
        self.seconds += 1;
        self.hot += u64::from(
            second
                .get(Channel::Coolant)
                .is_some_and(|coolant| coolant >= 100.0),
        );
    }
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
        let sample = Sample {
            channel,
            at_ms,
            value,
        };
        timeline.push(sample, &mut counter);
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
        let sample = Sample {
            channel,
            at_ms,
            value: 90.0,
        };
        timeline.push(sample, &mut counter);
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
