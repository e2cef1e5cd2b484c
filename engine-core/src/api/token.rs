//! Session and admin tokens: who speaks, until when, signed with HMAC-SHA256 (RFC 2104).
//!
//! A token is `base64url(payload ‖ mac)` without padding. The payload is `kind` (1 byte: 1 player,
//! 2 admin), `key id` (1), `expires` (8, ms since the Unix epoch) and, for a player, `player` (4),
//! `round start` (8, ms since the Unix epoch) and the hunt's id; numbers are big-endian. The mac
//! covers the payload. Any server that holds the key can verify a token; none is stored.

use crate::seam::PlayerRef;
use crate::text::Id;
use crate::time::Timestamp;
use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use core::fmt;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The signing keys. The first signs; all verify, so a new key is put first and the old one is
/// kept until its last token has expired.
#[derive(Clone)]
pub struct KeyRing {
    keys: Vec<(u8, Hmac<Sha256>)>,
}

/// Why there is no key ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// No key at all.
    #[error("at least one signing key is needed")]
    Empty,
    /// Two keys of one id.
    #[error("two signing keys have the id {0}")]
    DuplicateId(u8),
    /// A secret that is too short to be safe.
    #[error("the secret of signing key {0} has fewer than {min} bytes", min = KeyRing::SECRET_BYTES_MIN)]
    ShortSecret(u8),
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token, of another kind, or signed by no key of the ring.
    #[error("the token is not valid")]
    Invalid,
    /// Past its expiry.
    #[error("the token has expired")]
    Expired,
}

/// Whom a session token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The hunt.
    pub hunt: Id,
    /// The player.
    pub player: PlayerRef,
}

const KIND_PLAYER: u8 = 1;
const KIND_ADMIN: u8 = 2;
const MAC_BYTES: usize = 32;
const HEAD_BYTES: usize = 10;
const PLAYER_BYTES: usize = 12;
const TOKEN_BYTES_MAX: usize = HEAD_BYTES + PLAYER_BYTES + Id::BYTES_MAX + MAC_BYTES;

impl KeyRing {
    /// The fewest bytes of a secret: as many as the hash has (RFC 2104 section 3).
    pub const SECRET_BYTES_MIN: usize = 32;

    /// A ring of `(id, secret)`; the first signs.
    ///
    /// # Errors
    /// If there is no key, an id is given twice, or a secret is too short.
    pub fn new<'a>(keys: impl IntoIterator<Item = (u8, &'a [u8])>) -> Result<Self, KeyRingError> {
        let mut ring = Self { keys: Vec::new() };
        for (id, secret) in keys {
            if secret.len() < Self::SECRET_BYTES_MIN {
                return Err(KeyRingError::ShortSecret(id));
            }
            if ring.keys.iter().any(|(other, _)| *other == id) {
                return Err(KeyRingError::DuplicateId(id));
            }
            let key = Hmac::new_from_slice(secret).expect("HMAC takes a key of any length");
            ring.keys.push((id, key));
        }
        if ring.keys.is_empty() { Err(KeyRingError::Empty) } else { Ok(ring) }
    }

    /// Appends the token of a session, good until `expires`. Allocates only if `out` must grow.
    pub fn mint_session(&self, session: &Session, expires: Timestamp, out: &mut Vec<u8>) {
        let mut token = Draft::new(KIND_PLAYER, self.keys[0].0, expires);
        token.push(&session.player.player.to_be_bytes());
        token.push(&session.player.started_ms.to_be_bytes());
        token.push(session.hunt.as_str().as_bytes());
        token.sign(&self.keys[0].1, out);
    }

    /// An admin token, good until `expires`.
    #[must_use]
    pub fn mint_admin(&self, expires: Timestamp) -> String {
        let mut out = Vec::new();
        Draft::new(KIND_ADMIN, self.keys[0].0, expires).sign(&self.keys[0].1, &mut out);
        String::from_utf8(out).expect("base64 is ASCII")
    }

    /// Whom a session token is for.
    ///
    /// # Errors
    /// If it is no session token of this ring, or past its expiry.
    pub fn session(&self, now: Timestamp, token: &[u8]) -> Result<Session, TokenError> {
        let mut bytes = [0; TOKEN_BYTES_MAX];
        let claims = self.verify(now, KIND_PLAYER, token, &mut bytes)?;
        let (player, rest) = claims.split_first_chunk().ok_or(TokenError::Invalid)?;
        let (started_ms, hunt) = rest.split_first_chunk().ok_or(TokenError::Invalid)?;
        let hunt = core::str::from_utf8(hunt).ok().and_then(Id::new).ok_or(TokenError::Invalid)?;
        let player = PlayerRef {
            player: u32::from_be_bytes(*player),
            started_ms: u64::from_be_bytes(*started_ms),
        };
        Ok(Session { hunt, player })
    }

    /// Whether an admin token is good.
    ///
    /// # Errors
    /// If it is no admin token of this ring, or past its expiry.
    pub fn admin(&self, now: Timestamp, token: &[u8]) -> Result<(), TokenError> {
        let mut bytes = [0; TOKEN_BYTES_MAX];
        let claims = self.verify(now, KIND_ADMIN, token, &mut bytes)?;
        if claims.is_empty() { Ok(()) } else { Err(TokenError::Invalid) }
    }

    /// What follows the head of a payload that a key of the ring has signed.
    fn verify<'b>(
        &self,
        now: Timestamp,
        kind: u8,
        token: &[u8],
        bytes: &'b mut [u8; TOKEN_BYTES_MAX],
    ) -> Result<&'b [u8], TokenError> {
        let len = URL_SAFE_NO_PAD.decode_slice(token, bytes).map_err(|_| TokenError::Invalid)?;
        let (payload, mac) =
            bytes[..len].split_last_chunk::<MAC_BYTES>().ok_or(TokenError::Invalid)?;
        let [got, id, expires @ ..] =
            payload.first_chunk::<HEAD_BYTES>().ok_or(TokenError::Invalid)?;
        let key = self.keys.iter().find(|(other, _)| other == id).ok_or(TokenError::Invalid)?;
        // Compares in constant time.
        key.1.clone().chain_update(payload).verify_slice(mac).map_err(|_| TokenError::Invalid)?;
        if *got != kind {
            return Err(TokenError::Invalid);
        }
        if now >= Timestamp(u64::from_be_bytes(*expires)) {
            return Err(TokenError::Expired);
        }
        Ok(&payload[HEAD_BYTES..])
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing(secret)")
    }
}

/// A token that is being written.
struct Draft {
    bytes: [u8; TOKEN_BYTES_MAX],
    len: usize,
}

impl Draft {
    fn new(kind: u8, key_id: u8, expires: Timestamp) -> Self {
        let mut draft = Self { bytes: [0; TOKEN_BYTES_MAX], len: 0 };
        draft.push(&[kind, key_id]);
        draft.push(&expires.0.to_be_bytes());
        draft
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    fn sign(mut self, key: &Hmac<Sha256>, out: &mut Vec<u8>) {
        let mac = key.clone().chain_update(&self.bytes[..self.len]).finalize().into_bytes();
        self.push(&mac);
        let at = out.len();
        out.resize(at + self.len.div_ceil(3) * 4, 0);
        let written = URL_SAFE_NO_PAD
            .encode_slice(&self.bytes[..self.len], &mut out[at..])
            .expect("four characters for every three bytes");
        out.truncate(at + written);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);
    const LATER: Timestamp = Timestamp(NOW.0 + 1000);

    fn ring(ids: &[u8]) -> KeyRing {
        let secrets: Vec<_> = ids.iter().map(|id| (*id, [*id; 32])).collect();
        KeyRing::new(secrets.iter().map(|(id, secret)| (*id, &secret[..]))).unwrap()
    }

    fn session(hunt: &str) -> Session {
        let player = PlayerRef { player: 7, started_ms: NOW.0 - 5 };
        Session { hunt: Id::new(hunt).unwrap(), player }
    }

    fn minted(ring: &KeyRing, session: &Session) -> Vec<u8> {
        let mut token = Vec::new();
        ring.mint_session(session, LATER, &mut token);
        token
    }

    #[test]
    fn a_session_is_read_back_until_it_expires() {
        let ring = ring(&[1]);
        for hunt in ["h", &"h".repeat(32)] {
            let token = minted(&ring, &session(hunt));
            assert_eq!(ring.session(NOW, &token), Ok(session(hunt)));
            assert_eq!(ring.session(LATER, &token), Err(TokenError::Expired));
            assert_eq!(ring.admin(NOW, &token), Err(TokenError::Invalid));
        }
    }

    #[test]
    fn an_admin_token_is_no_session() {
        let ring = ring(&[1]);
        let token = ring.mint_admin(LATER);
        assert_eq!(ring.admin(NOW, token.as_bytes()), Ok(()));
        assert_eq!(ring.admin(LATER, token.as_bytes()), Err(TokenError::Expired));
        assert_eq!(ring.session(NOW, token.as_bytes()), Err(TokenError::Invalid));
    }

    #[test]
    fn a_rotated_key_verifies_until_it_is_dropped() {
        let token = minted(&ring(&[1]), &session("h"));
        assert!(ring(&[2, 1]).session(NOW, &token).is_ok());
        assert_eq!(ring(&[2]).session(NOW, &token), Err(TokenError::Invalid));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let ring = ring(&[1]);
        let token = minted(&ring, &session("h"));
        for place in 0..token.len() {
            let mut changed = token.clone();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            assert_eq!(ring.session(NOW, &changed), Err(TokenError::Invalid), "byte {place}");
        }
        for bad in
            [&b""[..], b"AAAA", b"!", &token[1..], &[b'A'; 500], &[&token[..], b"="].concat()]
        {
            assert_eq!(ring.session(NOW, bad), Err(TokenError::Invalid));
        }
    }

    #[test]
    fn a_ring_needs_long_secrets_of_different_ids() {
        let make = |keys: &[(u8, &[u8])]| KeyRing::new(keys.iter().copied()).map(drop);
        assert_eq!(make(&[]), Err(KeyRingError::Empty));
        assert_eq!(make(&[(1, &[0; 31])]), Err(KeyRingError::ShortSecret(1)));
        assert_eq!(make(&[(1, &[0; 32]), (1, &[1; 32])]), Err(KeyRingError::DuplicateId(1)));
        assert_eq!(format!("{:?}", ring(&[1])), "KeyRing(secret)");
    }
}
