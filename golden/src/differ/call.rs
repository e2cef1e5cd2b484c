//! The calls of a sequence, and how they are written in a transcript.
//!
//! Owns what is sent. Does not know what is answered, nor how calls are chosen.

use crate::text::{Vars, escaped, render};

/// A connection, by its name in a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conn {
    /// Its name.
    pub name: &'static str,
    /// Whether it is to the admin listener.
    pub admin: bool,
}

/// Something that a client does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Requests that are sent in one write, and answered one after the other.
    Requests {
        /// On which connection.
        conn: Conn,
        /// What is asked; more than one is pipelined.
        requests: Vec<Request>,
    },
    /// Frames on a connection that was upgraded; nothing where it was not.
    Frames {
        /// On which connection.
        conn: Conn,
        /// The lines of a transcript that say them.
        lines: Vec<String>,
    },
    /// The connection is closed by us.
    Cut(Conn),
}

/// A request. Its texts are those of a transcript, with escapes and names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// For how long time passes before it is sent.
    pub wait_ms: u32,
    /// The request line.
    pub line: String,
    /// The field lines, but those that frame the body.
    pub fields: Vec<String>,
    /// The body.
    pub body: Body,
    /// The name by which the session of the answer is known from then on.
    pub binds: Option<String>,
}

/// The body of a request, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// None, and no word of one.
    Absent,
    /// With a Content-Length.
    Sized(Vec<u8>),
    /// In chunks, none of them empty.
    Chunked(Vec<Vec<u8>>),
}

impl Request {
    /// Whether its answer has no body whatever its fields say.
    #[must_use]
    pub fn is_head(&self) -> bool {
        self.line.starts_with("HEAD ")
    }

    /// The lines of a transcript that send it.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("> {}", self.line)];
        lines.extend(self.fields.iter().map(|field| format!("> {field}")));
        match &self.body {
            Body::Absent => lines.push(">".into()),
            Body::Sized(bytes) if bytes.is_empty() => {
                lines.extend(["> Content-Length: 0".into(), ">".into()]);
            }
            Body::Sized(bytes) => {
                lines.extend(["> Content-Length: ${length}".into(), ">".into()]);
                lines.push(format!(">> {}", escaped(bytes)));
            }
            Body::Chunked(chunks) => {
                lines.extend(["> Transfer-Encoding: chunked".into(), ">".into()]);
                for chunk in chunks {
                    lines.push(format!(">> {:x}\\r\\n{}\\r\\n", chunk.len(), escaped(chunk)));
                }
                lines.push(">> 0\\r\\n\\r\\n".into());
            }
        }
        lines
    }

    /// Its bytes.
    ///
    /// # Errors
    /// If a text of it is not well-formed, or has a name that is not bound.
    pub fn bytes(&self, vars: &Vars) -> Result<Vec<u8>, String> {
        let length = match &self.body {
            Body::Sized(bytes) => bytes.len(),
            _ => 0,
        };
        let mut bytes = Vec::new();
        for line in self.lines() {
            match line.strip_prefix(">> ") {
                Some(text) => bytes.extend(render(text, vars, None)?),
                None => {
                    bytes.extend(render(line[1..].trim_start(), vars, Some(length))?);
                    bytes.extend_from_slice(b"\r\n");
                }
            }
        }
        Ok(bytes)
    }
}

impl Call {
    /// Whether it asks for a loot table, in which all hunts of a server have their place.
    #[must_use]
    pub fn asks_for_loot(&self) -> bool {
        let Self::Requests { requests, .. } = self else { return false };
        requests.iter().any(|request| request.line.contains("oot"))
    }

    /// The same call with `from` replaced by `to` in every text and every body.
    #[must_use]
    pub fn replaced(&self, from: &str, to: &str) -> Self {
        let bytes = |bytes: &Vec<u8>| replaced(bytes, from.as_bytes(), to.as_bytes());
        let texts = |texts: &[String]| texts.iter().map(|text| text.replace(from, to)).collect();
        match self {
            Self::Requests { conn, requests } => {
                let request = |request: &Request| Request {
                    line: request.line.replace(from, to),
                    fields: texts(&request.fields),
                    body: match &request.body {
                        Body::Absent => Body::Absent,
                        Body::Sized(body) => Body::Sized(bytes(body)),
                        Body::Chunked(chunks) => Body::Chunked(chunks.iter().map(bytes).collect()),
                    },
                    ..request.clone()
                };
                Self::Requests { conn: *conn, requests: requests.iter().map(request).collect() }
            }
            Self::Frames { conn, lines } => Self::Frames { conn: *conn, lines: texts(lines) },
            Self::Cut(conn) => Self::Cut(*conn),
        }
    }
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        match rest.strip_prefix(from) {
            Some(after) => {
                out.extend_from_slice(to);
                rest = after;
            }
            None => {
                out.push(rest[0]);
                rest = &rest[1..];
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: Body) -> Request {
        let fields = vec!["Host: a".to_owned(), "Authorization: Bearer ${s0}".to_owned()];
        let line = "POST /v1/hunts/fz-h1/resolve HTTP/1.1".to_owned();
        Request { wait_ms: 0, line, fields, body, binds: None }
    }

    #[test]
    fn a_request_is_sent_as_its_lines_say() {
        let vars = Vars::from([("s0".to_owned(), b"token".to_vec())]);
        let head = "POST /v1/hunts/fz-h1/resolve HTTP/1.1\r\nHost: a\r\n\
                    Authorization: Bearer token\r\n";
        for (body, rest) in [
            (Body::Absent, "\r\n"),
            (Body::Sized(Vec::new()), "Content-Length: 0\r\n\r\n"),
            (Body::Sized(b" {\"a\": \n${b}".to_vec()), "Content-Length: 12\r\n\r\n {\"a\": \n${b}"),
            (
                Body::Chunked(vec![b"{".to_vec(), b"\xc3\xa9}".to_vec()]),
                "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n3\r\n\u{e9}}\r\n0\r\n\r\n",
            ),
        ] {
            let sent = request(body).bytes(&vars).unwrap();
            assert_eq!(String::from_utf8(sent).unwrap(), format!("{head}{rest}"));
        }
        assert!(request(Body::Absent).bytes(&Vars::new()).is_err(), "s0 is not bound");
    }

    #[test]
    fn ids_are_replaced_everywhere() {
        let conn = Conn { name: "a", admin: false };
        let requests = vec![request(Body::Sized(b"{\"quest\":\"fz-q\",\"fz\":1}".to_vec()))];
        let Call::Requests { requests, .. } =
            Call::Requests { conn, requests }.replaced("fz-", "fz7-")
        else {
            panic!("it is the same call")
        };
        assert!(requests[0].line.contains("/fz7-h1/"));
        assert_eq!(requests[0].body, Body::Sized(b"{\"quest\":\"fz7-q\",\"fz\":1}".to_vec()));
        let frames = Call::Frames { conn, lines: vec!["text fz-".into()] };
        assert_eq!(
            frames.replaced("fz-", "x"),
            Call::Frames { conn, lines: vec!["text x".into()] }
        );
    }
}
