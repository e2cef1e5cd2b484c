//! Which cores the servers have, and which the generator.
//!
//! They never share one, nor two threads of one: what the generator does would be in the server's
//! figures. The servers have one core where nobody asks for more, since what is compared is what a
//! core can do.

use crate::bundle::environment::Cores;
use crate::run::environment::files::list;
use crate::run::environment::machine;
use process::cgroup::Cgroup;
use rustix::thread::{CpuSet, sched_getaffinity};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The most cores that the generator has where nobody asks for more: others would wait, mostly.
pub const GENERATOR_CORES_MAX: usize = 4;
/// From so many cores on, the first is left to interrupts and to what else the machine does.
const SPARING_FROM: usize = 4;

/// Cores, and why these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Who has which.
    pub cores: Cores,
    /// Why, in a line.
    pub why: String,
}

/// What there is to choose from.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    /// Cores, threads counted, that this process may use.
    allowed: BTreeSet<u32>,
    /// Threads that share a core, by each of them.
    siblings: BTreeMap<u32, Vec<u32>>,
    /// CPUs' worth of time, where there is a quota.
    quota: Option<f64>,
}

impl Machine {
    /// Reads it. `root` is `/`, or a copy of the files for a test.
    pub(super) fn read(root: &Path) -> Result<Self, String> {
        let set = sched_getaffinity(None);
        let set = set.map_err(|error| format!("the system does not tell its cores: {error}"))?;
        let cores = (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core));
        let allowed: BTreeSet<u32> = cores.filter_map(|core| u32::try_from(core).ok()).collect();
        let siblings = allowed.iter().map(|core| {
            let told = machine::siblings(root, *core);
            (*core, told.unwrap_or_else(|_| vec![*core]))
        });
        let siblings = siblings.collect();
        Ok(Self { allowed, siblings, quota: Cgroup::read(root).cpus })
    }

    /// Chooses, or takes what was asked for.
    pub(super) fn choose(
        &self,
        server: Option<&[u32]>,
        generator: Option<&[u32]>,
    ) -> Result<Choice, String> {
        if self.allowed.len() < 2 {
            return Err(format!(
                "this process may use core {} only, and the server and the generator need one \
                 each; widen what it may use (taskset, cpuset), or take a machine with 2 cores",
                told(&self.allowed.iter().copied().collect::<Vec<_>>())
            ));
        }
        for (who, cores) in [("server", server), ("generator", generator)] {
            self.check(who, cores.unwrap_or(&[self.first()]))?;
        }
        if let (Some(server), Some(generator)) = (server, generator) {
            let both = server.iter().find(|core| generator.contains(core));
            if let Some(core) = both {
                return Err(format!(
                    "core {core} is asked for the server and for the generator, and what the one \
                     does would be measured as the other's; give them different ones of {}",
                    self.listed()
                ));
            }
        }
        let chosen = match (server, generator) {
            (Some(server), Some(generator)) => Cores::new(server, generator),
            (Some(server), None) => Cores::new(server, &self.for_generator(server)?),
            (None, Some(generator)) => Cores::new(&[self.for_server(generator)?], generator),
            (None, None) => {
                let server = self.for_server(&[])?;
                Cores::new(&[server], &self.for_generator(&[server])?)
            }
        };
        let why = self.why(&chosen, server.is_some(), generator.is_some());
        Ok(Choice { cores: chosen, why })
    }

    fn check(&self, who: &str, cores: &[u32]) -> Result<(), String> {
        if cores.is_empty() {
            return Err(format!(
                "no core is asked for the {who}; give it some of {}",
                self.listed()
            ));
        }
        if let Some(core) = cores.iter().find(|core| !self.allowed.contains(core)) {
            return Err(format!(
                "core {core} of the {who} cannot be used here; give it some of {}",
                self.listed()
            ));
        }
        let mut seen = BTreeSet::new();
        match cores.iter().find(|core| !seen.insert(**core)) {
            Some(core) => Err(format!("core {core} is named twice for the {who}; name it once")),
            None => Ok(()),
        }
    }

    fn first(&self) -> u32 {
        self.allowed.first().copied().unwrap_or(0)
    }

    fn listed(&self) -> String {
        told(&self.allowed.iter().copied().collect::<Vec<_>>())
    }

    /// Threads that share the core of this one.
    fn beside(&self, core: u32) -> &[u32] {
        self.siblings.get(&core).map_or(&[], Vec::as_slice)
    }

    /// Cores that share none with these, in the order in which they are taken: each thread of a
    /// core of its own first.
    fn apart(&self, from: &[u32]) -> Vec<u32> {
        let near = |core: &u32| from.iter().any(|other| self.beside(*core).contains(other));
        let free: Vec<u32> = self
            .allowed
            .iter()
            .copied()
            .filter(|core| !from.contains(core) && !near(core))
            .collect();
        let is_first = |core: &u32| {
            let others = self.beside(*core).iter().filter(|other| free.contains(other));
            others.min().is_none_or(|first| first == core)
        };
        let (first, second): (Vec<u32>, Vec<u32>) = free.iter().copied().partition(is_first);
        first.into_iter().chain(second).collect()
    }

    /// The last core: the kernel gives the first ones most of its own work.
    fn for_server(&self, generator: &[u32]) -> Result<u32, String> {
        let firsts = self.apart(generator);
        let alone = firsts.iter().filter(|core| {
            let first =
                self.beside(**core).iter().filter(|other| self.allowed.contains(other)).min();
            first.is_none_or(|first| first == *core)
        });
        let found = alone.max().or(firsts.last()).copied();
        // Two threads of one core are all that there is.
        let found = found
            .or_else(|| self.allowed.iter().rev().find(|core| !generator.contains(core)).copied());
        found.ok_or_else(|| {
            format!("the generator has every core; leave the server one of {}", self.listed())
        })
    }

    /// The cores that are left, as many as help, and as many as the quota pays for.
    fn for_generator(&self, server: &[u32]) -> Result<Vec<u32>, String> {
        let mut free = self.apart(server);
        if free.is_empty() {
            free = self.allowed.iter().copied().filter(|core| !server.contains(core)).collect();
        }
        if free.is_empty() {
            return Err(format!(
                "the server has every core; leave the generator one of {}",
                self.listed()
            ));
        }
        if self.allowed.len() >= SPARING_FROM {
            let spared = self.beside(self.first());
            let others: Vec<u32> = free.iter().copied().filter(|c| !spared.contains(c)).collect();
            free = if others.is_empty() { free } else { others };
        }
        let paid = self.quota.map_or(usize::MAX, |cpus| {
            let whole = usize::try_from(crate::number::whole(cpus.floor())).unwrap_or(usize::MAX);
            whole.saturating_sub(server.len()).max(1)
        });
        free.truncate(GENERATOR_CORES_MAX.min(paid));
        free.sort_unstable();
        Ok(free)
    }

    fn why(&self, cores: &Cores, server_asked: bool, generator_asked: bool) -> String {
        let Cores { server, generator } = cores;
        let mut why = Vec::new();
        if server_asked && generator_asked {
            why.push("as asked for".to_owned());
        } else if !server_asked {
            let fewest = "the kernel's own work is on the first ones";
            why.push(format!("the server has one core to itself, and {fewest}"));
        }
        if server.iter().any(|core| self.beside(*core).iter().any(|c| generator.contains(c))) {
            why.push("they are threads of one core, and there is no other".to_owned());
        } else if self.siblings.values().any(|threads| threads.len() > 1) {
            why.push("no two of them are threads of one core".to_owned());
        }
        let spared = self.allowed.len() > server.len() + generator.len();
        if !generator_asked && spared {
            why.push("the rest is left to the machine".to_owned());
        }
        if why.is_empty() {
            why.push("the generator has what is left".to_owned());
        }
        format!("server on {}, generator on {}: {}", told(server), told(generator), why.join("; "))
    }
}

impl Cores {
    fn new(server: &[u32], generator: &[u32]) -> Self {
        Self { server: server.to_vec(), generator: generator.to_vec() }
    }
}

/// Cores as people write them: `0-3,8`.
pub(super) fn told(cores: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for core in cores {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *core => *last = *core,
            _ => runs.push((*core, *core)),
        }
    }
    let told = |(first, last): &(u32, u32)| match last - first {
        0 => first.to_string(),
        _ => format!("{first}-{last}"),
    };
    let told: Vec<String> = runs.iter().map(told).collect();
    debug_assert_eq!(list(&told.join(",")).map(|cores| cores.len()), Some(cores.len()));
    told.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cores `0..count`, of which each shares its core with the one `apart` places away.
    fn machine(count: u32, apart: Option<u32>) -> Machine {
        let threads = |core: u32| match apart {
            Some(apart) => vec![core % apart, core % apart + apart],
            None => vec![core],
        };
        let siblings = (0..count).map(|core| (core, threads(core))).collect();
        Machine { allowed: (0..count).collect(), siblings, quota: None }
    }

    fn chosen(machine: &Machine) -> (Vec<u32>, Vec<u32>) {
        let Choice { cores, .. } = machine.choose(None, None).unwrap();
        (cores.server, cores.generator)
    }

    fn refused(server: Option<&[u32]>, generator: Option<&[u32]>) -> String {
        machine(2, None).choose(server, generator).unwrap_err()
    }

    #[test]
    fn the_server_has_the_last_core_and_the_generator_others() {
        assert_eq!(chosen(&machine(2, None)), (vec![1], vec![0]));
        assert_eq!(chosen(&machine(3, None)), (vec![2], vec![0, 1]));
        // The first core is spared where there are enough.
        assert_eq!(chosen(&machine(4, None)), (vec![3], vec![1, 2]));
        let (server, generator) = chosen(&machine(16, None));
        assert_eq!((server, generator), (vec![15], vec![1, 2, 3, 4]));
        let why = machine(16, None).choose(None, None).unwrap().why;
        let expected = "server on 15, generator on 1-4: the server has one core to itself, and the \
                        kernel's own work is on the first ones; the rest is left to the machine";
        assert_eq!(why, expected);
    }

    #[test]
    fn no_two_threads_of_a_core_are_parted() {
        // Two cores of two threads: 0 with 2, 1 with 3.
        assert_eq!(chosen(&machine(4, Some(2))), (vec![1], vec![0, 2]));
        // Four cores of two: the generator has threads of cores of their own before others.
        assert_eq!(chosen(&machine(8, Some(4))), (vec![3], vec![1, 2, 5, 6]));
        // One core of two threads is all that there is, and that is said.
        let one = machine(2, Some(1));
        assert_eq!(chosen(&one), (vec![0], vec![1]));
        let why = one.choose(None, None).unwrap().why;
        assert!(why.contains("threads of one core, and there is no other"), "{why}");
    }

    #[test]
    fn the_mask_and_the_quota_are_respected() {
        let mut masked = machine(8, None);
        masked.allowed = [5, 7].into();
        assert_eq!(chosen(&masked), (vec![7], vec![5]));
        let mut paid = machine(16, None);
        paid.quota = Some(3.5);
        assert_eq!(chosen(&paid), (vec![15], vec![1, 2]));
        paid.quota = Some(0.5);
        assert_eq!(chosen(&paid), (vec![15], vec![1]));
    }

    #[test]
    fn what_is_asked_for_is_taken_and_the_rest_chosen() {
        let four = machine(4, None);
        let asked = |server: Option<&[u32]>, generator: Option<&[u32]>| {
            let Choice { cores, .. } = four.choose(server, generator).unwrap();
            (cores.server, cores.generator)
        };
        assert_eq!(asked(Some(&[0, 1]), None), (vec![0, 1], vec![2, 3]));
        assert_eq!(asked(None, Some(&[3])), (vec![2], vec![3]));
        assert_eq!(asked(Some(&[2]), Some(&[0])), (vec![2], vec![0]));
    }

    #[test]
    fn what_cannot_be_had_is_refused_with_the_remedy() {
        let mut one = machine(2, None);
        one.allowed = [1].into();
        let error = one.choose(None, None).unwrap_err();
        assert!(error.contains("core 1 only") && error.contains("taskset"), "{error}");
        assert!(refused(Some(&[0]), Some(&[0])).contains("different ones of 0-1"));
        assert!(refused(Some(&[2]), None).contains("core 2 of the server cannot be used here"));
        assert!(refused(None, Some(&[])).contains("no core is asked for the generator"));
        assert!(refused(Some(&[1, 1]), None).contains("named twice"));
        assert!(refused(Some(&[0, 1]), None).contains("leave the generator one of 0-1"));
        assert!(refused(None, Some(&[0, 1])).contains("leave the server one of 0-1"));
    }

    #[test]
    fn this_machine_has_cores_or_says_why_not() {
        match Machine::read(Path::new("/")).unwrap().choose(None, None) {
            Ok(choice) => assert!(!choice.cores.server.contains(&choice.cores.generator[0])),
            Err(why) => assert!(why.contains("need one each"), "{why}"),
        }
    }
}
