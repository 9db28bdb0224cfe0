//! Timing and air mass at equal speed and load.

use rstest::rstest;

use super::*;

#[test]
fn timing_is_compared_within_equal_bins() {
    let with_bin = |timing: f64| Figures {
        bins: vec![OperatingBin {
            rpm_from: 2_500,
            load_from: 60,
            seconds: 200,
            timing: Some(timing),
            maf: None,
        }],
        ..Figures::default()
    };
    let earlier = [20.0, 20.5, 19.5].map(|timing| EarlierDrive {
        drive: 1,
        figures: with_bin(timing),
    });
    let history = History {
        anchor: None,
        earlier: earlier.to_vec(),
    };
    let compared = compare(&with_bin(10.0), &history);
    assert_eq!(compared.len(), 1);
    assert!(compared[0].figure.drifted);
    assert_eq!(compared[0].figure.mean, Some(20.0));
}

/// A bin of engine speed and load with its seconds and its timing.
fn bin(rpm_from: u32, load_from: u32, seconds: u32, timing: f64) -> OperatingBin {
    OperatingBin {
        rpm_from,
        load_from,
        seconds,
        timing: Some(timing),
        maf: None,
    }
}

fn timing_of(own: &[OperatingBin], other: &[OperatingBin]) -> Option<(f64, f64)> {
    let with_bins = |bins: &[OperatingBin]| Figures {
        bins: bins.to_vec(),
        ..Figures::default()
    };
    pair_of_bins(&with_bins(own), &with_bins(other), |bin| bin.timing)
}

#[test]
fn bins_that_both_drives_have_for_15_seconds_count_by_the_seconds_of_this_drive() {
    let own = [
        bin(2_500, 60, 100, 20.0),
        bin(2_500, 70, 50, 26.0),
        bin(3_000, 60, 14, 90.0),
        bin(3_000, 70, 100, 90.0),
    ];
    let other = [
        bin(500, 60, 300, 70.0),
        bin(2_500, 0, 300, 70.0),
        bin(2_500, 60, 15, 10.0),
        bin(2_500, 70, 200, 40.0),
        bin(3_000, 60, 200, 50.0),
        bin(3_000, 70, 14, 50.0),
    ];
    // (100 · 20 + 50 · 26) / 150, and (100 · 10 + 50 · 40) / 150.
    assert_eq!(timing_of(&own, &other), Some((22.0, 20.0)));
}

#[test]
fn bins_are_compared_over_two_minutes_in_common() {
    let pair = |seconds| {
        let own = [bin(2_500, 60, seconds, 20.0), bin(2_500, 70, 15, 20.0)];
        let other = [bin(2_500, 60, 15, 10.0), bin(2_500, 70, 15, 10.0)];
        timing_of(&own, &other)
    };
    assert_eq!(pair(105), Some((20.0, 10.0)));
    assert_eq!(pair(104), None);
}

#[rstest]
#[case::little(1_000, 24.0, Some(false))]
#[case::much(1_000, 25.0, Some(true))]
#[case::at_idle(500, 25.0, None)]
fn an_air_mass_drifts_by_3_sigma_of_7_percent_and_counts_from_1000_rpm(
    #[case] rpm_from: u32,
    #[case] earlier: f64,
    #[case] drifted: Option<bool>,
) {
    let with_maf = |maf| EarlierDrive {
        drive: 1,
        figures: Figures {
            bins: vec![OperatingBin {
                timing: None,
                maf: Some(maf),
                ..bin(rpm_from, 30, 200, 0.0)
            }],
            ..Figures::default()
        },
    };
    let history = History {
        anchor: None,
        earlier: vec![with_maf(earlier); 3],
    };
    let compared = compare(&with_maf(20.0).figures, &history);
    let figure = compared.first().map(|compared| &compared.figure);
    assert_eq!(figure.map(|figure| figure.drifted), drifted);
    // 7 % of 20, times √(4/3).
    assert!(figure.is_none_or(|figure| (figure.sigma - 1.617).abs() < 1e-9));
}
