//! The messages as JSON: `hunt.v1+json`.

use super::{Action, Malformed, Place, ServerMessage};
use std::borrow::Cow;
use std::io::Write as _;

/// Appends a client's message.
pub(super) fn append(seq: u32, action: &Action<'_>, out: &mut Vec<u8>) {
    let written = match action {
        Action::Move { at: Place { x, y, z }, heading } => {
            write!(out, r#"{{"seq":{seq},"move":{{"x":{x},"y":{y},"z":{z},"heading":{heading}}}}}"#)
        }
        Action::UsePowerUp(power_up) => {
            let word = power_up.word();
            write!(out, r#"{{"seq":{seq},"use_power_up":{{"power_up":"{word}"}}}}"#)
        }
        Action::Resolve { treasure, at: Place { x, y, z }, key } => write!(
            out,
            r#"{{"seq":{seq},"resolve":{{"treasure":"{treasure}","x":{x},"y":{y},"z":{z}"#
        )
        .and_then(|()| match key {
            // A key may hold quotes and backslashes.
            Some(key) => {
                out.extend_from_slice(br#","key":"#);
                serde_json::to_writer(&mut *out, key).map_err(Into::into)
            }
            None => Ok(()),
        })
        .and_then(|()| out.write_all(b"}}")),
    };
    written.expect("a vector takes all that is written");
}

/// Reads a server's message.
pub(super) fn read(payload: &[u8]) -> Result<ServerMessage<'_>, Malformed> {
    serde_json::from_slice(payload).map_err(|error| Malformed(Cow::Owned(error.to_string())))
}

/// The tick and whether it is full, if the message begins as a frame.
pub(super) fn peek_frame(payload: &[u8]) -> Option<(u32, bool)> {
    let rest = payload.strip_prefix(br#"{"frame":{"tick":"#)?;
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let tick = str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    let full = rest[digits..].strip_prefix(br#","full":"#)?;
    Some((tick, full.starts_with(b"true")))
}
