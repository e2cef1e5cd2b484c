//! UTF-8 over any split, refused at the first byte that cannot be.

/// The end of an incomplete character.
#[derive(Clone, Copy, Debug, Default)]
pub struct Utf8 {
    tail: [u8; 3],
    len: u8,
}

/// Bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotUtf8;

impl Utf8 {
    /// Takes in more bytes.
    ///
    /// # Errors
    /// If no continuation could make them UTF-8.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), NotUtf8> {
        while self.len > 0 {
            let [first, rest @ ..] = bytes else { return Ok(()) };
            let mut character = [0; 4];
            let held = usize::from(self.len);
            character[..held].copy_from_slice(&self.tail[..held]);
            character[held] = *first;
            bytes = rest;
            self.len = 0;
            self.check(&character[..=held])?;
        }
        self.check(bytes)
    }

    fn check(&mut self, bytes: &[u8]) -> Result<(), NotUtf8> {
        let Err(error) = core::str::from_utf8(bytes) else { return Ok(()) };
        if error.error_len().is_some() {
            return Err(NotUtf8);
        }
        let tail = &bytes[error.valid_up_to()..];
        self.tail[..tail.len()].copy_from_slice(tail);
        self.len = u8::try_from(tail.len()).expect("at most three bytes");
        Ok(())
    }

    /// Whether the bytes so far end with a whole character.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.len == 0
    }
}
