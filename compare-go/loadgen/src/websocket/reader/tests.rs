//! Each fault, each kind of frame, and every cut.

use super::*;

/// What was handed out, by value.
fn show(event: Event<'_>) -> String {
    match event {
        Event::Close(CloseFrame { code, reason }) => format!("close {code:?} {reason}"),
        other => format!("{other:?}"),
    }
}

/// Feeds the pieces; what came, and how it ended.
fn feed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, Result<(), Fault>) {
    let mut reader = Reader::default();
    let (mut kept, mut events) = (Vec::new(), Vec::new());
    let end = pieces.into_iter().try_for_each(|piece| {
        kept.extend_from_slice(piece);
        let used = reader.read(&kept, |event| events.push(show(event)))?;
        kept.drain(..used);
        Ok(())
    });
    (events, end)
}

fn fault(bytes: &[u8]) -> Fault {
    feed([bytes]).1.unwrap_err()
}

#[test]
fn every_kind_of_frame_is_handed_out() {
    let bytes = b"\x81\x02hi\x82\x01\xff\x89\x01p\x8a\x00\x88\x05\x03\xe8bye";
    let (events, end) = feed([&bytes[..]]);
    let expected =
        ["Text(\"hi\")", "Binary([255])", "Ping([112])", "Pong([])", "close Some(1000) bye"];
    assert_eq!(events, expected);
    assert_eq!(end, Ok(()));
}

#[test]
fn fragments_are_one_message_and_a_ping_may_come_between() {
    let (events, end) = feed([&b"\x01\x03Hel\x89\x00\x80\x02lo\x82\x00"[..]]);
    assert_eq!(events, ["Ping([])", "Text(\"Hello\")", "Binary([])"]);
    assert_eq!(end, Ok(()));
}

#[test]
fn a_character_may_be_cut_between_fragments_and_nowhere_else() {
    let (events, _) = feed([&b"\x01\x01\xc3\x80\x01\xa9"[..]]);
    assert_eq!(events, ["Text(\"é\")"]);
    assert_eq!(fault(b"\x81\x01\xc3"), Fault::Utf8);
}

#[test]
fn long_lengths_are_read() {
    for (header, len) in [
        (&b"\x82\x7e\x00\x7e"[..], 126),
        (b"\x82\x7e\xff\xff", 65_535),
        (b"\x82\x7f\0\0\0\0\0\x01\0\0", 65_536),
        (b"\x82\x7f\0\0\0\0\0\x10\0\0", MESSAGE_BYTES_MAX),
    ] {
        let mut reader = Reader::default();
        let mut bytes = header.to_vec();
        bytes.resize(header.len() + len - 1, 7);
        assert_eq!(reader.read(&bytes, |_| panic!("not complete")), Ok(0));
        bytes.push(7);
        let mut seen = None;
        let used = reader.read(&bytes, |event| match event {
            Event::Binary(payload) => seen = Some(payload.len()),
            other => panic!("{other:?}"),
        });
        assert_eq!(used, Ok(bytes.len()));
        assert_eq!(seen, Some(len));
    }
}

#[test]
fn each_breach_is_a_fault_of_its_own() {
    assert_eq!(fault(b"\xc1"), Fault::ReservedBit);
    assert_eq!(fault(b"\x83"), Fault::Opcode(3));
    assert_eq!(fault(b"\x82\x80"), Fault::Masked);
    assert_eq!(fault(b"\x09"), Fault::FragmentedControl);
    assert_eq!(fault(b"\x89\x7e"), Fault::LongControl);
    assert_eq!(fault(b"\x82\x7e\x00\x7d"), Fault::Length);
    assert_eq!(fault(b"\x82\x7f\0\0\0\0\0\0\xff\xff"), Fault::Length);
    assert_eq!(fault(b"\x82\x7f\x80\0\0\0\0\x01\0\0"), Fault::Length);
    assert_eq!(fault(b"\x80\x00"), Fault::Continuation);
    assert_eq!(fault(b"\x01\x00\x81\x00"), Fault::Interleaved);
    assert_eq!(fault(b"\x82\x7f\0\0\0\0\0\x10\0\x01"), Fault::LongMessage);
    assert_eq!(fault(b"\x88\x01\x03"), Fault::Close);
    assert_eq!(fault(b"\x88\x02\x03\xed"), Fault::Close, "1005 is never sent");
    assert_eq!(fault(b"\x88\x03\x03\xe8\xff"), Fault::Utf8);
}

#[test]
fn fragments_together_are_bounded() {
    let mut reader = Reader::default();
    let mut half = b"\x02\x7f\0\0\0\0\0\x08\0\0".to_vec();
    half.resize(half.len() + MESSAGE_BYTES_MAX / 2, 0);
    reader.read(&half, |_| {}).unwrap();
    half[0] = 0;
    reader.read(&half, |_| {}).unwrap();
    assert!(reader.is_within_message());
    assert_eq!(reader.read(b"\x80\x01", |_| {}), Err(Fault::LongMessage));
}

#[test]
fn nothing_is_read_after_a_close() {
    let (events, end) = feed([&b"\x88\x00\xff\xff"[..], b"\xff"]);
    assert_eq!(events, ["close None "]);
    assert_eq!(end, Ok(()));
}

#[test]
fn what_is_incomplete_is_left_to_be_offered_again() {
    let mut reader = Reader::default();
    assert_eq!(reader.read(b"\x82\x01a\x82\x02b", |_| {}), Ok(3));
    assert_eq!(reader.read(b"\x82\x02bc", |event| assert_eq!(event, Event::Binary(b"bc"))), Ok(4));
    assert!(!reader.is_within_message());
}
