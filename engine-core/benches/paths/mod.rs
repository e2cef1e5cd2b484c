//! The paths through the engine that are measured: what is set up, and one step.
//!
//! `timed` gives them to criterion, `instructions` counts what they execute, and a test runs each
//! once, so the three cannot drift apart.
#![allow(dead_code, clippy::unwrap_used, reason = "each bench takes a part; a bench may panic")]

pub(crate) mod fanout;
pub(crate) mod http_head;
pub(crate) mod leaderboard;
pub(crate) mod player;
pub(crate) mod quest;
pub(crate) mod shard;
pub(crate) mod websocket;

/// A path.
#[derive(Clone, Copy)]
pub(crate) struct Path {
    /// Its name: group, what, and how large.
    pub(crate) name: &'static str,
    /// Sets it up.
    pub(crate) ready: fn() -> Step,
}

/// A path that is set up.
pub(crate) struct Step {
    /// What one step handles.
    pub(crate) size: Size,
    /// Goes the path once.
    pub(crate) run: Box<dyn FnMut()>,
}

/// What one step handles, for rates.
#[derive(Clone, Copy)]
pub(crate) enum Size {
    /// One of something.
    One,
    /// So many bytes.
    Bytes(usize),
    /// So many of something.
    Elements(usize),
}

impl Step {
    pub(crate) fn one(run: impl FnMut() + 'static) -> Self {
        Self { size: Size::One, run: Box::new(run) }
    }

    pub(crate) fn bytes(bytes: usize, run: impl FnMut() + 'static) -> Self {
        Self { size: Size::Bytes(bytes), run: Box::new(run) }
    }

    pub(crate) fn elements(count: usize, run: impl FnMut() + 'static) -> Self {
        Self { size: Size::Elements(count), run: Box::new(run) }
    }
}

/// Every path.
pub(crate) const ALL: [&[Path]; 7] = [
    fanout::PATHS,
    http_head::PATHS,
    leaderboard::PATHS,
    player::PATHS,
    quest::PATHS,
    shard::PATHS,
    websocket::PATHS,
];

/// Steps before one is counted: buffers have their size then.
const WARM_UP_STEPS: usize = 3;

/// The path of a name, warm.
pub(crate) fn warm(name: &str) -> Box<dyn FnMut()> {
    let path = ALL.iter().copied().flatten().find(|path| path.name == name);
    let mut step = (path.unwrap_or_else(|| panic!("no path is called {name}")).ready)();
    (0..WARM_UP_STEPS).for_each(|_| (step.run)());
    step.run
}

/// Numbers without a pattern that caches and branch predictors could learn.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from(z % u64::from(bound)).unwrap()
    }
}
