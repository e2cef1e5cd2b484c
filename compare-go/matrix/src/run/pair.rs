//! A server and a generator that loads it: started, attended until the load is over, and ended.
//! Whatever goes wrong comes out as a failure that says what was under way; nothing waits without a
//! bound.
//!
//! What is done meanwhile is for whoever [attends](Attend): a run reads counters, others count or
//! sample.

use crate::bundle::run::{CommandLine, Failure};
use crate::plan::Load;
use crate::run::generate::{Generator, Phase, addressed};
use crate::run::interrupt::{Interrupted, Stop};
use crate::run::programs::watched::launch;
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

/// What went wrong, and what was under way.
#[derive(Debug)]
pub(crate) struct Trouble {
    during: &'static str,
    error: String,
}

pub(crate) type Made<T> = Result<T, Trouble>;

/// What went wrong while something was under way.
pub(crate) fn failed<T>(during: &'static str, error: impl Display) -> Made<T> {
    Err(Trouble { during, error: format!("{error:#}") })
}

/// Whoever looks on.
pub(crate) trait Attend {
    /// What comes of it.
    type Made;

    /// The server serves as this process, and nobody has asked anything.
    ///
    /// # Errors
    /// Whatever makes it useless to go on.
    fn serves(&mut self, _server: u32, _at: Addresses) -> anyhow::Result<()> {
        Ok(())
    }

    /// The generator has begun as this process.
    ///
    /// # Errors
    /// As [`Attend::serves`].
    fn begun(&mut self, _generator: u32) -> anyhow::Result<()> {
        Ok(())
    }

    /// A part of the load begins. The time that this takes is not the generator's.
    ///
    /// # Errors
    /// As [`Attend::serves`].
    fn phase(&mut self, phase: Phase) -> anyhow::Result<()>;

    /// The generator has ended so, after everybody was connected; the server still serves.
    ///
    /// # Errors
    /// If nothing came of it.
    fn ended(&mut self, exit: ExitStatus, generator: &mut Generator) -> Made<Self::Made>;
}

/// A server and a generator.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    /// The top of the repository.
    pub(crate) top: &'a Path,
    /// How the server is started.
    pub(crate) server: &'a CommandLine,
    /// How the generator is started; it comes to have the addresses.
    pub(crate) generator: CommandLine,
    /// For how long it may take.
    pub(crate) patience: Patience,
    /// Whether somebody asked to stop.
    pub(crate) stop: &'a Stop,
}

impl Pair<'_> {
    /// Runs both.
    ///
    /// # Errors
    /// If it was to stop.
    pub(crate) fn run<A: Attend>(
        &mut self,
        who: &mut A,
    ) -> Result<Result<A::Made, Failure>, Interrupted> {
        let (mut server, mut generator) = (None, None);
        let made = self.both(&mut server, &mut generator, who);
        self.stop.check()?;
        Ok(made.map_err(|Trouble { during, error }| Failure {
            during: during.into(),
            error,
            server_said: server.map_or_else(Vec::new, |mut server: Child| server.said()),
            generator_said: generator.map_or_else(Vec::new, |mut one: Generator| one.said()),
        }))
    }

    fn both<A: Attend>(
        &mut self,
        server: &mut Option<Child>,
        generator: &mut Option<Generator>,
        who: &mut A,
    ) -> Made<A::Made> {
        let started = Child::start(&launch(self.top, self.server));
        let server = server.insert(started.or_else(|error| failed("start", error))?);
        let at = server.addresses(self.patience.start).or_else(|error| failed("start", error))?;
        who.serves(server.id(), at).or_else(|error| failed("set-up", error))?;
        self.generator = addressed(&self.generator, at);
        let started = Generator::start(self.top, &self.generator);
        let generator = generator.insert(started.or_else(|error| failed("set-up", error))?);
        who.begun(generator.id()).or_else(|error| failed("set-up", error))?;
        let exit = self.attended(server, generator, who)?;
        let made = who.ended(exit, generator)?;
        self.end(server)?;
        Ok(made)
    }

    /// Waits until the generator has ended.
    fn attended(
        &self,
        server: &mut Child,
        generator: &mut Generator,
        who: &mut impl Attend,
    ) -> Made<ExitStatus> {
        let mut during = "set-up";
        let mut until = Instant::now() + self.patience.set_up;
        loop {
            let phase = generator.next(LOOK);
            if self.stop.is_asked() {
                return failed(during, Interrupted);
            }
            if let Some(status) = server.ended().or_else(|error| failed(during, error))? {
                return failed(during, format!("the server ended by itself, with {status}"));
            }
            let Some(phase) = phase else {
                let ended = generator.ended(Duration::ZERO);
                match ended.or_else(|error| failed(during, error))? {
                    Some(exit) if during == "set-up" => {
                        let error =
                            format!("the generator never began to ask, and ended with {exit}");
                        return failed(during, error);
                    }
                    Some(exit) => return Ok(exit),
                    None if Instant::now() < until => continue,
                    None => return failed(during, self.too_slow(during)),
                }
            };
            if let Phase::Connected(_) = phase {
                during = "load";
                until = Instant::now() + self.patience.load;
            }
            let before = Instant::now();
            who.phase(phase).or_else(|error| failed(during, error))?;
            until += before.elapsed();
        }
    }

    fn too_slow(&self, during: &str) -> String {
        let (what, patience) = match during {
            "set-up" => ("the world was not set up", self.patience.set_up),
            _ => ("the generator did not come to its end", self.patience.load),
        };
        format!("{what} within {} s", patience.as_secs_f64())
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
