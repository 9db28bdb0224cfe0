use rstest::rstest;

use super::*;
use crate::model::{ChannelFigures, StateFigures};

fn channel(channel: Channel, readings: u64, mean: f64) -> ChannelFigures {
    ChannelFigures {
        channel: channel.name().to_owned(),
        unit: channel.unit().to_owned(),
        readings,
        seconds: 0.0,
        min: mean,
        p5: mean,
        median: mean,
        p95: mean,
        max: mean,
        mean,
        spread: 0.0,
    }
}

/// A state: its seconds, the share of closed loop, and readings and mean of both trims.
type State = (EngineState, f64, f64, (u64, f64), (u64, f64));

fn mixture(states: &[State]) -> Mixture {
    let states = states
        .iter()
        .map(|(state, seconds, share, short, long)| StateFigures {
            state: *state,
            seconds: *seconds,
            closed_loop_share: Some(*share),
            fuel_trim_sum: None,
            channels: vec![
                channel(Channel::ShortTrim, short.0, short.1),
                channel(Channel::LongTrim, long.0, long.1),
            ],
        });
    Mixture::of(&Figures {
        states: states.collect(),
        ..Figures::default()
    })
}

/// A trim as sum, seconds and state.
fn shown(trim: Option<Trim>) -> Option<(f64, f64, EngineState)> {
    trim.map(|trim| (trim.sum, trim.seconds, trim.state))
}

use EngineState::{Cruise, HighLoad, Idle, Other, WideOpen};

#[rstest]
#[case::idle(Idle, 30.0)]
#[case::cruise(Cruise, 60.0)]
#[case::driving(Other, 120.0)]
#[case::load(HighLoad, 15.0)]
fn a_trim_needs_its_seconds_of_closed_loop_15_short_and_2_long_readings(
    #[case] state: EngineState,
    #[case] needed: f64,
) {
    let of = |seconds: f64, share: f64, short: u64, long: u64| {
        let mixture = mixture(&[(state, seconds, share, (short, 3.0), (long, 1.0))]);
        let trim = match state {
            Idle => mixture.idle,
            HighLoad => mixture.load,
            _ => mixture.driving,
        };
        shown(trim)
    };
    let expected = Some((4.0, needed, state));
    assert_eq!(of(needed, 1.0, 15, 2), expected);
    assert_eq!(of(2.0 * needed, 0.5, 15, 2), expected);
    assert_eq!(of(needed - 1.0, 1.0, 15, 2), None);
    assert_eq!(of(2.0 * needed, 0.49, 15, 2), None);
    assert_eq!(of(needed, 1.0, 14, 2), None);
    assert_eq!(of(needed, 1.0, 15, 1), None);
}

#[test]
fn without_a_minute_of_cruise_all_driving_counts_each_reading_alike() {
    let few = (Cruise, 59.0, 1.0, (10, 12.0), (1, 4.0));
    let other = (Other, 50.0, 1.0, (20, 3.0), (3, 0.0));
    let load = (HighLoad, 40.4, 0.5, (10, 0.0), (4, 2.0));
    // (10 * 12 + 20 * 3) / 40 + (4 + 4 * 2) / 8, over 59 + 50 + 20.2 s, most of it in cruise.
    let expected = Some((6.0, 129.0, Cruise));
    assert_eq!(shown(mixture(&[few, other, load]).driving), expected);
    let cruise = (Cruise, 60.0, 1.0, (20, 5.0), (2, 1.0));
    let expected = Some((6.0, 60.0, Cruise));
    assert_eq!(shown(mixture(&[cruise, other, load]).driving), expected);
}

#[test]
fn the_leanest_under_way_is_cruise_or_load_whichever_is_there() {
    let cruise = |sum| (Cruise, 100.0, 1.0, (20, sum), (2, 0.0));
    let load = |sum| (WideOpen, 100.0, 1.0, (20, sum), (2, 0.0));
    let leanest = |states: &[State]| shown(mixture(states).leanest_driving());
    let of_load = Some((5.0, 100.0, WideOpen));
    let of_cruise = Some((5.0, 100.0, Cruise));
    assert_eq!(leanest(&[cruise(4.0), load(5.0)]), of_load);
    assert_eq!(leanest(&[cruise(5.0), load(4.0)]), of_cruise);
    assert_eq!(leanest(&[cruise(5.0), load(5.0)]), of_cruise);
    assert_eq!(leanest(&[load(5.0)]), of_load);
    assert_eq!(leanest(&[cruise(5.0)]), of_cruise);
    assert_eq!(leanest(&[]), None);
}
