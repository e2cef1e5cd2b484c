//! What a server sends: frames, put together to messages.
//!
//! Whoever reads the socket keeps what is not complete and offers it again with what comes after
//! it, so messages are handed out without a copy; only fragments are kept here. An idle connection
//! holds no memory.

use super::{CONTROL_BYTES_MAX, Opcode};

/// The longest message, all fragments together. A frame of the game that names all 1,024 treasures
/// has about 64 KiB.
pub const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole text message.
    Text(&'a str),
    /// A whole binary message.
    Binary(&'a [u8]),
    /// The server asks for a pong with this payload.
    Ping(&'a [u8]),
    /// A pong.
    Pong(&'a [u8]),
    /// The server ends the connection. Nothing that follows is looked at.
    Close(CloseFrame<'a>),
}

/// What a Close frame says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CloseFrame<'a> {
    /// The code; none where the payload is empty.
    pub code: Option<u16>,
    /// The reason, empty where none is given.
    pub reason: &'a str,
}

/// How a server broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A reserved bit is set, and no extension was agreed on.
    #[error("a frame with a reserved bit")]
    ReservedBit,
    /// An opcode that RFC 6455 does not define.
    #[error("a frame with the unknown opcode {0:#x}")]
    Opcode(u8),
    /// A server's frame is never masked.
    #[error("a masked frame from the server")]
    Masked,
    /// A control frame in fragments.
    #[error("a fragmented control frame")]
    FragmentedControl,
    /// A control frame of more than 125 bytes.
    #[error("a control frame of more than 125 bytes")]
    LongControl,
    /// A length in more bytes than needed, or with the highest bit set.
    #[error("a frame length that is not in its shortest form")]
    Length,
    /// A continuation where no message was begun.
    #[error("a continuation of nothing")]
    Continuation,
    /// A new message before the one in fragments was complete.
    #[error("a message within a message")]
    Interleaved,
    /// A message over [`MESSAGE_BYTES_MAX`].
    #[error("a message of more than {MESSAGE_BYTES_MAX} bytes")]
    LongMessage,
    /// Text or a close reason that is not UTF-8.
    #[error("text that is not UTF-8")]
    Utf8,
    /// A Close frame with half a code, or a code that must not be sent.
    #[error("a malformed Close frame")]
    Close,
}

/// Reads what a server sends on one connection after the handshake.
#[derive(Debug, Default)]
pub struct Reader {
    /// The fragments of a message that is not complete; empty as a rule.
    message: Vec<u8>,
    /// What the message in fragments is.
    fragmented: Option<Opcode>,
    closed: bool,
}

impl Reader {
    /// Hands out what is complete in these bytes, in order. Returns how many were used: all but an
    /// incomplete frame at the end, with which the next bytes must begin.
    ///
    /// # Errors
    /// How the server broke the protocol. What was complete before has been handed out, and the
    /// connection is of no further use.
    pub fn read(&mut self, bytes: &[u8], mut on: impl FnMut(Event<'_>)) -> Result<usize, Fault> {
        let mut rest = bytes;
        while !self.closed {
            let Some(header) = Header::parse(rest)? else { break };
            self.check(&header)?;
            let end = header.header_bytes + header.payload_bytes;
            let Some(payload) = rest.get(header.header_bytes..end) else { break };
            self.take(&header, payload, &mut on)?;
            rest = &rest[end..];
        }
        Ok(if self.closed { bytes.len() } else { bytes.len() - rest.len() })
    }

    /// Whether a Close frame has come.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether a message has begun whose last fragment has not come.
    #[must_use]
    pub fn is_within_message(&self) -> bool {
        self.fragmented.is_some()
    }

    /// What is wrong with a frame can be said before its payload is there.
    fn check(&self, header: &Header) -> Result<(), Fault> {
        if header.opcode.is_control() {
            return Ok(());
        }
        match (header.opcode, self.fragmented) {
            (Opcode::Continuation, None) => return Err(Fault::Continuation),
            (Opcode::Text | Opcode::Binary, Some(_)) => return Err(Fault::Interleaved),
            _ => {}
        }
        if header.payload_bytes > MESSAGE_BYTES_MAX - self.message.len() {
            return Err(Fault::LongMessage);
        }
        Ok(())
    }

    fn take(
        &mut self,
        header: &Header,
        payload: &[u8],
        on: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Fault> {
        match header.opcode {
            Opcode::Ping => on(Event::Ping(payload)),
            Opcode::Pong => on(Event::Pong(payload)),
            Opcode::Close => {
                let close = close_frame(payload)?;
                self.closed = true;
                on(Event::Close(close));
            }
            opcode if header.fin && self.fragmented.is_none() => on(message(opcode, payload)?),
            opcode => {
                let whole = *self.fragmented.get_or_insert(opcode);
                self.message.extend_from_slice(payload);
                if header.fin {
                    self.fragmented = None;
                    let fragments = std::mem::take(&mut self.message);
                    on(message(whole, &fragments)?);
                }
            }
        }
        Ok(())
    }
}

fn message(opcode: Opcode, payload: &[u8]) -> Result<Event<'_>, Fault> {
    match opcode {
        Opcode::Text => str::from_utf8(payload).map(Event::Text).map_err(|_| Fault::Utf8),
        _ => Ok(Event::Binary(payload)),
    }
}

fn close_frame(payload: &[u8]) -> Result<CloseFrame<'_>, Fault> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(CloseFrame::default()) } else { Err(Fault::Close) };
    };
    let code = u16::from_be_bytes(*code);
    //= https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
    //# 1005 is a reserved value and MUST NOT be set as a status code in a
    //# Close control frame by an endpoint.
    let may_be_sent = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
    if !may_be_sent {
        return Err(Fault::Close);
    }
    let reason = str::from_utf8(reason).map_err(|_| Fault::Utf8)?;
    Ok(CloseFrame { code: Some(code), reason })
}

/// The header of a server's frame.
#[derive(Clone, Copy, Debug)]
struct Header {
    fin: bool,
    opcode: Opcode,
    payload_bytes: usize,
    header_bytes: usize,
}

impl Header {
    /// The header that `bytes` begin with. `None`: it is not complete.
    fn parse(bytes: &[u8]) -> Result<Option<Self>, Fault> {
        let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
        if first & 0x70 != 0 {
            return Err(Fault::ReservedBit);
        }
        let opcode = Opcode::from_bits(first & 0x0f).ok_or(Fault::Opcode(first & 0x0f))?;
        let fin = first & 0x80 != 0;
        if opcode.is_control() && !fin {
            return Err(Fault::FragmentedControl);
        }
        let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
        //= https://www.rfc-editor.org/rfc/rfc6455#section-5.1
        //# A client MUST close a connection if it detects a masked frame.
        if second & 0x80 != 0 {
            return Err(Fault::Masked);
        }
        if opcode.is_control() && usize::from(second) > CONTROL_BYTES_MAX {
            return Err(Fault::LongControl);
        }
        let Some((payload_bytes, rest)) = payload_bytes(second, rest)? else { return Ok(None) };
        let header_bytes = bytes.len() - rest.len();
        Ok(Some(Self { fin, opcode, payload_bytes, header_bytes }))
    }
}

/// The length that the seven bits `short` stand for, and what follows it. `None`: not complete.
fn payload_bytes(short: u8, rest: &[u8]) -> Result<Option<(usize, &[u8])>, Fault> {
    let (len, rest, least) = match short {
        126 => {
            let Some((len, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (u64::from(u16::from_be_bytes(*len)), rest, 126)
        }
        127 => {
            let Some((len, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (u64::from_be_bytes(*len), rest, 65_536)
        }
        _ => (u64::from(short), rest, 0),
    };
    if len < least || len >> 63 != 0 {
        return Err(Fault::Length);
    }
    let len = usize::try_from(len).map_err(|_| Fault::LongMessage)?;
    Ok(Some((len, rest)))
}

impl Opcode {
    fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }

    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests;
