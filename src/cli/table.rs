//! Text in columns, for a terminal.

/// Rows below headings. The last column comes last because it may be of any length; nothing is cut.
pub(super) fn table<const COLUMNS: usize>(
    headings: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) -> String {
    let mut lines = vec![headings.map(str::to_owned)];
    lines.extend(rows.into_iter().map(|cells| cells.map(|cell| clean(&cell))));
    let widths: Vec<usize> = (0..COLUMNS)
        .map(|column| {
            let cells = lines.iter().map(|line| line[column].chars().count());
            cells.max().unwrap_or_default()
        })
        .collect();
    let mut table = String::new();
    for line in &lines {
        let cells = line.iter().zip(&widths);
        let padded: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        table.push_str(padded.join("  ").trim_end());
        table.push('\n');
    }
    table
}

/// Without control characters: a name from a device cannot move the cursor.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_cell_and_lines_have_no_blanks_at_their_end() {
        let rows = [["a", ""], ["longer\n", "ö"]].map(|row| row.map(str::to_owned));
        assert_eq!(
            table(["ID", "NAME"], rows),
            "ID       NAME\na\nlonger\u{fffd}  ö\n"
        );
    }
}
