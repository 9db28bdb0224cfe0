//! Any file is a log whose values are all finite and counted, or an error.
#![no_main]

use eclipse_ai_server::log_file::read_log;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let mut readings = 0;
    let read = read_log(file, |reading| {
        assert!(reading.value.is_finite(), "{reading:?}");
        readings += 1;
    });
    if let Ok(summary) = read {
        assert_eq!(summary.readings, readings);
    }
});
