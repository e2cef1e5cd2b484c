//! Random commands against the engine, on both arenas, and against the model: every answer, every
//! frame and every forgotten hunt must be the same.
#![expect(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "test data is small, and what is not there fails the test"
)]

mod model;

use alloc_bumpalo::BumpArena;
use alloc_heap::HeapArena;
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::game::catalogue::Catalogue;
use engine_core::game::hash::Seed;
use engine_core::game::partition::{Partition, PartitionFigures};
use engine_core::game::quest::Quest;
use engine_core::limits::Limits;
use engine_core::seam::{
    Applied, Codec, Command, ConnId, HuntKey, PlayerRef, Point, PowerUp, Published, Query, Reply,
    ReplyTo, Watch, WorkerId,
};
use engine_core::text::{Id, Key, Name};
use engine_core::time::Timestamp;
use model::Model;
use model::answer::{Answer, FrameView, PublishedView};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const START_MS: u64 = 1_700_000_000_000;
const ENDED_KEEP_MS: usize = 3_000;

/// Quests in which everything happens soon: short rounds, small supplies, few units apart.
const QUESTS: [&str; 4] = [
    r#"{"name":"quick","waypoints":[{"x":0,"y":0,"z":0,"radius":5},{"x":1.5,"y":-2,"z":0.25,
    "radius":1}],"treasures":[{"id":"a","x":1,"y":0,"z":0,"radius":2,"supply":2,"loot":{"item":
    "coin","points":10,"power_up":"double"}},{"id":"b","x":0,"y":1,"z":0,"radius":2,"opens_ms":
    1500,"loot":{"item":"gem","points":25,"power_up":"boost"}},{"id":"c","x":0,"y":0,"z":-4,
    "radius":1.5,"supply":3,"loot":{"item":"cup","points":10}}],"rules":{"duration_ms":4000,
    "waypoint_ms":400,"power_up_ms":900,"energy_per_s":9,"start_power_ups":{"boost":2}}}"#,
    r#"{"name":"rich","waypoints":[{"x":2,"y":2,"z":2,"radius":1}],"treasures":[
    {"id":"a","x":2,"y":2,"z":2,"radius":3,"supply":4,"loot":{"item":"coin","points":1000000}},
    {"id":"b","x":2,"y":2,"z":4,"radius":3,"supply":4,"loot":{"item":"coin","points":7,
    "power_up":"reach"}}],"rules":{"energy_max":1000,"energy_per_s":0,"power_up_energy":300,
    "waypoints_in_play":3,"speed_max":0.5}}"#,
    r#"{"name":"slow","waypoints":[{"x":-1,"y":0,"z":0,"radius":1},{"x":0,"y":0,"z":0,"radius":1},
    {"x":1,"y":0,"z":0,"radius":1}],"treasures":[{"id":"a","x":-1,"y":1,"z":0,"radius":0.8,
    "supply":1,"loot":{"item":"key","points":1}}],"rules":{"duration_ms":1000,"waypoint_ms":150,
    "waypoints_in_play":2,"power_up_energy":0,"start_power_ups":{"boost":0,"reach":3}}}"#,
    r#"{"name":"slow","waypoints":[{"x":-1,"y":0,"z":0,"radius":1}],"treasures":[{"id":"z","x":0,
    "y":0,"z":0,"radius":9,"loot":{"item":"key","points":2}},{"id":"a","x":0,"y":0,"z":0,
    "radius":9,"supply":100,"loot":{"item":"key","points":3}}],"rules":{"speed_max":1000000}}"#,
];

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Milliseconds.
    Wait(u64),
    /// A request that comes late by so much.
    Late(u64),
    Publish(u8, u8),
    Start(u8, u8, Option<u32>, u32),
    Join(u8, u8),
    Resolve(u16, u8, [i8; 3], Option<u8>),
    Move(u16, [i8; 3]),
    UsePowerUp(u16, u8),
    Status(u8),
    Leaderboard(u8, u32, Option<u32>),
    Loot(u32),
    Snapshot(u8, bool),
    Watch(u16, u8, bool),
    Unwatch(u16),
    Tick,
}

fn step() -> impl Strategy<Value = Step> {
    let place =
        || prop_oneof![3 => [-2..=2i8, -2..=2i8, -2..=2i8], 1 => [-9..=9i8, 0..=9i8, 0..=9i8]];
    let key = proptest::option::weighted(0.4, 0..12u8);
    prop_oneof![
        8 => (0..200u64).prop_map(Step::Wait),
        1 => (0..5_000u64).prop_map(Step::Wait),
        1 => (0..300u64).prop_map(Step::Late),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(quest, body)| Step::Publish(quest, body)),
        3 => (any::<u8>(), any::<u8>(), proptest::option::weighted(0.2, 1..5u32), 1..7u32)
            .prop_map(|(hunt, quest, version, seats)| Step::Start(hunt, quest, version, seats)),
        5 => (any::<u8>(), any::<u8>()).prop_map(|(hunt, name)| Step::Join(hunt, name)),
        14 => (any::<u16>(), any::<u8>(), place(), key)
            .prop_map(|(player, treasure, at, key)| Step::Resolve(player, treasure, at, key)),
        6 => (any::<u16>(), place()).prop_map(|(player, to)| Step::Move(player, to)),
        5 => (any::<u16>(), any::<u8>()).prop_map(|(who, which)| Step::UsePowerUp(who, which)),
        3 => any::<u8>().prop_map(Step::Status),
        3 => (any::<u8>(), 1..8u32, proptest::option::of(0..7u32))
            .prop_map(|(hunt, limit, around)| Step::Leaderboard(hunt, limit, around)),
        2 => (0..40u32).prop_map(Step::Loot),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(hunt, json)| Step::Snapshot(hunt, json)),
        3 => (any::<u16>(), 0..128u8, any::<bool>())
            .prop_map(|(player, worker, json)| Step::Watch(player, worker, json)),
        2 => any::<u16>().prop_map(Step::Unwatch),
        8 => Just(Step::Tick),
    ]
}

fn id(prefix: &str, number: u8, count: u8) -> Id {
    Id::new(&format!("{prefix}{}", number % count)).unwrap()
}

fn codec(json: bool) -> Codec {
    if json { Codec::Json } else { Codec::Protobuf }
}

fn point([x, y, z]: [i8; 3]) -> Point {
    Point { x: f64::from(x) * 0.75, y: f64::from(y) * 0.75, z: f64::from(z) * 0.75 }
}

/// An engine with the store's part around one partition.
struct Engine<A: Arena> {
    catalogue: Catalogue<A>,
    partition: Partition<A>,
    meters: ArenaMeters,
    scratch: A,
    hunts: Vec<Id>,
    rooms: BTreeMap<u64, (Id, u64)>,
}

impl<A: Arena> Engine<A> {
    fn new(seed: u128) -> Self {
        let meters = ArenaMeters::default();
        let limits = Limits { ended_keep_ms: ENDED_KEEP_MS, ..Limits::default() };
        Self {
            catalogue: Catalogue::new(Seed(seed), 100),
            partition: Partition::new(Seed(seed), meters.clone(), Arc::new(limits), 3, 8),
            scratch: A::new(Arc::clone(&meters.scratch)),
            meters,
            hunts: vec![],
            rooms: BTreeMap::new(),
        }
    }

    fn to(worker: WorkerId) -> ReplyTo {
        ReplyTo { worker, conn: ConnId { index: 5, generation: 6 }, slot: 7 }
    }

    fn answer(applied: &Applied) -> Option<Answer> {
        assert!(applied.replies.len() <= 1 && applied.frames.is_empty());
        let (to, reply) = applied.replies.first()?;
        assert_eq!((to.conn.index, to.conn.generation, to.slot), (5, 6, 7));
        Some(Answer::of(reply, applied))
    }

    fn command(&mut self, now: u64, command: &Command) -> Answer {
        let (now, to) = (Timestamp(now), Self::to(WorkerId(0)));
        let mut applied = Applied::default();
        match command {
            Command::PublishQuest { quest, body } => {
                let quest = Quest::parse(*quest, body, &self.scratch, &self.meters.quests);
                applied.replies.push((to, self.catalogue.publish(quest.unwrap())));
            }
            Command::StartHunt { hunt, quest, version, capacity } => {
                match self.catalogue.find(quest, *version) {
                    Ok(quest) => {
                        let partition = &mut self.partition;
                        let (hunt, capacity) = (*hunt, *capacity);
                        if partition.start_hunt(now, to, hunt, quest, capacity, &mut applied) {
                            assert!(!self.hunts.contains(&hunt));
                            self.hunts.push(hunt);
                        }
                    }
                    Err(problem) => applied.replies.push((to, Reply::Refused(problem.into()))),
                }
            }
            _ => self.partition.apply(now, to, command, &mut applied),
        }
        Self::answer(&applied).unwrap()
    }

    fn query(&mut self, now: u64, query: &Query) -> Answer {
        let mut applied = Applied::default();
        let (now, to) = (Timestamp(now), Self::to(WorkerId(0)));
        self.partition.query(now, to, query, self.hunts.len() as u32, &mut applied);
        Self::answer(&applied).unwrap()
    }

    fn watch(&mut self, now: u64, worker: WorkerId, watch: &Watch) -> Option<Answer> {
        let mut applied = Applied::default();
        self.partition.watch(Timestamp(now), Self::to(worker), watch, &mut applied);
        if let Some((_, Reply::Watching { hunt: HuntKey(key), .. })) = applied.replies.first() {
            assert_eq!(key >> 48, 3, "the partition is part of the key");
            self.rooms.insert(*key, (watch.hunt, watch.player.started_ms));
        }
        Self::answer(&applied)
    }

    fn tick(&mut self, now: u64) -> (Vec<PublishedView>, Vec<Id>) {
        let (mut published, mut forgotten) = (vec![], vec![]);
        self.partition.tick(Timestamp(now), &mut published, &mut forgotten);
        self.hunts.retain(|hunt| !forgotten.contains(hunt));
        let mut views: Vec<_> = published.iter().map(|published| self.view(published)).collect();
        views.sort_by_key(|view| (view.hunt, view.started));
        forgotten.sort();
        (views, forgotten)
    }

    fn view(&self, published: &Published) -> PublishedView {
        let frame = &published.frame;
        let (hunt, started) = self.rooms[&frame.hunt.0];
        PublishedView {
            hunt,
            started,
            frame: FrameView::of(frame),
            workers: (0..128).filter(|worker| published.workers >> worker & 1 == 1).collect(),
            codecs: (0..2).filter(|codec| frame.wire[*codec].is_some()).collect(),
        }
    }
}

/// What one run has seen: who plays, and who watches.
struct Run {
    now: u64,
    model: Model,
    heap: Engine<HeapArena>,
    bump: Engine<BumpArena>,
    players: Vec<(Id, PlayerRef)>,
    watches: Vec<(WorkerId, Watch)>,
    /// Which rules were reached, in words.
    seen: BTreeSet<String>,
}

impl Run {
    fn new() -> Self {
        Self {
            now: START_MS,
            model: Model::new(ENDED_KEEP_MS as u64),
            heap: Engine::new(1),
            bump: Engine::new(2),
            players: vec![],
            watches: vec![],
            seen: BTreeSet::new(),
        }
    }

    fn note(&mut self, answer: &Answer) {
        let word = match answer {
            Answer::QuestPublished { created: false, .. } => "a quest again".into(),
            Answer::HuntStarted { created: false, .. } => "a hunt again".into(),
            Answer::HuntStarted { round: 2.., .. } => "a later round".into(),
            Answer::Resolved { outcome, loot, .. } => {
                if loot.is_some_and(|loot| loot.points == 20) {
                    self.seen.insert("doubled points".into());
                }
                format!("{outcome:?}")
            }
            Answer::Moved { outcome, .. } => format!("{outcome:?}"),
            Answer::PowerUpUsed { outcome, .. } => format!("{outcome:?}"),
            Answer::Watching(_) | Answer::Snapshot(_) => "a full frame".into(),
            Answer::Refused(problem) => format!("{problem:?}"),
            _ => return,
        };
        self.seen.insert(word);
    }

    fn note_tick(&mut self, published: &[PublishedView], forgotten: &[Id]) {
        let any = |is: &dyn Fn(&PublishedView) -> bool| published.iter().any(is);
        for (word, reached) in [
            ("a delta with changes", any(&|view| !view.frame.changed.is_empty())),
            ("a last frame", any(&|view| view.frame.status == "ended")),
            ("two codecs", any(&|view| view.codecs.len() == 2)),
            ("a forgotten hunt", !forgotten.is_empty()),
        ] {
            if reached {
                self.seen.insert(word.into());
            }
        }
    }

    /// A player; now and then one of another round, or one that never joined.
    fn player(&self, choice: u16) -> (Id, PlayerRef) {
        let stranger = PlayerRef { player: 0, started_ms: START_MS };
        let [fate, choice] = choice.to_be_bytes();
        let known = self.players.get(usize::from(choice) % self.players.len().max(1));
        let (hunt, mut player) = known.copied().unwrap_or((id("h", choice, 5), stranger));
        match fate {
            0..4 => player.player += 1,
            4..8 => player.started_ms += 1,
            8..12 => player.player = u32::MAX,
            12..16 => return (id("h", choice, 5), player),
            _ => {}
        }
        (hunt, player)
    }

    fn command(&mut self, command: &Command) -> Answer {
        let answer = self.model.command(self.now, command);
        assert_eq!(self.heap.command(self.now, command), answer, "{command:?}");
        assert_eq!(self.bump.command(self.now, command), answer, "{command:?}");
        self.note(&answer);
        answer
    }

    fn query(&mut self, query: &Query) {
        let answer = self.model.query(self.now, query);
        assert_eq!(self.heap.query(self.now, query), answer, "{query:?}");
        assert_eq!(self.bump.query(self.now, query), answer, "{query:?}");
        self.note(&answer);
    }

    fn watch(&mut self, worker: WorkerId, watch: &Watch) -> Option<Answer> {
        let answer = self.model.watch(self.now, worker, watch);
        assert_eq!(self.heap.watch(self.now, worker, watch), answer, "{watch:?}");
        assert_eq!(self.bump.watch(self.now, worker, watch), answer, "{watch:?}");
        answer.iter().for_each(|answer| self.note(answer));
        answer
    }

    fn tick(&mut self) {
        let (mut views, mut forgotten) = self.model.tick(self.now);
        views.sort_by_key(|view| (view.hunt, view.started));
        forgotten.sort();
        self.note_tick(&views, &forgotten);
        assert_eq!(self.heap.tick(self.now), (views.clone(), forgotten.clone()));
        assert_eq!(self.bump.tick(self.now), (views, forgotten));
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Wait(ms) => self.now += ms,
            Step::Late(ms) => self.now = self.now.saturating_sub(ms).max(START_MS),
            Step::Tick => self.tick(),
            Step::Status(hunt) => self.query(&Query::Status { hunt: id("h", hunt, 5) }),
            Step::Leaderboard(hunt, limit, around) => {
                self.query(&Query::Leaderboard { hunt: id("h", hunt, 5), limit, around });
            }
            Step::Loot(session) => {
                let hunt = self.model.loot_hunt(session);
                let mine = &self.heap.hunts;
                assert_eq!(mine.get(session as usize % mine.len().max(1)).copied(), hunt);
                self.query(&Query::Loot { session, hunt });
            }
            Step::Snapshot(hunt, json) => {
                self.query(&Query::Snapshot { hunt: id("h", hunt, 5), codec: codec(json) });
            }
            Step::Watch(player, worker, json) => {
                let (hunt, player) = self.player(player);
                let watch = Watch { hunt, player, codec: codec(json), on: true };
                let worker = WorkerId(worker);
                if let Some(Answer::Watching(_)) = self.watch(worker, &watch) {
                    self.watches.push((worker, Watch { on: false, ..watch }));
                }
            }
            Step::Unwatch(choice) => {
                if !self.watches.is_empty() {
                    let choice = usize::from(choice) % self.watches.len();
                    let (worker, watch) = self.watches.swap_remove(choice);
                    assert_eq!(self.watch(worker, &watch), None);
                }
            }
            _ => self.play(step),
        }
    }

    fn play(&mut self, step: Step) {
        let command = match step {
            Step::Publish(quest, body) => {
                let body = QUESTS[usize::from(body) % QUESTS.len()].into();
                Command::PublishQuest { quest: id("q", quest, 3), body }
            }
            Step::Start(hunt, quest, version, capacity) => {
                let (hunt, quest) = (id("h", hunt, 5), id("q", quest, 3));
                Command::StartHunt { hunt, quest, version, capacity }
            }
            Step::Join(hunt, name) => {
                let name = Name::new(["Ada", "Bo", "Zoë \"Z\""][usize::from(name % 3)]).unwrap();
                Command::Join { hunt: id("h", hunt, 5), name }
            }
            Step::Resolve(player, treasure, at, key) => {
                let (hunt, player) = self.player(player);
                let treasure = Id::new(["a", "b", "c", "z", "a"][usize::from(treasure % 5)]);
                let key = key.and_then(|key| Key::new(&format!("k{key}")));
                let (treasure, at) = (treasure.unwrap(), point(at));
                Command::Resolve { hunt, player, treasure, at, key }
            }
            Step::Move(player, to) => {
                let (hunt, player) = self.player(player);
                Command::Move { hunt, player, to: point(to), heading: 12.5 }
            }
            Step::UsePowerUp(player, which) => {
                let (hunt, player) = self.player(player);
                let power_up = PowerUp::ALL[usize::from(which % 3)];
                Command::UsePowerUp { hunt, player, power_up }
            }
            _ => unreachable!("not a command"),
        };
        if let Answer::Joined { hunt, player } = self.command(&command) {
            self.players.push((hunt, player));
        }
    }

    fn end(&mut self) {
        assert_eq!(self.heap.partition.figures(), self.bump.partition.figures());
        // Every round ends, nobody is left behind, and every region is given back.
        self.now += 10_000_000;
        self.tick();
        assert_eq!(self.model.hunts(), 0);
        let figures = self.heap.partition.figures();
        let claims = figures.claims;
        assert_eq!(figures, PartitionFigures { claims, ..PartitionFigures::default() });
        assert_eq!(self.heap.meters.rounds.figures().bytes_held, 0);
        assert_eq!(self.bump.meters.rounds.figures().bytes_held, 0);
    }
}

fn run(steps: Vec<Step>) -> BTreeSet<String> {
    let mut run = Run::new();
    for quest in 0..3 {
        run.play(Step::Publish(quest, quest));
    }
    for hunt in 0..3 {
        run.play(Step::Start(hunt, hunt, None, 4));
        run.play(Step::Join(hunt, 0));
    }
    for step in steps {
        run.step(step);
    }
    run.end();
    run.seen
}

proptest! {
    #[test]
    fn every_answer_is_the_models(steps in vec(step(), 1..400)) {
        run(steps);
    }
}

#[test]
fn random_steps_reach_every_rule() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..200 {
        let steps = vec(step(), 300).new_tree(&mut runner).unwrap().current();
        seen.extend(run(steps));
    }
    let outcomes = [
        "Claimed",
        "AlreadyClaimed",
        "TooFast",
        "TooFar",
        "NotOpen",
        "Exhausted",
        "Moved",
        "Used",
        "Active",
        "NoneLeft",
        "NoEnergy",
    ];
    let problems = [
        "UnknownQuestVersion",
        "UnknownHunt",
        "UnknownTreasure",
        "UnknownPlayer",
        "SessionStale",
        "HuntExists",
        "HuntFull",
        "HuntEnded",
        "KeyReused",
    ];
    let others = [
        "a quest again",
        "a hunt again",
        "a later round",
        "a full frame",
        "a delta with changes",
        "a last frame",
        "two codecs",
        "a forgotten hunt",
        "doubled points",
    ];
    for expected in outcomes.iter().chain(&problems).chain(&others) {
        assert!(seen.contains(*expected), "{expected} was never reached: {seen:?}");
    }
}
