//! Shows what was expected and what came, line by line.

use crate::peer::Cut;
use crate::player::Failure;
use std::fmt::Write;

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub bool);

impl Colour {
    /// Where standard output is a terminal, and `NO_COLOR` is not set.
    #[must_use]
    pub fn of_stdout() -> Self {
        use std::io::IsTerminal;
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self(!refused && std::io::stdout().is_terminal())
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A failure for a person.
#[must_use]
pub fn shown(failure: &Failure, cut: Cut, colour: Colour) -> String {
    let Failure { place, section, what, expected, got } = failure;
    let mut text = colour.paint("1", &format!("transcripts/{place}: {what}"));
    if !section.is_empty() {
        let _ = write!(text, "\n  in \"{section}\"");
    }
    if cut != Cut::Whole {
        let _ = write!(text, "\n  {cut}");
    }
    text.push('\n');
    for line in diff(expected, got) {
        let (mark, code, line) = match line {
            Change::Same(line) => (' ', "2", line),
            Change::Missing(line) => ('-', "31", line),
            Change::Added(line) => ('+', "32", line),
        };
        let _ = writeln!(text, "  {}", colour.paint(code, &format!("{mark} {line}")));
    }
    if got.is_empty() && !expected.is_empty() {
        text.push_str("  nothing came\n");
    } else if let ([.., expected], [.., got]) = (&expected[..], &got[..])
        && expected != got
    {
        let at = expected.chars().zip(got.chars()).take_while(|(a, b)| a == b).count();
        let _ = writeln!(text, "    {}^ the last lines differ from here", " ".repeat(at));
    }
    text
}

enum Change<'a> {
    Same(&'a str),
    Missing(&'a str),
    Added(&'a str),
}

/// The longest common subsequence of lines, and what is around it.
fn diff<'a>(expected: &'a [String], got: &'a [String]) -> Vec<Change<'a>> {
    let (n, m) = (expected.len(), got.len());
    let mut common = vec![vec![0_usize; m + 1]; n + 1];
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            common[i][j] = if expected[i] == got[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut changes = Vec::new();
    while i < n || j < m {
        if i < n && j < m && expected[i] == got[j] {
            changes.push(Change::Same(&expected[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < n && (j == m || common[i + 1][j] >= common[i][j + 1]) {
            changes.push(Change::Missing(&expected[i]));
            i += 1;
        } else {
            changes.push(Change::Added(&got[j]));
            j += 1;
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Place;

    fn failure(expected: &[&str], got: &[&str]) -> Failure {
        let lines = |text: &[&str]| text.iter().map(|line| (*line).to_owned()).collect();
        Failure {
            place: Place { file: "http/a.txt".into(), line: 7 },
            section: "a section".into(),
            what: "the answer differs".into(),
            expected: lines(expected),
            got: lines(got),
        }
    }

    #[test]
    fn lines_that_differ_stand_between_those_that_do_not() {
        let failure = failure(&["< a", "< b", "< c"], &["< a", "< x", "< c"]);
        let shown = shown(&failure, Cut::After(3), Colour(false));
        let expected = "transcripts/http/a.txt:7: the answer differs\n  in \"a section\"\n  \
                        every block cut after 3 bytes\n    < a\n  - < b\n  + < x\n    < c\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn colour_is_only_there_when_asked_for() {
        let failure = failure(&["< a"], &[]);
        let plain = shown(&failure, Cut::Whole, Colour(false));
        assert!(plain.ends_with("  - < a\n  nothing came\n"), "{plain}");
        assert!(!plain.contains('\x1b'));
        assert!(shown(&failure, Cut::Whole, Colour(true)).contains("\x1b[31m- < a\x1b[0m"));
    }
}
