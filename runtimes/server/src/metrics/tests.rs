//! The exposition, held to OpenMetrics by a reader of its own.

use super::exposition::{Family, read};
use super::*;
use alloc_witness::{Asked, Figures, Seen};
use std::collections::BTreeMap;

fn snapshot() -> Snapshot {
    let mut shards = ShardFigures { opened: 9, closed: 4, connections: 5, ..Default::default() };
    shards.websockets = 3;
    shards.responded(RouteName::Resolve, 200);
    shards.responded(RouteName::Resolve, 200);
    shards.responded(RouteName::None, 404);
    shards.responded(RouteName::None, 418);
    shards.bytes_in = 100;
    shards.bytes_out = 200;
    shards.frames_in = 6;
    shards.frames_out = 7;
    shards.broadcasts = 8;
    shards.conflated = 10;
    shards.slow = 1;
    shards.stuck = 11;
    shards.timed_out = 12;
    shards.protocol_errors = 13;
    let arena = ArenaFigures { bytes_held: 1, bytes_high: 2, resets: 3 };
    Snapshot {
        shards,
        latency: Latency { buckets: vec![(0.001, 4), (0.01, 0), (f64::INFINITY, 1)], sum_s: 0.25 },
        driver: DriverTotals { accept_errors: 15, refused: 16, mails: 17, tick_late_us: 18_500 },
        rings: Some(RuntimeFigures {
            ring_buffers: 21,
            ring_buffers_held: 22,
            ring_no_buffers: 23,
            ring_overflows: 24,
            ring_rearms: 25,
        }),
        world: WorldFigures {
            quests: 1,
            hunts_running: 2,
            hunts_ended: 3,
            players: 4,
            watchers: 5,
            claims: 6,
        },
        arenas: [("scratch", arena), ("quests", arena), ("rounds", arena)],
        allocator: AllocatorFigures {
            seen: Some(Seen {
                allocator: "system",
                version: "glibc 2.41".into(),
                installed: "mimalloc",
                instrument: None,
            }),
            figures: Figures {
                allocated_bytes: Some(20),
                resident_bytes: Some(21),
                mapped_bytes: Some(22),
                asked: Some(Asked { requests: 23, bytes: 24 }),
            },
        },
        runtime: vec![("runtime", "tokio".into()), ("why", "asked \"so\"".into())],
        refused: vec![("tokio-uring", Unavailable::new("forbidden", "allow it"))],
        build: vec![("version", "1.2.3".into())],
        workers: 2,
        connections_max: 65_536,
        ready: true,
        log_suppressed: 14,
        process: ProcessFigures {
            resident_bytes: Some(4096),
            open_fds: Some(10),
            max_fds: Some(1024),
            cpu_s: Some(1.5),
        },
        started_s: 1_800_000_000.5,
    }
}

fn value(families: &BTreeMap<String, Family>, sample: &str, labels: &[(&str, &str)]) -> f64 {
    let labels: BTreeMap<String, String> =
        labels.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let found = families.values().flat_map(|family| &family.samples);
    let mut found = found.filter(|(name, own, _)| name == sample && *own == labels);
    found.next().unwrap_or_else(|| panic!("{sample} {labels:?}")).2
}

/// A sample, its labels, and its value.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], f64);

fn hold(rows: &[Row<'_>]) {
    let families = read(&snapshot().write());
    for (sample, labels, expected) in rows {
        assert!((value(&families, sample, labels) - expected).abs() < 1e-9, "{sample}");
    }
}

#[test]
fn every_figure_is_exposed_by_its_name_and_labels() {
    hold(&[
        (
            "hunt_requests_total",
            &[("route", "/v1/hunts/{hunt}/resolve"), ("status", "200")][..],
            2.0,
        ),
        ("hunt_requests_total", &[("route", "none"), ("status", "404")], 1.0),
        ("hunt_requests_total", &[("route", "none"), ("status", "other")], 1.0),
        ("hunt_request_duration_seconds_bucket", &[("le", "0.001")], 4.0),
        ("hunt_request_duration_seconds_bucket", &[("le", "+Inf")], 5.0),
        ("hunt_request_duration_seconds_sum", &[], 0.25),
        ("hunt_connections", &[], 5.0),
        ("hunt_connections_limit", &[], 65_536.0),
        ("hunt_connections_opened_total", &[], 9.0),
        ("hunt_connections_closed_total", &[], 4.0),
        ("hunt_connections_stuck_total", &[], 11.0),
        ("hunt_connections_timed_out_total", &[], 12.0),
        ("hunt_network_bytes_total", &[("direction", "in")], 100.0),
        ("hunt_network_bytes_total", &[("direction", "out")], 200.0),
        ("hunt_websockets", &[], 3.0),
        ("hunt_websocket_frames_total", &[("direction", "in")], 6.0),
        ("hunt_websocket_frames_total", &[("direction", "out")], 7.0),
        ("hunt_websocket_protocol_errors_total", &[], 13.0),
        ("hunt_broadcasts_total", &[], 8.0),
        ("hunt_broadcasts_conflated_total", &[], 10.0),
        ("hunt_slow_players", &[], 1.0),
        ("hunt_quests", &[], 1.0),
        ("hunt_hunts", &[("state", "running")], 2.0),
        ("hunt_hunts", &[("state", "ended")], 3.0),
        ("hunt_players", &[], 4.0),
        ("hunt_watchers", &[], 5.0),
        ("hunt_claims_total", &[], 6.0),
        ("hunt_arena_held_bytes", &[("kind", "scratch")], 1.0),
        ("hunt_arena_high_bytes", &[("kind", "quests")], 2.0),
        ("hunt_arena_resets_total", &[("kind", "rounds")], 3.0),
        ("hunt_build_info", &[("version", "1.2.3")], 1.0),
        ("hunt_workers", &[], 2.0),
        ("hunt_accept_errors_total", &[], 15.0),
        ("hunt_connections_refused_total", &[], 16.0),
        ("hunt_worker_messages_total", &[], 17.0),
        ("hunt_tick_late_seconds_total", &[], 0.0185),
        ("hunt_ready", &[], 1.0),
        ("hunt_log_events_suppressed_total", &[], 14.0),
        ("process_resident_memory_bytes", &[], 4096.0),
        ("process_open_fds", &[], 10.0),
        ("process_max_fds", &[], 1024.0),
        ("process_cpu_seconds_total", &[], 1.5),
        ("process_start_time_seconds", &[], 1_800_000_000.5),
    ]);
}

#[test]
fn the_runtime_and_the_allocator_tell_of_themselves() {
    hold(&[
        ("hunt_runtime_info", &[("runtime", "tokio"), ("why", "asked \\\"so\\\"")][..], 1.0),
        (
            "hunt_runtime_refused",
            &[("runtime", "tokio-uring"), ("cause", "forbidden"), ("remedy", "allow it")],
            1.0,
        ),
        ("hunt_ring_buffers", &[], 21.0),
        ("hunt_ring_buffers_held", &[], 22.0),
        ("hunt_ring_no_buffers_total", &[], 23.0),
        ("hunt_ring_overflows_total", &[], 24.0),
        ("hunt_ring_rearms_total", &[], 25.0),
        (
            "hunt_allocator_info",
            &[("allocator", "system"), ("version", "glibc 2.41"), ("installed", "mimalloc")],
            1.0,
        ),
        ("hunt_allocator_allocated_bytes", &[], 20.0),
        ("hunt_allocator_resident_bytes", &[], 21.0),
        ("hunt_allocator_mapped_bytes", &[], 22.0),
        ("hunt_allocations_total", &[], 23.0),
        ("hunt_allocated_bytes_total", &[], 24.0),
    ]);
}

#[test]
fn every_family_says_what_it_is() {
    for (name, family) in read(&snapshot().write()) {
        assert!(family.help.is_some_and(|help| help.ends_with('.')), "{name}");
        assert!(!family.samples.is_empty(), "{name}");
        let unit = ["bytes", "seconds"].into_iter().find(|u| name.ends_with(&format!("_{u}")));
        assert_eq!(family.unit.as_deref(), unit, "{name}");
    }
}

#[test]
fn figures_that_the_kernel_does_not_tell_are_left_out() {
    let text = Snapshot { process: ProcessFigures::default(), ..snapshot() }.write();
    assert!(!read(&text).contains_key("process_open_fds"));
    let mut unknown = snapshot();
    unknown.allocator.figures = Figures::default();
    let families = read(&unknown.write());
    assert!(families.contains_key("hunt_allocator"));
    assert!(!families.contains_key("hunt_allocator_allocated_bytes"));
    assert!(!families.contains_key("hunt_allocations"));
}

#[test]
fn where_nothing_was_refused_and_no_ring_is_there_are_no_families_of_them() {
    let text = Snapshot { refused: Vec::new(), rings: None, ..snapshot() }.write();
    let families = read(&text);
    assert!(!families.contains_key("hunt_runtime_refused"));
    assert!(!families.keys().any(|name| name.starts_with("hunt_ring")));
}

#[test]
#[should_panic(expected = "comes once")]
fn the_reader_notices_a_family_that_comes_twice() {
    read("# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\na 1\n# EOF\n");
}

#[test]
#[should_panic(expected = "cumulative")]
fn the_reader_notices_buckets_that_shrink() {
    read(
        "# TYPE a histogram\na_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 1\na_count 1\n\
         a_sum 1\n# EOF\n",
    );
}

#[test]
#[should_panic(expected = "ends with EOF")]
fn the_reader_notices_a_text_without_an_end() {
    read("# TYPE a gauge\na 1\n");
}
