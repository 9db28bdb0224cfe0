//! Queries whose rows are converted fallibly: a stored value of an unexpected form is an error, never a panic.

use mysql_async::prelude::{FromRow, FromValue, Queryable, StatementLike};
use mysql_async::{Conn, FromRowError, Params, Row};

use super::DatabaseError;

/// All rows of a query.
pub(crate) async fn rows<R: FromRow>(
    connection: &mut Conn,
    query: impl StatementLike,
    values: impl Into<Params> + Send,
) -> Result<Vec<R>, DatabaseError> {
    let rows: Vec<Row> = connection.exec(query, values).await?;
    convert(rows)
}

/// The first row of a query.
pub(crate) async fn first_row<R: FromRow>(
    connection: &mut Conn,
    query: impl StatementLike,
    values: impl Into<Params> + Send,
) -> Result<Option<R>, DatabaseError> {
    let row: Option<Row> = connection.exec_first(query, values).await?;
    Ok(row.map(R::from_row_opt).transpose()?)
}

/// Converts rows that were read before.
pub(crate) fn convert<R: FromRow>(rows: Vec<Row>) -> Result<Vec<R>, DatabaseError> {
    rows.into_iter()
        .map(|row| Ok(R::from_row_opt(row)?))
        .collect()
}

/// Builds a record from the named columns of a row, for implementations of [`FromRow`].
pub(crate) fn read_columns<T>(
    mut row: Row,
    read: impl FnOnce(&mut Columns<'_>) -> Option<T>,
) -> Result<T, FromRowError> {
    match read(&mut Columns(&mut row)) {
        Some(record) => Ok(record),
        None => Err(FromRowError(row)),
    }
}

/// The columns of a row.
pub(crate) struct Columns<'a>(&'a mut Row);

impl Columns<'_> {
    /// The value of a column; nothing where there is no such column or its value has another type.
    pub(crate) fn take<T: FromValue>(&mut self, name: &str) -> Option<T> {
        self.0.take_opt(name)?.ok()
    }
}
