//! What is done with memory: the four ways in which the engine uses it.
//!
//! Each fills up, churns, and gives everything back. The choices are those of a fixed seed, so that
//! every allocator and every arena is asked to hold the same objects.

mod players;
mod quests;
mod requests;
mod states;

use crate::memory::resident_bytes;
use crate::sample::Run;
use engine_core::arena::Arena;
use std::hint::black_box;

/// The names of the arenas.
pub(crate) const ARENAS: [&str; 2] = ["heap", "bump"];

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// As much as a large server holds: seconds.
    Full,
    /// Enough to see that it runs: tenths of a second.
    Quick,
}

impl Scale {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Full, Self::Quick].into_iter().find(|scale| scale.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Quick => "quick",
        }
    }

    /// `full`, or a part of it.
    fn of(self, full: usize) -> usize {
        match self {
            Self::Full => full,
            Self::Quick => full / 20,
        }
    }
}

/// One way to use memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// 64-byte player states, a block each, that join and leave in any order.
    States,
    /// The player tables of rounds that fill, end and begin again.
    Players,
    /// Requests of many connections, each with the worker's arena for its scratch.
    Requests,
    /// Quests of 8,500 waypoints that are read, held and replaced.
    Quests,
}

impl Workload {
    pub(crate) const ALL: [Self; 4] = [Self::States, Self::Players, Self::Requests, Self::Quests];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|workload| workload.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::States => "states",
            Self::Players => "players",
            Self::Requests => "requests",
            Self::Quests => "quests",
        }
    }

    /// What an operation is.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::States => "leave and join",
            Self::Players => "join",
            Self::Requests => "request",
            Self::Quests => "load",
        }
    }

    pub(crate) fn run<A: Arena>(self, scale: Scale) -> Run {
        match self {
            Self::States => states::run::<A>(scale),
            Self::Players => players::run::<A>(scale),
            Self::Requests => requests::run::<A>(scale),
            Self::Quests => quests::run::<A>(scale),
        }
    }
}

/// What the churn of a workload came to, with what it holds alive.
struct Churned<T> {
    operations: u64,
    cpu_ns: u64,
    held_bytes: usize,
    alive: T,
}

/// Runs the churn, and looks at the memory before, after, and once all is given back.
fn measured<T>(churn: impl FnOnce() -> Churned<T>) -> Run {
    // The first look takes memory itself, which must not count.
    let _ = resident_bytes();
    let before = resident_bytes();
    let Churned { operations, cpu_ns, held_bytes, alive } = churn();
    let with_all = resident_bytes();
    drop(black_box(alive));
    let after = resident_bytes();
    Run {
        operations,
        cpu_ns,
        held_bytes: held_bytes as u64,
        resident_bytes: with_all.saturating_sub(before),
        left_bytes: after.saturating_sub(before),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc_bumpalo::BumpArena;
    use alloc_heap::HeapArena;

    #[test]
    fn every_workload_runs_on_both_arenas_and_holds_something() {
        for workload in Workload::ALL {
            assert_eq!(Workload::from_name(workload.name()), Some(workload));
            let heap = workload.run::<HeapArena>(Scale::Quick);
            let bump = workload.run::<BumpArena>(Scale::Quick);
            assert_eq!(heap.operations, bump.operations, "{workload:?}");
            assert!(heap.operations > 10 && heap.cpu_ns > 0, "{workload:?}: {heap:?}");
            // The scratch of a request is given back at its end.
            assert_eq!(heap.held_bytes > 0, workload != Workload::Requests, "{heap:?}");
            assert!(bump.held_bytes >= heap.held_bytes, "{workload:?}: {bump:?} {heap:?}");
        }
    }

    #[test]
    fn the_same_objects_are_held_each_time() {
        for workload in Workload::ALL {
            let held = || workload.run::<HeapArena>(Scale::Quick).held_bytes;
            assert_eq!(held(), held(), "{workload:?}");
        }
    }
}
