//! Checks on real files, whole and damaged in the ways that happen.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;

struct Shelf(TempDir);

impl Shelf {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// A database of some hundred pages, in its bytes.
    fn database(&self, journal_mode: &str) -> Vec<u8> {
        let path = self.0.path().join("made.sqlite");
        let database = Connection::open(&path).unwrap();
        database
            .pragma_update(None, "journal_mode", journal_mode)
            .unwrap();
        database
            .execute_batch(
                "CREATE TABLE readings(id INTEGER PRIMARY KEY, name TEXT, value REAL);
                 CREATE INDEX by_name ON readings(name, value);
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
                 INSERT INTO readings SELECT i, 'RPM ' || i, i * 1.5 FROM n;
                 PRAGMA wal_checkpoint(TRUNCATE);",
            )
            .unwrap();
        let content = fs::read(&path).unwrap();
        drop(database);
        content
    }
}

fn checked(path: &Path) -> Finding {
    let stop = StopOnDrop::default();
    check(path, &stop.sign()).unwrap()
}

fn is_damaged(path: &Path) -> bool {
    matches!(checked(path), Finding::Damaged { .. })
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_whole_database_is_sound_and_nothing_is_left_beside_it() {
    let (made, shelf) = (Shelf::new(), Shelf::new());
    let path = shelf.put("a b?#%41.DB", made.database("delete"));
    assert_eq!(checked(&path), Finding::Sound);
    assert_eq!(fs::read_dir(shelf.0.path()).unwrap().count(), 1);
}

#[test]
fn a_database_in_wal_mode_is_not_called_sound_and_nothing_is_left_beside_it() {
    let (made, shelf) = (Shelf::new(), Shelf::new());
    let whole = made.database("wal");
    let path = shelf.put("wal.db", &whole);
    let Finding::Unverifiable { reason } = checked(&path) else {
        panic!("{:?}", checked(&path));
    };
    assert!(reason.contains("VACUUM INTO"), "{reason}");
    assert_eq!(fs::read_dir(shelf.0.path()).unwrap().count(), 1);
    assert!(is_damaged(&shelf.put("cut.db", &whole[..whole.len() / 2])));
}

#[test]
fn a_truncated_database_is_damaged() {
    let shelf = Shelf::new();
    let whole = shelf.database("delete");
    for length in [
        1,
        99,
        512,
        4096,
        whole.len() / 2,
        whole.len() - 4096,
        whole.len() - 1,
    ] {
        let path = shelf.put("cut.db", &whole[..length]);
        assert!(
            is_damaged(&path),
            "{length} of {} bytes: {:?}",
            whole.len(),
            checked(&path)
        );
    }
}

#[test]
fn a_database_with_an_overwritten_page_is_damaged() {
    let shelf = Shelf::new();
    let mut content = shelf.database("delete");
    let middle = content.len() / 2 / 4096 * 4096;
    content[middle..middle + 4096].fill(0);
    assert!(is_damaged(&shelf.put("hole.db", content)));
}

#[test]
fn a_database_that_cannot_be_opened_is_damaged() {
    let shelf = Shelf::new();
    let mut content = shelf.database("delete");
    content[100..4096].fill(0xff);
    assert!(is_damaged(&shelf.put("first-page.db", content)));
}

#[test]
fn what_is_no_database_is_damaged() {
    let shelf = Shelf::new();
    assert!(is_damaged(&shelf.put("noise.db", [7; 1024])));
    assert!(is_damaged(&shelf.put("short-noise.db", [7; 50])));
    assert!(is_damaged(&shelf.put("short.db", b"SQLite format 3\0")));
    assert!(is_damaged(&shelf.put("empty.db", "")));
}

#[test]
fn a_gzip_stream_is_sound_when_all_of_it_is_there() {
    let shelf = Shelf::new();
    let log = "2026-02-01 RPM 2500\n".repeat(9000);
    let packed = gzip(log.as_bytes());
    assert_eq!(checked(&shelf.put("a.log.gz", &packed)), Finding::Sound);
    assert_eq!(
        checked(&shelf.put("two-members.gz", [&packed[..], &packed[..]].concat())),
        Finding::Sound
    );
    for zeros in [1, 512, 300_000] {
        let padded = [&packed[..], &vec![0; zeros]].concat();
        assert_eq!(checked(&shelf.put("padded.gz", padded)), Finding::Sound);
    }
    for length in [1, 10, packed.len() / 2, packed.len() - 1] {
        assert!(
            is_damaged(&shelf.put("cut.gz", &packed[..length])),
            "{length} bytes"
        );
    }
}

#[test]
fn a_gzip_stream_whose_crc_does_not_fit_is_damaged() {
    let shelf = Shelf::new();
    let mut packed = gzip("2026-02-01 RPM 2500\n".repeat(9000).as_bytes());
    let crc = packed.len() - 8;
    packed[crc] ^= 1;
    assert!(is_damaged(&shelf.put("crc.gz", packed)));
    let after_padding = [&gzip(b"x")[..], &[0; 9], &[7]].concat();
    assert!(is_damaged(&shelf.put("after-padding.gz", after_padding)));
    let padded_within = [&gzip(b"x")[..], &[0; 9], &gzip(b"x")].concat();
    assert!(is_damaged(&shelf.put("padded-within.gz", padded_within)));
    assert!(is_damaged(&shelf.put("noise.gz", [7; 1024])));
    assert!(is_damaged(&shelf.put("zeros.gz", [0; 1024])));
    assert!(is_damaged(&shelf.put("empty.gz", "")));
}

#[test]
fn json_is_sound_when_it_is_one_whole_value() {
    let shelf = Shelf::new();
    let long = format!("[{}1]", "\"\u{b0}C\",".repeat(40_000));
    let deep = "[".repeat(5000) + &"]".repeat(5000);
    for sound in [
        "{}",
        " 1 ",
        "{\"a\": [1, 2.5e3, null, \"\\u00b0C\"]}\n",
        &long,
        &deep,
        "\u{feff}{}",
        "\u{feff}[1]\n",
    ] {
        assert_eq!(checked(&shelf.put("a.json", sound)), Finding::Sound);
    }
    for broken in [
        "",
        "{",
        "{'a': 1}",
        "{} {}",
        "nul",
        "[1,]",
        &long[..long.len() / 2],
    ] {
        assert!(is_damaged(&shelf.put("a.json", broken)), "{}", broken.len());
    }
}

#[test]
fn json_lines_are_sound_when_each_is_a_whole_value() {
    let shelf = Shelf::new();
    let many = "{\"rpm\": 2500}\n".repeat(10_000);
    for sound in [
        "{}\n{}\n",
        "{}\r\n[]\r\n\r\n",
        "1\n2\n3",
        "\"a\"\n\n\"b\"",
        "\u{feff}null\ntrue\n",
        &many,
    ] {
        let path = shelf.put("a.json", sound);
        assert_eq!(checked(&path), Finding::Sound, "{}", sound.len());
    }
    for broken in [
        "1 2",
        "{}{}\n",
        "{}\n{",
        "{}\n{} {}",
        "[1]\n]",
        "1\nx",
        "\u{feff}",
    ] {
        assert!(is_damaged(&shelf.put("a.json", broken)), "{broken}");
    }
    let cut = &many[..many.len() - 3];
    assert!(is_damaged(&shelf.put("a.json", cut)));
}

#[test]
fn json_with_a_flipped_bit_in_a_string_is_damaged() {
    let shelf = Shelf::new();
    let mut content = format!("[{}1]", "\"\u{b0}C\",".repeat(40_000)).into_bytes();
    let inside_a_character = content.iter().rposition(|&byte| byte == 0xb0).unwrap();
    content[inside_a_character] ^= 0x80;
    assert!(is_damaged(&shelf.put("a.json", content)));
    assert!(is_damaged(&shelf.put("cut.json", b"\"\xc2")));
}

#[test]
fn nothing_is_said_about_a_log() {
    let shelf = Shelf::new();
    for content in ["", "2026-02-01 RPM 2500\n"] {
        assert!(matches!(
            checked(&shelf.put("a.log", content)),
            Finding::Unverifiable { .. }
        ));
    }
}

#[test]
fn a_check_without_a_requester_stops() {
    let shelf = Shelf::new();
    let files = [
        shelf.put("a.db", shelf.database("delete")),
        shelf.put("a.gz", gzip(&vec![0; 500_000])),
        shelf.put("a.json", format!("[{}1]", "1,".repeat(100_000))),
    ];
    let sign = StopOnDrop::default().sign();
    for path in files {
        let stopped = check(&path, &sign);
        assert!(
            matches!(stopped, Err(Unfinished::Stopped)),
            "{}: {stopped:?}",
            path.display()
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_unreadable() {
    let stop = StopOnDrop::default();
    let missing = check(Path::new("/nonexistent/a.db"), &stop.sign());
    assert!(matches!(missing, Err(Unfinished::Unreadable(_))));
}

#[test]
fn a_check_of_pages_that_is_interrupted_says_nothing_about_the_file() {
    let shelf = Shelf::new();
    let path = shelf.put("a.db", shelf.database("delete"));
    let sign = StopOnDrop::default().sign();
    let stopped = sqlite::check_pages(&path, &sign);
    assert!(matches!(stopped, Err(Unfinished::Stopped)), "{stopped:?}");
}

/// The bytes of a file that cannot be read at one place, and can be a moment later.
struct Unreadable<'a>(&'a [u8], Option<io::ErrorKind>, &'a [u8]);

impl Read for Unreadable<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            if let Some(kind) = self.1.take() {
                return Err(kind.into());
            }
            return self.2.read(buffer);
        }
        self.0.read(buffer)
    }
}

#[test]
fn a_disk_that_fails_is_no_fault_of_the_file() {
    let failed = || Some(io::ErrorKind::Other);
    for (first, rest) in [("[1,", "2]"), ("{}\n", "{}")] {
        let file = Unreadable(first.as_bytes(), failed(), rest.as_bytes());
        let checked = json::check(BufReader::new(file));
        assert!(
            matches!(checked, Err(Unfinished::Unreadable(_))),
            "{first}: {checked:?}"
        );
    }
    let packed = gzip(b"abc");
    let file = Unreadable(&packed[..15], failed(), &packed[15..]);
    let checked = gzip::check(BufReader::new(file));
    assert!(matches!(checked, Err(Unfinished::Unreadable(_))));
}
