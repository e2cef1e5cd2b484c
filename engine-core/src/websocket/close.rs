//! Close codes: those that this server sends, and those that a peer may send (RFC 6455
//! section 7.4).

/// A close code that this server sends, each for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// 1000: the purpose is fulfilled; the hunt has ended.
    Normal = 1000,
    /// 1001: the server goes away, or the peer has been silent for too long.
    GoingAway = 1001,
    /// 1002: the peer broke the framing rules; the peer is at fault.
    ProtocolError = 1002,
    /// 1003: a text message where the subprotocol is binary, or the reverse; the peer is at
    /// fault.
    UnsupportedData = 1003,
    /// 1007: a text message or a close reason that is not UTF-8; the peer is at fault.
    InvalidPayload = 1007,
    /// 1008: the peer does not read what it is sent.
    PolicyViolation = 1008,
    /// 1009: a message over its limit; the peer is at fault.
    MessageTooBig = 1009,
    /// 1011: the server made a mistake.
    InternalError = 1011,
}

impl CloseCode {
    /// Every code, in ascending order.
    pub const ALL: [Self; 8] = [
        Self::Normal,
        Self::GoingAway,
        Self::ProtocolError,
        Self::UnsupportedData,
        Self::InvalidPayload,
        Self::PolicyViolation,
        Self::MessageTooBig,
        Self::InternalError,
    ];

    /// The number on the wire.
    #[must_use]
    pub fn code(self) -> u16 {
        self as u16
    }
}

/// Whether a Close frame of a peer may carry this code: what the RFC and the IANA registry
/// (1012 to 1014) define for the wire, and what libraries (3000-) and applications (4000-) may
/// define for themselves.
//= https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
//# 1005 is a reserved value and MUST NOT be set as a status code in a
//# Close control frame by an endpoint.
//= https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
//# 1006 is a reserved value and MUST NOT be set as a status code in a
//# Close control frame by an endpoint.
//= https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2
//# Status codes in the range 0-999 are not used.
#[must_use]
pub fn allowed_from_peer(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    //= https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
    //# 1005 is a reserved value and MUST NOT be set as a status code in a
    //# Close control frame by an endpoint.
    //= https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
    //# 1006 is a reserved value and MUST NOT be set as a status code in a
    //# Close control frame by an endpoint.
    //= https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2
    //# Status codes in the range 0-999 are not used.
    #[test]
    fn reserved_and_undefined_codes_are_not_allowed() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
            assert!(!allowed_from_peer(code), "{code}");
        }
        for code in
            [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1014, 3000, 3999, 4000, 4999]
        {
            assert!(allowed_from_peer(code), "{code}");
        }
    }

    #[test]
    fn what_is_sent_would_be_allowed_from_a_peer() {
        assert!(CloseCode::ALL.iter().all(|code| allowed_from_peer(code.code())));
        assert!(CloseCode::ALL.is_sorted_by_key(|code| code.code()));
    }
}
