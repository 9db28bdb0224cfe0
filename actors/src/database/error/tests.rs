//! What the answers of a database mean.

use mysql_async::ServerError;

use super::*;

fn error(code: u16) -> DatabaseError {
    error_with(code, "secret")
}

fn error_with(code: u16, message: &str) -> DatabaseError {
    let answer = ServerError {
        code,
        message: message.to_owned(),
        state: "HY000".to_owned(),
    };
    Error::Server(answer).into()
}

#[test]
fn a_database_that_is_away_never_refused_a_statement() {
    for code in [
        1047, 1053, 1152, 1159, 1161, 1180, 1290, 1792, 1836, 1927, 2006, 2013, 3100, 3168, 4031,
    ] {
        let error = error(code);
        assert!(error.may_pass(), "{code}");
        assert!(!matches!(error, DatabaseError::Refused(_)), "{code}");
        assert_ne!(
            error.to_string(),
            "the database cannot be reached",
            "{code}"
        );
    }
}

#[test]
fn conflicts_are_retried_and_what_fails_again_is_not() {
    for code in [1213, 1205, 1020, 3101, 8002, 8022, 9007] {
        assert!(error(code).is_contention(), "{code}");
    }
    for code in [1062, 1146, 1153, 1064] {
        assert!(
            !error(code).is_contention() && !error(code).may_pass(),
            "{code}"
        );
    }
}

#[test]
fn an_account_that_is_locked_or_at_its_limit_is_an_answer_with_that_cause() {
    for code in [3118, 3955, 4150, 4151] {
        let error = error(code);
        let locked = "the account in DATABASE_URL is locked";
        assert_eq!(
            (error.is_answer(), error.to_string().as_str()),
            (true, locked)
        );
    }
    let error = error(1226);
    let full = "the database has too many connections";
    assert_eq!(
        (error.is_answer(), error.to_string().as_str()),
        (true, full)
    );
    let silent = DatabaseError::TimedOut {
        limit: Duration::from_secs(3),
    };
    assert!(!silent.is_answer());
}

#[test]
fn a_read_only_database_is_named() {
    assert_eq!(error(1290).to_string(), "the database server is read-only");
}

#[test]
fn a_missing_column_or_table_is_named_and_no_value_is() {
    for (code, message, text) in [
        (
            1054,
            "Unknown column 'unit' in 'INSERT INTO'",
            ": it has no column unit",
        ),
        (
            1054,
            "Unknown column 'drives.unit' in 'field list'",
            ": it has no column unit",
        ),
        (
            1146,
            "Table 'eclipse.statistics' doesn't exist",
            ": it has no table statistics",
        ),
        (1054, "secret", ""),
        (1064, "You have an error near 'secret'", ""),
    ] {
        let expected = format!("the database refused a statement{text}");
        assert_eq!(error_with(code, message).to_string(), expected);
    }
}
