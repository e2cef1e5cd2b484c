//! The one configuration of the transcripts: `golden/server.toml`.
//!
//! Reads as much of it as the core needs; a server reads the same file by itself.

use crate::text::Vars;
use anyhow::{Context, ensure};
use engine_core::api::token::KeyRing;
use engine_core::limits::Limits;
use engine_core::time::Timestamp;

/// The file, as it is.
pub const SOURCE: &str = include_str!("../server.toml");

/// When the core's virtual time begins: 2026-01-01T00:00:00Z.
pub const BEGIN: Timestamp = Timestamp(1_767_225_600_000);

/// What the core is set up with.
#[derive(Clone, Debug)]
pub struct Config {
    /// The bounds.
    pub limits: Limits,
    /// The signing keys.
    pub keys: KeyRing,
    /// The origins that may open a WebSocket.
    pub allowed_origins: Vec<String>,
    /// Whether admin calls are answered on the public listener.
    pub admin_on_public: bool,
    /// How long a graceful end may take.
    pub drain_ms: u64,
}

#[derive(serde::Deserialize)]
struct File {
    admin_on_public: bool,
    allowed_origins: Vec<String>,
    drain_ms: u64,
    keys: Vec<Key>,
    limits: toml::Table,
}

#[derive(serde::Deserialize)]
struct Key {
    id: u8,
    secret: String,
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    /// If a key or a limit in it is not one.
    pub fn read() -> anyhow::Result<Self> {
        let file: File = toml::from_str(SOURCE).context("golden/server.toml")?;
        let mut limits = Limits::default();
        for (name, value) in &file.limits {
            let value = value.as_integer().and_then(|v| usize::try_from(v).ok());
            let value = value.with_context(|| format!("{name} is not a whole number"))?;
            limits.set(name, value).with_context(|| name.clone())?;
        }
        let mut keys = Vec::new();
        for key in &file.keys {
            ensure!(key.secret.len().is_multiple_of(2), "a secret has an even number of digits");
            let digits = (0..key.secret.len()).step_by(2).map(|at| key.secret.get(at..at + 2));
            let bytes = digits.map(|d| u8::from_str_radix(d.unwrap_or(""), 16));
            keys.push((key.id, bytes.collect::<Result<Vec<u8>, _>>().context("a secret is hex")?));
        }
        Ok(Self {
            limits,
            keys: KeyRing::new(keys.iter().map(|(id, secret)| (*id, &secret[..])))?,
            allowed_origins: file.allowed_origins,
            admin_on_public: file.admin_on_public,
            drain_ms: file.drain_ms,
        })
    }
}

/// When the admin token of the transcripts expires: 2100-01-01T00:00:00Z.
const ADMIN_EXPIRES: Timestamp = Timestamp(4_102_444_800_000);

impl Config {
    /// The names that are bound before a transcript begins: `admin`, an admin token.
    #[must_use]
    pub fn vars(&self) -> Vars {
        let admin = self.keys.mint_admin(ADMIN_EXPIRES);
        Vars::from([("admin".to_owned(), admin.into_bytes())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_core::limits::LIMITS;

    #[test]
    fn the_configuration_sets_every_limit() {
        let config = Config::read().unwrap();
        let file: File = toml::from_str(SOURCE).unwrap();
        let unset: Vec<_> =
            LIMITS.iter().filter(|row| !file.limits.contains_key(row.name)).collect();
        assert!(unset.is_empty(), "{unset:?}");
        assert_eq!(config.limits.head_bytes_max, 1024);
    }
}
