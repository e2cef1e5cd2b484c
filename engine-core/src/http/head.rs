//! A request, borrowed from its head.
//!
//! [`parse`] reads a head that [`HeadScan`](super::scan::HeadScan) has found complete. It decides
//! what the request line and the fields of the message itself say: target, framing, persistence,
//! expectation, upgrade. What a resource makes of them is not known here.
//!
//! Faults are found in this order: the version, the method, the target, the fields one by one, what
//! the fields say together. Every refusal of this module closes the connection. The one exception
//! is an expectation, which is only reported ([`Expect::Other`]): the framing is known, so the
//! caller can answer 417 and go on.

use super::fields::{self, Fields};
use super::grammar;
use super::target;
use crate::error::{Problem, Refusal};
use crate::limits::Limits;

pub(super) const BAD_VERSION: &str = "malformed HTTP version";

/// A request method that is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the methods of RFC 9110 section 9.3 and RFC 5789")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Options,
    Patch,
    Trace,
    Connect,
}

impl Method {
    /// The method called `name`; methods are case-sensitive.
    #[must_use]
    pub fn new(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"DELETE" => Self::Delete,
            b"OPTIONS" => Self::Options,
            b"PATCH" => Self::Patch,
            b"TRACE" => Self::Trace,
            b"CONNECT" => Self::Connect,
            _ => return None,
        })
    }

    /// As it stands in a request line and in `Allow`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Trace => "TRACE",
            Self::Connect => "CONNECT",
        }
    }
}

/// How the end of a request body is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    #[default]
    None,
    /// So many bytes follow the head; may be 0.
    Length(u64),
    /// Chunks follow the head.
    Chunked,
}

/// What the client expects before it sends its body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    #[default]
    None,
    /// `100-continue`, in HTTP/1.1.
    Continue,
    /// Something that is not known here; to be answered 417.
    Other,
}

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
    let mut found = Found::default();
    read_fields(line.rest, limits, &mut found)?;
    found.check(line.http10)?;
    if line.http10 {
        found.ignore_what_http10_has_not();
    }
    Ok(Head {
        raw,
        method: line.method,
        path: target.path,
        query: target.query,
        asterisk: target.asterisk,
        http10: line.http10,
        keep_alive: if line.http10 { found.keep_alive && !found.close } else { !found.close },
        body: found.framing(),
        expect: found.expect,
        host: found.host(target.authority, line.http10)?,
        content_type: found.content_type,
        content_encoding: found.content_encoding,
        authorization: found.authorization,
        origin: found.origin,
        connection_upgrade: found.connection_upgrade,
        upgrade_websocket: found.upgrade_websocket,
        ws_key: found.ws_key,
        ws_version: found.ws_version,
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
//# as if it was in the highest minor version within that major version
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

/// Splits the field lines and gives each to `found`, with room for as many as there are.
fn read_fields<'a>(lines: &'a [u8], limits: &Limits, found: &mut Found<'a>) -> Result<(), Refusal> {
    let count = memchr::memchr_iter(b'\n', lines).count().saturating_sub(1);
    if count > limits.fields_max {
        return Err(Refusal::because(Problem::HeadTooLarge, "too many fields"));
    }
    match count {
        0..=16 => read_up_to::<16>(lines, found),
        17..=64 => read_up_to::<64>(lines, found),
        _ => read_up_to::<256>(lines, found),
    }
}

fn read_up_to<'a, const N: usize>(lines: &'a [u8], found: &mut Found<'a>) -> Result<(), Refusal> {
    let mut fields = [httparse::EMPTY_HEADER; N];
    match httparse::parse_headers(lines, &mut fields) {
        Ok(httparse::Status::Complete((_, fields))) => {
            fields.iter().try_for_each(|field| found.field(field.name, field.value))
        }
        Ok(httparse::Status::Partial) => Err(malformed("incomplete head")),
        Err(_) => Err(malformed(fields::fault(lines))),
    }
}

/// What the fields of a head say, while they are read.
#[derive(Default)]
struct Found<'a> {
    host: Option<&'a [u8]>,
    content_type: Option<&'a [u8]>,
    content_encoding: Option<&'a [u8]>,
    authorization: Option<&'a [u8]>,
    origin: Option<&'a [u8]>,
    ws_key: Option<&'a [u8]>,
    ws_version: Option<&'a [u8]>,
    length: Option<u64>,
    /// There is a Transfer-Encoding; its last coding so far is `chunked`.
    chunked: Option<bool>,
    /// A coding other than chunked is among the transfer codings.
    other_coding: bool,
    has_expect: bool,
    expect: Expect,
    close: bool,
    keep_alive: bool,
    connection_upgrade: bool,
    upgrade_websocket: bool,
}

impl<'a> Found<'a> {
    /// Takes one field. The length of the name picks the few names to compare with.
    fn field(&mut self, name: &str, value: &'a [u8]) -> Result<(), Refusal> {
        let named = |other: &str| name.eq_ignore_ascii_case(other);
        match name.len() {
            4 if named("host") => once(&mut self.host, value, "more than one Host"),
            6 if named("origin") => once(&mut self.origin, value, "more than one Origin"),
            6 if named("expect") => self.expect(value),
            7 if named("upgrade") => {
                let mut protocols = grammar::elements(value);
                self.upgrade_websocket |= protocols.any(|p| p.eq_ignore_ascii_case(b"websocket"));
                Ok(())
            }
            10 if named("connection") => {
                self.connection(value);
                Ok(())
            }
            12 if named("content-type") => {
                once(&mut self.content_type, value, "more than one Content-Type")
            }
            13 if named("authorization") => {
                once(&mut self.authorization, value, "more than one Authorization")
            }
            14 if named("content-length") => self.content_length(value),
            16 if named("content-encoding") => {
                if !value.eq_ignore_ascii_case(b"identity") {
                    self.content_encoding.get_or_insert(value);
                }
                Ok(())
            }
            17 if named("transfer-encoding") => self.transfer_encoding(value),
            17 if named("sec-websocket-key") => {
                once(&mut self.ws_key, value, "more than one Sec-WebSocket-Key")
            }
            21 if named("sec-websocket-version") => {
                once(&mut self.ws_version, value, "more than one Sec-WebSocket-Version")
            }
            _ => Ok(()),
        }
    }

    fn connection(&mut self, value: &[u8]) {
        for option in grammar::elements(value) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            self.connection_upgrade |= option.eq_ignore_ascii_case(b"upgrade");
        }
    }

    fn expect(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.has_expect {
            return Err(malformed("more than one Expect"));
        }
        self.has_expect = true;
        self.expect = if value.eq_ignore_ascii_case(b"100-continue") {
            Expect::Continue
        } else {
            Expect::Other
        };
        Ok(())
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-6.3
    //# If a message is received without Transfer-Encoding and with an invalid
    //# Content-Length header field, then the message framing is invalid and the
    //# recipient MUST treat it as an unrecoverable error
    fn content_length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.length.is_some() {
            return Err(malformed("more than one Content-Length"));
        }
        if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return Err(malformed("malformed Content-Length"));
        }
        let length = value.iter().try_fold(0_u64, |length, digit| {
            length.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        });
        self.length = Some(length.ok_or_else(|| malformed("Content-Length out of range"))?);
        Ok(())
    }

    fn transfer_encoding(&mut self, value: &[u8]) -> Result<(), Refusal> {
        for coding in grammar::elements(value) {
            let (name, parameters) = match memchr::memchr(b';', coding) {
                Some(at) => (grammar::trim(&coding[..at]), true),
                None => (coding, false),
            };
            if !grammar::is_token(name) {
                return Err(malformed("malformed Transfer-Encoding"));
            }
            //= https://www.rfc-editor.org/rfc/rfc9112#section-6.1
            //# A sender MUST NOT apply the chunked transfer coding more than once to a
            //# message body
            if self.chunked == Some(true) {
                return Err(malformed("a transfer coding after chunked"));
            }
            let chunked = name.eq_ignore_ascii_case(b"chunked");
            //= https://www.rfc-editor.org/rfc/rfc9112#section-7.1
            //# The chunked coding does not define any parameters. Their presence SHOULD be
            //# treated as an error.
            if chunked && parameters {
                return Err(malformed("parameters of the chunked coding"));
            }
            self.other_coding |= !chunked;
            self.chunked = Some(chunked);
        }
        Ok(())
    }

    /// What the fields say together.
    fn check(&self, http10: bool) -> Result<(), Refusal> {
        let Some(chunked) = self.chunked else { return Ok(()) };
        //= https://www.rfc-editor.org/rfc/rfc9112#section-6.1
        //# A server or client that receives an HTTP/1.0 message containing a
        //# Transfer-Encoding header field MUST treat the message as if the
        //# framing is faulty
        if http10 {
            return Err(malformed("Transfer-Encoding in HTTP/1.0"));
        }
        //= https://www.rfc-editor.org/rfc/rfc9112#section-6.3
        //# If a message is received with both a Transfer-Encoding and a Content-Length
        //# header field, the Transfer-Encoding overrides the Content-Length. Such a
        //# message might indicate an attempt to perform request smuggling [...] and ought
        //# to be handled as an error.
        if self.length.is_some() {
            return Err(malformed("both Content-Length and Transfer-Encoding"));
        }
        //= https://www.rfc-editor.org/rfc/rfc9112#section-6.3
        //# If a Transfer-Encoding header field is present in a request and the chunked
        //# transfer coding is not the final encoding, the message body length cannot be
        //# determined reliably; the server MUST respond with the 400 (Bad Request) status
        //# code and then close the connection.
        if !chunked {
            return Err(malformed("the last transfer coding is not chunked"));
        }
        //= https://www.rfc-editor.org/rfc/rfc9112#section-6.1
        //# A server that receives a request message with a transfer coding it does not
        //# understand SHOULD respond with 501 (Not Implemented).
        if self.other_coding {
            return Err(Problem::UnknownTransferCoding.into());
        }
        Ok(())
    }

    fn framing(&self) -> Framing {
        match (self.chunked, self.length) {
            (Some(_), _) => Framing::Chunked,
            (None, Some(length)) => Framing::Length(length),
            (None, None) => Framing::None,
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc9110#section-7.8
    //# A server MUST ignore an Upgrade header field that is received in an HTTP/1.0 request.
    //= https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
    //# A server that receives a 100-continue expectation in an HTTP/1.0 request MUST ignore
    //# that expectation.
    fn ignore_what_http10_has_not(&mut self) {
        self.connection_upgrade = false;
        self.upgrade_websocket = false;
        if self.expect == Expect::Continue {
            self.expect = Expect::None;
        }
    }
}

impl<'a> Found<'a> {
    //= https://www.rfc-editor.org/rfc/rfc9112#section-3.2
    //# A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request
    //# message that lacks a Host header field and to any request message that contains more
    //# than one Host header field line or a Host header field with an invalid field value.
    fn host(&self, authority: Option<&'a [u8]>, http10: bool) -> Result<Option<&'a [u8]>, Refusal> {
        match self.host {
            None if !http10 => return Err(malformed("no Host")),
            Some(b"") if authority.is_none() => return Err(malformed("an empty Host")),
            Some(host) if !host.is_empty() && !target::is_authority(host) => {
                return Err(malformed("malformed Host"));
            }
            _ => {}
        }
        //= https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
        //# When an origin server receives a request with an absolute-form of request-target,
        //# the origin server MUST ignore the received Host header field (if any) and instead
        //# use the host information of the request-target.
        Ok(authority.or(self.host))
    }
}

fn once<'a>(
    slot: &mut Option<&'a [u8]>,
    value: &'a [u8],
    twice: &'static str,
) -> Result<(), Refusal> {
    if slot.replace(value).is_some() { Err(malformed(twice)) } else { Ok(()) }
}

fn malformed(detail: &'static str) -> Refusal {
    Refusal::because(Problem::MalformedRequest, detail)
}
