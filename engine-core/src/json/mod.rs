//! JSON: a strict reader for typed documents, and the writer.
//!
//! # Why an own reader
//!
//! - A refused document must say *where*: JSON Pointer, line and column of the **first** fault, by
//!   rules so exact that a server in another language gives the same bytes. General readers report
//!   a place of their own choosing, after their own read-ahead, and no path.
//! - Bodies are read on the hot path without a heap allocation: texts are borrowed from the body,
//!   or, where they have escapes, unescaped into the scratch arena; the path is a fixed stack that
//!   is rendered only into a fault.
//!
//! # What is a fault, and where
//!
//! The document is read once, from its first byte to its last; the first rule that is broken is
//! the fault. Lines end with LF; line and column count from 1, columns in bytes.
//!
//! - `Syntax`: the first byte that cannot continue the document; one past the last byte where the
//!   document ends too early. The path is empty: there is no tree to point into.
//! - `TrailingBytes`: the first byte after the document that is not whitespace. The path is empty.
//! - `WrongType`: the first byte of the value, which decides it; what follows is not read.
//! - `OutOfRange` and `DuplicateId`: the first byte of the value, once its token is complete.
//! - `OutOfRange` of a list that is too long: the first byte of the first element too many, if a
//!   value can begin with it; of one that is too short: the closing bracket. The path is that of
//!   the list.
//! - `UnknownField` and `DuplicateField`: the opening quote of the key, once the key is complete;
//!   the value is not read. The path is the field's.
//! - `MissingField`: the closing brace. The path is that of the first missing field, in the order
//!   of the documentation.
//!
//! A token ends where the grammar takes no further byte: `01` is the number `0` and then a `1` that
//! cannot continue the document. Further `Syntax` rules:
//! - text that is not UTF-8: the first byte of the first sequence that is not a character;
//! - an escaped half of a surrogate pair without the escape of its other half: its backslash;
//! - more than [`DEPTH_MAX`] open brackets: the bracket too many.
//!
//! In a path, `~` is written `~0` and `/` is written `~1` (RFC 6901), and a key of more than
//! [`PATH_KEY_BYTES_MAX`] bytes is cut after the last whole character within them, so that a
//! refusal is never much larger than what it refuses.
//!
//! # Numbers
//!
//! A whole number is written without fraction and exponent, and not as `-0`; any other number in
//! its place is `OutOfRange`. A float is any number whose nearest double is finite and in range; -0
//! becomes 0.

mod fields;
mod path;
mod reader;
mod scan;
mod writer;

pub use fields::{Field, FieldInfo, fields};
pub use reader::{Reader, Result, validate};
pub use writer::Writer;

/// The most brackets that may be open at once.
pub const DEPTH_MAX: usize = 16;

/// The most bytes of one key in the path of a fault, before it is escaped.
pub const PATH_KEY_BYTES_MAX: usize = 64;
