//! Response heads, appended to an output buffer without formatting machinery.
//!
//! Field order: status line, Date, Connection, the extra fields, Content-Type, Content-Length.
//! What follows the head is the caller's: nothing after an answer to HEAD, or where
//! [`has_content`] says so.

use super::date::DateCache;
use crate::time::Timestamp;
use alloc::vec::Vec;

/// The whole interim response that asks for the body.
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What a response says about the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConnectionHeader {
    /// Nothing: an HTTP/1.1 connection stays open.
    #[default]
    None,
    /// It closes after this response.
    Close,
    /// It stays open, for an HTTP/1.0 client that asked.
    KeepAlive,
    /// It changes its protocol.
    Upgrade,
}

/// A response head. Names and values are trusted: they hold no CR or LF.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'a> {
    /// The status code.
    pub status: u16,
    /// `Content-Type`; none where there is no content.
    pub content_type: Option<&'a str>,
    /// Bytes of content; for HEAD, those that GET would have sent.
    pub content_length: usize,
    /// `Connection`.
    pub connection: ConnectionHeader,
    /// Further fields: name and value.
    pub extra: &'a [(&'a str, &'a [u8])],
}

impl ResponseHead<'_> {
    /// Appends the head, its empty line included. Allocates only where `out` must grow.
    pub fn write(&self, date: &mut DateCache, now: Timestamp, out: &mut Vec<u8>) {
        debug_assert!(self.status != 100, "CONTINUE is sent as it is");
        out.extend_from_slice(b"HTTP/1.1 ");
        out.extend_from_slice(itoa::Buffer::new().format(self.status).as_bytes());
        out.push(b' ');
        out.extend_from_slice(reason(self.status).as_bytes());
        out.extend_from_slice(b"\r\nDate: ");
        out.extend_from_slice(date.at(now));
        out.extend_from_slice(match self.connection {
            ConnectionHeader::None => b"\r\n",
            ConnectionHeader::Close => b"\r\nConnection: close\r\n",
            ConnectionHeader::KeepAlive => b"\r\nConnection: keep-alive\r\n",
            ConnectionHeader::Upgrade => b"\r\nConnection: Upgrade\r\n",
        });
        for (name, value) in self.extra {
            field(out, name, value);
        }
        if let Some(content_type) = self.content_type {
            field(out, "Content-Type", content_type.as_bytes());
        }
        if has_content(self.status) {
            let mut digits = itoa::Buffer::new();
            field(out, "Content-Length", digits.format(self.content_length).as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }
}

fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    debug_assert!(!value.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)), "{name} splits");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

//= https://www.rfc-editor.org/rfc/rfc9112#section-6.3
//# Any response to a HEAD request and any response with a 1xx (Informational), 204 (No
//# Content), or 304 (Not Modified) status code is always terminated by the first empty
//# line after the header fields
/// Whether a response with this status has content, and a Content-Length, to anything but HEAD.
#[must_use]
pub fn has_content(status: u16) -> bool {
    !matches!(status, 100..=199 | 204 | 304)
}

/// The reason phrase of a status that the server sends; of any other, none.
#[must_use]
pub fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        411 => "Length Required",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        417 => "Expectation Failed",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Problem;
    use crate::figures::STATUSES;
    use alloc::string::String;

    const NOW: Timestamp = Timestamp(784_111_777_000);

    fn write(head: &ResponseHead<'_>) -> String {
        let mut out = Vec::new();
        head.write(&mut DateCache::default(), NOW, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_fields_stand_in_one_order() {
        let head = ResponseHead {
            status: 405,
            content_type: Some("application/problem+json"),
            content_length: 120,
            connection: ConnectionHeader::Close,
            extra: &[("Allow", b"GET, HEAD"), ("Cache-Control", b"no-store")],
        };
        let expected = "HTTP/1.1 405 Method Not Allowed\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
            Connection: close\r\nAllow: GET, HEAD\r\nCache-Control: no-store\r\n\
            Content-Type: application/problem+json\r\nContent-Length: 120\r\n\r\n";
        assert_eq!(write(&head), expected);
    }

    #[test]
    fn the_connection_is_named_only_where_it_must_be() {
        for (connection, line) in [
            (ConnectionHeader::None, ""),
            (ConnectionHeader::Close, "Connection: close\r\n"),
            (ConnectionHeader::KeepAlive, "Connection: keep-alive\r\n"),
            (ConnectionHeader::Upgrade, "Connection: Upgrade\r\n"),
        ] {
            let head = ResponseHead {
                status: 200,
                content_type: None,
                content_length: 0,
                connection,
                extra: &[],
            };
            let expected = alloc::format!(
                "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n{line}\
                Content-Length: 0\r\n\r\n"
            );
            assert_eq!(write(&head), expected);
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc9110#section-8.6
    //# A server MUST NOT send a Content-Length header field in any response with a status
    //# code of 1xx (Informational) or 204 (No Content).
    #[test]
    fn a_response_without_content_has_no_content_length() {
        for status in [101, 204, 304] {
            let head = ResponseHead {
                status,
                content_type: None,
                content_length: 7,
                connection: ConnectionHeader::None,
                extra: &[],
            };
            assert!(!write(&head).contains("Content-Length"), "{status}");
            assert!(!has_content(status));
        }
        assert!(STATUSES.iter().all(|s| has_content(*s) || matches!(s, 100 | 101 | 204)));
    }

    #[test]
    fn every_status_that_is_sent_has_a_reason() {
        for status in STATUSES.into_iter().filter(|status| *status != 0) {
            assert!(!reason(status).is_empty(), "{status}");
        }
        for problem in Problem::ALL {
            assert!(!reason(problem.status()).is_empty(), "{problem:?}");
        }
        assert_eq!(reason(299), "");
        let line = alloc::format!("HTTP/1.1 100 {}\r\n\r\n", reason(100));
        assert_eq!(CONTINUE, line.as_bytes());
    }
}
