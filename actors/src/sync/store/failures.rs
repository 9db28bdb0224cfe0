//! The latest failure of a device and of each of its tables, which the status and the health answer show.

use std::collections::BTreeSet;

use mysql_async::Value;

use crate::database::Statement;

/// Records a batch that was not stored, for the device and for its tables.
pub(in crate::sync) fn record(
    device_id: &str,
    batch_id: &str,
    tables: &[String],
    error: &str,
) -> Vec<Statement> {
    let text = |text: &str| Value::from(text);
    let device = Statement::new(
        "INSERT INTO sync_devices (source_device, last_contact_at, last_error_batch_id, last_error_at, last_error) \
         VALUES (?, NOW(6), ?, NOW(6), ?) ON DUPLICATE KEY UPDATE last_contact_at = VALUES(last_contact_at), \
         last_error_batch_id = VALUES(last_error_batch_id), last_error_at = VALUES(last_error_at), \
         last_error = VALUES(last_error)",
        [text(device_id), text(batch_id), text(error)],
    );
    if tables.is_empty() {
        return vec![device];
    }
    // In the order in which batches lock them.
    let tables: BTreeSet<&String> = tables.iter().collect();
    let sql = format!(
        "INSERT INTO sync_tables (source_device, table_name, last_error_batch_id, last_error_at, last_error) VALUES {} \
         ON DUPLICATE KEY UPDATE last_error_batch_id = VALUES(last_error_batch_id), \
         last_error_at = VALUES(last_error_at), last_error = VALUES(last_error)",
        vec!["(?, ?, ?, NOW(6), ?)"; tables.len()].join(", ")
    );
    let values = tables
        .iter()
        .flat_map(|table| [text(device_id), text(table), text(batch_id), text(error)]);
    vec![device, Statement::new(sql, values)]
}
