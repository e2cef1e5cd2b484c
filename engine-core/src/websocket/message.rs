//! Messages: what a client's frames amount to (RFC 6455 sections 5.4 to 5.6).
//!
//! The events and the fault of a stream of bytes do not depend on how it was cut into reads. A
//! frame that is in one read is unmasked in place and lent from there; anything else goes through
//! a buffer, of which at most 4 KiB are kept between messages. The size limit comes with each
//! call, so that a decoder is at most 64 bytes, and nothing on the heap before it needs the
//! buffer.

use super::close::{self, CloseCode};
use super::frame::{self, CONTROL_BYTES_MAX, Header, Opcode};
use super::mask::unmask;
use super::utf8::Validator;
use alloc::vec::Vec;
use core::ops::Range;

/// Bytes of buffer that a decoder keeps between messages.
pub const KEPT_BYTES_MAX: usize = 4 * 1024;

const _: () = assert!(size_of::<Decoder>() <= 64, "a million idle peers are 64 MB");

/// What a message is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Any bytes.
    Binary,
}

impl Kind {
    /// The opcode of its first frame.
    #[must_use]
    pub fn opcode(self) -> Opcode {
        match self {
            Self::Text => Opcode::Text,
            Self::Binary => Opcode::Binary,
        }
    }
}

/// What a peer said. Payloads are lent until the next call of [`Decoder::next`].
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole message.
    Message {
        /// What it is made of.
        kind: Kind,
        /// Its bytes, unmasked; UTF-8 in a text message.
        payload: &'a mut [u8],
    },
    /// To be answered by a pong with the same payload, of at most 125 bytes.
    Ping(&'a [u8]),
    /// An answer to a ping, or a sign of life.
    Pong(&'a [u8]),
    /// The last event: the peer ends the connection.
    Close {
        /// Why, if the peer says so.
        code: Option<u16>,
        /// Why, in words; may be empty.
        reason: &'a str,
    },
}

/// What one call of [`Decoder::next`] came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// Bytes that need not be offered again. If it is 0 there is no event, and what was offered
    /// is nothing or an incomplete frame header of at most 13 bytes: more input is needed.
    pub consumed: usize,
    /// What was completed.
    pub event: Option<Event<'a>>,
}

/// The receiving half of a connection after the handshake.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The message in progress, then the control frame in progress; or what was lent.
    held: Vec<u8>,
    /// Bytes at the start of `held` that belong to the message in progress.
    message_bytes: usize,
    /// The frame whose payload is incomplete.
    payload: Option<Payload>,
    /// The message whose last frame is incomplete.
    message: Option<Message>,
    /// What `held` has after `message_bytes` was lent by the last call.
    lent: bool,
    /// The peer has sent a Close frame, or broken a rule.
    closed: bool,
}

/// A frame whose header is parsed.
#[derive(Clone, Copy, Debug)]
struct Payload {
    what: What,
    /// Whether the frame is the last of its message.
    last: bool,
    key: [u8; 4],
    /// Bytes of the payload.
    bytes: usize,
    /// Bytes of it that were consumed, at most `bytes`.
    seen: usize,
}

/// A message whose first frame has begun.
#[derive(Clone, Copy, Debug)]
struct Message {
    kind: Kind,
    text: Validator,
}

/// What a frame is, or is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Message(Kind),
    Ping,
    Pong,
    Close,
}

/// Where the payload of an event lies.
enum Place {
    Input(Range<usize>),
    Held(Range<usize>),
}

impl Decoder {
    /// Consumes what it can of `bytes`, up to the end of a frame. The caller repeats the call
    /// with the rest until [`Step::consumed`] is 0, and drops what follows a Close or an error:
    /// the decoder would consume it without an event.
    ///
    /// A message may have `message_bytes_max` bytes. The call allocates only for a message or a
    /// control frame that is not whole in `bytes`, and holds at most twice what was received of
    /// it, and no more than the limit allows.
    ///
    /// # Errors
    /// The code to close the connection with; each code says what the peer did.
    pub fn next<'a>(
        &'a mut self,
        bytes: &'a mut [u8],
        message_bytes_max: usize,
    ) -> Result<Step<'a>, CloseCode> {
        self.recycle();
        //= https://www.rfc-editor.org/rfc/rfc6455#section-1.4
        //# after receiving a control frame indicating the connection should be
        //# closed, a peer discards any further data received.
        if self.closed {
            return Ok(Step { consumed: bytes.len(), event: None });
        }
        let (consumed, complete) = match self.advance(bytes, message_bytes_max) {
            Ok(progress) => progress,
            Err(code) => {
                self.closed = true;
                self.recycle();
                return Err(code);
            }
        };
        let Some((what, place)) = complete else { return Ok(Step { consumed, event: None }) };
        let payload = match place {
            Place::Input(range) => &mut bytes[range],
            Place::Held(range) => &mut self.held[range],
        };
        let event = match what {
            What::Message(kind) => Event::Message { kind, payload },
            What::Ping => Event::Ping(payload),
            What::Pong => Event::Pong(payload),
            What::Close => {
                self.closed = true;
                parse_close(payload)?
            }
        };
        Ok(Step { consumed, event: Some(event) })
    }

    /// Takes back what the last event lent. [`Decoder::next`] does so itself; a caller that has
    /// no more input calls this so that a large message is not kept until there is some.
    pub fn recycle(&mut self) {
        if self.closed {
            self.held = Vec::new();
        } else if self.lent {
            self.held.truncate(self.message_bytes);
            if self.message.is_none() && self.held.capacity() > KEPT_BYTES_MAX {
                self.held = Vec::new();
            }
        }
        self.lent = false;
    }

    /// Bytes that are held on the heap.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held.capacity()
    }

    /// Consumes bytes up to the end of a frame: how many, and what that completed.
    fn advance(
        &mut self,
        bytes: &mut [u8],
        message_bytes_max: usize,
    ) -> Result<(usize, Option<(What, Place)>), CloseCode> {
        let (mut payload, start) = match self.payload.take() {
            Some(payload) => (payload, 0),
            None => {
                let Some(header) = frame::parse(bytes)? else { return Ok((0, None)) };
                (self.begin(&header, message_bytes_max)?, header.header_bytes)
            }
        };
        let end = bytes.len().min(start + (payload.bytes - payload.seen));
        let part = &mut bytes[start..end];
        unmask(part, payload.key, payload.seen);
        payload.seen += part.len();

        let whole = part.len() == payload.bytes;
        let place = match payload.what {
            What::Message(kind) => {
                let lendable = whole && payload.last && self.held.is_empty();
                self.check_text(kind, part, payload.ends_message())?;
                if lendable { Some(Place::Input(start..end)) } else { None }
            }
            What::Ping | What::Pong | What::Close => whole.then_some(Place::Input(start..end)),
        };
        let place = match place {
            Some(place) => Some(place),
            None => self.hold(&payload, part, message_bytes_max),
        };
        if payload.ends_message() {
            self.message = None;
            self.message_bytes = 0;
        }
        if payload.seen < payload.bytes {
            self.payload = Some(payload);
        }
        Ok((end, place.map(|place| (payload.what, place))))
    }

    /// A frame has begun: checks what its header says against the message in progress.
    fn begin(&mut self, header: &Header, message_bytes_max: usize) -> Result<Payload, CloseCode> {
        let what = match header.opcode {
            Opcode::Text => self.begin_message(Kind::Text)?,
            Opcode::Binary => self.begin_message(Kind::Binary)?,
            //= https://www.rfc-editor.org/rfc/rfc6455#section-5.4
            //# A fragmented message consists of a single frame with the FIN bit
            //# clear and an opcode other than 0, followed by zero or more frames
            //# with the FIN bit clear and the opcode set to 0, and terminated by
            //# a single frame with the FIN bit set and an opcode of 0.
            Opcode::Continuation => match &self.message {
                Some(message) => What::Message(message.kind),
                None => return Err(CloseCode::ProtocolError),
            },
            Opcode::Ping => What::Ping,
            Opcode::Pong => What::Pong,
            //= https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1
            //# If there is a body, the first two bytes of the body MUST be a
            //# 2-byte unsigned integer
            Opcode::Close if header.payload_bytes == 1 => return Err(CloseCode::ProtocolError),
            Opcode::Close => What::Close,
        };
        let room = match what {
            What::Message(_) => message_bytes_max.saturating_sub(self.message_bytes),
            What::Ping | What::Pong | What::Close => CONTROL_BYTES_MAX,
        };
        match usize::try_from(header.payload_bytes) {
            Ok(bytes) if bytes <= room => {
                Ok(Payload { what, last: header.fin, key: header.key, bytes, seen: 0 })
            }
            _ => Err(CloseCode::MessageTooBig),
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.4
    //# The fragments of one message MUST NOT be interleaved between the
    //# fragments of another message unless an extension has been negotiated
    //# that can interpret the interleaving.
    fn begin_message(&mut self, kind: Kind) -> Result<What, CloseCode> {
        if self.message.is_some() {
            return Err(CloseCode::ProtocolError);
        }
        self.message = Some(Message { kind, text: Validator::default() });
        Ok(What::Message(kind))
    }

    //= https://www.rfc-editor.org/rfc/rfc6455#section-8.1
    //# When an endpoint is to interpret a byte stream as UTF-8 but finds that
    //# the byte stream is not, in fact, a valid UTF-8 stream, that endpoint
    //# MUST _Fail the WebSocket Connection_.
    fn check_text(&mut self, kind: Kind, part: &[u8], ends: bool) -> Result<(), CloseCode> {
        match (kind, &mut self.message) {
            (Kind::Text, Some(message)) => {
                message.text.push(part).map_err(|_| CloseCode::InvalidPayload)?;
                if ends && !message.text.is_complete() {
                    return Err(CloseCode::InvalidPayload);
                }
                Ok(())
            }
            (Kind::Text | Kind::Binary, _) => Ok(()),
        }
    }

    /// Appends a part of a payload to the buffer: what is there if that completes an event.
    fn hold(&mut self, payload: &Payload, part: &[u8], message_bytes_max: usize) -> Option<Place> {
        let bytes = self.held.len() + part.len();
        if bytes > self.held.capacity() {
            let most = message_bytes_max.saturating_add(CONTROL_BYTES_MAX);
            let target = bytes.max((2 * self.held.capacity()).min(most));
            self.held.reserve_exact(target - self.held.len());
        }
        self.held.extend_from_slice(part);
        let done = payload.seen == payload.bytes;
        match payload.what {
            What::Message(_) => {
                self.message_bytes = bytes;
                self.lent = done && payload.last;
                self.lent.then_some(Place::Held(0..bytes))
            }
            What::Ping | What::Pong | What::Close => {
                self.lent = done;
                self.lent.then_some(Place::Held(self.message_bytes..bytes))
            }
        }
    }
}

impl Payload {
    /// Whether the message is complete with what was seen of this frame.
    fn ends_message(&self) -> bool {
        matches!(self.what, What::Message(_)) && self.last && self.seen == self.bytes
    }
}

/// The event of a Close frame with this payload, which is not of one byte.
fn parse_close(payload: &[u8]) -> Result<Event<'_>, CloseCode> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        debug_assert!(payload.is_empty(), "one byte is refused with the header");
        return Ok(Event::Close { code: None, reason: "" });
    };
    let code = u16::from_be_bytes(*code);
    if !close::allowed_from_peer(code) {
        return Err(CloseCode::ProtocolError);
    }
    let reason = core::str::from_utf8(reason).map_err(|_| CloseCode::InvalidPayload)?;
    Ok(Event::Close { code: Some(code), reason })
}
