//! Signing keys: how they are written, and how they are kept out of everything that is printed.
//!
//! Knows nothing of tokens. No error here shows any part of what was given as a key.

use core::fmt;
use std::fmt::Write;

/// The fewest bytes of a key: as many as HMAC-SHA256 puts out (RFC 2104 section 3).
pub const SECRET_BYTES_MIN: usize = 32;
/// The most bytes of a key.
pub const SECRET_BYTES_MAX: usize = 128;
/// The most keys at once: the one that signs, and those before it.
pub const KEYS_MAX: usize = 16;

/// Bytes that are never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The bytes, for the one who signs with them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A key and the number that tokens name it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// The number, unique among the keys of a server.
    pub id: u8,
    /// The key itself.
    pub secret: Secret,
}

/// Why keys were not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A digit other than `0-9 a-f A-F`.
    #[error("a secret is written in hexadecimal digits only")]
    NotHex,
    /// An odd number of digits.
    #[error("a secret has an even number of hexadecimal digits")]
    OddDigits,
    /// Too short or too long.
    #[error(
        "a secret has {min} to {max} hexadecimal digits, this one has {0}",
        min = 2 * SECRET_BYTES_MIN,
        max = 2 * SECRET_BYTES_MAX
    )]
    Length(usize),
    /// The number is not one.
    #[error("the id of a key is a number from 0 to 255")]
    Id,
    /// Not `ID:SECRET`.
    #[error("a key is written ID:SECRET, as 1:0a1b2c…")]
    NotPair,
    /// Two keys of one number.
    #[error("two keys have the id {0}")]
    DuplicateId(u8),
    /// No key at all.
    #[error("no key is given")]
    Empty,
    /// More than [`KEYS_MAX`].
    #[error("more than {} keys", KEYS_MAX)]
    TooMany,
}

/// Reads a secret.
///
/// # Errors
/// If it is not hexadecimal or not of an accepted length.
pub fn parse_secret(hex: &str) -> Result<Secret, KeyError> {
    if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(KeyError::NotHex);
    }
    if !(2 * SECRET_BYTES_MIN..=2 * SECRET_BYTES_MAX).contains(&hex.len()) {
        return Err(KeyError::Length(hex.len()));
    }
    if !hex.len().is_multiple_of(2) {
        return Err(KeyError::OddDigits);
    }
    let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16));
    bytes.collect::<Result<_, _>>().map(Secret).map_err(|_| KeyError::NotHex)
}

/// Reads keys written `ID:SECRET`, parted by commas or line ends; `#` begins a comment.
///
/// # Errors
/// If a key is not well-formed, or together they cannot be the keys of a server.
pub fn parse_keys(text: &str) -> Result<Vec<SigningKey>, KeyError> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or(""));
    let words = lines.flat_map(|line| line.split(',')).map(str::trim).filter(|w| !w.is_empty());
    let keys = words
        .map(|word| {
            let (id, secret) = word.split_once(':').ok_or(KeyError::NotPair)?;
            let id = id.trim().parse().map_err(|_| KeyError::Id)?;
            Ok(SigningKey { id, secret: parse_secret(secret.trim())? })
        })
        .collect::<Result<Vec<_>, KeyError>>()?;
    check_keys(&keys)?;
    Ok(keys)
}

/// Holds keys against the rules that concern them together.
///
/// # Errors
/// If there is none, there are too many, or two have one number.
pub fn check_keys(keys: &[SigningKey]) -> Result<(), KeyError> {
    if keys.is_empty() {
        return Err(KeyError::Empty);
    }
    if keys.len() > KEYS_MAX {
        return Err(KeyError::TooMany);
    }
    for (place, key) in keys.iter().enumerate() {
        if keys[..place].iter().any(|earlier| earlier.id == key.id) {
            return Err(KeyError::DuplicateId(key.id));
        }
    }
    Ok(())
}

/// A fresh key from the randomness of the operating system.
///
/// # Errors
/// If there is none to be had.
pub fn random_key(id: u8) -> std::io::Result<SigningKey> {
    let mut bytes = vec![0; SECRET_BYTES_MIN];
    fill_random(&mut bytes)?;
    Ok(SigningKey { id, secret: Secret(bytes) })
}

/// Fills `bytes` from the randomness of the operating system.
///
/// # Errors
/// If there is none to be had.
pub fn fill_random(bytes: &mut [u8]) -> std::io::Result<()> {
    let mut filled = 0;
    while filled < bytes.len() {
        filled += rustix::io::retry_on_intr(|| {
            rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())
        })?;
    }
    Ok(())
}

/// The key as [`parse_keys`] reads it; for `token new-key` alone, which exists to show it.
#[must_use]
pub fn write_key(key: &SigningKey) -> String {
    let mut text = format!("{}:", key.id);
    for byte in key.secret.expose() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Whether a text holds what may be a secret, so that an error must not quote it.
#[must_use]
pub fn may_hold_secret(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_hexdigit()).any(|run| run.len() >= SECRET_BYTES_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(byte: &str) -> String {
        byte.repeat(32)
    }

    #[test]
    fn keys_are_read_from_lines_and_from_commas() {
        let text = format!("# rotation\n 2:{} # signs\n\n1:{}\n", hex("ab"), hex("0F"));
        let keys = parse_keys(&text).unwrap();
        assert_eq!(keys.iter().map(|k| k.id).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(keys[1].secret.expose(), [0x0f; 32]);
        assert_eq!(parse_keys(&format!("2:{},1:{}", hex("ab"), hex("0f"))).unwrap(), keys);
    }

    #[test]
    fn a_key_that_is_not_well_formed_is_refused_without_being_shown() {
        let secret = hex("ab");
        for (text, error) in [
            (format!("1:{}", &secret[2..]), KeyError::Length(62)),
            (format!("1:{}", "ab".repeat(129)), KeyError::Length(258)),
            (format!("1:{secret}a"), KeyError::OddDigits),
            (format!("1:{secret}zz"), KeyError::NotHex),
            (format!("1:{secret}é"), KeyError::NotHex),
            (format!("256:{secret}"), KeyError::Id),
            (format!("{secret}:1"), KeyError::Id),
            (secret.clone(), KeyError::NotPair),
            (format!("1:{secret},1:{secret}"), KeyError::DuplicateId(1)),
            (" # none\n".into(), KeyError::Empty),
        ] {
            assert_eq!(parse_keys(&text), Err(error));
            assert!(!error.to_string().contains("abab"), "{error}");
        }
        let many: Vec<_> = (0..=KEYS_MAX).map(|id| format!("{id}:{secret}")).collect();
        assert_eq!(parse_keys(&many.join("\n")), Err(KeyError::TooMany));
    }

    #[test]
    fn a_secret_is_never_formatted() {
        let key = SigningKey { id: 7, secret: parse_secret(&hex("ab")).unwrap() };
        let shown = format!("{key:?} {key:#?} {}", key.secret);
        assert!(!shown.contains("ab") && !shown.contains("171"), "{shown}");
        assert!(shown.contains("[secret]"));
    }

    #[test]
    fn a_random_key_is_written_as_it_is_read() {
        let key = random_key(3).unwrap();
        assert_eq!(parse_keys(&write_key(&key)).as_deref(), Ok(std::slice::from_ref(&key)));
        assert_ne!(key, random_key(3).unwrap());
    }

    #[test]
    fn a_pasted_secret_is_recognised() {
        assert!(may_hold_secret(&format!("1:{}", hex("ab"))));
        assert!(!may_hold_secret("/etc/hunt/keys"));
    }
}
