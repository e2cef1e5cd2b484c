//! Command lines as they come out, and what a machine with few descriptors makes of them.

use super::*;
use crate::plan::Extent;

fn cores() -> Cores {
    Cores { server: vec![0], generator: vec![1] }
}

fn load(connections: u32) -> Load {
    Load { connections, ..loads::load(Extent::Normal, Workload::Resolve) }
}

fn of(name: &str) -> Server {
    name.parse().unwrap()
}

fn line(name: &str, connections: u32, nofile: Option<u64>) -> String {
    with_limit(of(name), "x", &load(connections), &cores(), nofile).args.join(" ")
}

#[test]
fn what_is_compared_differs_and_nothing_else() {
    let rest = "--workers 1 --listen 127.0.0.1:0 --admin 127.0.0.1:0 \
                --limit connections_max=2024 --limit head_bytes_max=4096";
    for (name, first) in [
        ("tokio-uring+jemalloc+heap", "--runtime tokio-uring --arena heap --store memory"),
        ("monoio+system+bump", "--runtime monoio --arena bump --store memory"),
        ("go-nethttp+default", "--tuning default"),
        ("go-fasthttp+tuned", "--tuning tuned"),
    ] {
        assert_eq!(
            line(name, 1_000, Some(20_000)),
            format!("serve {first} {rest} --log warn --drain-ms 200")
        );
    }
    let hyper = line("hyper", 1_000, None);
    assert_eq!(hyper, format!("serve --peer hyper {rest}"));
    let server = with_limit(of("hyper"), "x", &load(1), &cores(), None);
    let generator = generator(
        Cell { workload: Workload::Loot, server: of("hyper") },
        "y",
        &load(1),
        None,
        &cores(),
    );
    assert_eq!(server.env, generator.env);
    assert_eq!((server.cores, generator.cores), (vec![0], vec![1]));
}

#[test]
fn what_one_table_cannot_hold_is_spread_over_several_where_a_server_has_such() {
    let wide = line("tokio-per-core+jemalloc+heap", 30_000, Some(20_000));
    assert!(wide.contains("--workers 2 ") && wide.ends_with("--private-descriptors"), "{wide}");
    for nofile in [None, Some(40_000)] {
        let usual = line("tokio-per-core+jemalloc+heap", 30_000, nofile);
        assert!(usual.contains("--workers 1 ") && !usual.contains("private"), "{usual}");
    }
    let short = |name: &str, connections: u32, nofile: u64| {
        shortage_within(of(name), &load(connections), &cores(), Some(nofile))
    };
    for name in ["tokio+jemalloc+heap", "go-nethttp+tuned", "go-fasthttp+tuned", "axum"] {
        let why = short(name, 30_000, 20_000).unwrap();
        assert!(why.contains(name) && why.contains("31104 descriptors"), "{why}");
        assert!(!line(name, 30_000, Some(20_000)).contains("private"));
        assert_eq!(short(name, 30_000, 31_104), None);
        assert!(short(name, 30_000, 31_103).is_some());
    }
    assert_eq!(short("monoio+jemalloc+heap", 30_000, 20_000), None);
    // The 128th worker is the last.
    assert!(short("monoio+jemalloc+heap", 30_000, 300).is_some());
}

#[test]
fn more_cores_have_more_workers_that_share_a_table_where_it_suffices() {
    let cores = Cores { server: vec![0, 2, 4], generator: vec![1, 3] };
    let server = of("glommio+jemalloc+heap");
    let line = with_limit(server, "x", &load(1_000), &cores, Some(20_000));
    assert!(line.args.join(" ").contains("--workers 3 ") && line.cores == [0, 2, 4]);
    let spread = spread(server, &load(30_000), &cores, Some(20_000));
    assert_eq!(spread, Spread { workers: 3, private: true });
    let cell = Cell { workload: Workload::Resolve, server };
    let asked = generator(cell, "y", &load(1_000), Some(500.0), &cores).args.join(" ");
    assert!(asked.contains("--cores 1,3 --workers 2 "), "{asked}");
}

#[test]
fn the_generator_asks_what_the_load_says() {
    let cell = |workload| Cell { workload, server: of("hyper") };
    let asked = |workload, rate| {
        let load = loads::load(Extent::Normal, workload);
        generator(cell(workload), "y", &load, rate, &cores()).args.join(" ")
    };
    let resolve = asked(Workload::Resolve, Some(15_000.0));
    let begin = "resolve --rate 15000 --connections ";
    assert!(resolve.starts_with(begin) && resolve.contains("--sessions 30000"), "{resolve}");
    assert!(resolve.ends_with("--seed 1 --format json --quiet"), "{resolve}");
    let closed = asked(Workload::ResolveClosed, None);
    assert!(closed.starts_with("resolve --connections 256 --sessions 30000 "), "{closed}");
    assert!(!closed.contains("--rate"), "{closed}");
    assert!(closed.ends_with(" --closed"), "{closed}");
    let closed = asked(Workload::Loot, None);
    assert!(closed.starts_with("loot --connections 1000 "), "{closed}");
    assert!(closed.ends_with(" --closed"), "{closed}");
    let slow = asked(Workload::SlowReaders, None);
    assert!(!slow.contains("--rate") && !slow.contains("--closed"), "{slow}");
    assert!(!closed.contains("--sessions"), "{closed}");
    let quests = asked(Workload::Quests, Some(2_000.0));
    assert!(quests.contains("--hunts 2000 "), "{quests}");
    // Two processes hold what one does not.
    let many = asked(Workload::Resolve30k, Some(15_000.0));
    assert!(many.starts_with("resolve ") && many.contains("--workers 2 "), "{many}");
}
