//! A request, borrowed from its head.
//!
//! [`parse`] reads a head that [`HeadScan`](super::scan::HeadScan) has found complete. It decides
//! what the request line and the fields of the message itself say: target, framing, persistence,
//! expectation, upgrade. What a resource makes of them is not known here.
//!
//! Faults are found in this order: the version, the method, the target, the lines of the fields,
//! the fields one by one, what they say together. Every refusal of this module closes the
//! connection. The one exception is an expectation, which is only reported ([`Expect::Other`]): the
//! framing is known, so the caller can answer 417 and go on.

use super::fields::{self, Fields};
use super::grammar;
use super::malformed;
use super::message::Message;
use super::target;
use crate::error::{Problem, Refusal};
use crate::limits::Limits;

pub use super::message::{Expect, Framing};
pub use super::method::Method;

pub(super) const BAD_VERSION: &str = "malformed HTTP version";

/// A request head. Everything borrowed is as it was sent, without the white space around values.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    /// The whole head, from the request line to the empty line.
    pub raw: &'a [u8],
    /// The method.
    pub method: Method,
    /// The path, still percent-encoded. Begins with `/`, but for `*` and the `host:port` of a
    /// CONNECT.
    pub path: &'a [u8],
    /// What follows the first `?` of the target.
    pub query: Option<&'a [u8]>,
    /// The target is `*`: the server as a whole. Only with OPTIONS.
    pub asterisk: bool,
    /// The version is HTTP/1.0; any other 1.x is treated as 1.1.
    pub http10: bool,
    /// The client wants the connection to stay open.
    pub keep_alive: bool,
    /// Whether a body follows, and how long it is.
    pub body: Framing,
    /// Whether the client waits before it sends the body.
    pub expect: Expect,
    /// The authority of the target, else the `Host` field; `None` only in HTTP/1.0.
    pub host: Option<&'a [u8]>,
    /// `Content-Type`.
    pub content_type: Option<&'a [u8]>,
    /// The first `Content-Encoding` that is not `identity`.
    pub content_encoding: Option<&'a [u8]>,
    /// `Authorization`.
    pub authorization: Option<&'a [u8]>,
    /// `Origin`.
    pub origin: Option<&'a [u8]>,
    /// `Connection` lists `upgrade`. False in HTTP/1.0.
    pub connection_upgrade: bool,
    /// `Upgrade` lists `websocket`. False in HTTP/1.0.
    pub upgrade_websocket: bool,
    /// `Sec-WebSocket-Key`, not checked.
    pub ws_key: Option<&'a [u8]>,
    /// `Sec-WebSocket-Version`, not checked.
    pub ws_version: Option<&'a [u8]>,
    lines: &'a [u8],
}

impl<'a> Head<'a> {
    /// The head of a request that another library has read: in HTTP/1.1, kept open, without a body.
    /// What its fields say is for the caller to fill in; [`fields`](Self::fields) has none.
    #[must_use]
    pub fn of_target(method: Method, path: &'a [u8], query: Option<&'a [u8]>) -> Self {
        Self {
            raw: &[],
            method,
            path,
            query,
            asterisk: false,
            http10: false,
            keep_alive: true,
            body: Framing::None,
            expect: Expect::None,
            host: None,
            content_type: None,
            content_encoding: None,
            authorization: None,
            origin: None,
            connection_upgrade: false,
            upgrade_websocket: false,
            ws_key: None,
            ws_version: None,
            lines: &[],
        }
    }

    /// Every field, in the order sent.
    #[must_use]
    pub fn fields(&self) -> Fields<'a> {
        Fields::new(self.lines)
    }

    /// The values of every field called `name`, in the order sent. O(head).
    pub fn values<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.fields()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// The subprotocols offered in all `Sec-WebSocket-Protocol` fields, in the order of the
    /// client's preference; empty elements are left out.
    pub fn ws_protocols(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.values("sec-websocket-protocol")
            .flat_map(grammar::elements)
            .filter(|protocol| !protocol.is_empty())
    }

    /// Whether the client waits for `100 Continue` before it sends its body.
    #[must_use]
    pub fn expects_continue(&self) -> bool {
        self.expect == Expect::Continue && !matches!(self.body, Framing::None | Framing::Length(0))
    }
}

/// Reads a complete head, as [`HeadScan`](super::scan::HeadScan) has measured it.
///
/// # Errors
/// A refusal for every ambiguity that the scan could not see; the connection closes. Any bytes may
/// be given: those that a scan has not accepted are refused or read as far as they can be.
pub fn parse<'a>(head: &'a [u8], limits: &Limits) -> Result<Head<'a>, Refusal> {
    let raw = head.strip_prefix(b"\r\n").unwrap_or(head);
    let line = RequestLine::parse(raw)?;
    let target = target::parse(line.method, line.target)?;
    let mut message = Message::default();
    read_fields(line.rest, limits, &mut message)?;
    message.check(line.http10)?;
    if line.http10 {
        message.ignore_what_http10_has_not();
    }
    Ok(Head {
        raw,
        method: line.method,
        path: target.path,
        query: target.query,
        asterisk: target.asterisk,
        http10: line.http10,
        keep_alive: message.keeps_alive(line.http10),
        body: message.framing(),
        expect: message.expect,
        host: message.host(target.authority, line.http10)?,
        content_type: message.content_type,
        content_encoding: message.content_encoding,
        authorization: message.authorization,
        origin: message.origin,
        connection_upgrade: message.connection_upgrade,
        upgrade_websocket: message.upgrade_websocket,
        ws_key: message.ws_key,
        ws_version: message.ws_version,
        lines: line.rest,
    })
}

struct RequestLine<'a> {
    method: Method,
    target: &'a [u8],
    http10: bool,
    /// What follows the line.
    rest: &'a [u8],
}

impl<'a> RequestLine<'a> {
    fn parse(raw: &'a [u8]) -> Result<Self, Refusal> {
        let end = memchr::memchr(b'\n', raw).ok_or_else(|| malformed("incomplete head"))?;
        let line = raw[..end].strip_suffix(b"\r").unwrap_or(&raw[..end]);
        let mut parts = line.splitn(3, |b| *b == b' ');
        let (Some(method), Some(target), Some(version)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("malformed request line"));
        };
        let http10 = is_http10(version)?;
        if !grammar::is_token(method) {
            return Err(malformed("malformed method"));
        }
        //= https://www.rfc-editor.org/rfc/rfc9110#section-9.1
        //# An origin server that receives a request method that is unrecognized or not
        //# implemented SHOULD respond with the 501 (Not Implemented) status code.
        let method = Method::new(method).ok_or(Problem::UnknownMethod)?;
        Ok(Self { method, target, http10, rest: &raw[end + 1..] })
    }
}

//= https://www.rfc-editor.org/rfc/rfc9110#section-2.5
//# A recipient that receives a message with a major version number that it implements
//# and a minor version number higher than what it implements SHOULD process the message
//# as if it were in the highest minor version within that major version
fn is_http10(version: &[u8]) -> Result<bool, Refusal> {
    match version {
        b"HTTP/1.1" => Ok(false),
        [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] => {
            if *major == b'1' {
                Ok(*minor == b'0')
            } else {
                Err(Problem::UnsupportedHttpVersion.into())
            }
        }
        _ => Err(malformed(BAD_VERSION)),
    }
}

/// Splits the field lines and gives each to `message`, with room for as many as there are.
fn read_fields<'a>(
    lines: &'a [u8],
    limits: &Limits,
    message: &mut Message<'a>,
) -> Result<(), Refusal> {
    let count = memchr::memchr_iter(b'\n', lines).count().saturating_sub(1);
    if count > limits.fields_max {
        return Err(too_many_fields());
    }
    match count {
        0..=16 => read_up_to::<16>(lines, message),
        17..=64 => read_up_to::<64>(lines, message),
        _ => read_up_to::<256>(lines, message),
    }
}

fn read_up_to<'a, const N: usize>(
    lines: &'a [u8],
    message: &mut Message<'a>,
) -> Result<(), Refusal> {
    let mut fields = [httparse::EMPTY_HEADER; N];
    match httparse::parse_headers(lines, &mut fields) {
        Ok(httparse::Status::Complete((_, fields))) => {
            fields.iter().try_for_each(|field| message.field(field.name, field.value))
        }
        Ok(httparse::Status::Partial) => Err(malformed("incomplete head")),
        Err(httparse::Error::TooManyHeaders) => Err(too_many_fields()),
        Err(_) => Err(malformed(fields::fault(lines))),
    }
}

pub(super) fn too_many_fields() -> Refusal {
    Refusal::because(Problem::HeadTooLarge, "too many fields")
}
