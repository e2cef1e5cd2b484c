//! What is asked: a load, a promise, and where it is to run.

use crate::cell::Workload;
use crate::slo::Slo;
use crate::words::words;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ask {
    /// What must be kept.
    pub slo: Slo,
    /// Units of work a second.
    pub rate_per_s: f64,
    /// Players that are connected.
    pub sessions: u64,
    /// What they ask.
    pub workload: Workload,
    /// The kernel; none: that of the measurement.
    pub kernel: Option<Kernel>,
    /// What it runs in.
    pub container: Container,
    /// Bytes that may be locked; none: enough.
    pub memlock_bytes: Option<u64>,
    /// The share of capacity that is kept free, 0 to 1.
    pub headroom: f64,
}

words! {
    /// What a server runs in.
    pub enum Container("container") {
        /// In none.
        None = "none",
        /// In one with the default seccomp profile.
        Default = "default",
        /// In one whose seccomp profile lets io_uring through.
        Uring = "io-uring",
    }
}

/// The release of a kernel, as far as it decides: `5.15`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Kernel {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Kernel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error = || format!("`{text}` is no release of a kernel, as 5.15 or 6.18.44");
        let mut parts = text.split(['.', '-']);
        let mut number = || parts.next().and_then(|part| part.parse().ok()).ok_or_else(error);
        Ok(Self { major: number()?, minor: number()? })
    }
}

impl From<Kernel> for String {
    fn from(kernel: Kernel) -> Self {
        kernel.to_string()
    }
}

impl TryFrom<String> for Kernel {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_ordered_by_number() {
        let kernel = |text: &str| text.parse::<Kernel>().unwrap();
        assert!(kernel("5.15") < kernel("6.1") && kernel("6.1") < kernel("6.18.44-fc"));
        assert_eq!(kernel("6.18.44-fc").to_string(), "6.18");
        for wrong in ["", "6", "six.one", "6.x"] {
            assert!(wrong.parse::<Kernel>().unwrap_err().contains("as 5.15"), "{wrong}");
        }
    }
}
