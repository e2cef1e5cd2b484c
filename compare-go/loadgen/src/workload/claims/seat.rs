//! One player: what to claim next, and what the answer must be.
//!
//! A player opens one treasure after the other, each once, so every claim is fresh and its score is
//! known beforehand. Where a connection was lost, nobody knows whether its claims were taken: they
//! are asked for again, and their answers say.

use super::Claimer;
use crate::errors::ErrorKind;
use crate::http::Response;
use crate::messages::{Loot, ResolveOutcome};
use crate::workload::responses::{Fault, document, hold};
use crate::workload::treasures::Treasures;
use fastrand::Rng;
use serde::Deserialize;
use std::io::Write;
use std::ops::RangeInclusive;

/// What is known of treasures, ready to be compared.
pub(super) struct Table {
    treasures: Treasures,
    /// The body of an answer to a claim, up to the score, by treasure.
    claimed: Vec<Vec<u8>>,
}

/// A player.
pub(super) struct Seat {
    pub(super) player: Claimer,
    /// The first treasure; the others follow it in a circle.
    first: u32,
    /// How many were asked for.
    asked: u32,
    /// The score, as far as answers have come.
    score: u32,
    /// Claims that were under way when their connection was lost.
    lost: Vec<u32>,
    /// Points of all claims of which it is not known whether they were taken.
    doubt: u32,
    /// The treasure that was opened last.
    last: Option<u32>,
    /// A claim that was made with a key, and its answer, to be asked for again.
    keyed: Option<(u32, Vec<u8>)>,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A treasure that the player has not opened.
    Claim {
        /// Which.
        treasure: u32,
        /// With a key, so that it can be asked for again.
        keyed: bool,
    },
    /// A treasure that may have been opened over a connection that was lost.
    Lost {
        /// Which.
        treasure: u32,
    },
    /// A treasure that the player has opened.
    Repeat {
        /// Which.
        treasure: u32,
    },
    /// The same request again, key and all.
    Replay {
        /// The treasure.
        treasure: u32,
        /// The body of the answer that it got.
        answer: Vec<u8>,
    },
    /// The leaderboard.
    Board,
}

/// The body of an answer to a claim.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resolved<'a> {
    outcome: ResolveOutcome,
    #[serde(borrow)]
    loot: Option<Loot<'a>>,
    score: u32,
    rank: u32,
}

/// Digits of a treasure in a body.
const BODY_BYTES: usize = r#"{"treasure":"t0000","x":0,"y":0,"z":0}"#.len();
const KEY_BYTES: usize = r#","key":"k0000""#.len();

impl Table {
    pub(super) fn new(treasures: Treasures) -> Self {
        let claimed = |treasure| {
            let (item, points) = (treasures.item(treasure), treasures.points(treasure));
            format!(
                r#"{{"outcome":"claimed","loot":{{"item":"{item}","points":{points},"power_up":null}},"score":"#
            )
            .into_bytes()
        };
        Self { treasures, claimed: (0..treasures.count).map(claimed).collect() }
    }
}

impl Seat {
    pub(super) fn new(player: Claimer, first: u32) -> Self {
        Self {
            player,
            first,
            asked: 0,
            score: 0,
            lost: Vec::new(),
            doubt: 0,
            last: None,
            keyed: None,
        }
    }

    /// What the player asks for next; none where everything was opened. `again` is the share of
    /// claims that are repeated in some way.
    pub(super) fn next(&mut self, table: &Table, again: f64, rng: &mut Rng) -> Option<Step> {
        if let Some(treasure) = self.lost.pop() {
            return Some(Step::Lost { treasure });
        }
        if let Some((treasure, answer)) = self.keyed.take() {
            return Some(Step::Replay { treasure, answer });
        }
        let dice = rng.f64();
        if let Some(treasure) = self.last
            && dice < again / 2.0
        {
            return Some(Step::Repeat { treasure });
        }
        if self.asked == table.treasures.count {
            return None;
        }
        let treasure = (self.first + self.asked) % table.treasures.count;
        self.asked += 1;
        Some(Step::Claim { treasure, keyed: dice > 1.0 - again / 2.0 })
    }

    /// Appends the rest of a request, from the token on.
    pub(super) fn ask(&self, step: &Step, out: &mut Vec<u8>) {
        let (treasure, keyed) = match step {
            Step::Claim { treasure, keyed } => (*treasure, *keyed),
            Step::Replay { treasure, .. } => (*treasure, true),
            Step::Lost { treasure } | Step::Repeat { treasure } => (*treasure, false),
            Step::Board => return,
        };
        out.extend_from_slice(b"Authorization: Bearer ");
        out.extend_from_slice(self.player.session.as_bytes());
        out.extend_from_slice(b"\r\nContent-Type: application/json\r\nContent-Length: ");
        let length = BODY_BYTES + if keyed { KEY_BYTES } else { 0 };
        out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
        // Where everybody begins, and all treasures lie: whoever goes elsewhere and back within a
        // millisecond is too fast.
        let body = out.len() + 4;
        let written =
            write!(out, "\r\n\r\n{{\"treasure\":\"t{treasure:04}\",\"x\":0,\"y\":0,\"z\":0");
        debug_assert!(written.is_ok(), "memory takes everything");
        if keyed {
            let written = write!(out, ",\"key\":\"k{treasure:04}\"");
            debug_assert!(written.is_ok(), "memory takes everything");
        }
        out.push(b'}');
        debug_assert_eq!(out.len() - body, length, "the length is the body's");
    }

    /// A request was lost with its connection.
    pub(super) fn lost(&mut self, step: &Step, table: &Table) {
        match step {
            Step::Claim { treasure, .. } => {
                self.doubt += table.treasures.points(*treasure);
                self.lost.push(*treasure);
            }
            Step::Lost { treasure } => self.lost.push(*treasure),
            Step::Repeat { .. } | Step::Replay { .. } | Step::Board => {}
        }
    }

    /// What the score can be now.
    pub(super) fn scores(&self) -> RangeInclusive<u32> {
        self.score..=self.score + self.doubt
    }

    /// Takes in the answer to a claim in a hunt of so many players.
    ///
    /// # Errors
    /// What it should have been. The server is believed from there on, so that one wrong answer is
    /// one error.
    pub(super) fn hear(
        &mut self,
        step: &Step,
        table: &Table,
        players: u32,
        response: &Response<'_>,
    ) -> Result<(), Fault> {
        if let Step::Claim { treasure, keyed } = step {
            let score = self.score + table.treasures.points(*treasure);
            let is_plain = self.doubt == 0 && response.status == 200;
            if is_plain
                && is_claimed(response.body, &table.claimed[*treasure as usize], score, players)
            {
                self.claimed(*treasure, score, keyed.then_some(response.body));
                return Ok(());
            }
        }
        let answer: Resolved<'_> = document(response, &[200])?;
        let verdict = self.check(step, table, players, response.body, &answer);
        self.doubt -= match step {
            Step::Lost { treasure } => table.treasures.points(*treasure),
            Step::Claim { .. } | Step::Repeat { .. } | Step::Replay { .. } | Step::Board => 0,
        };
        match step {
            Step::Claim { treasure, keyed } => {
                self.claimed(*treasure, answer.score, keyed.then_some(response.body));
            }
            Step::Lost { treasure } => self.claimed(*treasure, answer.score, None),
            // The answer of then, and the score of then.
            Step::Replay { .. } => {}
            Step::Repeat { .. } | Step::Board => self.score = answer.score,
        }
        verdict
    }

    fn claimed(&mut self, treasure: u32, score: u32, keyed: Option<&[u8]>) {
        self.score = score;
        self.last = Some(treasure);
        if let Some(answer) = keyed {
            self.keyed = Some((treasure, answer.to_vec()));
        }
    }

    fn check(
        &self,
        step: &Step,
        table: &Table,
        players: u32,
        body: &[u8],
        answer: &Resolved<'_>,
    ) -> Result<(), Fault> {
        let Resolved { outcome, loot, score, rank } = answer;
        hold((1..=players).contains(rank), || format!("the rank must be 1 to {players}"))?;
        let is = |wanted: ResolveOutcome| {
            let word = wanted.word();
            hold(*outcome == wanted, || format!("the outcome must be {word}"))
        };
        let (treasure, scores) = match step {
            Step::Claim { treasure, .. } => {
                is(ResolveOutcome::Claimed)?;
                let points = table.treasures.points(*treasure);
                (*treasure, self.score + points..=self.score + points + self.doubt)
            }
            Step::Lost { treasure } => {
                // It may have been taken the first time.
                if *outcome != ResolveOutcome::AlreadyClaimed {
                    is(ResolveOutcome::Claimed)?;
                }
                (*treasure, self.scores())
            }
            Step::Repeat { treasure } => {
                is(ResolveOutcome::AlreadyClaimed)?;
                (*treasure, self.scores())
            }
            Step::Replay { answer, .. } => {
                return hold(body == answer, || {
                    format!("the answer to the same key must be {}", answer.escape_ascii())
                });
            }
            Step::Board => return Err((ErrorKind::Wrong, "a claim was not asked for".into())),
        };
        hold(scores.contains(score), || format!("the score must be {scores:?}"))?;
        let item = table.treasures.item(treasure);
        let points = table.treasures.points(treasure);
        let won = match (outcome, loot) {
            (ResolveOutcome::Claimed, Some(loot)) => {
                loot.item == item && loot.points == points && loot.power_up.is_none()
            }
            (ResolveOutcome::Claimed, None) => false,
            (_, loot) => loot.is_none(),
        };
        hold(won, || {
            format!("the loot must be {points} points of {item}, or null where not claimed")
        })
    }
}

/// Whether a body is, byte for byte, that of a claim with this score and a rank that can be.
fn is_claimed(body: &[u8], up_to_score: &[u8], score: u32, players: u32) -> bool {
    let mut digits = itoa::Buffer::new();
    let rank = body
        .strip_prefix(up_to_score)
        .and_then(|rest| rest.strip_prefix(digits.format(score).as_bytes()))
        .and_then(|rest| rest.strip_prefix(br#","rank":"#))
        .and_then(|rest| rest.strip_suffix(b"}"));
    let rank = rank.filter(|digits| {
        !digits.is_empty() && digits.len() < 10 && digits.iter().all(u8::is_ascii_digit)
    });
    let number = rank.map(|digits| digits.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0')));
    number.is_some_and(|rank| (1..=players).contains(&rank))
}
