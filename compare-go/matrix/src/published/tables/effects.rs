//! What runtime, allocator and arena do to a metric, as a table.

use super::Among;
use crate::figures::{Metric, effects};
use crate::published::markdown::Sheet;
use crate::quantity;
use crate::statistics::Scale;

/// Each choice against the usual one, all else equal; then choices that depend on each other, as
/// far as something tells them from chance.
pub(super) fn sheet(among: &Among<'_, '_>, metric: Metric) -> Result<Sheet, String> {
    let all = effects::effects(among.figures, among.workload, metric);
    if all.is_empty() {
        return Err(format!("no two settings that differ in one thing only have a {metric}"));
    }
    let told = |effect: &effects::Effect| {
        !matches!(effect.judged.verdict, crate::statistics::Verdict::Indistinguishable(_))
    };
    let untold = all.iter().filter(|effect| effect.factor.is_none() && !told(effect)).count();
    let shown = all.iter().filter(|effect| effect.factor.is_some() || told(effect));
    let rows = shown.map(|effect| {
        let change = effect.judged.change;
        let estimate = change.on_its_scale();
        let by = match change.scale {
            Scale::Ratio => {
                quantity::ratio(1.0 + estimate.value, estimate.interval.map(|e| 1.0 + e))
            }
            Scale::Difference => {
                quantity::change(estimate.value, estimate.interval, change.scale, metric.unit())
            }
        };
        let factor = effect.factor.unwrap_or("together");
        let words = [factor, &effect.subject, &effect.against, &by].map(str::to_owned);
        let mut row = words.to_vec();
        row.extend([effect.judged.verdict.to_string(), effect.settings.to_string()]);
        row
    });
    let rows = rows.collect();
    let by = match metric.scale() {
        Scale::Ratio => "ratio",
        Scale::Difference => "difference",
    };
    let mut notes = vec![among.source()];
    notes.push(format!(
        "Of {}. Each choice against the one before it in all settings of the other two that were \
         measured with both, paired by round; \"together\": what two choices do beside what each \
         does.",
        metric.title()
    ));
    if untold > 0 {
        let pairs = quantity::several(untold, "pair");
        notes.push(format!("Nothing tells {pairs} of choices from what each does by itself."));
    }
    notes.extend(among.left_out());
    let headings = ["choice", "of", "against", by, "verdict", "settings"].map(str::to_owned);
    Ok(Sheet { headings: headings.to_vec(), rows, words: vec![0, 1, 2, 4], notes })
}
