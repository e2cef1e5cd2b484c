//! Every peer, as a process of its own, does the same work and keeps its connections whole.

use floor::agree::{self, Answers};
use floor::child::Running;
use floor::peer::{Peer, REFERENCE};
use process::answer;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

fn start(peer: Peer) -> Running {
    let core = process::system::cores().expect("the system tells")[0];
    let program = Path::new(env!("CARGO_BIN_EXE_floor"));
    Running::start_from(program, peer, core, agree::PLAYERS).expect("it starts")
}

/// Every peer that this system lets start: containers often forbid rings.
fn peers() -> impl Iterator<Item = Peer> {
    let rings = io_uring::IoUring::new(8).is_ok();
    let starts = move |peer: &Peer| peer.probe().is_ok() && (rings || *peer != Peer::IoUring);
    Peer::all().into_iter().filter(starts)
}

#[test]
fn every_peer_gives_the_same_answers() {
    let reference = Answers::of(&start(REFERENCE)).unwrap();
    assert!(reference.len() > 40);
    for peer in peers() {
        let answers = Answers::of(&start(peer)).unwrap_or_else(|error| panic!("{peer}: {error:#}"));
        if let Err(error) = answers.check(&reference) {
            panic!("{peer}: {error:#}");
        }
    }
}

#[test]
fn another_answer_is_found_and_named() {
    let running = start(Peer::Epoll);
    let first = Answers::of(&running).unwrap();
    // The world is not as it was: what was fresh is claimed.
    let second = Answers::of(&running).unwrap();
    let error = second.check(&first).unwrap_err().to_string();
    assert!(error.starts_with("a fresh claim is answered"), "{error}");
}

#[test]
fn answers_to_whoever_does_not_read_arrive_whole() {
    const REQUEST: &[u8] = b"GET /loot?session=3 HTTP/1.1\r\nHost: floor\r\n\r\n";
    const REQUESTS: usize = 20_000;
    for peer in peers().filter(|peer| peer.is_floor()) {
        let running = start(peer);
        let mut socket = TcpStream::connect(running.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut sender = socket.try_clone().unwrap();
        let sending = thread::spawn(move || sender.write_all(&REQUEST.repeat(REQUESTS)));
        let (mut input, mut read) = (Vec::new(), [0; 65_536]);
        let mut bodies = Vec::new();
        while bodies.len() < REQUESTS {
            let count = match socket.read(&mut read) {
                // The end of the ring in `peers` interrupts a call with a time-out.
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                result => result.unwrap(),
            };
            assert!(count > 0, "{peer} hung up after {}", bodies.len());
            input.extend_from_slice(&read[..count]);
            let mut done = 0;
            while let Some(answer) = answer::response(&input[done..]).unwrap() {
                bodies.push(input[done..][answer.body.clone()].to_vec());
                done += answer.body.end;
            }
            input.drain(..done);
        }
        sending.join().unwrap().unwrap();
        assert!(input.is_empty() && bodies.iter().all(|body| *body == bodies[0]), "{peer}");
    }
}

#[test]
fn connections_that_end_in_any_state_leave_room_for_others() {
    for peer in peers().filter(|peer| peer.is_floor()) {
        let running = start(peer);
        for bytes in [&b""[..], b"GET /lo", b"nonsense\r\n\r\n", b"GET /loot HTTP/1.1\r\nHo"] {
            for _ in 0..300 {
                let mut socket = TcpStream::connect(running.address).unwrap();
                socket.write_all(bytes).unwrap();
            }
        }
        let answers = Answers::of(&running).unwrap_or_else(|error| panic!("{peer}: {error:#}"));
        assert!(answers.len() > 40);
    }
}
