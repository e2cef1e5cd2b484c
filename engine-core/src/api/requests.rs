//! The JSON bodies of requests and the parameters of queries.

use crate::arena::Allocator;
use crate::error::{JsonFault, Problem, Refusal};
use crate::game::quest::COORDINATE_MAX;
use crate::http::percent;
use crate::json::{Reader, fields};
use crate::seam::{Point, PowerUp};
use crate::text::{Id, Key, Name};
use alloc::boxed::Box;

type Result<T> = core::result::Result<T, Box<JsonFault>>;

const REQUIRED: &str = "the reader refuses an object without its required fields";

/// The most players of a hunt.
pub(super) const CAPACITY_MAX: u32 = 1_000_000;
/// The most rows of a leaderboard answer.
pub(super) const LEADERBOARD_ROWS_MAX: u32 = 100;
/// The rows of a leaderboard answer where none are asked for.
const LEADERBOARD_ROWS: u32 = 10;

/// The body of `PUT /v1/hunts/{hunt}`.
#[derive(Clone, Copy, Debug)]
pub(super) struct HuntBody {
    pub(super) quest: Id,
    pub(super) version: Option<u32>,
    pub(super) capacity: u32,
}

/// The body of `POST /v1/hunts/{hunt}/resolve`, and the `resolve` of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct ResolveBody {
    pub(super) treasure: Id,
    pub(super) at: Point,
    pub(super) key: Option<Key>,
}

/// The action of a message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    /// `move`
    Move { to: Point, heading: f64 },
    /// `use_power_up`
    UsePowerUp(PowerUp),
    /// `resolve`
    Resolve(ResolveBody),
}

fields! { enum HuntField { Quest = "quest", Capacity = "capacity" } optional { Version = "version" } }
fields! { enum PlayerField { Name = "name" } }
fields! {
    enum ResolveField { Treasure = "treasure", X = "x", Y = "y", Z = "z" } optional { Key = "key" }
}
fields! { enum MoveField { X = "x", Y = "y", Z = "z" } optional { Heading = "heading" } }
fields! { enum PowerUpField { PowerUp = "power_up" } }
fields! {
    enum MessageField { Seq = "seq" }
    optional { Move = "move", UsePowerUp = "use_power_up", Resolve = "resolve" }
}

/// Reads the body of `PUT /v1/hunts/{hunt}`.
pub(super) fn hunt<A: Allocator + Copy>(body: &[u8], scratch: A) -> Result<HuntBody> {
    let mut reader = Reader::new(body, scratch);
    let (mut quest, mut version, mut capacity) = (None, None, None);
    reader.object(|r, field| {
        match field {
            HuntField::Quest => quest = Some(r.text(Id::new)?),
            HuntField::Capacity => capacity = Some(r.u32(1..=CAPACITY_MAX)?),
            HuntField::Version => version = Some(r.u32(1..=u32::MAX)?),
        }
        Ok(())
    })?;
    reader.end()?;
    Ok(HuntBody { quest: quest.expect(REQUIRED), version, capacity: capacity.expect(REQUIRED) })
}

/// Reads the body of `POST /v1/hunts/{hunt}/players`.
pub(super) fn player<A: Allocator + Copy>(body: &[u8], scratch: A) -> Result<Name> {
    let mut reader = Reader::new(body, scratch);
    let mut name = None;
    reader.object(|r, PlayerField::Name| {
        name = Some(r.text(Name::new)?);
        Ok(())
    })?;
    reader.end()?;
    Ok(name.expect(REQUIRED))
}

/// Reads the body of `POST /v1/hunts/{hunt}/resolve`.
pub(super) fn resolve<A: Allocator + Copy>(body: &[u8], scratch: A) -> Result<ResolveBody> {
    let mut reader = Reader::new(body, scratch);
    let resolve = resolve_object(&mut reader)?;
    reader.end()?;
    Ok(resolve)
}

/// Reads a message of `hunt.v1+json`. The number is kept in `seq` as soon as it is read, for the
/// refusal of what follows it.
pub(super) fn message<A: Allocator + Copy>(
    text: &[u8],
    scratch: A,
    seq: &mut u32,
) -> Result<Action> {
    let mut reader = Reader::new(text, scratch);
    let mut action = None;
    reader.object(|r, field| {
        let read = match field {
            MessageField::Seq => {
                *seq = r.u32(0..=u32::MAX)?;
                return Ok(());
            }
            _ if action.is_some() => {
                return Err(r.refuse_key(crate::error::FaultCode::UnknownField));
            }
            MessageField::Move => move_object(r)?,
            MessageField::UsePowerUp => power_up_object(r)?,
            MessageField::Resolve => Action::Resolve(resolve_object(r)?),
        };
        action = Some(read);
        Ok(())
    })?;
    let Some(action) = action else { return Err(reader.missing("move")) };
    reader.end()?;
    Ok(action)
}

fn resolve_object<A: Allocator + Copy>(r: &mut Reader<'_, A>) -> Result<ResolveBody> {
    let (mut treasure, mut at, mut key) = (None, Point::default(), None);
    r.object(|r, field| {
        match field {
            ResolveField::Treasure => treasure = Some(r.text(Id::new)?),
            ResolveField::X => at.x = coordinate(r)?,
            ResolveField::Y => at.y = coordinate(r)?,
            ResolveField::Z => at.z = coordinate(r)?,
            ResolveField::Key => key = Some(r.text(Key::new)?),
        }
        Ok(())
    })?;
    Ok(ResolveBody { treasure: treasure.expect(REQUIRED), at, key })
}

fn move_object<A: Allocator + Copy>(r: &mut Reader<'_, A>) -> Result<Action> {
    let (mut to, mut heading) = (Point::default(), 0.0);
    r.object(|r, field| {
        match field {
            MoveField::X => to.x = coordinate(r)?,
            MoveField::Y => to.y = coordinate(r)?,
            MoveField::Z => to.z = coordinate(r)?,
            MoveField::Heading => heading = r.f64(is_heading)?,
        }
        Ok(())
    })?;
    Ok(Action::Move { to, heading })
}

fn power_up_object<A: Allocator + Copy>(r: &mut Reader<'_, A>) -> Result<Action> {
    let mut power_up = None;
    r.object(|r, PowerUpField::PowerUp| {
        power_up = Some(r.text(PowerUp::from_word)?);
        Ok(())
    })?;
    Ok(Action::UsePowerUp(power_up.expect(REQUIRED)))
}

fn coordinate<A: Allocator + Copy>(r: &mut Reader<'_, A>) -> Result<f64> {
    r.f64(is_coordinate)
}

/// Whether a number is a coordinate; false for NaN.
pub(super) fn is_coordinate(value: f64) -> bool {
    value.abs() <= COORDINATE_MAX
}

/// Whether a number is a heading, in degrees; false for NaN.
pub(super) fn is_heading(value: f64) -> bool {
    (0.0..360.0).contains(&value)
}

/// The parameters of a leaderboard query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LeaderboardQuery {
    pub(super) limit: u32,
    pub(super) around: Option<u32>,
}

/// Reads the parameters of a leaderboard query.
pub(super) fn leaderboard_query<A: Allocator + Copy>(
    query: &[u8],
    scratch: A,
) -> core::result::Result<LeaderboardQuery, Refusal> {
    let (mut limit, mut around) = (None, None);
    parameters(query, scratch, |name, value| match name {
        b"limit" => once(&mut limit, number(value).filter(|n| is_row_count(*n))),
        b"around" => once(&mut around, number(value)),
        _ => false,
    })?;
    Ok(LeaderboardQuery { limit: limit.unwrap_or(LEADERBOARD_ROWS), around })
}

/// Reads the parameters of a loot query: the session.
pub(super) fn loot_query<A: Allocator + Copy>(
    query: &[u8],
    scratch: A,
) -> core::result::Result<u32, Refusal> {
    let mut session = None;
    parameters(query, scratch, |name, value| match name {
        b"session" => once(&mut session, number(value)),
        _ => false,
    })?;
    Ok(session.unwrap_or(0))
}

/// Refuses any parameter.
pub(super) fn no_query<A: Allocator + Copy>(
    query: &[u8],
    scratch: A,
) -> core::result::Result<(), Refusal> {
    parameters(query, scratch, |_, _| false)
}

/// Offers every pair to `take`, which says whether it took it.
pub(super) fn parameters<A: Allocator + Copy>(
    query: &[u8],
    scratch: A,
    mut take: impl FnMut(&[u8], &[u8]) -> bool,
) -> core::result::Result<(), Refusal> {
    for (name, value) in percent::pairs(query) {
        let (name, value) = (percent::decode(name, scratch)?, percent::decode(value, scratch)?);
        if !take(&name, &value) {
            return Err(Problem::InvalidQuery.into());
        }
    }
    Ok(())
}

/// Keeps a value that was read; false where there was none, or an earlier one.
pub(super) fn once<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    value.is_some_and(|value| place.replace(value).is_none())
}

fn is_row_count(rows: u32) -> bool {
    (1..=LEADERBOARD_ROWS_MAX).contains(&rows)
}

/// A whole number in decimal digits, without sign and leading zeros.
fn number(digits: &[u8]) -> Option<u32> {
    let canonical = digits == b"0" || digits.first().is_some_and(|d| (b'1'..=b'9').contains(d));
    if !canonical || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    core::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::Global;
    use crate::error::FaultCode;

    fn fault(text: &str) -> (FaultCode, std::string::String, u32) {
        let mut seq = 0;
        let fault = message(text.as_bytes(), Global, &mut seq).unwrap_err();
        (fault.code, fault.path.as_str().into(), fault.column)
    }

    #[test]
    fn a_message_has_a_number_and_exactly_one_action() {
        let mut seq = 0;
        let text = br#"{"use_power_up":{"power_up":"reach"},"seq":7}"#;
        let action = message(text, Global, &mut seq).unwrap();
        assert!(matches!(action, Action::UsePowerUp(PowerUp::Reach)));
        assert_eq!(seq, 7);
        assert_eq!(fault(r#"{"seq":1}"#), (FaultCode::MissingField, "/move".into(), 9));
        let two = r#"{"seq":1,"use_power_up":{"power_up":"reach"},"move":{"x":0,"y":0,"z":0}}"#;
        assert_eq!(fault(two).0, FaultCode::UnknownField);
        assert_eq!(fault(two).1, "/move");
    }

    #[test]
    fn a_heading_is_below_360_degrees() {
        let with = |heading| {
            std::format!(r#"{{"seq":1,"move":{{"x":0,"y":0,"z":0,"heading":{heading}}}}}"#)
        };
        assert!(message(with("359.9").as_bytes(), Global, &mut 0).is_ok());
        for bad in ["360", "-0.1"] {
            assert_eq!(fault(&with(bad)).0, FaultCode::OutOfRange);
        }
    }

    #[test]
    fn query_parameters_are_known_given_once_and_in_range() {
        let read = |query: &str| leaderboard_query(query.as_bytes(), Global).ok();
        assert_eq!(read(""), Some(LeaderboardQuery { limit: 10, around: None }));
        let both = LeaderboardQuery { limit: 100, around: Some(0) };
        assert_eq!(read("around=0&limit=1%300"), Some(both));
        for bad in
            ["limit=0", "limit=101", "limit=01", "limit=1&limit=1", "limit", "x=1", "around=-1"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(loot_query(b"session=4294967295", Global), Ok(u32::MAX));
        assert!(loot_query(b"session=4294967296", Global).is_err());
    }
}
