//! Whether the database can be reached, lets us do what we need, and has the schema.

use actors::contacts::{DeviceContact, device_contacts};
use actors::database::{Database, DatabaseError, Inspection, Rights};
use actors::schema;
use mysql_async::Error;

use super::finding::Finding;
use super::{Host, LIMIT};
use crate::config::Settings;

/// The oldest versions that the server is tested with.
const LEAST_MYSQL: (u32, u32) = (8, 0);
const LEAST_MARIADB: (u32, u32) = (10, 11);

pub(super) struct Found {
    pub(super) inspection: Inspection,
    /// Why the program cannot use the tables that are there.
    difference: Option<String>,
    /// Why the tables cannot be written; nothing is known while there is no usable schema.
    write_error: Option<DatabaseError>,
    /// When the devices made contact.
    pub(super) contacts: Vec<DeviceContact>,
}

pub(super) async fn probe(settings: &Settings) -> Result<Found, DatabaseError> {
    let database = Database::open(&settings.database_url, 1);
    let inspection = database.inspect(LIMIT).await?;
    let difference = schema::first_difference(&database, LIMIT).await?;
    let is_usable = inspection.schema_version.is_some() && difference.is_none();
    let (mut write_error, mut contacts) = (None, Vec::new());
    if is_usable {
        let written = schema::check_writes(&database, LIMIT).await;
        write_error = written.err().filter(DatabaseError::is_setup);
        let read = database.run(LIMIT, async |connection| device_contacts(connection).await);
        contacts = read.await?;
    }
    Ok(Found {
        inspection,
        difference,
        write_error,
        contacts,
    })
}

pub(super) fn judge(
    settings: &Settings,
    found: &Result<Found, DatabaseError>,
    host: &Host,
) -> Vec<Finding> {
    let place = settings.database_url.place();
    match found {
        Ok(Found {
            inspection,
            difference,
            write_error,
            ..
        }) => {
            let mut findings = vec![
                server(&place, &inspection.version),
                rights(&inspection.rights, host),
                schema(
                    inspection.schema_version,
                    schema::latest_version(),
                    difference.as_deref(),
                    host,
                ),
            ];
            findings.extend(write_error.as_ref().map(|error| {
                let says = format!("{place} cannot be written: {error}");
                Finding::error("database", says, mend(error, host))
            }));
            findings
        }
        Err(error) => vec![Finding::error(
            "database",
            format!("{place}: {}", with_root_cause(error)),
            mend(error, host),
        )],
    }
}

/// The error and what is at its bottom: what the driver says in between repeats itself.
fn with_root_cause(error: &DatabaseError) -> String {
    let mut root: &dyn std::error::Error = error;
    while let Some(source) = root.source() {
        root = source;
    }
    match (error.to_string(), root.to_string()) {
        (error, root) if error == root => error,
        (error, root) => format!("{error}: {root}"),
    }
}

fn mend(error: &DatabaseError, host: &Host) -> String {
    let (DatabaseError::Unavailable(Error::Server(answer))
    | DatabaseError::Setup {
        source: Error::Server(answer),
        ..
    }) = error
    else {
        return match error {
            DatabaseError::Setup { .. } => format!(
                "{} # ssl-mode, ssl-ca and the address in DATABASE_URL",
                host.edit_settings()
            ),
            _ => host.start_database(),
        };
    };
    match answer.code {
        // Access denied, no such database, a right on a table or a routine.
        1044 | 1045 | 1049 | 1142 | 1143 | 1227 | 1370 | 1698 => host.setup_database(),
        1290 | 1792 | 1836 => "sudo mysql --execute='SET GLOBAL read_only = OFF'".to_owned(),
        1665 => "sudo mysql --execute='SET GLOBAL binlog_format = ROW'".to_owned(),
        // Too many connections.
        1040 | 1203 => "sudo mysql --execute='SHOW PROCESSLIST'".to_owned(),
        // Not from this host.
        1129 | 1130 => format!(
            "{} --client-host ADDRESS_OF_THIS_MACHINE",
            host.setup_database()
        ),
        _ => "journalctl --unit mysql --unit mariadb --lines 50".to_owned(),
    }
}

fn server(place: &str, version: &str) -> Finding {
    let least = if version.contains("MariaDB") {
        LEAST_MARIADB
    } else {
        LEAST_MYSQL
    };
    let mut numbers = version
        .split(|character: char| !character.is_ascii_digit())
        .map_while(|number| number.parse().ok());
    let is = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if is < least {
        let (major, minor) = least;
        return Finding::error(
            "database",
            format!("{place} is of version {version}; needed is {major}.{minor} or newer"),
            "sudo apt-get install default-mysql-server",
        );
    }
    Finding::ok("database", format!("{place} answers, version {version}"))
}

fn rights(rights: &Rights, host: &Host) -> Finding {
    let missing = rights.missing();
    if missing.is_empty() && rights.everywhere.is_empty() {
        return Finding::ok("grants", "are what is needed");
    }
    if missing.is_empty() {
        return Finding::warning(
            "grants",
            "hold for every database of that server: the account may do more than it needs",
            format!(
                "{} # with an account of its own in DATABASE_URL",
                host.setup_database()
            ),
        );
    }
    let says = format!("lack {}", missing.join(", "));
    if rights.has_role {
        let says =
            format!("{says}, unless they come with the account's role, which is not looked into");
        return Finding::warning("grants", says, host.setup_database());
    }
    Finding::error("grants", says, host.setup_database())
}

fn schema(is: Option<i64>, latest: i64, difference: Option<&str>, host: &Host) -> Finding {
    if let Some(difference) = difference
        && is.is_none_or(|is| is >= latest)
    {
        return Finding::error(
            "schema",
            format!("does not fit this program: {difference}"),
            format!(
                "{} # is DATABASE_URL the database of this program?",
                host.edit_settings()
            ),
        );
    }
    match is {
        None => Finding::warning(
            "schema",
            "is not there yet; the server creates it when it starts",
            host.own("init-db"),
        ),
        Some(is) if is < latest => Finding::warning(
            "schema",
            format!(
                "is at version {is} of {latest}; the server brings it up to date when it starts"
            ),
            host.own("init-db"),
        ),
        Some(is) if is > latest => Finding::warning(
            "schema",
            format!("is at version {is}, made by a newer program; this one knows {latest}"),
            "eclipse-ai-server --version # on every server that uses this database",
        ),
        Some(is) => Finding::ok("schema", format!("is at version {is}, the latest")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use actors::database::NEEDED_RIGHTS;
    use rstest::rstest;

    use super::super::finding::Verdict::{self, Error, Ok, Warning};
    use super::*;

    #[rstest]
    #[case("8.0.36", Ok)]
    #[case("9.7.1-commercial", Ok)]
    #[case("5.7.44-log", Error)]
    #[case("10.11.6-MariaDB-0+deb12u1", Ok)]
    #[case("11.4.2-MariaDB", Ok)]
    #[case("10.6.18-MariaDB", Error)]
    #[case("of its own", Error)]
    fn versions_that_are_too_old_are_errors(#[case] version: &str, #[case] verdict: Verdict) {
        assert_eq!(server("here", version).verdict, verdict);
    }

    fn needed_without(missing: &str) -> BTreeSet<String> {
        let needed = NEEDED_RIGHTS.into_iter().filter(|right| *right != missing);
        needed.map(str::to_owned).collect()
    }

    #[rstest]
    #[case::as_needed("", false, false, Ok)]
    #[case::one_is_missing("INDEX", false, false, Error)]
    #[case::perhaps_it_comes_with_the_role("INDEX", false, true, Warning)]
    #[case::more_than_needed("", true, false, Warning)]
    fn rights_are_needed_all_and_here_only(
        #[case] missing: &str,
        #[case] everywhere: bool,
        #[case] has_role: bool,
        #[case] verdict: Verdict,
    ) {
        let here = needed_without(missing);
        let everywhere = if everywhere {
            here.clone()
        } else {
            BTreeSet::new()
        };
        let found = rights(
            &Rights {
                here,
                everywhere,
                has_role,
            },
            &Host::find(),
        );
        assert_eq!(found.verdict, verdict, "{found:?}");
        assert_eq!(format!("{found:?}").contains("INDEX"), !missing.is_empty());
    }

    #[rstest]
    #[case::of_another_program(None, Error)]
    #[case::to_be_migrated(Some(11), Warning)]
    #[case::changed_by_hand(Some(12), Error)]
    fn tables_of_another_shape_are_an_error_unless_a_migration_is_due(
        #[case] version: Option<i64>,
        #[case] verdict: Verdict,
    ) {
        let found = schema(
            version,
            12,
            Some("the table devices is missing"),
            &Host::find(),
        );
        assert_eq!(found.verdict, verdict, "{found:?}");
    }

    #[rstest]
    #[case(None, Warning)]
    #[case(Some(11), Warning)]
    #[case(Some(12), Ok)]
    #[case(Some(13), Warning)]
    fn only_the_latest_schema_is_ok(#[case] version: Option<i64>, #[case] verdict: Verdict) {
        assert_eq!(schema(version, 12, None, &Host::find()).verdict, verdict);
    }
}
