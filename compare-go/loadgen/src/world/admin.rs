//! An admin token from the keys of the server: whoever may start the server has them in the same
//! variable, and needs no other step.

use super::WorldError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// For how long such a token is good.
const TTL: Duration = Duration::from_secs(24 * 3_600);
/// The first byte of the payload of an admin token.
const ADMIN: u8 = 2;

/// The token that the keys in `HUNT_KEYS` make, if there are any.
pub(super) fn admin_token_from_environment() -> Result<Option<String>, WorldError> {
    let Ok(keys) = std::env::var("HUNT_KEYS") else { return Ok(None) };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    admin_token_from_keys(&keys, now + TTL).map(Some)
}

/// An admin token, signed with the first of keys that are written `ID:HEXADECIMAL`, parted by
/// commas or line ends. It expires at that time since the Unix epoch.
///
/// # Errors
/// If there is no key, or it is not well-formed.
pub fn admin_token_from_keys(keys: &str, expires: Duration) -> Result<String, WorldError> {
    let words = keys.lines().map(|line| line.split('#').next().unwrap_or_default());
    let mut words = words.flat_map(|line| line.split(',')).map(str::trim);
    let first = words.find(|word| !word.is_empty()).ok_or(WorldError::Keys("there is none"))?;
    let (id, secret) = first.split_once(':').ok_or(WorldError::Keys("a key has no colon"))?;
    let id: u8 = id.trim().parse().map_err(|_| WorldError::Keys("the id of a key is 0 to 255"))?;
    let secret = hexadecimal(secret.trim()).ok_or(WorldError::Keys("a key is no hexadecimal"))?;
    let expires_ms = u64::try_from(expires.as_millis()).unwrap_or(u64::MAX);
    let mut token = vec![ADMIN, id];
    token.extend_from_slice(&expires_ms.to_be_bytes());
    let mac = Hmac::<Sha256>::new_from_slice(&secret);
    let mut mac = mac.map_err(|_| WorldError::Keys("a key is of no use"))?;
    mac.update(&token);
    token.extend_from_slice(&mac.finalize().into_bytes());
    Ok(URL_SAFE_NO_PAD.encode(token))
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || text.is_empty() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_core::api::token::KeyRing;
    use engine_core::time::Timestamp;

    #[test]
    fn the_server_takes_it_until_it_expires() {
        let keys = format!("# of today\n7:{}, 3:{}", "5e".repeat(32), "00".repeat(32));
        let token = admin_token_from_keys(&keys, Duration::from_millis(2_000)).unwrap();
        let ring = KeyRing::new([(7, &[0x5e; 32][..])]).unwrap();
        assert_eq!(ring.admin(Timestamp(1_999), token.as_bytes()), Ok(()));
        assert!(ring.admin(Timestamp(2_000), token.as_bytes()).is_err());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for keys in ["", "x", "1:", "1:abc", "1:zz", "300:00", "1:é"] {
            let error = admin_token_from_keys(keys, TTL).unwrap_err().to_string();
            assert!(error.contains("HUNT_KEYS"), "{keys}: {error}");
        }
    }
}
