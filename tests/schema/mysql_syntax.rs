//! The migrations use syntax that MySQL and MariaDB share.
//!
//! MariaDB accepts more than MySQL does, so a run against MariaDB alone would not notice. Checked on the text, so that
//! it fails on either database.

use std::fs;
use std::path::Path;

/// Words that only MariaDB understands in DDL.
const MARIADB_ONLY: [&str; 13] = [
    "AUTO_INCREMENT = DEFAULT",
    "CREATE SEQUENCE",
    "DROP SYSTEM",
    "ENGINE = ARIA",
    "INET4",
    "INET6",
    "OR REPLACE",
    "PERSISTENT",
    "RETURNING",
    "SYSTEM VERSIONING",
    "UUID",
    "WITHOUT OVERLAPS",
    "WITHOUT SYSTEM",
];

/// The syntax that MySQL rejects; empty if it accepts the migration.
fn problems(sql: &str) -> Vec<String> {
    let words = words(sql);
    let text = words.join(" ");
    let mut problems: Vec<String> = MARIADB_ONLY
        .into_iter()
        .filter(|only| contains_words(&text, only))
        .map(|only| format!("{only} is MariaDB's own"))
        .collect();
    if text.contains("UCA1400") {
        problems.push("UCA1400 collations are MariaDB's own".to_owned());
    }
    for (place, condition) in words.windows(2).enumerate() {
        let before: Vec<&str> = words[..place]
            .iter()
            .rev()
            .take(2)
            .map(String::as_str)
            .collect();
        match (condition[0].as_str(), condition[1].as_str()) {
            ("IF", "NOT") if before != ["TABLE", "CREATE"] => {
                problems.push("IF NOT EXISTS is allowed after CREATE TABLE only".to_owned());
            }
            ("IF", "EXISTS") if before != ["TABLE", "DROP"] => {
                problems.push("IF EXISTS is allowed after DROP TABLE only".to_owned());
            }
            _ => {}
        }
    }
    for column in text.split([',', ';']) {
        let has_type = |kind: &&str| contains_words(column, kind);
        let large = ["TEXT", "MEDIUMTEXT", "LONGTEXT", "BLOB", "JSON"];
        let default = column.split_once(" DEFAULT ").map(|(_, value)| value);
        if let Some(kind) = large.iter().find(|kind| has_type(kind))
            && default.is_some_and(|value| !value.starts_with(['(', 'N']))
        {
            problems.push(format!("MySQL has no literal default for {kind}"));
        }
    }
    problems
}

/// Words and signs in upper case, without comments. A statement within a text counts as code.
fn words(sql: &str) -> Vec<String> {
    let code = sql
        .lines()
        .map(|line| line.split_once("-- ").map_or(line, |(code, _)| code));
    let mut code = without_comment_clauses(&code.collect::<Vec<_>>().join("\n")).replace('\'', " ");
    for sign in ["(", ")", ",", ";", "="] {
        code = code.replace(sign, &format!(" {sign} "));
    }
    code.split_whitespace().map(str::to_uppercase).collect()
}

/// Without `COMMENT 'text'`, also within a text that doubles the quotes.
fn without_comment_clauses(sql: &str) -> String {
    let mut parts = sql.split("COMMENT '");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (quote, text) = part
            .strip_prefix('\'')
            .map_or(("'", part), |text| ("''", text));
        let doubled = quote.repeat(2);
        // A doubled quote belongs to the text.
        let text = text.replace(&doubled, "\u{1}");
        let code = text.split_once(quote).map_or("", |(_, code)| code);
        kept.push_str(&code.replace('\u{1}', &doubled));
    }
    kept
}

fn contains_words(text: &str, words: &str) -> bool {
    format!(" {text} ").contains(&format!(" {words} "))
}

#[test]
fn every_migration_is_valid_on_mysql_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    let mut checked = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let found = problems(&fs::read_to_string(&path).unwrap());
        assert!(found.is_empty(), "{}: {found:?}", path.display());
        checked += 1;
    }
    assert!(checked > 10, "{checked} migrations");
}

#[test]
fn syntax_of_mariadb_alone_is_found() {
    for (sql, expected) in [
        (
            "ALTER TABLE drives ADD COLUMN IF NOT EXISTS grade CHAR(1) NULL",
            "IF NOT EXISTS",
        ),
        (
            "CREATE INDEX IF NOT EXISTS ix_a ON drives (grade)",
            "IF NOT EXISTS",
        ),
        (
            "SET @change = (SELECT IF(COUNT(*) = 0, 'ALTER TABLE a DROP COLUMN IF EXISTS b', 'DO 0'))",
            "IF EXISTS",
        ),
        ("CREATE OR REPLACE TABLE a (id BIGINT)", "OR REPLACE"),
        ("CREATE TABLE IF NOT EXISTS a (id UUID NOT NULL)", "UUID"),
        (
            "CREATE TABLE IF NOT EXISTS a (id BIGINT, notes JSON NOT NULL DEFAULT '{}')",
            "literal default",
        ),
        (
            "CREATE TABLE IF NOT EXISTS a (b INT COMMENT 'the car''s', c INET6 NULL)",
            "INET6",
        ),
        (
            "SET @change = 'ALTER TABLE a ADD b INT COMMENT ''one'', ADD c INET4 NULL'",
            "INET4",
        ),
        (
            "CREATE TABLE IF NOT EXISTS a (b INT COMMENT 'x', c TEXT DEFAULT '')",
            "literal default",
        ),
        (
            "CREATE TABLE IF NOT EXISTS a (b BIGINT) COLLATE utf8mb4_uca1400_ai_ci",
            "UCA1400",
        ),
    ] {
        let found = problems(sql);
        assert!(
            found.iter().any(|problem| problem.contains(expected)),
            "{sql}: {found:?}"
        );
    }
    let harmless =
        "CREATE TABLE IF NOT EXISTS a (b INT NULL COMMENT 'the car''s UUID', c JSON DEFAULT NULL)";
    assert_eq!(problems(harmless), Vec::<String>::new());
}
