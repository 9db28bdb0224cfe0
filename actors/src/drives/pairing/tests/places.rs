//! The places of drives among others, and the names that are stored.

use super::*;

/// With a start at a row of the log, readings in rows, and the minute that it began at.
fn placed(start: Option<i64>, source_ids: Option<(i64, i64)>, minute: i64) -> Drive {
    Drive {
        drive_id: None,
        start_source_id: start,
        start: at(minute),
        end: None,
        source_ids,
        window_end: None,
    }
}

#[test]
fn the_order_of_drives_is_that_of_rows_in_one_table_or_else_that_of_the_clock() {
    let rows = |first, last| Some((first, last));
    for (one, other, expected) in [
        ((Some(1), rows(50, 60), 9), (Some(2), rows(10, 20), 0), true),
        (
            (Some(2), rows(10, 20), 0),
            (Some(2), rows(50, 60), 9),
            false,
        ),
        (
            (Some(3), rows(10, 20), 0),
            (Some(2), rows(50, 60), 9),
            false,
        ),
        ((None, rows(10, 20), 9), (Some(2), rows(21, 30), 0), true),
        ((None, rows(10, 21), 0), (Some(2), rows(21, 30), 9), false),
        ((None, rows(22, 30), 0), (Some(2), rows(10, 21), 9), false),
        ((None, rows(10, 20), 0), (Some(2), None, 1), true),
        ((None, rows(10, 20), 1), (Some(2), None, 1), false),
        ((None, rows(10, 20), 2), (Some(2), None, 1), false),
    ] {
        let drive = |(start, rows, minute)| placed(start, rows, minute);
        let is_before = drive(one).is_before(&drive(other));
        assert_eq!(is_before, expected, "{one:?} {other:?}");
    }
}

#[test]
fn a_drive_that_only_goes_on_keeps_its_place_among_the_drives() {
    let before = placed(Some(1), Some((10, 20)), 0);
    for (source_ids, minute, expected) in [
        (Some((10, 20)), 0, true),
        (Some((10, 21)), 0, true),
        (Some((10, 19)), 0, false),
        (Some((9, 20)), 0, false),
        (Some((9, 19)), 0, false),
        (Some((10, 20)), 1, false),
        (Some((10, 21)), -1, false),
        (None, 0, false),
    ] {
        let now = placed(Some(1), source_ids, minute);
        assert_eq!(now.begins_as(&before), expected, "{source_ids:?} {minute}");
    }
    let without = placed(Some(1), None, 0);
    assert!(without.begins_as(&without));
    assert!(!before.begins_as(&without));
}

#[test]
fn keys_and_kinds_are_written_as_they_are_stored() {
    assert_eq!(DriveKey::Start(5).to_string(), "s:5");
    assert_eq!(DriveKey::Reading(7).to_string(), "r:7");
    for kind in [DriveEventKind::Start, DriveEventKind::End] {
        assert_eq!(DriveEventKind::of(kind.as_str()), Some(kind));
    }
}
