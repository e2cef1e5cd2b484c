//! Our WebSocket codec against tungstenite: what it sends is read, what we send it reads, whatever
//! the pieces in which the bytes come.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use loadgen::websocket::{
    Event, Fault, Handshake, Masks, Opcode, Reader, append_close, append_control, append_message,
};
use proptest::prelude::*;
use std::io::{Cursor, Read, Write};
use std::net::{TcpListener, TcpStream};
use tungstenite::handshake::server::{Request, Response};
use tungstenite::http::HeaderValue;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Bytes, Message, Utf8Bytes, WebSocket};

/// One thing that a peer sends.
#[derive(Clone, Debug)]
enum Said {
    Text(String),
    Binary(Vec<u8>),
    /// A text in fragments, cut after these bytes, with a ping after the first.
    Fragments(String, Vec<usize>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

fn said() -> impl Strategy<Value = Said> {
    let bytes = |len| proptest::collection::vec(any::<u8>(), 0..len);
    prop_oneof![
        "\\PC{0,200}".prop_map(Said::Text),
        bytes(70_000).prop_map(Said::Binary),
        ("\\PC{0,80}", proptest::collection::vec(0usize..20, 1..4))
            .prop_map(|(text, cuts)| Said::Fragments(text, cuts)),
        bytes(126).prop_map(Said::Ping),
        bytes(126).prop_map(Said::Pong),
    ]
}

/// What a reader of these must hand out.
fn expected(said: &[Said]) -> Vec<String> {
    let mut events = Vec::new();
    for one in said {
        match one {
            Said::Text(text) => events.push(format!("text {text}")),
            Said::Binary(bytes) => events.push(format!("binary {bytes:?}")),
            Said::Fragments(text, _) => {
                events.push("ping [7]".into());
                events.push(format!("text {text}"));
            }
            Said::Ping(bytes) => events.push(format!("ping {bytes:?}")),
            Said::Pong(bytes) => events.push(format!("pong {bytes:?}")),
        }
    }
    events
}

/// Reads the bytes as they would come from a socket in these pieces.
fn read_all(pieces: &[&[u8]]) -> (Result<(), Fault>, Vec<String>, Reader) {
    let mut reader = Reader::default();
    let (mut kept, mut events) = (Vec::new(), Vec::new());
    let end = pieces.iter().try_for_each(|piece| {
        kept.extend_from_slice(piece);
        let used = reader.read(&kept, |event| events.push(show(event)))?;
        kept.drain(..used);
        Ok(())
    });
    (end, events, reader)
}

fn show(event: Event<'_>) -> String {
    match event {
        Event::Text(text) => format!("text {text}"),
        Event::Binary(bytes) => format!("binary {bytes:?}"),
        Event::Ping(bytes) => format!("ping {bytes:?}"),
        Event::Pong(bytes) => format!("pong {bytes:?}"),
        Event::Close(close) => format!("close {:?} {}", close.code, close.reason),
    }
}

/// What tungstenite writes as a server, with a Close frame at the end.
fn written_by_peer(said: &[Said]) -> Vec<u8> {
    let mut peer = WebSocket::from_raw_socket(Cursor::new(Vec::new()), Role::Server, None);
    for one in said {
        match one.clone() {
            Said::Text(text) => peer.send(Message::text(text)).unwrap(),
            Said::Binary(bytes) => peer.send(Message::binary(bytes)).unwrap(),
            Said::Ping(bytes) => peer.send(Message::Ping(bytes.into())).unwrap(),
            Said::Pong(bytes) => peer.send(Message::Pong(bytes.into())).unwrap(),
            Said::Fragments(text, cuts) => {
                for frame in fragments(text.as_bytes(), &cuts) {
                    peer.send(Message::Frame(frame)).unwrap();
                }
            }
        }
    }
    let reason = Utf8Bytes::from_static("bye");
    peer.close(Some(CloseFrame { code: CloseCode::Normal, reason })).unwrap();
    peer.flush().unwrap();
    peer.get_ref().get_ref().clone()
}

fn fragments(mut text: &[u8], cuts: &[usize]) -> Vec<Frame> {
    let mut frames = Vec::new();
    for (place, cut) in cuts.iter().enumerate() {
        let (piece, rest) = text.split_at((*cut).min(text.len()));
        text = rest;
        let opcode = OpCode::Data(if place == 0 { Data::Text } else { Data::Continue });
        frames.push(Frame::message(Bytes::copy_from_slice(piece), opcode, false));
    }
    frames.insert(1, Frame::ping(Bytes::from_static(&[7])));
    let last = Bytes::copy_from_slice(text);
    frames.push(Frame::message(last, OpCode::Data(Data::Continue), true));
    frames
}

/// The bytes in pieces of these sizes, again and again.
fn in_pieces<'a>(mut bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for size in sizes.iter().cycle() {
        if bytes.is_empty() {
            return pieces;
        }
        let (piece, rest) = bytes.split_at((*size).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_the_peer_writes_is_read_in_any_pieces(
        said in proptest::collection::vec(said(), 0..6),
        sizes in proptest::collection::vec(1usize..5_000, 1..6),
    ) {
        let bytes = written_by_peer(&said);
        let (end, events, reader) = read_all(&in_pieces(&bytes, &sizes));
        prop_assert_eq!(end, Ok(()));
        let mut wanted = expected(&said);
        wanted.push("close Some(1000) bye".into());
        prop_assert_eq!(events, wanted);
        prop_assert!(reader.is_closed() && !reader.is_within_message());
    }

    #[test]
    fn what_we_write_is_read_by_the_peer(
        said in proptest::collection::vec(said(), 0..6), seed: u64,
    ) {
        let mut masks = Masks::new(seed);
        let mut bytes = Vec::new();
        let said: Vec<_> =
            said.into_iter().filter(|one| !matches!(one, Said::Fragments(..))).collect();
        for one in &said {
            let (opcode, payload) = match one {
                Said::Text(text) => (Opcode::Text, text.as_bytes()),
                Said::Binary(bytes) => (Opcode::Binary, &bytes[..]),
                Said::Ping(bytes) => (Opcode::Ping, &bytes[..]),
                Said::Pong(bytes) => (Opcode::Pong, &bytes[..]),
                Said::Fragments(..) => unreachable!("filtered out"),
            };
            if matches!(opcode, Opcode::Ping | Opcode::Pong) {
                append_control(&mut bytes, opcode, masks.draw(), payload);
            } else {
                append_message(&mut bytes, opcode, masks.draw(), |out| {
                    out.extend_from_slice(payload);
                });
            }
        }
        append_close(&mut bytes, masks.draw(), Some(1000));
        let config = WebSocketConfig::default().accept_unmasked_frames(false);
        let stream = Both { incoming: Cursor::new(bytes), sent: Vec::new() };
        let mut peer = WebSocket::from_raw_socket(stream, Role::Server, Some(config));
        let mut read = Vec::new();
        loop {
            match peer.read().unwrap() {
                Message::Text(text) => read.push(format!("text {text}")),
                Message::Binary(bytes) => read.push(format!("binary {:?}", bytes.to_vec())),
                Message::Ping(bytes) => read.push(format!("ping {:?}", bytes.to_vec())),
                Message::Pong(bytes) => read.push(format!("pong {:?}", bytes.to_vec())),
                Message::Close(close) => {
                    prop_assert_eq!(close.map(|it| it.code), Some(CloseCode::Normal));
                    break;
                }
                Message::Frame(_) => unreachable!("only in raw mode"),
            }
        }
        prop_assert_eq!(read, expected(&said));
    }

    #[test]
    fn whatever_bytes_come_the_reader_says_so_and_never_panics(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..400),
        sizes in proptest::collection::vec(1usize..40, 1..4),
        valid_start: bool,
    ) {
        if valid_start {
            bytes.splice(0..0, *b"\x82\x02ok\x01\x02no");
        }
        let (end, events, _) = read_all(&in_pieces(&bytes, &sizes));
        let (whole_end, whole_events, _) = read_all(&[&bytes]);
        prop_assert_eq!((end, events), (whole_end, whole_events), "the pieces make no difference");
    }
}

/// A stream whose other side has said all that it says.
struct Both {
    incoming: Cursor<Vec<u8>>,
    sent: Vec<u8>,
}

impl Read for Both {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.incoming.read(buf)
    }
}

impl Write for Both {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        self.sent.write(buf)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_peer_accepts_our_handshake_and_we_its_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let mut seen = String::new();
        #[expect(clippy::result_large_err, reason = "tungstenite's callback")]
        let answer = |request: &Request, mut response: Response| {
            seen = format!("{} {:?}", request.uri(), request.headers().get("authorization"));
            let subprotocol = HeaderValue::from_static("hunt.v1");
            response.headers_mut().insert("Sec-WebSocket-Protocol", subprotocol);
            Ok(response)
        };
        let mut peer = tungstenite::accept_hdr(socket, answer).unwrap();
        peer.send(Message::text("welcome")).unwrap();
        seen
    });
    let handshake = Handshake::new(0x1234_5678_9abc_def0, "hunt.v1");
    let mut request = Vec::new();
    let host = address.to_string();
    handshake.append_request(&mut request, "/v1/hunts/h1/play", &host, "a.token");
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(&request).unwrap();
    let mut bytes = Vec::new();
    let opened = loop {
        let mut piece = [0; 7];
        let len = socket.read(&mut piece).unwrap();
        assert!(len > 0, "{:?}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&piece[..len]);
        if let Some(opened) = handshake.read_answer(&bytes).unwrap() {
            break opened;
        }
    };
    socket.read_to_end(&mut bytes).unwrap();
    let (end, said, _) = read_all(&[&bytes[opened.head_bytes..]]);
    assert_eq!(end, Ok(()));
    assert_eq!(said, ["text welcome"]);
    assert_eq!(server.join().unwrap(), "/v1/hunts/h1/play Some(\"Bearer a.token\")");
}

#[test]
fn the_peers_control_frames_are_what_we_take_for_them() {
    // tungstenite's own numbers, so that a wrong one of ours shows.
    assert_eq!(u8::from(OpCode::Control(Control::Ping)), Opcode::Ping as u8);
    assert_eq!(u8::from(OpCode::Control(Control::Pong)), Opcode::Pong as u8);
    assert_eq!(u8::from(OpCode::Control(Control::Close)), Opcode::Close as u8);
}
