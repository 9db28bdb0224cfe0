//! The drive at the resolution of a plot: buckets of equal width, merged two by two when there are too many.

use super::channels::{CHANNELS, Channel};
use super::model::{EngineState, StateSpan, Trace, TracePoint, Traces};

/// Collects readings and states.
#[derive(Debug)]
pub(crate) struct TraceBuilder {
    /// Width of a bucket in seconds, a power of two.
    width: u64,
    channels: Vec<Vec<Bucket>>,
    /// Seconds of each state by bucket.
    states: Vec<[u32; EngineState::ALL.len()]>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    min: f64,
    max: f64,
}

impl Bucket {
    const EMPTY: Self = Self {
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
    };

    fn with(self, other: Self) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }
}

impl TraceBuilder {
    pub(crate) fn new() -> Self {
        Self {
            width: 1,
            channels: vec![Vec::new(); CHANNELS],
            states: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, channel: Channel, second: u64, value: f64) {
        let bucket = self.bucket(second);
        let buckets = &mut self.channels[channel.index()];
        if buckets.len() <= bucket {
            buckets.resize(bucket + 1, Bucket::EMPTY);
        }
        buckets[bucket] = buckets[bucket].with(Bucket {
            min: value,
            max: value,
        });
    }

    pub(crate) fn push_state(&mut self, second: u64, state: EngineState) {
        let bucket = self.bucket(second);
        if self.states.len() <= bucket {
            self.states.resize(bucket + 1, Default::default());
        }
        self.states[bucket][state as usize] += 1;
    }

    /// The bucket of a second, after as much merging as it needs.
    fn bucket(&mut self, second: u64) -> usize {
        while second / self.width >= Traces::MAX_BUCKETS as u64 {
            self.width *= 2;
            for buckets in &mut self.channels {
                *buckets = buckets
                    .chunks(2)
                    .map(|pair| {
                        pair.iter()
                            .fold(Bucket::EMPTY, |sum, bucket| sum.with(*bucket))
                    })
                    .collect();
            }
            self.states = self
                .states
                .chunks(2)
                .map(|pair| {
                    let mut sum = pair[0];
                    for (sum, more) in sum.iter_mut().zip(pair.get(1).into_iter().flatten()) {
                        *sum += more;
                    }
                    sum
                })
                .collect();
        }
        // Below MAX_BUCKETS by the loop above.
        usize::try_from(second / self.width).unwrap_or(Traces::MAX_BUCKETS - 1)
    }

    /// The finished traces; `interval_seconds` is the median interval of a channel.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn finish(self, interval_seconds: impl Fn(Channel) -> f64) -> Traces {
        let width = self.width as f64;
        let mut channels: Vec<Trace> = Channel::all()
            .zip(&self.channels)
            .filter(|(_, buckets)| !buckets.is_empty())
            .map(|(channel, buckets)| Trace {
                channel: channel.name().to_owned(),
                label: channel.label().to_owned(),
                unit: channel.unit().to_owned(),
                interval_seconds: interval_seconds(channel),
                points: buckets
                    .iter()
                    .enumerate()
                    .filter(|(_, bucket)| bucket.min <= bucket.max)
                    .map(|(index, bucket)| TracePoint {
                        at_seconds: index as f64 * width,
                        min: bucket.min,
                        max: bucket.max,
                    })
                    .collect(),
            })
            .collect();
        channels.sort_by(|left, right| left.channel.cmp(&right.channel));
        Traces {
            bucket_seconds: width,
            channels,
            states: state_spans(&self.states, width),
        }
    }
}

#[allow(clippy::cast_precision_loss)]
fn state_spans(buckets: &[[u32; EngineState::ALL.len()]], width: f64) -> Vec<StateSpan> {
    let mut spans: Vec<StateSpan> = Vec::new();
    for (index, seconds) in buckets.iter().enumerate() {
        let most = EngineState::ALL
            .into_iter()
            .zip(seconds)
            .filter(|(_, seconds)| **seconds > 0)
            .max_by_key(|(_, seconds)| **seconds);
        let Some((state, _)) = most else { continue };
        let from_seconds = index as f64 * width;
        match spans.last_mut() {
            Some(last) if last.state == state && (last.to_seconds - from_seconds).abs() < 1e-6 => {
                last.to_seconds += width;
            }
            _ => spans.push(StateSpan {
                state,
                from_seconds,
                to_seconds: from_seconds + width,
            }),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_drive_keeps_its_extremes_in_a_bounded_number_of_buckets() {
        let mut builder = TraceBuilder::new();
        for second in 0..10_000 {
            builder.push(
                Channel::Rpm,
                second,
                if second == 7_777 { 7_200.0 } else { 800.0 },
            );
            builder.push_state(
                second,
                if second < 5_000 {
                    EngineState::Cold
                } else {
                    EngineState::Cruise
                },
            );
        }
        let traces = builder.finish(|_| 1.0);
        assert!((traces.bucket_seconds - 32.0).abs() < 1e-9);
        let trace = traces.channel("RPM").expect("pushed");
        assert!(trace.points.len() <= Traces::MAX_BUCKETS);
        let peak = trace
            .points
            .iter()
            .find(|point| point.max > 7_000.0)
            .expect("kept");
        assert!((7_744.0..=7_777.0).contains(&peak.at_seconds));
        assert_eq!(traces.states.len(), 2);
        assert_eq!(traces.states[0].state, EngineState::Cold);
    }

    #[test]
    fn a_gap_has_no_points() {
        let mut builder = TraceBuilder::new();
        builder.push(Channel::Rpm, 0, 800.0);
        builder.push(Channel::Rpm, 100, 900.0);
        let traces = builder.finish(|_| 1.0);
        assert_eq!(
            traces.channel("RPM").map(|trace| trace.points.len()),
            Some(2)
        );
    }

    #[test]
    fn seconds_of_one_state_are_one_span_and_a_gap_has_no_state() {
        let mut builder = TraceBuilder::new();
        for (second, state) in [
            (0, EngineState::Idle),
            (1, EngineState::Idle),
            (2, EngineState::Other),
            (5, EngineState::Other),
        ] {
            builder.push_state(second, state);
        }
        let span = |state, from_seconds, to_seconds| StateSpan {
            state,
            from_seconds,
            to_seconds,
        };
        assert_eq!(
            builder.finish(|_| 1.0).states,
            [
                span(EngineState::Idle, 0.0, 2.0),
                span(EngineState::Other, 2.0, 3.0),
                span(EngineState::Other, 5.0, 6.0)
            ]
        );
    }

    #[test]
    fn a_bucket_has_the_state_of_most_of_its_seconds() {
        let mut builder = TraceBuilder::new();
        // 1,200 seconds and more are buckets of four seconds.
        for second in 0..1_204 {
            let idles = second >= 1_197 || second % 4 == 3;
            let state = if idles {
                EngineState::Idle
            } else {
                EngineState::Other
            };
            builder.push_state(second, state);
        }
        let traces = builder.finish(|_| 1.0);
        assert!((traces.bucket_seconds - 4.0).abs() < 1e-9);
        assert_eq!(
            traces.states,
            [
                StateSpan {
                    state: EngineState::Other,
                    from_seconds: 0.0,
                    to_seconds: 1_196.0
                },
                StateSpan {
                    state: EngineState::Idle,
                    from_seconds: 1_196.0,
                    to_seconds: 1_204.0
                }
            ]
        );
    }
}
