//! What must be on the wire for an answer of the model.

use super::model::answer::Answer;
use engine_core::error::Problem;
use engine_core::seam::{HuntState, Loot};
use serde_json::{Value, json};

/// The status and the body of a response. A session token is whatever the server says.
pub(crate) fn response(answer: &Answer, body: &Value) -> (u16, Value) {
    match answer {
        Answer::QuestPublished { quest, version, waypoints, treasures, created } => {
            let body = json!({"quest": quest.as_str(), "version": version,
                "waypoints": waypoints, "treasures": treasures});
            (if *created { 201 } else { 200 }, body)
        }
        Answer::HuntStarted { hunt, quest, version, capacity, round, created } => {
            let body = json!({"hunt": hunt.as_str(), "quest": quest.as_str(), "version": version,
                "capacity": capacity, "round": round});
            (if *created { 201 } else { 200 }, body)
        }
        Answer::Joined { player, .. } => {
            (201, json!({"player": player.player, "session": body["session"]}))
        }
        Answer::Resolved { .. } => (200, resolved(answer)),
        Answer::Status(status) => {
            let state = match status.state {
                HuntState::Running => "running",
                HuntState::Ended => "ended",
            };
            let body = json!({"hunt": status.hunt.as_str(), "quest": status.quest.as_str(),
                "version": status.version, "round": status.round, "status": state,
                "tick": status.tick, "remaining_ms": status.remaining_ms,
                "players": status.players, "capacity": status.capacity,
                "watchers": status.watchers, "claims": status.claims});
            (200, body)
        }
        Answer::Leaderboard { hunt, players, rows } => {
            let row = |row: &engine_core::seam::BoardRow| {
                json!({"rank": row.rank, "player": row.player, "name": row.name.as_str(),
                    "score": row.score})
            };
            let rows: Vec<_> = rows.iter().map(row).collect();
            (200, json!({"hunt": hunt.as_str(), "players": players, "rows": rows}))
        }
        Answer::Loot { session, hunt, rows } => {
            let row = |row: &engine_core::seam::LootRow| {
                json!({"treasure": row.treasure.as_str(), "item": row.item.as_str(),
                    "points": row.points, "remaining": row.remaining})
            };
            let rows: Vec<_> = rows.iter().map(row).collect();
            let hunt = hunt.as_ref().map(|hunt| hunt.as_str());
            (200, json!({"session": session, "hunt": hunt, "loot": rows}))
        }
        Answer::Refused(problem) => (problem.status(), refused(*problem, body)),
        other => panic!("no response is made of {other:?}"),
    }
}

/// The message for an answer.
pub(crate) fn message(answer: &Answer, seq: u32, message: &Value) -> Value {
    let (name, mut members) = match answer {
        Answer::Moved { outcome, at, energy } => {
            let members = json!({"outcome": outcome.as_str(), "x": at.x, "y": at.y, "z": at.z,
                "energy": energy});
            ("moved", members)
        }
        Answer::PowerUpUsed { outcome, power_up, active_ms, energy } => {
            let members = json!({"outcome": outcome.as_str(), "power_up": power_up.as_str(),
                "active_ms": active_ms, "energy": energy});
            ("power_up_used", members)
        }
        Answer::Resolved { .. } => ("resolved", resolved(answer)),
        Answer::Refused(problem) => ("refused", refused(*problem, &message["refused"])),
        other => panic!("no message is made of {other:?}"),
    };
    members["seq"] = json!(seq);
    json!({ name: members })
}

/// A problem document, whatever it says in detail.
fn refused(problem: Problem, said: &Value) -> Value {
    let mut document = said.clone();
    document["type"] = json!(format!("urn:hunt:problem:{}", problem.slug()));
    document["title"] = json!(problem.title());
    document["status"] = json!(problem.status());
    document
}

fn resolved(answer: &Answer) -> Value {
    let Answer::Resolved { outcome, loot, score, rank } = answer else {
        panic!("{answer:?} is no resolve")
    };
    let loot = loot.map(|Loot { item, points, power_up }| {
        let power_up = power_up.map(|power_up| power_up.as_str());
        json!({"item": item.as_str(), "points": points, "power_up": power_up})
    });
    json!({"outcome": outcome.as_str(), "loot": loot, "score": score, "rank": rank})
}

/// Whether two values say the same; 1 and 1.0 do.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|o| same(value, o)))
        }
        (one, other) => one == other,
    }
}
