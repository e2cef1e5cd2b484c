//! The messages as protobuf: `hunt.v1`.
//!
//! Fields are read in one pass over the bytes, texts are borrowed, and the only allocations are the
//! lists of a frame.

use super::{
    Action, Changed, Frame, HuntState, Leader, Loot, Malformed, MoveOutcome, Moved, Place, PowerUp,
    PowerUpOutcome, PowerUpUsed, Refused, ResolveOutcome, Resolved, ServerMessage, Waypoint,
};
use std::borrow::Cow;

/// Appends a client's message.
pub(super) fn append(seq: u32, action: &Action<'_>, out: &mut Vec<u8>) {
    put_uint(1, seq.into(), out);
    match *action {
        Action::Move { at, heading } => put_message(2, out, |out| {
            put_place(1, at, out);
            put_double(4, heading, out);
        }),
        Action::UsePowerUp(power_up) => put_message(3, out, |out| {
            put_uint(1, power_up as u64, out);
        }),
        Action::Resolve { treasure, at, key } => put_message(4, out, |out| {
            put_text(1, treasure, out);
            put_place(2, at, out);
            if let Some(key) = key {
                put_text(5, key, out);
            }
        }),
    }
}

fn put_place(first: u8, at: Place, out: &mut Vec<u8>) {
    put_double(first, at.x, out);
    put_double(first + 1, at.y, out);
    put_double(first + 2, at.z, out);
}

fn put_double(field: u8, value: f64, out: &mut Vec<u8>) {
    if value != 0.0 {
        out.push(field << 3 | FIXED_64);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

fn put_uint(field: u8, value: u64, out: &mut Vec<u8>) {
    if value != 0 {
        out.push(field << 3 | VARINT);
        put_varint(value, out);
    }
}

fn put_text(field: u8, text: &str, out: &mut Vec<u8>) {
    put_message(field, out, |out| out.extend_from_slice(text.as_bytes()));
}

/// An action has less than 128 bytes, a text and a place: its length is one byte as a rule, and
/// what follows is moved where it is not.
fn put_message(field: u8, out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&[field << 3 | LENGTH_DELIMITED, 0]);
    let start = out.len();
    body(out);
    let len = out.len() - start;
    if let Ok(short @ 0..0x80) = u8::try_from(len) {
        out[start - 1] = short;
        return;
    }
    let body = out.split_off(start);
    out.pop();
    put_varint(len as u64, out);
    out.extend_from_slice(&body);
}

fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        let [low, ..] = value.to_le_bytes();
        out.push(low | 0x80);
        value >>= 7;
    }
    let [low, ..] = value.to_le_bytes();
    out.push(low);
}

/// Reads a server's message.
pub(super) fn read(payload: &[u8]) -> Result<ServerMessage<'_>, Malformed> {
    let mut fields = Fields { bytes: payload };
    let (field, value) = fields.next().transpose()?.ok_or(MISSING)?;
    let body = value.message()?;
    if fields.next().is_some() {
        return Err(Malformed(Cow::Borrowed("more than one event")));
    }
    Ok(match field {
        1 => ServerMessage::Moved(moved(body)?),
        2 => ServerMessage::PowerUpUsed(power_up_used(body)?),
        3 => ServerMessage::Resolved(resolved(body)?),
        4 => ServerMessage::Frame(frame(body)?),
        5 => ServerMessage::Refused(refused(body)?),
        _ => return Err(UNKNOWN),
    })
}

/// The tick and whether it is full, if the message is a frame.
pub(super) fn peek_frame(payload: &[u8]) -> Option<(u32, bool)> {
    let (4, value) = Fields { bytes: payload }.next()?.ok()? else { return None };
    let (mut tick, mut full) = (0, false);
    for field in value.message().ok()?.take(2) {
        match field.ok()? {
            (1, value) => tick = value.uint32().ok()?,
            (2, value) => full = value.uint32().ok()? != 0,
            _ => break,
        }
    }
    Some((tick, full))
}

fn moved(body: Fields<'_>) -> Result<Moved, Malformed> {
    let (mut seq, mut outcome, mut energy) = (0, None, 0);
    let Place { mut x, mut y, mut z } = Place::default();
    for field in body {
        match field? {
            (1, value) => seq = value.uint32()?,
            (2, value) => outcome = MoveOutcome::from_number(value.varint()?),
            (3, value) => x = value.double()?,
            (4, value) => y = value.double()?,
            (5, value) => z = value.double()?,
            (6, value) => energy = value.uint32()?,
            _ => return Err(UNKNOWN),
        }
    }
    Ok(Moved { seq, outcome: outcome.ok_or(WORD)?, x, y, z, energy })
}

fn power_up_used(body: Fields<'_>) -> Result<PowerUpUsed, Malformed> {
    let (mut seq, mut outcome, mut power_up) = (0, None, None);
    let (mut active_ms, mut energy) = (0, 0);
    for field in body {
        match field? {
            (1, value) => seq = value.uint32()?,
            (2, value) => outcome = PowerUpOutcome::from_number(value.varint()?),
            (3, value) => power_up = PowerUp::from_number(value.varint()?),
            (4, value) => active_ms = value.uint32()?,
            (5, value) => energy = value.uint32()?,
            _ => return Err(UNKNOWN),
        }
    }
    let (outcome, power_up) = (outcome.ok_or(WORD)?, power_up.ok_or(WORD)?);
    Ok(PowerUpUsed { seq, outcome, power_up, active_ms, energy })
}

fn resolved(body: Fields<'_>) -> Result<Resolved<'_>, Malformed> {
    let (mut seq, mut outcome, mut loot, mut score, mut rank) = (0, None, None, 0, 0);
    for field in body {
        match field? {
            (1, value) => seq = value.uint32()?,
            (2, value) => outcome = ResolveOutcome::from_number(value.varint()?),
            (3, value) => loot = Some(read_loot(value.message()?)?),
            (4, value) => score = value.uint32()?,
            (5, value) => rank = value.uint32()?,
            _ => return Err(UNKNOWN),
        }
    }
    Ok(Resolved { seq, outcome: outcome.ok_or(WORD)?, loot, score, rank })
}

fn read_loot(body: Fields<'_>) -> Result<Loot<'_>, Malformed> {
    let mut loot = Loot { item: Cow::Borrowed(""), points: 0, power_up: None };
    for field in body {
        match field? {
            (1, value) => loot.item = value.text()?,
            (2, value) => loot.points = value.uint32()?,
            (3, value) => {
                loot.power_up = Some(PowerUp::from_number(value.varint()?).ok_or(WORD)?);
            }
            _ => return Err(UNKNOWN),
        }
    }
    Ok(loot)
}

fn frame(body: Fields<'_>) -> Result<Frame<'_>, Malformed> {
    let (mut tick, mut full, mut status, mut remaining_ms) = (0, false, None, 0);
    let (mut waypoints, mut changed, mut leaders) = (Vec::new(), Vec::new(), Vec::new());
    for field in body {
        match field? {
            (1, value) => tick = value.uint32()?,
            (2, value) => full = value.uint32()? != 0,
            (3, value) => status = HuntState::from_number(value.varint()?),
            (4, value) => remaining_ms = value.uint32()?,
            (5, value) => waypoints.push(waypoint(value.message()?)?),
            (6, value) => changed.push(read_changed(value.message()?)?),
            (7, value) => leaders.push(leader(value.message()?)?),
            _ => return Err(UNKNOWN),
        }
    }
    let status = status.ok_or(WORD)?;
    Ok(Frame { tick, full, status, remaining_ms, waypoints, changed, leaders })
}

fn waypoint(body: Fields<'_>) -> Result<Waypoint, Malformed> {
    let mut waypoint = Waypoint::default();
    for field in body {
        match field? {
            (1, value) => waypoint.index = value.uint32()?,
            (2, value) => waypoint.x = value.double()?,
            (3, value) => waypoint.y = value.double()?,
            (4, value) => waypoint.z = value.double()?,
            (5, value) => waypoint.radius = value.double()?,
            _ => return Err(UNKNOWN),
        }
    }
    Ok(waypoint)
}

fn read_changed(body: Fields<'_>) -> Result<Changed<'_>, Malformed> {
    let mut changed = Changed::default();
    for field in body {
        match field? {
            (1, value) => changed.treasure = value.text()?,
            (2, value) => changed.remaining = value.uint32()?,
            _ => return Err(UNKNOWN),
        }
    }
    Ok(changed)
}

fn leader(body: Fields<'_>) -> Result<Leader<'_>, Malformed> {
    let mut leader = Leader::default();
    for field in body {
        match field? {
            (1, value) => leader.player = value.uint32()?,
            (2, value) => leader.name = value.text()?,
            (3, value) => leader.score = value.uint32()?,
            _ => return Err(UNKNOWN),
        }
    }
    Ok(leader)
}

fn refused(body: Fields<'_>) -> Result<Refused<'_>, Malformed> {
    let mut refused = Refused::default();
    for field in body {
        match field? {
            (1, value) => refused.seq = value.uint32()?,
            (2, value) => refused.kind = value.text()?,
            (3, value) => refused.title = value.text()?,
            (4, value) => refused.status = value.uint32()?,
            (5, value) => refused.detail = Some(value.text()?),
            (6, value) => refused.path = Some(value.text()?),
            (7, value) => refused.line = Some(value.uint32()?),
            (8, value) => refused.column = Some(value.uint32()?),
            _ => return Err(UNKNOWN),
        }
    }
    Ok(refused)
}

/// The fields of a message, one after the other.
#[derive(Clone, Copy, Debug)]
struct Fields<'a> {
    bytes: &'a [u8],
}

/// The value of a field.
#[derive(Clone, Copy, Debug)]
enum Value<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.bytes = &[];
        }
        Some(field.ok_or(Malformed(Cow::Borrowed("not well-formed protobuf"))))
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => {
                let (value, rest) = self.bytes.split_first_chunk()?;
                self.bytes = rest;
                Value::Fixed64(*value)
            }
            2 => {
                let len = usize::try_from(self.varint()?).ok()?;
                let (value, rest) = self.bytes.split_at_checked(len)?;
                self.bytes = rest;
                Value::Bytes(value)
            }
            _ => return None,
        };
        Some((key >> 3, value))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for (place, &byte) in self.bytes.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                self.bytes = &self.bytes[place + 1..];
                return Some(value);
            }
        }
        None
    }
}

impl<'a> Value<'a> {
    fn varint(self) -> Result<u64, Malformed> {
        match self {
            Self::Varint(value) => Ok(value),
            Self::Fixed64(_) | Self::Bytes(_) => Err(TYPE),
        }
    }

    fn uint32(self) -> Result<u32, Malformed> {
        u32::try_from(self.varint()?).map_err(|_| TYPE)
    }

    fn double(self) -> Result<f64, Malformed> {
        match self {
            Self::Fixed64(value) => Ok(f64::from_le_bytes(value)),
            Self::Varint(_) | Self::Bytes(_) => Err(TYPE),
        }
    }

    fn message(self) -> Result<Fields<'a>, Malformed> {
        match self {
            Self::Bytes(bytes) => Ok(Fields { bytes }),
            Self::Varint(_) | Self::Fixed64(_) => Err(TYPE),
        }
    }

    fn text(self) -> Result<Cow<'a, str>, Malformed> {
        let text = str::from_utf8(self.message()?.bytes);
        text.map(Cow::Borrowed).map_err(|_| Malformed(Cow::Borrowed("text that is not UTF-8")))
    }
}

const VARINT: u8 = 0;
const FIXED_64: u8 = 1;
const LENGTH_DELIMITED: u8 = 2;

const MISSING: Malformed = Malformed(Cow::Borrowed("no event"));
const UNKNOWN: Malformed = Malformed(Cow::Borrowed("an unknown field"));
const TYPE: Malformed = Malformed(Cow::Borrowed("a field of the wrong type or range"));
const WORD: Malformed = Malformed(Cow::Borrowed("an enum without or outside its words"));
