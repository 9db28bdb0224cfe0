//! The version of the rules is raised with every change of a rule, a threshold or a text.

use std::fs;
use std::path::Path;

use super::*;

/// For which version the fingerprint holds, and the fingerprint.
const KNOWN: (u32, u64) = (1, 18_391_851_721_862_150_463);

/// Files of `actors/diagnosis/src/` that decide what a diagnosis says.
const SOURCES: [&str; 19] = [
    "baseline.rs",
    "causes.rs",
    "channels.rs",
    "channels",
    "diagnoser.rs",
    "doubts.rs",
    "doubts",
    "figures.rs",
    "figures",
    "grade.rs",
    "rules.rs",
    "rules",
    "states.rs",
    "text.rs",
    "thresholds.rs",
    "time.rs",
    "timeline.rs",
    "trims.rs",
    "units.rs",
];

#[test]
fn the_version_is_raised_when_a_threshold_or_a_text_changes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut literals = vec![Settings::default().to_text()];
    for source in SOURCES {
        collect(&folder.join(source), &mut literals);
    }
    // What moves from one file to another stays the same.
    literals.sort();
    let mut fingerprint = 0xcbf2_9ce4_8422_2325_u64;
    for byte in literals.join("\n").bytes() {
        fingerprint = (fingerprint ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    assert_eq!(
        (RULES_VERSION, fingerprint),
        KNOWN,
        "numbers or texts of the rules have changed: raise RULES_VERSION if that changes what a diagnosis says, and \
         note the fingerprint"
    );
}

/// The numbers and texts of a source file, or of all in a folder, without those of tests and comments.
fn collect(path: &Path, literals: &mut Vec<String>) {
    if path.is_dir() {
        let entries = fs::read_dir(path).unwrap();
        for entry in entries.map(|entry| entry.unwrap().path()) {
            if entry.file_stem() != Some("tests".as_ref()) {
                collect(&entry, literals);
            }
        }
        return;
    }
    let source = fs::read_to_string(path).unwrap();
    let code = source.split("#[cfg(test)]").next().unwrap();
    let lines = code.lines().map(str::trim_start);
    let lines = lines.filter(|line| !line.starts_with("//") && !line.starts_with("#["));
    let code: Vec<&str> = lines.collect();
    collect_literals(&code.join(" "), literals);
}

fn collect_literals(code: &str, literals: &mut Vec<String>) {
    let mut rest = code;
    while let Some(start) = rest.find(|c: char| c == '"' || c.is_ascii_digit()) {
        let is_part_of_name = rest[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let literal = &rest[start..];
        let length = if let Some(text) = literal.strip_prefix('"') {
            let mut escaped = false;
            let end = text.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            end.map_or(literal.len(), |end| end + 2)
        } else {
            let is_number = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
            literal.find(|c| !is_number(c)).unwrap_or(literal.len())
        };
        if !is_part_of_name {
            literals.push(literal[..length].to_owned());
        }
        rest = &literal[length..];
    }
}

#[test]
fn numbers_and_texts_are_found_and_names_are_not() {
    let mut literals = Vec::new();
    let code = r#"let x_1 = if f64 > 1_000.5 { "a \"quoted\" 7" } else { 0x1F };"#;
    collect_literals(code, &mut literals);
    assert_eq!(literals, ["1_000.5", r#""a \"quoted\" 7""#, "0x1F"]);
}
