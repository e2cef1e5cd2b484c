//! Connections that play and say nothing: they watch a hunt. An idle mass, the recipients of
//! broadcasts whose delivery is measured, or readers that are slow on purpose.

use super::broadcast::{Broadcast, COUNTERS, METRICS, Patience, Watch};
use super::hunts::{Hunts, Seat};
use super::job::Plot;
use super::lane::Share;
use super::seam::{Exhausted, Heard, Input, Loss, Names, Opening, Traffic};
use super::socket::{Said, Socket, Sockets, early};
use crate::clock::Nanos;
use crate::errors::{ErrorKind, shown};
use crate::figures::LaneFigures;
use crate::messages::Encoding;
use crate::websocket::CloseFrame;
use serde::{Deserialize, Serialize};

/// Watchers of hunts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watchers {
    /// How messages are written.
    pub encoding: Encoding,
    /// Whether they read slowly, so that the server may leave frames out or close with 1008.
    pub slow: bool,
    /// The value of the Host field.
    pub host: String,
    /// What is watched.
    pub hunts: Hunts,
    /// Who watches, by connection.
    pub seats: Vec<Seat>,
}

impl Plot for Watchers {
    fn share(&self, share: Share) -> Self {
        Self { seats: self.seats[share.range()].to_vec(), ..self.clone() }
    }

    fn start(self, _share: Share, seed: u64) -> Box<dyn Traffic> {
        let quests = self.hunts.make_quests();
        let broadcasts = self.hunts.broadcasts(&quests);
        let conns = self.seats.iter().map(|_| Conn::default()).collect();
        Box::new(Watching {
            sockets: Sockets::new(self.encoding, self.host, seed),
            patience: if self.slow { Patience::Slow } else { Patience::Prompt },
            broadcasts,
            seats: self.seats,
            hunts: self.hunts,
            conns,
        })
    }
}

/// A worker's watchers.
#[derive(Debug)]
struct Watching {
    sockets: Sockets,
    patience: Patience,
    hunts: Hunts,
    broadcasts: Vec<Broadcast>,
    seats: Vec<Seat>,
    conns: Vec<Conn>,
}

#[derive(Debug, Default)]
struct Conn {
    socket: Socket,
    watch: Watch,
}

/// The broadcasts', and the ends that a slow reader must expect.
const ALL_COUNTERS: [&str; COUNTERS.len() + 2] = {
    let [a, b, c, d] = COUNTERS;
    [a, b, c, d, "closed_too_slow", "cut_off"]
};
/// Closed with 1008.
const CLOSED_TOO_SLOW: usize = COUNTERS.len();
/// Ended without a Close frame, or before there was room to take it.
const CUT_OFF: usize = COUNTERS.len() + 1;
/// With which a server closes the connection of a peer that does not take its bytes.
const POLICY_VIOLATION: u16 = 1008;

impl Traffic for Watching {
    fn names(&self) -> Names {
        Names { operations: &[], metrics: &METRICS, counters: &ALL_COUNTERS }
    }

    fn open(&mut self, conn: u32, out: &mut Vec<u8>) -> Opening {
        let seat = &self.seats[conn as usize];
        let Conn { socket, watch } = &mut self.conns[conn as usize];
        *watch = Watch::default();
        socket.open(&mut self.sockets, self.hunts.id_of(seat), &seat.session, out);
        Opening::Handshake
    }

    fn request(&mut self, _: u32, _: usize, _: &mut Vec<u8>) -> Result<(), Exhausted> {
        Err(Exhausted("watchers ask nothing; give their lane no rate".into()))
    }

    fn receive(&mut self, conn: u32, input: Input<'_>, heard: &mut Heard<'_>) -> usize {
        let Self { sockets, patience, broadcasts, seats, conns, .. } = self;
        let (encoding, patience) = (sockets.encoding, *patience);
        let broadcast = &mut broadcasts[seats[conn as usize].hunt as usize];
        let Conn { socket, watch } = &mut conns[conn as usize];
        socket.receive(input, sockets, heard, |heard, said| match said {
            Said::Message(payload) => {
                if !broadcast.receive(watch, patience, encoding, payload, heard) {
                    heard.fail(ErrorKind::Unasked, || {
                        format!("a message to a watcher that is no frame: {}", shown(payload))
                    });
                }
            }
            Said::Close(close) => closed(&close, patience, heard),
        })
    }

    fn ended(&mut self, conn: u32, loss: Loss, heard: &mut Heard<'_>) {
        let socket = &mut self.conns[conn as usize].socket;
        if self.patience == Patience::Slow && socket.is_open() {
            heard.count(CUT_OFF, 1);
            heard.close();
        } else {
            socket.ended(loss, heard);
        }
    }

    fn finish(&mut self, now: Nanos, figures: &mut LaneFigures) {
        if self.patience == Patience::Slow {
            return;
        }
        for (conn, seat) in self.conns.iter().zip(&self.seats) {
            if conn.socket.is_open() {
                self.broadcasts[seat.hunt as usize].finish(&conn.watch, now, figures);
            }
        }
    }

    fn closed(&mut self, conn: u32) {
        self.conns[conn as usize].socket.closed();
    }
}

fn closed(close: &CloseFrame<'_>, patience: Patience, heard: &mut Heard<'_>) {
    if patience == Patience::Slow && close.code == Some(POLICY_VIOLATION) {
        heard.count(CLOSED_TOO_SLOW, 1);
        heard.close();
    } else {
        heard.fail(ErrorKind::ClosedEarly, || early(close));
    }
}
