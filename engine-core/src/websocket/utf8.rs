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
