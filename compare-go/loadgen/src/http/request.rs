//! Requests, made once and sent many times.

use std::fmt::Write;

/// A request that is being made.
#[derive(Clone, Debug)]
pub struct Request {
    head: String,
}

impl Request {
    /// A request of a method for a target, to a host. None of them holds a line end.
    #[must_use]
    pub fn new(method: &str, target: &str, host: &str) -> Self {
        let mut head = String::with_capacity(256);
        let _ = write!(head, "{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
        Self { head }
    }

    /// With a further field.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        debug_assert!(!value.contains(['\r', '\n']), "a value of one line");
        let _ = write!(self.head, "{name}: {value}\r\n");
        self
    }

    /// As the holder of a token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.field("Authorization", &format!("Bearer {token}"))
    }

    /// Its bytes, without a body.
    #[must_use]
    pub fn bytes(self) -> Vec<u8> {
        let mut bytes = self.head.into_bytes();
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    /// Its bytes, with a body of JSON, which stands at their end.
    #[must_use]
    pub fn json(self, body: &[u8]) -> Vec<u8> {
        let this = self.field("Content-Type", "application/json");
        let mut bytes = this.field("Content-Length", &body.len().to_string()).bytes();
        bytes.extend_from_slice(body);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_written_as_the_rfc_has_them() {
        let get = Request::new("GET", "/loot?session=3", "127.0.0.1:80").bytes();
        assert_eq!(get, b"GET /loot?session=3 HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n");
        let post = Request::new("POST", "/a", "b").bearer("t").json(b"{}");
        assert_eq!(
            String::from_utf8(post).unwrap(),
            "POST /a HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer t\r\n\
             Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        );
    }
}
