//! How often each message is logged in a day.

use std::collections::BTreeMap;

use crate::support::ServerProcess;

/// How often a message may be logged that no request causes: less than every second second.
const MOST: usize = 40;

/// The largest number of each message in a day, and the days on which it was logged more often than may be.
#[derive(Default)]
pub(super) struct Log {
    read: usize,
    most: BTreeMap<String, usize>,
    excesses: Vec<String>,
}

/// Level, message and names of a line, without the time and all values.
fn without_values(line: &str) -> String {
    let (_, rest) = line.split_once(' ').unwrap_or_default();
    let mut text = String::new();
    let mut is_value = false;
    let mut is_quoted = false;
    let mut before = ' ';
    for letter in rest.chars() {
        is_quoted ^= letter == '"' && before != '\\';
        is_value &= is_quoted || letter != ' ';
        before = letter;
        if is_value || letter.is_ascii_digit() {
            continue;
        }
        text.push(letter);
        is_value = letter == '=';
    }
    text
}

impl Log {
    /// Reads what was logged since the last call.
    pub(super) fn day_has_passed(&mut self, server: &ServerProcess) {
        let lines = server.lines("");
        let new = &lines[self.read..];
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let (mut answered, mut failed) = (0, 0);
        for line in new {
            if let Some((_, status)) = line.split_once(" status=") {
                answered += 1;
                failed += usize::from(!status.starts_with('2'));
            }
            *counts.entry(without_values(line)).or_default() += 1;
        }
        for (message, count) in counts {
            let is_problem = ["WARN", "ERROR"]
                .iter()
                .any(|level| message.contains(level));
            let requests = if is_problem { failed } else { answered };
            if count > MOST + requests {
                self.excesses.push(format!("{count} × {message}"));
            }
            let most = self.most.entry(message).or_default();
            *most = count.max(*most);
        }
        self.read = lines.len();
    }

    pub(super) fn is_bounded(&self) {
        for (message, most) in &self.most {
            println!("{most:>5} a day at most: {message}");
        }
        assert!(self.excesses.is_empty(), "{:?}", self.excesses);
    }
}
