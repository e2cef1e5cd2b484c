//! Differential fuzzing: it finds nothing where nothing is, and what is planted, in as few calls as
//! it takes; what it prints is a transcript that the wrong server fails.

use alloc_heap::HeapArena;
use golden::config::Config;
use golden::core::Core;
use golden::differ::{Corpus, Outcome, Pair, Plan, Side};
use golden::library::Library;
use golden::parse::parse;
use golden::pattern::Clock;
use golden::peer::{Conn, Cut, Peer, Read, Unable, Wait};
use golden::player::{Options, Played, play};
use golden::process::{Process, Program};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::AtomicU64;
use std::thread;

/// The engine, but for one text in its answers, in place of which it says another.
struct Wrong {
    core: Core<HeapArena>,
    fault: (&'static str, &'static str),
}

impl Peer for Wrong {
    fn connect(&mut self, admin: bool) -> Result<Conn, String> {
        self.core.connect(admin)
    }
    fn send(&mut self, conn: Conn, bytes: &[u8]) {
        self.core.send(conn, bytes);
    }
    fn receive(&mut self, conn: Conn, wait: Wait, buf: &mut Vec<u8>) -> Read {
        let before = buf.len();
        let read = self.core.receive(conn, wait, buf);
        changed(&mut buf[before..], self.fault);
        read
    }
    fn end_sending(&mut self, conn: Conn) {
        self.core.end_sending(conn);
    }
    fn cut(&mut self, conn: Conn) {
        self.core.cut(conn);
    }
    fn is_gone(&mut self, conn: Conn) -> bool {
        self.core.is_gone(conn)
    }
    fn reading(&mut self, conn: Conn, on: bool) -> Result<(), Unable> {
        self.core.reading(conn, on)
    }
    fn advance(&mut self, ms: u32) {
        self.core.advance(ms);
    }
    fn clock(&self) -> Clock {
        self.core.clock()
    }
    fn drain(&mut self) -> Result<(), Unable> {
        self.core.drain()
    }
    fn fail_store(&mut self) -> Result<(), Unable> {
        self.core.fail_store()
    }
}

/// Says the second text in place of the first, which is as long.
fn changed(bytes: &mut [u8], (from, to): (&str, &str)) {
    assert_eq!(from.len(), to.len());
    for at in 0..bytes.len() {
        if !from.is_empty() && bytes[at..].starts_with(from.as_bytes()) {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
    }
}

const NO_FAULT: (&str, &str) = ("", "");

/// Plays the engine against itself, with a fault on the right.
fn differ(fault: (&'static str, &'static str), sequences: u64) -> Outcome {
    let config = Config::read().expect("the configuration is good");
    let core = || Core::<HeapArena>::new(&config, config.limits.clone());
    let side = |fault| Side {
        name: "core".into(),
        start: Box::new(move || Ok(Box::new(Wrong { core: core(), fault }) as Box<dyn Peer>)),
    };
    let pair = Pair {
        left: side(NO_FAULT),
        right: side(fault),
        vars: config.vars(),
        loose: false,
        shared: false,
        plays: AtomicU64::new(0),
    };
    let plan = Plan {
        seed: 1,
        sequences: Some(sequences),
        time: None,
        length: 40,
        findings_max: 1,
        at_once: 1,
    };
    let corpus = Corpus::read(&Library::of_checkout()).expect("it is there");
    pair.run(&plan, &corpus).expect("it runs")
}

/// A transcript against the engine, with or without the fault.
fn replayed(source: &str, fault: (&'static str, &'static str)) -> Played {
    let config = Config::read().expect("the configuration is good");
    let mut peer = Wrong { core: Core::new(&config, config.limits.clone()), fault };
    let transcript = parse("a.txt", source, &|_| None).expect("what is printed can be read");
    play(&transcript, &mut peer, &config.vars(), Options::strict(Cut::Whole))
}

#[test]
fn nothing_is_found_where_nothing_differs_and_everything_is_asked() {
    let Outcome { sequences, tally, findings, unrepeated } = differ(NO_FAULT, 60);
    assert!(findings.is_empty() && unrepeated.is_empty(), "{findings:?} {unrepeated:?}");
    assert_eq!(sequences, 60);
    assert!(tally.calls > 2_000, "{tally:?}");
    assert!(tally.granted > tally.calls / 5 && tally.refused > tally.calls / 5, "{tally:?}");
    assert!(tally.upgrades > 40 && tally.frames > 200, "{tally:?}");
}

#[test]
fn what_is_planted_is_found_in_as_few_calls_as_it_takes() {
    for (fault, calls) in [
        // A document, and it is refused.
        (("problem:invalid-quest", "problem:invalid-guest"), 1),
        // A quest, a hunt, a player; a second one has a rank.
        (("{\"rank\":2,", "{\"rank\":3,"), 5),
        // A quest, a hunt, a player, a WebSocket; a message.
        (("\"outcome\":\"used\"", "\"outcome\":\"lost\""), 5),
        // The same; the first frame, in protobuf: a waypoint in play, and its index.
        (("Sec-WebSocket-Protocol: hunt.v1\r\n", "Sec-WebSocket-Protocol: hunt.v2\r\n"), 4),
    ] {
        let outcome = differ(fault, 400);
        let [finding] = &outcome.findings[..] else {
            panic!("{fault:?} is not found once: {:?}", outcome.findings)
        };
        assert_eq!(finding.calls.1, calls, "{fault:?}:\n{}", finding.source);
        let failures = replayed(&finding.source, fault).failures;
        assert_eq!(failures.len(), 1, "the wrong server fails it:\n{}", finding.source);
        let failures = replayed(&finding.source, NO_FAULT).failures;
        assert!(failures.is_empty(), "the right one passes it: {failures:?}");
    }
}

/// Passes everything on to `to`, and answers with one text in place of another.
fn proxy(to: SocketAddr, fault: (&'static str, &'static str)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let at = listener.local_addr().expect("it is bound");
    let pump = |mut from: TcpStream, mut to: TcpStream, fault: (&'static str, &'static str)| {
        thread::spawn(move || {
            let mut chunk = [0; 16 * 1024];
            while let Ok(len @ 1..) = from.read(&mut chunk) {
                if fault != NO_FAULT {
                    changed(&mut chunk[..len], fault);
                }
                if to.write_all(&chunk[..len]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Write);
        })
    };
    thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let Ok(far) = TcpStream::connect(to) else { return };
            let two = near.try_clone().and_then(|n| Ok((n, far.try_clone()?)));
            let (near_too, far_too) = two.expect("descriptors are there");
            pump(near, far, NO_FAULT);
            pump(far_too, near_too, fault);
        }
    });
    at
}

fn golden(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_golden")).args(args).output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it prints UTF-8")
}

#[test]
fn a_running_server_is_compared_and_what_is_saved_is_played_by_check() {
    let program = Program {
        path: env!("CARGO_BIN_EXE_golden").into(),
        first: vec!["hunt-server".into()],
        runtime: Some("tokio".into()),
    };
    // Each play on a running server has quests and hunts of its own.
    let limits = ["--limit", "quests_max=100000", "--limit", "hunts_max=100000"];
    let server = Process::start_with(&program, &limits).expect("it starts");
    let at = server.addresses();
    let wrong = proxy(at.admin, ("not well-formed JSON", "quite malformed JSON"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differ");
    let _ = std::fs::remove_dir_all(&folder);
    let folder = folder.to_str().expect("UTF-8");
    let right = format!("http://{},http://{wrong}", at.public);
    let out = golden(&["differ", "--left", "core", "--right", &right, "--loose", "--save", folder]);
    let said = text(&out.stdout);
    assert_eq!(out.status.code(), Some(1), "{said}{}", text(&out.stderr));
    assert!(said.contains("calls are answered differently"), "{said}");
    assert!(said.contains("quite malformed") && said.contains(" --admin-url http://"), "{said}");
    let public = format!("http://{}", at.public);
    for (admin, code) in [(wrong, 1), (at.admin, 0)] {
        let admin = format!("http://{admin}");
        let check = ["check", "--transcripts", folder, "--url", &public, "--admin-url", &admin];
        let out = golden(&check);
        assert_eq!(out.status.code(), Some(code), "{}{}", text(&out.stdout), text(&out.stderr));
    }
}

#[test]
fn our_servers_do_not_differ() {
    let args = ["differ", "--left", "tokio", "--right", "tokio-per-core", "--sequences", "8"];
    let out = golden(&args);
    let said = text(&out.stdout);
    assert!(out.status.success(), "{said}{}", text(&out.stderr));
    assert!(said.contains("8 sequences from seed 1") && said.contains("0 differences"), "{said}");
}

#[test]
fn what_cannot_be_asked_for_is_refused() {
    for (args, what) in [
        (&["--left", "tokyo", "--right", "core"][..], "no server is called tokyo"),
        (&["--left", "http://127.0.0.1:1", "--right", "core"], "http://ADMIN_HOST:PORT"),
        (&["--left", "core", "--right", "core", "--seconds", "0"], "seconds are"),
        (&["--left", "core", "--right", "core", "--length", "0"], "1..=1000"),
        (&["--left", "core", "--right", "core", "--findings", "0"], "--findings and --at-once"),
        (&["--left", "core", "--left-program", "x", "--right", "core"], "the core is no program"),
    ] {
        let out = golden(&[&["differ"], args].concat());
        let error = text(&out.stderr);
        assert!(out.status.code() == Some(2) && error.contains(what), "{args:?}: {error}");
    }
}
