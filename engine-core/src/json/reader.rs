//! The typed reader: asks for the type that must come next, and keeps the path to it.
//!
//! It knows where it stands and what was asked for; tokens are [`scan`]'s, meanings the caller's.

use super::fields::Field;
use super::path::{Part, Path, fault};
use super::{DEPTH_MAX, scan};
use crate::arena::{Allocator, ArenaVec};
use crate::error::{FaultCode, JsonFault};
use alloc::boxed::Box;
use alloc::string::String;
use core::ops::RangeInclusive;

/// What reading comes to; the fault is boxed to keep the good case in registers.
pub type Result<T> = core::result::Result<T, Box<JsonFault>>;

/// Reads one document, value by value, in the order in which it is written.
///
/// After a fault the reader is of no further use.
#[derive(Debug)]
pub struct Reader<'b, A> {
    bytes: &'b [u8],
    at: usize,
    key_at: usize,
    depth: usize,
    path: Path,
    scratch: A,
}

impl<'b, A: Allocator + Copy> Reader<'b, A> {
    /// A reader of `bytes`; texts with escapes are unescaped into `scratch`.
    pub fn new(bytes: &'b [u8], scratch: A) -> Self {
        Self { bytes, at: 0, key_at: 0, depth: 0, path: Path::default(), scratch }
    }

    /// An object: calls `read` for each field, which must read its value.
    ///
    /// # Errors
    /// Whatever `read` refuses; unknown, repeated and missing fields.
    pub fn object<F: Field>(
        &mut self,
        mut read: impl FnMut(&mut Self, F) -> Result<()>,
    ) -> Result<()> {
        const { assert!(F::ALL.len() <= 32) };
        self.open(b'{')?;
        let mut seen = 0_u32;
        let mut next = 0;
        if self.peek() != Some(b'}') {
            loop {
                let key_at = self.at;
                let index = self.field::<F>(next)?;
                let info = &F::ALL[index];
                self.path.enter(Part::Field(info.name));
                if seen & 1 << index != 0 {
                    return Err(self.fault(FaultCode::DuplicateField, key_at));
                }
                seen |= 1 << index;
                next = index + 1;
                self.punctuation(b':')?;
                self.key_at = key_at;
                read(self, info.field)?;
                self.path.leave();
                if self.separator(b'}')? {
                    break;
                }
            }
        }
        for (index, info) in F::ALL.iter().enumerate() {
            if info.required && seen & 1 << index == 0 {
                return Err(self.fault_below(FaultCode::MissingField, self.at, info.name));
            }
        }
        self.close();
        Ok(())
    }

    /// A list of `count` elements: calls `read` for each with its index. Returns how many there
    /// are.
    ///
    /// # Errors
    /// Whatever `read` refuses; too few or too many elements.
    pub fn array(
        &mut self,
        count: RangeInclusive<usize>,
        mut read: impl FnMut(&mut Self, usize) -> Result<()>,
    ) -> Result<usize> {
        self.open(b'[')?;
        let mut index = 0;
        if self.peek() != Some(b']') {
            loop {
                if index == *count.end() {
                    return Err(self.refuse_value(FaultCode::OutOfRange));
                }
                self.path.enter(Part::Index(index));
                read(self, index)?;
                self.path.leave();
                index += 1;
                if self.separator(b']')? {
                    break;
                }
            }
        }
        if index < *count.start() {
            return Err(self.fault(FaultCode::OutOfRange, self.at));
        }
        self.close();
        Ok(index)
    }

    /// A string, as what `accept` makes of it.
    ///
    /// # Errors
    /// If the value is not a string, or `accept` refuses it.
    pub fn string<T>(
        &mut self,
        accept: impl FnOnce(&str) -> core::result::Result<T, FaultCode>,
    ) -> Result<T> {
        let from = self.begin(|byte| byte == b'"')?;
        let text = scan::string(self.bytes, from).map_err(|stop| self.syntax(stop))?;
        self.at = text.end;
        let raw = &self.bytes[from + 1..text.end - 1];
        with_text(raw, text.escaped, self.scratch, accept).map_err(|code| self.fault(code, from))
    }

    /// A string that `accept` knows, such as `Id::new`; any other is out of range.
    ///
    /// # Errors
    /// If the value is not a string, or `accept` refuses it.
    pub fn text<T>(&mut self, accept: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        self.string(|text| accept(text).ok_or(FaultCode::OutOfRange))
    }

    /// A finite number for which `accept` holds; -0 becomes 0.
    ///
    /// # Errors
    /// If the value is not a number, not finite as a double, or `accept` refuses it.
    pub fn f64(&mut self, accept: impl FnOnce(f64) -> bool) -> Result<f64> {
        let (from, text) = self.number()?;
        let value = scan::double(text);
        if value.is_finite() && accept(value) {
            // Adding 0 turns -0 into 0 and changes nothing else.
            Ok(value + 0.0)
        } else {
            Err(self.fault(FaultCode::OutOfRange, from))
        }
    }

    /// A whole number in `range`.
    ///
    /// # Errors
    /// If the value is not a number, not whole as it is written, or not in `range`.
    pub fn u64(&mut self, range: RangeInclusive<u64>) -> Result<u64> {
        let (from, text) = self.number()?;
        let mut value = Some(0_u64);
        for byte in text {
            // Neither sign, point nor exponent is a digit: they leave `None` behind.
            let digit = char::from(*byte).to_digit(10);
            value = value.and_then(|value| value.checked_mul(10)?.checked_add(u64::from(digit?)));
        }
        value
            .filter(|value| range.contains(value))
            .ok_or_else(|| self.fault(FaultCode::OutOfRange, from))
    }

    /// A whole number in `range`.
    ///
    /// # Errors
    /// If the value is not a number, not whole as it is written, or not in `range`.
    pub fn u32(&mut self, range: RangeInclusive<u32>) -> Result<u32> {
        let (start, end) = range.into_inner();
        let value = self.u64(u64::from(start)..=u64::from(end))?;
        Ok(u32::try_from(value).expect("the range ends at a u32"))
    }

    /// `null`, or what `read` reads.
    ///
    /// # Errors
    /// Whatever `read` refuses.
    pub fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        if self.peek() != Some(b'n') {
            return read(self).map(Some);
        }
        self.at = scan::literal(self.bytes, self.at, b"null").map_err(|stop| self.syntax(stop))?;
        Ok(None)
    }

    /// Bytes that were not read yet: an upper bound for what they can hold.
    #[must_use]
    pub fn remaining_bytes(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The end of the document: nothing but whitespace follows.
    ///
    /// # Errors
    /// If anything else follows.
    pub fn end(&mut self) -> Result<()> {
        debug_assert!(self.depth == 0, "the document was read");
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.fault(FaultCode::TrailingBytes, self.at)),
        }
    }

    /// The fault `code` at the key of the field that is being read: for `read` of
    /// [`object`](Self::object), before it reads the value.
    #[must_use]
    pub fn refuse_key(&self, code: FaultCode) -> Box<JsonFault> {
        self.fault(code, self.key_at)
    }

    /// The fault that the field `name` is missing in the object that was just read.
    #[must_use]
    pub fn missing(&self, name: &str) -> Box<JsonFault> {
        debug_assert!(self.bytes[..self.at].ends_with(b"}"));
        self.fault_below(FaultCode::MissingField, self.at - 1, name)
    }

    /// Skips whitespace. The next byte, not taken.
    fn peek(&mut self) -> Option<u8> {
        self.at = scan::whitespace(self.bytes, self.at);
        self.bytes.get(self.at).copied()
    }

    /// The offset of the next value, whose first byte must be of the type that is asked for.
    fn begin(&mut self, right: impl FnOnce(u8) -> bool) -> Result<usize> {
        match self.peek() {
            Some(byte) if right(byte) => Ok(self.at),
            _ => Err(self.refuse_value(FaultCode::WrongType)),
        }
    }

    /// The fault `code` of the next value, if one begins there at all.
    #[cold]
    fn refuse_value(&mut self, code: FaultCode) -> Box<JsonFault> {
        match self.peek() {
            Some(byte) if scan::begins_value(byte) => self.fault(code, self.at),
            _ => self.fault(FaultCode::Syntax, self.at),
        }
    }

    /// A number: its offset and its text.
    fn number(&mut self) -> Result<(usize, &'b [u8])> {
        let from = self.begin(|byte| byte == b'-' || byte.is_ascii_digit())?;
        self.at = scan::number(self.bytes, from).map_err(|stop| self.syntax(stop))?;
        Ok((from, &self.bytes[from..self.at]))
    }

    /// Reads a key; which field it is. `next` is the likeliest one.
    fn field<F: Field>(&mut self, next: usize) -> Result<usize> {
        let from = self.at;
        if self.bytes.get(from) != Some(&b'"') {
            return Err(self.fault(FaultCode::Syntax, from));
        }
        let text = scan::string(self.bytes, from).map_err(|stop| self.syntax(stop))?;
        self.at = text.end;
        let raw = &self.bytes[from + 1..text.end - 1];
        if F::ALL.get(next).is_some_and(|info| info.name.as_bytes() == raw) {
            return Ok(next);
        }
        with_text(raw, text.escaped, self.scratch, |key| {
            let unknown = || self.fault_below(FaultCode::UnknownField, from, key);
            F::ALL.iter().position(|info| info.name == key).ok_or_else(unknown)
        })
    }

    fn open(&mut self, bracket: u8) -> Result<()> {
        let from = self.begin(|byte| byte == bracket)?;
        if self.depth == DEPTH_MAX {
            return Err(self.fault(FaultCode::Syntax, from));
        }
        self.depth += 1;
        self.at += 1;
        self.peek();
        Ok(())
    }

    /// Takes the closing bracket, which is next.
    fn close(&mut self) {
        self.depth -= 1;
        self.at += 1;
    }

    fn punctuation(&mut self, byte: u8) -> Result<()> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.fault(FaultCode::Syntax, self.at))
        }
    }

    /// A comma, which is taken, or the closing bracket, which is not; whether it is the bracket.
    fn separator(&mut self, close: u8) -> Result<bool> {
        if self.peek() == Some(close) {
            return Ok(true);
        }
        self.punctuation(b',')?;
        self.peek();
        Ok(false)
    }

    #[cold]
    fn syntax(&self, stop: scan::Stop) -> Box<JsonFault> {
        self.fault(FaultCode::Syntax, stop.0)
    }

    #[cold]
    fn fault(&self, code: FaultCode, at: usize) -> Box<JsonFault> {
        fault(self.bytes, code, at, self.path.pointer())
    }

    /// A fault of the field `key` of the object that is being read.
    #[cold]
    fn fault_below(&self, code: FaultCode, at: usize, key: &str) -> Box<JsonFault> {
        fault(self.bytes, code, at, self.path.pointer_below(key))
    }
}

/// Whether `bytes` are one JSON text.
///
/// # Errors
/// The first fault: `Syntax` or `TrailingBytes`.
pub fn validate(bytes: &[u8]) -> Result<()> {
    let syntax = |stop: scan::Stop| fault(bytes, FaultCode::Syntax, stop.0, String::new());
    let end = scan::value(bytes, scan::whitespace(bytes, 0), 0).map_err(syntax)?;
    let rest = scan::whitespace(bytes, end);
    if rest < bytes.len() {
        return Err(fault(bytes, FaultCode::TrailingBytes, rest, String::new()));
    }
    Ok(())
}

/// Calls `accept` with the text of a string whose inside is `raw`.
fn with_text<A: Allocator, T, E>(
    raw: &[u8],
    escaped: bool,
    scratch: A,
    accept: impl FnOnce(&str) -> core::result::Result<T, E>,
) -> core::result::Result<T, E> {
    const CHECKED: &str = "the scan checks that text is UTF-8";
    if !escaped {
        return accept(core::str::from_utf8(raw).expect(CHECKED));
    }
    let mut unescaped = ArenaVec::with_capacity_in(raw.len(), scratch);
    scan::unescape(raw, &mut unescaped);
    accept(core::str::from_utf8(&unescaped).expect(CHECKED))
}
