//! Every row of the table of limits is crossed, and what happens is what the row says.
//!
//! What is expected is read from the row itself: the status, the close code, whether the
//! connection ends. A row without a test here fails.

mod support;

use alloc_heap::HeapArena;
use engine_core::limits::{LIMITS, LimitInfo, Limits};
use engine_core::seam::{ConnId, Listener};
use engine_core::shard::CONNECTIONS_FULL;
use support::{Pair as AnyPair, QUEST, frame, frames, request, upgrade};

type Pair = AnyPair<HeapArena>;

/// A row and a value for it that a test can reach.
struct Row {
    info: LimitInfo,
    limits: Limits,
}

impl Row {
    fn new(info: &LimitInfo, value: usize) -> Self {
        let mut limits = Limits::default();
        limits.set(info.name, value).expect(info.name);
        Self { info: *info, limits }
    }

    fn pair(&self) -> Pair {
        Pair::with_hunt(self.limits.clone())
    }

    /// The number that the row begins with, or names after "close code".
    fn code(&self) -> u16 {
        let text = self.info.crossed;
        let text = text.strip_prefix("close code ").unwrap_or(text);
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().expect(text)
    }

    /// The response that the row speaks of has come, and the connection has ended if it says so.
    fn refused(&self, pair: &mut Pair, id: ConnId) {
        let text = pair.text(id);
        let (name, status) = (self.info.name, format!("HTTP/1.1 {} ", self.code()));
        assert!(text.starts_with(&status), "{name}: {text}");
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{name}: {text}");
        if let Some((_, slug)) = self.info.crossed.split_once(' ').filter(|(_, w)| w.contains('-'))
        {
            assert!(text.contains(&format!("urn:hunt:problem:{slug}\"")), "{name}: {text}");
        }
        let closes = self.info.crossed.contains("close");
        assert_eq!(pair.wires[&id.index].ended, closes, "{name}");
        assert_eq!(text.contains("Connection: close\r\n"), closes, "{name}: {text}");
    }

    /// What just fits is answered with `status`, and what is one more as the row says.
    fn refuses(&self, status: u16, fits: &[u8], crosses: &[u8]) {
        let mut pair = self.pair();
        let id = pair.open();
        pair.send(id, fits);
        let text = pair.text(id);
        let name = self.info.name;
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{name} fits: {text}");
        assert!(!pair.wires[&id.index].ended, "{name} fits");
        pair.send(id, crosses);
        self.refused(&mut pair, id);
    }
}

/// Crosses a row.
fn cross(info: &LimitInfo) {
    match info.name {
        "connections_max" => connections(&Row::new(info, 2)),
        "target_bytes_max" => target(&Row::new(info, 64)),
        "head_bytes_max" => head(&Row::new(info, 300)),
        "fields_max" => fields(&Row::new(info, 4)),
        "body_bytes_max" => body(&Row::new(info, 256)),
        "quest_bytes_max" => quest(&Row::new(info, 1024)),
        "chunk_line_bytes_max" => chunk_line(&Row::new(info, 16)),
        "trailer_bytes_max" => trailers(&Row::new(info, 64)),
        "pipeline_max" => pipeline(&Row::new(info, 3)),
        "outbound_high_bytes" => outbound_high(&Row::new(info, 4096)),
        "outbound_bytes_max" => outbound(&Row::new(info, 64 * 1024)),
        "message_bytes_max" => message(&Row::new(info, 125)),
        "head_timeout_ms" => timeout(&Row::new(info, 800), b"GET /lo"),
        "body_timeout_ms" => timeout(
            &Row::new(info, 800),
            b"POST /v1/hunts/h1/players HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{",
        ),
        "keep_alive_ms" => keep_alive(&Row::new(info, 800)),
        "write_stall_ms" => write_stall(&Row::new(info, 800)),
        "linger_ms" => linger(&Row::new(info, 800)),
        "ping_ms" => ping(&Row::new(info, 800)),
        "idle_ms" => idle(&Row::new(info, 800)),
        "close_ms" => close(&Row::new(info, 800)),
        "quests_max" => quests(&Row::new(info, 2)),
        "hunts_max" => hunts(&Row::new(info, 2)),
        "ended_keep_ms" => ended_keep(&Row::new(info, 800)),
        "session_ttl_ms" => session_ttl(&Row::new(info, 800)),
        name => panic!("nothing crosses {name}"),
    }
}

#[test]
fn every_limit_is_crossed() {
    LIMITS.iter().for_each(cross);
}

#[test]
#[should_panic(expected = "nothing crosses new_max")]
fn a_limit_that_nothing_crosses_is_noticed() {
    cross(&LimitInfo { name: "new_max", ..LIMITS[0] });
}

fn connections(row: &Row) {
    let mut pair = row.pair();
    let first = pair.open();
    pair.open();
    assert_eq!(pair.try_open(Listener::Public), None);
    let text = String::from_utf8_lossy(CONNECTIONS_FULL);
    assert!(text.starts_with(&format!("HTTP/1.1 {} ", row.code())));
    assert!(text.contains("Connection: close\r\n"));
    pair.close(first);
    assert!(pair.try_open(Listener::Public).is_some());
}

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n").into_bytes()
}

fn target(row: &Row) {
    let target = |bytes: usize| get(&format!("/{}", "x".repeat(bytes - 1)));
    row.refuses(404, &target(64), &target(65));
}

fn head(row: &Row) {
    let head = |bytes: usize| {
        let empty = b"GET /loot HTTP/1.1\r\nHost: h\r\nX: \r\n\r\n".len();
        let value = "x".repeat(bytes - empty);
        format!("GET /loot HTTP/1.1\r\nHost: h\r\nX: {value}\r\n\r\n").into_bytes()
    };
    row.refuses(200, &head(300), &head(301));
}

fn fields(row: &Row) {
    let fields = |count: usize| {
        let more = "X: y\r\n".repeat(count - 1);
        format!("GET /loot HTTP/1.1\r\nHost: h\r\n{more}\r\n").into_bytes()
    };
    row.refuses(200, &fields(4), &fields(5));
}

fn join(body: &str) -> Vec<u8> {
    request("POST", "/v1/hunts/h1/players", "", body)
}

fn body(row: &Row) {
    let name = r#"{"name":"Eve"}"#;
    let padded = |bytes: usize| format!("{name}{}", " ".repeat(bytes - name.len()));
    row.refuses(201, &join(&padded(256)), &join(&padded(257)));
    let chunked = |bytes: usize| chunked("", &padded(bytes), "");
    row.refuses(201, &chunked(256), &chunked(257));
}

fn chunked(extension: &str, body: &str, trailers: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST /v1/hunts/h1/players HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\
         {length:x}{extension}\r\n{body}\r\n0\r\n{trailers}\r\n"
    )
    .into_bytes()
}

fn quest(row: &Row) {
    let mut pair = row.pair();
    let id = pair.open();
    let padded = |bytes: usize| format!("{QUEST}{}", " ".repeat(bytes - QUEST.len()));
    pair.put(id, "/v1/quests/other", &padded(1024));
    assert!(pair.text(id).starts_with("HTTP/1.1 201 "));
    pair.put(id, "/v1/quests/other", &padded(1025));
    row.refused(&mut pair, id);
}

fn chunk_line(row: &Row) {
    let line =
        |bytes: usize| chunked(&format!(";{}", "x".repeat(bytes - 2)), r#"{"name":"E"}"#, "");
    row.refuses(201, &line(16), &line(17));
}

fn trailers(row: &Row) {
    let trailers = |bytes: usize| {
        let field = format!("X:{}\r\n", "x".repeat(bytes / 2 - 4));
        let last = format!("Y:{}\r\n", "y".repeat(bytes - bytes / 2 - 4));
        chunked("", r#"{"name":"E"}"#, &(field + &last))
    };
    row.refuses(201, &trailers(64), &trailers(65));
}

fn pipeline(row: &Row) {
    assert_eq!(row.info.crossed, "the next one is not read before a reply is ready");
    let mut pair = row.pair();
    let id = pair.open();
    pair.hold_store = true;
    pair.send(id, &get("/v1/hunts/h1/status").repeat(5));
    assert_eq!((pair.late.len(), pair.shard.wants_read(id)), (3, false));
    pair.answer_one(0);
    assert_eq!((pair.late.len(), pair.shard.wants_read(id)), (3, false), "the fourth is read");
    pair.hold_store = false;
    pair.answer(false);
    assert_eq!(pair.text(id).matches("HTTP/1.1 200 ").count(), 5);

    let player = pair.play("Ada", "");
    pair.hold_store = true;
    let message = br#"{"seq":1,"move":{"x":0,"y":0,"z":0}}"#;
    pair.send(player, &frame(1, message).repeat(5));
    assert_eq!((pair.late.len(), pair.shard.wants_read(player)), (3, false));
}

fn outbound_high(row: &Row) {
    assert!(row.info.crossed.starts_with("back-pressure; the latest frame"));
    let mut pair = row.pair();
    let (id, player) = (pair.open(), pair.play("Ada", ""));
    pair.hold_writes = true;
    pair.send(id, &get("/v1/hunts/h1/status").repeat(60));
    assert!(!pair.shard.wants_read(id));
    assert!(!pair.wires[&id.index].tail.is_empty(), "what follows is not read");
    pair.wait(150 * 40);
    assert_eq!(pair.shard.figures().slow, 1);
    for _ in 0..3 {
        pair.take(player);
    }
    pair.hold_writes = false;
    pair.take(player);
    assert_eq!(pair.shard.figures().slow, 0);
    pair.take(id);
    assert!(pair.shard.wants_read(id) && pair.wires[&id.index].tail.is_empty());
}

fn outbound(row: &Row) {
    assert!(row.info.crossed.contains("(WebSocket), close (HTTP)"));
    // Nothing else may stop the peer before.
    let limits = Limits { outbound_high_bytes: 1 << 20, ..row.limits.clone() };
    let mut pair = Pair::with_hunt(limits);
    let (id, player) = (pair.open(), pair.play("Ada", ""));
    pair.hold_writes = true;
    while pair.shard.figures().stuck == 0 {
        pair.send(player, &frame(9, &[b'p'; 125]));
    }
    assert_eq!(goodbye(&mut pair, player), row.code());
    while pair.shard.figures().stuck == 1 {
        pair.send(id, &get("/v1/hunts/h1/status").repeat(10));
    }
    assert!(pair.wires[&id.index].aborted);
}

/// The code of the Close frame that is the last of what comes.
fn goodbye(pair: &mut Pair, id: ConnId) -> u16 {
    let mut bytes = pair.take(id);
    while pair.wires[&id.index].in_flight.is_some() || !pair.wires[&id.index].bytes.is_empty() {
        bytes.extend(pair.take(id));
    }
    let (opcode, payload) = frames(&bytes).pop().expect("a frame");
    assert_eq!(opcode, 8);
    u16::from_be_bytes([payload[0], payload[1]])
}

fn message(row: &Row) {
    let mut pair = row.pair();
    let player = pair.play("Ada", "");
    pair.send(player, &frame(1, &[b' '; 125]));
    assert_eq!(frames(&pair.take(player))[0].0, 1, "it is answered");
    pair.send(player, &frame(1, &[b' '; 126]));
    assert_eq!(goodbye(&mut pair, player), row.code());
    assert!(pair.wires[&player.index].ended);

    let player = pair.play("Bo", "");
    let mut first = frame(1, &[b' '; 100]);
    first[0] &= 0x7f;
    pair.send(player, &[first, frame(0, &[b' '; 26])].concat());
    assert_eq!(goodbye(&mut pair, player), row.code());
}

/// Time-outs are met at most a sweep late: a quarter of the shortest one.
const SWEEP_MS: u64 = 250;

fn timeout(row: &Row, begin: &[u8]) {
    let mut pair = row.pair();
    let id = pair.open();
    pair.send(id, begin);
    pair.wait(700);
    assert_eq!(pair.text(id), "");
    pair.wait(100 + SWEEP_MS);
    row.refused(&mut pair, id);
}

fn keep_alive(row: &Row) {
    assert_eq!(row.info.crossed, "close");
    let mut pair = row.pair();
    let id = pair.open();
    pair.wait(700);
    pair.send(id, &get("/loot"));
    pair.take(id);
    pair.wait(700);
    assert!(!pair.wires[&id.index].ended);
    pair.wait(100 + SWEEP_MS);
    assert!(pair.wires[&id.index].ended);
    assert_eq!(pair.text(id), "");
}

fn write_stall(row: &Row) {
    assert!(row.info.crossed.contains("and abort (WebSocket), abort (HTTP)"));
    let mut pair = row.pair();
    let (id, player) = (pair.open(), pair.play("Ada", ""));
    let other = pair.play("Bo", "");
    pair.hold_writes = true;
    pair.send(id, &get("/loot"));
    pair.send(player, &frame(9, b"hi"));
    pair.send(other, &frame(9, b"hi"));
    pair.wait(700);
    assert!(!pair.wires[&id.index].aborted);
    pair.wait(100 + SWEEP_MS);
    assert!(pair.wires[&id.index].aborted && !pair.wires[&player.index].aborted);
    assert_eq!(goodbye(&mut pair, player), row.code());
    pair.wait(row.limits.linger_ms as u64 + SWEEP_MS);
    assert!(pair.wires[&other.index].aborted);
}

fn linger(row: &Row) {
    assert_eq!(row.info.crossed, "abort");
    let mut pair = row.pair();
    let id = pair.open();
    pair.send(id, b"GET /loot HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert!(pair.wires[&id.index].ended);
    pair.wait(700);
    assert!(!pair.wires[&id.index].aborted);
    pair.wait(100 + SWEEP_MS);
    assert!(pair.wires[&id.index].aborted);
}

fn ping(row: &Row) {
    assert_eq!(row.info.crossed, "ping");
    let mut pair = row.pair();
    let player = pair.play("Ada", "");
    let pings = |bytes: &[u8]| frames(bytes).iter().filter(|(opcode, _)| *opcode == 9).count();
    pair.wait(700);
    assert_eq!(pings(&pair.take(player)), 0);
    pair.wait(100 + SWEEP_MS);
    assert_eq!(pings(&pair.take(player)), 1);
}

fn idle(row: &Row) {
    let mut pair = row.pair();
    let player = pair.play("Ada", "");
    pair.wait(700);
    assert!(frames(&pair.take(player)).iter().all(|(opcode, _)| *opcode == 1));
    pair.wait(100 + SWEEP_MS);
    assert_eq!(goodbye(&mut pair, player), row.code());
}

fn close(row: &Row) {
    assert_eq!(row.info.crossed, "abort");
    let limits = Limits { idle_ms: 1_000, ..row.limits.clone() };
    let mut pair = Pair::with_hunt(limits);
    let player = pair.play("Ada", "");
    pair.wait(1_000 + SWEEP_MS);
    assert_eq!(goodbye(&mut pair, player), 1001);
    pair.wait(400);
    assert!(!pair.wires[&player.index].aborted);
    pair.wait(400 + SWEEP_MS);
    assert!(pair.wires[&player.index].aborted);
}

fn quests(row: &Row) {
    let mut pair = row.pair();
    let id = pair.open();
    pair.put(id, "/v1/quests/second", QUEST);
    assert!(pair.text(id).starts_with("HTTP/1.1 201 "));
    pair.put(id, "/v1/quests/third", QUEST);
    row.refused(&mut pair, id);
    pair.put(id, "/v1/quests/second", &format!("{QUEST} "));
    assert!(pair.text(id).starts_with("HTTP/1.1 200 "), "a version of a quest that is held");
}

fn hunts(row: &Row) {
    let mut pair = row.pair();
    let id = pair.open();
    let body = r#"{"quest":"pier","capacity":1}"#;
    pair.put(id, "/v1/hunts/h2", body);
    assert!(pair.text(id).starts_with("HTTP/1.1 201 "));
    pair.put(id, "/v1/hunts/h3", body);
    row.refused(&mut pair, id);
    pair.put(id, "/v1/hunts/h2", body);
    assert!(pair.text(id).starts_with("HTTP/1.1 200 "), "a hunt that is held");
}

fn ended_keep(row: &Row) {
    let short = QUEST.replacen('{', r#"{"rules":{"duration_ms":500},"#, 1);
    let mut pair = Pair::with_hunt_of(row.limits.clone(), &short);
    let id = pair.open();
    pair.wait(500 + 700);
    pair.send(id, &get("/v1/hunts/h1/status"));
    assert!(pair.text(id).contains("\"status\":\"ended\""));
    pair.wait(150);
    pair.send(id, &get("/v1/hunts/h1/status"));
    row.refused(&mut pair, id);
}

fn session_ttl(row: &Row) {
    let mut pair = row.pair();
    let token = pair.join("Ada");
    let id = pair.open();
    pair.wait(790);
    pair.send(id, &upgrade(&token, ""));
    assert!(pair.wires[&id.index].bytes.starts_with(b"HTTP/1.1 101 "));
    pair.wait(10);
    let id = pair.open();
    pair.send(id, &upgrade(&token, ""));
    row.refused(&mut pair, id);
}
