//! An independent client writes what we read, and reads what we write.

use crate::peer::{Said, decode, decode_cut};
use engine_core::websocket::{CloseCode, frame};
use proptest::prelude::*;
use proptest::sample::Index;
use std::io::{ErrorKind, Read, Write};
use tungstenite::protocol::frame::coding::{CloseCode as PeerCode, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::protocol::{Message, Role, WebSocket};

const MAX: usize = 1 << 20;

/// A connection whose other end is two vectors.
#[derive(Default)]
struct Pipe {
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
}

impl Read for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let bytes = buf.len().min(self.incoming.len());
        if bytes == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        buf[..bytes].copy_from_slice(&self.incoming[..bytes]);
        self.incoming.drain(..bytes);
        Ok(bytes)
    }
}

impl Write for Pipe {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        self.outgoing.write(buf)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn client(incoming: Vec<u8>) -> WebSocket<Pipe> {
    let pipe = Pipe { incoming, outgoing: Vec::new() };
    WebSocket::from_raw_socket(pipe, Role::Client, None)
}

fn said() -> impl Strategy<Value = Said> {
    let lengths = || prop_oneof![6 => 0..200_usize, 1 => 65_530..65_540_usize];
    let control = || prop::collection::vec(any::<u8>(), 0..126);
    let long_text = (any::<char>(), lengths());
    prop_oneof![
        ".{0,60}".prop_map(Said::Text),
        long_text.prop_map(|(c, n)| Said::Text(c.to_string().repeat(n / c.len_utf8()))),
        lengths().prop_flat_map(|n| prop::collection::vec(any::<u8>(), n)).prop_map(Said::Binary),
        control().prop_map(Said::Ping),
        control().prop_map(Said::Pong),
    ]
}

fn close() -> impl Strategy<Value = Said> {
    let code = prop_oneof![1000..=1003_u16, 1007..=1013_u16, 3000..=4999_u16];
    prop_oneof![
        (code, "[a-z\u{e9}]{0,60}").prop_map(|(code, reason)| Said::Close(Some(code), reason)),
        Just(Said::Close(None, String::new())),
    ]
}

/// Writes a message in whole or, if there are cuts and it is not a control frame, in fragments.
fn write(client: &mut WebSocket<Pipe>, said: &Said, cuts: &[Index]) {
    let whole = match said {
        Said::Text(text) if cuts.is_empty() => Message::text(text),
        Said::Binary(bytes) if cuts.is_empty() => Message::binary(bytes.clone()),
        Said::Text(text) => return write_cut(client, Data::Text, text.as_bytes(), cuts),
        Said::Binary(bytes) => return write_cut(client, Data::Binary, bytes, cuts),
        Said::Ping(bytes) => Message::Ping(bytes.clone().into()),
        Said::Pong(bytes) => Message::Pong(bytes.clone().into()),
        Said::Close(None, _) => Message::Close(None),
        Said::Close(Some(code), reason) => {
            Message::Close(Some(CloseFrame { code: PeerCode::from(*code), reason: reason.into() }))
        }
        Said::Fault(code) => panic!("a client does not send {code:?}"),
    };
    client.send(whole).expect("the pipe takes everything");
}

fn write_cut(client: &mut WebSocket<Pipe>, data: Data, payload: &[u8], cuts: &[Index]) {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
    ends.push(payload.len());
    ends.sort_unstable();
    let mut start = 0;
    for (i, end) in ends.iter().copied().enumerate() {
        let data = if i == 0 { data } else { Data::Continue };
        let part = payload[start..end].to_vec();
        let frame = Frame::message(part, OpCode::Data(data), i + 1 == ends.len());
        client.send(Message::Frame(frame)).expect("the pipe takes everything");
        start = end;
    }
}

/// What the client reads, until there is nothing more to read.
fn read(client: &mut WebSocket<Pipe>) -> Vec<Said> {
    let mut said = Vec::new();
    loop {
        said.push(match client.read() {
            Ok(Message::Text(text)) => Said::Text(text.as_str().into()),
            Ok(Message::Binary(bytes)) => Said::Binary(bytes.to_vec()),
            Ok(Message::Ping(bytes)) => Said::Ping(bytes.to_vec()),
            Ok(Message::Pong(bytes)) => Said::Pong(bytes.to_vec()),
            Ok(Message::Close(Some(frame))) => {
                Said::Close(Some(frame.code.into()), frame.reason.as_str().into())
            }
            Ok(Message::Close(None)) => Said::Close(None, String::new()),
            Ok(Message::Frame(frame)) => panic!("a message is not left as {frame}"),
            Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                return said;
            }
            Err(error) => panic!("the client refuses: {error}"),
        });
    }
}

proptest! {
    #[test]
    fn what_a_client_writes_is_decoded_as_it_meant(
        messages in prop::collection::vec(
            (said(), prop::collection::vec(any::<Index>(), 0..4)),
            0..8,
        ),
        close in prop::option::of(close()),
        cuts in prop::collection::vec(any::<Index>(), 0..8),
    ) {
        let mut client = client(Vec::new());
        for (said, cuts) in &messages {
            write(&mut client, said, cuts);
        }
        if let Some(close) = &close {
            write(&mut client, close, &[]);
        }
        let bytes = &client.get_ref().outgoing;
        let meant: Vec<_> = messages.into_iter().map(|(said, _)| said).chain(close).collect();
        prop_assert_eq!(&decode(bytes, MAX), &meant);

        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        prop_assert_eq!(&decode_cut(bytes, MAX, &cuts), &meant);
    }

    #[test]
    fn what_we_write_is_read_by_a_client_as_we_meant(
        messages in prop::collection::vec(said(), 0..8),
        reason in "[a-z\u{e9}]{0,60}",
        code in prop::sample::select(&CloseCode::ALL[..]),
    ) {
        let mut bytes = Vec::new();
        for said in &messages {
            match said {
                Said::Text(text) => {
                    frame::append(&mut bytes, frame::Opcode::Text, text.as_bytes());
                }
                Said::Binary(payload) => frame::append(&mut bytes, frame::Opcode::Binary, payload),
                Said::Ping(payload) => frame::ping(&mut bytes, payload),
                Said::Pong(payload) => frame::pong(&mut bytes, payload),
                Said::Close(..) | Said::Fault(_) => panic!("not generated"),
            }
        }
        prop_assert_eq!(read(&mut client(bytes.clone())), messages);

        frame::close(&mut bytes, code, &reason);
        let last = read_until_close(&mut client(bytes));
        prop_assert_eq!(last, Some(Said::Close(Some(code.code()), reason)));
    }
}

/// The Close frame that the client reads: after it, reading is an error.
fn read_until_close(client: &mut WebSocket<Pipe>) -> Option<Said> {
    loop {
        if let Message::Close(frame) = client.read().ok()? {
            return frame
                .map(|frame| Said::Close(Some(frame.code.into()), frame.reason.as_str().into()));
        }
    }
}
