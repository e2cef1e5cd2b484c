//! The rules of the opening handshake that need no HTTP: keys, origins, subprotocols (RFC 6455
//! sections 4 and 10.2). Which header fields a request must carry is the connection's concern.

use crate::error::Problem;
use crate::seam::Codec;
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use sha1::{Digest, Sha1};

/// Bytes of a `Sec-WebSocket-Accept` value: 20 bytes of SHA-1 in base64.
pub const ACCEPT_BYTES: usize = 28;

/// The subprotocol of [`Codec::Protobuf`].
pub const PROTOBUF: &str = "hunt.v1";

/// The subprotocol of [`Codec::Json`].
pub const JSON: &str = "hunt.v1+json";

/// The value of `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`. Allocates nothing.
//= https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2
//# taking the SHA-1 hash of this concatenated value to obtain a 20-byte
//# value
#[must_use]
pub fn accept_key(key: &[u8]) -> [u8; ACCEPT_BYTES] {
    let hash = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut accept = [0; ACCEPT_BYTES];
    let written = STANDARD.encode_slice(hash, &mut accept);
    assert_eq!(written, Ok(ACCEPT_BYTES), "20 bytes are 28 characters of base64");
    accept
}

/// Whether `key` is a `Sec-WebSocket-Key`: base64 of exactly 16 bytes, padding included.
//= https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1
//# A |Sec-WebSocket-Key| header field with a base64-encoded (see
//# Section 4 of [RFC4648]) value that, when decoded, is 16 bytes in
//# length.
#[must_use]
pub fn valid_key(key: &[u8]) -> bool {
    let mut nonce = [0; 18];
    KEY_BASE64.decode_slice(key, &mut nonce) == Ok(16)
}

/// Whether a page of `origin` may connect. An empty list allows every origin; a peer that sends
/// none is not a browser and is allowed. Scheme, host and port must be the same, letter case
/// aside.
//= https://www.rfc-editor.org/rfc/rfc6455#section-10.2
//# Servers that are not intended to process input from any web page but
//# only for certain sites SHOULD verify the |Origin| field is an origin
//# they expect.
#[must_use]
pub fn origin_allowed(allow: &[impl AsRef<[u8]>], origin: Option<&[u8]>) -> bool {
    let Some(origin) = origin else { return true };
    allow.is_empty() || allow.iter().any(|one| one.as_ref().eq_ignore_ascii_case(origin))
}

/// The encoding of a connection: the first of the offered subprotocols, in the order of the
/// client, that is spoken here; `None` if the client offers none.
///
/// # Errors
/// [`Problem::UnsupportedSubprotocol`] if the client offers some and none is spoken here.
pub fn choose<'a>(offered: impl Iterator<Item = &'a [u8]>) -> Result<Option<Codec>, Problem> {
    let mut any = false;
    for name in offered {
        any = true;
        if let Some(codec) = Codec::ALL.into_iter().find(|c| name == subprotocol(*c).as_bytes()) {
            return Ok(Some(codec));
        }
    }
    if any { Err(Problem::UnsupportedSubprotocol) } else { Ok(None) }
}

/// The subprotocol that names an encoding, as `Sec-WebSocket-Protocol` of the answer has it.
#[must_use]
pub fn subprotocol(codec: Codec) -> &'static str {
    match codec {
        Codec::Json => JSON,
        Codec::Protobuf => PROTOBUF,
    }
}

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Bits after the sixteenth byte may be anything: in the example key of RFC 6455 section 4.1 they
/// are not zero.
const KEY_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    //= https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2
    //# taking the SHA-1 hash of this concatenated value to obtain a 20-byte
    //# value
    #[test]
    fn the_example_of_the_rfc_is_accepted() {
        assert_eq!(&accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    //= https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1
    //# A |Sec-WebSocket-Key| header field with a base64-encoded (see
    //# Section 4 of [RFC4648]) value that, when decoded, is 16 bytes in
    //# length.
    #[test]
    fn a_key_is_base64_of_sixteen_bytes() {
        for key in
            ["dGhlIHNhbXBsZSBub25jZQ==", "AQIDBAUGBwgJCgsMDQ4PEC==", "+/+/+/+/+/+/+/+/+/+/+w=="]
        {
            assert!(valid_key(key.as_bytes()), "{key}");
        }
        for key in [
            "",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBsZSBub25jZQ=",
            "dGhlIHNhbXBsZSBub25jZTE=",
            "dGhlIHNhbXBsZSBub25jZTEy",
            "dGhlIHNhbXBsZSBub25j====",
            " GhlIHNhbXBsZSBub25jZQ==",
            "-_-_-_-_-_-_-_-_-_-_-w==",
            "dGhlIHNhbXBsZSBub25jZQ==\n",
            "dGhlIHNhbXBsZSBub25\u{e9}Q==",
        ] {
            assert!(!valid_key(key.as_bytes()), "{key}");
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc6455#section-10.2
    //# Servers that are not intended to process input from any web page but
    //# only for certain sites SHOULD verify the |Origin| field is an origin
    //# they expect.
    #[test]
    fn only_listed_origins_are_allowed_and_any_if_none_is_listed() {
        let allow = ["https://hunt.example", "http://localhost:8080"];
        assert!(origin_allowed(&allow, None));
        assert!(origin_allowed(&allow, Some(b"https://hunt.example")));
        assert!(origin_allowed(&allow, Some(b"HTTPS://Hunt.Example")));
        assert!(origin_allowed(&allow, Some(b"http://localhost:8080")));
        for other in [
            "http://hunt.example",
            "https://hunt.example:8443",
            "https://hunt.example.evil",
            "https://evil.hunt.example",
            "https://hunt.example/",
            "null",
            "",
        ] {
            assert!(!origin_allowed(&allow, Some(other.as_bytes())), "{other}");
            assert!(origin_allowed(&Vec::<&str>::new(), Some(other.as_bytes())), "{other}");
        }
    }

    #[test]
    fn the_first_known_subprotocol_in_the_order_of_the_client_is_chosen() {
        let choose = |offered: &[&'static str]| choose(offered.iter().map(|name| name.as_bytes()));
        assert_eq!(choose(&[]), Ok(None));
        assert_eq!(choose(&["hunt.v1"]), Ok(Some(Codec::Protobuf)));
        assert_eq!(choose(&["hunt.v1+json"]), Ok(Some(Codec::Json)));
        assert_eq!(choose(&["hunt.v1+json", "hunt.v1"]), Ok(Some(Codec::Json)));
        assert_eq!(choose(&["hunt.v2", "hunt.v1", "hunt.v1+json"]), Ok(Some(Codec::Protobuf)));
        assert_eq!(choose(&["hunt.v2"]), Err(Problem::UnsupportedSubprotocol));
        assert_eq!(choose(&["HUNT.V1", ""]), Err(Problem::UnsupportedSubprotocol));
    }
}
