//! Any text is a time that MySQL can hold, and reads the same when it is written, or is none.
#![no_main]

use actors::sync::timestamp::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(time) = parse(text) {
        let written = time.format("%Y-%m-%d %H:%M:%S%.6f").to_string();
        assert_eq!(
            parse(&written),
            Some(time),
            "{text:?} is written as {written}"
        );
    }
});
