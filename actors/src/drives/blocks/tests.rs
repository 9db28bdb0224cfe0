use super::super::arrivals::Arrival;
use super::runs::{part_of, split};
use super::*;
use crate::drives::pairing::Drive;

fn at(minute: i64) -> NaiveDateTime {
    "2026-02-01T14:00:00".parse::<NaiveDateTime>().unwrap() + TimeDelta::minutes(minute)
}

#[test]
fn blocks_count_down_below_zero() {
    assert_eq!(
        [-257, -256, -1, 0, 255, 256].map(block_of),
        [-2, -1, -1, 0, 0, 1]
    );
}

#[test]
fn adjacent_blocks_make_one_range() {
    assert_eq!(
        ranges_of(&BTreeSet::from([3, 1, 2, 7, 9])),
        [(1, 3), (7, 7), (9, 9)]
    );
}

#[test]
fn readings_are_summed_up_by_block_number_and_day() {
    let reading = |source_id, minute, drive_id| Arrival {
        source_id,
        taken_at: at(minute),
        drive_id,
    };
    let arrivals = Arrivals::new(vec![
        reading(12, 9, Some(1)),
        reading(10, 5, Some(1)),
        reading(11, 6, None),
        reading(300, 7, Some(1)),
        reading(13, 600, Some(1)),
    ]);
    let day = at(0).date();
    let tomorrow = at(600).date();
    let summary = |first, last, earliest, latest, readings| Summary {
        first,
        last,
        earliest: at(earliest),
        latest: at(latest),
        readings,
    };
    let expected = Summaries::from([
        ((0, 1, day), summary(10, 12, 5, 9, 2)),
        ((0, 1, tomorrow), summary(13, 13, 600, 600, 1)),
        ((0, NO_NUMBER, day), summary(11, 11, 6, 6, 1)),
        ((1, 1, day), summary(300, 300, 7, 7, 1)),
    ]);
    assert_eq!(sum_up(&arrivals), expected);
    assert_eq!(numbers(expected.keys()), BTreeSet::from([None, Some(1)]));
}

#[test]
fn removed_readings_count_though_others_have_come_in_their_place() {
    let day = at(0).date();
    let summary = |source_id, minute| Summary {
        first: source_id,
        last: source_id,
        earliest: at(minute),
        latest: at(minute),
        readings: 1,
    };
    let key = (0, 2, day);
    // 5 was removed; 27 had no number before.
    let before = Summaries::from([
        (key, summary(5, 0)),
        ((0, NO_NUMBER, day), summary(27, 400)),
    ]);
    let mut after = Summaries::from([(key, summary(27, 400))]);
    keep_removed(&before, &mut after);
    let both = after[&key];
    assert_eq!((both.first, both.last), (5, 27));
    assert!(both.readings > 1, "one row does not show both readings");
}

#[test]
fn runs_end_where_the_clock_shows_a_silence_or_was_set_back() {
    let rows = [(1, at(0)), (2, at(60)), (4, at(121)), (5, at(0))];
    let runs = split(&rows, TimeDelta::hours(1));
    let bounds: Vec<_> = runs.iter().map(|run| (run.first, run.last)).collect();
    assert_eq!(bounds, [(1, 2), (4, 4), (5, 5)]);
    assert_eq!((runs[0].earliest, runs[0].latest), (at(0), at(60)));
}

#[test]
fn a_known_drive_shows_which_of_the_readings_that_are_summed_up_were_its_own() {
    let summary = Summary {
        first: 1,
        last: 40,
        earliest: at(0),
        latest: at(400),
        readings: 10,
    };
    let drive = |source_ids, start, end| Drive {
        drive_id: Some(7),
        start_source_id: None,
        start: at(start),
        end: None,
        source_ids: Some(source_ids),
        window_end: Some(at(end)),
    };
    for (drive, expected) in [
        (drive((-9, 5), -30, 20), Some((1, 5, 0, 20))),
        (drive((30, 99), 380, 500), Some((30, 40, 380, 400))),
        (drive((41, 99), 380, 500), None),
        // Hours apart from its log.
        (drive((1, 5), 500, 520), Some((1, 5, 0, 0))),
        (drive((30, 40), 800, 820), Some((30, 40, 400, 400))),
        (drive((1, 5), -60, -30), Some((1, 5, 0, 0))),
        (drive((30, 40), -60, -30), Some((30, 40, 400, 400))),
        // Its log has one moment in common with them.
        (drive((30, 40), -30, 0), Some((30, 40, 0, 0))),
        (drive((1, 5), 400, 420), Some((1, 5, 400, 400))),
    ] {
        let run = part_of(&drive, &summary);
        let minutes = |time: NaiveDateTime| (time - at(0)).num_minutes();
        let run = run.map(|run| {
            (
                run.first,
                run.last,
                minutes(run.earliest),
                minutes(run.latest),
            )
        });
        assert_eq!(run, expected, "{drive:?}");
    }
}
