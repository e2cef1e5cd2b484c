//! Each lie of a server is found, counted as what it is, and shown.

use super::liar::{Fate, Liar, Lie, Spin, as_it_is, truth};
use super::support::{Stand, honest};
use loadgen::Outcome;
use loadgen::errors::ErrorKind;
use loadgen::messages::Encoding;
use loadgen::workload::Kind;
use std::time::Duration;

/// A short run with somebody in between. All messages are JSON, so that lies can be read.
fn told(workload: Kind, lie: Lie) -> Outcome {
    let stand = Stand::new(workload);
    let liar = Liar::before(stand.server.public, lie, as_it_is);
    stand.run_at(liar.address, |plan| {
        plan.options.hunts = Some(2);
        plan.options.encoding = Some(Encoding::Json);
        plan.connections = Some(6);
    })
}

/// The lie is counted as this kind, and a sample shows it.
fn found(outcome: &Outcome, kind: ErrorKind, shows: &str) {
    let errors = outcome.figures.errors();
    assert!(errors.count(kind) > 0, "{:#?}", errors.samples());
    let mut samples = errors.samples().iter().filter(|sample| sample.kind == kind);
    assert!(samples.any(|sample| sample.text.contains(shows)), "{:#?}", errors.samples());
}

/// The message, with `from` in place of `to` wherever it is.
fn with(payload: &[u8], from: &str, to: &str) -> Fate {
    let text = str::from_utf8(payload).unwrap();
    Fate::Said(text.replacen(from, to, 1).into_bytes())
}

#[test]
fn somebody_in_between_who_tells_the_truth_is_not_noticed() {
    for workload in [Kind::State, Kind::Sockets] {
        let outcome = told(workload, truth);
        honest(&outcome);
        assert!(outcome.figures.requests().right > 0);
    }
}

#[test]
fn a_player_who_is_elsewhere_is_wrong() {
    let lie = |_, payload: &[u8]| {
        with(payload, r#""outcome":"moved","x":"#, r#""outcome":"moved","x":1"#)
    };
    found(&told(Kind::State, lie), ErrorKind::Wrong, "the player must be at");
}

#[test]
fn a_move_that_is_refused_for_no_reason_is_wrong() {
    let lie = |_, payload: &[u8]| with(payload, r#""outcome":"moved""#, r#""outcome":"too_fast""#);
    found(&told(Kind::State, lie), ErrorKind::Wrong, "the outcome must be moved");
}

#[test]
fn a_power_up_that_was_not_used_is_wrong() {
    let lie = |_, payload: &[u8]| with(payload, r#""outcome":"used""#, r#""outcome":"none_left""#);
    found(&told(Kind::State, lie), ErrorKind::Wrong, "it cannot be");
}

#[test]
fn an_answer_to_another_message_is_wrong() {
    let lie = |_, payload: &[u8]| with(payload, r#""seq":"#, r#""seq":1"#);
    found(&told(Kind::State, lie), ErrorKind::Wrong, "seq must be");
}

#[test]
fn a_refusal_is_a_wrong_status() {
    let lie = |n, payload: &[u8]| {
        match n % 10 {
        9 => Fate::Said(br#"{"refused":{"seq":1,"type":"urn:hunt:problem:hunt-ended","title":"the hunt has ended","status":409}}"#.to_vec()),
        _ => Fate::Said(payload.to_vec()),
    }
    };
    found(&told(Kind::State, lie), ErrorKind::Status, "was refused");
}

#[test]
fn an_answer_that_never_comes_is_not_waited_for_forever() {
    let lie = |_, payload: &[u8]| match payload.starts_with(br#"{"moved""#) {
        true => Fate::Dropped,
        false => Fate::Said(payload.to_vec()),
    };
    let outcome = told(Kind::State, lie);
    let errors = outcome.figures.errors();
    assert!(errors.total() > 0 && outcome.figures.requests().failed > 0, "{errors:#?}");
}

#[test]
fn a_skipped_tick_is_missed() {
    let lie = |n, payload: &[u8]| match n {
        3 => Fate::Dropped,
        _ => Fate::Said(payload.to_vec()),
    };
    found(&told(Kind::Sockets, lie), ErrorKind::Missed, "came after tick");
}

#[test]
fn silence_to_the_end_is_missed() {
    let lie = |n, payload: &[u8]| match n {
        0..2 => Fate::Said(payload.to_vec()),
        _ => Fate::Dropped,
    };
    let outcome = told(Kind::Sockets, lie);
    found(&outcome, ErrorKind::Missed, "nothing came after tick");
    let delivery = outcome.figures.lanes[0].metrics[0].values.quantiles();
    assert!(delivery.max > 500_000_000, "what did not come was waited for: {delivery:?}");
}

#[test]
fn a_tick_that_is_told_twice_is_wrong() {
    let lie = |n, payload: &[u8]| match n {
        3 => Fate::Raw([&[0x81, 126][..], &len(payload), payload].concat().repeat(2)),
        _ => Fate::Said(payload.to_vec()),
    };
    found(&told(Kind::Sockets, lie), ErrorKind::Wrong, "the frame of tick");
}

fn len(payload: &[u8]) -> [u8; 2] {
    u16::try_from(payload.len()).unwrap().to_be_bytes()
}

#[test]
fn waypoints_of_another_quest_are_wrong() {
    let lie = |_, payload: &[u8]| with(payload, r#""radius":"#, r#""radius":1"#);
    found(&told(Kind::Sockets, lie), ErrorKind::Wrong, "not those in play");
}

#[test]
fn a_round_that_ends_before_its_time_is_wrong() {
    let lie = |n, payload: &[u8]| match n {
        4 => with(payload, "running", "ended"),
        _ => Fate::Said(payload.to_vec()),
    };
    found(&told(Kind::Sockets, lie), ErrorKind::Wrong, "over before its time");
}

#[test]
fn garbage_is_malformed() {
    let lie = |n, payload: &[u8]| match n {
        4 => Fate::Raw(b"\xff\xfe garbage".to_vec()),
        _ => Fate::Said(payload.to_vec()),
    };
    for workload in [Kind::State, Kind::Sockets] {
        found(&told(workload, lie), ErrorKind::Malformed, "garbage");
    }
}

#[test]
fn a_message_that_is_not_json_is_malformed_or_wrong() {
    let lie = |n, payload: &[u8]| match n {
        4 => Fate::Said(payload[..payload.len() - 3].to_vec()),
        _ => Fate::Said(payload.to_vec()),
    };
    found(&told(Kind::Sockets, lie), ErrorKind::Wrong, "malformed");
}

#[test]
fn an_end_without_a_close_is_early() {
    let lie = |n, payload: &[u8]| match n {
        4 => Fate::Cut,
        _ => Fate::Said(payload.to_vec()),
    };
    for workload in [Kind::State, Kind::Sockets] {
        let outcome = told(workload, lie);
        let errors = outcome.figures.errors();
        let early = errors.count(ErrorKind::ClosedEarly) + errors.count(ErrorKind::Reset);
        assert!(early > 0, "{errors:#?}");
    }
}

#[test]
fn a_close_that_nobody_expects_is_early() {
    let lie = |n, payload: &[u8]| match n {
        4 => Fate::Raw(b"\x88\x04\x03\xe9hi".to_vec()),
        _ => Fate::Said(payload.to_vec()),
    };
    found(&told(Kind::Sockets, lie), ErrorKind::ClosedEarly, "1001 \"hi\"");
}

/// A short run of `quests` with somebody in between who changes responses: to operators or players.
fn spun(to_operators: Option<Spin>, to_players: Option<Spin>) -> Outcome {
    let stand = Stand::new(Kind::Quests);
    let operators = Liar::before(stand.server.admin, truth, to_operators.unwrap_or(as_it_is));
    let players = Liar::before(stand.server.public, truth, to_players.unwrap_or(as_it_is));
    stand.run_at(players.address, |plan| {
        plan.admin = operators.address;
        plan.options.hunts = Some(2);
        plan.options.publish_per_s = Some(12.0);
        plan.connections = Some(2);
        plan.duration = Duration::from_millis(2_000);
    })
}

/// The response with the digit that follows this text made one higher, or lower where it is 9.
fn counted_wrong(response: &str, after: &str) -> String {
    let Some(at) = response.find(after).map(|at| at + after.len()) else {
        return response.to_owned();
    };
    let digit = response.as_bytes()[at];
    let other = if digit == b'9' { digit - 1 } else { digit + 1 };
    format!("{}{}{}", &response[..at], char::from(other), &response[at + 1..])
}

#[test]
fn somebody_who_passes_responses_on_is_not_noticed() {
    let outcome = spun(None, None);
    honest(&outcome);
    assert!(outcome.figures.counter("entered") > 0, "{outcome:#?}");
}

#[test]
fn a_version_that_was_left_out_is_wrong() {
    let outcome = spun(Some(|response| counted_wrong(response, r#""version":"#)), None);
    found(&outcome, ErrorKind::Wrong, "it must be version");
    found(&outcome, ErrorKind::Wrong, "it must be of version");
}

#[test]
fn a_round_that_was_left_out_is_wrong() {
    let outcome = spun(Some(|response| counted_wrong(response, r#""round":"#)), None);
    found(&outcome, ErrorKind::Wrong, "the round must be");
}

#[test]
fn a_quest_that_lost_a_waypoint_is_wrong() {
    let outcome = spun(Some(|response| counted_wrong(response, r#""waypoints":"#)), None);
    found(&outcome, ErrorKind::Wrong, "it must have 4200 waypoints and 100 treasures");
}

#[test]
fn a_hunt_that_plays_another_version_than_its_status_says_is_wrong() {
    let outcome = spun(None, Some(|response| counted_wrong(response, r#""version":"#)));
    let entrants = outcome.figures.lanes.iter().find(|lane| lane.name == "entrants").unwrap();
    assert!(entrants.errors.count(ErrorKind::Wrong) > 0, "{entrants:#?}");
    let sample = &entrants.errors.samples()[0].text;
    assert!(sample.contains("not those in play"), "{sample}");
}

#[test]
fn a_status_that_is_late_is_wrong() {
    let outcome = spun(None, Some(|response| counted_wrong(response, r#""tick":"#)));
    found(&outcome, ErrorKind::Wrong, "do not belong together");
    let outcome = spun(None, Some(|response| response.replace("running", "walking")));
    found(&outcome, ErrorKind::Wrong, "unknown variant");
}
