//! Requests of many connections through a whole shard, each with the worker's arena for its
//! scratch; connections end and others begin between them. No socket.

#[path = "../../../../engine-core/tests/support/mod.rs"]
mod support;

use super::{Churned, Scale, measured};
use crate::memory::timed;
use crate::sample::Run;
use engine_core::arena::Arena;
use engine_core::limits::Limits;
use support::{Pair, request};

const CONNECTIONS: usize = 20_000;
const REQUESTS: usize = 1_000_000;
/// One connection ends, and another begins, after so many requests.
const REQUESTS_PER_CONNECTION: usize = 16;

pub(super) fn run<A: Arena>(scale: Scale) -> Run {
    measured(|| {
        let mut pair = Pair::<A>::with_hunt(Limits::default());
        let token = pair.join("Ada");
        // Each escape is undone in the scratch.
        let body = r#"{"treasure":"t\u0031","x":0,"y":0,"z":0,"key":"once\u002fand\u002fagain"}"#;
        let resolve = request("POST", "/v1/hunts/h1/resolve", &token, body);
        let loot = request("GET", "/loot?session=7", "", "");
        let mut conns: Vec<_> = (0..scale.of(CONNECTIONS)).map(|_| pair.open()).collect();
        let mut any = fastrand::Rng::with_seed(1);
        let operations = scale.of(REQUESTS);
        let (cpu_ns, ()) = timed(|| {
            for step in 0..operations {
                let place = any.usize(..conns.len());
                if step % REQUESTS_PER_CONNECTION == 0 {
                    pair.close(conns[place]);
                    conns[place] = pair.open();
                }
                pair.send(conns[place], if step % 2 == 0 { &resolve } else { &loot });
                assert!(pair.discard(conns[place]) > 100, "every request is answered");
            }
        });
        let held_bytes = pair.meters.scratch.figures().bytes_held;
        Churned { operations: operations as u64, cpu_ns, held_bytes, alive: pair }
    })
}
