//! Mutations of an input: small changes, words of the dictionary, pieces of other inputs.

use fastrand::Rng;

/// No input grows beyond this.
pub const BYTES_MAX: usize = 16 * 1024;

/// Numbers at which things go wrong, as bytes and as text.
const BYTES: [u8; 12] = [0, 1, 9, b'\n', b'\r', b' ', 0x7d, 0x7e, 0x7f, 0x80, 0xfe, 0xff];
const NUMBERS: [u64; 16] = [
    0,
    1,
    15,
    16,
    100,
    125,
    126,
    255,
    256,
    65_535,
    65_536,
    u32::MAX as u64,
    u32::MAX as u64 + 1,
    i64::MAX as u64,
    i64::MAX as u64 + 1,
    u64::MAX,
];

/// Changes `bytes` in one to eight ways; `other` lends pieces, `dictionary` words.
pub fn mutate(random: &mut Rng, bytes: &mut Vec<u8>, other: &[u8], dictionary: &[&[u8]]) {
    for _ in 0..1 << random.u8(0..4) {
        change(random, bytes, other, dictionary);
    }
    bytes.truncate(BYTES_MAX);
}

fn change(random: &mut Rng, bytes: &mut Vec<u8>, other: &[u8], dictionary: &[&[u8]]) {
    let at = random.usize(0..=bytes.len());
    match random.u8(0..12) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.u8(0..8),
        1 if at < bytes.len() => bytes[at] = random.u8(..),
        2 if at < bytes.len() => bytes[at] = BYTES[random.usize(0..BYTES.len())],
        3 if at < bytes.len() => {
            bytes.remove(at);
        }
        4 => bytes.insert(at, BYTES[random.usize(0..BYTES.len())]),
        5 => drop(bytes.drain(range(random, bytes.len(), 32))),
        6 => {
            let piece = bytes[range(random, bytes.len(), 64)].to_vec();
            insert(bytes, at, &piece);
        }
        7 => insert(bytes, at, &other[range(random, other.len(), 256)]),
        8 => {
            // The beginning of one and the end of the other.
            bytes.truncate(at);
            bytes.extend_from_slice(&other[random.usize(0..=other.len())..]);
        }
        9 => number(random, bytes, at),
        10 if !dictionary.is_empty() => {
            let word = dictionary[random.usize(0..dictionary.len())];
            let end = (at + word.len()).min(bytes.len());
            bytes.splice(at..end, word.iter().copied());
        }
        _ if !dictionary.is_empty() => {
            insert(bytes, at, dictionary[random.usize(0..dictionary.len())]);
        }
        _ => {}
    }
}

/// Puts a number in: over digits as text, else as one of its big-endian widths.
fn number(random: &mut Rng, bytes: &mut Vec<u8>, at: usize) {
    let value = NUMBERS[random.usize(0..NUMBERS.len())].wrapping_add(random.u64(0..3));
    let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 0 {
        let text = if random.bool() { format!("{value}") } else { format!("{value:x}") };
        bytes.splice(at..at + digits, text.bytes());
    } else {
        let width = 1 << random.u8(0..4);
        let end = (at + width).min(bytes.len());
        bytes.splice(at..end, value.to_be_bytes()[8 - width..].iter().copied());
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}

fn range(random: &mut Rng, len: usize, longest: usize) -> std::ops::Range<usize> {
    let start = random.usize(0..=len);
    start..(start + random.usize(0..=longest)).min(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence_and_most_mutations_change_something() {
        let run = || {
            let mut random = Rng::with_seed(1);
            (0..500)
                .map(|_| {
                    let mut bytes = b"GET / HTTP/1.1\r\nContent-Length: 10\r\n\r\n".to_vec();
                    mutate(&mut random, &mut bytes, b"other input", &[b"chunked"]);
                    bytes
                })
                .collect::<Vec<_>>()
        };
        let inputs = run();
        assert_eq!(inputs, run());
        let same = inputs.iter().filter(|i| i.starts_with(b"GET / HTTP/1.1\r\nContent-Length: 10"));
        assert!(same.count() < 250);
        assert!(inputs.iter().any(|i| i.windows(7).any(|w| w == b"chunked")));
        assert!(inputs.iter().any(|i| i.windows(5).any(|w| w == b"input")));
    }

    #[test]
    fn an_input_does_not_grow_without_end() {
        let mut random = Rng::with_seed(2);
        let mut bytes = Vec::new();
        for _ in 0..20_000 {
            mutate(&mut random, &mut bytes, &[7; 1000], &[]);
            assert!(bytes.len() <= BYTES_MAX);
        }
    }
}
