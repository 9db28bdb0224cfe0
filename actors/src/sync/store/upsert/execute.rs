//! Executes the upsert of many rows.

use mysql_async::prelude::Queryable as _;
use mysql_async::{Params, Value};

use crate::database::{DatabaseError, Transaction};

/// The maximum number of rows in one statement; larger statements are slower.
pub const STATEMENT_ROWS: usize = 500;

/// The most bytes of values in one statement of several rows.
const STATEMENT_BYTES: usize = 512 * 1024;

/// The most bytes of values in one statement of several rows, for the largest packet that the database accepts.
fn statement_bytes(largest_packet: usize) -> usize {
    STATEMENT_BYTES.min(largest_packet / 2)
}

/// How many rows a statement may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sizes {
    Any,
    /// Few different numbers.
    Few,
}

/// An upsert of rows that have the same columns.
pub(super) struct Upsert<'a, Text, Bytes, Bind> {
    /// The statement for a number of rows.
    pub statement: Text,
    /// The bytes of the values of a row, at most.
    pub row_bytes: Bytes,
    /// Appends the values of a row. Those of a column are of one type, or null.
    pub bind: Bind,
    /// How many values a row has, at most.
    pub values: usize,
    /// The last values of the statement, whatever its number of rows.
    pub last: &'a [&'a str],
}

impl<Text, Bytes, Bind> Upsert<'_, Text, Bytes, Bind> {
    /// Returns the number of affected rows.
    pub(super) async fn execute<T>(
        self,
        transaction: &mut Transaction<'_>,
        rows: &[T],
    ) -> Result<u64, DatabaseError>
    where
        T: Sync,
        Text: Fn(usize) -> String,
        Bytes: Fn(&T) -> usize,
        Bind: Fn(&mut Vec<Value>, &T) + Sync,
    {
        let limit = statement_bytes(transaction.largest_packet());
        let sizes = if transaction.accepts_bulk() {
            Sizes::Any
        } else {
            Sizes::Few
        };
        let connection = transaction.connection().await?;
        let mut affected = 0;
        for rows in chunks(rows, sizes, limit, &self.row_bytes) {
            let values_of = |rows: &[T]| {
                let mut values = Vec::with_capacity(rows.len() * self.values + self.last.len());
                for row in rows {
                    (self.bind)(&mut values, row);
                }
                values.extend(self.last.iter().map(Value::from));
                Params::Positional(values)
            };
            if sizes == Sizes::Any && rows.len() > 1 {
                let each = rows.iter().map(|row| values_of(std::slice::from_ref(row)));
                connection.exec_batch((self.statement)(1), each).await?;
            } else {
                let statement = (self.statement)(rows.len());
                connection.exec_drop(statement, values_of(rows)).await?;
            }
            affected += connection.affected_rows();
        }
        Ok(affected)
    }
}

/// Splits rows into statements of 500. The last ones have all that is left, or falling powers of two where each size is
/// another statement to prepare. Long rows come in smaller statements, down to one row.
fn chunks<T>(
    mut rows: &[T],
    sizes: Sizes,
    limit: usize,
    bytes: impl Fn(&T) -> usize,
) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let mut size = match rows.len() {
            0 => return None,
            STATEMENT_ROWS.. => STATEMENT_ROWS,
            fewer if sizes == Sizes::Any => fewer,
            fewer => 1 << fewer.ilog2(),
        };
        while size > 1 && rows[..size].iter().map(&bytes).sum::<usize>() > limit {
            size = 1 << (size - 1).ilog2();
        }
        let (chunk, rest) = rows.split_at(size);
        rows = rest;
        Some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(bytes: &[usize], sizes: Sizes) -> Vec<usize> {
        let chunks = chunks(bytes, sizes, STATEMENT_BYTES, |bytes| *bytes);
        chunks.map(<[usize]>::len).collect()
    }

    #[test]
    fn rows_are_split_into_statements_and_none_is_lost() {
        let rows = [100; 1_777];
        assert_eq!(sizes(&rows, Sizes::Few), [500, 500, 500, 256, 16, 4, 1]);
        assert_eq!(sizes(&rows, Sizes::Any), [500, 500, 500, 277]);
    }

    #[test]
    fn long_rows_come_in_small_statements() {
        assert_eq!(sizes(&[100_000; 7], Sizes::Few), [4, 2, 1]);
        assert_eq!(sizes(&[100_000; 7], Sizes::Any), [4, 3]);
        for any_or_few in [Sizes::Any, Sizes::Few] {
            assert_eq!(sizes(&[2_000_000, 1, 1], any_or_few), [1, 2]);
            assert_eq!(sizes(&[STATEMENT_BYTES / 2; 2], any_or_few), [2]);
        }
    }
}
