//! Answers of the database that mean: the owner has to change an account, a right or a setting.

/// What has to be changed, in words without the name of the account; `None` for every other answer.
pub(super) fn problem(code: u16, message: &str) -> Option<String> {
    Some(match code {
        1044 | 1045 | 1698 => {
            "the database refuses the account in DATABASE_URL: wrong user, password or rights, or it requires TLS (ssl-mode)"
                .to_owned()
        }
        // MySQL's and MariaDB's codes for a locked account, and for one that wrong passwords blocked.
        3118 | 3955 | 4150 | 4151 => "the account in DATABASE_URL is locked".to_owned(),
        3159 => "the database server requires TLS: add ssl-mode=required to DATABASE_URL".to_owned(),
        1130 => "the database refuses connections from this host".to_owned(),
        1820 | 1862 => "the password of the account in DATABASE_URL has expired".to_owned(),
        1049 => "the database in DATABASE_URL does not exist".to_owned(),
        1142 | 1143 | 1227 | 1370 => missing_right(message),
        1290 | 1792 | 1836 => "the database server is read-only".to_owned(),
        1665 => "the database logs statements (binlog_format=STATEMENT), which transactions in \
                 READ COMMITTED do not allow: set binlog_format=ROW"
            .to_owned(),
        _ => return None,
    })
}

/// From `CREATE command denied to user 'u'@'h' for table 'devices'`.
fn missing_right(message: &str) -> String {
    let right = message.split(" command denied").next();
    let right = right.filter(|right| right.len() < message.len());
    let table = message.rsplit(" for table ").next();
    let table = table.filter(|table| table.len() < message.len());
    let table = table.map(|table| table.rsplit('.').next().unwrap_or(table));
    let table = table.map(|table| table.trim_matches(['`', '\'']));
    match (right, table) {
        (Some(right), Some(table)) => {
            format!("the account in DATABASE_URL lacks the right {right} on the table {table}")
        }
        _ => "the account in DATABASE_URL lacks a right".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_right_is_named_with_its_table_and_without_the_account() {
        for message in [
            "CREATE command denied to user 'car'@'db.lan' for table `eclipse_ai`.`devices`",
            "CREATE command denied to user 'car'@'db.lan' for table 'devices'",
        ] {
            assert_eq!(
                problem(1142, message).as_deref(),
                Some("the account in DATABASE_URL lacks the right CREATE on the table devices")
            );
        }
        let other = problem(1227, "Access denied; you need the SUPER privilege").unwrap();
        assert_eq!(other, "the account in DATABASE_URL lacks a right");
    }

    #[test]
    fn an_answer_that_is_no_matter_of_setup_has_no_problem() {
        assert_eq!(problem(1213, "Deadlock found"), None);
    }
}
