//! The memory that reading one body takes, in allocated bytes: the body itself, what it is read into, and everything on
//! the way. In a binary of its own, because it counts the allocations of the whole process.

use std::alloc::System;
use std::fmt::Write as _;

use bytes::Bytes;
use cap::Cap;
use eclipse_ai_actors::sync::batch::{BadRows, ReadOptions, SizeLimit, read};

/// The largest body that is accepted by default has five times as many.
const BODY_BYTES: usize = 2 * 1024 * 1024;

/// The largest body takes 52 MB to read, of the 60 MB that a batch may take until it is stored.
const LIMIT_BYTES: usize = BODY_BYTES / 10 * 52;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// A body of the full size: `before`, then as many items as fit with commas between them, then `after`.
fn body(before: &str, after: &str, mut item: impl FnMut(&mut String, usize)) -> Bytes {
    let mut body = String::with_capacity(BODY_BYTES + 1024);
    body.push_str(before);
    for number in 0.. {
        let length = body.len();
        if number > 0 {
            body.push(',');
        }
        item(&mut body, number);
        if body.len() + after.len() > BODY_BYTES {
            body.truncate(length);
            break;
        }
    }
    body.push_str(after);
    body.shrink_to_fit();
    Bytes::from(body)
}

fn rows(table: &str, item: impl FnMut(&mut String, usize)) -> Bytes {
    let before =
        format!(r#"{{"deviceId": "d", "batchId": "b", "tables": {{"{table}": {{"rows": ["#);
    body(&before, "]}}}", item)
}

fn fields(item: impl FnMut(&mut String, usize)) -> Bytes {
    let before = r#"{"deviceId": "d", "batchId": "b", "tables": {}, "#;
    body(before, "}", item)
}

fn list(item: &str) -> Bytes {
    let before = r#"{"deviceId": "d", "batchId": "b", "tables": {}, "list": ["#;
    body(before, "]}", |text, _| text.push_str(item))
}

/// Bodies with their names, one after the other, so that only one exists at a time.
type Case = (&'static str, fn() -> Bytes);

const CASES: [Case; 25] = [
    ("readings", || {
        rows("realtime_data", |text, id| {
            let _ = write!(
                text,
                r#"{{"id":{id},"timestamp":"2026-02-01T14:25:00","parameter_name":"RPM","value":1,"gear":2}}"#
            );
        })
    }),
    ("integer keys alone", || {
        rows("calibration_sessions", |text, id| {
            let _ = write!(text, r#"{{"id":{id}}}"#);
        })
    }),
    ("text keys alone", || {
        rows("vehicle_info", |text, id| {
            let _ = write!(text, r#"{{"id":"{id}"}}"#);
        })
    }),
    ("text keys from numbers", || {
        rows("vehicle_info", |text, id| {
            let _ = write!(text, r#"{{"id":{id}}}"#);
        })
    }),
    ("text keys from short numbers", || {
        rows("vehicle_info", |text, _| text.push_str(r#"{"id":9e15}"#))
    }),
    ("text keys with escapes", || {
        rows("vehicle_info", |text, id| {
            let _ = write!(text, r#"{{"id":"\"{id}"}}"#);
        })
    }),
    ("one short column", || {
        rows("vehicle_info", |text, id| {
            let _ = write!(text, r#"{{"id":{id},"year":1}}"#);
        })
    }),
    ("all columns null", || {
        rows("vehicle_info", |text, id| {
            let _ = write!(
                text,
                r#"{{"id":{id},"make":null,"model":null,"year":null,"engine":null,"fuel_type":null}}"#
            );
        })
    }),
    ("the same key", || {
        rows("vehicle_info", |text, _| text.push_str(r#"{"id":1}"#))
    }),
    ("an unknown column", || {
        rows("vehicle_info", |text, id| {
            let _ = write!(text, r#"{{"id":{id},"a":1}}"#);
        })
    }),
    ("a new column name in every row", || {
        rows("vehicle_info", |text, id| {
            let _ = write!(text, r#"{{"id":{id},"a{id}":1}}"#);
        })
    }),
    ("unknown columns in one row", || {
        body(
            r#"{"deviceId": "d", "batchId": "b", "tables": {"vehicle_info": {"rows": [{"id": 1, "#,
            "}]}}}",
            |text, number| {
                let _ = write!(text, r#""{number}":1"#);
            },
        )
    }),
    ("a column again and again", || {
        body(
            r#"{"deviceId": "d", "batchId": "b", "tables": {"vehicle_info": {"rows": [{"id": 1, "#,
            "}]}}}",
            |text, _| text.push_str(r#""year":1"#),
        )
    }),
    ("a bad column again and again", || {
        body(
            r#"{"deviceId": "d", "batchId": "b", "tables": {"vehicle_info": {"rows": [{"id": 1, "#,
            "}]}}}",
            |text, _| text.push_str(r#""year":"""#),
        )
    }),
    ("passthrough rows", || {
        rows("dtc_log", |text, id| {
            let _ = write!(text, r#"{{"id":{id}}}"#);
        })
    }),
    ("rows without a key", || {
        rows("vehicle_info", |text, _| text.push_str("{}"))
    }),
    ("rows that are not objects", || {
        rows("vehicle_info", |text, _| text.push('1'))
    }),
    ("unknown tables", || {
        body(
            r#"{"deviceId": "d", "batchId": "b", "tables": {"#,
            "}}",
            |text, number| {
                let _ = write!(text, r#""{number}":1"#);
            },
        )
    }),
    ("a table again and again", || {
        body(
            r#"{"deviceId": "d", "batchId": "b", "tables": {"#,
            "}}",
            |text, id| {
                let _ = write!(text, r#""profiles":{{"rows":[{{"id":{id},"name":"n"}}]}}"#);
            },
        )
    }),
    ("unknown fields", || {
        fields(|text, number| {
            let _ = write!(text, r#""{number}":1"#);
        })
    }),
    ("five million numbers", || list("1")),
    ("numbers that are not JSON", || list("NaN")),
    ("deep nesting", || {
        let levels = (BODY_BYTES - 100) / 2;
        let nested = "[".repeat(levels) + &"]".repeat(levels);
        Bytes::from(format!(
            r#"{{"deviceId": "d", "batchId": "b", "tables": {{}}, "deep": {nested}}}"#
        ))
    }),
    ("one long text with escapes", || {
        let text = r"\n".repeat((BODY_BYTES - 200) / 2);
        Bytes::from(format!(
            r#"{{"deviceId": "d", "batchId": "b", "tables": {{"profiles": {{"rows": [{{"id": 1, "name": "n", "alert_config_json": "{text}"}}]}}}}}}"#
        ))
    }),
    ("a body that is not Unicode", || {
        let mut body = rows("vehicle_info", |text, id| {
            let _ = write!(text, r#"{{"id":"{id}"}}"#);
        })
        .to_vec();
        let last = body.len() - 6;
        body[last] = 0xff;
        Bytes::from(body)
    }),
];

/// Cases with bad rows, which are read twice where those are set aside.
fn has_bad_rows(name: &str) -> bool {
    name.starts_with("rows ") || name.starts_with("a bad column")
}

#[test]
fn no_body_takes_much_more_memory_than_a_legal_batch_of_readings() {
    for bad_rows in [BadRows::Refuse, BadRows::Quarantine] {
        let options = ReadOptions {
            extra_tables: vec!["dtc_log".to_owned()],
            bad_rows,
        };
        let is_tried = |name: &str| bad_rows == BadRows::Refuse || has_bad_rows(name);
        for (name, make) in CASES.into_iter().filter(|(name, _)| is_tried(name)) {
            let body = make();
            assert!(
                body.len() > BODY_BYTES - 1000,
                "{name}: {} bytes",
                body.len()
            );
            let read = read(&body, &options, SizeLimit::default());
            let outcome = match &read {
                Ok(batch) => format!("{} rows", batch.rows()),
                Err(refusal) => format!("refused: {}", refusal.problems[0].msg),
            };
            // The most so far: every earlier case took no more than that.
            let most = ALLOCATOR.max_allocated();
            println!("{most} bytes after {name} ({bad_rows:?}; {outcome})");
            assert!(
                most <= LIMIT_BYTES,
                "{most} bytes for {name} ({bad_rows:?}; {outcome})"
            );
        }
    }
}
