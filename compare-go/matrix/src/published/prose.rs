//! Figures in prose: numbers with a unit in which something is measured. Seconds and minutes are
//! left out, since they tell how long something was done, not what came of it.

/// Units of measurement, the longer before those that they begin with.
const UNITS: [&str; 17] = [
    "requests/s",
    "req/s",
    "KiB",
    "MiB",
    "GiB",
    "kB",
    "KB",
    "MB",
    "GB",
    "ns",
    "µs",
    "us",
    "ms",
    "/s",
    "%",
    "×",
    "B",
];

/// Every figure of a text, with the place where it begins: `150 ms`, whatever lies between number
/// and unit.
#[must_use]
pub fn figures(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(|c: char| c.is_ascii_digit()).map(|skip| at + skip) {
        let number = number(&text[start..]);
        at = start + number.len();
        // A digit of a name, as in `p99`, begins no figure.
        let before = text[..start].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &text[at..];
        let rest = rest.strip_prefix([' ', '\u{a0}', '\u{202f}']).unwrap_or(rest);
        let unit = UNITS.into_iter().find(|unit| {
            let after = rest.strip_prefix(unit).map(|after| after.chars().next());
            after.is_some_and(|next| !next.is_some_and(|c| c.is_alphanumeric() || c == '/'))
        });
        if let Some(unit) = unit {
            found.push((start, format!("{number} {unit}")));
        }
    }
    found
}

/// The number at the begin of a text: digits, with groups and a fraction.
fn number(text: &str) -> &str {
    let mut end = 0;
    let bytes = text.as_bytes();
    while end < bytes.len() {
        let digit_follows = bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        match bytes[end] {
            b'0'..=b'9' => end += 1,
            b'.' | b',' if digit_follows => end += 1,
            _ => break,
        }
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_numbers_with_a_unit() {
        let text = "p99 of 0.87 ms, 12.3µs at 15,000/s and 3 %; every 150\u{a0}ms, RFC 9110, \
                    Linux 6.1, in 30 s, 9 to 14 MiB, v2 B-tree, 100ms/x, 5 KiB.";
        let found: Vec<String> = figures(text).into_iter().map(|(_, figure)| figure).collect();
        let expected = ["0.87 ms", "12.3 µs", "15,000 /s", "3 %", "150 ms", "14 MiB", "5 KiB"];
        assert_eq!(found, expected);
        assert_eq!(figures("a 5 ms")[0].0, 2);
    }
}
