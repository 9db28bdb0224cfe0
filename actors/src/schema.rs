//! Brings the schema up to date with the migrations in `schema/`, and checks that the tables have the shape that they
//! produce.
//!
//! Each migration is one idempotent statement: MySQL commits DDL at once, so an interrupted migration is run again.
//! refinery takes no lock; a row that is locked keeps two servers from migrating one database at the same time.
//!
//! Migrations remove no table, no column and no index that a released server forces, so a server also runs on the schema of
//! a newer release: during a rolling upgrade, and after a rollback. The check of the shape finds a newer release that broke
//! this rule. Each release numbers its migrations within a hundred of its own ([`releases_ahead`]), so a server knows how
//! many releases newer a schema is.

use std::time::Duration;

use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

pub use crate::database::schema_version as version;
use crate::database::{Database, DatabaseError, pool_for_migrations, rows};

mod lock;
mod progress;
mod shape;
mod statements;
mod writes;

pub use writes::check_writes;

use lock::Lock;
use shape::{Column, Key, Shape, column_type};

mod embedded {
    refinery::embed_migrations!("../schema");
}

/// How long a reachable database takes to answer.
const REACH_LIMIT: Duration = Duration::from_secs(5);

/// How long the migrations may take, together with those of another server that is waited for. A large table takes minutes,
/// and a change that is cut off starts again from its beginning. A database that no longer answers is noticed within seconds,
/// by the lock.
const MIGRATION_LIMIT: Duration = Duration::from_hours(2);

/// What a migration did and found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// How many migrations were applied.
    pub applied: usize,
    /// The version of the schema. Newer than [`latest_version`] if a newer release made it.
    pub version: i64,
    /// An index that is missing, which makes queries slow.
    pub missing_index: Option<String>,
}

/// Applies the missing migrations and checks the shape of the tables. Safe to call at any time, by several servers at
/// once.
///
/// Refuses a database with tables of our names that another program made, before it changes anything. One connection of
/// `database` holds the lock meanwhile.
pub async fn migrate(database: &Database) -> Result<Migrated, DatabaseError> {
    let mut other_servers = database.servers() - 1;
    loop {
        match migrate_once(database).await {
            // It does not write, for example as the secondary of a cluster. The next attempt is on another one.
            Err(error) if other_servers > 0 && error.is_refusal_of_server() => other_servers -= 1,
            outcome => return outcome,
        }
    }
}

/// Fails soon if the database is unreachable, not after the limit of the migrations.
pub async fn reach(database: &Database) -> Result<(), DatabaseError> {
    let reached = database.run(REACH_LIMIT, async |connection| {
        Ok(connection.query_drop("DO 0").await?)
    });
    reached.await
}

async fn migrate_once(database: &Database) -> Result<Migrated, DatabaseError> {
    reach(database).await?;
    database
        .run(MIGRATION_LIMIT, async |connection| {
            let lock = Lock::take(connection, MIGRATION_LIMIT / 2).await?;
            let outcome = tokio::select! {
                // On the heap: refinery's future is large.
                outcome = Box::pin(migrate_locked(connection)) => outcome,
                lost = lock.renew(database) => Err(lost),
                never = progress::log(database) => match never {},
            };
            lock.release(connection).await?;
            outcome
        })
        .await
}

/// Refuses a database without a schema that has tables with our names. The table of the lock shows that they are ours: another
/// server is at work.
async fn refuse_tables_of_others(connection: &mut Conn) -> Result<(), DatabaseError> {
    if version(connection).await?.is_some() {
        return Ok(());
    }
    let actual = actual(connection).await?;
    match expected().first_common_table(&actual) {
        Some(table) if !actual.has_table(lock::TABLE) => {
            Err(DatabaseError::Schema(not_ours(table)))
        }
        _ => Ok(()),
    }
}

async fn migrate_locked(connection: &mut Conn) -> Result<Migrated, DatabaseError> {
    let version = version(connection).await?;
    let is_newer = version > Some(latest_version());
    let applied = if is_newer {
        0
    } else {
        let report = embedded::migrations::runner()
            .set_grouped(false)
            .run_async(&mut pool_for_migrations(connection))
            .await;
        report
            .map_err(DatabaseError::Migration)?
            .applied_migrations()
            .len()
    };
    let (expected, actual) = (expected(), actual(connection).await?);
    if let Some(difference) = expected.first_difference(&actual) {
        return Err(DatabaseError::Schema(difference));
    }
    Ok(Migrated {
        applied,
        version: version.filter(|_| is_newer).unwrap_or(latest_version()),
        missing_index: expected.first_missing_index(&actual),
    })
}

/// Why this program cannot use the tables of the database as they are now, within `limit`. `None` if it can, or if there
/// is no schema yet and nothing stands in its way.
pub async fn first_difference(
    database: &Database,
    limit: Duration,
) -> Result<Option<String>, DatabaseError> {
    let found = database.run(limit, async |connection| {
        let actual = actual(connection).await?;
        Ok(match version(connection).await? {
            Some(_) => expected().first_difference(&actual),
            None => expected().first_common_table(&actual).map(not_ours),
        })
    });
    found.await
}

fn not_ours(table: &str) -> String {
    format!(
        "the table {table} was not made by this program: set DATABASE_URL to a database of its own \
         (docs/moving-from-python.md)"
    )
}

/// How many numbers the migrations of a release have: those up to 1.1 have 1 to 99, those of the next one 100 to 199.
const NUMBERS_OF_A_RELEASE: i64 = 100;

/// By how many releases a schema of the version `schema` is newer than a program whose latest version is `program`.
pub fn releases_ahead(schema: i64, program: i64) -> i64 {
    (schema / NUMBERS_OF_A_RELEASE - program / NUMBERS_OF_A_RELEASE).max(0)
}

/// The newest migration of this build.
pub fn latest_version() -> i64 {
    embedded::migrations::runner()
        .get_migrations()
        .iter()
        .map(|migration| i64::from(migration.version()))
        .max()
        .unwrap_or_default()
}

/// How many migrations of this build a schema of this version lacks.
pub fn pending(version: Option<i64>) -> usize {
    embedded::migrations::runner()
        .get_migrations()
        .iter()
        .filter(|migration| Some(i64::from(migration.version())) > version)
        .count()
}

/// The shape that the migrations of this build produce.
fn expected() -> Shape {
    let mut migrations = embedded::migrations::runner().get_migrations().clone();
    migrations.sort_by_key(refinery::Migration::version);
    let mut shape = Shape::default();
    for migration in &migrations {
        statements::apply(&mut shape, migration.sql().unwrap_or_default());
    }
    shape
}

/// The shape of the tables in the database.
async fn actual(connection: &mut Conn) -> Result<Shape, DatabaseError> {
    let mut shape = Shape::default();
    let columns = "SELECT table_name, column_name, column_type, is_nullable = 'YES', \
                   is_nullable = 'YES' OR column_default IS NOT NULL OR extra <> '' \
                   FROM information_schema.columns WHERE table_schema = DATABASE()";
    let columns: Vec<(String, String, String, bool, bool)> = rows(connection, columns, ()).await?;
    for (table, column, kind, is_nullable, is_optional) in columns {
        let column_of = &mut shape.0.entry(table).or_default().columns;
        column_of.insert(
            column,
            Column {
                kind: column_type(&kind),
                is_nullable,
                is_optional,
            },
        );
    }
    let keys = "SELECT table_name, index_name, non_unique = 0, GROUP_CONCAT(column_name ORDER BY seq_in_index) \
                FROM information_schema.statistics \
                WHERE table_schema = DATABASE() AND column_name IS NOT NULL \
                GROUP BY table_name, index_name, non_unique";
    let keys: Vec<(String, String, bool, String)> = rows(connection, keys, ()).await?;
    for (table, name, is_unique, columns) in keys {
        let columns = columns.split(',').map(str::to_owned).collect();
        let key = Key { is_unique, columns };
        shape.0.entry(table).or_default().keys.insert(name, key);
    }
    Ok(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_counted_by_the_hundreds_of_their_migrations() {
        for (schema, program, ahead) in [
            (38, 38, 0),
            (12, 38, 0),
            (99, 38, 0),
            (101, 38, 1),
            (199, 38, 1),
            (200, 38, 2),
            (9000, 102, 89),
        ] {
            assert_eq!(releases_ahead(schema, program), ahead, "{schema}");
        }
    }
}
