//! Queries whose rows are converted fallibly: a stored value of an unexpected form is an error, never a panic.

use mysql_async::prelude::{FromRow, Queryable, StatementLike};
use mysql_async::{Conn, Params, Row};

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

pub(super) fn convert<R: FromRow>(rows: Vec<Row>) -> Result<Vec<R>, DatabaseError> {
    rows.into_iter()
        .map(|row| Ok(R::from_row_opt(row)?))
        .collect()
}
