//! What was observed, or why it was not: nothing that is missing goes without a reason.

use serde::{Deserialize, Serialize};

/// A figure, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Observed<T> {
    /// It was observed.
    Is(T),
    /// It was not, and why.
    Missing(String),
}

impl<T> Observed<T> {
    /// It was not observed, for this reason.
    #[must_use]
    pub fn missing(why: impl Into<String>) -> Self {
        Self::Missing(why.into())
    }

    /// The figure, where there is one.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Missing(_) => None,
        }
    }

    /// Why there is none, where there is none.
    #[must_use]
    pub fn why_missing(&self) -> Option<&str> {
        match self {
            Self::Is(_) => None,
            Self::Missing(why) => Some(why),
        }
    }
}

impl<T, E: std::fmt::Display> From<Result<T, E>> for Observed<T> {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(value) => Self::Is(value),
            Err(error) => Self::Missing(format!("{error:#}")),
        }
    }
}
