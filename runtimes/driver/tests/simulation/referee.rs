//! A store that asks the model the same as the memory store, and compares.

use super::model::Model;
use super::model::answer::{Answer, FrameView, PublishedView};
use alloc_heap::HeapArena;
use driver::store::{Memory, Store};
use engine_core::seam::{
    Applied, Published, Query, Reply, ReplyTo, Request, Submit, Watch, WorkerId,
};
use engine_core::text::Id;
use engine_core::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;

/// Loot sessions from here on name the connection that they come from.
pub(crate) const TAGS: u32 = 1_000_000;

/// A connection, as the store sees it.
pub(crate) type Peer = (u8, u32, u32);

/// The round of a hunt: its id and its start.
pub(crate) type Round = (Id, u64);

/// A frame that a watcher may get.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) view: FrameView,
    /// What remains of the treasures of which not all is left, when it was made.
    pub(crate) remaining: BTreeMap<String, u32>,
}

/// The store, and the model beside it.
pub(crate) struct Referee {
    pub(crate) memory: Memory<HeapArena>,
    pub(crate) book: Mutex<Book>,
}

/// What the model has said.
#[derive(Debug)]
pub(crate) struct Book {
    model: Model,
    rooms: BTreeMap<u64, Round>,
    /// The answers that each connection is owed, oldest first.
    pub(crate) owed: BTreeMap<Peer, VecDeque<Answer>>,
    /// Which connection named itself so.
    pub(crate) tags: BTreeMap<u32, Peer>,
    pub(crate) shown: BTreeMap<Round, Vec<Shown>>,
    pub(crate) answers: u64,
    pub(crate) published: u64,
}

impl Referee {
    pub(crate) fn new(memory: Memory<HeapArena>, ended_keep_ms: u64) -> Self {
        let book = Book {
            model: Model::new(ended_keep_ms),
            rooms: BTreeMap::new(),
            owed: BTreeMap::new(),
            tags: BTreeMap::new(),
            shown: BTreeMap::new(),
            answers: 0,
            published: 0,
        };
        Self { memory, book: Mutex::new(book) }
    }
}

impl Book {
    /// What the model answers.
    fn ask(&mut self, now: u64, to: ReplyTo, request: &Request) -> Option<Answer> {
        match request {
            Request::Command(command) => Some(self.model.command(now, command)),
            Request::Query(query) => {
                if let Query::Loot { session, .. } = query
                    && *session >= TAGS
                {
                    self.tags.insert(*session, peer(to));
                }
                Some(self.model.query(now, query))
            }
            Request::Watch(watch) => self.model.watch(now, to.worker, watch),
            Request::Observe(_) => panic!("a store observes nothing"),
        }
    }

    /// Notes what a watcher was shown.
    fn note(&mut self, round: Round, view: FrameView) {
        let shown = self.shown.entry(round).or_default();
        let mut remaining = match shown.last() {
            Some(before) if !view.full => before.remaining.clone(),
            Some(_) | None => BTreeMap::new(),
        };
        remaining.extend(view.changed.iter().cloned());
        shown.push(Shown { view, remaining });
    }

    fn check(
        &mut self,
        now: u64,
        to: ReplyTo,
        request: &Request,
        expected: Option<Answer>,
        got: Option<(Answer, &Reply)>,
    ) {
        let Some((got, reply)) = got else {
            assert_eq!(expected, None, "{request:?} is answered");
            return;
        };
        assert_eq!(expected.as_ref(), Some(&got), "{request:?} at {now}");
        self.answers += 1;
        match (request, &got) {
            (Request::Query(Query::Snapshot { hunt, .. }), Answer::Snapshot(view)) => {
                // Of this round: watchers of an earlier one have been told its end.
                let round = self.shown.range((*hunt, 0)..=(*hunt, u64::MAX)).next_back();
                let round = *round.expect("somebody watches").0;
                self.note(round, view.clone());
                return;
            }
            (Request::Watch(Watch { hunt, player, .. }), Answer::Watching(view)) => {
                let Reply::Watching { hunt: key, .. } = reply else { panic!("{reply:?}") };
                self.rooms.insert(key.0, (*hunt, player.started_ms));
                self.note((*hunt, player.started_ms), view.clone());
            }
            (Request::Query(Query::Snapshot { .. }), _) => return,
            _ => {}
        }
        self.owed.entry(peer(to)).or_default().push_back(got);
    }
}

fn peer(to: ReplyTo) -> Peer {
    (to.worker.0, to.conn.index, to.conn.generation)
}

fn copy(request: &Request) -> Request {
    match request {
        Request::Command(command) => Request::Command(command.clone()),
        Request::Query(query) => Request::Query(query.clone()),
        Request::Watch(watch) => Request::Watch(watch.clone()),
        Request::Observe(observe) => Request::Observe(*observe),
    }
}

impl Store for Referee {
    fn submit(&self, now: Timestamp, submit: Submit, applied: &mut Applied) {
        let mut book = self.book.lock().unwrap();
        let Submit { to, request } = submit;
        let expected = book.ask(now.0, to, &request);
        let before = applied.replies.len();
        self.memory.submit(now, Submit { to, request: copy(&request) }, applied);
        assert!(applied.replies.len() <= before + 1);
        let got = applied.replies.get(before).map(|(_, reply)| (Answer::of(reply, applied), reply));
        book.check(now.0, to, &request, expected, got);
    }

    fn tick(&self, now: Timestamp, worker: WorkerId, published: &mut Vec<Published>) {
        let mut book = self.book.lock().unwrap();
        let own = |hunt: &Id| self.memory.keeper(hunt) == worker;
        let (mut expected, _) = book.model.tick_of(now.0, own);
        let before = published.len();
        self.memory.tick(now, worker, published);
        let mut got: Vec<_> = published[before..].iter().map(|one| book.view(one)).collect();
        let by_round = |view: &PublishedView| (view.hunt, view.started);
        expected.sort_by_key(by_round);
        got.sort_by_key(by_round);
        assert_eq!(got, expected, "broadcasts at {}", now.0);
        for PublishedView { hunt, started, frame, .. } in got {
            book.published += 1;
            book.note((hunt, started), frame);
        }
    }
}

impl Book {
    fn view(&self, published: &Published) -> PublishedView {
        let Published { frame, workers } = published;
        let (hunt, started) = self.rooms[&frame.hunt.0];
        let workers: BTreeSet<u8> = (0..128).filter(|w| workers >> w & 1 == 1).collect();
        let codecs = (0..2).filter(|codec| frame.wire[*codec].is_some()).collect();
        PublishedView { hunt, started, frame: FrameView::of(frame), workers, codecs }
    }
}
