//! Where the CPU time of servers goes: the share of each layer, from profiles.

use super::Among;
use crate::figures::{Unit, work};
use crate::profile::layer::Layer;
use crate::profile::told::Told;
use crate::published::markdown::Sheet;
use crate::quantity::figure;

/// A row for each server that has a profile, a column for each layer that has samples.
///
/// # Errors
/// If none has one.
pub(super) fn sheet(among: &Among<'_, '_>) -> Result<Sheet, String> {
    let mut all = Vec::new();
    let mut missing = Vec::new();
    for server in &among.servers {
        match Told::of(among.figures, among.cell(*server)) {
            Ok(told) => all.push(told),
            Err(why) => missing.push(why),
        }
    }
    if all.is_empty() {
        return Err(missing.pop().unwrap_or_else(|| "no server is named".to_owned()));
    }
    let sampled = |layer: &Layer| all.iter().any(|told| told.shares.count(*layer) > 0);
    let layers: Vec<Layer> = Layer::ALL.into_iter().filter(sampled).collect();
    let mut headings = vec!["server".to_owned()];
    headings.extend(layers.iter().map(|layer| layer.title().to_owned()));
    let rows = all.iter().map(|told| {
        let shares = layers.iter().map(|layer| figure(told.shares.share(*layer), Unit::Share));
        std::iter::once(told.cell.server.to_string()).chain(shares).collect()
    });
    let mut notes = vec![format!(
        "Shares of CPU time, of {} each, at {}. Profiles of bundle `{}` (manifest `{}`), \
         commit `{}`.",
        samples(&all),
        rates(among, &all),
        among.figures.bundle.head.name,
        among.figures.bundle.digest_short(),
        among.figures.bundle.environment.source.commit,
    )];
    let doubts = all.iter().filter_map(|told| Some((told, told.doubt()?)));
    notes.extend(doubts.map(|(told, doubt)| format!("Mind {}: {doubt}.", told.cell.server)));
    notes.extend(missing.into_iter().map(|why| format!("{why}.")));
    Ok(Sheet { rows: rows.collect(), headings, words: vec![0], notes })
}

/// How many samples each has.
fn samples(all: &[Told<'_>]) -> String {
    let counts = all.iter().map(|told| told.shares.samples);
    let [least, most] = [counts.clone().min(), counts.max()].map(Option::unwrap_or_default);
    let [least, most] = [least, most].map(crate::quantity::count);
    if least == most { format!("{least} samples") } else { format!("{least} to {most} samples") }
}

/// The rates that were offered, each once.
fn rates(among: &Among<'_, '_>, all: &[Told<'_>]) -> String {
    let rates = all.iter().map(|told| work::offered(among.workload, told.profile.offered_per_s));
    let mut rates: Vec<String> = rates.collect();
    rates.dedup();
    rates.join(", ")
}
