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
//!
//! Whatever [`scan`], [`head`] and [`body`] refuse closes the connection, because where the next
//! request begins is not known any more.

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

/// The answer to bytes that are not a request, and what exactly is wrong with them.
fn malformed(detail: &'static str) -> Refusal {
    Refusal::because(Problem::MalformedRequest, detail)
}
