//! Who is measured: the two bare loops, the two libraries, and every backend of the engine.

use backends::Backend;
use std::fmt;

/// Who serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The bare readiness loop.
    Epoll,
    /// The bare completion loop.
    IoUring,
    /// The game behind hyper, one runtime per core.
    Hyper,
    /// The game behind axum, on Tokio's work-stealing runtime.
    Axum,
    /// The engine's own server.
    Engine(Backend),
}

/// The backend whose answers all others are held to.
pub const REFERENCE: Peer = Peer::Engine(Backend::TokioPerCore);

impl Peer {
    /// Every peer, in the order of the table.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let bare = [Self::Epoll, Self::IoUring];
        let backends = Backend::built_in().map(Self::Engine);
        bare.into_iter().chain(backends).chain([Self::Hyper, Self::Axum]).collect()
    }

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Epoll => "epoll",
            Self::IoUring => "io-uring",
            Self::Hyper => "hyper",
            Self::Axum => "axum",
            Self::Engine(backend) => backend.name(),
        }
    }

    /// The peer of that word.
    ///
    /// # Errors
    /// If there is none; the text lists them.
    pub fn from_name(name: &str) -> Result<Self, String> {
        let all = Self::all();
        all.iter().copied().find(|peer| peer.name() == name).ok_or_else(|| {
            let names: Vec<_> = all.iter().map(|peer| peer.name()).collect();
            format!("no peer is called that; there are {}", names.join(", "))
        })
    }

    /// Whether ratios are to it.
    #[must_use]
    pub fn is_floor(self) -> bool {
        matches!(self, Self::Epoll | Self::IoUring)
    }

    /// Whether it is the engine's own server.
    #[must_use]
    pub fn is_engine(self) -> bool {
        matches!(self, Self::Engine(_))
    }

    /// Whether it is a backend whose workers share nothing.
    #[must_use]
    pub fn is_per_core_backend(self) -> bool {
        matches!(self, Self::Engine(backend) if backend.is_per_core())
    }

    /// Whether it can start here.
    ///
    /// # Errors
    /// Why not, and what to do about it.
    pub fn probe(self) -> Result<(), driver::Unavailable> {
        match self {
            Self::Engine(backend) => backend.probe(),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peer_is_found_by_its_name() {
        for peer in Peer::all() {
            assert_eq!(Peer::from_name(peer.name()), Ok(peer));
        }
        assert!(Peer::from_name("nginx").unwrap_err().contains("epoll, io-uring"));
        assert!(Peer::all().contains(&REFERENCE));
    }
}
