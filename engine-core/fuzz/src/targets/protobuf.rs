//! A binary message of `hunt.v1` on an upgraded connection: it is answered by one message that
//! carries its number, whatever it holds, and the connection stays.

use crate::input::Input;
use crate::signature::note;
use crate::support::{Pair, frame, frames};
use alloc_bumpalo::BumpArena;
use engine_core::api::messages::{Action, ClientMessage, Event, ServerMessage};
use engine_core::limits::Limits;
use prost::Message as _;

pub(super) const WORDS: &[&[u8]] = &[
    b"\x08\x01",
    b"\x12\x09\x09\0\0\0\0\0\0\xf0\x3f",
    b"\x12\x24",
    b"\x19\0\0\0\0\0\0\xf8\x7f",
    b"\x21\0\0\0\0\0\0\x59\x40",
    b"\x1a\x02\x08\x01",
    b"\x1a\x00",
    b"\x22\x04\x0a\x02t1",
    b"\x0a\x02t2",
    b"\x2a\x03key",
    b"\xff\xff\xff\xff\x0f",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x3b",
    b"\x3c",
    b"\x0b\x0c",
];

/// Sends one message, twice.
///
/// # Panics
/// If an invariant is broken.
pub fn protobuf(data: &[u8]) {
    let message = Input::new(data).take(65_535);
    let decoded = ClientMessage::decode(message);
    if let Ok(decoded) = &decoded {
        let again = ClientMessage::decode(&*decoded.encode_to_vec()).expect("what prost writes");
        // NaN is the one value that is not itself; its bytes are.
        assert_eq!(again.encode_to_vec(), decoded.encode_to_vec());
        note(
            "action",
            match decoded.action {
                None => 0,
                Some(Action::Move(_)) => 1,
                Some(Action::UsePowerUp(_)) => 2,
                Some(Action::Resolve(_)) => 3,
            },
        );
    }
    let mut pair = Pair::<BumpArena>::with_hunt(Limits::default());
    let id = pair.play("Ada", "hunt.v1");
    for _ in 0..2 {
        pair.send(id, &frame(2, message));
        let received = frames(&pair.take(id));
        assert_eq!(received.len(), 1, "one answer to one message");
        assert_eq!(received[0].0, 2);
        let answer = ServerMessage::decode(&*received[0].1).expect("what the server writes");
        let seq = check(answer.event.expect("an event"), decoded.is_ok());
        assert_eq!(seq, decoded.as_ref().map_or(0, |message| message.seq));
    }
    pair.send(id, &frame(9, b"still there"));
    assert_eq!(frames(&pair.take(id)), [(10, b"still there".to_vec())]);
}

/// The number that an answer carries.
fn check(event: Event, well_formed: bool) -> u32 {
    match event {
        Event::Moved(moved) => {
            assert!([moved.x, moved.y, moved.z].iter().all(|v| v.abs() <= 1e6));
            note("moved", u64::from(moved.outcome.unsigned_abs()));
            moved.seq
        }
        Event::PowerUpUsed(used) => {
            note("used", u64::from(used.outcome.unsigned_abs()));
            used.seq
        }
        Event::Resolved(resolved) => {
            assert_eq!(resolved.rank, 1, "the only player is first");
            note("resolved", u64::from(resolved.outcome.unsigned_abs()));
            resolved.seq
        }
        Event::Frame(_) => panic!("no tick has passed"),
        Event::Refused(refused) => {
            let detail = refused.detail.as_deref();
            assert_eq!(detail == Some("not well-formed protobuf"), !well_formed);
            note(detail.unwrap_or(&refused.r#type), refused.status.into());
            refused.seq
        }
    }
}
