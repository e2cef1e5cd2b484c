//! The classes of bytes that RFC 9110 and RFC 3986 define, as one table, and the lists of RFC 9110.

/// Bytes of a token: `tchar`, RFC 9110 section 5.6.2.
pub(super) const TOKEN: u8 = 1;
/// Bytes of a path or query: `pchar`, `/` and `?`, RFC 3986 section 3.3 and 3.4.
pub(super) const PATH: u8 = 2;
/// Bytes of a request target of any form: `PATH`, and the brackets of an IPv6 address.
pub(super) const TARGET: u8 = 4;
/// Bytes of a registered name: `unreserved`, `sub-delims` and `%`, RFC 3986 section 3.2.2.
pub(super) const NAME: u8 = 8;
/// Bytes of a field value: `field-vchar`, SP and HTAB, RFC 9110 section 5.5.
pub(super) const VALUE: u8 = 16;
/// Bytes of a quoted string without `"` and `\`: `qdtext`, RFC 9110 section 5.6.4.
pub(super) const QUOTED: u8 = 32;

const CLASSES: [u8; 256] = classes();

/// Whether `byte` is of `class`.
#[inline]
pub(super) fn is(class: u8, byte: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

/// How many of the first bytes are of `class`.
#[inline]
pub(super) fn run(class: u8, bytes: &[u8]) -> usize {
    bytes.iter().position(|b| !is(class, *b)).unwrap_or(bytes.len())
}

/// Whether `bytes` is a token: at least one byte, all of them `tchar`.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && run(TOKEN, bytes) == bytes.len()
}

/// `bytes` without the optional white space (SP and HTAB) around it.
pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    let blank = |b: &u8| matches!(*b, b' ' | b'\t');
    let Some(first) = bytes.iter().position(|b| !blank(b)) else { return &[] };
    let last = bytes.iter().rposition(|b| !blank(b)).unwrap_or(first);
    &bytes[first..=last]
}

/// The elements of a comma-separated list, without the white space around them; empty ones are
/// yielded too. Not for lists whose elements may be quoted strings.
pub(super) fn elements(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|b| *b == b',').map(trim)
}

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = class_of(byte);
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

const fn class_of(byte: u8) -> u8 {
    let mut class = 0;
    let unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let sub_delim =
        matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=');
    if byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.')
        || matches!(byte, b'^' | b'_' | b'`' | b'|' | b'~')
    {
        class |= TOKEN;
    }
    if unreserved || sub_delim || byte == b'%' {
        class |= NAME | PATH | TARGET;
    }
    if matches!(byte, b':' | b'@' | b'/' | b'?') {
        class |= PATH | TARGET;
    }
    if matches!(byte, b'[' | b']') {
        class |= TARGET;
    }
    if byte == b'\t' || (byte >= b' ' && byte != 0x7f) {
        class |= VALUE;
        if byte != b'"' && byte != b'\\' {
            class |= QUOTED;
        }
    }
    class
}
