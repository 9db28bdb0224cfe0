//! What the count of instructions counts of it.

use super::*;

/// The statement and the values of all rows, which have the same columns.
#[inline(never)]
pub(in crate::sync) fn render(sheet: &MirroredTable) -> (String, Vec<Value>) {
    let shape = Shape::of(sheet, sheet.rows()[0]);
    let profiles = ProfileIds::from([("daily".to_owned(), 1)]);
    let mut values = Vec::new();
    for row in sheet.rows() {
        bind_row(
            &mut values,
            sheet,
            *row,
            Epoch::default(),
            &shape,
            &profiles,
        );
    }
    (statement(sheet.table, &shape, sheet.rows().len()), values)
}
