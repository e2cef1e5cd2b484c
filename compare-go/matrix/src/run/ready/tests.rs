//! Servers and a `golden` that are small scripts, and somebody who answers in their place.

use super::*;
use crate::bundle::run::CommandLine;
use crate::run::interrupt::Interrupted;
use crate::run::programs::scripts::{Folder, script};
use process::system;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

/// A golden that passes.
const PASSES: &str = r#"echo "$@" >> golden.args; echo "tokio: 38 transcripts: 0 failed""#;
/// One of which a transcript fails, unless it is played by itself.
const PASSES_ALONE: &str = r#"
echo "$@" >> golden.args
case "$*" in *--filter*http/a.txt) echo "1 transcripts: 0 failed"; exit 0 ;; esac
printf 'transcripts/setup/play.txt:9: the answer differs\n  - < 200\n\n'
echo "FAILED http/a.txt: 9 exchanges, 3 plays"
echo "38 transcripts: 1 failed, 0 listed amiss"; exit 1
"#;
/// One that cannot start many servers at once.
const PASSES_FEW: &str = r#"
echo "$@" >> golden.args
case "$*" in *--at-once=6*) echo "38 transcripts: 0 failed"; exit 0 ;; esac
echo "golden: no memory may be locked" >&2; exit 2
"#;
/// One that fails always.
const FAILS: &str = r#"
echo "$@" >> golden.args
printf 'ok http/0.txt: 2 exchanges\n   left out http/0.txt:2: for the core\n'
printf 'transcripts/http/a.txt:9: the answer differs\n  - < 200\n  + < 500\n\nanother\n\n'
echo "FAILED http/a.txt: 9 exchanges, 3 plays"
echo "tokio: 38 transcripts: 1 failed"
exit 1
"#;

/// A checkout, a server in it, and whoever answers for it.
struct Checkout {
    folder: Folder,
    at: SocketAddr,
    shown: Vec<String>,
    stop: Stop,
    server: Server,
}

impl Checkout {
    fn new(answer: &'static str) -> Self {
        let folder = Folder::new("ready");
        for path in ["golden/transcripts/http", "compare-go/reference", "target/matrix"] {
            fs::create_dir_all(folder.path.join(path)).unwrap();
        }
        for path in [
            "golden/transcripts/http/a.txt",
            "golden/server.toml",
            "compare-go/reference/differences.txt",
        ] {
            fs::write(folder.path.join(path), "as it is").unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 1024]);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        let server = "tokio+system+bump".parse().unwrap();
        Self { folder, at, shown: Vec::new(), stop: Stop::default(), server }
    }

    /// A server that says where it listens and ends when it is asked to.
    fn serves(&self) -> Program {
        let at = self.at;
        self.program(
            "server",
            &format!(
                "[ \"$1\" = --version ] && {{ echo 'server 0.1.0'; exit; }}\n\
                 echo \"$@\" >> server.args\n\
                 trap 'exit 0' TERM\n\
                 echo players: http://{at}\necho admin: http://{at}\nsleep 600 & wait"
            ),
        )
    }

    fn program(&self, name: &str, text: &str) -> Program {
        script(&self.folder, &format!("target/matrix/{name}"), text);
        let build = CommandLine { program: "cargo".into(), ..CommandLine::default() };
        Program {
            path: format!("target/matrix/{name}"),
            build,
            sha256: format!("the digest of {name}"),
            bytes: 9,
            stripped_bytes: Observed::Is(7),
        }
    }

    fn ready(
        &mut self,
        program: Result<Program, String>,
        golden: Program,
    ) -> anyhow::Result<ServerState> {
        let programs = Programs::of_server(self.server, program, golden);
        let cores: Vec<u32> =
            system::cores().unwrap().into_iter().map(|core| u32::try_from(core).unwrap()).collect();
        let cores = Cores { server: vec![cores[0]], generator: vec![*cores.last().unwrap()] };
        let Self { folder, shown, stop, server, .. } = self;
        let record = ready(&folder.path, *server, Extent::Quick, &programs, &cores, shown, stop)?;
        assert_eq!(record.server, *server);
        Ok(record.state)
    }

    fn is_ready(&mut self, golden: &str) -> Ready {
        let (server, golden) = (self.serves(), self.program("golden", golden));
        match self.ready(Ok(server), golden).unwrap() {
            ServerState::Ready(ready) => *ready,
            ServerState::LeftOut(why) => panic!("it was left out: {why}"),
        }
    }

    fn is_left_out(&mut self, server: Program, golden: &str) -> String {
        let golden = self.program("golden", golden);
        match self.ready(Ok(server), golden).unwrap() {
            ServerState::Ready(ready) => panic!("it was not left out: {ready:?}"),
            ServerState::LeftOut(why) => why,
        }
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path.join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

/// The loot table of a world without hunts.
const LOOT: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 35\r\n\r\n{\"session\":0,\"hunt\":null,\"loot\":[]}";

#[test]
fn a_server_that_starts_and_plays_the_game_is_ready() {
    let mut checkout = Checkout::new(LOOT);
    let ready = checkout.is_ready(PASSES);
    assert_eq!(ready.program_sha256, "the digest of server");
    assert_eq!((ready.program_bytes, ready.stripped_bytes), (9, Observed::Is(7)));
    assert_eq!(ready.version, Observed::Is("server 0.1.0".into()));
    assert_eq!(ready.start_up_ns.len(), 5);
    assert!(ready.start_up_ns.iter().all(|ns| *ns > 0));
    assert_eq!(ready.golden.said, "tokio: 38 transcripts: 0 failed");
    let expected = "check --verbose --at-once=24 --server tokio --arg=--arena=bump --program target/matrix/server";
    assert_eq!(checkout.lines("golden.args"), [expected]);
    assert_eq!(ready.golden.command.args.join(" "), expected);
    let started = checkout.lines("server.args");
    assert_eq!(started.len(), 5);
    assert!(started[0].contains("--arena bump"), "{started:?}");
}

#[test]
fn transcripts_that_fail_on_a_busy_machine_are_played_again_by_themselves() {
    let mut checkout = Checkout::new(LOOT);
    let ready = checkout.is_ready(PASSES_ALONE);
    let said = "38 transcripts: 1 failed, 0 listed amiss; played again, and passed: http/a.txt";
    assert_eq!(ready.golden.said, said);
    let args = checkout.lines("golden.args");
    assert_eq!(args.len(), 2);
    assert!(
        args[1].contains("--at-once=3") && args[1].ends_with("--filter http/a.txt"),
        "{args:?}"
    );
}

#[test]
fn what_fails_otherwise_is_played_again_with_fewer_at_once() {
    let mut checkout = Checkout::new(LOOT);
    let ready = checkout.is_ready(PASSES_FEW);
    assert!(ready.golden.said.starts_with("38 transcripts: 0 failed (at 24 at once: exit"));
    assert!(ready.golden.said.contains("no memory may be locked"), "{}", ready.golden.said);
    assert!(ready.golden.command.args.contains(&"--at-once=6".to_owned()));
    assert_eq!(checkout.lines("golden.args").len(), 2);
    // An entry of the list that names no section is no transcript that failed.
    let mut checkout = Checkout::new(LOOT);
    let amiss = PASSES_ALONE.replace("0 listed amiss", "1 listed amiss");
    let server = checkout.serves();
    let why = checkout.is_left_out(server, &amiss);
    assert!(why.contains("1 listed amiss"), "{why}");
    assert!(!checkout.lines("golden.args")[1].contains("--filter"));
}

#[test]
fn a_server_that_plays_otherwise_is_left_out_with_the_first_difference() {
    let mut checkout = Checkout::new(LOOT);
    let server = checkout.serves();
    let why = checkout.is_left_out(server, FAILS);
    assert!(why.contains("38 transcripts: 1 failed\ntranscripts/http/a.txt:9"), "{why}");
    assert!(why.contains("+ < 500") && !why.contains("another"), "{why}");
    assert_eq!(checkout.lines("golden.args").len(), 2);
    let server = checkout.serves();
    let why = checkout.is_left_out(server, "echo golden: no such server >&2; exit 2");
    assert!(why.contains("no such server"), "{why}");
    let (server, golden) = (checkout.serves(), checkout.program("golden", PASSES));
    fs::remove_file(checkout.folder.path.join(&golden.path)).unwrap();
    let state = checkout.ready(Ok(server), golden).unwrap();
    let ServerState::LeftOut(why) = state else { panic!("there is no golden") };
    assert!(why.contains("cannot be played: target/matrix/golden cannot be started"), "{why}");
}

#[test]
fn a_pass_is_taken_over_by_the_very_same_only() {
    let mut checkout = Checkout::new(LOOT);
    checkout.is_ready(PASSES);
    let again = checkout.is_ready(PASSES);
    assert_eq!(checkout.lines("golden.args").len(), 1);
    let said = "0 failed (taken over from 0 min before: the same program";
    assert!(again.golden.said.contains(said), "{}", again.golden.said);
    // Another arena, another transcript, another program.
    checkout.server = "tokio+system+heap".parse().unwrap();
    assert!(!checkout.is_ready(PASSES).golden.said.contains("taken over"));
    fs::write(checkout.folder.path.join("golden/transcripts/http/a.txt"), "changed").unwrap();
    assert!(!checkout.is_ready(PASSES).golden.said.contains("taken over"));
    let server = Program { sha256: "another digest".into(), ..checkout.serves() };
    let golden = checkout.program("golden", PASSES);
    checkout.ready(Ok(server), golden).unwrap();
    assert_eq!(checkout.lines("golden.args").len(), 4);
    // Nothing is taken over from a file that is not understood.
    fs::write(checkout.folder.path.join("target/matrix/golden-passes.json"), "{").unwrap();
    assert!(!checkout.is_ready(PASSES).golden.said.contains("taken over"));
}

#[test]
fn a_server_that_cannot_start_here_is_left_out_with_what_it_said() {
    let mut checkout = Checkout::new(LOOT);
    checkout.server = "glommio+jemalloc+heap".parse().unwrap();
    let refused = checkout.program("server", "echo 'io_uring is refused: EPERM' >&2; exit 1");
    let why = checkout.is_left_out(refused, PASSES);
    assert!(why.contains("io_uring is refused: EPERM"), "{why}");
    assert!(why.contains("exit status: 1") && why.contains("hunt-server doctor"), "{why}");
    assert_eq!(checkout.lines("golden.args").len(), 0);
}

#[test]
fn a_server_that_answers_wrongly_is_left_out() {
    let mut checkout =
        Checkout::new("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno");
    let server = checkout.serves();
    let why = checkout.is_left_out(server, PASSES);
    assert!(why.contains("GET /loot was answered 503 no"), "{why}");
}

#[test]
fn a_server_that_was_not_built_is_left_out_with_the_reason() {
    let mut checkout = Checkout::new(LOOT);
    let golden = checkout.program("golden", PASSES);
    let state = checkout.ready(Err("there is no Go".into()), golden).unwrap();
    assert_eq!(state, ServerState::LeftOut("there is no Go".into()));
}

#[test]
fn looking_at_a_server_ends_when_it_is_to_stop() {
    let mut checkout = Checkout::new(LOOT);
    let (server, golden) = (checkout.serves(), "echo $$ > pid; sleep 600 & wait");
    let golden = checkout.program("golden", golden);
    let (stop, pid) = (checkout.stop.clone(), checkout.folder.path.join("pid"));
    let asks = thread::spawn(move || {
        while fs::read_to_string(&pid).unwrap_or_default().is_empty() {
            thread::yield_now();
        }
        stop.ask();
    });
    let error = checkout.ready(Ok(server), golden).unwrap_err();
    asks.join().unwrap();
    assert!(error.to_string().contains("stopped while tokio+system+bump"), "{error}");
    assert!(error.is::<Interrupted>(), "{error:#}");
    let pid = checkout.lines("pid").concat();
    assert!(!Path::new("/proc").join(&pid).exists(), "golden still runs");
}
