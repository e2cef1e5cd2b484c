//! Bytes on their way to a connection.

use super::{Codec, Frame};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;

/// What one write sends; the bytes are what it derefs to.
#[derive(Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// A buffer of the connection alone.
    Own(Vec<u8>),
    /// A broadcast, which all its readers share: none has a copy.
    Frame(Arc<Frame>, Codec),
}

impl Outgoing {
    /// The bytes in a buffer of their own. Copies those of a broadcast.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        match self {
            Self::Own(buf) => buf,
            Self::Frame(..) => self.to_vec(),
        }
    }

    /// The buffer, to be used again; none of a broadcast.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        match self {
            Self::Own(buf) => buf,
            Self::Frame(..) => Vec::new(),
        }
    }
}

impl Default for Outgoing {
    fn default() -> Self {
        Self::Own(Vec::new())
    }
}

impl Deref for Outgoing {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Own(buf) => buf,
            Self::Frame(frame, codec) => frame.wire(*codec).unwrap_or_default(),
        }
    }
}
