//! Making a plan: which cells, which of them twice, and in which order.

use crate::cell::{Allocator, Arena, Cell, Runtime, Server, Workload};
use crate::plan::filter::{self, Filter};
use crate::plan::{Extent, Plan, Step, Task, Twin, loads};
use crate::statistics::random::Random;
use crate::words::words;
use std::collections::BTreeMap;

/// The allocator and the arena that the server has by default; other settings differ in one thing
/// from it.
const DEFAULT: (Runtime, Allocator, Arena) =
    (Runtime::TokioUring, Allocator::Jemalloc, Arena::Heap);
/// Capacities are searched for in so many of the rounds.
const CAPACITY_ROUNDS_MAX: u32 = 3;
/// The most rounds of a plan.
pub const ROUNDS_MAX: u32 = 1_000;

words! {
    /// For whom capacities are searched, which takes as long as nine loads.
    pub enum Capacities("choice of capacities") {
        /// For nobody.
        None = "none",
        /// For every runtime, peer and build of Go, on the default allocator and arena.
        Leading = "leading",
        /// For every server of the plan.
        All = "all",
    }
}

/// What is wanted of a plan.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// How much is measured.
    pub extent: Extent,
    /// Which cells; all of the extent's where there are no filters, and whatever they mean where
    /// there are.
    pub filters: Vec<Filter>,
    /// How often; as often as the extent has it where none is given.
    pub rounds: Option<u32>,
    /// For whom capacities are searched.
    pub capacities: Capacities,
    /// What the order follows from.
    pub seed: u64,
}

impl Plan {
    /// Makes it.
    ///
    /// # Errors
    /// If no cell is meant.
    pub fn make(wanted: &Wanted) -> Result<Self, String> {
        let cells = cells(wanted);
        if cells.is_empty() {
            let filters: Vec<&str> = wanted.filters.iter().map(Filter::text).collect();
            return Err(format!("no cell is meant by {}", filters.join(" or ")));
        }
        let mut workloads: Vec<Workload> = cells.iter().map(|cell| cell.workload).collect();
        workloads.sort_unstable();
        workloads.dedup();
        let twins: Vec<Cell> =
            workloads.iter().filter_map(|workload| twin(*workload, &cells)).collect();
        let rounds = wanted.rounds.unwrap_or(match wanted.extent {
            Extent::Quick => 3,
            Extent::Normal | Extent::Full => 5,
        });
        let steps = steps(wanted, &cells, &twins, rounds);
        let servers = Server::all().into_iter();
        let servers = servers.filter(|server| cells.iter().any(|cell| cell.server == *server));
        let loads = workloads.iter().map(|w| (*w, loads::load(wanted.extent, *w)));
        Ok(Self {
            extent: wanted.extent,
            filters: wanted.filters.iter().map(|filter| filter.text().to_owned()).collect(),
            seed: wanted.seed,
            rounds,
            servers: servers.collect(),
            loads: loads.collect::<BTreeMap<_, _>>(),
            twins,
            steps,
        })
    }
}

/// The cells of an extent that filters mean. A filter may name what the extent leaves out, so it
/// chooses from everything.
fn cells(wanted: &Wanted) -> Vec<Cell> {
    let all = Workload::ALL.into_iter().flat_map(|workload| {
        Server::all().into_iter().map(move |server| Cell { workload, server })
    });
    let meant = |cell: &Cell| filter::any(&wanted.filters, *cell);
    let named: Vec<Cell> = all.filter(meant).collect();
    let usual: Vec<Cell> =
        named.iter().copied().filter(|cell| is_usual(wanted.extent, *cell)).collect();
    // What the extent has of them, or else what was named.
    if usual.is_empty() { named } else { usual }
}

/// Whether a cell is part of an extent.
fn is_usual(extent: Extent, cell: Cell) -> bool {
    let Cell { workload, server } = cell;
    match extent {
        Extent::Full => true,
        Extent::Normal => {
            match workload {
                // Where allocators and arenas have most to do.
                Workload::Resolve | Workload::Quests => differs_in_one(server),
                Workload::Resolve30k
                | Workload::ResolveClosed
                | Workload::Sockets
                | Workload::Sockets30k
                | Workload::State => leads(server),
                Workload::Loot
                | Workload::HotBoard
                | Workload::SlowReaders
                | Workload::ReconnectStorm
                | Workload::Mixed => false,
            }
        }
        Extent::Quick => {
            let server = server.to_string();
            let first = [
                "tokio-uring+jemalloc+heap",
                "tokio-per-core+jemalloc+heap",
                "hyper",
                "go-nethttp+tuned",
                "go-fasthttp+tuned",
            ];
            workload == Workload::Resolve && first.contains(&&*server)
        }
    }
}

/// Whether a server has the default allocator and arena, or is no engine at all.
pub(crate) fn leads(server: Server) -> bool {
    let Server::Engine { allocator, arena, .. } = server else { return true };
    let (_, usual_allocator, usual_arena) = DEFAULT;
    allocator == usual_allocator && arena == usual_arena
}

/// Whether a server is another runtime, another allocator or another arena than the default, or no
/// engine at all.
fn differs_in_one(server: Server) -> bool {
    let Server::Engine { runtime, allocator, arena } = server else { return true };
    let (usual_runtime, usual_allocator, usual_arena) = DEFAULT;
    // The allocator and the arena meet each other on the default runtime.
    runtime == usual_runtime || (allocator == usual_allocator && arena == usual_arena)
}

/// The cell of a workload that is measured against itself: the default server where it is there.
fn twin(workload: Workload, cells: &[Cell]) -> Option<Cell> {
    let (runtime, allocator, arena) = DEFAULT;
    let usual = Cell { workload, server: Server::Engine { runtime, allocator, arena } };
    if cells.contains(&usual) {
        return Some(usual);
    }
    cells.iter().copied().find(|cell| cell.workload == workload)
}

/// Every round has every cell once and every twin twice, in an order of its own: the loads first,
/// so that each search knows of what is loaded where to begin.
fn steps(wanted: &Wanted, cells: &[Cell], twins: &[Cell], rounds: u32) -> Vec<Step> {
    let quick = wanted.extent == Extent::Quick;
    let capacities = if quick { Capacities::None } else { wanted.capacities };
    let mut random = Random::new(wanted.seed);
    let mut steps = Vec::new();
    for round in 1..=rounds {
        let (mut measured, mut searches) = (Vec::new(), Vec::new());
        let once = cells.iter().map(|cell| (*cell, None));
        let twice = twins.iter().flat_map(|cell| Twin::ALL.map(|twin| (*cell, Some(twin))));
        for (cell, twin) in once.chain(twice) {
            measured.push(Step { round, cell, twin, task: Task::Measure });
            let searched = match capacities {
                Capacities::None => false,
                Capacities::Leading => leads(cell.server),
                Capacities::All => true,
            };
            if !searched || round > CAPACITY_ROUNDS_MAX {
                continue;
            }
            let slos = loads::promises(wanted.extent, cell.workload).iter();
            let tasks = slos.map(|slo| Task::Capacity(*slo));
            searches.extend(tasks.map(|task| Step { round, cell, twin, task }));
        }
        for mut of_round in [measured, searches] {
            random.shuffle(&mut of_round);
            steps.append(&mut of_round);
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(extent: Extent, filters: &[&str]) -> Wanted {
        let filters = filters.iter().map(|text| text.parse().unwrap()).collect();
        Wanted { extent, filters, rounds: None, capacities: Capacities::Leading, seed: 1 }
    }

    fn plan(extent: Extent, filters: &[&str]) -> Plan {
        Plan::make(&wanted(extent, filters)).unwrap()
    }

    fn in_round(plan: &Plan, round: u32) -> Vec<Step> {
        plan.steps.iter().copied().filter(|step| step.round == round).collect()
    }

    #[test]
    fn every_round_has_every_cell_once_and_the_twin_twice_in_an_order_of_its_own() {
        let plan = plan(Extent::Quick, &[]);
        assert_eq!((plan.rounds, plan.servers.len(), plan.twins.len()), (3, 5, 1));
        let rounds: Vec<Vec<Step>> = (1..=3).map(|round| in_round(&plan, round)).collect();
        for round in &rounds {
            assert_eq!(round.len(), 5 + 2);
            let twins = round.iter().filter(|step| step.twin.is_some());
            assert_eq!(twins.count(), 2);
        }
        let order = |at: usize| rounds[at].iter().map(|s| (s.cell, s.twin)).collect::<Vec<_>>();
        assert!(order(0) != order(1) || order(1) != order(2));
        assert!(plan.steps.is_sorted_by_key(|step| step.round));
    }

    #[test]
    fn the_order_follows_from_the_seed() {
        let of = |seed| Plan::make(&Wanted { seed, ..wanted(Extent::Normal, &[]) }).unwrap().steps;
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn a_normal_plan_changes_one_thing_at_a_time_and_a_full_one_everything() {
        let normal = plan(Extent::Normal, &["resolve"]);
        // Six runtimes, five more settings of the default one, two peers and four of Go.
        assert_eq!(normal.servers.len(), 6 + 5 + 2 + 4);
        let is_search = |step: &Step| step.task != Task::Measure;
        let searches = in_round(&normal, 1).into_iter().filter(is_search).count();
        assert_eq!(searches, (12 + 2) * 2);
        assert!(in_round(&normal, 1).is_sorted_by_key(is_search), "what is loaded comes first");
        assert!(!in_round(&normal, 4).iter().any(is_search));
        let full = plan(Extent::Full, &[]);
        assert_eq!((full.servers.len(), full.loads.len()), (42, 12));
        let searches = |capacities| {
            let wanted = Wanted { capacities, ..wanted(Extent::Full, &["resolve"]) };
            let steps = Plan::make(&wanted).unwrap().steps;
            steps.iter().filter(|step| step.task != Task::Measure).count()
        };
        assert_eq!(searches(Capacities::None), 0);
        assert_eq!(searches(Capacities::All), (42 + 2) * 2 * 3);
    }

    #[test]
    fn a_closed_loop_is_part_of_a_full_plan_and_of_a_normal_one_for_those_that_lead() {
        let servers = |extent| {
            let steps = plan(extent, &[]).steps.into_iter();
            let closed = steps.filter(|step| step.cell.workload == Workload::ResolveClosed);
            let measured = closed.inspect(|step| assert_eq!(step.task, Task::Measure));
            measured.map(|step| step.cell.server).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(servers(Extent::Full).len(), 42);
        let normal = servers(Extent::Normal);
        assert!(normal.len() == 6 + 2 + 4 && normal.into_iter().all(leads));
        assert!(servers(Extent::Quick).is_empty());
    }

    #[test]
    fn filters_choose_from_the_extent_or_name_what_it_leaves_out() {
        let go = plan(Extent::Quick, &["kind=go,resolve"]);
        assert_eq!(go.servers.len(), 2);
        assert_eq!(go.twins[0].server.to_string(), "go-nethttp+tuned");
        let named = plan(Extent::Quick, &["server=monoio+system+bump,loot"]);
        assert_eq!(named.steps.len(), 3 * (1 + 2));
        let error = Plan::make(&wanted(Extent::Quick, &["kind=go,runtime=tokio"])).unwrap_err();
        assert!(error.contains("no cell is meant by kind=go,runtime=tokio"), "{error}");
    }
}
