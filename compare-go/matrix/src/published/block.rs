//! The blocks of a document: where each begins and ends, and what its heading says.
//!
//! What stands in code, fenced or between backticks, is shown and not meant.

use std::ops::Range;

const OPEN: &str = "<!-- matrix:";
const OPEN_END: &str = "-->";
const CLOSE: &str = "<!-- /matrix -->";

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The line of its heading, from 1.
    pub line: usize,
    /// The words of its heading, after `matrix:`.
    pub heading: String,
    /// Where what stands in it is in the text.
    pub content: Range<usize>,
}

/// A figure that belongs to the text, as its author declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constant {
    /// The line of the declaration, from 1.
    pub line: usize,
    /// The figure with its unit, as `150 ms`.
    pub figure: String,
}

/// Something wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// What.
    pub what: String,
}

/// A document in its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Its blocks, in order.
    pub blocks: Vec<Block>,
    /// Its constants, in order.
    pub constants: Vec<Constant>,
    /// Where prose is: neither in blocks nor in code nor in comments.
    pub prose: Vec<Range<usize>>,
}

/// A mark in the text.
#[derive(Clone, Debug)]
struct Mark {
    at: Range<usize>,
    line: usize,
    /// What an opening mark says; none of a closing one.
    heading: Option<String>,
}

/// The word of a heading that declares constants; it has no content and no end.
const CONSTANTS: &str = "constants";

/// Takes a document apart.
///
/// # Errors
/// Every mark that has no partner.
pub fn parse(text: &str) -> Result<Document, Vec<Fault>> {
    let plain = plain(text);
    let mut document = Document::default();
    let mut faults = Vec::new();
    let mut open: Option<(Mark, String)> = None;
    let mut prose_from = 0;
    for mark in marks(text, &plain, &mut faults) {
        let fault = |what: String| Fault { line: mark.line, what };
        match (mark.heading.clone(), open.take()) {
            (Some(heading), Some((before, other))) => {
                let begun = before.line;
                faults.push(fault(format!("a block in a block: that of line {begun} has no end")));
                open = Some((before, other));
                let _ = heading;
            }
            (Some(heading), None) => {
                document.prose.extend(within(&plain, prose_from..mark.at.start));
                prose_from = mark.at.end;
                match heading.strip_prefix(CONSTANTS) {
                    Some(list) => document.constants.extend(list.split(',').map(|figure| {
                        Constant { line: mark.line, figure: figure.trim().to_owned() }
                    })),
                    None => open = Some((mark, heading)),
                }
            }
            (None, Some((before, heading))) => {
                let content = before.at.end..mark.at.start;
                document.blocks.push(Block { line: before.line, heading, content });
                prose_from = mark.at.end;
            }
            (None, None) => faults.push(fault("the end of a block that has no begin".into())),
        }
    }
    if let Some((mark, heading)) = open {
        let what = format!("the block `{heading}` has no `{CLOSE}`");
        faults.push(Fault { line: mark.line, what });
    }
    document.prose.extend(within(&plain, prose_from..text.len()));
    if faults.is_empty() { Ok(document) } else { Err(faults) }
}

/// The marks that stand in plain text.
fn marks(text: &str, plain: &[Range<usize>], faults: &mut Vec<Fault>) -> Vec<Mark> {
    let mut marks = Vec::new();
    for part in plain {
        let mut from = part.start;
        while let Some(start) = text[from..part.end].find("<!-- ").map(|at| from + at) {
            let rest = &text[start..part.end];
            let line = line_of(text, start);
            if rest.starts_with(CLOSE) {
                let at = start..start + CLOSE.len();
                from = at.end;
                marks.push(Mark { at, line, heading: None });
            } else if rest.starts_with(OPEN) {
                let Some(end) = rest.find(OPEN_END) else {
                    faults.push(Fault { line, what: format!("`{OPEN}` without `{OPEN_END}`") });
                    break;
                };
                let heading = rest[OPEN.len()..end].trim().to_owned();
                from = start + end + OPEN_END.len();
                marks.push(Mark { at: start..from, line, heading: Some(heading) });
            } else {
                from = start + 1;
            }
        }
    }
    marks
}

/// The line of a place, from 1.
#[must_use]
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Where text is that is meant: not fenced, and not between backticks.
fn plain(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut fence: Option<&str> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        let begin = line.trim_start();
        let ticks = ["```", "~~~"].into_iter().find(|mark| begin.starts_with(mark));
        match (fence, ticks) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => {}
            (None, None) => outside_backticks(line, range.start, &mut parts),
        }
    }
    parts
}

/// The parts of a line that do not stand between backticks. A single one is no code.
fn outside_backticks(line: &str, start: usize, parts: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(open) = line[from..].find('`').map(|at| from + at) {
        let width = line[open..].bytes().take_while(|byte| *byte == b'`').count();
        let ticks = &line[open..open + width];
        let Some(close) = line[open + width..].find(ticks).map(|at| open + width + at) else {
            break;
        };
        parts.push(start + from..start + open);
        from = close + width;
    }
    parts.push(start + from..start + line.len());
}

/// The parts of a range that are plain.
fn within(plain: &[Range<usize>], range: Range<usize>) -> Vec<Range<usize>> {
    let clipped = plain.iter().map(|part| part.start.max(range.start)..part.end.min(range.end));
    clipped.filter(|part| part.start < part.end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_their_content_and_their_line() {
        let text = "a\n<!-- matrix: table headline bundle=x -->\n| 1 |\n<!-- /matrix -->\n\
                    b <!-- matrix: value y -->2 ms<!-- /matrix --> c\n\
                    <!-- matrix: constants 150 ms, 50 ms -->\n<!-- a comment -->\n";
        let document = parse(text).unwrap();
        let content = |index: usize| &text[document.blocks[index].content.clone()];
        assert_eq!(document.blocks.len(), 2);
        assert_eq!((document.blocks[0].line, content(0)), (2, "\n| 1 |\n"));
        assert_eq!(document.blocks[0].heading, "table headline bundle=x");
        assert_eq!((document.blocks[1].line, content(1)), (5, "2 ms"));
        let constants: Vec<&str> = document.constants.iter().map(|c| &*c.figure).collect();
        assert_eq!(constants, ["150 ms", "50 ms"]);
        let prose: String = document.prose.iter().map(|part| &text[part.clone()]).collect();
        assert!(prose.contains("b ") && prose.contains(" c"), "{prose}");
        assert!(!prose.contains("1") && !prose.contains("2 ms"), "{prose}");
    }

    #[test]
    fn what_stands_in_code_is_shown_and_not_meant() {
        let text = "```text\n<!-- matrix: table x -->\n```\n`<!-- /matrix -->` and ``a ` 5 ms``\n";
        let document = parse(text).unwrap();
        assert!(document.blocks.is_empty());
        let prose: String = document.prose.iter().map(|part| &text[part.clone()]).collect();
        assert_eq!(prose, " and \n");
    }

    #[test]
    fn marks_without_a_partner_are_named_by_line() {
        let faults = |text: &str| parse(text).unwrap_err();
        let open = faults("\n<!-- matrix: table x -->\n");
        assert_eq!((open[0].line, open.len()), (2, 1));
        assert!(open[0].what.contains("`table x` has no"), "{open:?}");
        assert_eq!(faults("a\nb <!-- /matrix -->")[0].line, 2);
        let nested = faults("<!-- matrix: a -->\n<!-- matrix: b -->\n<!-- /matrix -->");
        assert!(nested[0].what.contains("that of line 1 has no end"), "{nested:?}");
        assert!(faults("<!-- matrix: a\n")[0].what.contains("without `-->`"));
    }
}
