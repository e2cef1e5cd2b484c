//! The servers that the transcripts are played against, by name.

use backends::Backend;
use std::fmt::Write;

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// The engine itself, under virtual time.
    Core,
    /// `hunt-server` with this `--runtime`.
    Own(Backend),
}

/// Servers of the Go module.
pub const GO: [&str; 2] = ["go-nethttp", "go-fasthttp"];

impl Server {
    /// The server of a name.
    ///
    /// # Errors
    /// With the names that there are, or with what is missing.
    pub fn from_name(name: &str) -> Result<Self, String> {
        if name == "core" {
            return Ok(Self::Core);
        }
        if let Ok(backend) = name.parse() {
            return Ok(Self::Own(backend));
        }
        if GO.contains(&name) {
            return Err(format!("{name} is not built in this checkout"));
        }
        let mut message = format!("no server is called {name}; there are: core");
        for known in Backend::ALL.map(Backend::name).iter().chain(&GO) {
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
        assert_eq!(
            Server::from_name("go-nethttp").unwrap_err(),
            "go-nethttp is not built in this checkout"
        );
    }
}
