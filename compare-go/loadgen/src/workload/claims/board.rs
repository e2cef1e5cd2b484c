//! The leaderboard around a player: what is asked, and which window may come. Others claim at the
//! same time, so ranks and scores of others are held to be possible, the player's own to be right.

use crate::http::{Request, Response};
use crate::workload::responses::{Fault, document, hold};
use serde::Deserialize;
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// Rows that are asked for.
const LIMIT: u32 = 10;

/// The rows around a player.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// The player's number.
    pub(super) player: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Board<'a> {
    #[serde(borrow)]
    hunt: Cow<'a, str>,
    players: u32,
    #[serde(borrow)]
    rows: Vec<Row<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row<'a> {
    rank: u32,
    player: u32,
    #[serde(borrow)]
    name: Cow<'a, str>,
    score: u32,
}

impl Window {
    /// Appends the request.
    pub(super) fn ask(self, hunt: &str, host: &str, out: &mut Vec<u8>) {
        let target = format!("/v1/hunts/{hunt}/leaderboard?limit={LIMIT}&around={}", self.player);
        out.extend_from_slice(&Request::new("GET", &target, host).bytes());
    }

    /// Whether an answer may be: of a hunt of so many players, one of whom has this name and one of
    /// these scores.
    ///
    /// # Errors
    /// What it should have been.
    pub(super) fn check(
        self,
        response: &Response<'_>,
        hunt: &str,
        players: u32,
        name: &str,
        scores: RangeInclusive<u32>,
    ) -> Result<(), Fault> {
        let board: Board<'_> = document(response, &[200])?;
        hold(board.hunt == hunt && board.players == players, || {
            format!("it must be of {hunt} with {players} players")
        })?;
        let rows = &board.rows;
        let count = LIMIT.min(players);
        hold(rows.len() == count as usize, || format!("there must be {count} rows"))?;
        let own = rows.iter().find(|row| row.player == self.player);
        let number = self.player;
        hold(own.is_some(), || format!("player {number} must be there"))?;
        let Some(own) = own else { return Ok(()) };
        hold(own.name == name && scores.contains(&own.score), || {
            format!("player {number} must be {name} with a score of {scores:?}")
        })?;
        // Rule R52.
        let first = 1 + own.rank.saturating_sub(1 + LIMIT / 2).min(players.saturating_sub(LIMIT));
        let ranked = rows.iter().zip(first..).all(|(row, rank)| row.rank == rank);
        hold(ranked, || format!("ranks must be {first} and following"))?;
        let ordered = rows.windows(2).all(|two| two[0].score >= two[1].score);
        hold(ordered, || "scores must not rise from row to row".into())?;
        let distinct =
            (1..rows.len()).all(|at| rows[..at].iter().all(|row| row.player != rows[at].player));
        let known = rows.iter().all(|row| row.player < players && !row.name.is_empty());
        hold(distinct && known, || "every row must be of another player of the hunt".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::ErrorKind;

    fn body(rows: &[(u32, u32, u32)], players: u32) -> String {
        let rows: Vec<_> = rows
            .iter()
            .map(|(rank, player, score)| {
                format!(r#"{{"rank":{rank},"player":{player},"name":"p{player}","score":{score}}}"#)
            })
            .collect();
        format!(r#"{{"hunt":"h","players":{players},"rows":[{}]}}"#, rows.join(","))
    }

    fn check(body: &str, players: u32) -> Result<(), ErrorKind> {
        let response =
            Response { status: 200, head: b"", body: body.as_bytes(), length: 0, keeps: true };
        let window = Window { player: 3 };
        window.check(&response, "h", players, "p3", 50..=60).map_err(|fault| fault.0)
    }

    #[test]
    fn windows_at_the_top_in_the_middle_and_at_the_bottom_are_right() {
        let rows = |first: u32, own_rank: u32| -> Vec<(u32, u32, u32)> {
            (0..10)
                .map(|place| {
                    let rank = first + place;
                    let player = if rank == own_rank { 3 } else { 100 + place };
                    (rank, player, 55 + own_rank - rank.min(own_rank) - (rank > own_rank) as u32)
                })
                .collect()
        };
        for (first, own) in [(1, 1), (1, 6), (2, 7), (95, 100), (991, 1_000), (991, 997)] {
            assert_eq!(check(&body(&rows(first, own), 1_000), 1_000), Ok(()), "{first} {own}");
        }
        for (first, own) in [(2, 6), (1, 7), (992, 997), (990, 997)] {
            assert!(check(&body(&rows(first, own), 1_000), 1_000).is_err(), "{first} {own}");
        }
    }

    #[test]
    fn each_wrong_field_is_found() {
        let right = [(1, 7, 90), (2, 3, 55), (3, 1, 55)];
        assert_eq!(check(&body(&right, 3 + 5), 8), Err(ErrorKind::Wrong), "too few rows");
        let right = body(&[(1, 2, 90), (2, 3, 55), (3, 1, 55), (4, 0, 0)], 4);
        assert_eq!(check(&right, 4), Ok(()));
        for (from, to) in [
            (r#""hunt":"h""#, r#""hunt":"i""#),
            (r#""players":4"#, r#""players":5"#),
            (r#""player":3"#, r#""player":4"#),
            (r#""name":"p3""#, r#""name":"p4""#),
            (r#""score":55},{"rank":3"#, r#""score":61},{"rank":3"#),
            (r#""score":0"#, r#""score":99"#),
            (r#""rank":4"#, r#""rank":5"#),
            (r#""player":0"#, r#""player":1"#),
            (r#""player":0"#, r#""player":4"#),
            (r#","rows""#, r#","more":1,"rows""#),
        ] {
            assert!(right.contains(from), "{from}");
            assert!(check(&right.replacen(from, to, 1), 4).is_err(), "{to}");
        }
    }
}
