use mysql_async::prelude::{FromRow, Queryable as _};
use mysql_async::{Conn, Params, Value};

use super::DatabaseError;

/// A statement and the values of its `?`, each of which stands for one.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    sql: String,
    values: Vec<Value>,
}

/// A transaction that is open on a borrowed connection.
///
/// What can wait is put off: it goes out in one piece with the next thing that cannot, the `COMMIT` at last. A batch
/// of readings is a few short statements around a long one, so that most of its time on the way would else be theirs.
#[derive(Debug)]
pub struct Transaction<'a> {
    connection: &'a mut Conn,
    /// What is still to be sent, one statement a line.
    put_off: String,
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

    /// Runs it by itself.
    pub(crate) async fn run(self, connection: &mut Conn) -> Result<(), DatabaseError> {
        let values = Params::Positional(self.values);
        Ok(connection.exec_drop(self.sql, values).await?)
    }

    /// With the values written out, by the driver's own rules. No statement of ours has a `?` that means another thing.
    fn write_out(&self, text: &mut String) {
        // What the sessions' sql_mode says.
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
}

impl<'a> Transaction<'a> {
    pub(super) fn begin(connection: &'a mut Conn) -> Self {
        let mut transaction = Self {
            connection,
            put_off: String::new(),
        };
        transaction.put_off(&Statement::new("START TRANSACTION", [Value::NULL; 0]));
        transaction
    }

    /// Runs a statement before whatever comes next. Its outcome is that of the next thing.
    pub(crate) fn put_off(&mut self, statement: &Statement) {
        statement.write_out(&mut self.put_off);
    }

    /// The rows of a short query, which goes out with all that was put off.
    pub(crate) async fn rows<R: FromRow + Send + 'static>(
        &mut self,
        query: &Statement,
    ) -> Result<Vec<R>, DatabaseError> {
        self.put_off(query);
        let text = std::mem::take(&mut self.put_off);
        let mut answers = self.connection.query_iter(text).await?;
        let mut rows = Vec::new();
        while !answers.is_empty() {
            rows = answers.collect().await?;
        }
        rows.into_iter()
            .map(|row| Ok(R::from_row_opt(row)?))
            .collect()
    }

    /// The connection, for statements that are to be prepared, or that are to be answered now.
    pub async fn connection(&mut self) -> Result<&mut Conn, DatabaseError> {
        if !self.put_off.is_empty() {
            let text = std::mem::take(&mut self.put_off);
            self.connection.query_drop(text).await?;
        }
        Ok(self.connection)
    }

    pub(super) async fn commit(mut self) -> Result<(), DatabaseError> {
        self.put_off(&Statement::new("COMMIT", [Value::NULL; 0]));
        self.connection().await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_out_where_they_belong_and_never_read_again() {
        let mut text = String::new();
        let values = [Value::from("it's ? or \\"), Value::NULL, Value::from(-3)];
        Statement::new("INSERT INTO notes VALUES (?, ?, ?)", values).write_out(&mut text);
        assert_eq!(
            text,
            "INSERT INTO notes VALUES ('it\\'s ? or \\\\', NULL, -3);\n"
        );
    }
}
