//! A client that writes frames, right and wrong ones, and a server that reads them in parts.

use engine_core::websocket::{CloseCode, Decoder, Event, Kind};

/// What a decoder made of a stream, with nothing borrowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
    Fault(CloseCode),
}

impl From<Event<'_>> for Said {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Message { kind: Kind::Text, payload } => {
                Self::Text(str::from_utf8(payload).expect("a text message is UTF-8").into())
            }
            Event::Message { kind: Kind::Binary, payload } => Self::Binary(payload.to_vec()),
            Event::Ping(payload) => Self::Ping(payload.to_vec()),
            Event::Pong(payload) => Self::Pong(payload.to_vec()),
            Event::Close { code, reason } => Self::Close(code, reason.into()),
        }
    }
}

/// A frame as a client may write it. The defaults are a well-formed one.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// FIN, the reserved bits and the opcode.
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
    /// None: not masked.
    pub(crate) key: Option<[u8; 4]>,
    /// How many bytes the length is written in; None: as many as needed.
    pub(crate) length_bytes: Option<usize>,
}

impl Frame {
    pub(crate) fn new(first: u8, payload: impl Into<Vec<u8>>) -> Self {
        let key = Some([0x37, 0xfa, 0x21, 0x3d]);
        Self { first, payload: payload.into(), key, length_bytes: None }
    }

    pub(crate) fn opcode(&self) -> u8 {
        self.first & 0x0f
    }

    pub(crate) fn fin(&self) -> bool {
        self.first & 0x80 != 0
    }

    /// In how many bytes the length is written: 1, 3 or 9.
    pub(crate) fn written_length_bytes(&self) -> usize {
        self.length_bytes.unwrap_or_else(|| least_length_bytes(self.payload.len()))
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let length = self.payload.len() as u64;
        let mut bytes = vec![self.first];
        match self.written_length_bytes() {
            1 => bytes.push(u8::try_from(length).expect("short")),
            3 => {
                bytes.push(126);
                let length = u16::try_from(length).expect("under 64 KiB");
                bytes.extend_from_slice(&length.to_be_bytes());
            }
            9 => {
                bytes.push(127);
                bytes.extend_from_slice(&length.to_be_bytes());
            }
            other => panic!("no length is written in {other} bytes"),
        }
        let Some(key) = self.key else {
            bytes.extend_from_slice(&self.payload);
            return bytes;
        };
        bytes[1] |= 0x80;
        bytes.extend_from_slice(&key);
        bytes.extend(self.payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }
}

/// The fewest bytes that a length is written in.
pub(crate) fn least_length_bytes(payload_bytes: usize) -> usize {
    match payload_bytes {
        0..=125 => 1,
        126..=65_535 => 3,
        _ => 9,
    }
}

/// The bytes of well-formed frames, given by first byte and payload.
pub(crate) fn stream(frames: &[(u8, &[u8])]) -> Vec<u8> {
    frames.iter().flat_map(|(first, payload)| Frame::new(*first, *payload).bytes()).collect()
}

/// A server that reads a stream in parts, as a connection does: what the decoder leaves is offered
/// again with what follows it.
pub(crate) struct Server {
    decoder: Decoder,
    message_bytes_max: usize,
    tail: Vec<u8>,
    pub(crate) said: Vec<Said>,
}

impl Server {
    pub(crate) fn new(message_bytes_max: usize) -> Self {
        Self { decoder: Decoder::default(), message_bytes_max, tail: Vec::new(), said: Vec::new() }
    }

    pub(crate) fn read(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        let mut start = 0;
        loop {
            let over = matches!(self.said.last(), Some(Said::Close(..) | Said::Fault(_)));
            let (consumed, said) =
                match self.decoder.next(&mut self.tail[start..], self.message_bytes_max) {
                    Ok(step) => (step.consumed, step.event.map(Said::from)),
                    Err(code) => (0, Some(Said::Fault(code))),
                };
            assert!(!over || said.is_none(), "nothing is said after the end: {said:?}");
            let fault = matches!(said, Some(Said::Fault(_)));
            assert!(consumed > 0 || fault || said.is_none(), "an event consumes its frame");
            start += consumed;
            self.said.extend(said);
            if consumed == 0 && !fault {
                break;
            }
        }
        self.tail.drain(..start);
        assert!(self.tail.len() <= 13, "only an incomplete header stays with the caller");
    }

    /// Bytes that the decoder holds when nothing is lent.
    pub(crate) fn held_bytes(&mut self) -> usize {
        self.decoder.recycle();
        self.decoder.held_bytes()
    }
}

/// What a server makes of a stream that it reads whole.
pub(crate) fn decode(bytes: &[u8], message_bytes_max: usize) -> Vec<Said> {
    let mut server = Server::new(message_bytes_max);
    server.read(bytes);
    server.said
}

/// What a server makes of a stream that it reads in parts that end at `cuts`, in order.
pub(crate) fn decode_cut(bytes: &[u8], message_bytes_max: usize, cuts: &[usize]) -> Vec<Said> {
    let mut server = Server::new(message_bytes_max);
    let mut start = 0;
    for end in cuts.iter().copied().chain([bytes.len()]) {
        server.read(&bytes[start..end]);
        start = end;
    }
    server.said
}
