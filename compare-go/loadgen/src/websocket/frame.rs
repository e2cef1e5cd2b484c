//! What a client sends: whole frames, masked.

use super::{CONTROL_BYTES_MAX, Opcode};

/// Masking keys from a seed, so that a run sends the same bytes again.
///
/// RFC 6455 section 10.3 asks for keys that cannot be foreseen, to protect proxies from pages that
/// choose the payload; a load generator is no such page.
#[derive(Clone, Debug)]
pub struct Masks {
    state: u64,
}

impl Masks {
    /// The keys of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next key.
    pub fn draw(&mut self) -> [u8; 4] {
        // SplitMix64: a counter, well mixed.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let [a, b, c, d, ..] = mixed.to_le_bytes();
        [a, b, c, d]
    }
}

/// Appends one frame that holds a whole message, which `payload` writes by appending to the vector
/// that it is given. Nothing is copied where the message has at most 125 bytes.
pub fn append_message(
    out: &mut Vec<u8>,
    opcode: Opcode,
    mask: [u8; 4],
    payload: impl FnOnce(&mut Vec<u8>),
) {
    let start = out.len();
    out.extend_from_slice(&[FIN | opcode as u8, MASKED]);
    out.extend_from_slice(&mask);
    payload(out);
    let body = start + SHORT_HEADER_BYTES;
    let len = out.len() - body;
    apply(mask, &mut out[body..]);
    if let Ok(short @ 0..=SHORT_MAX) = u8::try_from(len) {
        out[start + 1] = MASKED | short;
    } else if let Ok(medium) = u16::try_from(len) {
        out[start + 1] = MASKED | LENGTH_16;
        out.splice(start + 2..start + 2, medium.to_be_bytes());
    } else {
        out[start + 1] = MASKED | LENGTH_64;
        out.splice(start + 2..start + 2, (len as u64).to_be_bytes());
    }
}

/// Appends a control frame: a ping, or the pong that answers one.
///
/// # Panics
/// If the payload has more than [`CONTROL_BYTES_MAX`] bytes.
pub fn append_control(out: &mut Vec<u8>, opcode: Opcode, mask: [u8; 4], payload: &[u8]) {
    assert!(payload.len() <= CONTROL_BYTES_MAX, "a control frame is short");
    append_message(out, opcode, mask, |out| out.extend_from_slice(payload));
}

/// Appends a Close frame with this code, or one without any.
pub fn append_close(out: &mut Vec<u8>, mask: [u8; 4], code: Option<u16>) {
    let code = code.map(u16::to_be_bytes);
    append_control(out, Opcode::Close, mask, code.as_ref().map_or(&[], |code| &code[..]));
}

fn apply(mask: [u8; 4], bytes: &mut [u8]) {
    let wide = u64::from_ne_bytes([
        mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3],
    ]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
const SHORT_MAX: u8 = 125;
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;
/// Two bytes and the key.
const SHORT_HEADER_BYTES: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    fn message(payload: &[u8]) -> Vec<u8> {
        let mut out = b"before".to_vec();
        append_message(&mut out, Opcode::Binary, [1, 2, 3, 4], |out| {
            out.extend_from_slice(payload);
        });
        out.split_off(6)
    }

    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.7
    //# 0x81 0x85 0x37 0xfa 0x21 0x3d 0x7f 0x9f 0x4d 0x51 0x58
    //# (contains "Hello")
    #[test]
    fn the_masked_hello_of_the_rfc_is_written() {
        let mut out = Vec::new();
        append_message(&mut out, Opcode::Text, [0x37, 0xfa, 0x21, 0x3d], |out| {
            out.extend_from_slice(b"Hello");
        });
        let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(out, hello);
    }

    #[test]
    fn lengths_are_written_in_the_fewest_bytes() {
        let head = |len: usize| message(&vec![0; len])[..10].to_vec();
        assert_eq!(message(&[0; 125])[..6], [0x82, 0x80 | 125, 1, 2, 3, 4]);
        assert_eq!(head(126)[..8], [0x82, 0xfe, 0, 126, 1, 2, 3, 4]);
        assert_eq!(head(65_535)[..8], [0x82, 0xfe, 0xff, 0xff, 1, 2, 3, 4]);
        assert_eq!(head(65_536)[..10], [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(message(&vec![0; 65_536]).len(), 14 + 65_536);
    }

    #[test]
    fn a_seed_gives_the_same_keys_again_and_another_one_others() {
        let keys = |seed| {
            let mut masks = Masks::new(seed);
            [masks.draw(), masks.draw(), masks.draw()]
        };
        assert_eq!(keys(7), keys(7));
        assert_ne!(keys(7), keys(8));
        assert_ne!(keys(7)[0], keys(7)[1]);
    }

    #[test]
    #[should_panic(expected = "a control frame is short")]
    fn a_long_control_frame_is_our_own_fault() {
        append_control(&mut Vec::new(), Opcode::Ping, [0; 4], &[0; 126]);
    }
}
