//! A store that answers from another thread, after a while: what a log or another machine does.

use super::Start;
use super::client::{Client, request};
use super::server::Plan;
use crate::control::Control;
use crate::loops::TICK;
use crate::store::{Memory, Store};
use engine_core::arena::Arena;
use engine_core::seam::{Applied, Published, Submit, WorkerId};
use engine_core::time::Timestamp;
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// Answers as the store beneath does, later.
pub(super) struct Late<A: Arena> {
    memory: Memory<A>,
    answers: Mutex<Sender<Answer>>,
}

struct Answer {
    at: Instant,
    worker: WorkerId,
    applied: Applied,
}

impl<A: Arena> Late<A> {
    pub(super) fn new(memory: Memory<A>, control: Control, late: Duration) -> Self {
        let (answers, due) = mpsc::channel::<Answer>();
        // Ends with the store.
        thread::spawn(move || {
            for Answer { at, worker, applied } in due {
                while let Some(early) = (at + late).checked_duration_since(Instant::now()) {
                    thread::park_timeout(early);
                }
                control.applied(worker, applied);
            }
        });
        Self { memory, answers: Mutex::new(answers) }
    }
}

impl<A: Arena> Store for Late<A> {
    fn submit(&self, now: Timestamp, submit: Submit, _: &mut Applied) {
        let worker = submit.to.worker;
        let mut applied = Applied::default();
        self.memory.submit(now, submit, &mut applied);
        let answer = Answer { at: Instant::now(), worker, applied };
        self.answers.lock().unwrap().send(answer).unwrap();
    }

    fn tick(&self, now: Timestamp, worker: WorkerId, published: &mut Vec<Published>) {
        self.memory.tick(now, worker, published);
    }
}

/// It has said all, and is owed everything that it asked for.
pub fn a_peer_that_ends_its_side_gets_answers_that_come_late(start: Start<'_>) {
    let server = start(Plan { late: Some(Duration::from_millis(50)), ..Plan::default() });
    for requests in [1, 3, 100] {
        let mut peer = Client::connect(server.public);
        peer.send(&request("GET", "/loot", "", "").repeat(requests));
        peer.finish();
        for _ in 0..requests {
            assert_eq!(peer.response().expect("an answer").status, 200);
        }
        assert!(peer.has_ended());
    }
}

/// The worker sleeps when its mail is sent, and does not wait for its next tick to find it. The
/// machine may be busy, so only some of the answers must be quick; without a wake none is, since
/// each request follows an answer and so a tick.
pub fn mail_of_another_thread_wakes_its_worker(start: Start<'_>) {
    let server = start(Plan { late: Some(Duration::ZERO), ..Plan::default() });
    let mut client = Client::connect(server.public);
    let mut times: Vec<_> = (0..100)
        .map(|_| {
            let begin = Instant::now();
            assert_eq!(client.ask("GET", "/loot", "", "").status, 200);
            begin.elapsed()
        })
        .collect();
    times.sort();
    assert!(times[10] < TICK / 2, "{times:?}");
}
