//! Sampled stacks as text: frames from the outermost to the innermost, joined by `;`, and how often
//! each was seen. The form is that of the tools that draw flame graphs.

use std::collections::BTreeMap;

/// The most bytes of a frame; what is longer is cut.
pub const FRAME_BYTES_MAX: usize = 160;
/// The most frames of a stack; of deeper ones the outermost are left out.
pub const FRAMES_MAX: usize = 128;

/// Stacks by their text, and how often each was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stacks(BTreeMap<String, u64>);

impl Stacks {
    /// Adds a stack, from the innermost frame outwards.
    pub fn add(&mut self, frames: &[String], count: u64) {
        let kept = &frames[..frames.len().min(FRAMES_MAX)];
        let text: Vec<&str> = kept.iter().rev().map(String::as_str).collect();
        *self.0.entry(text.join(";")).or_default() += count;
    }

    /// How many samples there are.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.0.values().sum()
    }

    /// Each stack with its frames from the outermost inwards, and how often it was seen.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(text, count)| (text.as_str(), *count))
    }

    /// One line for each stack: its frames and its count.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.iter().map(|(text, count)| format!("{text} {count}")).collect()
    }

    /// Reads lines.
    ///
    /// # Errors
    /// The first line that is none, or stands there twice.
    pub fn read(lines: &[String]) -> Result<Self, String> {
        let mut stacks = BTreeMap::new();
        for (index, line) in lines.iter().enumerate() {
            let split = line.rsplit_once(' ').filter(|(text, _)| !text.is_empty());
            let count = split.and_then(|(text, count)| Some((text, count.parse::<u64>().ok()?)));
            let Some((text, count @ 1..)) = count else {
                return Err(format!("line {index} is not `FRAME;FRAME COUNT`"));
            };
            if stacks.insert(text.to_owned(), count).is_some() {
                return Err(format!("line {index} stands there for the second time"));
            }
        }
        Ok(Self(stacks))
    }
}

/// A frame: a function, and where it is.
#[must_use]
pub fn frame(function: &str, place: &str) -> String {
    let function = plain(function);
    let mut text = String::with_capacity(function.len() + place.len() + 3);
    let left = FRAME_BYTES_MAX.saturating_sub(place.len() + 3);
    text.push_str(&function[..function.floor_char_boundary(left)]);
    text.push_str(" [");
    text.push_str(place);
    text.push(']');
    // A `;` ends a frame.
    text.replace(';', ",")
}

/// The two parts of a frame.
#[must_use]
pub fn parts(frame: &str) -> (&str, &str) {
    let split = frame.rsplit_once(" [");
    split.map_or((frame, ""), |(function, place)| (function, place.trim_end_matches(']')))
}

/// A function without the types that it was made for, which say nothing of where time goes.
fn plain(function: &str) -> String {
    let mut text = String::new();
    let mut depth = 0_usize;
    // The type whose function it is stands in the first brackets, and is kept.
    let kept = usize::from(function.starts_with('<'));
    let mut last = ' ';
    for letter in function.chars() {
        match letter {
            '<' => {
                depth += 1;
                if depth <= kept && text.is_empty() {
                    text.push('<');
                }
            }
            '>' if last != '-' => {
                if depth == 1 && kept == 1 && !text.contains('>') {
                    text.push('>');
                }
                depth = depth.saturating_sub(1);
            }
            _ if depth == 0 || (depth == kept && !text.contains('>')) => text.push(letter),
            _ => {}
        }
        last = letter;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_loses_the_types_that_it_was_made_for() {
        for (function, expected) in [
            ("mio::poll::Poll::poll", "mio::poll::Poll::poll"),
            ("enter<(), tokio::{closure_env#0}<a::B<c>>>", "enter"),
            ("driver::Connection<R,A,S>::run::{{closure}}", "driver::Connection::run::{{closure}}"),
            ("<a::Writer<R> as b::Half>::try_write<T>", "<a::Writer as b::Half>::try_write"),
            ("<std::net::TcpStream>::write", "<std::net::TcpStream>::write"),
            ("FnOnce<fn(u8) -> u8>::call", "FnOnce::call"),
            ("net/http.(*conn).serve", "net/http.(*conn).serve"),
            (
                "sync/atomic.(*Pointer[go.shape.int]).Load",
                "sync/atomic.(*Pointer[go.shape.int]).Load",
            ),
        ] {
            assert_eq!(plain(function), expected);
        }
    }

    #[test]
    fn a_frame_has_two_parts_and_no_end_of_a_frame_in_it() {
        let text = frame("of::<[u8; 4]>::copy [odd]", "core/src/slice.rs");
        assert_eq!(text, "of::::copy [odd] [core/src/slice.rs]");
        assert_eq!(parts(&text), ("of::::copy [odd]", "core/src/slice.rs"));
        assert_eq!(frame("a;b", "c"), "a,b [c]");
        let long = frame(&"ä".repeat(200), "kernel");
        assert!(long.len() <= FRAME_BYTES_MAX && long.ends_with("ä [kernel]"), "{long}");
    }

    #[test]
    fn stacks_are_read_as_they_were_written() {
        let mut stacks = Stacks::default();
        let frames = |names: &[&str]| names.iter().map(|n| frame(n, "x.rs")).collect::<Vec<_>>();
        stacks.add(&frames(&["leaf", "root"]), 2);
        stacks.add(&frames(&["root"]), 1);
        stacks.add(&frames(&["leaf", "root"]), 3);
        let lines = stacks.lines();
        assert_eq!(lines, ["root [x.rs] 1", "root [x.rs];leaf [x.rs] 5"]);
        assert_eq!(Stacks::read(&lines), Ok(stacks.clone()));
        assert_eq!(stacks.samples(), 6);
        for wrong in ["", "a", "a 0", "a -1", " 3", "a b"] {
            assert!(Stacks::read(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
        assert!(Stacks::read(&["a 1".to_owned(), "a 2".to_owned()]).is_err());
    }

    #[test]
    fn of_a_stack_that_is_too_deep_the_innermost_frames_are_kept() {
        let mut stacks = Stacks::default();
        let frames: Vec<String> = (0..FRAMES_MAX + 1).map(|n| frame(&n.to_string(), "x")).collect();
        stacks.add(&frames, 1);
        let (text, _) = stacks.iter().next().unwrap();
        assert_eq!(text.split(';').count(), FRAMES_MAX);
        assert!(text.ends_with(";0 [x]"));
    }
}
