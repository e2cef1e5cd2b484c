//! How long a server takes from the start of its process to its first right answer.
//!
//! The clock runs from the moment before the process is made to the last byte of the answer to
//! `GET /loot`, on a connection that is opened as soon as the server has said where it listens. The
//! server is on its own cores, and whoever asks is on the generator's.

use super::Look;
use crate::cell::Server;
use crate::plan::Load;
use crate::run::programs::Program;
use crate::run::programs::watched::launch;
use crate::run::serving;
use anyhow::{Context, ensure};
use process::asking::Asking;
use process::child::{Child, Launch};
use process::system;
use std::thread;
use std::time::Duration;

/// How long a server may take to say where it listens.
const PATIENCE: Duration = Duration::from_secs(20);
/// The smallest useful request. A world without hunts has an empty loot table.
const REQUEST: &[u8] = b"GET /loot HTTP/1.1\r\nHost: matrix\r\n\r\n";
/// A load that every server can hold; none comes.
const LOAD: Load =
    Load { rate_per_s: None, connections: 64, sessions: 1, warm_up_ms: 0, counted_ms: 1_000 };

impl Look<'_> {
    /// Starts it some times, and ends it each time once it has answered.
    pub(super) fn start_up(&mut self, program: &Program, starts: u32) -> anyhow::Result<Vec<u64>> {
        let Self { top, server, cores, stop, .. } = *self;
        self.show.step(&format!("start {server} {starts} times"));
        let line = serving::server(server, &program.path, &LOAD, cores);
        let launch = launch(top, &line);
        let asker: Vec<usize> =
            cores.generator.iter().filter_map(|core| usize::try_from(*core).ok()).collect();
        // A thread of its own, since it moves to other cores.
        let measured = thread::scope(|scope| {
            let measure = || -> anyhow::Result<Vec<u64>> {
                system::pin_to(&asker).context("the generator's cores cannot be used")?;
                (0..starts).take_while(|_| !stop.is_asked()).map(|_| once(&launch)).collect()
            };
            scope.spawn(measure).join().expect("measuring does not panic")
        });
        measured.with_context(|| format!("it does not start{}", hint(server)))
    }
}

/// What is known of a server that does not start, beside what it says itself.
const fn hint(server: Server) -> &'static str {
    if server.needs_io_uring() {
        " (it needs io_uring: `hunt-server doctor` tells what the kernel, a container or the limit \
         on locked memory refuses, and the remedy)"
    } else {
        ""
    }
}

fn once(launch: &Launch) -> anyhow::Result<u64> {
    let mut child = Child::start(launch)?;
    let at = child.addresses(PATIENCE)?;
    let (status, body) = Asking::connect(at.players)?.ask(REQUEST)?;
    let took = child.started().elapsed();
    let body = String::from_utf8_lossy(&body);
    ensure!(status == 200 && body.contains("\"loot\":"), "GET /loot was answered {status} {body}");
    // It is measured again at once: what it has must be free by then.
    child.terminate()?;
    child.wait_for(PATIENCE)?.context("it does not end when it is asked to")?;
    Ok(u64::try_from(took.as_nanos())?)
}
