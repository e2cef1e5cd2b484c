//! The client's side of HTTP/1.1 (RFC 9112): requests made once, and responses read from whatever
//! has come so far.
//!
//! Reading keeps no state: bytes that begin with an incomplete response are given again with more.
//! It believes nothing: every length has a bound, and what no server may send is an error.

mod request;
mod response;

pub use request::Request;
pub use response::{BODY_BYTES_MAX, HEAD_BYTES_MAX, HttpError, INTERIM_MAX, Reader, Response};
