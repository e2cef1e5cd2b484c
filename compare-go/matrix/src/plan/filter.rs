//! Which cells are meant: `--cells 'runtime=tokio*,allocator=jemalloc'`.
//!
//! A filter is terms joined by commas, all of which must hold; a cell is meant where any of several
//! filters holds. A term is `AXIS=PATTERN`, `AXIS!=PATTERN` or a pattern alone, which is held
//! against the names of all axes. Patterns are joined by `|`; `*` stands for any letters.

use crate::cell::{
    Allocator, Arena, Cell, Library, Peer, Runtime, Server, Tuning, UnknownWord, Workload,
};
use crate::words::words;
use std::str::FromStr;

words! {
    /// A property of a cell.
    pub enum Axis("axis") {
        /// The workload.
        Workload = "workload",
        /// The server, by its whole name.
        Server = "server",
        /// `rust` for the engine, `peer` for hyper and axum, `go` for the reference.
        Kind = "kind",
        /// The runtime of the engine.
        Runtime = "runtime",
        /// The allocator of the engine.
        Allocator = "allocator",
        /// The arena of the engine.
        Arena = "arena",
        /// The library of a peer or of the reference.
        Library = "library",
        /// How far the reference is tuned.
        Tuning = "tuning",
    }
}

/// Some of all cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    /// None: any.
    axis: Option<Axis>,
    patterns: Vec<String>,
    must_not: bool,
}

const KINDS: [&str; 3] = ["rust", "peer", "go"];

impl Filter {
    /// Whether a cell is meant.
    #[must_use]
    pub fn matches(&self, cell: Cell) -> bool {
        self.terms.iter().all(|term| term.matches(cell))
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Whether a cell is meant by any of several filters; by none where there are none, all are.
#[must_use]
pub fn any(filters: &[Filter], cell: Cell) -> bool {
    filters.is_empty() || filters.iter().any(|filter| filter.matches(cell))
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let terms = text.split(',').map(|term| parse(term.trim()));
        Ok(Self { text: text.to_owned(), terms: terms.collect::<Result<_, _>>()? })
    }
}

fn parse(term: &str) -> Result<Term, String> {
    let (axis, patterns) = match term.split_once('=') {
        None => (None, term),
        Some((axis, patterns)) => (Some(axis), patterns),
    };
    let must_not = axis.is_some_and(|axis| axis.ends_with('!'));
    let axis = axis.map(|axis| axis.trim_end_matches('!').trim().parse::<Axis>());
    let axis = axis.transpose().map_err(|error| format!("`{term}`: {error}"))?;
    let patterns: Vec<String> = patterns.split('|').map(|text| text.trim().to_owned()).collect();
    for pattern in &patterns {
        let names = axis.map_or_else(all_names, Axis::names);
        if pattern.is_empty() {
            return Err(format!("`{term}` has an empty pattern; write `AXIS=NAME` or `NAME*`"));
        }
        if !names.iter().any(|name| glob(pattern, name)) {
            let kind = axis.map_or("workload, server or part of one", |axis| axis.name());
            // Whole servers are too many to list.
            let short = |name: &String| !name.contains('+');
            let known: Vec<&'static str> =
                names.into_iter().filter(short).map(|name| &*name.leak()).collect();
            return Err(UnknownWord { kind, word: pattern.clone(), known }.to_string());
        }
    }
    Ok(Term { axis, patterns, must_not })
}

impl Term {
    fn matches(&self, cell: Cell) -> bool {
        let one = |axis: Axis| {
            let name = axis.of(cell);
            name.is_some_and(|name| self.patterns.iter().any(|pattern| glob(pattern, &name)))
        };
        let matches = match self.axis {
            Some(axis) => one(axis),
            None => Axis::ALL.into_iter().any(one),
        };
        matches != self.must_not
    }
}

impl Axis {
    /// The name that a cell has on this axis, where it has one.
    #[must_use]
    pub fn of(self, cell: Cell) -> Option<String> {
        let Cell { workload, server } = cell;
        let name = match (self, server) {
            (Self::Workload, _) => workload.name(),
            (Self::Server, _) => return Some(server.to_string()),
            (Self::Kind, Server::Engine { .. }) => KINDS[0],
            (Self::Kind, Server::Peer(_)) => KINDS[1],
            (Self::Kind, Server::Go { .. }) => KINDS[2],
            (Self::Runtime, Server::Engine { runtime, .. }) => runtime.name(),
            (Self::Allocator, Server::Engine { allocator, .. }) => allocator.name(),
            (Self::Arena, Server::Engine { arena, .. }) => arena.name(),
            (Self::Library, Server::Peer(peer)) => peer.name(),
            (Self::Library, Server::Go { library, .. }) => library.name(),
            (Self::Tuning, Server::Go { tuning, .. }) => tuning.name(),
            _ => return None,
        };
        Some(name.to_owned())
    }

    /// Every name on this axis.
    fn names(self) -> Vec<String> {
        fn owned<T>(all: impl IntoIterator<Item = T>, name: fn(T) -> &'static str) -> Vec<String> {
            all.into_iter().map(|value| name(value).to_owned()).collect()
        }
        match self {
            Self::Workload => owned(Workload::ALL, Workload::name),
            Self::Server => Server::all().iter().map(Server::to_string).collect(),
            Self::Kind => KINDS.map(str::to_owned).to_vec(),
            Self::Runtime => owned(Runtime::ALL, Runtime::name),
            Self::Allocator => owned(Allocator::ALL, Allocator::name),
            Self::Arena => owned(Arena::ALL, Arena::name),
            Self::Library => {
                let mut names = owned(Peer::ALL, Peer::name);
                names.extend(owned(Library::ALL, Library::name));
                names
            }
            Self::Tuning => owned(Tuning::ALL, Tuning::name),
        }
    }
}

fn all_names() -> Vec<String> {
    Axis::ALL.into_iter().flat_map(Axis::names).collect()
}

/// Whether a pattern fits a name as a whole; `*` stands for any letters.
pub(crate) fn glob(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of all cells are meant.
    fn count(filters: &[&str]) -> usize {
        let filters: Vec<Filter> = filters.iter().map(|text| text.parse().unwrap()).collect();
        let cells = Workload::ALL.into_iter().flat_map(|workload| {
            Server::all().into_iter().map(move |server| Cell { workload, server })
        });
        cells.filter(|cell| any(&filters, *cell)).count()
    }

    #[test]
    fn terms_narrow_and_filters_widen() {
        assert_eq!(count(&[]), 12 * 42);
        assert_eq!(count(&["resolve"]), 42);
        assert_eq!(count(&["workload=resolve|loot,kind=go"]), 2 * 4);
        assert_eq!(count(&["runtime=tokio*,allocator=jemalloc,arena=heap,resolve"]), 3);
        assert_eq!(count(&["resolve,kind!=rust"]), 6);
        assert_eq!(count(&["resolve,allocator!=jemalloc"]), 24 + 6);
        assert_eq!(count(&["server=go-*+tuned"]), 2 * 12);
        assert_eq!(count(&["hyper,resolve", "library=fasthttp,resolve,tuned"]), 2);
        assert_eq!(count(&["tokio-uring+*+heap,loot"]), 3);
    }

    #[test]
    fn what_means_nothing_is_refused_with_what_is_near() {
        let error = |text: &str| text.parse::<Filter>().unwrap_err();
        assert!(error("runtme=tokio").contains("`runtime` is near"));
        assert!(error("runtime=tokyo").contains("`tokio` is near"));
        assert!(error("runtime=jemalloc").contains("tokio-per-core"));
        assert!(error("resolv").contains("`resolve` is near"));
        assert!(error("arena=heap,").contains("empty pattern"));
        assert!(error("arena=").contains("empty pattern"));
        assert!(error("server=nginx*").contains("hyper, axum"));
    }

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, name, fits) in [
            ("tokio*", "tokio", true),
            ("*uring", "tokio-uring", true),
            ("t*-*g", "tokio-uring", true),
            ("*", "", true),
            ("tokio", "tokio-uring", false),
            ("*io", "tokio-uring", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(glob(pattern, name), fits, "{pattern} {name}");
        }
    }
}
