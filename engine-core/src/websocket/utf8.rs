//! A UTF-8 validator for text that arrives in parts (RFC 3629).
//!
//! It fails at the first byte that cannot continue any text, wherever the parts are cut. It holds
//! no text: an incomplete character is remembered as what may follow it.

/// The bytes are not UTF-8 and no bytes after them can make them so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not well-formed UTF-8")]
pub struct NotUtf8;

/// Where a text stands after the parts that were seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validator {
    /// Bytes that the last character still lacks, 0 to 3.
    missing: u8,
    /// The least byte that may come next if one is missing.
    least: u8,
    /// The greatest byte that may come next if one is missing.
    greatest: u8,
}

impl Default for Validator {
    fn default() -> Self {
        Self { missing: 0, least: CONTINUATION_LEAST, greatest: CONTINUATION_GREATEST }
    }
}

impl Validator {
    /// Takes the next part of the text.
    ///
    /// Costs what `core::str::from_utf8` does, plus at most six steps for characters that are cut
    /// by the ends of the part.
    ///
    /// # Errors
    /// If a byte cannot continue the text; the validator is of no use after that.
    pub fn push(&mut self, part: &[u8]) -> Result<(), NotUtf8> {
        let mut rest = part;
        while self.missing > 0 {
            let Some((&byte, after)) = rest.split_first() else { return Ok(()) };
            self.step(byte)?;
            rest = after;
        }
        let Err(error) = core::str::from_utf8(rest) else { return Ok(()) };
        if error.error_len().is_some() {
            return Err(NotUtf8);
        }
        let cut = &rest[error.valid_up_to()..];
        debug_assert!(cut.len() <= 3, "an incomplete character has at most three bytes");
        cut.iter().try_for_each(|&byte| self.step(byte))
    }

    /// Whether the text may end here: no character is incomplete.
    #[must_use]
    pub fn is_complete(self) -> bool {
        self.missing == 0
    }

    /// One byte, by the table of RFC 3629 section 4.
    fn step(&mut self, byte: u8) -> Result<(), NotUtf8> {
        if self.missing > 0 {
            if !(self.least..=self.greatest).contains(&byte) {
                return Err(NotUtf8);
            }
            self.missing -= 1;
            (self.least, self.greatest) = (CONTINUATION_LEAST, CONTINUATION_GREATEST);
            return Ok(());
        }
        let (missing, least, greatest) = match byte {
            0x00..=0x7f => (0, CONTINUATION_LEAST, CONTINUATION_GREATEST),
            0xc2..=0xdf => (1, CONTINUATION_LEAST, CONTINUATION_GREATEST),
            0xe0 => (2, 0xa0, CONTINUATION_GREATEST),
            0xed => (2, CONTINUATION_LEAST, 0x9f),
            0xe1..=0xef => (2, CONTINUATION_LEAST, CONTINUATION_GREATEST),
            0xf0 => (3, 0x90, CONTINUATION_GREATEST),
            0xf1..=0xf3 => (3, CONTINUATION_LEAST, CONTINUATION_GREATEST),
            0xf4 => (3, CONTINUATION_LEAST, 0x8f),
            0x80..=0xc1 | 0xf5..=0xff => return Err(NotUtf8),
        };
        (self.missing, self.least, self.greatest) = (missing, least, greatest);
        Ok(())
    }
}

const CONTINUATION_LEAST: u8 = 0x80;
const CONTINUATION_GREATEST: u8 = 0xbf;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::String;
    use std::vec::Vec;

    /// How many bytes a validator takes, one at a time, before it refuses one.
    fn taken_bytewise(text: &[u8]) -> usize {
        let mut validator = Validator::default();
        text.iter().take_while(|&&byte| validator.push(&[byte]).is_ok()).count()
    }

    /// The same by `str::from_utf8`: the longest prefix that some text begins with.
    fn taken_by_prefixes(text: &[u8]) -> usize {
        let begins = |taken: &usize| match core::str::from_utf8(&text[..*taken]) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        };
        (0..=text.len()).take_while(begins).last().unwrap()
    }

    #[test]
    fn every_two_bytes_are_judged_as_the_standard_library_does() {
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                let text = [first, second];
                assert_eq!(taken_bytewise(&text), taken_by_prefixes(&text), "{text:x?}");
            }
        }
    }

    #[test]
    fn every_character_is_complete_at_its_last_byte_and_not_before() {
        for character in '\0'..=char::MAX {
            let mut buf = [0; 4];
            let bytes = character.encode_utf8(&mut buf).as_bytes();
            let mut validator = Validator::default();
            for (i, byte) in bytes.iter().enumerate() {
                assert_eq!(validator.is_complete(), i == 0, "{character:?}");
                assert_eq!(validator.push(&[*byte]), Ok(()), "{character:?}");
            }
            assert!(validator.is_complete(), "{character:?}");
        }
    }

    #[test]
    fn the_first_impossible_byte_is_refused() {
        let cases: [(&[u8], usize); 9] = [
            (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xf4\x90\x80\x80", 8),
            (b"\xed\xa0\x80", 1),
            (b"\xe0\x9f\xbf", 1),
            (b"\xf0\x8f\xbf\xbf", 1),
            (b"\xc0\x80", 0),
            (b"\xf5\x80\x80\x80", 0),
            (b"\x80", 0),
            (b"abcdefgh\xff", 8),
            (b"\xe2\x82a", 2),
        ];
        for (text, taken) in cases {
            assert_eq!(taken_bytewise(text), taken, "{text:x?}");
        }
    }

    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            8 => any::<char>().prop_map(|c| c.encode_utf8(&mut [0; 4]).as_bytes().to_vec()),
            4 => "[a-z]{0,40}".prop_map(String::into_bytes),
            1 => prop::collection::vec(any::<u8>(), 0..4),
        ];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_split_is_judged_as_the_whole_is_by_the_standard_library(
            text in pieces(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();

            let mut validator = Validator::default();
            for pair in cuts.windows(2) {
                let pushed = validator.push(&text[pair[0]..pair[1]]);
                let begins = taken_by_prefixes(&text) >= pair[1];
                prop_assert_eq!(pushed.is_ok(), begins, "up to {}", pair[1]);
                if pushed.is_err() {
                    return Ok(());
                }
            }
            prop_assert_eq!(validator.is_complete(), core::str::from_utf8(&text).is_ok());
        }
    }
}
