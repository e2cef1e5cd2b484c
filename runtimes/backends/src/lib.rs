//! The runtime backends by name: which there are, which of them can start here, and their one way
//! to serve. What a server, a test or a measurement chooses, it chooses here.

use driver::{Node, Unavailable};
use engine_core::arena::Arena;
use engine_core::service::Service;
use std::{fmt, io};

/// A runtime backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// Tokio on epoll, work-stealing.
    Tokio,
    /// Tokio on epoll, one runtime for each worker.
    TokioPerCore,
    /// An own ring in a Tokio runtime for each worker.
    TokioUring,
    /// glommio: io_uring, one executor for each worker.
    Glommio,
    /// monoio on io_uring, one runtime for each worker.
    Monoio,
    /// monoio on epoll, one runtime for each worker.
    MonoioLegacy,
}

/// A name that no backend has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownBackend(String);

impl Backend {
    /// Every backend, built in or not.
    pub const ALL: [Self; 6] = [
        Self::Tokio,
        Self::TokioPerCore,
        Self::TokioUring,
        Self::Glommio,
        Self::Monoio,
        Self::MonoioLegacy,
    ];

    /// The order in which `auto` tries them.
    pub const AUTO: [Self; 5] =
        [Self::TokioUring, Self::TokioPerCore, Self::Monoio, Self::Glommio, Self::MonoioLegacy];

    /// Those of this build.
    pub fn built_in() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|backend| backend.is_built_in())
    }

    /// Its name on the command line, in metrics and in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::TokioPerCore => "tokio-per-core",
            Self::TokioUring => "tokio-uring",
            Self::Glommio => "glommio",
            Self::Monoio => "monoio",
            Self::MonoioLegacy => "monoio-legacy",
        }
    }

    /// The cargo feature that builds it in.
    #[must_use]
    pub const fn feature(self) -> &'static str {
        match self {
            Self::Tokio | Self::TokioPerCore => "tokio",
            Self::TokioUring => "tokio-uring",
            Self::Glommio => "glommio",
            Self::Monoio | Self::MonoioLegacy => "monoio",
        }
    }

    /// Whether this build has it.
    #[must_use]
    pub const fn is_built_in(self) -> bool {
        match self {
            Self::Tokio | Self::TokioPerCore => cfg!(feature = "tokio"),
            Self::Glommio => cfg!(feature = "glommio"),
            Self::Monoio | Self::MonoioLegacy => cfg!(feature = "monoio"),
            Self::TokioUring => cfg!(feature = "tokio-uring"),
        }
    }

    /// What it needs of the system, beside sockets.
    #[must_use]
    pub const fn needs(self) -> &'static str {
        match self {
            Self::Tokio | Self::TokioPerCore | Self::MonoioLegacy => "epoll",
            Self::TokioUring => {
                "io_uring with DEFER_TASKRUN, multishot receive and provided buffer rings"
            }
            Self::Glommio => "io_uring and a memlock limit of 512 KiB",
            Self::Monoio => "io_uring with DEFER_TASKRUN",
        }
    }

    /// Whether each worker has a listener of its own (`SO_REUSEPORT`), a thread, and, where asked,
    /// a core and a descriptor table; else one listener and one scheduler serve all workers.
    #[must_use]
    pub const fn is_per_core(self) -> bool {
        !matches!(self, Self::Tokio)
    }

    /// Whether it can start here.
    ///
    /// # Errors
    /// Why not, and what to do about it.
    pub fn probe(self) -> Result<(), Unavailable> {
        match self {
            #[cfg(feature = "tokio-uring")]
            Self::TokioUring => runtime_tokio_uring::probe(),
            #[cfg(feature = "glommio")]
            Self::Glommio => runtime_glommio::probe(),
            #[cfg(feature = "monoio")]
            Self::Monoio => runtime_monoio::probe(),
            _ if self.is_built_in() => Ok(()),
            _ => Err(self.left_out()),
        }
    }

    /// Serves until the node is drained or aborted. Blocks.
    ///
    /// # Errors
    /// If this build does not have it, it cannot start, or a worker has failed.
    pub fn serve<A: Arena, S: Service>(self, node: Node<A, S>) -> io::Result<()> {
        match self {
            #[cfg(feature = "tokio")]
            Self::Tokio => {
                runtime_tokio_epoll::serve(runtime_tokio_epoll::Mode::WorkStealing, node)
            }
            #[cfg(feature = "tokio")]
            Self::TokioPerCore => {
                runtime_tokio_epoll::serve(runtime_tokio_epoll::Mode::PerCore, node)
            }
            #[cfg(feature = "tokio-uring")]
            Self::TokioUring => runtime_tokio_uring::serve(node),
            #[cfg(feature = "glommio")]
            Self::Glommio => runtime_glommio::serve(node),
            #[cfg(feature = "monoio")]
            Self::Monoio => runtime_monoio::serve(node),
            #[cfg(feature = "monoio")]
            Self::MonoioLegacy => runtime_monoio::legacy::serve(node),
            #[cfg(not(all(
                feature = "tokio",
                feature = "tokio-uring",
                feature = "glommio",
                feature = "monoio"
            )))]
            _ => {
                drop(node);
                Err(io::Error::other(self.left_out()))
            }
        }
    }

    fn left_out(self) -> Unavailable {
        Unavailable::new(
            format!("this build has no {self}"),
            format!("build with the cargo feature {}", self.feature()),
        )
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for Backend {
    type Err = UnknownBackend;

    fn from_str(name: &str) -> Result<Self, UnknownBackend> {
        let found = Self::ALL.into_iter().find(|backend| backend.name() == name);
        found.ok_or_else(|| UnknownBackend(name.to_owned()))
    }
}

impl fmt::Display for UnknownBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no runtime `{}`; there are", self.0)?;
        let mut separator = " ";
        for backend in Backend::ALL {
            write!(f, "{separator}{backend}")?;
            separator = ", ";
        }
        Ok(())
    }
}

impl std::error::Error for UnknownBackend {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_its_backend_and_any_other_is_refused() {
        for backend in Backend::ALL {
            assert_eq!(backend.name().parse(), Ok(backend));
        }
        let error = "tokyo".parse::<Backend>().unwrap_err().to_string();
        assert!(error.contains("`tokyo`") && error.contains("tokio-uring"), "{error}");
    }

    #[test]
    fn what_is_not_built_in_says_which_feature_it_needs() {
        for backend in Backend::ALL {
            match backend.probe() {
                Ok(()) => assert!(backend.is_built_in()),
                Err(why) if !backend.is_built_in() => {
                    assert!(why.remedy.contains(backend.feature()), "{why}");
                }
                Err(why) => assert!(!why.cause.is_empty() && !why.remedy.is_empty()),
            }
        }
    }
}
