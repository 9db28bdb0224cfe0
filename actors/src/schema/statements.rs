//! The shape that the migrations produce, read from their statements. Pure.
//!
//! Understands what migrations are made of: `CREATE TABLE`, `CREATE INDEX`, and `ALTER TABLE` that adds, changes or
//! drops; also within the string of a prepared statement. Whatever it does not understand is not checked.

use super::shape::{Column, Key, Shape, Table, column_type};

/// The name of a primary key.
const PRIMARY: &str = "PRIMARY";

/// Applies the statement of a migration to a shape.
pub(super) fn apply(shape: &mut Shape, migration: &str) {
    let sql = without_comments(migration);
    apply_statement(shape, &sql);
    for literal in literals(&sql) {
        apply_statement(shape, &literal);
    }
}

fn apply_statement(shape: &mut Shape, sql: &str) {
    let sql = sql.trim();
    if let Some(rest) =
        after(sql, "CREATE TABLE IF NOT EXISTS").or_else(|| after(sql, "CREATE TABLE"))
    {
        let (name, rest) = word(rest);
        let table = shape.0.entry(name.to_owned()).or_default();
        for definition in split(parenthesized(rest)) {
            add(table, definition.trim());
        }
    } else if let Some(rest) = after(sql, "ALTER TABLE") {
        let (name, changes) = word(rest);
        let table = shape.0.entry(name.to_owned()).or_default();
        for change in split(changes) {
            alter(table, change.trim());
        }
    } else if let Some(rest) =
        after(sql, "CREATE UNIQUE INDEX").or_else(|| after(sql, "CREATE INDEX"))
    {
        let on = after(word(rest).1, "ON").unwrap_or_default();
        let (name, columns) = word(on);
        let table = shape.0.entry(name.to_owned()).or_default();
        let name = word(rest).0;
        let is_unique = after(sql, "CREATE UNIQUE").is_some();
        table.keys.insert(name.to_owned(), key(is_unique, columns));
    }
}

/// One definition within `CREATE TABLE`, or behind `ADD`.
fn add(table: &mut Table, definition: &str) {
    let after_any = |kinds: &[&str]| kinds.iter().find_map(|kind| after(definition, kind));
    if after_any(&["PRIMARY KEY"]).is_some() {
        table.keys.insert(PRIMARY.to_owned(), key(true, definition));
    } else if let Some(rest) = after_any(&["UNIQUE KEY", "UNIQUE INDEX", "UNIQUE"]) {
        table.keys.insert(word(rest).0.to_owned(), key(true, rest));
    } else if let Some(rest) = after_any(&["KEY", "INDEX"]) {
        table.keys.insert(word(rest).0.to_owned(), key(false, rest));
    } else if !["CONSTRAINT", "FOREIGN KEY", "CHECK"]
        .iter()
        .any(|kind| after(definition, kind).is_some())
    {
        let (name, rest) = word(definition);
        table.columns.insert(name.to_owned(), column(rest));
    }
}

fn alter(table: &mut Table, change: &str) {
    if let Some(added) = after(change, "ADD COLUMN").or_else(|| after(change, "ADD")) {
        add(table, added);
    } else if let Some(rest) = after(change, "MODIFY COLUMN").or_else(|| after(change, "MODIFY")) {
        let (name, rest) = word(rest);
        table.columns.insert(name.to_owned(), column(rest));
    } else if let Some(rest) = after(change, "DROP COLUMN") {
        table.columns.remove(word(rest).0);
    } else if after(change, "DROP PRIMARY KEY").is_some() {
        table.keys.remove(PRIMARY);
    } else if let Some(rest) = after(change, "DROP KEY").or_else(|| after(change, "DROP INDEX")) {
        table.keys.remove(word(rest).0);
    }
}

fn column(definition: &str) -> Column {
    let (name, rest) = word(definition);
    let unquoted: String = top_level(rest).map(|(.., c)| c).collect();
    let upper = unquoted.to_uppercase();
    let mut kind = name.to_owned();
    if rest.trim_start().starts_with('(') {
        kind = format!("{kind}({})", parenthesized(rest));
    }
    if upper.contains("UNSIGNED") {
        kind += " unsigned";
    }
    let is_nullable = !upper.contains("NOT NULL");
    Column {
        kind: column_type(&kind),
        is_nullable,
        is_optional: is_nullable
            || ["DEFAULT", "AUTO_INCREMENT", "GENERATED"]
                .iter()
                .any(|word| upper.contains(word)),
    }
}

fn key(is_unique: bool, definition: &str) -> Key {
    let columns = split(parenthesized(definition)).into_iter();
    Key {
        is_unique,
        columns: columns.map(|column| word(column).0.to_owned()).collect(),
    }
}

/// What follows these words.
fn after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let mut rest = text.trim_start();
    for wanted in words.split(' ') {
        let (found, behind) = word(rest);
        if !found.eq_ignore_ascii_case(wanted) {
            return None;
        }
        rest = behind.trim_start();
    }
    Some(rest)
}

/// The first word, without backticks, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '`');
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    (word.trim_matches('`'), rest)
}

/// What the first parentheses enclose.
fn parenthesized(text: &str) -> &str {
    let Some(start) = text.find('(') else {
        return "";
    };
    let inner = &text[start + 1..];
    let end = top_level(inner).find(|(_, depth, _)| *depth < 0);
    &inner[..end.map_or(inner.len(), |(position, ..)| position)]
}

/// The parts between commas that neither parentheses nor quotes enclose.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (position, depth, c) in top_level(text) {
        if depth == 0 && c == ',' {
            parts.push(&text[start..position]);
            start = position + 1;
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The characters outside of quotes, with their position and the number of parentheses that are open behind them.
fn top_level(text: &str) -> impl Iterator<Item = (usize, i32, char)> {
    let (mut depth, mut is_quoted) = (0, false);
    text.char_indices().filter_map(move |(position, c)| {
        match c {
            '\'' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth -= 1,
            _ => {}
        }
        (!is_quoted).then_some((position, depth, c))
    })
}

/// The string literals of a statement, with their quotes resolved.
fn literals(sql: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut rest = sql;
    while let Some(start) = rest.find('\'') {
        let mut literal = String::new();
        let mut characters = rest[start + 1..].char_indices().peekable();
        let mut end = rest.len();
        while let Some((position, c)) = characters.next() {
            if c != '\'' {
                literal.push(c);
            } else if characters.next_if(|(_, next)| *next == '\'').is_some() {
                literal.push('\'');
            } else {
                end = start + 1 + position + 1;
                break;
            }
        }
        literals.push(literal);
        rest = &rest[end..];
    }
    literals
}

fn without_comments(sql: &str) -> String {
    let lines = sql.lines().map(|line| {
        let comment = top_level(line).find(|(position, ..)| line[*position..].starts_with("--"));
        comment.map_or(line, |(position, ..)| &line[..position])
    });
    lines.collect::<Vec<_>>().join("\n")
}
