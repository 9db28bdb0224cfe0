//! A statement with its values.

use mysql_async::prelude::{FromRow, Queryable as _};
use mysql_async::{Conn, Params, Value};

use super::DatabaseError;
use super::query::{first_row, rows};

/// A statement and the values of its `?` placeholders.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    sql: String,
    values: Vec<Value>,
}

impl Statement {
    pub(crate) fn new(
        sql: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<Value>>,
    ) -> Self {
        Self {
            sql: sql.into(),
            values: values.into_iter().map(Into::into).collect(),
        }
    }

    pub(super) fn into_parts(self) -> (String, Params) {
        (self.sql, Params::Positional(self.values))
    }

    /// Runs it in a round trip of its own.
    pub(crate) async fn run(self, connection: &mut Conn) -> Result<(), DatabaseError> {
        let values = Params::Positional(self.values);
        Ok(connection.exec_drop(self.sql, values).await?)
    }

    /// Appends the statement with its values as literals, by the driver's own rules. Every `?` of our statements is a
    /// placeholder.
    pub(super) fn write_to(&self, text: &mut String) {
        // As in the sessions' sql_mode.
        const NO_BACKSLASH_ESCAPES: bool = false;
        let mut values = self.values.iter();
        for (position, piece) in self.sql.split('?').enumerate() {
            if position > 0 {
                let value = values.next().unwrap_or(&Value::NULL);
                text.push_str(&value.as_sql(NO_BACKSLASH_ESCAPES));
            }
            text.push_str(piece);
        }
        text.push_str(";\n");
    }

    /// Runs it in a round trip of its own and returns the number of affected rows.
    pub(crate) async fn execute(self, connection: &mut Conn) -> Result<u64, DatabaseError> {
        self.run(connection).await?;
        Ok(connection.affected_rows())
    }

    /// All rows of this query.
    pub(crate) async fn fetch_all<R: FromRow>(
        self,
        connection: &mut Conn,
    ) -> Result<Vec<R>, DatabaseError> {
        let (sql, values) = self.into_parts();
        rows(connection, sql, values).await
    }

    /// The first row of this query.
    pub(crate) async fn fetch_first<R: FromRow>(
        self,
        connection: &mut Conn,
    ) -> Result<Option<R>, DatabaseError> {
        let (sql, values) = self.into_parts();
        first_row(connection, sql, values).await
    }
}
