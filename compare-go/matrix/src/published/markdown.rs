//! Tables as Markdown.

use std::fmt::Write;

/// A table, and what is said below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The heading of each column.
    pub headings: Vec<String>,
    /// The rows, as many cells in each as there are headings.
    pub rows: Vec<Vec<String>>,
    /// The columns that hold words; the others hold numbers and stand to the right.
    pub words: Vec<usize>,
    /// What is said below it, a paragraph each.
    pub notes: Vec<String>,
}

impl Sheet {
    /// As Markdown, with a line end at its end.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let mut line = |cells: &[String]| {
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        };
        line(&self.headings);
        let columns = 0..self.headings.len();
        let rules = columns.map(|at| if self.words.contains(&at) { "---" } else { "---:" });
        line(&rules.map(str::to_owned).collect::<Vec<_>>());
        self.rows.iter().for_each(|row| line(row));
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
        text
    }

    /// As plain text in columns, with a line end at its end.
    #[must_use]
    pub fn text(&self) -> String {
        let all = || std::iter::once(&self.headings).chain(&self.rows);
        let width =
            |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let widths: Vec<usize> = (0..self.headings.len()).map(width).collect();
        let mut text = String::new();
        for row in all() {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let gap = if column == 0 { "" } else { "  " };
                let padding = " ".repeat(width - cell.chars().count());
                if self.words.contains(&column) {
                    line.push_str(&format!("{gap}{cell}{padding}"));
                } else {
                    line.push_str(&format!("{gap}{padding}{cell}"));
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_markdown_or_text() {
        let words = |words: [&str; 2]| words.map(str::to_owned).to_vec();
        let sheet = Sheet {
            headings: words(["server", "µs"]),
            rows: vec![words(["a", "10.0"]), words(["longer", "9"])],
            words: vec![0],
            notes: vec!["Why.".into()],
        };
        let expected = "| server | µs |\n| --- | ---: |\n| a | 10.0 |\n| longer | 9 |\n\nWhy.\n";
        assert_eq!(sheet.markdown(), expected);
        let expected = "server    µs\na       10.0\nlonger     9\n\nWhy.\n";
        assert_eq!(sheet.text(), expected);
    }
}
