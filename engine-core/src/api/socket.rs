//! The messages of a WebSocket connection, in both encodings: actions in, replies out.

use super::messages;
use super::requests::{self, Action, ResolveBody, is_coordinate, is_heading};
use super::responses;
use crate::arena::Allocator;
use crate::error::{FaultCode, Problem, Refusal};
use crate::http::problem::write_members;
use crate::json::Writer;
use crate::seam::{Codec, Command, PlayerRef, Point, Reply};
use crate::text::{Id, Key};
use crate::websocket::message::Kind;
use alloc::string::ToString;
use alloc::vec::Vec;
use prost::Message as _;

/// Who plays over a connection, and in which encoding.
#[derive(Clone, Copy, Debug)]
pub struct Player {
    pub(super) hunt: Id,
    pub(super) player: PlayerRef,
    pub(super) codec: Codec,
}

impl Codec {
    /// What its messages are made of.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Json => Kind::Text,
            Self::Protobuf => Kind::Binary,
        }
    }
}

impl Player {
    /// Who plays over a connection that something else than a shard has upgraded.
    #[must_use]
    pub fn new(hunt: Id, player: PlayerRef, codec: Codec) -> Self {
        Self { hunt, player, codec }
    }

    /// Reads a message: its number, and the command that it asks for.
    pub(super) fn read<A: Allocator + Copy>(
        &self,
        payload: &[u8],
        scratch: A,
    ) -> Result<(u32, Command), (u32, Refusal)> {
        let mut seq = 0;
        let action = match self.codec {
            Codec::Json => requests::message(payload, scratch, &mut seq)
                .map_err(|fault| Refusal::json(Problem::InvalidBody, *fault)),
            Codec::Protobuf => read_protobuf(payload, &mut seq),
        };
        match action {
            Ok(action) => Ok((seq, self.command(action))),
            Err(refusal) => Err((seq, refusal)),
        }
    }

    fn command(&self, action: Action) -> Command {
        let (hunt, player) = (self.hunt, self.player);
        match action {
            Action::Move { to, heading } => Command::Move { hunt, player, to, heading },
            Action::UsePowerUp(power_up) => Command::UsePowerUp { hunt, player, power_up },
            Action::Resolve(ResolveBody { treasure, at, key }) => {
                Command::Resolve { hunt, player, treasure, at, key }
            }
        }
    }

    /// Writes the reply to the message of a number.
    pub(super) fn write_reply(&self, seq: u32, reply: &Reply, out: &mut Vec<u8>) {
        match self.codec {
            Codec::Json => write_json(seq, reply, out),
            Codec::Protobuf => write_protobuf(seq, reply, out),
        }
    }
}

fn read_protobuf(payload: &[u8], seq: &mut u32) -> Result<Action, Refusal> {
    let bad = |code: FaultCode| Refusal::because(Problem::InvalidBody, code.detail());
    let message = messages::ClientMessage::decode(payload).map_err(|_| NOT_PROTOBUF)?;
    *seq = message.seq;
    let out_of_range = || bad(FaultCode::OutOfRange);
    let point = |x, y, z| {
        let fits = is_coordinate(x) && is_coordinate(y) && is_coordinate(z);
        // Adding 0 turns -0 into 0.
        fits.then_some(Point { x: x + 0.0, y: y + 0.0, z: z + 0.0 }).ok_or_else(out_of_range)
    };
    match message.action.ok_or_else(|| bad(FaultCode::MissingField))? {
        messages::Action::Move(messages::Move { x, y, z, heading }) => {
            let to = point(x, y, z)?;
            let heading =
                Some(heading + 0.0).filter(|h| is_heading(*h)).ok_or_else(out_of_range)?;
            Ok(Action::Move { to, heading })
        }
        messages::Action::UsePowerUp(action) => {
            let known = action.power_up().known();
            known.map(Action::UsePowerUp).ok_or_else(out_of_range)
        }
        messages::Action::Resolve(messages::Resolve { treasure, x, y, z, key }) => {
            let treasure = Id::new(&treasure).ok_or_else(out_of_range)?;
            let at = point(x, y, z)?;
            let key = key.map(|key| Key::new(&key).ok_or_else(out_of_range)).transpose()?;
            Ok(Action::Resolve(ResolveBody { treasure, at, key }))
        }
    }
}

const NOT_PROTOBUF: Refusal = Refusal {
    problem: Problem::InvalidBody,
    detail: Some("not well-formed protobuf"),
    fault: None,
};

fn write_json(seq: u32, reply: &Reply, out: &mut Vec<u8>) {
    let mut w = Writer::new(out);
    w.begin_object();
    w.key(match reply {
        Reply::Moved { .. } => "moved",
        Reply::PowerUpUsed { .. } => "power_up_used",
        Reply::Resolved { .. } => "resolved",
        _ => "refused",
    });
    w.begin_object();
    w.key("seq");
    w.u64(seq.into());
    match reply {
        Reply::Moved { outcome, at, energy } => {
            w.key("outcome");
            w.str(outcome.as_str());
            for (key, value) in [("x", at.x), ("y", at.y), ("z", at.z)] {
                w.key(key);
                w.f64(value);
            }
            w.key("energy");
            w.u64((*energy).into());
        }
        Reply::PowerUpUsed { outcome, power_up, active_ms, energy } => {
            w.key("outcome");
            w.str(outcome.as_str());
            w.key("power_up");
            w.str(power_up.as_str());
            w.key("active_ms");
            w.u64((*active_ms).into());
            w.key("energy");
            w.u64((*energy).into());
        }
        Reply::Resolved { outcome, loot, score, rank } => {
            responses::resolved(&mut w, outcome.as_str(), *loot, *score, *rank);
        }
        Reply::Refused(refusal) => write_members(refusal, &mut w),
        _ => write_members(&Problem::Internal.into(), &mut w),
    }
    w.end_object();
    w.end_object();
}

fn write_protobuf(seq: u32, reply: &Reply, out: &mut Vec<u8>) {
    let event = match reply {
        Reply::Moved { outcome, at, energy } => messages::Event::Moved(messages::Moved {
            seq,
            outcome: messages::MoveOutcome::from(*outcome).into(),
            x: at.x,
            y: at.y,
            z: at.z,
            energy: *energy,
        }),
        Reply::PowerUpUsed { outcome, power_up, active_ms, energy } => {
            messages::Event::PowerUpUsed(messages::PowerUpUsed {
                seq,
                outcome: messages::PowerUpOutcome::from(*outcome).into(),
                power_up: messages::PowerUp::from(*power_up).into(),
                active_ms: *active_ms,
                energy: *energy,
            })
        }
        Reply::Resolved { outcome, loot, score, rank } => {
            messages::Event::Resolved(messages::Resolved {
                seq,
                outcome: messages::ResolveOutcome::from(*outcome).into(),
                loot: loot.map(|loot| messages::Loot {
                    item: loot.item.as_str().to_string(),
                    points: loot.points,
                    power_up: loot.power_up.map(|p| messages::PowerUp::from(p).into()),
                }),
                score: *score,
                rank: *rank,
            })
        }
        Reply::Refused(refusal) => messages::Event::Refused(refused(seq, refusal)),
        _ => messages::Event::Refused(refused(seq, &Problem::Internal.into())),
    };
    let message = messages::ServerMessage { event: Some(event) };
    message.encode(out).expect("a vector takes any message");
}

fn refused(seq: u32, refusal: &Refusal) -> messages::Refused {
    let fault = refusal.fault.as_deref();
    messages::Refused {
        seq,
        r#type: refusal.problem.kind().to_string(),
        title: refusal.problem.title().to_string(),
        status: refusal.problem.status().into(),
        detail: refusal.detail.map(str::to_string),
        path: fault.map(|fault| fault.path.clone()),
        line: fault.map(|fault| fault.line),
        column: fault.map(|fault| fault.column),
    }
}
