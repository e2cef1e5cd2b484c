//! `GET /v1/hunts/{hunt}/status` of random hunts: the smallest request that looks at one hunt, and
//! the one by which operators see that the game lives.

use super::broadcast::UnixClock;
use super::hunts::{Hunt, Hunts};
use super::job::Plot;
use super::lane::Share;
use super::responses::{self, Fault, document, hold, judge};
use super::seam::{Exhausted, Heard, Input, Names, Opening, Traffic};
use crate::clock::Nanos;
use crate::http::{Reader, Request, Response};
use crate::messages::HuntState;
use crate::quest_plan::{BROADCAST_MS, QuestPlan};
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Questions for the status of hunts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HuntStatus {
    /// The value of the Host field.
    pub host: String,
    /// The hunts that are asked for, whose rounds run until after the run.
    pub hunts: Hunts,
}

impl Plot for HuntStatus {
    fn share(&self, _share: Share) -> Self {
        self.clone()
    }

    fn start(self, share: Share, seed: u64) -> Box<dyn Traffic> {
        let request = |hunt: &Hunt| {
            Request::new("GET", &format!("/v1/hunts/{}/status", hunt.id), &self.host).bytes()
        };
        Box::new(Asking {
            requests: self.hunts.hunts.iter().map(request).collect(),
            clock: UnixClock::now(),
            hunts: self.hunts,
            rng: Rng::with_seed(seed),
            reader: Reader::default(),
            asked: vec![VecDeque::new(); share.count as usize],
        })
    }
}

/// A worker's questions.
#[derive(Debug)]
struct Asking {
    hunts: Hunts,
    requests: Vec<Vec<u8>>,
    clock: UnixClock,
    rng: Rng,
    reader: Reader,
    /// By connection: which hunt was asked for, and when.
    asked: Vec<VecDeque<(usize, Nanos)>>,
}

impl Traffic for Asking {
    fn names(&self) -> Names {
        Names { operations: &["hunt-status"], metrics: &[], counters: &[] }
    }

    fn open(&mut self, _conn: u32, _out: &mut Vec<u8>) -> Opening {
        Opening::Ready
    }

    fn request(&mut self, conn: u32, _: usize, out: &mut Vec<u8>) -> Result<(), Exhausted> {
        let hunt = self.rng.usize(..self.requests.len());
        out.extend_from_slice(&self.requests[hunt]);
        self.asked[conn as usize].push_back((hunt, Nanos::now()));
        Ok(())
    }

    fn receive(&mut self, conn: u32, input: Input<'_>, heard: &mut Heard<'_>) -> usize {
        let Self { hunts, clock, reader, asked, .. } = self;
        responses::receive(reader, input, heard, |heard, response| {
            let verdict = match asked[conn as usize].pop_front() {
                Some((hunt, sent)) => {
                    let hunt = &hunts.hunts[hunt];
                    let plan = &hunts.quests[hunt.quest as usize];
                    let start = hunt.start_unix_ms.map(|ms| clock.of_unix_ms(ms));
                    check(response, hunt, plan, start, sent..heard.at())
                }
                // The engine says what that is.
                None => Ok(()),
            };
            judge(heard, response, verdict);
        })
    }

    fn closed(&mut self, conn: u32) {
        self.asked[conn as usize].clear();
    }
}

/// The answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Status<'a> {
    hunt: &'a str,
    quest: &'a str,
    version: u32,
    round: u32,
    status: HuntState,
    tick: u32,
    remaining_ms: u32,
    players: u32,
    capacity: u32,
    watchers: u32,
    claims: u64,
}

/// Whether an answer says what it must of a hunt, `when` it was handled.
fn check(
    response: &Response<'_>,
    hunt: &Hunt,
    plan: &QuestPlan,
    start: Option<Nanos>,
    when: std::ops::Range<Nanos>,
) -> Result<(), Fault> {
    let status: Status<'_> = document(response, &[200])?;
    hold(status.hunt == hunt.id && status.quest == hunt.quest_id, || {
        format!("it must be of hunt {} of quest {}", hunt.id, hunt.quest_id)
    })?;
    let (version, capacity) = (hunt.version, hunt.capacity);
    hold(status.version == version && status.round == 1 && status.capacity == capacity, || {
        format!("it must be version {version}, round 1, capacity {capacity}")
    })?;
    hold((hunt.players..=capacity).contains(&status.players), || {
        format!("the players must be {} to {capacity}", hunt.players)
    })?;
    // One connection each, and another one for a moment where one is lost.
    hold(u64::from(status.watchers) <= 2 * u64::from(status.players), || {
        "there are more watchers than the players can be".into()
    })?;
    hold(status.claims <= plan.treasures as u64 * u64::from(plan.supply), || {
        "there are more claims than treasures".into()
    })?;
    hold(status.status == HuntState::Running, || "the hunt must be running".into())?;
    // Both clocks are cut off to whole milliseconds.
    let time_ms = start.map_or(0..=u64::MAX, |start| {
        let ms = |at: Nanos| at.since(start) / 1_000_000;
        ms(when.start).saturating_sub(1)..=ms(when.end) + 1
    });
    let duration_ms = plan.rules.duration_ms;
    let told_ms = u64::from(duration_ms).checked_sub(status.remaining_ms.into());
    hold(told_ms.is_some_and(|told_ms| time_ms.contains(&told_ms)), || {
        format!("remaining_ms must be {duration_ms} less {time_ms:?}")
    })?;
    hold(told_ms.map(|told_ms| told_ms / BROADCAST_MS) == Some(status.tick.into()), || {
        "tick and remaining_ms do not belong together".into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::ErrorKind;

    const RIGHT: &str = r#"{"hunt":"h1","quest":"q1","version":1,"round":1,"status":"running","tick":6,"remaining_ms":599000,"players":5,"capacity":9,"watchers":3,"claims":0}"#;

    /// Asked a second after the start, and answered ten milliseconds later.
    fn checked(status: u16, body: &str) -> Result<(), Fault> {
        let response =
            Response { status, head: b"", body: body.as_bytes(), length: 0, keeps: true };
        let hunt = Hunt {
            id: "h1".into(),
            quest: 0,
            quest_id: "q1".into(),
            version: 1,
            start_unix_ms: None,
            players: 4,
            capacity: 9,
        };
        let when = Nanos(1_005_000_000)..Nanos(1_015_000_000);
        let rules = crate::quest_plan::Rules::default();
        let plan = QuestPlan { seed: 7, edition: 0, waypoints: 1, treasures: 2, supply: 3, rules };
        check(&response, &hunt, &plan, Some(Nanos(5_000_000)), when)
    }

    #[test]
    fn a_right_answer_is_right_whenever_it_was_handled() {
        for remaining_ms in 598_989..=599_001 {
            let tick = (600_000 - remaining_ms) / 150;
            let body = RIGHT.replace("599000", &remaining_ms.to_string());
            let body = body.replace(r#""tick":6"#, &format!(r#""tick":{tick}"#));
            assert_eq!(checked(200, &body), Ok(()), "{remaining_ms}");
        }
    }

    #[test]
    fn each_wrong_field_is_found() {
        for (from, to) in [
            (r#""h1""#, r#""h2""#),
            (r#""q1""#, r#""q2""#),
            (r#""version":1"#, r#""version":2"#),
            (r#""round":1"#, r#""round":2"#),
            ("running", "ended"),
            (r#""tick":6"#, r#""tick":7"#),
            ("599000", "599002"),
            ("599000", "598900"),
            ("599000", "600001"),
            (r#""players":5"#, r#""players":3"#),
            (r#""players":5"#, r#""players":10"#),
            (r#""capacity":9"#, r#""capacity":8"#),
            (r#""watchers":3"#, r#""watchers":11"#),
            (r#""claims":0"#, r#""claims":7"#),
            (r#","claims":0"#, ""),
            (r#""claims":0"#, r#""claims":0,"more":1"#),
        ] {
            assert!(RIGHT.contains(from), "{from}");
            let wrong = RIGHT.replace(from, to);
            assert_eq!(checked(200, &wrong).map_err(|it| it.0), Err(ErrorKind::Wrong), "{wrong}");
        }
        assert_eq!(checked(503, RIGHT).map_err(|it| it.0), Err(ErrorKind::Status));
    }
}
