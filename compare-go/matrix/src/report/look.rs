//! How a server looks in every plot: its hue is its runtime or library, its dashes the allocator or
//! the tuning, and a thin line the bump arena. So a server looks the same whatever else is shown,
//! and colour is never the only mark.

use crate::cell::{Allocator, Arena, Library, Peer, Runtime, Server, Tuning};
use serde::Serialize;

/// A look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Look {
    /// The number of its hue in the style sheet.
    pub(super) hue: u8,
    /// Lengths of dashes and gaps, in pixels; none of a whole line.
    pub(super) dash: [u8; 2],
    /// Whether its line is thin.
    pub(super) thin: bool,
}

const WHOLE: [u8; 2] = [0, 0];
const DASHED: [u8; 2] = [9, 5];
const DOTTED: [u8; 2] = [2, 4];

impl Look {
    /// That of a server.
    pub(super) const fn of(server: Server) -> Self {
        match server {
            Server::Engine { runtime, allocator, arena } => Self {
                hue: match runtime {
                    Runtime::Tokio => 0,
                    Runtime::TokioPerCore => 1,
                    Runtime::TokioUring => 2,
                    Runtime::Glommio => 3,
                    Runtime::Monoio => 4,
                    Runtime::MonoioLegacy => 5,
                },
                dash: match allocator {
                    Allocator::Jemalloc => WHOLE,
                    Allocator::Mimalloc => DASHED,
                    Allocator::System => DOTTED,
                },
                thin: matches!(arena, Arena::Bump),
            },
            Server::Peer(peer) => Self {
                hue: match peer {
                    Peer::Hyper => 6,
                    Peer::Axum => 7,
                },
                dash: WHOLE,
                thin: false,
            },
            Server::Go { library, tuning } => Self {
                hue: match library {
                    Library::Nethttp => 8,
                    Library::Fasthttp => 9,
                },
                dash: match tuning {
                    Tuning::Tuned => WHOLE,
                    Tuning::Default => DASHED,
                },
                thin: false,
            },
        }
    }
}

/// What a server can be picked by: names of choices and what was chosen.
pub(super) fn facets(server: Server) -> Vec<(&'static str, &'static str)> {
    match server {
        Server::Engine { runtime, allocator, arena } => vec![
            ("kind", "engine"),
            ("runtime", runtime.name()),
            ("allocator", allocator.name()),
            ("arena", arena.name()),
        ],
        Server::Peer(_) => vec![("kind", "peer")],
        Server::Go { library, tuning } => {
            vec![("kind", "go"), ("library", library.name()), ("tuning", tuning.name())]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_servers_look_alike() {
        let all = Server::all();
        let looks = all.iter().map(|server| serde_json::to_string(&Look::of(*server)).unwrap());
        assert_eq!(looks.collect::<BTreeSet<String>>().len(), all.len());
    }

    #[test]
    fn facets_tell_every_server_apart_but_peers() {
        let engines = Server::all().into_iter().filter(|s| !matches!(s, Server::Peer(_)));
        let engines: Vec<Server> = engines.collect();
        let facets: BTreeSet<_> = engines.iter().map(|server| facets(*server)).collect();
        assert_eq!(facets.len(), engines.len());
    }
}
