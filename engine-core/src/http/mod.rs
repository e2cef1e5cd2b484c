//! HTTP/1.1 on the wire: request heads, body framing, responses (RFC 9110, RFC 9112).
//!
//! What is read, in this order:
//!
//! ```text
//! bytes ─ scan::HeadScan ─ where does the head end? ─ head::parse ─ Head ─ body::BodyReader ─ data
//! ```
//!
//! [`scan`] looks at every byte once, however the input is split, and refuses what could be read
//! in two ways. [`head`] borrows a request from a whole head. [`body`] takes the framing off a
//! body, piece by piece. [`response`] and [`problem`] append to an output buffer. None of them
//! allocates, and none of them knows a connection, a route or a time-out.

pub mod body;
mod chunks;
pub mod date;
pub mod fields;
mod grammar;
pub mod head;
mod message;
mod method;
pub mod percent;
pub mod problem;
pub mod response;
pub mod scan;
mod target;
mod trailer;

use crate::error::{Problem, Refusal};

/// Whether the connection must close once `problem` is answered, because where the next request
/// begins is not known or not worth finding out.
///
/// Everything that [`scan`], [`head`] and [`body`] refuse closes. An unmet expectation does not:
/// the client has announced its body and waits, or has sent it, and the framing is known.
#[must_use]
pub fn closes(problem: Problem) -> bool {
    match problem {
        Problem::MalformedRequest
        | Problem::RequestTimeout
        | Problem::BodyTooLarge
        | Problem::TargetTooLong
        | Problem::HeadTooLarge
        | Problem::UnknownMethod
        | Problem::UnknownTransferCoding
        | Problem::UnsupportedHttpVersion
        | Problem::ConnectionsFull => true,
        Problem::InvalidQuery
        | Problem::InvalidId
        | Problem::InvalidHandshake
        | Problem::UnsupportedSubprotocol
        | Problem::SessionMissing
        | Problem::SessionInvalid
        | Problem::SessionExpired
        | Problem::SessionStale
        | Problem::AdminMissing
        | Problem::AdminInvalid
        | Problem::AdminExpired
        | Problem::SessionWrongHunt
        | Problem::OriginRefused
        | Problem::UnknownPath
        | Problem::UnknownApiVersion
        | Problem::UnknownQuest
        | Problem::UnknownQuestVersion
        | Problem::UnknownHunt
        | Problem::UnknownTreasure
        | Problem::UnknownPlayer
        | Problem::MethodNotAllowed
        | Problem::HuntExists
        | Problem::HuntFull
        | Problem::HuntEnded
        | Problem::KeyReused
        | Problem::LengthRequired
        | Problem::UnsupportedMediaType
        | Problem::ExpectationFailed
        | Problem::InvalidBody
        | Problem::InvalidQuest
        | Problem::UpgradeRequired
        | Problem::Internal
        | Problem::QuestsFull
        | Problem::HuntsFull
        | Problem::NotReady => false,
    }
}

/// The answer to bytes that are not a request, and what exactly is wrong with them.
fn malformed(detail: &'static str) -> Refusal {
    Refusal::because(Problem::MalformedRequest, detail)
}
