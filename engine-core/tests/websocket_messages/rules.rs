//! The rules of RFC 6455 about messages, one by one; every stream is read whole and bytewise.

use crate::peer::{Frame, Said, Server, decode, decode_cut, stream};
use engine_core::websocket::CloseCode::{InvalidPayload, MessageTooBig, ProtocolError};

const MAX: usize = 70_000;

const TEXT: u8 = 0x81;
const TEXT_FIRST: u8 = 0x01;
const BINARY: u8 = 0x82;
const BINARY_FIRST: u8 = 0x02;
const MORE: u8 = 0x00;
const LAST: u8 = 0x80;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

fn text(text: &str) -> Said {
    Said::Text(text.into())
}

fn binary(bytes: &[u8]) -> Said {
    Said::Binary(bytes.into())
}

fn ping(bytes: &[u8]) -> Said {
    Said::Ping(bytes.into())
}

fn check_bytes(bytes: &[u8], expected: &[Said]) {
    assert_eq!(decode(bytes, MAX), expected, "read whole");
    let cuts: Vec<usize> = (1..bytes.len()).collect();
    assert_eq!(decode_cut(bytes, MAX, &cuts), expected, "read bytewise");
}

fn check(frames: &[(u8, &[u8])], expected: &[Said]) {
    check_bytes(&stream(frames), expected);
}

#[test]
fn messages_of_every_length_form_arrive() {
    for bytes in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
        let payload = vec![0xa5; bytes];
        check(&[(BINARY, &payload)], &[binary(&payload)]);
        let payload = vec![b'a'; bytes];
        check(&[(TEXT, &payload)], &[text(str::from_utf8(&payload).unwrap())]);
    }
}

//= https://www.rfc-editor.org/rfc/rfc6455#section-5.4
//# A fragmented message consists of a single frame with the FIN bit
//# clear and an opcode other than 0, followed by zero or more frames
//# with the FIN bit clear and the opcode set to 0, and terminated by
//# a single frame with the FIN bit set and an opcode of 0.
#[test]
fn fragments_are_joined_in_order() {
    check(&[(TEXT_FIRST, b"Hel"), (LAST, b"lo")], &[text("Hello")]);
    check(&[(BINARY_FIRST, b""), (MORE, b"a"), (MORE, b""), (LAST, b"bc")], &[binary(b"abc")]);
    check(&[(BINARY_FIRST, b""), (LAST, b"")], &[binary(b"")]);
    check(&[(TEXT_FIRST, b""), (LAST, b"all"), (TEXT, b"next")], &[text("all"), text("next")]);
    check(&[(LAST, b"a")], &[Said::Fault(ProtocolError)]);
    check(&[(MORE, b"a")], &[Said::Fault(ProtocolError)]);
    check(
        &[(TEXT_FIRST, b"a"), (LAST, b"b"), (LAST, b"c")],
        &[text("ab"), Said::Fault(ProtocolError)],
    );
}

//= https://www.rfc-editor.org/rfc/rfc6455#section-5.4
//# The fragments of one message MUST NOT be interleaved between the
//# fragments of another message unless an extension has been negotiated
//# that can interpret the interleaving.
#[test]
fn a_message_within_a_message_is_refused() {
    for within in [TEXT, BINARY, TEXT_FIRST, BINARY_FIRST] {
        check(&[(TEXT_FIRST, b"a"), (within, b"b")], &[Said::Fault(ProtocolError)]);
        check(&[(BINARY_FIRST, b""), (within, b"")], &[Said::Fault(ProtocolError)]);
    }
}

//= https://www.rfc-editor.org/rfc/rfc6455#section-5.4
//# Control frames (see Section 5.5) MAY be injected in the middle of
//# a fragmented message.
#[test]
fn control_frames_between_fragments_do_not_disturb_the_message() {
    let longest = [b'p'; 125];
    check(
        &[
            (TEXT_FIRST, b"H\xc3"),
            (PING, &longest),
            (MORE, b"\xa9l"),
            (PING, b""),
            (PONG, b"x"),
            (LAST, b"lo"),
        ],
        &[ping(&longest), ping(b""), Said::Pong(b"x".into()), text("H\u{e9}llo")],
    );
    check(
        &[(BINARY_FIRST, b"a"), (CLOSE, b"\x03\xe8bye"), (LAST, b"b")],
        &[Said::Close(Some(1000), "bye".into())],
    );
}

//= https://www.rfc-editor.org/rfc/rfc6455#section-8.1
//# When an endpoint is to interpret a byte stream as UTF-8 but finds that
//# the byte stream is not, in fact, a valid UTF-8 stream, that endpoint
//# MUST _Fail the WebSocket Connection_.
#[test]
fn text_that_is_not_utf8_is_refused_and_binary_is_not_looked_at() {
    let fault = [Said::Fault(InvalidPayload)];
    check(&[(TEXT, b"a\xff")], &fault);
    check(&[(TEXT, b"a\xed\xa0\x80")], &fault);
    check(&[(TEXT, b"cut \xe2\x82")], &fault);
    check(&[(TEXT_FIRST, b"cut \xe2\x82"), (LAST, b"")], &fault);
    check(&[(TEXT_FIRST, b"\xe2"), (MORE, b"\x82"), (LAST, b"a")], &fault);
    check(&[(TEXT_FIRST, b"\xe2"), (MORE, b"\x82"), (LAST, b"\xac")], &[text("\u{20ac}")]);
    check(&[(BINARY, b"\xff\xe2")], &[binary(b"\xff\xe2")]);
    check(&[(BINARY_FIRST, b"\xff"), (LAST, b"\xe2")], &[binary(b"\xff\xe2")]);
}

#[test]
fn text_fails_at_the_first_impossible_byte_of_an_incomplete_frame() {
    let bytes = stream(&[(TEXT_FIRST, b"\xce\xba\xe1\xbd\xb9\xf4\x90\x80\x80 and more")]);
    let header_bytes = 6;
    let impossible = header_bytes + 6;
    let mut server = Server::new(MAX);
    for (i, byte) in bytes[..=impossible].iter().enumerate() {
        assert_eq!(server.said, [], "before byte {i}");
        server.read(&[*byte]);
    }
    assert_eq!(server.said, [Said::Fault(InvalidPayload)]);
}

#[test]
fn a_message_over_its_limit_is_refused_by_its_header() {
    let over = vec![0; MAX + 1];
    let bytes = stream(&[(BINARY, &over)]);
    assert_eq!(decode(&bytes[..13], MAX), []);
    check_bytes(&bytes[..14], &[Said::Fault(MessageTooBig)]);

    let fragments = stream(&[(BINARY_FIRST, &over[..MAX - 1]), (MORE, b"a"), (LAST, b"b")]);
    let payload_bytes = 1;
    check_bytes(&fragments[..fragments.len() - payload_bytes], &[Said::Fault(MessageTooBig)]);
    check(
        &[(BINARY_FIRST, &over[..MAX - 1]), (PING, b"not counted"), (LAST, b"a")],
        &[ping(b"not counted"), binary(&[&over[..MAX - 1], b"a"].concat())],
    );
    let mut largest = vec![TEXT, 0xff];
    largest.extend_from_slice(&(u64::MAX >> 1).to_be_bytes());
    largest.extend_from_slice(&[0; 4]);
    check_bytes(&largest, &[Said::Fault(MessageTooBig)]);
}

//= https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1
//# If there is a body, the first two bytes of the body MUST be a
//# 2-byte unsigned integer
#[test]
fn a_close_frame_has_no_body_or_an_allowed_code_and_a_reason_in_utf8() {
    check(&[(CLOSE, b"")], &[Said::Close(None, String::new())]);
    check(&[(CLOSE, b"\x03\xe8")], &[Said::Close(Some(1000), String::new())]);
    check(&[(CLOSE, b"\x0f\xa0\xc3\xa9")], &[Said::Close(Some(4000), "\u{e9}".into())]);
    let longest = [&b"\x03\xe9"[..], &[b'r'; 123]].concat();
    check(&[(CLOSE, &longest)], &[Said::Close(Some(1001), "r".repeat(123))]);

    check(&[(CLOSE, b"\x03")], &[Said::Fault(ProtocolError)]);
    check(&[(CLOSE, b"\x03\xed")], &[Said::Fault(ProtocolError)]);
    check(&[(CLOSE, b"\x03\xed\xff")], &[Said::Fault(ProtocolError)]);
    check(&[(CLOSE, b"\x00\x00")], &[Said::Fault(ProtocolError)]);
    check(&[(CLOSE, b"\x03\xe8\xff")], &[Said::Fault(InvalidPayload)]);
    check(&[(CLOSE, b"\x03\xe8\xe2\x82")], &[Said::Fault(InvalidPayload)]);
}

//= https://www.rfc-editor.org/rfc/rfc6455#section-1.4
//# after receiving a control frame indicating the connection should be
//# closed, a peer discards any further data received.
#[test]
fn what_follows_a_close_frame_or_a_fault_is_discarded() {
    let close = Said::Close(Some(1000), String::new());
    check(&[(CLOSE, b"\x03\xe8"), (TEXT, b"a"), (PING, b""), (0xff, b"")], &[close]);
    check(&[(0xff, b""), (TEXT, b"a"), (CLOSE, b"")], &[Said::Fault(ProtocolError)]);
    check(&[(TEXT, b"\xff"), (TEXT, b"a")], &[Said::Fault(InvalidPayload)]);
    check(&[(CLOSE, b"\x00"), (CLOSE, b"")], &[Said::Fault(ProtocolError)]);
}

#[test]
fn frames_that_are_not_masked_or_not_minimal_are_refused() {
    let well_formed = Frame::new(BINARY, [0; 126]);
    check_bytes(&well_formed.bytes(), &[binary(&[0; 126])]);
    let bare = Frame { key: None, ..well_formed.clone() };
    check_bytes(&bare.bytes(), &[Said::Fault(ProtocolError)]);
    let long = Frame { length_bytes: Some(9), ..well_formed };
    check_bytes(&long.bytes(), &[Said::Fault(ProtocolError)]);
}

#[test]
fn an_idle_decoder_keeps_little_memory_and_a_busy_one_not_twice_the_limit() {
    let payload = vec![b'a'; MAX];
    let mut server = Server::new(MAX);
    assert_eq!(server.held_bytes(), 0);

    for read in stream(&[(TEXT, &payload), (TEXT, &payload[..5_000])]).chunks(1_000) {
        server.read(read);
        assert!(server.held_bytes() <= MAX + 125);
    }
    assert_eq!(server.said.len(), 2);
    assert_eq!(server.held_bytes(), 0, "a large buffer is given back");

    for read in stream(&[(TEXT, &payload[..3_000])]).chunks(1_000) {
        server.read(read);
    }
    assert!((3_000..=4_096).contains(&server.held_bytes()), "a small buffer is kept");

    let unfinished = stream(&[(BINARY_FIRST, &payload), (CLOSE, b"")]);
    server.read(&unfinished);
    assert_eq!(server.held_bytes(), 0, "a closed decoder keeps nothing");
}

#[test]
fn a_header_that_claims_much_reserves_nothing() {
    let mut server = Server::new(1 << 40);
    let mut bytes = vec![BINARY, 0xff];
    bytes.extend_from_slice(&(1_u64 << 40).to_be_bytes());
    bytes.extend_from_slice(&[0; 4 + 10]);
    server.read(&bytes);
    assert_eq!(server.said, []);
    assert!(server.held_bytes() <= 64);
}
