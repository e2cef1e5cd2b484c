//! Hashing of what peers choose: keyed, so that nobody outside can aim for collisions.
//!
//! The key comes from outside, where randomness is; a fixed one makes a run repeatable.

use core::fmt;
use core::hash::BuildHasher;
use siphasher::sip::SipHasher13;
use siphasher::sip128;

/// The key of every keyed hash of one server, as secret as a session key. As a `BuildHasher` it
/// gives SipHash-1-3, for maps whose keys come from peers.
#[derive(Clone, Copy)]
pub struct Seed(pub u128);

impl Seed {
    fn halves(self) -> (u64, u64) {
        let bytes = self.0.to_le_bytes();
        let (low, high) = bytes.split_at(8);
        let half = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("half of 16 bytes"));
        (half(low), half(high))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(secret)")
    }
}

impl BuildHasher for Seed {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        let (low, high) = self.halves();
        SipHasher13::new_with_keys(low, high)
    }
}

/// A keyed 128-bit hash of `bytes`, which stands for them where the text itself need not be kept.
#[must_use]
pub fn hash128(seed: Seed, bytes: &[u8]) -> u128 {
    let (low, high) = seed.halves();
    sip128::SipHasher13::new_with_keys(low, high).hash(bytes).as_u128()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn another_seed_gives_another_hash_and_no_seed_is_printed() {
        assert_eq!(hash128(Seed(1), b"key"), hash128(Seed(1), b"key"));
        assert_ne!(hash128(Seed(1), b"key"), hash128(Seed(2), b"key"));
        assert_ne!(hash128(Seed(1), b"key"), hash128(Seed(1 << 64), b"key"));
        assert_ne!(Seed(1).hash_one("key"), Seed(2).hash_one("key"));
        assert_eq!(format!("{:?}", Seed(7)), "Seed(secret)");
    }
}
