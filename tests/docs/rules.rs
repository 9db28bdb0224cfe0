//! `docs/diagnosis.md` has the rules and thresholds that the server uses.

use std::fs;

use crate::support::Binary;

#[test]
fn the_table_of_rules_is_the_effective_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnosis.md");
    let page = fs::read_to_string(path).unwrap();
    let printed = Binary::with_env_file(&[]).run(&["rules"]).output;
    for rule in printed.trim().split("\n\n") {
        let mut lines = rule.lines();
        let (id, _) = lines.next().unwrap().split_once(' ').unwrap();
        let row = page
            .lines()
            .find(|row| row.starts_with(&format!("| `{id}` |")));
        let row = row.unwrap_or_else(|| panic!("{id} is in the table"));
        for line in lines {
            let part = match line.trim().split_once(" = ") {
                Some((name, value)) => format!("`{name}` {}", value.trim()),
                None => line.trim().trim_start_matches("source: ").to_owned(),
            };
            assert!(row.contains(&part), "{id}: {part:?} is in {row}");
        }
    }
}
