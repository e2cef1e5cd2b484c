//! What the fields of a head say about the message itself: its framing, its persistence, its host,
//! what it expects and what it would upgrade to.

use super::grammar;
use super::malformed;
use super::target;
use crate::error::{Problem, Refusal};

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

/// What the fields of a head say, while they are read.
#[derive(Debug, Default)]
pub(super) struct Message<'a> {
    pub(super) host: Option<&'a [u8]>,
    pub(super) content_type: Option<&'a [u8]>,
    pub(super) content_encoding: Option<&'a [u8]>,
    pub(super) authorization: Option<&'a [u8]>,
    pub(super) origin: Option<&'a [u8]>,
    pub(super) ws_key: Option<&'a [u8]>,
    pub(super) ws_version: Option<&'a [u8]>,
    length: Option<u64>,
    /// There is a Transfer-Encoding; its last coding so far is `chunked`.
    chunked: Option<bool>,
    /// A coding other than chunked is among the transfer codings.
    other_coding: bool,
    has_expect: bool,
    pub(super) expect: Expect,
    close: bool,
    keep_alive: bool,
    pub(super) connection_upgrade: bool,
    pub(super) upgrade_websocket: bool,
}

impl<'a> Message<'a> {
    /// Takes one field. The length of the name picks the few names to compare with.
    pub(super) fn field(&mut self, name: &str, value: &'a [u8]) -> Result<(), Refusal> {
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

    //= https://www.rfc-editor.org/rfc/rfc9112#section-9.3
    //# If the "close" connection option is present (Section 9.6), the connection will not
    //# persist after the current response; else,
    pub(super) fn keeps_alive(&self, http10: bool) -> bool {
        !self.close && (self.keep_alive || !http10)
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
    pub(super) fn check(&self, http10: bool) -> Result<(), Refusal> {
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

    pub(super) fn framing(&self) -> Framing {
        match (self.chunked, self.length) {
            (Some(_), _) => Framing::Chunked,
            (None, Some(length)) => Framing::Length(length),
            (None, None) => Framing::None,
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc9110#section-7.8
    //# A server that receives an Upgrade header field in an HTTP/1.0 request MUST ignore that
    //# Upgrade field.
    //= https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
    //# A server that receives a 100-continue expectation in an HTTP/1.0 request MUST ignore
    //# that expectation.
    pub(super) fn ignore_what_http10_has_not(&mut self) {
        self.connection_upgrade = false;
        self.upgrade_websocket = false;
        if self.expect == Expect::Continue {
            self.expect = Expect::None;
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-3.2
    //# A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request
    //# message that lacks a Host header field and to any request message that contains more
    //# than one Host header field line or a Host header field with an invalid field value.
    pub(super) fn host(
        &self,
        authority: Option<&'a [u8]>,
        http10: bool,
    ) -> Result<Option<&'a [u8]>, Refusal> {
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
