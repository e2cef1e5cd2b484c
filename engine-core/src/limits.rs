//! Every bound that a peer can run into, in one table.
//!
//! The table is the single source: the configuration file, `print-config` and the documentation
//! are made from [`LIMITS`], and each row names what the peer sees when the bound is crossed.

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct LimitInfo {
    /// The key in `[limits]`; the unit stands last (`_bytes_max`, `_ms`, `_max`).
    pub name: &'static str,
    /// What is bounded.
    pub what: &'static str,
    /// What the peer sees when the bound is crossed.
    pub crossed: &'static str,
    /// The value where none is configured.
    pub default: usize,
    /// The smallest value that is accepted.
    pub min: usize,
    /// The largest value that is accepted.
    pub max: usize,
}

/// Why a limit was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetLimitError {
    /// No limit has this name.
    #[error("no limit has this name")]
    Unknown,
    /// The value is outside the range of the limit.
    #[error("outside {min} to {max}")]
    OutOfRange {
        /// The smallest value that is accepted.
        min: usize,
        /// The largest value that is accepted.
        max: usize,
    },
}

macro_rules! limits {
    ($($name:ident = $default:expr, $min:expr, $max:expr, $what:expr, $crossed:expr;)*) => {
        /// The bounds in force. Bytes and milliseconds unless the name says a count.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits {
            $(#[doc = $what] pub $name: usize,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        /// The table, in the order of the documentation.
        pub const LIMITS: &[LimitInfo] = &[$(LimitInfo {
            name: stringify!($name),
            what: $what,
            crossed: $crossed,
            default: $default,
            min: $min,
            max: $max,
        },)*];

        const _: () = { $(assert!($min <= $default && $default <= $max);)* };

        impl Limits {
            /// Sets the limit called `name`.
            ///
            /// # Errors
            /// If there is no such limit, or `value` is outside its range.
            pub fn set(&mut self, name: &str, value: usize) -> Result<(), SetLimitError> {
                match name {
                    $(stringify!($name) => {
                        if !($min..=$max).contains(&value) {
                            return Err(SetLimitError::OutOfRange { min: $min, max: $max });
                        }
                        self.$name = value;
                    })*
                    _ => return Err(SetLimitError::Unknown),
                }
                Ok(())
            }

            /// The value of the limit called `name`.
            #[must_use]
            pub fn value(&self, name: &str) -> Option<usize> {
                match name {
                    $(stringify!($name) => Some(self.$name),)*
                    _ => None,
                }
            }
        }
    };
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const HOUR_MS: usize = 3_600_000;

limits! {
    connections_max = 65_536, 1, 4_000_000, "connections open at once, on all workers", "503 and close, on the connection that is too many";
    target_bytes_max = 2 * KIB, 64, 64 * KIB, "bytes of a request target", "414 and close";
    head_bytes_max = 16 * KIB, 256, MIB, "bytes of a request head, the request line and the empty line included", "431 and close";
    fields_max = 64, 4, 256, "field lines of a request head", "431 and close";
    body_bytes_max = 64 * KIB, 256, 64 * MIB, "bytes of a request body, quests aside", "413 and close";
    quest_bytes_max = 4 * MIB, KIB, 256 * MIB, "bytes of a quest document", "413 and close";
    chunk_line_bytes_max = 256, 16, 4 * KIB, "bytes of a chunk-size line", "400 and close";
    trailer_bytes_max = 4 * KIB, 64, 64 * KIB, "bytes of all trailer field lines", "431 and close";
    pipeline_max = 32, 1, 1_024, "requests or messages of one connection that wait for their reply", "the next one is not read before a reply is ready";
    outbound_high_bytes = 64 * KIB, 4 * KIB, 16 * MIB, "unsent bytes at which a connection is not read any more and broadcasts are conflated", "back-pressure; the latest frame instead of all missed ones";
    outbound_bytes_max = 8 * MIB, 64 * KIB, 256 * MIB, "unsent bytes of one connection", "1008 and close (WebSocket), close (HTTP)";
    message_bytes_max = 64 * KIB, 125, 64 * MIB, "bytes of a WebSocket message, all fragments together", "close code 1009";
    head_timeout_ms = 10_000, 50, HOUR_MS, "from the first byte of a request to the end of its head", "408 and close";
    body_timeout_ms = 30_000, 50, HOUR_MS, "from the end of a head to the end of its body", "408 and close";
    keep_alive_ms = 75_000, 50, HOUR_MS, "without a request on an open connection", "close";
    write_stall_ms = 10_000, 50, HOUR_MS, "without progress while bytes wait to be sent", "1008 and abort (WebSocket), abort (HTTP)";
    linger_ms = 2_000, 10, 60_000, "from our last byte to the peer's end of stream", "abort";
    ping_ms = 20_000, 50, HOUR_MS, "without a byte from a WebSocket peer before it is pinged", "ping";
    idle_ms = 60_000, 100, HOUR_MS, "without a byte from a WebSocket peer", "close code 1001";
    close_ms = 5_000, 10, 60_000, "from our Close frame to the peer's", "abort";
    quests_max = 10_000, 1, 1_000_000, "quests", "503 quests-full";
    hunts_max = 20_000, 1, 1_000_000, "hunts, ended ones included until they are forgotten", "503 hunts-full";
    ended_keep_ms = 600_000, 100, 24 * HOUR_MS, "for which an ended hunt can still be asked for", "404 unknown-hunt";
    session_ttl_ms = 24 * HOUR_MS, 100, 720 * HOUR_MS, "for which a session token is good", "401 session-expired";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_read_and_set_by_its_name() {
        let mut limits = Limits::default();
        for row in LIMITS {
            assert_eq!(limits.value(row.name), Some(row.default));
            limits.set(row.name, row.max).unwrap();
            assert_eq!(limits.value(row.name), Some(row.max));
            let refused = SetLimitError::OutOfRange { min: row.min, max: row.max };
            assert_eq!(limits.set(row.name, row.max + 1), Err(refused));
            if let Some(less) = row.min.checked_sub(1) {
                assert_eq!(limits.set(row.name, less), Err(refused));
            }
        }
        assert_eq!(limits.set("head_byte_max", 1), Err(SetLimitError::Unknown));
        assert_eq!(limits.value("head_byte_max"), None);
    }
}
