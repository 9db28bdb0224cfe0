//! A thresholds file is refused with its problems, or its effective table is a file that means the same.
#![no_main]

use actors::diagnosis::Settings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Settings::parse(text) {
        Ok(settings) => {
            let written = settings.to_toml();
            let again = Settings::parse(&written);
            assert_eq!(again.as_ref(), Ok(&settings), "{written}");
            assert_eq!(again.unwrap().version(), settings.version());
        }
        Err(problems) => assert!(!problems.is_empty()),
    }
});
