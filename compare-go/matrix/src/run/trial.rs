//! A server and a generator while they run: started, watched, read at the moments that count, and
//! ended. Whatever goes wrong comes out as a failure that says what was under way; nothing waits
//! without a bound.

use crate::bundle::environment::Cores;
use crate::bundle::generator::{self, Detail, Printed};
use crate::bundle::observed::Observed;
use crate::bundle::run::{CommandLine, Failure, Measured, Outcome};
use crate::plan::Load;
use crate::run::generate::{Generator, Phase, addressed, launch};
use crate::run::interrupt::{Interrupted, Stop};
use crate::run::observe::{Observations, Observer, Watched};
use process::child::{Addresses, Child};
use std::fmt::Display;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// How often it is looked whether the server is there and nobody wants to stop.
const LOOK: Duration = Duration::from_millis(100);

/// For how long each part may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Until a server says where it listens.
    pub(crate) start: Duration,
    /// Until the world is set up and everybody is connected.
    pub(crate) set_up: Duration,
    /// From there to the report.
    pub(crate) load: Duration,
    /// Until a server that was asked to end has ended.
    pub(crate) stop: Duration,
}

impl Patience {
    /// With a load: servers that are slow have their time, and those that stand still do not hold
    /// a night's work up.
    pub(crate) fn with(load: &Load) -> Self {
        let many = u64::from(load.connections) + u64::from(load.sessions);
        let counted = Duration::from_millis(load.warm_up_ms + load.counted_ms);
        Self {
            start: Duration::from_secs(20),
            set_up: Duration::from_secs(30) + Duration::from_millis(2 * many),
            // A grace of a quarter at most; the generator itself gives up after five seconds.
            load: counted * 5 / 4 + Duration::from_secs(20),
            stop: Duration::from_secs(15),
        }
    }
}

/// A run that is to be made.
#[derive(Debug)]
pub(crate) struct Trial<'a> {
    /// The top of the repository.
    pub(crate) top: &'a Path,
    /// How the server is started.
    pub(crate) server: &'a CommandLine,
    /// How the generator is started; it comes to have the addresses.
    pub(crate) generator: CommandLine,
    /// How much is kept of what it prints.
    pub(crate) detail: Detail,
    /// Who has which cores.
    pub(crate) cores: &'a Cores,
    /// For how long it may take.
    pub(crate) patience: Patience,
    /// Whether somebody asked to stop.
    pub(crate) stop: &'a Stop,
}

/// Why there is nothing measured.
enum Trouble {
    Stopped,
    Failed { during: &'static str, error: String },
}

type Made<T> = Result<T, Trouble>;

/// What went wrong while something was under way.
fn failed<T>(during: &'static str, error: impl Display) -> Made<T> {
    Err(Trouble::Failed { during, error: format!("{error:#}") })
}

impl Trial<'_> {
    /// Makes it.
    ///
    /// # Errors
    /// If it was to stop.
    pub(crate) fn make(&mut self) -> Result<Outcome, Interrupted> {
        let (mut server, mut generator) = (None, None);
        match self.both(&mut server, &mut generator) {
            Ok(measured) => Ok(Outcome::Measured(Box::new(measured))),
            Err(Trouble::Stopped) => Err(Interrupted),
            Err(Trouble::Failed { during, error }) => Ok(Outcome::Failed(Failure {
                during: during.into(),
                error,
                server_said: server.map_or_else(Vec::new, |mut server: Child| server.said()),
                generator_said: generator.map_or_else(Vec::new, |mut one: Generator| one.said()),
            })),
        }
    }

    fn both(
        &mut self,
        server: &mut Option<Child>,
        generator: &mut Option<Generator>,
    ) -> Made<Measured> {
        let started = launch(self.top, self.server).and_then(|launch| Child::start(&launch));
        let server = server.insert(started.or_else(|error| failed("start", error))?);
        let at = server.addresses(self.patience.start).or_else(|error| failed("start", error))?;
        self.generator = addressed(&self.generator, at);
        let started = Generator::start(self.top, &self.generator);
        let generator = generator.insert(started.or_else(|error| failed("set-up", error))?);
        let (observations, exit) = self.attend(server, generator, at)?;
        let measured = self.measured(generator, observations, exit)?;
        self.end(server)?;
        Ok(measured)
    }

    /// Reads counters as phases begin, until the generator has ended.
    fn attend(
        &self,
        server: &mut Child,
        generator: &mut Generator,
        at: Addresses,
    ) -> Made<(Observations, ExitStatus)> {
        let watched = Watched { server: server.id(), admin: at.admin, generator: generator.id() };
        let observer = Observer::start(watched, self.cores);
        let mut observer = observer.or_else(|error| failed("set-up", error))?;
        let mut during = "set-up";
        let mut until = Instant::now() + self.patience.set_up;
        let exit = loop {
            let phase = generator.next(LOOK);
            if self.stop.is_asked() {
                return Err(Trouble::Stopped);
            }
            if let Some(status) = server.ended().or_else(|error| failed(during, error))? {
                return failed(during, format!("the server ended by itself, with {status}"));
            }
            let read = match phase {
                Some(Phase::Connected(connections)) => {
                    during = "load";
                    until = Instant::now() + self.patience.load;
                    observer.connected(connections);
                    Ok(())
                }
                Some(Phase::Measured) => observer.begin(),
                Some(Phase::Grace) => observer.end(),
                Some(Phase::Warmup | Phase::End) => Ok(()),
                None => {
                    let ended = generator.ended(Duration::ZERO);
                    if let Some(status) = ended.or_else(|error| failed(during, error))? {
                        break status;
                    }
                    Ok(())
                }
            };
            read.or_else(|error| failed(during, error))?;
            if Instant::now() >= until {
                return failed(during, self.too_slow(during));
            }
        };
        match observer.finish() {
            Ok(observations) => Ok((observations, exit)),
            Err(_) if during == "set-up" => {
                failed(during, format!("the generator never began to ask, and ended with {exit}"))
            }
            Err(error) => failed(during, format!("{error:#}; the generator ended with {exit}")),
        }
    }

    fn too_slow(&self, during: &str) -> String {
        let (what, patience) = match during {
            "set-up" => ("the world was not set up", self.patience.set_up),
            _ => ("the generator did not come to its end", self.patience.load),
        };
        format!("{what} within {} s", patience.as_secs_f64())
    }

    fn measured(
        &self,
        generator: &mut Generator,
        observed: Observations,
        exit: ExitStatus,
    ) -> Made<Measured> {
        let Some(code) = exit.code() else {
            return failed("load", format!("the generator was killed: {exit}"));
        };
        let printed = generator.printed().or_else(|error| failed("load", error))?;
        let garbled = |error: &dyn Display| {
            format!("the generator, which ended with {exit}, has no report: {error}")
        };
        let kept = generator::kept(&printed, self.detail);
        let kept = kept.or_else(|error| failed("load", garbled(&error)))?;
        let read = Printed::read(&kept).or_else(|error| failed("load", garbled(&error)))?;
        let requests = read.outcome.figures.requests();
        if requests.due > 0 && requests.right == 0 {
            return failed(
                "load",
                format!("none of {} requests was answered rightly", requests.due),
            );
        }
        let uncounted = "counted in a run of its own";
        Ok(Measured {
            generator: kept,
            generator_exit: code,
            allocator: observed.allocator,
            server: observed.server,
            load: observed.load,
            resident: observed.resident,
            system_calls: Observed::missing(uncounted),
            allocations: Observed::missing(uncounted),
            scheduling: observed.scheduling,
            collections: observed.collections,
            scraped: observed.scraped,
            series: observed.series,
            machine: observed.machine,
        })
    }

    /// Asks the server to end. One that does not is no server to be trusted with a promise.
    fn end(&self, server: &mut Child) -> Made<()> {
        server.terminate().or_else(|error| failed("stop", error))?;
        match server.wait_for(self.patience.stop) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => {
                let patience = self.patience.stop.as_secs_f64();
                failed("stop", format!("the server did not end within {patience} s of SIGTERM"))
            }
            Err(error) => failed("stop", error),
        }
    }
}

#[cfg(test)]
mod tests;
