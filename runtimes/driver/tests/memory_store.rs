//! The memory store where the simulation does not look: its bounds, its faults, threads at once.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use alloc_heap::HeapArena;
use driver::store::{Memory, Store};
use engine_core::arena::ArenaMeters;
use engine_core::error::Problem;
use engine_core::game::hash::Seed;
use engine_core::limits::Limits;
use engine_core::seam::{
    Applied, Command, ConnId, Query, Reply, ReplyTo, Request, Submit, WorkerId,
};
use engine_core::text::Id;
use engine_core::time::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const QUEST: &str = r#"{"name":"Pier","waypoints":[{"x":0,"y":0,"z":0,"radius":5}],"treasures":[
{"id":"t1","x":0,"y":0,"z":0,"radius":5,"loot":{"item":"pearl","points":50}}],
"rules":{"duration_ms":1000}}"#;

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn memory(workers: usize, limits: Limits) -> Memory<HeapArena> {
    let memory = Memory::new(workers, Seed(5), ArenaMeters::default(), Arc::new(limits));
    let quest = Command::PublishQuest { quest: id("pier"), body: QUEST.into() };
    assert!(matches!(ask(&memory, NOW, Request::Command(quest)), Reply::QuestPublished { .. }));
    memory
}

fn ask_as(memory: &Memory<HeapArena>, now: Timestamp, worker: WorkerId, request: Request) -> Reply {
    let to = ReplyTo { worker, conn: ConnId { index: 1, generation: 2 }, slot: 3 };
    let mut applied = Applied::default();
    memory.submit(now, Submit { to, request }, &mut applied);
    let (answered, reply) = applied.replies.pop().unwrap();
    assert_eq!(answered, to);
    assert!(applied.replies.is_empty());
    reply
}

fn ask(memory: &Memory<HeapArena>, now: Timestamp, request: Request) -> Reply {
    ask_as(memory, now, WorkerId(0), request)
}

fn start(hunt: &str) -> Request {
    let (hunt, quest) = (id(hunt), id("pier"));
    Request::Command(Command::StartHunt { hunt, quest, version: None, capacity: 9 })
}

/// The hunt that a session sees on a worker.
fn loot(memory: &Memory<HeapArena>, worker: u8, session: u32) -> Option<Id> {
    let query = Request::Query(Query::Loot { session, hunt: None });
    let Reply::Loot { hunt, rows, .. } = ask_as(memory, NOW, WorkerId(worker), query) else {
        panic!("a loot table")
    };
    assert_eq!(rows.len(), usize::from(hunt.is_some()));
    hunt
}

#[test]
fn a_store_holds_as_many_hunts_as_it_may_however_many_threads_start_them() {
    let memory = memory(4, Limits { hunts_max: 50, ..Limits::default() });
    let (started, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (memory, started, refused) = (&memory, &started, &refused);
            scope.spawn(move || {
                for hunt in 0..20 {
                    match ask(memory, NOW, start(&format!("h{thread}-{hunt}"))) {
                        Reply::HuntStarted { created: true, .. } => {
                            started.fetch_add(1, Ordering::Relaxed)
                        }
                        Reply::Refused(refusal) => {
                            assert_eq!(refusal.problem, Problem::HuntsFull);
                            refused.fetch_add(1, Ordering::Relaxed)
                        }
                        other => panic!("{other:?}"),
                    };
                }
            });
        }
    });
    assert_eq!((started.into_inner(), refused.into_inner()), (50, 30));
    assert_eq!(memory.figures().hunts_running, 50);
    // All of them are listed, each once, in the same order for every worker.
    let listed: Vec<_> = (0..50).map(|session| loot(&memory, 0, session).unwrap()).collect();
    assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), 50);
    for (session, hunt) in (100..).zip(&listed) {
        assert_eq!(loot(&memory, 3, session), Some(*hunt));
    }
    // One that is there already can be started again.
    let again = ask(&memory, NOW, start(listed[7].as_str()));
    assert!(matches!(again, Reply::HuntStarted { created: false, .. }), "{again:?}");
}

#[test]
fn a_hunt_that_was_forgotten_leaves_its_place_and_returns_at_the_end() {
    let memory = memory(2, Limits { ended_keep_ms: 500, hunts_max: 3, ..Limits::default() });
    for (ms, hunt) in [(0, "a"), (400, "b"), (800, "c")] {
        ask(&memory, NOW.after_ms(ms), start(hunt));
    }
    let tick = |ms| (0..2).for_each(|w| memory.tick(NOW.after_ms(ms), WorkerId(w), &mut vec![]));
    let listed = || (0..3).map(|n| loot(&memory, 1, n).unwrap()).collect::<Vec<_>>();
    tick(1_499);
    assert_eq!(listed(), ["a", "b", "c"].map(id));
    tick(1_500);
    assert_eq!(listed(), ["b", "c", "b"].map(id));
    let again = ask(&memory, NOW.after_ms(1_500), start("a"));
    assert!(matches!(again, Reply::HuntStarted { created: true, round: 1, .. }), "{again:?}");
    assert_eq!(listed(), ["b", "c", "a"].map(id));
    tick(60_000);
    assert_eq!(loot(&memory, 0, 5), None);
    assert_eq!((memory.quests(), memory.figures().hunts_ended), (1, 0));
}

#[test]
fn a_quest_with_a_fault_is_refused_with_its_place() {
    let memory = memory(1, Limits::default());
    let body = QUEST.replace("\"radius\":5}]", "\"radius\":-5}]").into();
    let reply = ask(&memory, NOW, Request::Command(Command::PublishQuest { quest: id("x"), body }));
    let Reply::Refused(refusal) = reply else { panic!("{reply:?}") };
    assert_eq!(refusal.problem, Problem::InvalidQuest);
    assert_eq!(refusal.fault.unwrap().path, "/waypoints/0/radius");
    let request = Command::StartHunt { hunt: id("h"), quest: id("x"), version: None, capacity: 1 };
    let reply = ask(&memory, NOW, Request::Command(request));
    assert!(matches!(&reply, Reply::Refused(r) if r.problem == Problem::UnknownQuest), "{reply:?}");
}

#[test]
fn every_worker_keeps_the_time_of_its_share_of_hunts() {
    let memory = memory(3, Limits::default());
    let mut shares = [0; 3];
    for hunt in 0..300 {
        shares[usize::from(memory.keeper(&id(&format!("h{hunt}"))).0)] += 1;
    }
    assert!(shares.iter().all(|share| *share > 60), "{shares:?}");
}
