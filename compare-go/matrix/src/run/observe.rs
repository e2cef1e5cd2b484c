//! What the system and the server itself tell while a run goes on.
//!
//! ```text
//!        start      connected     begin                          end        finish
//!          │            │           │        counted time         │            │
//!   memory ●            ●           ·  about, each second  ·      ●       peak ●
//!   counters                        ●     ·     ·     ·     ·     ●
//!   metrics ●                       └●                            └●
//! ```
//!
//! Counters are read first at both ends, by whoever calls, and metrics are asked for after that by
//! a thread of its own: one scrape lies in the counted time, which costs a Rust server some 0.1 ms
//! of CPU time and a Go server some 0.8 ms (the mean of 300 in a row with nobody else there).
//! Asking before would move the begin by as long as the server takes to answer, which under load is
//! anybody's guess. What else is looked at in the counted time is read from `/proc` and costs the
//! server nothing.

mod pauses;
mod scrape;
mod series;

pub(crate) use scrape::{Metrics, Scraper};

use crate::bundle::environment::Cores;
use crate::bundle::observed::Observed;
use crate::bundle::run::{Allocator, Machine, Pauses, Reading, Resident, Scraped, Series, Span};
use crate::number::indices;
use anyhow::Context;
use process::cores::CoreTimes;
use process::meter::{Counters, Meter};
use process::system;
use series::{Both, Sampler};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// For how long a server may take to tell its metrics.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whom it watches, each with the processes that it started.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// The server's process.
    pub server: u32,
    /// Its admin listener, where it has one.
    pub admin: SocketAddr,
    /// The generator's process.
    pub generator: u32,
}

/// Watches a run. Its threads stay on the generator's cores.
#[derive(Debug)]
pub struct Observer {
    watched: Watched,
    server_cores: Vec<usize>,
    own_cores: Vec<usize>,
    meters: Arc<Mutex<Both>>,
    started: Instant,
    first: Scrape,
    started_bytes: u64,
    connected: Option<(Observed<u64>, u64)>,
    begin: Option<Moment>,
    sampler: Option<Sampler>,
    end: Option<Moment>,
    series: Series,
    steady_bytes: u64,
    peak_bytes: u64,
}

/// Metrics that a thread asks for.
type Scrape = Option<JoinHandle<anyhow::Result<Metrics>>>;

/// One end of the counted time.
#[derive(Debug)]
struct Moment {
    server: Reading,
    load: Reading,
    cores: CoreTimes,
    scrape: Scrape,
}

/// What was observed.
#[derive(Clone, Debug)]
pub struct Observations {
    /// The allocator of the server, as the process itself saw it.
    pub allocator: Observed<Allocator>,
    /// The server's counters over the counted time.
    pub server: Span,
    /// The generator's counters over the counted time.
    pub load: Span,
    /// Resident memory of the server.
    pub resident: Resident,
    /// How long what could run waited for its turn.
    pub scheduling: Observed<Pauses>,
    /// How long collecting garbage stopped the program.
    pub collections: Observed<Pauses>,
    /// Series of the server's own metrics.
    pub scraped: BTreeMap<String, Scraped>,
    /// What was observed in each interval.
    pub series: Series,
    /// The machine over the counted time.
    pub machine: Machine,
}

impl Observer {
    /// Begins: the server serves, nobody is connected.
    ///
    /// # Errors
    /// If a process is gone.
    pub fn start(watched: Watched, cores: &Cores) -> anyhow::Result<Self> {
        let both = Both {
            server: Meter::new(watched.server).context("the server")?,
            load: Meter::new(watched.generator).context("the generator")?,
        };
        let started_bytes = resident(&both.server, system::resident_bytes)?;
        let own_cores = indices(&cores.generator).collect::<Vec<_>>();
        Ok(Self {
            watched,
            server_cores: indices(&cores.server).collect(),
            first: Some(scrape(watched.admin, own_cores.clone())),
            own_cores,
            meters: Arc::new(Mutex::new(both)),
            started: Instant::now(),
            started_bytes,
            connected: None,
            begin: None,
            sampler: None,
            end: None,
            series: Series::default(),
            steady_bytes: 0,
            peak_bytes: 0,
        })
    }

    /// Everybody is connected, nobody has asked yet: the warm-up begins.
    pub fn connected(&mut self, connections: u64) {
        let both = series::lock(&self.meters);
        let bytes = resident(&both.server, system::resident_bytes);
        self.connected = Some((bytes.into(), connections));
    }

    /// The counted time begins.
    ///
    /// # Errors
    /// If a process is gone.
    pub fn begin(&mut self) -> anyhow::Result<()> {
        let moment = self.moment()?;
        let sampler = Sampler::start(&self.meters, self.own_cores.clone());
        (self.begin, self.sampler) = (Some(moment), Some(sampler));
        Ok(())
    }

    /// The counted time ends.
    ///
    /// # Errors
    /// If a process is gone.
    pub fn end(&mut self) -> anyhow::Result<()> {
        self.end = Some(self.moment()?);
        if let Some(sampler) = self.sampler.take() {
            self.series = sampler.finish();
        }
        self.steady_bytes = resident(&series::lock(&self.meters).server, system::resident_bytes)?;
        self.note_peak()
    }

    /// What was observed. The server should still be there: its peak may come after the end.
    ///
    /// # Errors
    /// If the counted time has not begun and ended.
    pub fn finish(mut self) -> anyhow::Result<Observations> {
        // Else it stays as it was at the end of the counted time.
        let _ = self.note_peak();
        let first = answer(self.first.take());
        let mut begin = self.begin.take().context("the counted time has not begun")?;
        let mut end = self.end.take().context("the counted time has not ended")?;
        let (at_begin, at_end) = (answer(begin.scrape.take()), answer(end.scrape.take()));
        let both = both(&at_begin, &at_end);
        let (connected_bytes, connections) = self.connected.take().unwrap_or_else(|| {
            (Observed::missing("the generator did not say when all were connected"), 0)
        });
        Ok(Observations {
            allocator: first.and_then(|metrics| metrics.allocator()).into(),
            scheduling: pauses(&both, pauses::scheduling),
            collections: pauses(&both, pauses::collections),
            scraped: both.map_or_else(|_| BTreeMap::new(), |(begin, end)| begin.chosen(end)),
            machine: machine(&begin, &end, &self.server_cores)?,
            server: Span { begin: begin.server, end: end.server },
            load: Span { begin: begin.load, end: end.load },
            resident: Resident {
                started_bytes: self.started_bytes,
                connected_bytes,
                connections,
                steady_bytes: self.steady_bytes,
                peak_bytes: self.peak_bytes,
            },
            series: self.series,
        })
    }

    fn moment(&self) -> anyhow::Result<Moment> {
        let mut both = series::lock(&self.meters);
        let server = reading(self.started, both.server.read().context("the server")?);
        let cores = CoreTimes::now()?;
        let load = reading(self.started, both.load.read().context("the generator")?);
        let scrape = Some(scrape(self.watched.admin, self.own_cores.clone()));
        Ok(Moment { server, load, cores, scrape })
    }

    fn note_peak(&mut self) -> anyhow::Result<()> {
        let both = series::lock(&self.meters);
        let peak = resident(&both.server, system::resident_peak_bytes)?;
        self.peak_bytes = self.peak_bytes.max(peak);
        Ok(())
    }
}

/// The metrics of both ends, or why one of them is not there.
fn both<'a>(
    begin: &'a anyhow::Result<Metrics>,
    end: &'a anyhow::Result<Metrics>,
) -> Result<(&'a Metrics, &'a Metrics), String> {
    match (begin, end) {
        (Ok(begin), Ok(end)) => Ok((begin, end)),
        (Err(error), _) | (_, Err(error)) => Err(format!("{error:#}")),
    }
}

fn pauses(
    both: &Result<(&Metrics, &Metrics), String>,
    between: fn(&Metrics, &Metrics) -> anyhow::Result<Pauses>,
) -> Observed<Pauses> {
    match both {
        Ok((begin, end)) => between(begin, end).into(),
        Err(why) => Observed::missing(why),
    }
}

/// Memory of all processes of a meter, as one of the figures tells it.
fn resident(meter: &Meter, bytes: fn(u32) -> anyhow::Result<u64>) -> anyhow::Result<u64> {
    meter.sum(bytes).context("the server's memory")
}

fn reading(started: Instant, counters: Counters) -> Reading {
    let at_ns = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let Counters { cpu_ns, user_ticks, kernel_ticks, .. } = counters;
    let Counters { waited_ns, voluntary_switches, involuntary_switches, .. } = counters;
    Reading {
        at_ns,
        cpu_ns,
        user_ticks,
        kernel_ticks,
        waited_ns,
        voluntary_switches,
        involuntary_switches,
    }
}

/// The machine between two moments: what is neither idle, stolen nor the server's is others'. Of a
/// span of seconds that is wrong by 10 ms a core, to which the kernel rounds, and by a tick of its
/// clock for what ran just then.
fn machine(begin: &Moment, end: &Moment, server_cores: &[usize]) -> anyhow::Result<Machine> {
    let ours_ns = end.server.cpu_ns.saturating_sub(begin.server.cpu_ns);
    let of_server = end.cores.since(&begin.cores, server_cores.iter().copied())?;
    let of_all = end.cores.since(&begin.cores, begin.cores.numbers())?;
    Ok(Machine { others_on_server_cores: of_server.others(ours_ns), stolen: of_all.stolen() })
}

/// Asks for metrics by a thread of its own.
fn scrape(admin: SocketAddr, cores: Vec<usize>) -> JoinHandle<anyhow::Result<Metrics>> {
    thread::spawn(move || {
        system::pin_to(&cores)?;
        Scraper::connect(admin, PATIENCE)?.scrape()
    })
}

fn answer(scrape: Scrape) -> anyhow::Result<Metrics> {
    let thread = scrape.context("nobody asked for metrics")?;
    thread.join().map_err(|_| anyhow::anyhow!("asking for metrics broke off"))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use process::child::{Child, Launch};
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};

    /// Tells the same metrics to everybody who asks.
    fn admin(metrics: &'static str) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for mut socket in listener.incoming().map_while(Result::ok) {
                let _ = socket.read(&mut [0; 4096]);
                let length = metrics.len();
                let _ =
                    write!(socket, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{metrics}");
            }
        });
        address
    }

    fn shell(script: &str) -> Child {
        Child::start(&Launch::new("sh").args(["-c", script])).unwrap()
    }

    fn cores() -> Cores {
        let core = u32::try_from(system::cores().unwrap()[0]).unwrap();
        Cores { server: vec![core], generator: vec![core] }
    }

    /// Waits until a process has worked for some time.
    fn worked(pid: u32, ns: u64) {
        let used = || system::Cpu::of(pid).unwrap().total_ns;
        let before = used();
        while used() < before + ns {
            thread::yield_now();
        }
    }

    #[test]
    fn what_a_server_used_and_told_is_observed() {
        let text = "hunt_allocator_info{allocator=\"jemalloc\",version=\"5\",installed=\"jemalloc\"} 1\n\
                    hunt_connections 3\n";
        let server = shell("while :; do :; done");
        let generator = shell("exec sleep 1000");
        let watched =
            Watched { server: server.id(), admin: admin(text), generator: generator.id() };
        let mut observer = Observer::start(watched, &cores()).unwrap();
        observer.connected(3);
        observer.begin().unwrap();
        worked(server.id(), 1_200_000_000);
        observer.end().unwrap();
        let seen = observer.finish().unwrap();
        assert_eq!(seen.allocator.value().unwrap().name, "jemalloc");
        assert_eq!(seen.scraped["hunt_connections"], Scraped { begin: 3.0, end: 3.0 });
        let Span { begin, end } = seen.server;
        assert!(end.cpu_ns >= begin.cpu_ns + 1_100_000_000, "{begin:?} {end:?}");
        assert!(end.user_ticks + end.kernel_ticks > begin.user_ticks + begin.kernel_ticks + 50);
        assert!(end.at_ns > begin.at_ns);
        assert!(seen.load.end.cpu_ns - seen.load.begin.cpu_ns < 100_000_000);
        let Resident { started_bytes, steady_bytes, peak_bytes, .. } = seen.resident;
        assert!(started_bytes > 0 && steady_bytes > 0 && peak_bytes > 0);
        assert!(seen.resident.connected_bytes.value().is_some_and(|bytes| *bytes > 0));
        let Series { server_cpu_ns, load_cpu_ns, resident_bytes, switches, .. } = seen.series;
        assert!(!server_cpu_ns.is_empty() && server_cpu_ns[0] > 0);
        let lengths = [load_cpu_ns.len(), resident_bytes.len(), switches.len()];
        assert_eq!(lengths, [server_cpu_ns.len(); 3]);
        assert!(seen.collections.why_missing().unwrap().contains("nothing collects"));
        let Machine { others_on_server_cores: others, stolen } = seen.machine;
        assert!((0.0..=1.0).contains(&others) && (0.0..=1.0).contains(&stolen));
    }

    #[test]
    fn whoever_works_on_the_servers_core_is_seen() {
        let core = cores().server[0] as usize;
        let busy = Launch::new("sh").args(["-c", "while :; do :; done"]).on([core]);
        let (server, other) = (Child::start(&busy).unwrap(), Child::start(&busy).unwrap());
        let watched =
            Watched { server: server.id(), admin: admin(""), generator: std::process::id() };
        let mut observer = Observer::start(watched, &cores()).unwrap();
        observer.begin().unwrap();
        worked(server.id(), 200_000_000);
        worked(other.id(), 200_000_000);
        observer.end().unwrap();
        let others = observer.finish().unwrap().machine.others_on_server_cores;
        assert!(others > 0.1, "{others}");
    }

    #[test]
    fn a_server_without_metrics_has_reasons_and_one_that_is_gone_is_an_error() {
        let (server, generator) = (shell("exec sleep 1000"), shell("exec sleep 1000"));
        let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let watched = Watched { server: server.id(), admin: closed, generator: generator.id() };
        let mut observer = Observer::start(watched, &cores()).unwrap();
        observer.begin().unwrap();
        observer.end().unwrap();
        let seen = observer.finish().unwrap();
        for why in [seen.allocator.why_missing(), seen.scheduling.why_missing()] {
            assert!(why.unwrap().contains("no metrics at"), "{why:?}");
        }
        assert!(seen.resident.connected_bytes.why_missing().is_some());
        let mut observer = Observer::start(watched, &cores()).unwrap();
        observer.begin().unwrap();
        drop(server);
        assert!(observer.end().is_err());
        assert!(observer.finish().unwrap_err().to_string().contains("has not ended"));
    }
}
