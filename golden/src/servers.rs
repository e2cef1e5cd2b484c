//! The servers that the transcripts are played against, by name.

use crate::behind::Web;
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
    /// The game behind an HTTP library.
    Behind(Web),
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
        if let Some(web) = Web::ALL.into_iter().find(|web| web.name() == name) {
            return Ok(Self::Behind(web));
        }
        let mut message = format!("no server is called {name}; there are: core");
        let backends = Backend::ALL.map(Backend::name);
        let others = (Build::ALL.map(Build::name), Web::ALL.map(Web::name));
        for known in backends.iter().chain(&others.0).chain(&others.1) {
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
            Self::Behind(web) => web.name(),
        }
    }

    /// Whether a library writes its heads, so that it is held to what they mean, and has a list of
    /// what it answers otherwise.
    #[must_use]
    pub fn is_of_library(self) -> bool {
        matches!(self, Self::Go(_) | Self::Behind(_))
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
        assert!(error.contains("hyper") && error.contains("axum"), "{error}");
        assert_eq!(Server::from_name("go-fasthttp"), Ok(Server::Go(Build::FastHttp)));
        assert_eq!(Server::from_name("axum"), Ok(Server::Behind(Web::Axum)));
    }
}
