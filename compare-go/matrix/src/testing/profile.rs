//! Profiles whose shares are known beforehand.

use crate::bundle::observed::Observed;
use crate::bundle::profile::{Profile, Sampled};
use crate::bundle::run::CommandLine;
use crate::cell::Cell;

/// A profile of a cell by a program with this digest, of 1,000 samples: 300 of the scheduler, 20 of
/// the allocator, 400 of the kernel's network, 150 of protocols, 120 of the game, and 10 that no
/// rule names. Of Go, its own samples are there too: 50 of the scheduler and 50 of the network.
#[must_use]
pub fn profile(cell: Cell, server_sha256: &str) -> Profile {
    let root = "start_thread [libc.so.6];poll [tokio-1.54.1/src/runtime/task/raw.rs]";
    let stacks = [
        ("turn [tokio-1.54.1/src/runtime/driver.rs];epoll_wait [libc.so.6]", 300),
        ("mi_malloc [libmimalloc-sys-0.1.44/c_src/alloc.c]", 20),
        ("__send [libc.so.6];do_syscall_64 [kernel];tcp_sendmsg [kernel]", 400),
        ("parse [httparse-1.10.1/src/lib.rs]", 150),
        ("reach [engine-core/src/game/leaderboard.rs];compare [core/src/slice/cmp.rs]", 120),
        ("pad [left-pad-1.0.0/src/lib.rs]", 10),
    ];
    let command = |program: &str| CommandLine { program: program.into(), ..CommandLine::default() };
    let sampled = |program: &str, stacks: Vec<String>| Sampled {
        command: command(program),
        per_s: 100,
        taken_ms: 10_000,
        stacks,
    };
    let own = ["runtime.netpoll [runtime/netpoll.go] 50", "syscall.write [syscall/unix.go] 50"];
    Profile {
        cell,
        started_unix_ms: 1_803_859_200_000,
        offered_per_s: Some(10_000.0),
        server: command("target/release/hunt-server"),
        server_sha256: server_sha256.to_owned(),
        generator: command("target/release/hunt-load"),
        generator_sha256: "10ad".into(),
        generator_exit: 0,
        rules: 1,
        perf: Observed::Is(sampled(
            "perf",
            stacks.iter().map(|(stack, count)| format!("{root};{stack} {count}")).collect(),
        )),
        pprof: if cell.server.is_go() {
            Observed::Is(sampled("admin", own.map(str::to_owned).to_vec()))
        } else {
            Observed::missing("only Go samples itself")
        },
    }
}
