//! SQLite: `PRAGMA quick_check` reads every page. The header is checked first, because SQLite treats a file of less
//! than a page as a new database.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Finding, StopSign, Unfinished, Watched, damaged, unfinished, unverifiable};
use crate::text::counted;

/// Steps of SQLite's virtual machine between two polls of the stop sign.
const STEPS_BETWEEN_POLLS: i32 = 10_000;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const HEADER_BYTES: usize = 100;

const WAL_NOTE: &str = "a database in WAL mode without its -wal file may lack its newest rows; send a copy made with \
    VACUUM INTO or .backup";

pub(super) fn check(path: &Path, mut file: Watched<File>) -> Result<Finding, Unfinished> {
    let size_bytes = file.inner.metadata()?.len();
    let mut header = Vec::with_capacity(HEADER_BYTES);
    file.by_ref()
        .take(HEADER_BYTES as u64)
        .read_to_end(&mut header)
        .map_err(unfinished)?;
    match expected_bytes(&header) {
        None => Ok(damaged("the file is not an SQLite database")),
        Some(expected) if size_bytes < expected => Ok(damaged(format!(
            "{} of a database of {expected} bytes",
            counted(size_bytes, "byte")
        ))),
        Some(_) => Ok(match check_pages(path, &file.stop)? {
            Finding::Sound if is_in_wal_mode(&header) => unverifiable(WAL_NOTE),
            finding => finding,
        }),
    }
}

/// The versions of the file format for writing and reading: 2 is WAL mode. The newest rows of such a database may be in
/// its `-wal` file, without which the main file is consistent, but not complete.
fn is_in_wal_mode(header: &[u8]) -> bool {
    header[18..20].contains(&2)
}

/// The minimum length of the file according to its header.
fn expected_bytes(header: &[u8]) -> Option<u64> {
    if header.len() < HEADER_BYTES || !header.starts_with(MAGIC) {
        return None;
    }
    let number = |at: usize| u64::from(u32::from_be_bytes([0, 1, 2, 3].map(|i| header[at + i])));
    let page_bytes = match number(16) >> 16 {
        1 => 65_536,
        page_bytes => page_bytes,
    };
    // Very old versions of SQLite leave a stale page count, and these two numbers different.
    let count_is_current = number(24) == number(92);
    let page_count = if count_is_current { number(28) } else { 1 };
    Some(page_bytes * page_count)
}

pub(super) fn check_pages(path: &Path, stop: &StopSign) -> Result<Finding, Unfinished> {
    match quick_check(path, stop.clone()) {
        Ok(verdict) if verdict == "ok" => Ok(Finding::Sound),
        Ok(problem) => Ok(damaged(problem)),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Err(Unfinished::Stopped),
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Ok(damaged(error.to_string()))
            }
            // For example a missing extension, which is no fault of the file.
            _ => Ok(unverifiable(error.to_string())),
        },
    }
}

/// "ok", or the first problem.
fn quick_check(path: &Path, stop: StopSign) -> rusqlite::Result<String> {
    let mut database = Connection::open_with_flags(
        immutable_uri(path),
        OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    database.progress_handler(STEPS_BETWEEN_POLLS, Some(move || stop.is_raised()))?;
    database.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
}

/// Immutable: SQLite takes no lock, and creates no `-wal` or `-shm` beside a backup in WAL mode.
fn immutable_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        // Writing to a String cannot fail.
        let _ = write!(uri, "%{byte:02x}");
    }
    uri + "?immutable=1"
}
