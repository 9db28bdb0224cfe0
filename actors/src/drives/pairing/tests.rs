use chrono::{NaiveDateTime, TimeDelta};
use proptest::prelude::*;
use rstest::rstest;

use super::*;

mod places;

const PAIRING: Pairing = Pairing {
    silence: TimeDelta::hours(1),
};

fn at(minute: i64) -> NaiveDateTime {
    "2026-02-01T00:00:00".parse::<NaiveDateTime>().unwrap() + TimeDelta::minutes(minute)
}

/// Reads events like `start@0 end@25#3`: kind, minute, number.
fn events(log: &str) -> Vec<DriveEvent> {
    let words = log.split_whitespace().zip(1..);
    words
        .map(|(word, source_id)| {
            let (kind, rest) = word.split_once('@').unwrap();
            let (minute, drive_id) = match rest.split_once('#') {
                Some((minute, drive_id)) => (minute, Some(drive_id.parse().unwrap())),
                None => (rest, None),
            };
            DriveEvent {
                source_id,
                at: at(minute.parse().unwrap()),
                kind: DriveEventKind::of(&format!("drive_{kind}")).unwrap(),
                drive_id,
            }
        })
        .collect()
}

/// Reads runs like `1..9@0..8#3`: ids, minutes, number.
fn runs(text: &str) -> BTreeMap<i64, Vec<ReadingRun>> {
    let mut by_number: BTreeMap<i64, Vec<ReadingRun>> = BTreeMap::new();
    let pair = |text: &str| {
        let (from, to) = text.split_once("..").unwrap();
        (from.parse::<i64>().unwrap(), to.parse::<i64>().unwrap())
    };
    for word in text.split_whitespace() {
        let (ids, rest) = word.split_once('@').unwrap();
        let (minutes, number) = rest.split_once('#').unwrap();
        let ((first, last), (from, to)) = (pair(ids), pair(minutes));
        let number = by_number.entry(number.parse().unwrap()).or_default();
        number.push(ReadingRun {
            first,
            last,
            earliest: at(from),
            latest: at(to),
        });
    }
    by_number
}

/// Writes drives like `0-25 30-35#3 40-~52#4[1..9]`: start, logged end or end of its window, number, rows.
fn written(drives: &[Drive]) -> String {
    let minute = |time: NaiveDateTime| (time - at(0)).num_minutes();
    let drive = |drive: &Drive| {
        let end = match (drive.end, drive.window_end) {
            (Some(end), _) => minute(end).to_string(),
            (None, Some(end)) => format!("~{}", minute(end)),
            (None, None) => String::new(),
        };
        let number = drive
            .drive_id
            .map_or_else(String::new, |drive_id| format!("#{drive_id}"));
        let rows = drive
            .source_ids
            .map_or_else(String::new, |(first, last)| format!("[{first}..{last}]"));
        format!("{}-{end}{number}{rows}", minute(drive.start))
    };
    drives.iter().map(drive).collect::<Vec<_>>().join(" ")
}

#[rstest]
#[case::nothing("", "")]
#[case::one_drive("start@0 end@25", "0-25")]
#[case::several_drives("start@0 end@25 start@30 end@35 start@40 end@50", "0-25 30-35 40-50")]
#[case::under_way("start@0", "0-")]
#[case::an_end_without_a_start("end@25", "")]
#[case::an_end_before_the_first_start("end@5 start@10 end@25", "10-25")]
#[case::no_end("start@0 start@30 end@35", "0- 30-35")]
#[case::no_ends("start@0 start@10 start@20", "0- 10- 20-")]
#[case::repeated_end("start@0 end@25 end@26 start@30 end@40", "0-25 30-40")]
#[case::overlapping("start@0 start@10 end@20 end@30", "0- 10-20")]
#[case::end_and_next_start_in_one_second("start@0 end@25 start@25 end@40", "0-25 25-40")]
#[case::zero_length("start@0 end@0", "0-0")]
#[case::numbered("start@0#1 end@25#1 start@30#2 end@40#2", "0-25#1 30-40#2")]
#[case::clock_set_back("start@600#1 end@25#1 start@30#2 end@40#2", "30-40#2 600-600#1")]
#[case::clock_set_back_without_numbers("start@600 end@25 start@30 end@40", "30-40 600-600")]
#[case::interleaved_numbers("start@0#1 start@10#2 end@20#1 end@30#2", "0-20#1 10-30#2")]
#[case::a_short_stop("start@0#1 end@20#1 start@30#1 end@50#1", "0-50#1")]
#[case::under_way_after_a_short_stop("start@0#1 end@20#1 start@30#1", "0-#1")]
#[case::number_used_again(
    "start@0#1 end@20#1 start@130000#1 end@130020#1",
    "0-20#1 130000-130020#1"
)]
#[case::number_used_again_without_ends("start@0#1 start@130000#1", "0-#1 130000-#1")]
#[case::only_the_end_is_numbered("start@0 end@25#7", "0-25#7")]
#[case::only_the_start_is_numbered("start@0#7 end@25", "0-25#7")]
#[case::the_end_of_another_drive("start@0#1 end@25#2", "0-#1")]
#[case::no_end_with_numbers("start@0#1 start@30#2 end@40#2", "0-#1 30-40#2")]
#[case::no_end_and_the_clock_set_back("start@600#1 start@30#2", "30-#2 600-#1")]
#[case::first_without_then_with_numbers("start@0 end@25 start@30#1 end@40#1", "0-25 30-40#1")]
fn drives_are_found_in_events(#[case] log: &str, #[case] expected: &str) {
    assert_eq!(
        written(&PAIRING.all(events(log), BTreeMap::new())),
        expected
    );
}

#[rstest]
#[case::no_events("", "1..9@0..8#3", "0-~8#3[1..9]")]
#[case::no_end("start@0#3", "1..9@1..8#3", "0-~8#3[1..9]")]
#[case::logged_end("start@0#3 end@10#3", "1..9@1..8#3", "0-10#3[1..9]")]
#[case::only_an_end("end@10#3", "1..9@1..8#3", "1-10#3[1..9]")]
#[case::a_short_stop("", "1..9@0..8#3 20..29@30..38#3", "0-~38#3[1..29]")]
#[case::silence("", "1..9@0..8#3 20..29@90..98#3", "0-~8#3[1..9] 90-~98#3[20..29]")]
#[case::clock_jump("", "1..9@0..8#3 10..29@9000..9020#3", "0-~9020#3[1..29]")]
#[case::two_clock_jumps(
    "",
    "1..9@0..8#3 10..29@9000..9020#3 30..39@90000..90009#3",
    "0-~90009#3[1..39]"
)]
#[case::clock_jump_long_after_the_start(
    "start@0#3",
    "1..9@0..8#3 10..29@9000..9020#3",
    "0-~9020#3[1..29]"
)]
#[case::another_start_an_hour_before_its_readings(
    "start@8940#3",
    "1..9@0..8#3 10..29@9000..9020#3",
    "0-~8#3[1..9] 8940-~9020#3[10..29]"
)]
#[case::clock_set_back(
    "start@9000#3",
    "1..9@9000..9008#3 10..29@0..20#3",
    "9000-~9000#3[1..29]"
)]
#[case::counter_reset(
    "start@0#3 start@9000#3",
    "1..9@0..8#3 10..29@9000..9020#3",
    "0-~8#3[1..9] 9000-~9020#3[10..29]"
)]
#[case::other_numbers("", "1..9@0..8#3 10..19@9..18#4", "0-~8#3[1..9] 9-~18#4[10..19]")]
#[case::clocks_hours_apart("start@300#3 end@320#3", "1..9@0..8#3", "300-320#3[1..9]")]
#[case::clocks_hours_apart_without_end("start@300#3", "1..9@0..8#3", "0-~8#3[1..9]")]
#[case::clock_jump_after_the_start("start@0#3", "1..9@9000..9008#3", "9000-~9008#3[1..9]")]
#[case::clocks_apart_and_number_used_again(
    "start@300#3 end@320#3 start@90300#3 end@90320#3",
    "1..9@0..8#3 20..29@90000..90008#3",
    "300-320#3[1..9] 90300-90320#3[20..29]"
)]
#[case::clocks_apart_and_number_used_twice_again(
    "start@300#3 end@320#3 start@90300#3 end@90320#3 start@180300#3 end@180320#3",
    "1..9@0..8#3 20..29@90000..90008#3 40..49@180000..180008#3",
    "300-320#3[1..9] 90300-90320#3[20..29] 180300-180320#3[40..49]"
)]
#[case::two_starts_in_one_long_drive(
    "start@0#3 start@130#3",
    "1..99@0..125#3 120..199@131..200#3",
    "0-~200#3[1..199]"
)]
#[case::number_used_again_readings_only_once(
    "start@0#3 end@20#3 start@90000#3 end@90020#3",
    "1..9@90001..90009#3",
    "0-20#3 90000-90020#3[1..9]"
)]
#[case::rows_never_shared(
    "",
    "1..9@0..8#3 20..29@9000..9008#3 40..49@10..20#3",
    "0-~20#3[1..49]"
)]
fn drives_are_found_in_numbered_readings(
    #[case] log: &str,
    #[case] readings: &str,
    #[case] expected: &str,
) {
    let drives = PAIRING.all(events(log), runs(readings));
    assert_eq!(written(&drives), expected);
}

#[test]
fn a_drive_keeps_its_key_when_its_events_get_their_number_later() {
    let keys = |log: &str| {
        let drives = PAIRING.all(events(log), BTreeMap::new());
        drives.iter().map(Drive::key).collect::<Vec<_>>()
    };
    let key = vec![DriveKey::Start(1)];
    for log in [
        "start@0",
        "start@0 end@25",
        "start@0#7 end@25",
        "start@0 end@25#7",
    ] {
        assert_eq!(keys(log), key, "{log}");
    }
}

#[test]
fn other_events_are_no_drive_events() {
    assert_eq!(DriveEventKind::of("connect"), None);
    assert_eq!(DriveEventKind::of("drive_started"), None);
}

/// Joins 15,000 and 30,000 drives, each with its number or all with the same, and counts the steps.
#[test]
fn pairing_takes_steps_in_proportion_to_the_drives() {
    let steps = |drives: i64, numbers: i64| {
        let mut log = Vec::new();
        let mut readings: BTreeMap<i64, Vec<ReadingRun>> = BTreeMap::new();
        for drive in 0..drives {
            let (number, start) = (drive % numbers, at(300 * drive));
            for (kind, at) in [
                (DriveEventKind::Start, start),
                (DriveEventKind::End, start + TimeDelta::minutes(20)),
            ] {
                log.push(DriveEvent {
                    source_id: i64::try_from(log.len()).unwrap(),
                    at,
                    kind,
                    drive_id: Some(number),
                });
            }
            readings.entry(number).or_default().push(ReadingRun {
                first: 10 * drive,
                last: 10 * drive + 9,
                earliest: start,
                latest: start + TimeDelta::minutes(20),
            });
        }
        groups::STEPS.set(0);
        let found = PAIRING.all(log, readings);
        assert_eq!(found.len(), usize::try_from(drives).unwrap());
        groups::STEPS.get()
    };
    for numbers in [1, i64::MAX] {
        let (once, twice) = (steps(15_000, numbers), steps(30_000, numbers));
        assert!(twice <= once * 5 / 2, "{once} steps, then {twice}");
    }
}

/// A minute of a clock that jumps now and then.
fn jumping_minutes(rows: usize) -> impl Strategy<Value = Vec<i64>> {
    let step = prop_oneof![8 => 0..40_i64, 2 => 60..200_i64, 1 => -5000..5000_i64];
    prop::collection::vec(step, rows).prop_map(|steps| {
        let minutes = steps.into_iter().scan(10_000, |minute, step| {
            *minute += step;
            Some(*minute)
        });
        minutes.collect()
    })
}

prop_compose! {
    fn any_events()(rows in 0..24_usize)(
        minutes in jumping_minutes(rows),
        kinds in prop::collection::vec((any::<bool>(), prop::option::of(0..4_i64)), rows),
    ) -> Vec<DriveEvent> {
        let rows = minutes.into_iter().zip(kinds).zip(1..);
        rows.map(|((minute, (starts, drive_id)), source_id)| DriveEvent {
            source_id,
            at: at(minute),
            kind: if starts { DriveEventKind::Start } else { DriveEventKind::End },
            drive_id,
        })
        .collect()
    }
}

prop_compose! {
    fn any_runs()(rows in 0..24_usize)(
        minutes in jumping_minutes(rows),
        shapes in prop::collection::vec((0..4_i64, 0..30_i64, 1..5_i64, 0..3_i64), rows),
    ) -> Vec<(i64, ReadingRun)> {
        let mut next = 1;
        let rows = minutes.into_iter().zip(shapes);
        rows.map(|(minute, (number, length, rows, gap))| {
            let first = next + gap;
            next = first + rows;
            let run = ReadingRun { first, last: next - 1, earliest: at(minute), latest: at(minute + length) };
            (number, run)
        })
        .collect()
    }
}

fn by_number(runs: Vec<(i64, ReadingRun)>) -> BTreeMap<i64, Vec<ReadingRun>> {
    let mut by_number: BTreeMap<i64, Vec<ReadingRun>> = BTreeMap::new();
    for (number, run) in runs {
        by_number.entry(number).or_default().push(run);
    }
    by_number
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_matter(
        (log, shuffled_log) in any_events().prop_flat_map(|log| (Just(log.clone()), Just(log).prop_shuffle())),
        (runs, shuffled_runs) in any_runs().prop_flat_map(|runs| (Just(runs.clone()), Just(runs).prop_shuffle())),
    ) {
        let shuffled = PAIRING.all(shuffled_log, by_number(shuffled_runs));
        prop_assert_eq!(PAIRING.all(log, by_number(runs)), shuffled);
    }

    #[test]
    fn every_drive_has_a_key_of_its_own_and_none_ends_before_it_begins(log in any_events(), runs in any_runs()) {
        let drives = PAIRING.all(log, by_number(runs));
        let mut keys: Vec<_> = drives.iter().map(Drive::key).collect();
        keys.sort_unstable();
        keys.dedup();
        prop_assert_eq!(keys.len(), drives.len());
        for drive in drives {
            prop_assert!(drive.window_end.is_none_or(|end| end >= drive.start));
            prop_assert!(drive.end.is_none_or(|end| end >= drive.start));
        }
    }

    #[test]
    fn every_numbered_reading_belongs_to_one_drive(log in any_events(), runs in any_runs()) {
        let drives = PAIRING.all(log, by_number(runs.clone()));
        for (number, run) in runs {
            for row in run.first..=run.last {
                let owners = drives.iter().filter(|drive| {
                    drive.drive_id == Some(number)
                        && drive.source_ids.is_some_and(|(first, last)| (first..=last).contains(&row))
                });
                prop_assert_eq!(owners.count(), 1, "row {}", row);
            }
        }
    }

    #[test]
    fn every_start_belongs_to_a_drive(log in any_events()) {
        let starts = log.iter().filter(|event| event.kind == DriveEventKind::Start).count();
        let drives = PAIRING.all(log, BTreeMap::new());
        prop_assert!(drives.len() <= starts);
        prop_assert_eq!(drives.is_empty(), starts == 0);
    }
}
