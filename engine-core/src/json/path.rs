//! Where a fault is: the path to the value that is being read, and line and column of a byte.

use super::{DEPTH_MAX, PATH_KEY_BYTES_MAX};
use crate::error::{FaultCode, JsonFault};
use alloc::boxed::Box;
use alloc::string::String;

/// One step of a path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// To the field of that name.
    Field(&'static str),
    /// To the element of that index.
    Index(usize),
}

/// The path to the value that is being read: one part for each open bracket at most. Rendered only
/// into a fault.
#[derive(Debug)]
pub(super) struct Path {
    parts: [Part; DEPTH_MAX],
    len: usize,
}

impl Default for Path {
    fn default() -> Self {
        Self { parts: [Part::Index(0); DEPTH_MAX], len: 0 }
    }
}

impl Path {
    /// Goes down one step.
    pub(super) fn enter(&mut self, part: Part) {
        self.parts[self.len] = part;
        self.len += 1;
    }

    /// Goes up again.
    pub(super) fn leave(&mut self) {
        self.len -= 1;
    }

    /// As a JSON Pointer (RFC 6901).
    pub(super) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for part in &self.parts[..self.len] {
            match part {
                Part::Field(name) => push(&mut pointer, name),
                Part::Index(index) => push(&mut pointer, itoa::Buffer::new().format(*index)),
            }
        }
        pointer
    }

    /// As a JSON Pointer to the field `key` of the value.
    pub(super) fn pointer_below(&self, key: &str) -> String {
        let mut pointer = self.pointer();
        push(&mut pointer, key);
        pointer
    }
}

/// Appends one reference token.
fn push(pointer: &mut String, key: &str) {
    pointer.push('/');
    for char in key[..key.floor_char_boundary(PATH_KEY_BYTES_MAX)].chars() {
        //= https://www.rfc-editor.org/rfc/rfc6901#section-3
        //# '~' needs to be encoded as '~0' and '/' needs to be encoded as '~1' when these
        //# characters appear in a reference token.
        match char {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            _ => pointer.push(char),
        }
    }
}

/// The fault `code` at the offset `at` of the document `bytes`. What is not JSON has no paths.
#[cold]
pub(super) fn fault(bytes: &[u8], code: FaultCode, at: usize, path: String) -> Box<JsonFault> {
    let path = match code {
        FaultCode::Syntax | FaultCode::TrailingBytes => String::new(),
        FaultCode::WrongType
        | FaultCode::UnknownField
        | FaultCode::DuplicateField
        | FaultCode::MissingField
        | FaultCode::DuplicateId
        | FaultCode::OutOfRange => path,
    };
    let before = &bytes[..at];
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
    let capped = |value| u32::try_from(value).unwrap_or(u32::MAX);
    Box::new(JsonFault { code, path, line: capped(line), column: capped(column) })
}
