//! `loot`: `GET /loot`, the smallest request that reads the game. Every connection asks for a
//! session of its own, chosen so that all of them see the hunt of this run.

use super::job::{Job, Part, Plot};
use super::lane::{Lane, Share};
use super::prepare::{Prepared, main_lane};
use super::responses::{self, Fault, document, hold, judge};
use super::seam::{Exhausted, Heard, Input, Names, Opening, Traffic};
use super::treasures::{SUPPLY, Treasures};
use crate::errors::ErrorKind;
use crate::http::{Reader, Request, Response};
use crate::outcome::Observer;
use crate::plan::Plan;
use crate::world::{NewHunt, World, WorldError, exchange};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

const CONNECTIONS: u32 = 512;
const RATE_PER_S: f64 = 10_000.0;
/// Treasures of the quest; a table has 8 rows.
const TREASURES: Treasures = Treasures { count: 64 };
const ROWS: u32 = 8;
/// Sessions that are looked at together, to find the hunt.
const LOOKED_AT: u32 = 1_024;
/// More hunts than a server has.
const HUNTS_MAX: u32 = 2_000_000;

/// Questions for loot tables.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Loot {
    host: String,
    hunt: String,
    /// The place of the hunt among all, and how many there are.
    place: u32,
    hunts: u32,
}

pub(super) fn lanes(plan: &Plan) -> Result<Vec<Lane>, String> {
    Ok(vec![main_lane("loot", plan, CONNECTIONS, RATE_PER_S)])
}

pub(super) fn prepare(
    _plan: &Plan,
    lanes: &[Lane],
    world: &World,
    observer: &mut dyn Observer,
) -> Result<Prepared, WorldError> {
    observer.step("publishing a quest, starting a hunt");
    let (quest, hunt) = (world.id("loot"), world.id("loot"));
    world.publish(&[(quest.clone(), TREASURES.document("Loot"))])?;
    world.start(&[NewHunt { id: hunt.clone(), quest, capacity: 1 }])?;
    observer.step("looking for the sessions that see it");
    let (place, hunts) = find(world, &hunt)?;
    let plot = Loot { host: world.host(), hunt, place, hunts };
    let jobs = lanes.iter().map(|lane| Job { lane: lane.clone(), part: Part::Loot(plot.clone()) });
    let notes =
        vec![format!("{hunts} hunts on the server; every session sees the one of this run")];
    Ok(Prepared { jobs: jobs.collect(), notes })
}

/// The place of a hunt among all, and how many there are: rule R65. The first two sessions that see
/// it are as far apart as there are hunts.
fn find(world: &World, hunt: &str) -> Result<(u32, u32), WorldError> {
    let host = world.host();
    let mut seen = Vec::new();
    for first in (0..2 * HUNTS_MAX).step_by(LOOKED_AT as usize) {
        let ask = |session| Request::new("GET", &format!("/loot?session={session}"), &host).bytes();
        let requests: Vec<_> = (first..first + LOOKED_AT).map(ask).collect();
        for (answer, session) in exchange(world.server(), &requests)?.iter().zip(first..) {
            let table: Table<'_> =
                serde_json::from_slice(&answer.body).map_err(|error| WorldError::Wrong {
                    what: format!("GET /loot?session={session}"),
                    answer: format!("{} ({error})", answer.shown()),
                })?;
            if table.hunt == Some(hunt) {
                seen.push(session);
            }
        }
        if let [place, next, ..] = seen[..] {
            return Ok((place, next - place));
        }
    }
    let what = format!("GET /loot with any session of {}", 2 * HUNTS_MAX);
    Err(WorldError::Wrong { what, answer: format!("none of them sees the hunt {hunt}") })
}

/// A loot table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table<'a> {
    session: u32,
    hunt: Option<&'a str>,
    #[serde(borrow)]
    loot: Vec<Row<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row<'a> {
    treasure: &'a str,
    item: &'a str,
    points: u32,
    remaining: u32,
}

impl Plot for Loot {
    fn share(&self, _: Share) -> Self {
        self.clone()
    }

    fn start(self, share: Share, _: u64) -> Box<dyn Traffic> {
        let tables = (0..TREASURES.count).map(|first| self.after_session(first));
        Box::new(Looking {
            tables: tables.collect(),
            end: format!(" HTTP/1.1\r\nHost: {}\r\n\r\n", self.host),
            first: share.first,
            reader: Reader::default(),
            plot: self,
        })
    }
}

impl Loot {
    /// What the connection of this number, over all workers, asks for.
    fn session(&self, number: u32) -> u32 {
        self.place.wrapping_add(self.hunts.wrapping_mul(number % self.distinct()))
    }

    /// How many sessions there are that see the hunt; one less where there are all of them.
    fn distinct(&self) -> u32 {
        ((u32::MAX - self.place) / self.hunts).saturating_add(1)
    }

    /// What follows the session in the table whose first row is of this treasure.
    fn after_session(&self, first: u32) -> Vec<u8> {
        let mut text = format!(r#","hunt":"{}","loot":["#, self.hunt);
        for row in 0..ROWS {
            let treasure = (first + row) % TREASURES.count;
            let (item, points) = (TREASURES.item(treasure), TREASURES.points(treasure));
            let comma = if row == 0 { "" } else { "," };
            let _ = write!(
                text,
                r#"{comma}{{"treasure":"t{treasure:04}","item":"{item}","points":{points},"remaining":{SUPPLY}}}"#
            );
        }
        text.push_str("]}");
        text.into_bytes()
    }
}

/// A worker's questions.
struct Looking {
    plot: Loot,
    /// What follows the session, by the treasure of the first row.
    tables: Vec<Vec<u8>>,
    /// What follows the session in a request.
    end: String,
    /// The number of the first connection over all workers.
    first: u32,
    reader: Reader,
}

/// Answers that see another hunt, since one was started or forgotten meanwhile.
const OTHER_HUNTS: usize = 0;

impl Traffic for Looking {
    fn names(&self) -> Names {
        Names { operations: &["loot"], metrics: &[], counters: &["other_hunts"] }
    }

    fn open(&mut self, _: u32, _: &mut Vec<u8>) -> Opening {
        Opening::Ready
    }

    fn request(&mut self, conn: u32, _: usize, out: &mut Vec<u8>) -> Result<(), Exhausted> {
        out.extend_from_slice(b"GET /loot?session=");
        let session = self.plot.session(self.first + conn);
        out.extend_from_slice(itoa::Buffer::new().format(session).as_bytes());
        out.extend_from_slice(self.end.as_bytes());
        Ok(())
    }

    fn receive(&mut self, conn: u32, input: Input<'_>, heard: &mut Heard<'_>) -> usize {
        let number = self.first + conn;
        let session = self.plot.session(number);
        let row = number % self.plot.distinct() % TREASURES.count;
        let Self { plot, tables, reader, .. } = self;
        responses::receive(reader, input, heard, |heard, response| {
            if is_as_expected(response, session, &tables[row as usize]) {
                heard.right();
                return;
            }
            match check(response, session, &plot.hunt) {
                Ok(true) => heard.right(),
                Ok(false) => {
                    heard.count(OTHER_HUNTS, 1);
                    heard.right();
                }
                Err(fault) => judge(heard, response, Err(fault)),
            }
        })
    }

    fn closed(&mut self, _: u32) {}
}

/// Whether a response is, byte for byte, what it is as long as no hunt comes or goes.
fn is_as_expected(response: &Response<'_>, session: u32, after_session: &[u8]) -> bool {
    let mut digits = itoa::Buffer::new();
    let rest = response.body.strip_prefix(br#"{"session":"#);
    let rest = rest.and_then(|rest| rest.strip_prefix(digits.format(session).as_bytes()));
    response.status == 200 && rest == Some(after_session)
}

/// Whether a response is right though it is not as expected: hunts may have come or gone, and with
/// them what a session sees. Tells whether it is of the hunt of this run.
fn check(response: &Response<'_>, session: u32, hunt: &str) -> Result<bool, Fault> {
    let table: Table<'_> = document(response, &[200])?;
    hold(table.session == session, || format!("it must be of session {session}"))?;
    let rows = table.loot.len();
    hold(rows <= ROWS as usize, || format!("it must have at most {ROWS} rows"))?;
    if table.hunt != Some(hunt) {
        return Ok(false);
    }
    hold(rows == ROWS as usize, || format!("it must have {ROWS} rows"))?;
    let number = |row: &Row<'_>| row.treasure.strip_prefix('t').and_then(|n| n.parse::<u32>().ok());
    let first = table.loot.first().and_then(number);
    let first = first.ok_or((ErrorKind::Wrong, "the first treasure is none of ours".to_owned()))?;
    for (row, place) in table.loot.iter().zip(0..) {
        let treasure = (first + place) % TREASURES.count;
        let holds = row.treasure == format!("t{treasure:04}")
            && row.item == TREASURES.item(treasure)
            && row.points == TREASURES.points(treasure)
            && row.remaining == SUPPLY;
        hold(holds, || format!("row {place} must be of t{treasure:04}, which nobody opened"))?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot() -> Loot {
        Loot { host: "h".into(), hunt: "run-loot".into(), place: 2, hunts: 5 }
    }

    fn response(body: &[u8]) -> Response<'_> {
        Response { status: 200, head: b"", body, length: 0, keeps: true }
    }

    fn body(session: u32, first: u32) -> Vec<u8> {
        let begin = format!(r#"{{"session":{session}"#).into_bytes();
        [begin, plot().after_session(first)].concat()
    }

    #[test]
    fn every_connection_sees_the_hunt_whatever_its_number() {
        let plot = plot();
        for number in [0, 1, 63, 64, 858_993_458, 858_993_459, u32::MAX] {
            assert_eq!(plot.session(number) % 5, 2, "{number}");
        }
        assert_eq!((plot.session(0), plot.session(1)), (2, 7));
        let only = Loot { place: 0, hunts: 1, ..plot };
        assert_eq!((only.session(0), only.session(70), only.session(u32::MAX)), (0, 70, 0));
    }

    #[test]
    fn a_table_is_right_where_its_rows_are_and_only_there() {
        let right = body(7, 63);
        assert!(is_as_expected(&response(&right), 7, &plot().after_session(63)));
        assert!(!is_as_expected(&response(&right), 70, &plot().after_session(63)));
        assert_eq!(check(&response(&right), 7, "run-loot"), Ok(true));
        assert_eq!(check(&response(&body(7, 9)), 7, "run-loot"), Ok(true));
        assert_eq!(check(&response(&right), 7, "other"), Ok(false));
        let text = String::from_utf8(right).unwrap();
        for (from, to) in [
            ("\"session\":7", "\"session\":8"),
            ("t0001", "t0002"),
            ("coin-3", "coin-4"),
            ("1000000}", "999999}"),
            ("t0063", "x0063"),
            ("]}", "]"),
        ] {
            assert!(text.contains(from), "{from}");
            let wrong = text.replacen(from, to, 1);
            assert!(check(&response(wrong.as_bytes()), 7, "run-loot").is_err(), "{wrong}");
        }
    }
}
