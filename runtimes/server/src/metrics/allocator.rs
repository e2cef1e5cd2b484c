//! The families of the allocator: which one it is, and what it holds.

use super::{Families, counter, gauge};
use alloc_witness::{Figures, Seen};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;
use std::fmt;

/// The allocator at one moment.
#[derive(Clone, Debug, Default)]
pub struct AllocatorFigures {
    /// Which one serves; `None` leaves all of it out.
    pub seen: Option<Seen>,
    /// What it holds.
    pub figures: Figures,
}

impl AllocatorFigures {
    /// The allocator of this process, now.
    #[must_use]
    pub fn now() -> Self {
        Self { seen: Some(crate::allocator::seen().clone()), figures: crate::allocator::figures() }
    }

    /// Writes its families.
    ///
    /// # Errors
    /// If the text cannot be written to.
    pub fn encode(&self, out: &mut Families<'_>) -> fmt::Result {
        let Some(seen) = &self.seen else { return Ok(()) };
        let mut labels = vec![
            ("allocator", seen.allocator.to_owned()),
            ("version", seen.version.clone()),
            ("installed", seen.installed.to_owned()),
        ];
        labels.extend(seen.instrument.map(|instrument| ("instrument", instrument.to_owned())));
        let help = "The allocator that was seen to serve, and the one that was built in";
        out.info("hunt_allocator", help, &labels)?;
        let Figures { allocated_bytes, resident_bytes, mapped_bytes, asked } = self.figures;
        let bytes = Some(&Unit::Bytes);
        for (name, help, value) in [
            ("hunt_allocator_allocated", "Bytes of blocks that the program holds", allocated_bytes),
            ("hunt_allocator_resident", "Bytes of the allocator that are resident", resident_bytes),
            ("hunt_allocator_mapped", "Bytes that the allocator took for use", mapped_bytes),
        ] {
            let Some(value) = value else { continue };
            gauge(out.family(name, help, bytes, MetricType::Gauge)?, value)?;
        }
        let Some(asked) = asked else { return Ok(()) };
        out.counter("hunt_allocations", "How often memory was asked for", asked.requests)?;
        let help = "Bytes that were asked for";
        counter(out.family("hunt_allocated", help, bytes, MetricType::Counter)?, asked.bytes)
    }
}
