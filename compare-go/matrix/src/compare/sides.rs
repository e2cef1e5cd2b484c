//! The two sides of a comparison, as they are named on the command line: `BUNDLE` or
//! `BUNDLE@SERVER`.

use crate::cell::{Cell, Server, UnknownName};
use crate::figures::Figures;

/// A bundle, or one server of it.
#[derive(Clone, Copy, Debug)]
pub struct Side<'f, 'b> {
    /// The figures of the bundle.
    pub figures: &'f Figures<'b>,
    /// The server; none: all of them.
    pub server: Option<Server>,
}

/// Two sides that cannot be held against each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SideError {
    /// The part after the `@` is no server.
    #[error(transparent)]
    Server(#[from] UnknownName),
    /// Only one side names a server.
    #[error("name a server on both sides or on none: `{0}` has none")]
    OneServer(String),
    /// The same on both sides.
    #[error("both sides are `{0}`")]
    Same(String),
    /// A bundle has no such server.
    #[error("{bundle} has no {server}; there are {known}")]
    NotThere {
        /// The bundle.
        bundle: String,
        /// The server.
        server: Server,
        /// The servers that there are.
        known: String,
    },
}

/// The bundle and the server of a side as it was named.
///
/// # Errors
/// If what follows the `@` is no server.
pub fn split(text: &str) -> Result<(&str, Option<Server>), SideError> {
    match text.rsplit_once('@') {
        Some((bundle, server)) => Ok((bundle, Some(server.parse()?))),
        None => Ok((text, None)),
    }
}

impl<'f, 'b> Side<'f, 'b> {
    /// A bundle, or a server that was measured in it.
    ///
    /// # Errors
    /// If it was not.
    pub fn new(figures: &'f Figures<'b>, server: Option<Server>) -> Result<Self, SideError> {
        let this = Self { figures, server };
        if let Some(server) = server
            && this.cells().is_empty()
        {
            let plan = &figures.bundle.plan;
            let known: Vec<String> = plan.servers.iter().map(Server::to_string).collect();
            let bundle = figures.bundle.head.name.clone();
            return Err(SideError::NotThere { bundle, server, known: known.join(", ") });
        }
        Ok(this)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        let bundle = &self.figures.bundle.head.name;
        self.server.map_or_else(|| bundle.clone(), |server| format!("{bundle}@{server}"))
    }

    /// Its cells.
    pub(super) fn cells(&self) -> Vec<Cell> {
        let meant = |cell: &Cell| self.server.is_none_or(|server| cell.server == server);
        self.figures.cells().map(|(cell, _)| cell).filter(meant).collect()
    }

    /// Whether two sides can be held against each other.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, other: &Self) -> Result<(), SideError> {
        match (self.server, other.server) {
            (Some(_), None) => return Err(SideError::OneServer(other.name())),
            (None, Some(_)) => return Err(SideError::OneServer(self.name())),
            _ => {}
        }
        if self.server == other.server && self.figures.bundle.digest == other.figures.bundle.digest
        {
            return Err(SideError::Same(self.name()));
        }
        Ok(())
    }
}
