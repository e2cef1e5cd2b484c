//! What each choice does by itself, and where choices depend on each other: the effects of runtime,
//! allocator and arena on a metric, and their interactions.
//!
//! An effect compares two levels of one factor over all settings of the other two in which both
//! were measured: in each round the figures of a level are averaged over those settings, and the
//! averages are paired. So what is compared differs in one thing only, and a full grid is not
//! needed. An interaction is the effect of one factor at one level of another, over that effect at
//! the reference level.

use crate::cell::{Allocator, Arena, Cell, Runtime, Server, Workload};
use crate::figures::{Figures, Metric};
use crate::statistics::spread::mean;
use crate::statistics::verdict::judge;
use crate::statistics::{Change, Judged, Question, Scale};
use std::collections::{BTreeMap, BTreeSet};

/// What one level does, or what it does otherwise beside another one.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The name of the factor; none of an interaction.
    pub factor: Option<&'static str>,
    /// Of what: the level, or two of them.
    pub subject: String,
    /// Against what.
    pub against: String,
    /// What is said of it.
    pub judged: Judged,
    /// In how many settings of the rest it was seen.
    pub settings: usize,
    /// The cells that it is seen in.
    pub of: Vec<Cell>,
}

/// The choices of an engine, by their places in the lists of all of them.
type Setting = [usize; 3];

const FACTORS: [&str; 3] = ["runtime", "allocator", "arena"];
/// What others are compared with where it was measured: what one has who chooses nothing.
const REFERENCES: Setting = [0, Allocator::ALL.len() - 1, 0];

fn server([runtime, allocator, arena]: Setting) -> Server {
    Server::Engine {
        runtime: Runtime::ALL[runtime],
        allocator: Allocator::ALL[allocator],
        arena: Arena::ALL[arena],
    }
}

/// How many levels a factor has.
const LEVELS: Setting = [Runtime::ALL.len(), Allocator::ALL.len(), Arena::ALL.len()];

fn setting(server: Server) -> Option<Setting> {
    let Server::Engine { runtime, allocator, arena } = server else { return None };
    Some([
        Runtime::ALL.into_iter().position(|level| level == runtime)?,
        Allocator::ALL.into_iter().position(|level| level == allocator)?,
        Arena::ALL.into_iter().position(|level| level == arena)?,
    ])
}

fn level_name(factor: usize, level: usize) -> &'static str {
    match factor {
        0 => Runtime::ALL[level].name(),
        1 => Allocator::ALL[level].name(),
        _ => Arena::ALL[level].name(),
    }
}

/// The effects on a metric under a workload by factor, then the interactions, those that are least
/// likely by chance first. Empty where no two settings differ in one thing only.
#[must_use]
pub fn effects(figures: &Figures<'_>, workload: Workload, metric: Metric) -> Vec<Effect> {
    let grid = Grid::of(figures, workload, metric);
    let found = grid.differences();
    let (noise, better) = (figures.noise(workload, metric), metric.better());
    let questions: Vec<Question> =
        found.iter().map(|found| Question { change: found.change, better, noise }).collect();
    let judged = found.into_iter().zip(judge(&questions)).map(|(found, judged)| {
        let Difference { factor, subject, against, settings, of, .. } = found;
        let cell = |of: Setting| Cell { workload, server: server(of) };
        let of = of.into_iter().map(cell).collect();
        Effect { factor, subject, against, judged, settings, of }
    });
    let (mut effects, mut interactions): (Vec<Effect>, Vec<Effect>) =
        judged.partition(|effect| effect.factor.is_some());
    if effects.is_empty() {
        return effects;
    }
    interactions.sort_by(|a, b| a.judged.p_corrected.total_cmp(&b.judged.p_corrected));
    effects.append(&mut interactions);
    effects
}

/// A difference before it is judged.
struct Difference {
    /// The factor; none of an interaction.
    factor: Option<&'static str>,
    subject: String,
    against: String,
    change: Change,
    settings: usize,
    of: BTreeSet<Setting>,
}

/// The figures of all settings that were measured, by round.
struct Grid {
    metric: Metric,
    settings: BTreeMap<Setting, BTreeMap<u32, f64>>,
}

/// A level of a factor, beside the reference level of it.
#[derive(Clone, Copy)]
struct Step {
    factor: usize,
    level: usize,
    reference: usize,
}

impl Step {
    /// A setting before the step and after it.
    fn ends(self, from: Setting) -> [Setting; 2] {
        [self.reference, self.level].map(|level| {
            let mut setting = from;
            setting[self.factor] = level;
            setting
        })
    }

    fn name(self) -> &'static str {
        level_name(self.factor, self.level)
    }

    fn reference_name(self) -> &'static str {
        level_name(self.factor, self.reference)
    }
}

impl Grid {
    fn of(figures: &Figures<'_>, workload: Workload, metric: Metric) -> Self {
        let cells = figures.cells().filter(|(cell, _)| cell.workload == workload);
        let known = cells.filter_map(|(cell, figures)| {
            let values = figures.values(metric);
            (values.len() >= 2).then_some((setting(cell.server)?, values))
        });
        Self { metric, settings: known.collect() }
    }

    /// All of them: the effects of each factor, then the interactions of each two.
    fn differences(&self) -> Vec<Difference> {
        let steps: Vec<Vec<Step>> = (0..FACTORS.len()).map(|factor| self.steps(factor)).collect();
        let effects = steps.iter().flatten().filter_map(|step| self.effect(*step));
        let pairs = [(0, 1), (0, 2), (1, 2)].into_iter();
        let pairs = pairs.flat_map(|(first, second)| {
            let seconds = &steps[second];
            steps[first].iter().flat_map(move |a| seconds.iter().map(move |b| (*a, *b)))
        });
        let interactions = pairs.filter_map(|(first, second)| self.interaction(first, second));
        effects.chain(interactions).collect()
    }

    /// The levels of a factor that were measured, each beside the one that they are compared with.
    fn steps(&self, factor: usize) -> Vec<Step> {
        let measured: BTreeSet<usize> =
            self.settings.keys().map(|setting| setting[factor]).collect();
        let usual = REFERENCES[factor];
        let reference = measured.contains(&usual).then_some(usual);
        let Some(reference) = reference.or(measured.first().copied()) else { return Vec::new() };
        let levels = (0..LEVELS[factor]).filter(|level| *level != reference);
        let levels = levels.filter(|level| measured.contains(level));
        levels.map(|level| Step { factor, level, reference }).collect()
    }

    fn effect(&self, step: Step) -> Option<Difference> {
        let froms = self.settings.keys().filter(|setting| setting[step.factor] == step.reference);
        let blocks = froms.map(|from| step.ends(*from)).collect();
        let (blocks, rounds) = self.complete(blocks)?;
        let level =
            |end: usize| self.averages(&rounds, &blocks, |block, figure| figure(block[end]));
        let change = Change::paired(&level(0), &level(1), self.metric.scale())?;
        Some(Difference {
            factor: Some(FACTORS[step.factor]),
            subject: step.name().to_owned(),
            against: step.reference_name().to_owned(),
            change,
            settings: blocks.len(),
            of: blocks.into_iter().flatten().collect(),
        })
    }

    fn interaction(&self, first: Step, second: Step) -> Option<Difference> {
        let froms = self.settings.keys().filter(|setting| {
            setting[first.factor] == first.reference && setting[second.factor] == second.reference
        });
        let block = |from: &Setting| {
            let [usual, other] = second.ends(*from);
            let ([a, b], [c, d]) = (first.ends(usual), first.ends(other));
            [a, b, c, d]
        };
        let (blocks, rounds) = self.complete(froms.map(block).collect())?;
        // What the first step does before the second one, and after it.
        let apart = |from: f64, to: f64| self.unlogged(self.logged(to) - self.logged(from));
        let before = |block: &[Setting; 4], figure: &dyn Fn(Setting) -> f64| {
            apart(figure(block[0]), figure(block[1]))
        };
        let after = |block: &[Setting; 4], figure: &dyn Fn(Setting) -> f64| {
            apart(figure(block[2]), figure(block[3]))
        };
        let before = self.averages(&rounds, &blocks, before);
        let after = self.averages(&rounds, &blocks, after);
        let change = Change::paired(&before, &after, self.metric.scale())?;
        Some(Difference {
            factor: None,
            subject: format!("{} with {}", first.name(), second.name()),
            against: format!("{} with {}", first.name(), second.reference_name()),
            change,
            settings: blocks.len(),
            of: blocks.into_iter().flatten().collect(),
        })
    }

    /// The blocks all of whose settings were measured, and the rounds in which all of them were.
    fn complete<const N: usize>(
        &self,
        blocks: Vec<[Setting; N]>,
    ) -> Option<(Vec<[Setting; N]>, Vec<u32>)> {
        let known = |block: &[Setting; N]| block.iter().all(|s| self.settings.contains_key(s));
        let blocks: Vec<[Setting; N]> = blocks.into_iter().filter(known).collect();
        let first = blocks.first()?[0];
        let everywhere =
            |round: &u32| blocks.iter().flatten().all(|s| self.settings[s].contains_key(round));
        let rounds: Vec<u32> = self.settings[&first].keys().copied().filter(everywhere).collect();
        (rounds.len() >= 2).then_some((blocks, rounds))
    }

    /// One figure for each round: the average over blocks, geometric where ratios are compared.
    fn averages<const N: usize>(
        &self,
        rounds: &[u32],
        blocks: &[[Setting; N]],
        of: impl Fn(&[Setting; N], &dyn Fn(Setting) -> f64) -> f64,
    ) -> Vec<f64> {
        let average = |round: &u32| {
            let figure = |setting: Setting| self.settings[&setting][round];
            let figures = blocks.iter().map(|block| self.logged(of(block, &figure)));
            self.unlogged(mean(&figures.collect::<Vec<f64>>()))
        };
        rounds.iter().map(average).collect()
    }

    fn logged(&self, figure: f64) -> f64 {
        if self.metric.scale() == Scale::Ratio { figure.ln() } else { figure }
    }

    fn unlogged(&self, figure: f64) -> f64 {
        if self.metric.scale() == Scale::Ratio { figure.exp() } else { figure }
    }
}
