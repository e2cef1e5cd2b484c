//! Every refusal of the server: what the peer did, and the problem document it gets (RFC 9457).

use alloc::boxed::Box;
use alloc::string::String;

macro_rules! problems {
    ($($(#[$doc:meta])* $variant:ident = $status:expr, $slug:expr, $title:expr;)*) => {
        /// A kind of refusal. Its type in a problem document is `urn:hunt:problem:` and the slug.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Problem {
            $($(#[$doc])* $variant,)*
        }

        impl Problem {
            /// Every problem, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The HTTP status code.
            #[must_use]
            pub fn status(self) -> u16 {
                match self {
                    $(Self::$variant => $status,)*
                }
            }

            /// Its type in a problem document: `urn:hunt:problem:unknown-hunt`.
            #[must_use]
            pub fn kind(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!("urn:hunt:problem:", $slug),)*
                }
            }

            /// The last part of the type: `unknown-hunt`.
            #[must_use]
            pub fn slug(self) -> &'static str {
                match self {
                    $(Self::$variant => $slug,)*
                }
            }

            /// What went wrong, for a person.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)*
                }
            }
        }
    };
}

problems! {
    /// The bytes are not an HTTP/1.1 request; the connection closes.
    MalformedRequest = 400, "malformed-request", "the request is not well-formed HTTP/1.1";
    /// A query parameter is unknown, repeated or out of range.
    InvalidQuery = 400, "invalid-query", "a query parameter is unknown, repeated or out of range";
    /// An id in the path is not 1 to 32 of the allowed characters.
    InvalidId = 400, "invalid-id", "an id in the path is not well-formed";
    /// The WebSocket handshake is incomplete.
    InvalidHandshake = 400, "invalid-handshake", "the WebSocket handshake is not well-formed";
    /// None of the offered subprotocols is spoken here.
    UnsupportedSubprotocol = 400, "unsupported-subprotocol", "none of the offered subprotocols is supported";
    /// No session token where one is needed.
    SessionMissing = 401, "session-missing", "a session token is needed";
    /// The token is malformed, or no current key signed it.
    SessionInvalid = 401, "session-invalid", "the session token is not valid";
    /// The token is past its expiry.
    SessionExpired = 401, "session-expired", "the session token has expired";
    /// The token is of an earlier round of the hunt.
    SessionStale = 401, "session-stale", "the session token is of an earlier round";
    /// No admin token where one is needed.
    AdminMissing = 401, "admin-missing", "an admin token is needed";
    /// The admin token is malformed, or no current key signed it.
    AdminInvalid = 401, "admin-invalid", "the admin token is not valid";
    /// The admin token is past its expiry.
    AdminExpired = 401, "admin-expired", "the admin token has expired";
    /// The token is of another hunt.
    SessionWrongHunt = 403, "session-wrong-hunt", "the session token is of another hunt";
    /// The Origin is not on the allow-list.
    OriginRefused = 403, "origin-refused", "the origin is not allowed";
    /// No resource has this path.
    UnknownPath = 404, "unknown-path", "no resource has this path";
    /// The path names a version of the API that does not exist.
    UnknownApiVersion = 404, "unknown-api-version", "no such version of the API";
    /// No quest has this id.
    UnknownQuest = 404, "unknown-quest", "no quest has this id";
    /// The quest has no such version, or it is not kept any more.
    UnknownQuestVersion = 404, "unknown-quest-version", "the quest has no such version";
    /// No hunt has this id.
    UnknownHunt = 404, "unknown-hunt", "no hunt has this id";
    /// The quest of the hunt has no such treasure.
    UnknownTreasure = 404, "unknown-treasure", "the quest has no such treasure";
    /// The hunt has no such player.
    UnknownPlayer = 404, "unknown-player", "the hunt has no such player";
    /// The resource does not answer this method; `Allow` says which.
    MethodNotAllowed = 405, "method-not-allowed", "the resource does not answer this method";
    /// The request did not arrive in time; the connection closes.
    RequestTimeout = 408, "request-timeout", "the request did not arrive in time";
    /// The hunt runs with another quest or capacity.
    HuntExists = 409, "hunt-exists", "the hunt runs with another quest or capacity";
    /// The hunt has as many players as its capacity.
    HuntFull = 409, "hunt-full", "the hunt is full";
    /// The round is over.
    HuntEnded = 409, "hunt-ended", "the hunt has ended";
    /// The key was used for another treasure.
    KeyReused = 409, "key-reused", "the idempotency key was used for another treasure";
    /// A body without Content-Length or chunked coding.
    LengthRequired = 411, "length-required", "the request needs a Content-Length or chunked coding";
    /// The body is over its limit.
    BodyTooLarge = 413, "body-too-large", "the request body is over its limit";
    /// The request target is over its limit.
    TargetTooLong = 414, "target-too-long", "the request target is over its limit";
    /// The body is not JSON, or is coded.
    UnsupportedMediaType = 415, "unsupported-media-type", "the request body must be application/json without a content coding";
    /// An expectation other than 100-continue.
    ExpectationFailed = 417, "expectation-failed", "the only expectation that is met is 100-continue";
    /// The body is not the JSON that is asked for.
    InvalidBody = 422, "invalid-body", "the request body is not valid";
    /// The quest document is not valid.
    InvalidQuest = 422, "invalid-quest", "the quest document is not valid";
    /// The resource speaks WebSocket version 13 only.
    UpgradeRequired = 426, "upgrade-required", "the resource speaks WebSocket version 13 only";
    /// The head or the trailers are over their limit.
    HeadTooLarge = 431, "head-too-large", "the request head is over its limit";
    /// A fault of the server.
    Internal = 500, "internal", "the server made a mistake";
    /// The method is not known.
    UnknownMethod = 501, "unknown-method", "the method is not known";
    /// A transfer coding other than chunked.
    UnknownTransferCoding = 501, "unknown-transfer-coding", "the only transfer coding that is known is chunked";
    /// No more quests can be held.
    QuestsFull = 503, "quests-full", "the server holds as many quests as it may";
    /// No more hunts can be held.
    HuntsFull = 503, "hunts-full", "the server holds as many hunts as it may";
    /// No more connections can be held.
    ConnectionsFull = 503, "connections-full", "the server holds as many connections as it may";
    /// The server is not ready, or is draining.
    NotReady = 503, "not-ready", "the server is not ready";
    /// A version of HTTP other than 1.x.
    UnsupportedHttpVersion = 505, "unsupported-http-version", "the server speaks HTTP/1.1 and HTTP/1.0";
}

/// A refusal on its way to the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What kind it is.
    pub problem: Problem,
    /// What exactly, where the problem alone does not say: `detail` of the document.
    pub detail: Option<&'static str>,
    /// Where in the JSON, for `InvalidBody` and `InvalidQuest`.
    pub fault: Option<Box<JsonFault>>,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { problem, detail: None, fault: None }
    }
}

impl Refusal {
    /// A refusal that says what exactly is wrong.
    #[must_use]
    pub fn because(problem: Problem, detail: &'static str) -> Self {
        Self { problem, detail: Some(detail), fault: None }
    }

    /// A refusal of a JSON document; the detail is the fault's.
    #[must_use]
    pub fn json(problem: Problem, fault: JsonFault) -> Self {
        Self { problem, detail: Some(fault.code.detail()), fault: Some(Box::new(fault)) }
    }
}

/// The first fault of a JSON document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonFault {
    /// What is wrong.
    pub code: FaultCode,
    /// Where, as a JSON Pointer (RFC 6901): `/treasures/3/loot/points`.
    pub path: String,
    /// The line, from 1; lines end with LF.
    pub line: u32,
    /// The column of the first byte at fault, from 1, in bytes.
    pub column: u32,
}

/// What can be wrong with a JSON document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultCode {
    /// Not JSON (RFC 8259), or not UTF-8.
    Syntax,
    /// Bytes after the document.
    TrailingBytes,
    /// A value of another type than asked for.
    WrongType,
    /// A field that is not known here.
    UnknownField,
    /// The same field twice.
    DuplicateField,
    /// A field that must be there is not.
    MissingField,
    /// An id that an earlier element has.
    DuplicateId,
    /// A number that is not finite, not whole or not in its range, or a text that is not
    /// well-formed, or a list too short or too long.
    OutOfRange,
}

impl FaultCode {
    /// The `detail` of the problem document.
    #[must_use]
    pub fn detail(self) -> &'static str {
        match self {
            Self::Syntax => "not well-formed JSON",
            Self::TrailingBytes => "bytes after the document",
            Self::WrongType => "a value of the wrong type",
            Self::UnknownField => "an unknown field",
            Self::DuplicateField => "a field that was given before",
            Self::MissingField => "a field is missing",
            Self::DuplicateId => "an id that was given before",
            Self::OutOfRange => "a value out of its range",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_problem_has_a_slug_and_a_title_of_its_own() {
        let slugs: BTreeSet<_> = Problem::ALL.iter().map(|p| p.slug()).collect();
        let titles: BTreeSet<_> = Problem::ALL.iter().map(|p| p.title()).collect();
        assert_eq!(slugs.len(), Problem::ALL.len());
        assert_eq!(titles.len(), Problem::ALL.len());
        assert!(Problem::ALL.iter().all(|p| (400..=599).contains(&p.status())));
    }
}
