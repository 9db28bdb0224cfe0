//! The shape of a schema: its tables, columns and keys. Pure.

use std::collections::BTreeMap;
use std::fmt;

/// Tables by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape(pub BTreeMap<String, Table>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub columns: BTreeMap<String, Column>,
    /// By name. Names serve to drop keys only: keys are compared by their columns.
    pub keys: BTreeMap<String, Key>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// As [`column_type`] writes it.
    pub kind: String,
    pub is_nullable: bool,
    /// Whether a row may leave it out.
    pub is_optional: bool,
}

/// A primary or unique key, or an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub is_unique: bool,
    pub columns: Vec<String>,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_unique {
            "unique key"
        } else {
            "index"
        };
        write!(f, "{kind} ({})", self.columns.join(", "))
    }
}

/// One spelling of a type for both databases: `MariaDB` gives integers a width and stores JSON as text.
pub(super) fn column_type(text: &str) -> String {
    let text: String = text.to_lowercase().split_whitespace().collect();
    let (name, rest) = text.split_at(text.find('(').unwrap_or(text.len()));
    let sign = if text.contains("unsigned") {
        " unsigned"
    } else {
        ""
    };
    match name.trim_end_matches("unsigned") {
        "json" => "longtext".to_owned(),
        "integer" => format!("int{sign}"),
        "boolean" | "bool" => "tinyint".to_owned(),
        name @ ("int" | "bigint" | "smallint" | "tinyint" | "double") => format!("{name}{sign}"),
        name => format!("{name}{rest}"),
    }
}

impl Shape {
    /// The first reason why this program cannot use the tables in `actual`.
    pub(super) fn first_difference(&self, actual: &Self) -> Option<String> {
        self.0
            .iter()
            .find_map(|(name, table)| match actual.0.get(name) {
                None => Some(format!("the table {name} is missing")),
                Some(actual) => table.first_difference(name, actual),
            })
    }

    /// The first index that `actual` lacks. Queries work without it, but read whole tables.
    pub(super) fn first_missing_index(&self, actual: &Self) -> Option<String> {
        self.0.iter().find_map(|(name, table)| {
            let there = &actual.0.get(name)?.keys;
            let missing = table.keys.values().find(|key| {
                let serves = |other: &Key| other.columns.starts_with(&key.columns);
                !key.is_unique && !there.values().any(serves)
            })?;
            Some(format!("the table {name} lacks the {missing}"))
        })
    }

    /// Whether there is a table of this name.
    pub(super) fn has_table(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The first table of `actual` with a name of ours.
    pub(super) fn first_common_table(&self, actual: &Self) -> Option<&str> {
        let mut names = self.0.keys();
        names
            .find(|name| actual.0.contains_key(*name))
            .map(String::as_str)
    }
}

impl Table {
    fn first_difference(&self, name: &str, actual: &Self) -> Option<String> {
        let of_column =
            self.columns
                .iter()
                .find_map(|(column, expected)| match actual.columns.get(column) {
                    None => Some(format!("the column {name}.{column} is missing")),
                    Some(actual) if actual.kind != expected.kind => Some(format!(
                        "the column {name}.{column} has the type {} instead of {}",
                        actual.kind, expected.kind
                    )),
                    Some(actual) if actual.is_nullable != expected.is_nullable => Some(format!(
                        "the column {name}.{column} {} NULL",
                        if actual.is_nullable {
                            "allows"
                        } else {
                            "does not allow"
                        }
                    )),
                    Some(_) => None,
                });
        let unknown = || {
            let mut required = actual
                .columns
                .iter()
                .filter(|(_, column)| !column.is_optional);
            let (column, _) = required.find(|(column, _)| !self.columns.contains_key(*column))?;
            Some(format!(
                "the column {name}.{column} is unknown to this program and has no default"
            ))
        };
        let of_keys = || {
            let mut unique = self.keys.values().filter(|key| key.is_unique);
            let missing = unique.find(|key| !actual.keys.values().any(|other| other == *key))?;
            Some(format!("the table {name} lacks the {missing}"))
        };
        of_column.or_else(unknown).or_else(of_keys)
    }
}

#[cfg(test)]
mod tests {
    use super::super::statements::apply;
    use super::*;

    fn shape(columns: &str) -> Shape {
        let mut shape = Shape::default();
        apply(
            &mut shape,
            &format!("CREATE TABLE IF NOT EXISTS t ({columns})"),
        );
        shape
    }

    fn ours() -> Shape {
        shape(
            "id BIGINT NOT NULL AUTO_INCREMENT, device VARCHAR(64) NOT NULL, extra JSON NULL, \
             PRIMARY KEY (id), UNIQUE KEY uq (device, id), KEY ix (device)",
        )
    }

    #[test]
    fn a_type_has_one_spelling_on_both_databases() {
        for (mysql, mariadb) in [
            ("BIGINT", "bigint(20)"),
            ("json", "longtext"),
            ("ENUM ('a', 'b')", "enum('a','b')"),
            ("DATETIME(6)", "datetime(6)"),
            ("INT UNSIGNED", "int(10) unsigned"),
        ] {
            assert_eq!(column_type(mysql), column_type(mariadb));
        }
        assert_ne!(column_type("VARCHAR(64)"), column_type("varchar(32)"));
    }

    #[test]
    fn the_first_difference_is_named() {
        for (theirs, difference) in [
            (
                "id BIGINT NOT NULL, extra JSON",
                "the column t.device is missing",
            ),
            (
                "id BIGINT NOT NULL, device INT NOT NULL, extra JSON",
                "the column t.device has the type int instead of varchar(64)",
            ),
            (
                "id BIGINT NOT NULL, device VARCHAR(64), extra JSON",
                "the column t.device allows NULL",
            ),
            (
                "id BIGINT NOT NULL, device VARCHAR(64) NOT NULL, extra JSON, owner INT NOT NULL",
                "the column t.owner is unknown to this program and has no default",
            ),
            (
                "id BIGINT NOT NULL, device VARCHAR(64) NOT NULL, extra JSON, PRIMARY KEY (id), KEY ix (device, id)",
                "the table t lacks the unique key (device, id)",
            ),
        ] {
            let found = ours().first_difference(&shape(theirs));
            assert_eq!(found.as_deref(), Some(difference));
        }
        let missing = ours().first_difference(&Shape::default());
        assert_eq!(missing.as_deref(), Some("the table t is missing"));
    }

    #[test]
    fn what_a_newer_release_adds_is_no_difference() {
        let newer = shape(
            "id BIGINT NOT NULL AUTO_INCREMENT, device VARCHAR(64) NOT NULL, extra JSON NULL, \
             note TEXT NULL, level INT NOT NULL DEFAULT 0, \
             PRIMARY KEY (id), UNIQUE KEY uq (device, id), KEY ix (device, level)",
        );
        assert_eq!(ours().first_difference(&newer), None);
        assert_eq!(ours().first_missing_index(&newer), None);
    }

    #[test]
    fn a_missing_index_is_no_difference_but_is_named() {
        let slow = shape(
            "id BIGINT NOT NULL, device VARCHAR(64) NOT NULL, extra JSON, \
             PRIMARY KEY (id), UNIQUE KEY uq (device, id)",
        );
        assert_eq!(ours().first_difference(&slow), None);
        // The unique key serves the same queries.
        assert_eq!(ours().first_missing_index(&slow), None);
        let mut slower = slow;
        slower.0.get_mut("t").unwrap().keys.clear();
        let missing = ours().first_missing_index(&slower);
        assert_eq!(
            missing.as_deref(),
            Some("the table t lacks the index (device)")
        );
    }
}
