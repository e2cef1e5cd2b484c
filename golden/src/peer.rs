//! The server as the player sees it: connections, bytes and time.

use crate::pattern::Clock;

/// A connection of a peer, in the order of connecting.
pub type Conn = usize;

/// What there was to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// Bytes.
    Some,
    /// Nothing, for as long as was waited.
    Nothing,
    /// The end of the stream.
    Ended,
}

/// For how long to wait for bytes where time passes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Until an answer must have come.
    Answer,
    /// Long enough to see that none comes.
    Quiet,
    /// Not at all.
    No,
}

/// Something that a transcript asks for and this server cannot do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unable(pub String);

/// A server with its connections.
pub trait Peer {
    /// Connects to the admin listener, or to the public one.
    ///
    /// # Errors
    /// If there is no connection to be had.
    fn connect(&mut self, admin: bool) -> Result<Conn, String>;

    /// Sends bytes. A server that takes no more is no error: what it answered is.
    fn send(&mut self, conn: Conn, bytes: &[u8]);

    /// Appends what has arrived. Where nothing has, waits for it.
    fn receive(&mut self, conn: Conn, wait: Wait, buf: &mut Vec<u8>) -> Read;

    /// Ends the stream that we send.
    fn end_sending(&mut self, conn: Conn);

    /// Closes the connection.
    fn cut(&mut self, conn: Conn);

    /// Whether the connection is gone in both directions.
    fn is_gone(&mut self, conn: Conn) -> bool;

    /// Takes what is sent to us, or leaves it where it is.
    ///
    /// # Errors
    /// If there are buffers in between that cannot be stopped.
    fn reading(&mut self, conn: Conn, on: bool) -> Result<(), Unable>;

    /// Lets time pass.
    fn advance(&mut self, ms: u32);

    /// The time there.
    fn clock(&self) -> Clock;

    /// Asks the server to end.
    ///
    /// # Errors
    /// If it is not ours to end.
    fn drain(&mut self) -> Result<(), Unable>;

    /// Makes the next request to the store fail.
    ///
    /// # Errors
    /// If there is no hand on the store.
    fn fail_store(&mut self) -> Result<(), Unable>;
}

/// How what is sent is cut into pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Not at all.
    Whole,
    /// In two, after this many bytes of every block.
    After(usize),
    /// Into single bytes.
    Bytes,
    /// Into pieces of 1 to 16 bytes, by this seed.
    Seeded(u64),
}

impl Cut {
    /// The lengths of the pieces of block number `block`, of `len` bytes.
    #[must_use]
    pub fn pieces(self, block: usize, len: usize) -> Vec<usize> {
        match self {
            Self::Whole => vec![len],
            Self::After(at) if at < len => vec![at, len - at],
            Self::After(_) => vec![len],
            Self::Bytes => vec![1; len],
            Self::Seeded(seed) => {
                let mut state = seed ^ (block as u64) << 32;
                let mut left = len;
                let mut pieces = Vec::new();
                while left > 0 {
                    // SplitMix64, whose every seed is a good one.
                    state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                    let mut z = state;
                    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
                    let piece = usize::from((z >> 60) as u8 + 1).min(left);
                    pieces.push(piece);
                    left -= piece;
                }
                pieces
            }
        }
    }
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole => f.write_str("sent whole"),
            Self::After(at) => write!(f, "every block cut after {at} bytes"),
            Self::Bytes => f.write_str("sent byte by byte"),
            Self::Seeded(seed) => write!(f, "sent in pieces of seed {seed}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_up_the_whole() {
        for cut in [Cut::Whole, Cut::After(3), Cut::After(50), Cut::Bytes, Cut::Seeded(7)] {
            for len in [1, 3, 4, 49, 200] {
                let pieces = cut.pieces(2, len);
                assert_eq!(pieces.iter().sum::<usize>(), len, "{cut:?} of {len}");
                assert!(pieces.iter().all(|piece| *piece > 0));
            }
        }
        assert_ne!(Cut::Seeded(1).pieces(0, 99), Cut::Seeded(2).pieces(0, 99));
        assert_ne!(Cut::Seeded(1).pieces(0, 99), Cut::Seeded(1).pieces(1, 99));
    }
}
