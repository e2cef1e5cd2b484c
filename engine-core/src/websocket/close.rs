//! The close codes that the server sends (RFC 6455 section 7.4.1).

/// A close code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The purpose is fulfilled: the hunt ended.
    pub const NORMAL: Self = Self(1000);
    /// The server drains, or the peer was silent for too long.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// A message of a type that the subprotocol does not have.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// Text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// The peer does not take its bytes.
    pub const POLICY: Self = Self(1008);
    /// A message over its limit.
    pub const TOO_LARGE: Self = Self(1009);

    /// The number on the wire.
    #[must_use]
    pub fn value(self) -> u16 {
        self.0
    }
}
