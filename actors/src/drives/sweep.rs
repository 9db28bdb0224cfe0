//! A transition of all drives that meet a condition.

use mysql_async::{Conn, Value};

use super::statements::UPDATE;
use crate::database::{DatabaseError, Statement};

/// How many drives a sweep changes at most. What is left is for the next one.
pub const LARGEST_SWEEP: u64 = 200;

/// The columns that are set, and the condition of the drives in which they are.
///
/// One `UPDATE` of all of them would lock entries of the index on `state` before their rows, while every other
/// transition locks its row first: the two deadlock. So the drives are found without a lock, and each is changed in a
/// statement of its own, if it still meets the condition.
#[derive(Debug)]
pub(super) struct Sweep {
    set: String,
    condition: String,
    values: Vec<Value>,
}

impl Sweep {
    pub(super) fn new(
        set: impl Into<String>,
        condition: String,
        values: impl Into<Vec<Value>>,
    ) -> Self {
        Self {
            set: set.into(),
            condition,
            values: values.into(),
        }
    }

    /// Returns how many drives were changed, [`LARGEST_SWEEP`] at most.
    pub(super) async fn run(self, connection: &mut Conn) -> Result<u64, DatabaseError> {
        let Self {
            set,
            condition,
            values,
        } = self;
        let find = format!("SELECT id FROM drives WHERE {condition} LIMIT {LARGEST_SWEEP}");
        let ids = Statement::new(find, values.clone());
        let mut changed = 0;
        for id in ids.fetch_all::<i64>(connection).await? {
            let change = format!("{UPDATE} SET {set} WHERE {condition} AND id = ?");
            let values = values.iter().cloned().chain([Value::from(id)]);
            changed += Statement::new(change, values).execute(connection).await?;
        }
        Ok(changed)
    }
}
