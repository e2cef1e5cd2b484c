//! Short runs beside the measured one, in which what would disturb it is counted: system calls, and
//! what is asked of the allocator.
//!
//! Each is a fresh server, started as in the measured run, under the same load for less time. What
//! is counted is divided by the work that the generator counted in the same time. The two agree to
//! some milliseconds: the generator says when its counted time begins and ends, and it takes that
//! long until it is read and counting begins or ends, 0.2 % of two seconds.
//!
//! - **System calls** by perf, which counts them without stopping anybody. strace would stop the
//!   server at each, which then finds more to do at the next and makes fewer: that is a figure of
//!   another server, so that there is none where perf cannot count.
//! - **Allocations** of a Rust server by a build that counts them, which is slower but asks for the
//!   same; of a Go server as its runtime tells. Go adds to its sums when a thread's cache of blocks
//!   is refilled, so that they lag by what those caches hold. What telling it takes is measured
//!   before the load, and left out.

use crate::bundle::environment::Cores;
use crate::bundle::generator::{Detail, Printed, kept};
use crate::bundle::observed::Observed;
use crate::bundle::run::{Allocations, Counted, Failure};
use crate::figures::work;
use crate::plan::Load;
use crate::run::generate::{Generator, Phase};
use crate::run::interrupt::{Interrupted, Stop};
use crate::run::measure::Asked;
use crate::run::observe::{Metrics, Scraper};
use crate::run::pair::{Attend, Made, Pair, Patience, failed};
use crate::run::programs::Programs;
use crate::run::serving;
use anyhow::Context;
use process::child::Addresses;
use process::system_calls::Perf;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

/// For how long the load goes on before it counts.
const WARM_UP_MS: u64 = 1_000;
/// For how long it counts.
const COUNTED_MS: u64 = 2_000;
/// For how long a server may take to tell its metrics.
const PATIENCE: Duration = Duration::from_secs(10);
/// Scrapes before the load, by which the cost of one is known.
const SCRAPES: u32 = 4;

/// The metrics that count requests for memory, and the bytes of them.
#[derive(Clone, Copy, Debug)]
struct Names {
    requests: &'static [&'static str],
    bytes: &'static str,
}

const RUST: Names =
    Names { requests: &["hunt_allocations_total"], bytes: "hunt_allocated_bytes_total" };
/// Blocks too small to be counted one by one have a count of their own, as in Go's `Mallocs`.
const GO: Names = Names {
    requests: &["go_gc_heap_allocs_objects_total", "go_gc_heap_tiny_allocs_objects_total"],
    bytes: "go_gc_heap_allocs_bytes_total",
};

/// Counts both under the load of a run.
///
/// # Errors
/// If it was to stop.
pub fn count(
    top: &Path,
    asked: &Asked<'_>,
    programs: &Programs,
    cores: &Cores,
    stop: &Stop,
) -> anyhow::Result<(Observed<Counted>, Observed<Allocations>)> {
    let load = Load { warm_up_ms: WARM_UP_MS, counted_ms: COUNTED_MS, ..asked.load.clone() };
    let cell = asked.step.cell;
    let rate = asked.offered_per_s;
    let generator = serving::generator(cell, &programs.generator().path, &load, rate, cores);
    let patience = Patience::with(&load);
    let run = |program: &str, counters: &mut Counters| -> Result<_, Interrupted> {
        let server = serving::server(cell.server, program, &load, cores);
        let generator = generator.clone();
        let units = Pair { top, server: &server, generator, patience, stop }.run(counters)?;
        Ok(observed(units))
    };
    let mut calls = Counters::of_calls();
    let units = match programs.server(cell.server) {
        Ok(program) => run(&program.path, &mut calls)?,
        Err(why) => Observed::Missing(why),
    };
    let calls = with_units(&calls.calls(), &units, |count, units| Counted { count, units });
    let (names, counting) = if cell.server.is_go() {
        (GO, programs.server(cell.server))
    } else {
        (RUST, programs.counting(cell.server))
    };
    let mut memory = Counters::of_memory(names);
    let units = match counting {
        Ok(program) => run(&program.path, &mut memory)?,
        Err(why) => Observed::Missing(why),
    };
    let allocations = with_units(&memory.asked(), &units, |asked, units| Allocations {
        requests: asked.requests,
        bytes: asked.bytes,
        units,
    });
    Ok((calls, allocations))
}

/// What went wrong is a figure that is missing.
fn observed(units: Result<u64, Failure>) -> Observed<u64> {
    match units {
        Ok(0) => Observed::missing("no work was done while it was counted"),
        Ok(units) => Observed::Is(units),
        Err(failure) => {
            let said = failure.generator_said.last().map_or("nothing", String::as_str);
            let why =
                format!("the run in which it is counted {failure}; the generator said {said}");
            Observed::Missing(why)
        }
    }
}

fn with_units<T: Copy, U>(
    count: &Observed<T>,
    units: &Observed<u64>,
    both: impl Fn(T, u64) -> U,
) -> Observed<U> {
    match (units, count) {
        (Observed::Missing(why), _) | (_, Observed::Missing(why)) => Observed::missing(why),
        (Observed::Is(units), Observed::Is(count)) => Observed::Is(both(*count, *units)),
    }
}

/// What was asked of an allocator so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Memory {
    requests: u64,
    bytes: u64,
}

/// What counts during a run; what cannot be counted says why.
#[derive(Debug)]
enum Counters {
    /// System calls.
    Calls { perf: Option<anyhow::Result<Perf>>, counted: Option<anyhow::Result<u64>> },
    /// What is asked of the allocator.
    Memory { names: Names, told: Option<Telling>, asked: Option<anyhow::Result<Memory>> },
}

/// A server that tells what it asked of its allocator.
#[derive(Debug)]
struct Telling {
    scraper: Scraper,
    /// What telling it once takes.
    cost: Memory,
    begin: Option<Memory>,
}

impl Counters {
    const fn of_calls() -> Self {
        Self::Calls { perf: None, counted: None }
    }

    const fn of_memory(names: Names) -> Self {
        Self::Memory { names, told: None, asked: None }
    }

    /// The server serves, and nobody has asked anything.
    fn ready(&mut self, server: u32, admin: std::net::SocketAddr) {
        match self {
            Self::Calls { perf, .. } => *perf = Some(Perf::attach(server)),
            Self::Memory { names, told, asked } => match Telling::connect(admin, *names) {
                Ok(telling) => *told = Some(telling),
                Err(error) => *asked = Some(Err(error)),
            },
        }
    }

    /// The counted time begins.
    fn begin(&mut self) {
        match self {
            Self::Calls { perf: Some(perf), .. } => {
                let begun = perf.as_mut().ok().map(Perf::begin);
                if let Some(Err(error)) = begun {
                    *perf = Err(error);
                }
            }
            Self::Memory { names, told, asked } => {
                if let Some(telling) = told
                    && let Err(error) = telling.begin(*names)
                {
                    *asked = Some(Err(error));
                }
            }
            Self::Calls { perf: None, .. } => {}
        }
    }

    /// The counted time ends.
    fn end(&mut self) {
        match self {
            Self::Calls { perf, counted } => {
                *counted = perf.take().map(|perf| perf.and_then(Perf::end));
            }
            Self::Memory { names, told, asked } => {
                if asked.is_none() {
                    *asked = told.as_mut().map(|telling| telling.end(*names));
                }
            }
        }
    }

    fn calls(&self) -> Observed<u64> {
        let Self::Calls { counted: Some(counted), .. } = self else {
            return Observed::missing("system calls were not counted");
        };
        match counted {
            Ok(calls) => Observed::Is(*calls),
            Err(error) => Observed::missing(format!("perf cannot count: {error:#}")),
        }
    }

    fn asked(&self) -> Observed<Memory> {
        let Self::Memory { asked: Some(asked), .. } = self else {
            return Observed::missing("allocations were not counted");
        };
        match asked {
            Ok(memory) => Observed::Is(*memory),
            Err(error) => Observed::missing(format!("{error:#}")),
        }
    }
}

impl Telling {
    fn connect(admin: std::net::SocketAddr, names: Names) -> anyhow::Result<Self> {
        let mut scraper = Scraper::connect(admin, PATIENCE)?;
        let first = memory(&scraper.scrape()?, names)?;
        let mut last = first;
        for _ in 0..SCRAPES {
            last = memory(&scraper.scrape()?, names)?;
        }
        let each = |last: u64, first: u64| last.saturating_sub(first) / u64::from(SCRAPES);
        let cost = Memory {
            requests: each(last.requests, first.requests),
            bytes: each(last.bytes, first.bytes),
        };
        Ok(Self { scraper, cost, begin: None })
    }

    fn begin(&mut self, names: Names) -> anyhow::Result<()> {
        self.begin = Some(memory(&self.scraper.scrape()?, names)?);
        Ok(())
    }

    /// What was asked for since the begin, but for telling it then.
    fn end(&mut self, names: Names) -> anyhow::Result<Memory> {
        let begin = self.begin.context("allocations were not counted from the begin")?;
        let end = memory(&self.scraper.scrape()?, names)?;
        let less = |end: u64, begin: u64, cost: u64| end.saturating_sub(begin).saturating_sub(cost);
        Ok(Memory {
            requests: less(end.requests, begin.requests, self.cost.requests),
            bytes: less(end.bytes, begin.bytes, self.cost.bytes),
        })
    }
}

fn memory(metrics: &Metrics, names: Names) -> anyhow::Result<Memory> {
    let value = |name: &str| {
        let value = metrics.whole(name);
        value.with_context(|| format!("the server does not tell {name}"))
    };
    let requests = names.requests.iter().map(|name| value(name)).sum::<anyhow::Result<u64>>()?;
    Ok(Memory { requests, bytes: value(names.bytes)? })
}

impl Attend for Counters {
    /// How much work was done while it was counted.
    type Made = u64;

    fn serves(&mut self, server: u32, at: Addresses) -> anyhow::Result<()> {
        self.ready(server, at.admin);
        Ok(())
    }

    fn phase(&mut self, phase: Phase) -> anyhow::Result<()> {
        match phase {
            Phase::Measured => self.begin(),
            Phase::Grace => self.end(),
            Phase::Connected(_) | Phase::Warmup | Phase::End => {}
        }
        Ok(())
    }

    fn ended(&mut self, _: ExitStatus, generator: &mut Generator) -> Made<u64> {
        let printed = generator.printed().or_else(|error| failed("load", error))?;
        let printed = kept(&printed, Detail::Whole).or_else(|error| failed("load", error))?;
        let printed = Printed::read(&printed).or_else(|error| failed("load", error))?;
        if !printed.outcome.is_complete() {
            return failed("load", format!("the generator ended with {}", printed.outcome.ending));
        }
        Ok(work::units(&printed.outcome.figures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::run::CommandLine;
    use crate::run::programs::scripts::{Folder, script};
    use crate::testing::{PrintedLoad, printed};
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, SocketAddr, TcpListener};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    /// A server that asks for memory 10 times, 1000 bytes in all, whenever it is asked for
    /// metrics; and for what else it is told to.
    fn admin(beside: Arc<AtomicU64>) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let mut told = 0;
            for mut socket in listener.incoming().map_while(Result::ok) {
                while matches!(socket.read(&mut [0; 4096]), Ok(1..)) {
                    told += 1;
                    let beside = beside.load(Ordering::SeqCst);
                    let (requests, bytes) = (10 * told + beside, 1_000 * told + 8 * beside);
                    let text = format!(
                        "hunt_allocations_total {requests}\nhunt_allocated_bytes_total {bytes}\n"
                    );
                    let length = text.len();
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                    let _ = socket.write_all(format!("{head}{text}").as_bytes());
                }
            }
        });
        address
    }

    #[test]
    fn what_telling_takes_is_left_out() {
        let beside = Arc::new(AtomicU64::new(0));
        let mut counters = Counters::of_memory(RUST);
        counters.ready(0, admin(Arc::clone(&beside)));
        counters.begin();
        beside.store(500, Ordering::SeqCst);
        counters.end();
        assert_eq!(counters.asked(), Observed::Is(Memory { requests: 500, bytes: 4_000 }));
    }

    #[test]
    fn a_server_that_does_not_tell_has_a_reason() {
        let mut counters = Counters::of_memory(GO);
        counters.ready(0, admin(Arc::default()));
        counters.begin();
        counters.end();
        let asked = counters.asked();
        assert!(asked.why_missing().unwrap().contains("go_gc_heap"), "{asked:?}");
        let units = Observed::Is(3);
        assert!(with_units(&asked, &units, |_, units| units).why_missing().is_some());
        let calls = Counters::of_calls().calls();
        assert!(calls.why_missing().is_some());
    }

    fn short(
        server: &str,
        generator: &str,
        stop: &Stop,
    ) -> Result<(Result<u64, Failure>, Counters), Interrupted> {
        let folder = Folder::new("count");
        let admin = admin(Arc::default());
        let greeting =
            format!("echo players: http://{admin}; echo admin: http://{admin}; {server}");
        let load = PrintedLoad {
            rate_per_s: Some(1_000.0),
            counted_ns: 2_000_000_000,
            answered: 2_000,
            latency_ns: 1e5,
            operation: "resolve".into(),
            seconds: 2,
            broadcasts: None,
        };
        std::fs::write(folder.path.join("report.json"), printed(&load).get()).unwrap();
        let line = |name: &str, text: &str| CommandLine {
            program: script(&folder, name, text).to_string_lossy().into_owned(),
            ..CommandLine::default()
        };
        let (server, generator) = (line("server", &greeting), line("generator", generator));
        let patience = Patience::with(&Load {
            rate_per_s: None,
            connections: 1,
            sessions: 1,
            warm_up_ms: 0,
            counted_ms: 0,
        });
        let mut counters = Counters::of_memory(RUST);
        let mut pair = Pair { top: &folder.path, server: &server, generator, patience, stop };
        let units = pair.run(&mut counters)?;
        Ok((units, counters))
    }

    const RUN: &str = "echo phase: connected 1 >&2; echo phase: warmup >&2; \
        echo phase: measured >&2; echo phase: grace >&2; echo phase: end >&2; cat report.json";

    #[test]
    fn work_is_what_the_generator_counted() {
        let (units, counters) = short("exec sleep 1000", RUN, &Stop::default()).unwrap();
        assert_eq!(units.unwrap(), 2_000);
        assert_eq!(counters.asked(), Observed::Is(Memory { requests: 0, bytes: 0 }));
    }

    #[test]
    fn whatever_goes_wrong_is_a_reason_and_a_stop_is_a_stop() {
        let why = |server: &str, generator: &str| {
            let (units, _) = short(server, generator, &Stop::default()).unwrap();
            observed(units).why_missing().unwrap().to_owned()
        };
        let text = why("sleep 0.3; exit 3", "exec sleep 1000");
        assert!(text.contains("exit status: 3"), "{text}");
        let text = why("exec sleep 1000", "echo no world >&2; exit 1");
        assert!(text.contains("no world"), "{text}");
        let stop = Stop::default();
        stop.ask();
        let stopped = short("exec sleep 1000", RUN, &stop).map(|_| ());
        assert_eq!(stopped, Err(Interrupted));
    }
}
