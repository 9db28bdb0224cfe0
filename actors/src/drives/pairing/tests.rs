use chrono::{NaiveDate, TimeDelta};
use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn at(minute: i64) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 2, 1)
        .unwrap()
        .and_hms_opt(14, 0, 0)
        .unwrap()
        + TimeDelta::minutes(minute)
}

/// Reads events like `start@0 end@25 start@30#3`: kind, minute, number of the drive; their keys count up.
fn events(text: &str) -> Vec<DriveEvent> {
    text.split_whitespace()
        .zip(1..)
        .map(|(event, source_id)| {
            let (kind, rest) = event.split_once('@').unwrap();
            let (minute, drive_id) = match rest.split_once('#') {
                Some((minute, drive_id)) => (minute, Some(drive_id.parse().unwrap())),
                None => (rest, None),
            };
            let kind = DriveEventKind::of(&format!("drive_{kind}")).unwrap();
            DriveEvent {
                source_id,
                at: at(minute.parse().unwrap()),
                kind,
                drive_id,
            }
        })
        .collect()
}

/// Writes drives like `0-25 30-35#3 40-(cut 50) 50-`.
fn written(drives: &[Drive]) -> String {
    let minute = |time: NaiveDateTime| (time - at(0)).num_minutes();
    let drive = |drive: &Drive| {
        let ending = match drive.ending {
            Ending::Logged(end) => minute(end).to_string(),
            Ending::Cut(next) => format!("(cut {})", minute(next)),
            Ending::Open => String::new(),
        };
        let number = drive
            .drive_id
            .map_or_else(String::new, |drive_id| format!("#{drive_id}"));
        format!("{}-{ending}{number}", minute(drive.start))
    };
    drives.iter().map(drive).collect::<Vec<_>>().join(" ")
}

#[rstest]
#[case::nothing("", "")]
#[case::one_drive("start@0 end@25", "0-25")]
#[case::several_drives("start@0 end@25 start@30 end@35 start@40 end@50", "0-25 30-35 40-50")]
#[case::still_driving("start@0", "0-")]
#[case::an_end_without_a_start("end@25", "")]
#[case::an_end_before_the_first_start("end@5 start@10 end@25", "10-25")]
#[case::power_gone("start@0 start@30 end@35", "0-(cut 30) 30-35")]
#[case::power_gone_twice("start@0 start@10 start@20", "0-(cut 10) 10-(cut 20) 20-")]
#[case::repeated_end("start@0 end@25 end@26 start@30 end@40", "0-25 30-40")]
#[case::overlapping("start@0 start@10 end@20 end@30", "0-(cut 10) 10-20")]
#[case::end_and_next_start_at_once("start@0 end@25 start@25 end@40", "0-25 25-40")]
#[case::zero_length("start@0 end@0", "0-0")]
#[case::numbered("start@0#1 end@25#1 start@30#2 end@40#2", "0-25#1 30-40#2")]
#[case::numbers_against_the_clock("start@600#1 end@25#1 start@30#2 end@40#2", "30-40#2 600-600#1")]
#[case::numbers_across_each_other("start@0#1 start@10#2 end@20#1 end@30#2", "0-20#1 10-30#2")]
#[case::a_number_said_twice("start@0#1 start@5#1 end@20#1 end@21#1", "0-21#1")]
#[case::a_number_said_twice_and_no_end("start@0#1 start@5#1", "0-#1")]
#[case::only_the_end_is_numbered("start@0 end@25#7", "0-25#7")]
#[case::only_the_start_is_numbered("start@0#7 end@25", "0-25#7")]
#[case::the_end_of_another_drive("start@0#1 end@25#2", "0-#1")]
#[case::power_gone_with_numbers("start@0#1 start@30#2 end@40#2", "0-(cut 30)#1 30-40#2")]
#[case::power_gone_and_the_clock_went_back("start@600#1 start@30#2", "30-#2 600-(cut 600)#1")]
#[case::old_events_without_and_new_with_numbers(
    "start@0 end@25 start@30#1 end@40#1",
    "0-25 30-40#1"
)]
fn drives_are_found_in_events(#[case] log: &str, #[case] expected: &str) {
    assert_eq!(written(&pair(&events(log))), expected);
}

#[test]
fn a_drive_keeps_its_identity_when_its_end_arrives_or_another_drive_before_it() {
    let log = events("start@0#1 end@5#1 start@10 end@20");
    let identity = |events: &[DriveEvent], start| {
        pair(events)
            .iter()
            .find(|drive| drive.start == at(start))
            .map(|drive| drive.identity)
    };
    assert_eq!(identity(&log[..1], 0), Some(DriveIdentity::Numbered(1)));
    assert_eq!(identity(&log, 0), Some(DriveIdentity::Numbered(1)));
    assert_eq!(identity(&log[2..3], 10), Some(DriveIdentity::StartedBy(3)));
    assert_eq!(identity(&log, 10), Some(DriveIdentity::StartedBy(3)));
}

#[test]
fn other_events_tell_nothing() {
    assert_eq!(DriveEventKind::of("connect"), None);
    assert_eq!(DriveEventKind::of("drive_started"), None);
}

fn any_events(numbered: bool) -> impl Strategy<Value = Vec<DriveEvent>> {
    let number = if numbered {
        prop::option::of(0..4_i64).boxed()
    } else {
        Just(None).boxed()
    };
    prop::collection::vec((0..60_i64, any::<bool>(), number), 0..24).prop_map(|log| {
        log.into_iter()
            .zip(1..)
            .map(|((minute, starts, drive_id), source_id)| {
                let kind = if starts {
                    DriveEventKind::Start
                } else {
                    DriveEventKind::End
                };
                DriveEvent {
                    source_id,
                    at: at(minute),
                    kind,
                    drive_id,
                }
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_matter(
        (log, shuffled) in any_events(true).prop_flat_map(|log| (Just(log.clone()), Just(log).prop_shuffle())),
    ) {
        prop_assert_eq!(pair(&log), pair(&shuffled));
    }

    #[test]
    fn every_drive_begins_with_its_own_start_and_none_ends_before_it_begins(log in any_events(true)) {
        let drives = pair(&log);
        let mut identities: Vec<_> = drives.iter().map(|drive| drive.identity).collect();
        let mut starts: Vec<_> = drives.iter().map(|drive| drive.start_source_id).collect();
        identities.sort_unstable();
        identities.dedup();
        starts.sort_unstable();
        starts.dedup();
        prop_assert_eq!((identities.len(), starts.len()), (drives.len(), drives.len()));
        for drive in drives {
            match drive.ending {
                Ending::Logged(end) | Ending::Cut(end) => prop_assert!(end >= drive.start),
                Ending::Open => {}
            }
        }
    }

    #[test]
    fn drives_without_numbers_never_overlap(log in any_events(false)) {
        for pair in pair(&log).windows(2) {
            match pair[0].ending {
                Ending::Logged(end) | Ending::Cut(end) => prop_assert!(end <= pair[1].start),
                Ending::Open => prop_assert!(false, "an open drive before another"),
            }
        }
    }

    #[test]
    fn no_reading_without_a_number_belongs_to_two_drives(log in any_events(true), minute in 0..60_i64) {
        let owners: Vec<_> = pair(&log).into_iter().filter(|drive| drive.is_over() && drive.lasts_at(at(minute))).collect();
        prop_assert!(owners.len() <= 1, "{owners:?}");
    }

    #[test]
    fn at_most_the_newest_drive_is_open(log in any_events(true)) {
        let open: Vec<_> = pair(&log).into_iter().filter(|drive| drive.ending == Ending::Open).collect();
        prop_assert!(open.len() <= 1, "{open:?}");
    }
}
