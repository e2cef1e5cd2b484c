//! Responses over an HTTP connection of a lane: read as they come, one after the other.

use super::seam::{Heard, Input};
use crate::errors::{ErrorKind, shown};
use crate::http::{Reader, Response};
use serde::Deserialize;

/// Takes in what came, as [`Traffic::receive`](super::Traffic::receive), and hands out each whole
/// response. What is no response is counted as an error and ends the connection.
pub(super) fn receive(
    reader: &mut Reader,
    input: Input<'_>,
    heard: &mut Heard<'_>,
    mut on: impl FnMut(&mut Heard<'_>, &Response<'_>),
) -> usize {
    let mut used = 0;
    while used < input.bytes.len() && !heard.verdict().close {
        let rest = &input.bytes[used..];
        match reader.read(rest, input.ended) {
            Ok(None) => break,
            Ok(Some(response)) => {
                used += response.length;
                on(heard, &response);
                if !response.keeps {
                    heard.close();
                }
            }
            Err(fault) => {
                heard.fail(ErrorKind::Malformed, || format!("{fault}, in {}", shown(rest)));
                return input.bytes.len();
            }
        }
    }
    used
}

/// What is wrong with an answer.
pub(super) type Fault = (ErrorKind, String);

/// The body of a response of one of these statuses, read as JSON.
///
/// # Errors
/// Another status or another document, in words.
pub(super) fn document<'a, T: Deserialize<'a>>(
    response: &Response<'a>,
    statuses: &[u16],
) -> Result<T, Fault> {
    let Response { status, body, .. } = response;
    if !statuses.contains(status) {
        return Err((ErrorKind::Status, format!("{status} in place of {statuses:?}")));
    }
    serde_json::from_slice(body).map_err(|error| (ErrorKind::Wrong, error.to_string()))
}

/// A fault of a document, unless it holds.
pub(super) fn hold(holds: bool, what: impl FnOnce() -> String) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err((ErrorKind::Wrong, what())) }
}

/// Counts the answer to the oldest outstanding request.
pub(super) fn judge(heard: &mut Heard<'_>, response: &Response<'_>, verdict: Result<(), Fault>) {
    match verdict {
        Ok(()) => heard.right(),
        Err((kind, why)) => heard.wrong(kind, || format!("{why}, in {}", shown(response.body))),
    }
}
