//! 64-byte player states, a block each: what a server would do that held each player by itself.
//!
//! Players come in cohorts that share a region, as those of a hunt do. On `bump` a cohort's memory
//! is given back with the last of its players.

use super::{Churned, Scale, measured};
use crate::memory::timed;
use crate::sample::Run;
use allocator_api2::boxed::Box;
use engine_core::arena::{Arena, Meter};
use engine_core::game::player::Player;
use engine_core::game::quest::Rules;
use engine_core::seam::Point;
use std::sync::Arc;

const PLAYERS: usize = 400_000;
const CHURN: usize = 4_000_000;
const COHORT: u32 = 1_000;

pub(super) fn run<A: Arena>(scale: Scale) -> Run {
    measured(|| {
        let (meter, rules) = (Arc::new(Meter::default()), Rules::default());
        let mut any = fastrand::Rng::with_seed(1);
        let (mut region, mut joined) = (A::region(&meter), 0_u32);
        let mut join = || {
            if joined.is_multiple_of(COHORT) {
                region = A::region(&meter);
            }
            joined += 1;
            Box::new_in(Player::new(Point::default(), &rules, joined), region.clone())
        };
        let mut players: Vec<_> = (0..scale.of(PLAYERS)).map(|_| join()).collect();
        let operations = scale.of(CHURN);
        let (cpu_ns, ()) = timed(|| {
            for _ in 0..operations {
                let place = any.usize(..players.len());
                players[place] = join();
            }
        });
        let held_bytes = meter.figures().bytes_held;
        Churned { operations: operations as u64, cpu_ns, held_bytes, alive: players }
    })
}
