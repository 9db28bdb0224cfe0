//! Any body of a sync is read or refused with its problems; what is read without quarantine is read the same with it.
#![no_main]

use actors::sync::batch::{BadRows, ReadOptions, SizeLimit, read};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let body = Bytes::copy_from_slice(body);
    let with = |bad_rows| {
        let options = ReadOptions {
            extra_tables: vec!["dtc_log".to_owned()],
            bad_rows,
        };
        read(&body, &options, SizeLimit::for_packet(Some(64 * 1024)))
    };
    let (strict, lenient) = (with(BadRows::Refuse), with(BadRows::Quarantine));
    if let Ok(strict) = strict {
        let lenient = lenient.expect("a valid batch is valid where bad rows are allowed");
        assert!(lenient.quarantined.is_empty());
        assert_eq!(strict.rows(), lenient.rows());
        assert_eq!(strict.tables(), lenient.tables());
    }
});
