//! The same readings give the same bytes.

use proptest::prelude::*;

use super::*;

const NAMES: [&str; 8] = [
    "RPM",
    "SPEED",
    "COOLANT_TEMP",
    "ENGINE_LOAD",
    "THROTTLE_POS",
    "O2_B1S1",
    "STFT1",
    "NOT_A_CHANNEL",
];

fn json(readings: &[(i64, usize, f64)]) -> String {
    let mut diagnoser = diagnoser();
    let mut at_ms = 1_770_000_000_000;
    for (passed, name, value) in readings {
        at_ms += passed;
        diagnoser.push(Reading {
            at_ms,
            channel: NAMES[*name],
            value: *value,
            unit: None,
            real: true,
        });
    }
    let (diagnosis, traces) = diagnoser.finish();
    serde_json::to_string(&(diagnosis, traces)).expect("serializes")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn recomputing_is_byte_identical_and_never_panics(
        readings in prop::collection::vec((-5_000_i64..60_000, 0_usize..NAMES.len(), -50.0_f64..7_500.0), 0..2_000),
    ) {
        let first = json(&readings);
        prop_assert_eq!(&first, &json(&readings));
        // Stored and read again, it is the same diagnosis.
        let (diagnosis, traces): (Diagnosis, Traces) = serde_json::from_str(&first).expect("deserializes");
        prop_assert_eq!(first, serde_json::to_string(&(diagnosis, traces)).expect("serializes"));
    }
}

#[test]
fn values_and_times_at_the_edge_of_their_types_do_no_harm() {
    let mut diagnoser = diagnoser();
    for (at_ms, value) in [
        (0, f64::NAN),
        (i64::MAX, f64::INFINITY),
        (i64::MIN, f64::MAX),
        (i64::MAX, -0.0),
        (5, f64::MIN_POSITIVE),
    ] {
        diagnoser.push(Reading {
            at_ms,
            channel: "RPM",
            value,
            unit: Some("rpm"),
            real: true,
        });
    }
    let (diagnosis, _) = diagnoser.finish();
    assert_eq!(diagnosis.grade, None);
}

#[test]
fn a_long_drive_needs_no_more_room_than_a_short_one() {
    let drive: [Logged<'_>; 2] = [
        ("RPM", 1, &|second| {
            if second % 60 < 30 { 800.0 } else { 2_000.0 }
        }),
        ("COOLANT_TEMP", 5, &|_| 88.0),
    ];
    let size = |seconds| {
        let mut diagnoser = diagnoser();
        log(&mut diagnoser, 0..seconds, &drive);
        let (diagnosis, traces) = diagnoser.finish();
        assert!(
            traces
                .channels
                .iter()
                .all(|trace| trace.points.len() <= Traces::MAX_BUCKETS)
        );
        serde_json::to_string(&diagnosis).expect("serializes").len()
    };
    assert!(size(100_000) < size(1_000) + 500);
}
