//! The events and the fault of a stream are those of a plain model, however it is cut.

use crate::peer::{Frame, Said, decode, decode_cut, least_length_bytes};
use engine_core::websocket::CloseCode::{InvalidPayload, MessageTooBig, ProtocolError};
use proptest::prelude::*;
use proptest::sample::Index;

const MAX: usize = 400;

/// What a server must make of whole frames. It sees frames and not bytes, joins each message
/// before it looks at it, and knows nothing of the decoder.
fn model(frames: &[Frame]) -> Vec<Said> {
    let mut said = Vec::new();
    let mut message: Option<(u8, Vec<u8>)> = None;
    for frame in frames {
        match model_frame(frame, &mut message) {
            Ok(event) => {
                let closed = matches!(event, Some(Said::Close(..)));
                said.extend(event);
                if closed {
                    return said;
                }
            }
            Err(fault) => {
                said.push(fault);
                return said;
            }
        }
    }
    said
}

fn model_frame(frame: &Frame, message: &mut Option<(u8, Vec<u8>)>) -> Result<Option<Said>, Said> {
    let payload = frame.payload.clone();
    let control = frame.opcode() >= 8;
    let known = matches!(frame.opcode(), 0..=2 | 8..=10);
    let minimal = frame.written_length_bytes() == least_length_bytes(payload.len());
    let expected = control || message.is_some() == (frame.opcode() == 0);
    let fits_control = !control || (frame.fin() && payload.len() <= 125);
    let reserved = frame.first & 0x70 != 0;
    if reserved || !known || frame.key.is_none() || !minimal || !expected || !fits_control {
        return Err(Said::Fault(ProtocolError));
    }
    match frame.opcode() {
        8 => return model_close(&payload).map(Some),
        9 => return Ok(Some(Said::Ping(payload))),
        10 => return Ok(Some(Said::Pong(payload))),
        _ => {}
    }
    let (opcode, joined) = message.get_or_insert((frame.opcode(), Vec::new()));
    joined.extend_from_slice(&payload);
    if joined.len() > MAX {
        return Err(Said::Fault(MessageTooBig));
    }
    if let (1, Err(error)) = (*opcode, str::from_utf8(joined))
        && (frame.fin() || error.error_len().is_some())
    {
        return Err(Said::Fault(InvalidPayload));
    }
    if !frame.fin() {
        return Ok(None);
    }
    Ok(message.take().map(|(opcode, joined)| match opcode {
        1 => Said::Text(String::from_utf8(joined).expect("checked above")),
        _ => Said::Binary(joined),
    }))
}

fn model_close(payload: &[u8]) -> Result<Said, Said> {
    let code = match payload {
        [] => return Ok(Said::Close(None, String::new())),
        [_] => return Err(Said::Fault(ProtocolError)),
        [high, low, ..] => u16::from_be_bytes([*high, *low]),
    };
    let registered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    if !registered.contains(&code) && !(3000..5000).contains(&code) {
        return Err(Said::Fault(ProtocolError));
    }
    match str::from_utf8(&payload[2..]) {
        Ok(reason) => Ok(Said::Close(Some(code), reason.into())),
        Err(_) => Err(Said::Fault(InvalidPayload)),
    }
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[a-z]{0,30}".prop_map(String::from),
        "\u{e9}{0,9}".prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat().into_bytes())
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => text(),
        2 => prop::collection::vec(any::<u8>(), 0..12),
        1 => prop::collection::vec(any::<u8>(), 100..150),
        1 => prop::collection::vec(Just(b'a'), 100..MAX + 50),
    ]
}

fn control() -> impl Strategy<Value = Frame> {
    let code = prop_oneof![Just(1000_u16), 990..1020_u16, 2990..5010_u16];
    let close = (code, text()).prop_map(|(code, reason)| {
        let reason = &reason[..reason.len().min(124)];
        Frame::new(0x88, [&code.to_be_bytes(), reason].concat())
    });
    let signs = (0x89..=0x8a_u8, prop::collection::vec(any::<u8>(), 0..126));
    prop_oneof![
        9 => signs.prop_map(|(first, payload)| Frame::new(first, payload)),
        1 => close,
    ]
}

/// A message cut into frames at any bytes, with control frames between them.
fn message() -> impl Strategy<Value = Vec<Frame>> {
    let payload = prop_oneof![
        8 => (Just(1_u8), text()),
        8 => (Just(2_u8), payload()),
        1 => (Just(1_u8), payload()),
    ];
    let cuts = prop::collection::vec((any::<Index>(), prop::option::of(control())), 0..4);
    (payload, cuts, any::<[u8; 4]>()).prop_map(|((opcode, payload), mut cuts, key)| {
        cuts.sort_by_key(|(cut, _)| cut.index(payload.len() + 1));
        let mut frames = Vec::new();
        let mut start = 0;
        for (cut, between) in cuts {
            let end = cut.index(payload.len() + 1);
            let first = if frames.is_empty() { opcode } else { 0 };
            frames.push(Frame { key: Some(key), ..Frame::new(first, &payload[start..end]) });
            frames.extend(between);
            start = end;
        }
        let first = 0x80 | if frames.is_empty() { opcode } else { 0 };
        frames.push(Frame { key: Some(key), ..Frame::new(first, &payload[start..]) });
        frames
    })
}

/// Any frame at all: most break a rule where they stand.
fn stray() -> impl Strategy<Value = Vec<Frame>> {
    let length_bytes = prop_oneof![5 => Just(None), 1 => Just(Some(3)), 1 => Just(Some(9))];
    let opcode = prop_oneof![4 => 0..3_u8, 2 => 8..11_u8, 1 => 0..16_u8];
    let high = prop_oneof![6 => Just(0x80_u8), 3 => Just(0), 1 => 0..16_u8];
    let first = (opcode, high).prop_map(|(opcode, high)| opcode | (high & 0xf0));
    let key = prop::option::weighted(0.9, any::<[u8; 4]>());
    (first, payload(), key, length_bytes).prop_map(|(first, payload, key, length_bytes)| {
        vec![Frame { first, payload, key, length_bytes }]
    })
}

fn frames() -> impl Strategy<Value = Vec<Frame>> {
    let some = prop_oneof![6 => message(), 1 => control().prop_map(|one| vec![one]), 1 => stray()];
    prop::collection::vec(some, 1..5).prop_map(|some| some.concat())
}

fn bytes_of(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(Frame::bytes).collect()
}

/// Whole, bytewise, cut once at every byte and cut at `cuts` give the same.
fn check_cuts(bytes: &[u8], cuts: &[Index]) -> Result<Vec<Said>, TestCaseError> {
    let whole = decode(bytes, MAX);
    let bytewise: Vec<usize> = (1..bytes.len()).collect();
    prop_assert_eq!(&decode_cut(bytes, MAX, &bytewise), &whole, "bytewise");
    for cut in bytewise {
        prop_assert_eq!(&decode_cut(bytes, MAX, &[cut]), &whole, "cut at {}", cut);
    }
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.sort_unstable();
    prop_assert_eq!(&decode_cut(bytes, MAX, &cuts), &whole, "cut at {:?}", cuts);
    Ok(whole)
}

proptest! {
    #[test]
    fn frames_become_what_the_model_says_at_every_cut(
        frames in frames(),
        cuts in prop::collection::vec(any::<Index>(), 0..8),
    ) {
        let said = check_cuts(&bytes_of(&frames), &cuts)?;
        prop_assert_eq!(said, model(&frames));
    }

    #[test]
    fn broken_and_unfinished_streams_fail_the_same_at_every_cut(
        frames in frames(),
        end in any::<Index>(),
        damage in prop::option::of((any::<Index>(), any::<u8>())),
        cuts in prop::collection::vec(any::<Index>(), 0..8),
    ) {
        let mut bytes = bytes_of(&frames);
        bytes.truncate(end.index(bytes.len()) + 1);
        if let Some((at, byte)) = damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        check_cuts(&bytes, &cuts)?;
    }
}
