//! Why a backend cannot start here.

use std::error::Error;
use std::fmt;

/// Why a backend cannot start here, and what to do about it. Both are whole clauses, in lower case
/// and without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// What is missing, or forbids it.
    pub cause: String,
    /// What an operator can do.
    pub remedy: String,
}

impl Unavailable {
    /// With this cause and this remedy.
    pub fn new(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { cause: cause.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.cause, self.remedy)
    }
}

impl Error for Unavailable {}
