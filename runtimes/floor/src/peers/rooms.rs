//! Broadcasts: a bounded channel for each hunt and encoding that is watched.
//!
//! Each frame is made into a message of the library once, whoever many take it; a connection that is
//! left behind finds out from its channel.

use super::play::Message;
use engine_core::seam::{Codec, Frame, HuntKey};
use hyper::body::Bytes;
use std::collections::BTreeMap;
use std::fmt;
use tokio::sync::broadcast::{self, Receiver, Sender};

/// Broadcasts that a slow connection may be behind.
pub const FRAMES_BEHIND_MAX: usize = 16;

/// A frame as a message.
#[derive(Clone, Debug)]
pub struct Shown<M> {
    /// The message.
    pub message: M,
    /// Whether the round ended with it.
    pub ended: bool,
}

impl<M: Message> Shown<M> {
    /// A frame in an encoding that it has.
    #[must_use]
    pub fn of(frame: &Frame, codec: Codec) -> Self {
        let payload = payload(frame.wire(codec).unwrap_or_default());
        Self { message: M::of(codec.kind(), Bytes::copy_from_slice(payload)), ended: frame.ended }
    }
}

/// The payload of a frame, which a library frames anew for every connection.
fn payload(wire: &[u8]) -> &[u8] {
    let header = match wire.get(1) {
        Some(126) => 4,
        Some(127) => 10,
        _ => 2,
    };
    wire.get(header..).unwrap_or_default()
}

/// The rooms of all hunts.
pub struct Rooms<M> {
    rooms: BTreeMap<u64, [Option<Sender<Shown<M>>>; Codec::ALL.len()]>,
}

impl<M> Default for Rooms<M> {
    fn default() -> Self {
        Self { rooms: BTreeMap::new() }
    }
}

impl<M: Message> Rooms<M> {
    /// The frames of a hunt from now on.
    pub fn enter(&mut self, hunt: HuntKey, codec: Codec) -> Receiver<Shown<M>> {
        let room = &mut self.rooms.entry(hunt.0).or_default()[codec as usize];
        room.get_or_insert_with(|| broadcast::channel(FRAMES_BEHIND_MAX).0).subscribe()
    }

    /// Hands a frame to everybody who watches its hunt.
    pub fn publish(&mut self, frame: &Frame) {
        let Some(room) = self.rooms.get_mut(&frame.hunt.0) else { return };
        for codec in Codec::ALL {
            let sender = &mut room[codec as usize];
            // Whoever has left is not waited for.
            let gone = sender.take_if(|sender| sender.receiver_count() == 0).is_some();
            if let Some(sender) = sender.as_ref().filter(|_| !gone) {
                let _ = sender.send(Shown::of(frame, codec));
            }
        }
        if frame.ended || room.iter().all(Option::is_none) {
            self.rooms.remove(&frame.hunt.0);
        }
    }
}

impl<M> fmt::Debug for Rooms<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rooms").field("hunts", &self.rooms.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::broadcast::error::TryRecvError;
    use tokio_tungstenite::tungstenite::Message as Tungstenite;

    fn frame(hunt: u64, tick: u32, ended: bool) -> Frame {
        let wire =
            [Some(Box::from(&b"\x81\x02{}"[..])), Some(Box::from(&b"\x82\x7e\x00\x01x"[..]))];
        Frame { hunt: HuntKey(hunt), tick, revision: 0, ended, wire }
    }

    #[test]
    fn a_frame_reaches_the_watchers_of_its_hunt_in_their_encoding() {
        let mut rooms = Rooms::<Tungstenite>::default();
        let mut json = rooms.enter(HuntKey(1), Codec::Json);
        let mut protobuf = rooms.enter(HuntKey(1), Codec::Protobuf);
        let mut other = rooms.enter(HuntKey(2), Codec::Json);
        rooms.publish(&frame(1, 1, false));
        assert_eq!(json.try_recv().unwrap().message, Tungstenite::text("{}"));
        assert_eq!(protobuf.try_recv().unwrap().message, Tungstenite::binary(&b"x"[..]));
        assert_eq!(other.try_recv().unwrap_err(), TryRecvError::Empty);
    }

    #[test]
    fn rooms_that_are_left_or_ended_are_forgotten() {
        let mut rooms = Rooms::<Tungstenite>::default();
        let mut stays = rooms.enter(HuntKey(1), Codec::Json);
        drop(rooms.enter(HuntKey(1), Codec::Protobuf));
        drop(rooms.enter(HuntKey(2), Codec::Json));
        rooms.publish(&frame(1, 1, false));
        rooms.publish(&frame(2, 1, false));
        assert_eq!(rooms.rooms.len(), 1);
        rooms.publish(&frame(1, 2, true));
        assert!(rooms.rooms.is_empty());
        assert!(!stays.try_recv().unwrap().ended);
        assert!(stays.try_recv().unwrap().ended);
        assert_eq!(stays.try_recv().unwrap_err(), TryRecvError::Closed);
    }

    #[test]
    fn whoever_is_too_far_behind_finds_out() {
        let mut rooms = Rooms::<Tungstenite>::default();
        let mut slow = rooms.enter(HuntKey(1), Codec::Json);
        for tick in 0..=u32::try_from(FRAMES_BEHIND_MAX).unwrap() {
            rooms.publish(&frame(1, tick, false));
        }
        assert_eq!(slow.try_recv().unwrap_err(), TryRecvError::Lagged(1));
    }
}
