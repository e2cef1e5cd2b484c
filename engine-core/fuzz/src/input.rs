//! Bytes as a stream of choices.

/// A cursor over the input. It never runs dry: past the end every choice is 0.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    bytes: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The next byte; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    /// A number below `end`, from one byte. `0` to `9` stand for themselves, and `:` and so on
    /// go on from there, so that seeds can be written as text.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let byte = self.next().unwrap_or(b'0');
        usize::from(byte.wrapping_sub(b'0')) % end
    }

    /// The next bytes, at most `count`.
    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.bytes.split_at(count.min(self.bytes.len()));
        self.bytes = rest;
        taken
    }

    /// Digits up to and including the next byte that is none.
    pub(crate) fn number(&mut self) -> u64 {
        let mut value: u64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.next() {
            value = value.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
        }
        value
    }

    /// What is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.bytes
    }
}

/// Where to cut `len` bytes: up to `count` places that follow from the bytes themselves, so that a
/// kept input is cut in the same places again.
pub(crate) fn cuts(bytes: &[u8], count: usize) -> Vec<usize> {
    let seed = bytes.iter().fold(bytes.len() as u64, |seed, byte| {
        (seed ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut random = fastrand::Rng::with_seed(seed);
    let mut places: Vec<_> = (0..count).map(|_| random.usize(0..=bytes.len())).collect();
    places.push(bytes.len());
    places.sort_unstable();
    places.dedup();
    places
}

/// A cut behind every byte.
pub(crate) fn every(bytes: &[u8]) -> Vec<usize> {
    (1.min(bytes.len())..=bytes.len()).collect()
}

/// Offers `bytes` piece by piece, with pieces that end at `places`.
pub(crate) fn pieces<'a>(
    bytes: &'a [u8],
    places: &'a [usize],
) -> impl Iterator<Item = &'a [u8]> + 'a {
    let starts = std::iter::once(0).chain(places.iter().copied());
    starts.zip(places).map(|(start, end)| &bytes[start..*end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_put_together_are_the_bytes() {
        let bytes = b"put together again";
        for count in [0, 1, 3, 40] {
            let places = cuts(bytes, count);
            let joined: Vec<_> = pieces(bytes, &places).flatten().copied().collect();
            assert_eq!(joined, bytes);
        }
        assert_eq!(cuts(bytes, 5), cuts(bytes, 5));
    }

    #[test]
    fn choices_end_with_zeros_and_bytes_with_none() {
        let mut input = Input::new(b"7x12 ab");
        assert_eq!((input.below(10), input.next()), (7, Some(b'x')));
        assert_eq!((input.number(), input.take(9)), (12, &b"ab"[..]));
        assert_eq!((input.next(), input.below(5)), (None, 0));
    }
}
