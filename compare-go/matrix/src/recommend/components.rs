//! What servers are made of, who keeps it up, and what it needs of a system: a small table with its
//! sources, committed beside this file and read by it.

use crate::cell::{Allocator, Arena, Library, Peer, Runtime, Server};
use crate::recommend::ask::Kernel;
use crate::words::words;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

words! {
    /// How well something is kept up.
    pub enum State("state of maintenance") {
        /// Changes and releases come.
        Active = "active",
        /// Few changes come, and releases rarely.
        Slow = "slow",
        /// Nothing came for more than a year.
        Stalled = "stalled",
    }
}

/// Something that servers are made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// How well it is kept up.
    pub state: State,
    /// Its newest release, or how often there is one.
    pub release: String,
    /// What there is to say.
    pub says: String,
    /// Where that is from.
    pub source: String,
}

/// What a runtime needs of the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelNeed {
    /// Which runtime.
    pub runtime: Runtime,
    /// The oldest release on which it starts.
    pub min: Kernel,
    /// What it needs there.
    pub needs: String,
    /// Bytes of locked memory for each worker, where they are bounded.
    pub memlock_bytes: Option<u64>,
    /// Where that is from.
    pub source: String,
}

/// What containers refuse.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerRule {
    /// What they refuse.
    pub blocks: String,
    /// What there is to say.
    pub says: String,
    /// Where that is from.
    pub source: String,
}

/// The table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Components {
    /// What servers are made of.
    pub components: Vec<Component>,
    /// What runtimes need of the kernel.
    pub kernels: Vec<KernelNeed>,
    /// What containers refuse by default.
    pub container: ContainerRule,
}

impl Components {
    /// The table that is committed.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn committed() -> &'static Self {
        static TABLE: OnceLock<Components> = OnceLock::new();
        TABLE.get_or_init(|| {
            serde_json::from_str(include_str!("components.json"))
                .expect("the table is read by a test")
        })
    }

    /// What a server is made of.
    #[must_use]
    pub fn of(&self, server: Server) -> Vec<&Component> {
        let names = names(server);
        let find = |name: &&str| self.components.iter().find(|component| component.name == *name);
        names.iter().filter_map(find).collect()
    }

    /// How well the least kept up of its parts is kept up.
    #[must_use]
    pub fn state(&self, server: Server) -> State {
        let states = self.of(server).into_iter().map(|component| component.state);
        states.max().unwrap_or(State::Active)
    }

    /// What a server needs of the kernel, where it needs anything.
    #[must_use]
    pub fn kernel_need(&self, server: Server) -> Option<&KernelNeed> {
        let Server::Engine { runtime, .. } = server else { return None };
        self.kernels.iter().find(|need| need.runtime == runtime)
    }
}

fn names(server: Server) -> Vec<&'static str> {
    match server {
        Server::Engine { runtime, allocator, arena } => {
            let mut names = match runtime {
                Runtime::Tokio | Runtime::TokioPerCore => vec!["tokio"],
                Runtime::TokioUring => vec!["tokio", "io-uring"],
                Runtime::Glommio => vec!["glommio"],
                Runtime::Monoio | Runtime::MonoioLegacy => vec!["monoio"],
            };
            names.push(match allocator {
                Allocator::Mimalloc => "mimalloc",
                Allocator::Jemalloc => "jemalloc",
                Allocator::System => "glibc",
            });
            if arena == Arena::Bump {
                names.push("bumpalo");
            }
            names
        }
        Server::Peer(Peer::Hyper) => vec!["tokio", "hyper"],
        Server::Peer(Peer::Axum) => vec!["tokio", "hyper", "axum"],
        Server::Go { library: Library::Nethttp, .. } => vec!["go", "gws"],
        Server::Go { library: Library::Fasthttp, .. } => vec!["go", "fasthttp", "gws"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_every_server_is_in_the_table_with_a_source() {
        let table = Components::committed();
        for server in Server::all() {
            assert_eq!(table.of(server).len(), names(server).len(), "{server}");
            assert_eq!(table.kernel_need(server).is_some(), server.needs_io_uring(), "{server}");
        }
        let used: Vec<&str> = Server::all().into_iter().flat_map(names).collect();
        for component in &table.components {
            assert!(used.contains(&&*component.name), "{} is in no server", component.name);
            assert!(component.source.starts_with("https://"), "{component:?}");
        }
    }

    #[test]
    fn a_server_is_kept_up_as_well_as_the_least_of_its_parts() {
        let state = |name: &str| Components::committed().state(name.parse().unwrap());
        assert_eq!(state("tokio+jemalloc+heap"), State::Active);
        assert_eq!(state("monoio+jemalloc+heap"), State::Slow);
        assert_eq!(state("glommio+system+bump"), State::Stalled);
    }
}
