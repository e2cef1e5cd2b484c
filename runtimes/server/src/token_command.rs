//! `token`: mints with the configured keys, and makes new ones.

use crate::secrets::SigningKey;
use engine_core::api::token::{KeyRing, KeyRingError, Session};
use engine_core::time::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// What can be wrong with minting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenCommandError {
    /// There is nothing to sign with.
    #[error(
        "no signing keys are configured; make one with `hunt-server token new-key` and name its \
         file with --key-file, HUNT_KEY_FILE or key_file in the configuration file"
    )]
    NoKeys,
    /// The keys are no key ring.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
    /// The expiry is beyond what a token can say.
    #[error("the time for which the token is good is too long")]
    TooLong,
}

/// The ring of the configured keys.
///
/// # Errors
/// If there are none, or they are no ring.
pub fn ring(keys: &[SigningKey]) -> Result<KeyRing, TokenCommandError> {
    if keys.is_empty() {
        return Err(TokenCommandError::NoKeys);
    }
    Ok(KeyRing::new(keys.iter().map(|key| (key.id, key.secret.expose())))?)
}

/// A session token.
#[must_use]
pub fn mint_session(ring: &KeyRing, session: &Session, expires: Timestamp) -> String {
    let mut out = Vec::new();
    ring.mint_session(session, expires, &mut out);
    String::from_utf8(out).expect("a token is base64url, which is ASCII")
}

/// When a token expires that is minted `now` and good for `ttl_ms`.
///
/// # Errors
/// If that is beyond what a token can say.
pub fn expiry(now: Timestamp, ttl_ms: u64) -> Result<Timestamp, TokenCommandError> {
    now.0.checked_add(ttl_ms).map(Timestamp).ok_or(TokenCommandError::TooLong)
}

/// The time of the system's clock.
#[must_use]
pub fn now() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::random_key;
    use engine_core::seam::PlayerRef;
    use engine_core::text::Id;

    #[test]
    fn the_first_key_signs_and_every_key_verifies() {
        let (old, new) = (random_key(1).unwrap(), random_key(2).unwrap());
        let before = ring(std::slice::from_ref(&old)).unwrap();
        let during = ring(&[new.clone(), old]).unwrap();
        let after = ring(&[new]).unwrap();
        let session =
            Session { hunt: Id::new("h").unwrap(), player: PlayerRef { player: 3, started_ms: 5 } };
        let expires = expiry(now(), 60_000).unwrap();
        let earlier = mint_session(&before, &session, expires);
        assert_eq!(during.session(now(), earlier.as_bytes()), Ok(session));
        let later = mint_session(&during, &session, expires);
        assert_eq!(after.session(now(), later.as_bytes()), Ok(session));
        assert!(after.session(now(), earlier.as_bytes()).is_err());
    }

    #[test]
    fn without_keys_the_error_names_the_remedy() {
        let error = ring(&[]).unwrap_err();
        assert!(error.to_string().contains("hunt-server token new-key"));
    }

    #[test]
    fn an_expiry_beyond_all_time_is_refused() {
        assert_eq!(expiry(Timestamp(5), u64::MAX), Err(TokenCommandError::TooLong));
    }
}
