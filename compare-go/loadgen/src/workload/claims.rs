//! Players who open treasures over HTTP, and look at the leaderboard around them. Each answer is
//! held against what the player must have by now: outcome, loot, score, and a rank that can be.

mod board;
mod seat;

use super::job::Plot;
use super::lane::Share;
use super::responses::{self, Fault, judge};
use super::seam::{Exhausted, Heard, Input, Names, Opening, Traffic};
use super::treasures::Treasures;
use crate::http::{Reader, Response};
use board::Window;
use fastrand::Rng;
use seat::{Seat, Step, Table};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Players who open treasures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    /// The value of the Host field.
    pub(super) host: String,
    /// The hunts, all of one quest.
    pub(super) hunts: Vec<ClaimHunt>,
    /// What can be opened.
    pub(super) treasures: Treasures,
    /// The share of questions for the leaderboard in all requests.
    pub(super) boards: f64,
    /// The share of claims that are asked for again after they were answered.
    pub(super) again: f64,
    /// Who plays, by connection: each of them in turn.
    pub(super) players: Vec<Vec<Claimer>>,
}

/// A hunt in which treasures are opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ClaimHunt {
    /// Its id.
    pub(super) id: String,
    /// Players who have joined; nobody else does.
    pub(super) players: u32,
}

/// A player who opens treasures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claimer {
    /// The place of the hunt.
    pub(super) hunt: u32,
    /// The player's number in it.
    pub(super) number: u32,
    /// The player's name.
    pub(super) name: String,
    /// The session token.
    pub(super) session: String,
}

impl Plot for Claims {
    fn share(&self, share: Share) -> Self {
        let Self { host, hunts, treasures, boards, again, players } = self;
        Self {
            host: host.clone(),
            hunts: hunts.clone(),
            treasures: *treasures,
            boards: *boards,
            again: *again,
            players: players[share.range()].to_vec(),
        }
    }

    fn start(self, _: Share, seed: u64) -> Box<dyn Traffic> {
        let mut rng = Rng::with_seed(seed);
        let mut conn = |players: Vec<Claimer>| Conn {
            seats: players
                .into_iter()
                .map(|player| Seat::new(player, rng.u32(..self.treasures.count)))
                .collect(),
            turn: 0,
            asked: VecDeque::new(),
        };
        let conns = self.players.into_iter().map(&mut conn).collect();
        let heads = self.hunts.iter().map(|hunt| {
            format!("POST /v1/hunts/{}/resolve HTTP/1.1\r\nHost: {}\r\n", hunt.id, self.host)
        });
        Box::new(Claiming {
            heads: heads.collect(),
            table: Table::new(self.treasures),
            host: self.host,
            hunts: self.hunts,
            boards: self.boards,
            again: self.again,
            conns,
            rng,
            reader: Reader::default(),
        })
    }
}

/// A worker's players.
struct Claiming {
    host: String,
    hunts: Vec<ClaimHunt>,
    /// How a claim begins, by hunt.
    heads: Vec<String>,
    table: Table,
    boards: f64,
    again: f64,
    conns: Vec<Conn>,
    rng: Rng,
    reader: Reader,
}

struct Conn {
    seats: Vec<Seat>,
    /// Whose turn it is.
    turn: usize,
    /// What was asked, and for which seat.
    asked: VecDeque<(usize, Step)>,
}

const RESOLVE: usize = 0;
const BOARD: usize = 1;
/// Claims that were made for the first time, and succeeded.
const FRESH: usize = 0;
/// Claims of what the player has, and of what was asked with the same key: they change nothing.
const REPEATED: usize = 1;

impl Traffic for Claiming {
    fn names(&self) -> Names {
        Names {
            operations: if self.boards > 0.0 { &["resolve", "leaderboard"] } else { &["resolve"] },
            metrics: &[],
            counters: &["fresh_claims", "repeated_claims"],
        }
    }

    fn open(&mut self, _: u32, _: &mut Vec<u8>) -> Opening {
        Opening::Ready
    }

    fn choose(&mut self) -> usize {
        if self.boards > 0.0 && self.rng.f64() < self.boards { BOARD } else { RESOLVE }
    }

    fn request(&mut self, conn: u32, operation: usize, out: &mut Vec<u8>) -> Result<(), Exhausted> {
        let Self { host, hunts, heads, table, again, conns, rng, .. } = self;
        let Conn { seats, turn, asked } = &mut conns[conn as usize];
        for _ in 0..seats.len() {
            let place = *turn;
            *turn = if place + 1 < seats.len() { place + 1 } else { 0 };
            let seat = &mut seats[place];
            if operation == BOARD {
                let hunt = &hunts[seat.player.hunt as usize].id;
                Window { player: seat.player.number }.ask(hunt, host, out);
                asked.push_back((place, Step::Board));
                return Ok(());
            }
            if let Some(step) = seat.next(table, *again, rng) {
                out.extend_from_slice(heads[seat.player.hunt as usize].as_bytes());
                seat.ask(&step, out);
                asked.push_back((place, step));
                return Ok(());
            }
        }
        Err(Exhausted(
            "every treasure was opened by every player of a connection; give more --sessions, or a \
             shorter --duration"
                .into(),
        ))
    }

    fn receive(&mut self, conn: u32, input: Input<'_>, heard: &mut Heard<'_>) -> usize {
        let Self { hunts, table, conns, reader, .. } = self;
        let Conn { seats, asked, .. } = &mut conns[conn as usize];
        responses::receive(reader, input, heard, |heard, response| {
            let Some((place, step)) = asked.pop_front() else {
                // The engine says what that is.
                heard.right();
                return;
            };
            let seat = &mut seats[place];
            let hunt = &hunts[seat.player.hunt as usize];
            let verdict = hear(seat, hunt, table, &step, response);
            match (&verdict, step) {
                (Ok(()), Step::Claim { .. }) => heard.right_as(FRESH),
                (Ok(()), Step::Repeat { .. } | Step::Replay { .. }) => heard.right_as(REPEATED),
                _ => judge(heard, response, verdict),
            }
        })
    }

    fn closed(&mut self, conn: u32) {
        let Conn { seats, asked, .. } = &mut self.conns[conn as usize];
        for (place, step) in asked.drain(..) {
            seats[place].lost(&step, &self.table);
        }
    }
}

fn hear(
    seat: &mut Seat,
    hunt: &ClaimHunt,
    table: &Table,
    step: &Step,
    response: &Response<'_>,
) -> Result<(), Fault> {
    match step {
        Step::Board => Window { player: seat.player.number }.check(
            response,
            &hunt.id,
            hunt.players,
            &seat.player.name,
            seat.scores(),
        ),
        step => seat.hear(step, table, hunt.players, response),
    }
}

#[cfg(test)]
mod tests;
