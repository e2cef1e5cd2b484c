//! The servers that the transcripts are played against, by name.

use crate::go::Build;
use backends::Backend;
use std::fmt::Write;

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// The engine itself, under virtual time.
    Core,
    /// `hunt-server` with this `--runtime`.
    Own(Backend),
    /// A server of the Go module.
    Go(Build),
}

impl Server {
    /// The server of a name.
    ///
    /// # Errors
    /// With the names that there are.
    pub fn from_name(name: &str) -> Result<Self, String> {
        if name == "core" {
            return Ok(Self::Core);
        }
        if let Ok(backend) = name.parse() {
            return Ok(Self::Own(backend));
        }
        if let Some(build) = Build::ALL.into_iter().find(|build| build.name() == name) {
            return Ok(Self::Go(build));
        }
        let mut message = format!("no server is called {name}; there are: core");
        for known in Backend::ALL.map(Backend::name).iter().chain(&Build::ALL.map(Build::name)) {
            let _ = write!(message, ", {known}");
        }
        Err(message)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Own(backend) => backend.name(),
            Self::Go(build) => build.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_are_answered_with_the_known_ones() {
        assert_eq!(Server::from_name("core"), Ok(Server::Core));
        assert_eq!(Server::from_name("tokio").map(Server::name), Ok("tokio"));
        let error = Server::from_name("tokyo").unwrap_err();
        assert!(error.contains("tokio-per-core") && error.contains("go-nethttp"), "{error}");
        assert_eq!(Server::from_name("go-fasthttp"), Ok(Server::Go(Build::FastHttp)));
    }
}
