//! The workloads over WebSocket, each for a second or two against the real server, and against one
//! that lies.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod liar;
mod lies;
mod support;

use engine_core::limits::Limits;
use loadgen::messages::Encoding;
use loadgen::plan::{Arrivals, Load};
use loadgen::workload::{Kind, Options};
use std::time::Duration;
use support::{Stand, counter, honest, operation};

#[test]
fn an_idle_mass_gets_every_frame_and_its_status_is_right() {
    let stand = Stand::new(Kind::Sockets);
    for encoding in [Encoding::Protobuf, Encoding::Json] {
        let options = Options { hunts: Some(4), encoding: Some(encoding), ..Options::default() };
        let outcome = stand.run(|plan| {
            plan.options = options;
            plan.connections = Some(40);
        });
        honest(&outcome);
        let sockets = &outcome.figures.lanes[0];
        assert!(counter(sockets, "frames") >= 40 * 4, "{sockets:#?}");
        let delivery = sockets.metrics[0].values.count();
        assert!(delivery > 0 && delivery <= counter(sockets, "frames"), "{sockets:#?}");
        assert!(sockets.metrics[1].values.count() < delivery, "the first one has no skew");
        assert!(operation(&outcome, "hunt-status").right > 50, "{outcome:#?}");
    }
}

#[test]
fn moves_and_power_ups_are_as_the_rules_have_them() {
    let stand = Stand::new(Kind::State);
    for (encoding, depth) in [(Encoding::Protobuf, 1), (Encoding::Json, 1), (Encoding::Json, 4)] {
        let outcome = stand.run(|plan| {
            plan.options.hunts = Some(3);
            plan.options.encoding = Some(encoding);
            plan.connections = Some(12);
            plan.depth = depth;
            plan.duration = Duration::from_millis(1_500);
        });
        honest(&outcome);
        assert!(operation(&outcome, "move").right > 100, "{outcome:#?}");
        assert!(operation(&outcome, "power_up").right > 10, "{outcome:#?}");
        let players = &outcome.figures.lanes[0];
        for outcome in ["moved", "too_fast", "used"] {
            assert!(counter(players, outcome) > 0, "{outcome}: {players:#?}");
        }
    }
}

#[test]
fn power_ups_run_out_and_that_is_right() {
    let stand = Stand::new(Kind::State);
    let outcome = stand.run(|plan| {
        plan.options.hunts = Some(1);
        plan.connections = Some(1);
        plan.load = Load::Closed;
        plan.duration = Duration::from_secs(3);
    });
    honest(&outcome);
    let players = &outcome.figures.lanes[0];
    assert!(counter(players, "active") > 0, "{players:#?}");
}

#[test]
fn quests_are_published_and_played_while_frames_go_out() {
    let stand = Stand::new(Kind::Quests);
    let outcome = stand.run(|plan| {
        plan.options.hunts = Some(10);
        plan.options.publish_per_s = Some(8.0);
        plan.connections = Some(20);
        plan.duration = Duration::from_millis(2_500);
    });
    honest(&outcome);
    for name in ["publish_4200", "publish_8500", "restart", "enter", "hunt-status"] {
        assert!(operation(&outcome, name).right > 0, "{name}: {outcome:#?}");
    }
    let [watchers, _, entrants, _] = &outcome.figures.lanes[..] else { panic!("four lanes") };
    assert!(counter(watchers, "frames") >= 20 * 10, "{watchers:#?}");
    assert!(counter(entrants, "entered") > 0, "{entrants:#?}");
}

#[test]
fn slow_readers_get_full_frames_or_1008_and_the_prompt_ones_all() {
    let mut limits = Limits::default();
    limits.set("outbound_high_bytes", 4 * 1024).unwrap();
    limits.set("write_stall_ms", 2_000).unwrap();
    let stand = Stand::with(Kind::SlowReaders, limits);
    let outcome = stand.run(|plan| {
        plan.options.hunts = Some(2);
        plan.options.slow = Some(0.5);
        plan.options.stall = Some(Duration::from_secs(2));
        plan.connections = Some(16);
        plan.warmup = Duration::ZERO;
        plan.duration = Duration::from_secs(6);
    });
    honest(&outcome);
    let [prompt, stalling, stuck] = &outcome.figures.lanes[..] else { panic!("three lanes") };
    assert!(counter(prompt, "frames") >= 8 * 30, "{prompt:#?}");
    assert_eq!(counter(prompt, "conflated"), 0, "{prompt:#?}");
    assert!(counter(stalling, "conflated") > 0, "{stalling:#?}");
    assert!(counter(stuck, "closed_too_slow") + counter(stuck, "cut_off") > 0, "{stuck:#?}");
}

#[test]
fn everything_goes_side_by_side() {
    let stand = Stand::new(Kind::Mixed);
    let outcome = stand.run(|plan| {
        plan.options.hunts = Some(3);
        plan.options.sessions = Some(40);
        plan.connections = Some(60);
        plan.load = Load::Open { rate_per_s: Some(400.0), arrivals: Arrivals::Poisson };
    });
    honest(&outcome);
    for name in ["resolve", "leaderboard", "loot", "hunt-status", "join", "move", "power_up"] {
        assert!(operation(&outcome, name).right > 0, "{name}: {outcome:#?}");
    }
    assert!(outcome.figures.counter("frames") > 30 * 4, "{outcome:#?}");
}
