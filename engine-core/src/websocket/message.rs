//! Messages from frames (RFC 6455 section 5.4): fragments, control frames between them, limits.

use super::close::CloseCode;
use super::frame::{self, CONTROL_BYTES_MAX, Header, Opcode};
use super::mask::unmask;
use super::utf8::Utf8;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Puts messages together. Small while idle.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The frame whose payload is arriving, and how much of it was taken.
    frame: Option<(Header, usize)>,
    /// The message that is being put together.
    message: Option<Opcode>,
    utf8: Utf8,
    buffer: Vec<u8>,
    control: Option<Box<[u8; CONTROL_BYTES_MAX]>>,
    lent: bool,
}

/// What one call came to.
#[derive(Debug)]
pub struct Step<'a> {
    /// Bytes that are done with. 0 without an event: more are needed.
    pub consumed: usize,
    /// What is complete.
    pub event: Option<Event<'a>>,
}

/// What a peer said.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole message.
    Message {
        /// Text or binary.
        opcode: Opcode,
        /// The payload; UTF-8 where it is text.
        payload: &'a mut [u8],
    },
    /// A ping.
    Ping(&'a [u8]),
    /// A pong.
    Pong,
    /// The closing handshake.
    Close {
        /// The code; none where the frame is empty.
        code: Option<u16>,
        /// The reason.
        reason: &'a str,
    },
}

impl Decoder {
    /// Takes in bytes until the next event.
    ///
    /// # Errors
    /// 1002, 1007 or 1009.
    pub fn next<'a>(
        &'a mut self,
        bytes: &'a mut [u8],
        message_bytes_max: usize,
    ) -> Result<Step<'a>, CloseCode> {
        if core::mem::take(&mut self.lent) {
            self.buffer.clear();
            if self.buffer.capacity() > 4096 {
                self.buffer = Vec::new();
            }
        }
        let mut at = 0;
        let (header, taken) = match self.frame {
            Some(frame) => frame,
            None => match frame::parse(bytes)? {
                None => return Ok(Step { consumed: 0, event: None }),
                Some(header) => {
                    self.begin(&header, message_bytes_max)?;
                    at = header.header_bytes;
                    (header, 0)
                }
            },
        };
        let length = usize::try_from(header.payload_bytes).map_err(|_| CloseCode::TOO_LARGE)?;
        let part = (length - taken).min(bytes.len() - at);
        let payload = &mut bytes[at..at + part];
        unmask(payload, header.mask, taken);
        let consumed = at + part;
        let whole = taken + part == length;
        self.frame = if whole { None } else { Some((header, taken + part)) };
        if header.opcode as u8 >= 8 {
            return self.control(header, taken, payload, whole, consumed);
        }
        let opcode = self.message.expect("set when the frame began");
        if opcode == Opcode::Text {
            self.utf8.push(payload).map_err(|_| CloseCode::INVALID_PAYLOAD)?;
        }
        if !(whole && header.fin) {
            self.buffer.extend_from_slice(payload);
            return Ok(Step { consumed, event: None });
        }
        if !core::mem::take(&mut self.utf8).is_complete() {
            return Err(CloseCode::INVALID_PAYLOAD);
        }
        self.message = None;
        let payload = if self.buffer.is_empty() {
            payload
        } else {
            self.buffer.extend_from_slice(payload);
            self.lent = true;
            &mut self.buffer[..]
        };
        Ok(Step { consumed, event: Some(Event::Message { opcode, payload }) })
    }

    fn begin(&mut self, header: &Header, message_bytes_max: usize) -> Result<(), CloseCode> {
        match (header.opcode, self.message) {
            (Opcode::Continuation, None) | (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(CloseCode::PROTOCOL_ERROR);
            }
            (Opcode::Text | Opcode::Binary, None) => self.message = Some(header.opcode),
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => return Ok(()),
            (Opcode::Continuation, Some(_)) => {}
        }
        let total = header.payload_bytes.saturating_add(self.buffer.len() as u64);
        if total > message_bytes_max as u64 { Err(CloseCode::TOO_LARGE) } else { Ok(()) }
    }

    fn control<'a>(
        &'a mut self,
        header: Header,
        taken: usize,
        payload: &'a [u8],
        whole: bool,
        consumed: usize,
    ) -> Result<Step<'a>, CloseCode> {
        let payload = if taken == 0 && whole {
            payload
        } else {
            let control = self.control.get_or_insert_with(|| Box::new([0; CONTROL_BYTES_MAX]));
            control[taken..taken + payload.len()].copy_from_slice(payload);
            &control[..taken + payload.len()]
        };
        if !whole {
            return Ok(Step { consumed, event: None });
        }
        let event = match header.opcode {
            Opcode::Ping => Event::Ping(payload),
            Opcode::Pong => Event::Pong,
            _ => close(payload)?,
        };
        Ok(Step { consumed, event: Some(event) })
    }
}

fn close(payload: &[u8]) -> Result<Event<'_>, CloseCode> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        let empty = payload.is_empty();
        return empty
            .then_some(Event::Close { code: None, reason: "" })
            .ok_or(CloseCode::PROTOCOL_ERROR);
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(CloseCode::PROTOCOL_ERROR);
    }
    let reason = core::str::from_utf8(reason).map_err(|_| CloseCode::INVALID_PAYLOAD)?;
    Ok(Event::Close { code: Some(code), reason })
}
