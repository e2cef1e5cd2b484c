//! Players that move and use power-ups over WebSocket, each answer held against what the player may
//! be told.

use super::broadcast::{Broadcast, COUNTERS, METRICS, Patience, Watch};
use super::hunts::{Hunts, Seat};
use super::job::Plot;
use super::lane::Share;
use super::player::{Handled, Player};
use super::seam::{Exhausted, Heard, Input, Loss, Names, Opening, Traffic};
use super::socket::{Said, Socket, Sockets, early};
use crate::clock::Nanos;
use crate::errors::{ErrorKind, shown};
use crate::figures::LaneFigures;
use crate::messages::{
    Action, Encoding, MoveOutcome, Place, PowerUp, PowerUpOutcome, ServerMessage,
};
use crate::quest_plan::{Quest, Rules};
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::rc::Rc;

/// Players of hunts, who have joined and not moved yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Updates {
    /// How messages are written.
    pub encoding: Encoding,
    /// The value of the Host field.
    pub host: String,
    /// The share of power-ups in all messages, 0 to 1.
    pub power_ups: f64,
    /// What is played.
    pub hunts: Hunts,
    /// Who plays, by connection.
    pub seats: Vec<Seat>,
}

impl Plot for Updates {
    fn share(&self, share: Share) -> Self {
        Self { seats: self.seats[share.range()].to_vec(), ..self.clone() }
    }

    fn start(self, _share: Share, seed: u64) -> Box<dyn Traffic> {
        let quests = self.hunts.make_quests();
        let broadcasts = self.hunts.broadcasts(&quests);
        let conns = self.seats.iter().map(|seat| {
            let hunt = &self.hunts.hunts[seat.hunt as usize];
            Conn::new(&quests[hunt.quest as usize])
        });
        let conns = conns.collect();
        Box::new(Updating {
            conns,
            sockets: Sockets::new(self.encoding, self.host, seed),
            rng: Rng::with_seed(seed),
            power_ups: self.power_ups,
            broadcasts,
            quests,
            hunts: self.hunts,
            seats: self.seats,
        })
    }
}

/// A worker's players.
#[derive(Debug)]
struct Updating {
    sockets: Sockets,
    rng: Rng,
    power_ups: f64,
    quests: Vec<Rc<Quest>>,
    hunts: Hunts,
    broadcasts: Vec<Broadcast>,
    seats: Vec<Seat>,
    conns: Vec<Conn>,
}

#[derive(Debug)]
struct Conn {
    socket: Socket,
    watch: Watch,
    player: Player,
    /// Where the player will be once all that was asked is answered.
    bound_for: Place,
    seq: u32,
    asked: VecDeque<Asking>,
}

/// What was asked and is not answered yet.
#[derive(Clone, Copy, Debug)]
struct Asking {
    seq: u32,
    sent: Nanos,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    /// To a place that is sure to be in reach.
    Step(Place),
    /// To one that is sure not to be.
    Jump(Place),
    Use(PowerUp),
}

const OPERATIONS: [&str; 2] = ["move", "power_up"];
const MOVE: usize = 0;
const POWER_UP: usize = 1;

const ALL_COUNTERS: [&str; COUNTERS.len() + 6] = {
    let [a, b, c, d] = COUNTERS;
    [a, b, c, d, "moved", "too_fast", "used", "active", "none_left", "no_energy"]
};
/// The place of the first outcome in [`ALL_COUNTERS`].
const OUTCOMES: usize = COUNTERS.len();

/// A step along each axis: three of them together are shorter than 0.87, and a move of up to 1 is
/// always in reach (R29).
const STEP_MAX: f64 = 0.5;
/// Farther than anybody gets: the longest rest that counts is a minute.
const JUMP: f64 = 500_000.0;
/// One move in so many is a jump.
const JUMP_EVERY: u32 = 64;
const POWER_UPS: [PowerUp; 3] = [PowerUp::Boost, PowerUp::Reach, PowerUp::Double];

impl Conn {
    fn new(quest: &Quest) -> Self {
        let at = quest.waypoints[0];
        Self {
            socket: Socket::default(),
            watch: Watch::default(),
            player: Player::new(at, &quest.rules),
            bound_for: at,
            seq: 0,
            asked: VecDeque::new(),
        }
    }

    fn step(&mut self, rng: &mut Rng) -> What {
        let Place { x, y, z } = self.bound_for;
        if rng.u32(..JUMP_EVERY) == 0 {
            return What::Jump(Place { x: if x > 0.0 { x - JUMP } else { x + JUMP }, y, z });
        }
        let mut axis = |from: f64| from + (rng.f64() - 0.5) * 2.0 * STEP_MAX;
        self.bound_for = Place { x: axis(x), y: axis(y), z: axis(z) };
        What::Step(self.bound_for)
    }

    /// Takes in an answer; tells the place of its outcome among the counters.
    fn answered(
        &mut self,
        asked: Asking,
        message: &ServerMessage<'_>,
        read: Nanos,
        rules: &Rules,
    ) -> Result<usize, String> {
        let handled = Handled { sent: asked.sent, read };
        let (seq, outcome) = match (message, asked.what) {
            (ServerMessage::Moved(moved), What::Step(to)) => {
                self.player.moved(to, true, moved, handled, rules)?;
                (moved.seq, place_of_move(moved.outcome))
            }
            (ServerMessage::Moved(moved), What::Jump(to)) => {
                self.player.moved(to, false, moved, handled, rules)?;
                (moved.seq, place_of_move(moved.outcome))
            }
            (ServerMessage::PowerUpUsed(used), What::Use(power_up)) => {
                self.player.used(power_up, used, handled, rules)?;
                (used.seq, place_of_use(used.outcome))
            }
            _ => return Err("the answer is of another kind".into()),
        };
        if seq != asked.seq {
            return Err(format!("seq must be {}", asked.seq));
        }
        Ok(outcome)
    }
}

fn place_of_move(outcome: MoveOutcome) -> usize {
    OUTCOMES + outcome as usize - 1
}

fn place_of_use(outcome: PowerUpOutcome) -> usize {
    OUTCOMES + 2 + outcome as usize - 1
}

impl Updating {
    fn rules_of(&self, conn: u32) -> &Rules {
        let hunt = self.seats[conn as usize].hunt as usize;
        &self.quests[self.hunts.hunts[hunt].quest as usize].rules
    }
}

impl Traffic for Updating {
    fn names(&self) -> Names {
        Names { operations: &OPERATIONS, metrics: &METRICS, counters: &ALL_COUNTERS }
    }

    fn open(&mut self, conn: u32, out: &mut Vec<u8>) -> Opening {
        let seat = &self.seats[conn as usize];
        let Conn { socket, watch, .. } = &mut self.conns[conn as usize];
        *watch = Watch::default();
        socket.open(&mut self.sockets, self.hunts.id_of(seat), &seat.session, out);
        Opening::Handshake
    }

    fn choose(&mut self) -> usize {
        if self.rng.f64() < self.power_ups { POWER_UP } else { MOVE }
    }

    fn request(&mut self, conn: u32, operation: usize, out: &mut Vec<u8>) -> Result<(), Exhausted> {
        let Self { conns, rng, sockets, .. } = self;
        let conn = &mut conns[conn as usize];
        let what = match operation {
            POWER_UP => What::Use(POWER_UPS[rng.usize(..POWER_UPS.len())]),
            _ => conn.step(rng),
        };
        let action = match what {
            What::Step(at) | What::Jump(at) => Action::Move { at, heading: rng.f64() * 359.0 },
            What::Use(power_up) => Action::UsePowerUp(power_up),
        };
        conn.seq = conn.seq.wrapping_add(1);
        sockets.append(conn.seq, &action, out);
        conn.asked.push_back(Asking { seq: conn.seq, sent: Nanos::now(), what });
        Ok(())
    }

    fn receive(&mut self, conn: u32, input: Input<'_>, heard: &mut Heard<'_>) -> usize {
        let rules = *self.rules_of(conn);
        let Self { sockets, broadcasts, seats, conns, .. } = self;
        let encoding = sockets.encoding;
        let broadcast = &mut broadcasts[seats[conn as usize].hunt as usize];
        let conn = &mut conns[conn as usize];
        let mut socket = std::mem::take(&mut conn.socket);
        let used = socket.receive(input, sockets, heard, |heard, said| match said {
            Said::Close(close) => heard.fail(ErrorKind::ClosedEarly, || early(&close)),
            Said::Message(payload) => {
                let watch = &mut conn.watch;
                if !broadcast.receive(watch, Patience::Prompt, encoding, payload, heard) {
                    hear_answer(conn, encoding, payload, &rules, heard);
                }
            }
        });
        conn.socket = socket;
        used
    }

    fn ended(&mut self, conn: u32, loss: Loss, heard: &mut Heard<'_>) {
        self.conns[conn as usize].socket.ended(loss, heard);
    }

    fn finish(&mut self, now: Nanos, figures: &mut LaneFigures) {
        for (conn, seat) in self.conns.iter().zip(&self.seats) {
            if conn.socket.is_open() {
                self.broadcasts[seat.hunt as usize].finish(&conn.watch, now, figures);
            }
        }
    }

    fn closed(&mut self, conn: u32) {
        let rules = *self.rules_of(conn);
        let conn = &mut self.conns[conn as usize];
        conn.socket.closed();
        let now = Nanos::now();
        for asked in conn.asked.drain(..) {
            match asked.what {
                What::Step(to) => conn.player.perhaps_moved(to),
                What::Jump(_) => {}
                What::Use(power_up) => conn.player.perhaps_used(power_up, now, &rules),
            }
        }
    }
}

fn hear_answer(
    conn: &mut Conn,
    encoding: Encoding,
    payload: &[u8],
    rules: &Rules,
    heard: &mut Heard<'_>,
) {
    let Some(asked) = conn.asked.pop_front() else {
        heard.fail(ErrorKind::Unasked, || format!("an answer to nothing: {}", shown(payload)));
        return;
    };
    let message = match encoding.read(payload) {
        Ok(message) => message,
        Err(malformed) => {
            heard.fail(ErrorKind::Malformed, || format!("{malformed}, in {}", shown(payload)));
            return;
        }
    };
    if let ServerMessage::Refused(refused) = &message {
        heard.wrong(ErrorKind::Status, || format!("{asked:?} was refused: {refused:?}"));
        return;
    }
    match conn.answered(asked, &message, heard.at(), rules) {
        Ok(outcome) => heard.right_as(outcome),
        Err(why) => heard.wrong(ErrorKind::Wrong, || format!("{message:?} to {asked:?}: {why}")),
    }
}
