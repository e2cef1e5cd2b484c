//! Players against a model of the server that does what the rules say, and against ones that do
//! not.

use super::*;
use crate::clock::Nanos;
use crate::errors::ErrorKind;
use crate::figures::LaneFigures;
use crate::workload::{Asked, Counting};

const TREASURES: Treasures = Treasures { count: 16 };

fn claims(boards: f64, again: f64) -> Claims {
    let player = |number: u32| Claimer {
        hunt: 0,
        number,
        name: format!("p{number}"),
        session: format!("token{number}"),
    };
    Claims {
        host: "h".into(),
        hunts: vec![ClaimHunt { id: "h0".into(), players: 3 }],
        treasures: TREASURES,
        boards,
        again,
        players: vec![vec![player(0), player(1)], vec![player(2)]],
    }
}

/// A server that keeps the rules, of one hunt.
#[derive(Default)]
struct Server {
    /// By session.
    players: std::collections::BTreeMap<String, Player>,
}

#[derive(Default)]
struct Player {
    opened: Vec<u32>,
    score: u32,
    /// Answers by key.
    answers: Vec<(String, String)>,
}

impl Server {
    fn answer(&mut self, request: &[u8]) -> String {
        let text = std::str::from_utf8(request).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let length = head.split("Content-Length: ").nth(1).unwrap();
        assert_eq!(length.parse::<usize>().unwrap(), body.len());
        let token = head.split("Bearer ").nth(1).unwrap().split("\r\n").next().unwrap();
        let value: serde_json::Value = serde_json::from_str(body).unwrap();
        let treasure: u32 = value["treasure"].as_str().unwrap()[1..].parse().unwrap();
        let place = ["x", "y", "z"].map(|axis| value[axis].as_u64().unwrap());
        assert_eq!(place, [0; 3], "nobody is ever too fast who stays at the start");
        let Player { opened, score, answers } = self.players.entry(token.into()).or_default();
        let key = value["key"].as_str();
        if let Some((_, answer)) = answers.iter().find(|(known, _)| Some(&**known) == key) {
            return answer.clone();
        }
        let answer = if opened.contains(&treasure) {
            format!(r#"{{"outcome":"already_claimed","loot":null,"score":{score},"rank":2}}"#)
        } else {
            opened.push(treasure);
            *score += TREASURES.points(treasure);
            let (item, points) = (TREASURES.item(treasure), TREASURES.points(treasure));
            format!(
                r#"{{"outcome":"claimed","loot":{{"item":"{item}","points":{points},"power_up":null}},"score":{score},"rank":1}}"#
            )
        };
        if let Some(key) = key {
            answers.push((key.into(), answer.clone()));
        }
        answer
    }
}

struct Talk {
    traffic: Box<dyn Traffic>,
    figures: LaneFigures,
    server: Server,
}

impl Talk {
    fn new(claims: Claims) -> Self {
        let traffic = claims.start(Share::all(2), 7);
        let names = traffic.names();
        let figures = LaneFigures::new("a", names.operations, names.metrics, names.counters);
        Self { traffic, figures, server: Server::default() }
    }

    /// Asks on a connection; the answer is changed by `change` before it is heard.
    fn ask(&mut self, conn: u32, change: impl Fn(String) -> String) -> Result<(), Exhausted> {
        let mut request = Vec::new();
        self.traffic.request(conn, RESOLVE, &mut request)?;
        let body = change(self.server.answer(&request));
        self.hear(conn, 200, &body);
        Ok(())
    }

    fn hear(&mut self, conn: u32, status: u16, body: &str) {
        let length = body.len();
        let bytes = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{body}");
        let counting = Counting {
            read_at: Nanos(5),
            from: Nanos(0),
            pushes: true,
            time_after_parse: false,
            opening: false,
        };
        let mut asked =
            VecDeque::from([Asked { operation: RESOLVE, intended: Nanos(1), sent: Nanos(1) }]);
        let mut say = Vec::new();
        let mut heard = Heard::new(counting, &mut asked, &mut self.figures, &mut say);
        let input = Input { bytes: bytes.as_bytes(), ended: false };
        assert_eq!(self.traffic.receive(conn, input, &mut heard), bytes.len());
    }
}

#[test]
fn every_claim_is_right_until_everything_is_opened() {
    let mut talk = Talk::new(claims(0.0, 0.2));
    while talk.ask(0, |answer| answer).is_ok() {}
    let counters: Vec<_> = talk.figures.counters.iter().map(|counter| counter.count).collect();
    assert_eq!(talk.figures.errors.samples(), []);
    assert_eq!(counters[FRESH], 2 * u64::from(TREASURES.count));
    assert!(counters[REPEATED] > 0);
    let exhausted = talk.ask(0, |answer| answer).unwrap_err();
    assert!(exhausted.0.contains("--sessions"));
    assert_eq!(talk.ask(1, |answer| answer), Ok(()), "others go on");
}

#[test]
fn each_wrong_field_is_found() {
    for (from, to) in [
        (r#""claimed""#, r#""too_far""#),
        (r#""item":"coin"#, r#""item":"c0in"#),
        (r#""points":"#, r#""points":1"#),
        (r#""score":"#, r#""score":1"#),
        (r#""rank":1"#, r#""rank":0"#),
        (r#""rank":1"#, r#""rank":4"#),
        (r#""power_up":null"#, r#""power_up":"boost""#),
        (r#","rank":1"#, ""),
        ("}}", "}"),
        (r#","score""#, r#","more":1,"score""#),
    ] {
        let mut talk = Talk::new(claims(0.0, 0.0));
        talk.ask(1, |answer| answer).unwrap();
        let change = |answer: String| {
            let changed = answer.replacen(from, to, 1);
            assert!(changed != answer || from == "}}", "{from} in {answer}");
            changed
        };
        talk.ask(1, change).unwrap();
        let wrong = talk.figures.errors.count(ErrorKind::Wrong);
        assert!(wrong == 1 || from == "}}", "{from}: {:?}", talk.figures.errors);
        assert_eq!(talk.figures.counters[FRESH].count, if from == "}}" { 2 } else { 1 }, "{from}");
    }
}

#[test]
fn the_same_answer_written_otherwise_is_right() {
    let mut talk = Talk::new(claims(0.0, 0.0));
    talk.ask(1, |answer| answer.replace(',', " ,\n")).unwrap();
    assert_eq!(talk.figures.errors.samples(), []);
    assert_eq!(talk.figures.counters[FRESH].count, 1);
}

#[test]
fn a_wrong_answer_is_one_error_and_a_refusal_is_another_kind() {
    let mut talk = Talk::new(claims(0.0, 0.0));
    talk.ask(1, |answer| answer.replace(r#""score":"#, r#""score":7"#)).unwrap();
    let mut request = Vec::new();
    talk.traffic.request(1, RESOLVE, &mut request).unwrap();
    talk.hear(1, 409, r#"{"type":"urn:hunt:problem:hunt-ended"}"#);
    let errors = &talk.figures.errors;
    assert_eq!((errors.count(ErrorKind::Wrong), errors.count(ErrorKind::Status)), (1, 1));
}

#[test]
fn what_was_lost_is_asked_for_again_whether_it_was_taken_or_not() {
    for taken in [true, false] {
        let mut talk = Talk::new(claims(0.0, 0.0));
        talk.ask(1, |answer| answer).unwrap();
        for _ in 0..2 {
            let mut request = Vec::new();
            talk.traffic.request(1, RESOLVE, &mut request).unwrap();
            if taken {
                talk.server.answer(&request);
            }
        }
        talk.traffic.closed(1);
        for _ in 0..TREASURES.count - 1 {
            talk.ask(1, |answer| answer).unwrap();
        }
        assert_eq!(talk.figures.errors.samples(), []);
        assert!(talk.ask(1, |answer| answer).is_err(), "everything is opened");
        assert_eq!(talk.server.players["token2"].opened.len(), TREASURES.count as usize);
    }
}

#[test]
fn a_share_of_requests_is_for_the_leaderboard() {
    let mut traffic = claims(0.25, 0.0).start(Share::all(2), 1);
    let boards = (0..4_000).filter(|_| traffic.choose() == BOARD).count();
    assert!((850..1_150).contains(&boards), "{boards}");
    let mut request = Vec::new();
    traffic.request(1, BOARD, &mut request).unwrap();
    let text = String::from_utf8(request).unwrap();
    assert!(text.starts_with("GET /v1/hunts/h0/leaderboard?limit=10&around=2 "), "{text}");
}

#[test]
fn a_worker_has_its_own_players_only() {
    let claims = claims(0.0, 0.0);
    let part = claims.share(Share::all(2).part(1, 2));
    assert_eq!(part.players, claims.players[1..]);
    assert_eq!(part.hunts, claims.hunts);
}
