//! The names of what is compared: servers, workloads, and cells, which are a server under a
//! workload. A name is the same on the command line, in bundles, in tables and in file names.
//!
//! What a server is built from and how it is started is not known here.

use crate::words::words;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

words! {
    /// A runtime of the Rust server.
    pub enum Runtime("runtime") {
        /// Tokio on epoll, work-stealing.
        Tokio = "tokio",
        /// Tokio on epoll, one runtime for each worker.
        TokioPerCore = "tokio-per-core",
        /// An own ring in a Tokio runtime for each worker.
        TokioUring = "tokio-uring",
        /// glommio, one executor for each worker.
        Glommio = "glommio",
        /// monoio on io_uring.
        Monoio = "monoio",
        /// monoio on epoll.
        MonoioLegacy = "monoio-legacy",
    }
}

words! {
    /// The global allocator of a process.
    pub enum Allocator("allocator") {
        /// mimalloc.
        Mimalloc = "mimalloc",
        /// jemalloc.
        Jemalloc = "jemalloc",
        /// That of the C library.
        System = "system",
    }
}

words! {
    /// Where memory that dies together comes from.
    pub enum Arena("arena") {
        /// Block by block from the allocator.
        Heap = "heap",
        /// From a bump arena.
        Bump = "bump",
    }
}

words! {
    /// The same game on another library, in Rust.
    pub enum Peer("peer") {
        /// Bare hyper, one runtime for each core.
        Hyper = "hyper",
        /// axum, as its users write it.
        Axum = "axum",
    }
}

words! {
    /// A build of the Go reference.
    pub enum Library("Go library") {
        /// The standard library's server.
        Nethttp = "nethttp",
        /// fasthttp.
        Fasthttp = "fasthttp",
    }
}

words! {
    /// How far the Go reference is tuned.
    pub enum Tuning("tuning") {
        /// As a team would have it.
        Default = "default",
        /// With everything that pays.
        Tuned = "tuned",
    }
}

words! {
    /// What is asked of a server.
    pub enum Workload("workload") {
        /// Fresh claims that write the leaderboard.
        Resolve = "resolve",
        /// The same with 30,000 players connected, as in the incident.
        Resolve30k = "resolve-30k",
        /// The same in a closed loop: each connection asks again when it has its answer.
        ResolveClosed = "resolve-closed",
        /// Idle WebSockets, and `hunt-status` beside them.
        Sockets = "sockets",
        /// The same with 30,000 of them.
        Sockets30k = "sockets-30k",
        /// Moves and power-ups in protobuf.
        State = "state",
        /// Large quests published while broadcasts go out.
        Quests = "quests",
        /// The smallest useful request.
        Loot = "loot",
        /// One hunt that everybody plays.
        HotBoard = "hot-board",
        /// Players who read too slowly.
        SlowReaders = "slow-readers",
        /// Everybody comes back at once.
        ReconnectStorm = "reconnect-storm",
        /// A bit of everything.
        Mixed = "mixed",
    }
}

/// What is measured under workloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Server {
    /// The engine on a runtime.
    Engine {
        /// Which runtime.
        runtime: Runtime,
        /// On which allocator.
        allocator: Allocator,
        /// On which arena.
        arena: Arena,
    },
    /// The same game on another library.
    Peer(Peer),
    /// The Go reference.
    Go {
        /// On which library.
        library: Library,
        /// How far it is tuned.
        tuning: Tuning,
    },
}

/// A server under a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Cell {
    /// What is asked.
    pub workload: Workload,
    /// Of whom.
    pub server: Server,
}

/// A text that names no server or no cell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownName {
    /// A word that is none of its kind.
    #[error(transparent)]
    Word(#[from] UnknownWord),
    /// A server of another form.
    #[error(
        "`{0}` is no server: RUNTIME+ALLOCATOR+ARENA, hyper, axum, go-nethttp+TUNING or \
         go-fasthttp+TUNING"
    )]
    Server(String),
    /// A cell without its mark.
    #[error("`{0}` is no cell: WORKLOAD@SERVER")]
    Cell(String),
}

/// A word that is none of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    pub(crate) kind: &'static str,
    pub(crate) word: String,
    pub(crate) known: Vec<&'static str>,
}

impl Server {
    /// Every server, the engine's first.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for runtime in Runtime::ALL {
            for allocator in Allocator::ALL {
                all.extend(Arena::ALL.map(|arena| Self::Engine { runtime, allocator, arena }));
            }
        }
        all.extend(Peer::ALL.map(Self::Peer));
        for library in Library::ALL {
            all.extend(Tuning::ALL.map(|tuning| Self::Go { library, tuning }));
        }
        all
    }

    /// Whether it is written in Go.
    #[must_use]
    pub const fn is_go(self) -> bool {
        matches!(self, Self::Go { .. })
    }

    /// Whether it cannot serve where the kernel, or a filter before it, refuses io_uring.
    #[must_use]
    pub const fn needs_io_uring(self) -> bool {
        let Self::Engine { runtime, .. } = self else { return false };
        matches!(runtime, Runtime::TokioUring | Runtime::Glommio | Runtime::Monoio)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine { runtime, allocator, arena } => {
                f.pad(&format!("{runtime}+{allocator}+{arena}"))
            }
            Self::Peer(peer) => f.pad(peer.name()),
            Self::Go { library, tuning } => f.pad(&format!("go-{library}+{tuning}")),
        }
    }
}

impl FromStr for Server {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let parts: Vec<&str> = text.split('+').collect();
        match parts[..] {
            [peer] if peer.parse::<Peer>().is_ok() => Ok(Self::Peer(peer.parse()?)),
            [library, tuning] => {
                let library = library.strip_prefix("go-");
                let library = library.ok_or_else(|| UnknownName::Server(text.to_owned()))?;
                Ok(Self::Go { library: library.parse()?, tuning: tuning.parse()? })
            }
            [runtime, allocator, arena] => Ok(Self::Engine {
                runtime: runtime.parse()?,
                allocator: allocator.parse()?,
                arena: arena.parse()?,
            }),
            _ => Err(UnknownName::Server(text.to_owned())),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}@{}", self.workload, self.server))
    }
}

impl FromStr for Cell {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let split = text.split_once('@');
        let (workload, server) = split.ok_or_else(|| UnknownName::Cell(text.to_owned()))?;
        Ok(Self { workload: workload.parse()?, server: server.parse()? })
    }
}

macro_rules! by_text {
    ($($name:ident)*) => {$(
        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = UnknownName;

            fn try_from(text: String) -> Result<Self, UnknownName> {
                text.parse()
            }
        }
    )*};
}

by_text!(Server Cell);

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, word, known } = self;
        write!(f, "there is no {kind} `{word}`")?;
        let near = known
            .iter()
            .map(|name| (strsim::damerau_levenshtein(name, word), name))
            .min()
            .filter(|(distance, _)| *distance <= 2);
        match near {
            Some((_, name)) => write!(f, "; `{name}` is near"),
            None => write!(f, "; there are {}", known.join(", ")),
        }
    }
}

impl std::error::Error for UnknownWord {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_server() {
        let all = Server::all();
        assert_eq!(all.len(), 6 * 3 * 2 + 2 + 4);
        for server in all {
            assert_eq!(server.to_string().parse(), Ok(server));
            let cell = Cell { workload: Workload::HotBoard, server };
            assert_eq!(cell.to_string().parse(), Ok(cell));
            let json = serde_json::to_string(&cell).unwrap();
            assert_eq!(serde_json::from_str::<Cell>(&json).unwrap(), cell);
        }
    }

    #[test]
    fn a_name_that_is_none_says_what_is_near() {
        let error = |text: &str| text.parse::<Cell>().unwrap_err().to_string();
        assert!(error("resolv@hyper").contains("`resolve` is near"));
        assert!(error("resolve@tokio+jemaloc+heap").contains("`jemalloc` is near"));
        assert!(error("resolve@go-gin+tuned").contains("nethttp, fasthttp"));
        assert!(error("resolve@nginx").contains("RUNTIME+ALLOCATOR+ARENA"));
        assert!(error("resolve@rust+tuned").contains("RUNTIME+ALLOCATOR+ARENA"));
        assert!(error("hyper").contains("WORKLOAD@SERVER"));
        assert!(serde_json::from_str::<Cell>("\"resolve@nginx\"").is_err());
    }
}
