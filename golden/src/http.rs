//! Responses in a stream of bytes, for servers that are not held to every byte, and for showing
//! what came instead of what was expected.
//!
//! Written apart from the engine on purpose.

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The fields in their order; names as they were written.
    pub fields: Vec<(String, String)>,
    /// The body, without its chunked coding.
    pub body: Vec<u8>,
}

/// What a response can be preceded by, or fail to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// More bytes are needed.
    More,
    /// The bytes are no response.
    Malformed,
}

impl Response {
    /// The first value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// The first response in `bytes` and its length. `bodiless`: it answers HEAD.
///
/// # Errors
/// If it is not whole, or none.
pub fn response(bytes: &[u8], bodiless: bool) -> Result<(Response, usize), Unread> {
    let whole = bytes.windows(4).position(|w| w == b"\r\n\r\n");
    let Some(end) = whole else {
        let begins = b"HTTP/1.1 ".iter().zip(bytes).all(|(a, b)| a == b);
        return Err(if begins { Unread::More } else { Unread::Malformed });
    };
    let head = str::from_utf8(&bytes[..end]).map_err(|_| Unread::Malformed)?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(status).ok_or(Unread::Malformed)?;
    let mut fields = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(Unread::Malformed)?;
        fields.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut response = Response { status, fields, body: Vec::new() };
    let rest = &bytes[end + 4..];
    if bodiless || matches!(status, 100..=199 | 204 | 304) {
        return Ok((response, end + 4));
    }
    let chunked = response.field("transfer-encoding").is_some_and(|v| v == "chunked");
    let taken = if chunked {
        let (body, taken) = dechunked(rest)?;
        response.body = body;
        taken
    } else {
        let length = match response.field("content-length") {
            Some(length) => length.parse().map_err(|_| Unread::Malformed)?,
            None => 0,
        };
        response.body = rest.get(..length).ok_or(Unread::More)?.to_vec();
        length
    };
    Ok((response, end + 4 + taken))
}

fn status(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 "))?;
    rest.get(..3)?.parse().ok()
}

fn dechunked(bytes: &[u8]) -> Result<(Vec<u8>, usize), Unread> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        let end = rest.windows(2).position(|w| w == b"\r\n").ok_or(Unread::More)?;
        let size =
            str::from_utf8(&rest[..end]).ok().and_then(|t| usize::from_str_radix(t, 16).ok());
        let size = size.ok_or(Unread::Malformed)?;
        let data = rest.get(end + 2..end + 2 + size + 2).ok_or(Unread::More)?;
        body.extend_from_slice(&data[..size]);
        at += end + 2 + size + 2;
        if size == 0 {
            return Ok((body, at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_cut_by_their_framing() {
        let bytes =
            b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 204 No\r\n\r\n";
        let (first, len) = response(bytes, false).unwrap();
        assert_eq!(
            (first.status, first.field("a"), &first.body[..]),
            (200, Some("b"), &b"abc"[..])
        );
        let (second, rest) = response(&bytes[len..], false).unwrap();
        assert_eq!((second.status, len + rest), (204, bytes.len()));
        for cut in 0..len {
            assert_eq!(response(&bytes[..cut], false), Err(Unread::More));
        }
        let (head, len) = response(bytes, true).unwrap();
        assert!(head.body.is_empty() && bytes[len..].starts_with(b"abc"));
        assert_eq!(response(b"HTTX", false), Err(Unread::Malformed));
    }

    #[test]
    fn a_chunked_body_is_put_together() {
        let bytes =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
        let (read, len) = response(bytes, false).unwrap();
        assert_eq!((&read.body[..], len), (&b"abcd"[..], bytes.len()));
        assert_eq!(response(&bytes[..bytes.len() - 1], false), Err(Unread::More));
    }
}
