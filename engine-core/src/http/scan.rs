//! Finds the end of a request head, and refuses a head that could be read in two ways.
//!
//! A scan looks at every byte once and remembers where it stopped, so a head that arrives byte by
//! byte costs no more than one that arrives whole. A refusal depends on the bytes up to the one at
//! fault and on nothing else: not on how the input was split, and not on what follows. What the
//! fields mean is not known here.
//!
//! One empty line before the request line is skipped, as old clients send one after a body; a
//! second one is refused. The empty line is part of the head that is found.

use super::grammar::{self, TARGET, TOKEN};
use super::head;
use super::malformed;
use crate::error::{Problem, Refusal};
use crate::limits::Limits;

/// The longest method that is waited for; a longer one is refused before its end is seen.
pub const METHOD_BYTES_MAX: usize = 24;

/// `HTTP/1.1`
const VERSION_BYTES: usize = 8;

/// What is known of the head of a connection's current request. [`HeadScan::default`] before each
/// request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeadScan {
    /// The next byte to look at.
    at: usize,
    /// Where the method, the target, the version or the field line began.
    start: usize,
    /// Field lines begun.
    fields: usize,
    part: Part,
    /// The field line has a colon, so a HTAB is in its value.
    colon: bool,
}

/// What a scan has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scan {
    /// The head goes on: offer it again, from its first byte, with more bytes.
    Incomplete,
    /// The head is this many bytes long, its last empty line included.
    Complete(usize),
    /// The head is refused, and the connection closes.
    Refused(Refusal),
}

/// Where in a head the next byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    /// The first byte of all.
    #[default]
    Start,
    /// After the CR of an empty line before the request line.
    StartCr,
    Method,
    Target,
    Version,
    /// After the CR of the request line or of a field line.
    LineCr,
    /// The first byte of a field line, or of the empty line that ends the head.
    LineStart,
    Line,
    /// After the CR of the empty line that ends the head.
    EndCr,
}

/// What a step over one part says.
enum Step {
    /// Go on with this part, at the byte now pointed to.
    Next(Part),
    /// No byte is left.
    More,
    /// The head ends before the byte now pointed to.
    End,
}

impl HeadScan {
    /// Looks at the bytes that were not looked at yet. `bytes` begins with the first byte of the
    /// head; what follows the head is not looked at. O(bytes not seen before).
    pub fn scan(&mut self, bytes: &[u8], limits: &Limits) -> Scan {
        let window = &bytes[..bytes.len().min(limits.head_bytes_max)];
        loop {
            match self.step(window, limits) {
                Ok(Step::Next(part)) => self.part = part,
                Ok(Step::End) => return Scan::Complete(self.at),
                Ok(Step::More) if window.len() == limits.head_bytes_max => {
                    return Scan::Refused(Problem::HeadTooLarge.into());
                }
                Ok(Step::More) => return Scan::Incomplete,
                Err(refusal) => return Scan::Refused(refusal),
            }
        }
    }

    /// Whether a byte of the request line was seen; an empty line alone is not a request.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        !matches!(self.part, Part::Start | Part::StartCr)
            && (self.part != Part::Method || self.at > self.start)
    }

    fn step(&mut self, bytes: &[u8], limits: &Limits) -> Result<Step, Refusal> {
        let Some(&byte) = bytes.get(self.at) else { return Ok(Step::More) };
        match self.part {
            //= https://www.rfc-editor.org/rfc/rfc9112#section-2.2
            //# In the interest of robustness, a server that is expecting to receive
            //# and parse a request-line SHOULD ignore at least one empty line (CRLF)
            //# received prior to the request-line.
            Part::Start if byte == b'\r' => Ok(self.next(Part::StartCr)),
            Part::Start => Ok(Step::Next(Part::Method)),
            Part::StartCr => self.line_feed(byte, Part::Method),
            Part::Method => self.method(bytes),
            Part::Target => self.target(bytes, limits.target_bytes_max),
            Part::Version => self.version(bytes),
            Part::LineCr => self.line_feed(byte, Part::LineStart),
            Part::LineStart => self.line_start(byte, limits.fields_max),
            Part::Line => self.line(bytes),
            Part::EndCr if byte == b'\n' => {
                self.at += 1;
                Ok(Step::End)
            }
            Part::EndCr => Err(malformed(BARE_CR)),
        }
    }

    /// Steps over one byte, the last before `part`.
    fn next(&mut self, part: Part) -> Step {
        self.at += 1;
        self.start = self.at;
        Step::Next(part)
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-2.2
    //# A recipient of such a bare CR MUST consider that element to be invalid
    fn line_feed(&mut self, byte: u8, part: Part) -> Result<Step, Refusal> {
        if byte == b'\n' { Ok(self.next(part)) } else { Err(malformed(BARE_CR)) }
    }

    fn method(&mut self, bytes: &[u8]) -> Result<Step, Refusal> {
        self.at += grammar::run(TOKEN, &bytes[self.at..]);
        //= https://www.rfc-editor.org/rfc/rfc9112#section-3
        //# A server that receives a method longer than any that it implements SHOULD
        //# respond with a 501 (Not Implemented) status code.
        if self.at - self.start > METHOD_BYTES_MAX {
            return Err(Problem::UnknownMethod.into());
        }
        let Some(&byte) = bytes.get(self.at) else { return Ok(Step::More) };
        if byte == b' ' && self.at > self.start {
            return Ok(self.next(Part::Target));
        }
        if byte == b'\r' && self.at == self.start {
            return Err(malformed("more than one empty line before the request line"));
        }
        Err(malformed(control(byte).unwrap_or("malformed method")))
    }

    fn target(&mut self, bytes: &[u8], target_bytes_max: usize) -> Result<Step, Refusal> {
        self.at += grammar::run(TARGET, &bytes[self.at..]);
        //= https://www.rfc-editor.org/rfc/rfc9112#section-3
        //# A server that receives a request-target longer than any URI it
        //# wishes to parse MUST respond with a 414 (URI Too Long) status code
        if self.at - self.start > target_bytes_max {
            return Err(Problem::TargetTooLong.into());
        }
        match bytes.get(self.at) {
            None => Ok(Step::More),
            Some(b' ') if self.at > self.start => Ok(self.next(Part::Version)),
            Some(b' ') => Err(malformed("more than one space in the request line")),
            Some(b'\r') => Err(malformed("the request line ends before the HTTP version")),
            Some(b'#') => Err(malformed("a fragment in the request target")),
            Some(&byte) => Err(malformed(control(byte).unwrap_or("malformed request target"))),
        }
    }

    fn version(&mut self, bytes: &[u8]) -> Result<Step, Refusal> {
        let rest = &bytes[self.at..];
        self.at += rest.iter().position(|b| !b.is_ascii_graphic()).unwrap_or(rest.len());
        if self.at - self.start > VERSION_BYTES {
            return Err(malformed(head::BAD_VERSION));
        }
        match bytes.get(self.at) {
            None => Ok(Step::More),
            Some(b'\r') => Ok(self.next(Part::LineCr)),
            Some(&byte) => Err(malformed(control(byte).unwrap_or(head::BAD_VERSION))),
        }
    }

    fn line_start(&mut self, byte: u8, fields_max: usize) -> Result<Step, Refusal> {
        match byte {
            b'\r' => return Ok(self.next(Part::EndCr)),
            //= https://www.rfc-editor.org/rfc/rfc9112#section-2.2
            //# A recipient that receives whitespace between the start-line and the
            //# first header field MUST either reject the message as invalid or
            //# consume each whitespace-preceded line without further processing
            b' ' | b'\t' if self.fields == 0 => {
                return Err(malformed("white space before the first field"));
            }
            //= https://www.rfc-editor.org/rfc/rfc9112#section-5.2
            //# A server that receives an obs-fold in a request message that is not
            //# within a "message/http" container MUST either reject the message by
            //# sending a 400 (Bad Request) [...]
            b' ' | b'\t' => return Err(malformed("obsolete line folding")),
            _ => {}
        }
        if self.fields >= fields_max {
            return Err(head::too_many_fields());
        }
        self.fields += 1;
        self.colon = false;
        Ok(Step::Next(Part::Line))
    }

    fn line(&mut self, bytes: &[u8]) -> Result<Step, Refusal> {
        loop {
            let Some(ahead) = control_at(&bytes[self.at..]) else {
                self.at = bytes.len();
                return Ok(Step::More);
            };
            self.at += ahead;
            match bytes[self.at] {
                b'\r' => return Ok(self.next(Part::LineCr)),
                b'\t' if self.in_value(bytes) => self.at += 1,
                byte => {
                    return Err(malformed(control(byte).unwrap_or("white space in a field name")));
                }
            }
        }
    }

    /// Whether the byte now pointed to stands after the colon of its line; looks for it once.
    fn in_value(&mut self, bytes: &[u8]) -> bool {
        self.colon = self.colon || memchr::memchr(b':', &bytes[self.start..self.at]).is_some();
        self.colon
    }
}

const BARE_CR: &str = "a CR that no LF follows";

/// What is wrong with a control character; HTAB is none here.
fn control(byte: u8) -> Option<&'static str> {
    match byte {
        b'\t' => None,
        b'\n' => Some("a LF that follows no CR"),
        b'\r' => Some(BARE_CR),
        0 => Some("a NUL character"),
        byte if byte.is_ascii_control() => Some("a control character"),
        _ => None,
    }
}

/// Where the first control character stands, HTAB, CR and LF included. Eight bytes a step.
fn control_at(bytes: &[u8]) -> Option<usize> {
    const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // A byte below 0x20 borrows into its top bit, and so does a 0x7f that was made zero. A
        // borrow may leave marks above the first hit, never below it.
        let low = word.wrapping_sub(LOW * 0x20) & !word;
        let delete = word ^ (LOW * 0x7f);
        let delete = delete.wrapping_sub(LOW) & !delete;
        let hits = (low | delete) & HIGH;
        if hits != 0 {
            return Some(index * 8 + (hits.trailing_zeros() / 8) as usize);
        }
    }
    let tail = bytes.len() - rest.len();
    rest.iter().position(u8::is_ascii_control).map(|at| tail + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    const FIELD: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n";

    fn scan(bytes: impl AsRef<[u8]>) -> Scan {
        HeadScan::default().scan(bytes.as_ref(), &Limits::default())
    }

    fn refused(problem: Problem, detail: &'static str) -> Scan {
        Scan::Refused(Refusal::because(problem, detail))
    }

    fn bad(detail: &'static str) -> Scan {
        refused(Problem::MalformedRequest, detail)
    }

    #[test]
    fn a_head_ends_with_its_empty_line_and_no_later() {
        assert_eq!(scan("GET / HTTP/1.1\r\n\r\n"), Scan::Complete(18));
        assert_eq!(scan("GET / HTTP/1.1\r\na: b\r\n\r\nGET"), Scan::Complete(24));
        for end in 0..18 {
            assert_eq!(scan(&b"GET / HTTP/1.1\r\n\r\n"[..end]), Scan::Incomplete, "{end}");
        }
    }

    #[test]
    fn a_scan_goes_on_where_it_stopped_and_a_refusal_stands() {
        let head = b"POST /v1 HTTP/1.1\r\nhost: a\tb\r\nx: \xff\r\n\r\n";
        let mut scan = HeadScan::default();
        for end in 0..head.len() {
            assert_eq!(scan.scan(&head[..end], &Limits::default()), Scan::Incomplete);
            assert_eq!(scan.at, end);
        }
        assert_eq!(scan.scan(head, &Limits::default()), Scan::Complete(head.len()));

        let mut scan = HeadScan::default();
        for _ in 0..3 {
            let again = scan.scan(b"GET / HTTP/1.1\r\na\0b\r\n\r\n", &Limits::default());
            assert_eq!(again, bad("a NUL character"));
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-2.2
    //# In the interest of robustness, a server that is expecting to receive
    //# and parse a request-line SHOULD ignore at least one empty line (CRLF)
    //# received prior to the request-line.
    #[test]
    fn one_empty_line_before_the_request_line_is_skipped_and_a_second_is_refused() {
        assert_eq!(scan("\r\nGET / HTTP/1.1\r\n\r\n"), Scan::Complete(20));
        let detail = "more than one empty line before the request line";
        assert_eq!(scan("\r\n\r"), bad(detail));
        assert_eq!(scan("\r\n\r\nGET / HTTP/1.1\r\n\r\n"), bad(detail));
        assert_eq!(scan("\rG"), bad(BARE_CR));
    }

    #[test]
    fn a_request_begins_with_the_first_byte_of_its_line() {
        let mut scan = HeadScan::default();
        assert!(!scan.has_begun());
        for begun in ["\r", "\r\n"] {
            scan.scan(begun.as_bytes(), &Limits::default());
            assert!(!scan.has_begun());
        }
        scan.scan(b"\r\nG", &Limits::default());
        assert!(scan.has_begun());
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-2.2
    //# A recipient of such a bare CR MUST consider that element to be invalid
    #[test]
    fn a_bare_cr_or_lf_is_refused_wherever_it_stands() {
        assert_eq!(scan("GET / HTTP/1.1\rX"), bad(BARE_CR));
        assert_eq!(scan("GET / HTTP/1.1\r\na: b\rc\r\n"), bad(BARE_CR));
        assert_eq!(scan("GET / HTTP/1.1\r\n\rX"), bad(BARE_CR));
        assert_eq!(scan("GET / HTTP/1.1\r\n\r\r"), bad(BARE_CR));
        assert_eq!(scan("G\rET / HTTP/1.1\r\n"), bad(BARE_CR));
        let bare_lf = "a LF that follows no CR";
        assert_eq!(scan("\nGET / HTTP/1.1\r\n"), bad(bare_lf));
        assert_eq!(scan("GET / HTTP/1.1\n"), bad(bare_lf));
        assert_eq!(scan("GET /\n"), bad(bare_lf));
        assert_eq!(scan("GET / HTTP/1.1\r\na: b\n"), bad(bare_lf));
        assert_eq!(scan("GET / HTTP/1.1\r\na: b\r\n\n"), bad(bare_lf));
    }

    #[test]
    fn every_control_character_is_refused_wherever_it_stands() {
        for byte in (0..32).chain([127]) {
            if matches!(byte, b'\t' | b'\n' | b'\r') {
                continue;
            }
            let detail = if byte == 0 { "a NUL character" } else { "a control character" };
            for before in ["", "G", "GET ", "GET /", "GET / ", "GET / HTTP/1.1"] {
                assert_eq!(scan([before.as_bytes(), &[byte]].concat()), bad(detail), "{before}");
            }
            for before in ["", "n", "name", "name:", "name: value of a longer field"] {
                let head = [FIELD, before.as_bytes(), &[byte], b"rest"].concat();
                assert_eq!(scan(head), bad(detail), "{before} {byte}");
            }
        }
    }

    #[test]
    fn a_tab_is_allowed_in_field_values_only() {
        let tab = |head: &[u8], rest: &[u8]| scan([head, rest].concat());
        assert_eq!(tab(FIELD, b"a:\tb\tc\t\r\n\r\n"), Scan::Complete(FIELD.len() + 11));
        assert_eq!(tab(FIELD, b"a\t: b"), bad("white space in a field name"));
        assert_eq!(tab(FIELD, b"a:\tb\r\nc\t: d"), bad("white space in a field name"));
        assert_eq!(scan("GET\t/ HTTP/1.1"), bad("malformed method"));
        assert_eq!(scan("GET /\tHTTP/1.1"), bad("malformed request target"));
        assert_eq!(scan("GET / HTTP/1.1\t"), bad("malformed HTTP version"));
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-5.2
    //# A server that receives an obs-fold in a request message that is not
    //# within a "message/http" container MUST either reject the message by
    //# sending a 400 (Bad Request) [...]
    #[test]
    fn a_folded_line_is_refused_and_so_is_white_space_before_the_first_field() {
        for blank in [" ", "\t"] {
            let head = [FIELD, blank.as_bytes()].concat();
            assert_eq!(scan(head), bad("obsolete line folding"));
            let head = format!("GET / HTTP/1.1\r\n{blank}host: a\r\n\r\n");
            assert_eq!(scan(head), bad("white space before the first field"));
        }
    }

    #[test]
    fn a_request_line_is_three_parts_with_one_space_between() {
        assert_eq!(scan("GET  / HTTP/1.1"), bad("more than one space in the request line"));
        assert_eq!(scan("GET /  HTTP/1.1\r\n"), bad("malformed HTTP version"));
        assert_eq!(scan("GET /a b HTTP/1.1\r\n"), bad("malformed HTTP version"));
        assert_eq!(scan(" GET / HTTP/1.1"), bad("malformed method"));
        assert_eq!(scan("GE(T / HTTP/1.1"), bad("malformed method"));
        assert_eq!(scan("GET /\r\n"), bad("the request line ends before the HTTP version"));
        assert_eq!(scan("GET\r\n"), bad(BARE_CR));
        assert_eq!(scan("GET / HTTP/1.10"), bad("malformed HTTP version"));
        assert_eq!(scan("GET / HTTP/1.1 \r\n"), bad("malformed HTTP version"));
    }

    #[test]
    fn a_target_is_of_the_characters_of_a_uri() {
        let all = "/-._~!$&'()*+,;=:@%[]?azAZ09";
        let len = all.len() + 17;
        assert_eq!(scan(format!("GET {all} HTTP/1.1\r\n\r\n")), Scan::Complete(len));
        assert_eq!(scan("GET /#f"), bad("a fragment in the request target"));
        for byte in (0x80..=0xff_u8).chain(*b"\"<>\\^`{|}") {
            let head = [b"GET /", &[byte][..]].concat();
            assert_eq!(scan(head), bad("malformed request target"), "{byte}");
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-3
    //# A server that receives a method longer than any that it implements SHOULD
    //# respond with a 501 (Not Implemented) status code.
    #[test]
    fn a_long_method_is_refused_as_soon_as_it_is_too_long() {
        assert_eq!(scan("A".repeat(METHOD_BYTES_MAX)), Scan::Incomplete);
        let refusal = Scan::Refused(Problem::UnknownMethod.into());
        assert_eq!(scan("A".repeat(METHOD_BYTES_MAX + 1)), refusal);
        assert_eq!(scan("A".repeat(100_000)), refusal);
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-3
    //# A server that receives a request-target longer than any URI it
    //# wishes to parse MUST respond with a 414 (URI Too Long) status code
    #[test]
    fn a_long_target_is_refused_as_soon_as_it_is_too_long() {
        let max = Limits::default().target_bytes_max;
        let target = "/".repeat(max);
        let line = format!("GET {target}");
        assert_eq!(scan(&line), Scan::Incomplete);
        assert_eq!(scan(format!("{line} HTTP/1.1\r\n\r\n")), Scan::Complete(max + 17));
        assert_eq!(scan(format!("{line}/")), Scan::Refused(Problem::TargetTooLong.into()));
    }

    #[test]
    fn a_head_may_be_as_long_as_its_limit() {
        let limits = Limits { head_bytes_max: 300, ..Limits::default() };
        let mut head = Vec::from(*b"GET / HTTP/1.1\r\na: ");
        head.resize(296, b'x');
        head.extend_from_slice(b"\r\n\r\n");
        let scan = |head: &[u8]| HeadScan::default().scan(head, &limits);
        let refusal = Scan::Refused(Problem::HeadTooLarge.into());
        assert_eq!(scan(&head), Scan::Complete(300));
        assert_eq!(scan(&head[..299]), Scan::Incomplete);
        head.insert(200, b'x');
        assert_eq!(scan(&head), refusal);
        assert_eq!(scan(&head[..300]), refusal);
        assert_eq!(scan(&head[..299]), Scan::Incomplete);
    }

    #[test]
    fn a_head_may_have_as_many_fields_as_its_limit() {
        let limits = Limits { fields_max: 4, ..Limits::default() };
        let head = |fields: usize| format!("GET / HTTP/1.1\r\n{}", "a: b\r\n".repeat(fields));
        let scan = |head: &str| HeadScan::default().scan(head.as_bytes(), &limits);
        assert_eq!(scan(&(head(4) + "\r\n")), Scan::Complete(42));
        let many = refused(Problem::HeadTooLarge, "too many fields");
        assert_eq!(scan(&(head(4) + "a")), many);
        assert_eq!(scan(&head(4)), Scan::Incomplete);
    }

    #[test]
    fn the_first_fault_is_the_one_that_is_told() {
        assert_eq!(scan("G\0ET / HTTP/1.1\n"), bad("a NUL character"));
        assert_eq!(scan("GET / HTTP/1.1\r\na: \x01\0\n"), bad("a control character"));
        assert_eq!(scan("GET / HTTP/1.1\r\na: \n\0"), bad("a LF that follows no CR"));
    }

    #[test]
    fn control_characters_are_found_at_every_place_of_a_word() {
        for at in 0..40 {
            for byte in 0..=255_u8 {
                for rest in [b'a', 0x7f, 0xff, 0x20, 0x80, 0x1f] {
                    let mut bytes = [b'~'; 40];
                    bytes[at] = byte;
                    bytes[at + 1..].fill(rest);
                    let plain = bytes.iter().position(u8::is_ascii_control);
                    assert_eq!(control_at(&bytes), plain);
                }
            }
        }
    }
}
