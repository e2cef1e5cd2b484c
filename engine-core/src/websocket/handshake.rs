//! The opening handshake (RFC 6455 section 4.2), the header aside.

use crate::error::Problem;
use crate::seam::Codec;
use alloc::string::String;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// `Sec-WebSocket-Accept` for a key.
#[must_use]
pub fn accept_key(key: &[u8]) -> [u8; 28] {
    let digest =
        Sha1::new().chain_update(key).chain_update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let mut accept = [0; 28];
    STANDARD.encode_slice(digest.finalize(), &mut accept).expect("20 bytes make 28 characters");
    accept
}

/// Whether a key is the base64 of 16 bytes.
#[must_use]
pub fn valid_key(key: &[u8]) -> bool {
    let mut nonce = [0; 18];
    key.len() == 24 && STANDARD.decode_slice(key, &mut nonce) == Ok(16)
}

/// Whether an origin may open a connection: none is listed, none is given, or it is listed.
#[must_use]
pub fn origin_allowed(allowed: &[String], origin: Option<&[u8]>) -> bool {
    let Some(origin) = origin else { return true };
    allowed.is_empty() || allowed.iter().any(|a| a.as_bytes().eq_ignore_ascii_case(origin))
}

/// The first offered subprotocol that is spoken here; `None` where none is offered.
///
/// # Errors
/// If some are offered and none is spoken.
pub fn choose<'a>(offered: impl Iterator<Item = &'a [u8]>) -> Result<Option<Codec>, Problem> {
    let mut any = false;
    for name in offered {
        match name {
            b"hunt.v1" => return Ok(Some(Codec::Protobuf)),
            b"hunt.v1+json" => return Ok(Some(Codec::Json)),
            _ => any = true,
        }
    }
    if any { Err(Problem::UnsupportedSubprotocol) } else { Ok(None) }
}
