use mysql_async::prelude::{FromRow, Queryable as _};
use mysql_async::{Conn, Row, Value};

use super::DatabaseError;
use super::query::convert;
use super::session::Accepted;
use super::statement::Statement;

/// An open transaction on a borrowed connection.
///
/// Deferred statements are sent together with the next statement whose answer is needed, at the latest with the
/// `COMMIT`. A batch of readings is a few short statements around a long one, so this saves most of its round trips.
/// Statements that are too large together for one packet are sent in several.
#[derive(Debug)]
pub struct Transaction<'a> {
    connection: &'a mut Conn,
    /// The largest packet that the server accepts, in bytes.
    largest_packet: usize,
    /// Whether the server executes a prepared statement for many rows at once.
    accepts_bulk: bool,
    /// Packets of statements that are not sent yet, except the last one.
    full: Vec<String>,
    /// The last packet, one statement a line.
    deferred: String,
    deferred_count: usize,
}

impl<'a> Transaction<'a> {
    pub(super) fn begin(connection: &'a mut Conn, accepted: &Accepted) -> Self {
        let mut transaction = Self {
            connection,
            largest_packet: accepted.largest_packet(),
            accepts_bulk: accepted.bulk(),
            full: Vec::new(),
            deferred: String::new(),
            deferred_count: 0,
        };
        transaction.defer(&Statement::new("START TRANSACTION", [Value::NULL; 0]));
        transaction
    }

    /// The largest packet that the server accepts, in bytes.
    pub(crate) fn largest_packet(&self) -> usize {
        self.largest_packet
    }

    /// Whether the server executes a prepared statement for many rows at once.
    pub(crate) fn accepts_bulk(&self) -> bool {
        self.accepts_bulk
    }

    /// Sends a statement with the next one. Its error becomes that of the next one.
    pub(crate) fn defer(&mut self, statement: &Statement) {
        let before = self.deferred.len();
        statement.write_to(&mut self.deferred);
        // A byte of each packet is the command.
        if before > 0 && self.deferred.len() >= self.largest_packet {
            let statement = self.deferred.split_off(before);
            self.full
                .push(std::mem::replace(&mut self.deferred, statement));
            self.deferred_count = 0;
        }
        self.deferred_count += 1;
    }

    /// Sends all packets but the last one.
    async fn send_full(&mut self) -> Result<(), DatabaseError> {
        for text in std::mem::take(&mut self.full) {
            self.connection.query_drop(text).await?;
        }
        Ok(())
    }

    /// The rows of a short query, which is sent together with the deferred statements.
    pub(crate) async fn rows<R: FromRow + Send + 'static>(
        &mut self,
        query: &Statement,
    ) -> Result<Vec<R>, DatabaseError> {
        let [rows] = self.answers([query]).await?;
        convert(rows)
    }

    /// The rows of each of several short queries, which are sent together with the deferred statements.
    pub(crate) async fn answers<const QUERIES: usize>(
        &mut self,
        queries: [&Statement; QUERIES],
    ) -> Result<[Vec<Row>; QUERIES], DatabaseError> {
        // The answers to all queries are read from one packet.
        let mut text = String::new();
        for query in queries {
            query.write_to(&mut text);
        }
        if !self.deferred.is_empty() && self.deferred.len() + text.len() >= self.largest_packet {
            self.connection().await?;
        }
        self.send_full().await?;
        let deferred = std::mem::take(&mut self.deferred_count);
        let text = std::mem::take(&mut self.deferred) + &text;
        let mut results = self.connection.query_iter(text).await?;
        let mut answers = Vec::new();
        // One result per statement; that of a statement without rows is empty.
        while !results.is_empty() {
            answers.push(results.collect::<Row>().await?);
        }
        let of_queries = answers.split_off(deferred.min(answers.len()));
        let before = answers.len();
        match of_queries.try_into() {
            Ok(answers) => Ok(answers),
            Err(answers) => {
                // The driver keeps the error of a statement behind another one until the next use of the connection.
                results.drop_result().await?;
                Err(DatabaseError::Incomplete {
                    answers: before + Vec::len(&answers),
                    statements: deferred + QUERIES,
                })
            }
        }
    }

    /// The connection, for prepared statements and for statements whose answer is needed now. Sends the deferred
    /// statements first.
    pub async fn connection(&mut self) -> Result<&mut Conn, DatabaseError> {
        self.send_full().await?;
        if !self.deferred.is_empty() {
            self.deferred_count = 0;
            let text = std::mem::take(&mut self.deferred);
            self.connection.query_drop(text).await?;
        }
        Ok(self.connection)
    }

    pub(super) async fn commit(mut self) -> Result<(), DatabaseError> {
        self.defer(&Statement::new("COMMIT", [Value::NULL; 0]));
        self.connection().await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_replace_their_placeholders_and_are_never_scanned_again() {
        let mut text = String::new();
        let values = [Value::from("it's ? or \\"), Value::NULL, Value::from(-3)];
        Statement::new("INSERT INTO notes VALUES (?, ?, ?)", values).write_to(&mut text);
        assert_eq!(
            text,
            "INSERT INTO notes VALUES ('it\\'s ? or \\\\', NULL, -3);\n"
        );
    }
}
