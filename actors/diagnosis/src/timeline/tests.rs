use super::*;

/// Counts what it sees.
#[derive(Default)]
struct Counter {
    stood: [i64; CHANNELS],
    seconds: u64,
    /// Seconds in which coolant of at least 100 °C stands.
    hot: u64,
    fuel_levels: Vec<f64>,
}

impl Observer for Counter {
    fn reading(&mut self, sample: &Sample) {
        if sample.channel == Channel::FuelLevel {
            self.fuel_levels.push(sample.value);
        }
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

#[test]
fn a_fuel_level_of_0_62_is_62_percent() {
    let counter = drive(&[(Channel::FuelLevel, 10, 0.62)], 60);
    assert!(
        counter
            .fuel_levels
            .iter()
            .all(|level| (level - 62.0).abs() < 1e-9)
    );
}
