//! Masking of payloads (RFC 6455 section 5.3). Knows neither frames nor messages.

/// Bytes that are unmasked at a time; the compiler widens the loop further.
const WORD_BYTES: usize = size_of::<u64>();

/// Unmasks `bytes` in place, of which the first is byte `offset` of its frame's payload. Masking
/// is its own inverse, so this masks as well.
///
/// Costs one pass in words of eight bytes, whatever the alignment.
//= https://www.rfc-editor.org/rfc/rfc6455#section-5.3
//# Octet i of the transformed data ("transformed-octet-i") is the XOR of
//# octet i of the original data ("original-octet-i") with octet at index
//# i modulo 4 of the masking key ("masking-key-octet-j")
pub fn unmask(bytes: &mut [u8], mut key: [u8; 4], offset: usize) {
    key.rotate_left(offset % 4);
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, tail) = bytes.as_chunks_mut::<WORD_BYTES>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in tail.iter_mut().zip(key.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn unmask_bytewise(bytes: &mut [u8], key: [u8; 4], offset: usize) {
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte ^= key[(offset + i) % 4];
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.7
    //# 0x81 0x85 0x37 0xfa 0x21 0x3d 0x7f 0x9f 0x4d 0x51 0x58
    //# (contains "Hello")
    #[test]
    fn the_masked_hello_of_the_rfc_is_unmasked() {
        let mut bytes = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
        unmask(&mut bytes, [0x37, 0xfa, 0x21, 0x3d], 0);
        assert_eq!(&bytes, b"Hello");
    }

    proptest! {
        //= https://www.rfc-editor.org/rfc/rfc6455#section-5.3
        //# Octet i of the transformed data ("transformed-octet-i") is the XOR of
        //# octet i of the original data ("original-octet-i") with octet at index
        //# i modulo 4 of the masking key ("masking-key-octet-j")
        #[test]
        fn words_and_bytes_agree_at_every_split_and_alignment(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            key: [u8; 4],
            offset in 0_usize..1_000,
            skip in 0_usize..16,
            split in any::<prop::sample::Index>(),
        ) {
            let skip = skip.min(bytes.len());
            let mut naive = bytes.clone();
            unmask_bytewise(&mut naive[skip..], key, offset);

            let mut whole: Vec<u8> = bytes.clone();
            unmask(&mut whole[skip..], key, offset);
            prop_assert_eq!(&whole, &naive);

            let mut parts = bytes;
            let at = split.index(parts.len() - skip + 1);
            let (left, right) = parts[skip..].split_at_mut(at);
            unmask(left, key, offset);
            unmask(right, key, offset + at);
            prop_assert_eq!(&parts, &naive);
        }
    }
}
