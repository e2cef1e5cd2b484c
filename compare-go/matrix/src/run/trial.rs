//! A run that is measured: counters are read at the moments that count, and what the generator
//! printed is kept.

use crate::bundle::environment::Cores;
use crate::bundle::generator::{self, Detail, Printed};
use crate::bundle::observed::Observed;
use crate::bundle::run::{Measured, Outcome};
use crate::run::generate::{Generator, Phase};
use crate::run::interrupt::Interrupted;
use crate::run::observe::{Observations, Observer, Watched};
use crate::run::pair::{Attend, Made, Pair, failed};
use anyhow::Context;
use process::child::Addresses;
use std::fmt::Display;
use std::process::ExitStatus;

/// Makes it.
///
/// # Errors
/// If it was to stop.
pub(crate) fn make(
    pair: &mut Pair<'_>,
    detail: Detail,
    cores: &Cores,
) -> Result<Outcome, Interrupted> {
    let mut reader = Reader { detail, cores, server: None, observer: None };
    Ok(match pair.run(&mut reader)? {
        Ok(measured) => Outcome::Measured(Box::new(measured)),
        Err(failure) => Outcome::Failed(failure),
    })
}

/// Reads counters as phases begin.
struct Reader<'a> {
    /// How much is kept of what the generator prints.
    detail: Detail,
    cores: &'a Cores,
    server: Option<(u32, Addresses)>,
    observer: Option<Observer>,
}

impl Attend for Reader<'_> {
    type Made = Measured;

    fn serves(&mut self, server: u32, at: Addresses) -> anyhow::Result<()> {
        self.server = Some((server, at));
        Ok(())
    }

    fn begun(&mut self, generator: u32) -> anyhow::Result<()> {
        let (server, at) = self.server.context("the server is not known")?;
        let watched = Watched { server, admin: at.admin, generator };
        self.observer = Some(Observer::start(watched, self.cores)?);
        Ok(())
    }

    fn phase(&mut self, phase: Phase) -> anyhow::Result<()> {
        let observer = self.observer.as_mut().context("nobody looks")?;
        match phase {
            Phase::Connected(connections) => observer.connected(connections),
            Phase::Measured => observer.begin()?,
            Phase::Grace => observer.end()?,
            Phase::Warmup | Phase::End => {}
        }
        Ok(())
    }

    fn ended(&mut self, exit: ExitStatus, generator: &mut Generator) -> Made<Measured> {
        let observed = self.observer.take().context("nobody looked").and_then(Observer::finish);
        let observed = observed.or_else(|error| {
            failed("load", format!("{error:#}; the generator ended with {exit}"))
        })?;
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
            let error = format!("none of {} requests was answered rightly", requests.due);
            return failed("load", error);
        }
        let Observations {
            allocator,
            server,
            load,
            resident,
            scheduling,
            collections,
            scraped,
            series,
            machine,
        } = observed;
        let uncounted = "counted in a run of its own";
        Ok(Measured {
            generator: kept,
            generator_exit: code,
            allocator,
            server,
            load,
            resident,
            system_calls: Observed::missing(uncounted),
            allocations: Observed::missing(uncounted),
            scheduling,
            collections,
            scraped,
            series,
            machine,
        })
    }
}

#[cfg(test)]
mod tests;
