//! The messages written by hand and the `.proto` are the same: names, numbers, types, both ways.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use engine_core::api::messages::{
    Action, Changed, ClientMessage, Event, Frame, HuntState, Leader, Loot, Move, MoveOutcome,
    Moved, PowerUp, PowerUpOutcome, PowerUpUsed, Refused, Resolve, ResolveOutcome, Resolved,
    ServerMessage, UsePowerUp, Waypoint,
};
use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value,
};
use std::collections::BTreeSet;
use std::fmt::Debug;

fn pool() -> DescriptorPool {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");
    let files = protox::compile(["hunt/v1/hunt.proto"], [root]).expect("the .proto compiles");
    DescriptorPool::from_file_descriptor_set(files).expect("the descriptors are consistent")
}

/// Our encoding of `ours` reads as `fields` by the `.proto`, which has no other field, and back.
fn same<M: Message + Default + PartialEq + Debug>(
    pool: &DescriptorPool,
    ours: &M,
    fields: &[(&str, Value)],
) {
    let name = std::any::type_name::<M>().rsplit("::").next().unwrap();
    let descriptor = pool.get_message_by_name(&format!("hunt.v1.{name}")).expect(name);
    let theirs = DynamicMessage::decode(descriptor, &*ours.encode_to_vec()).expect(name);
    assert_eq!(theirs.unknown_fields().count(), 0, "{name} has a field that the .proto lacks");
    for (field, value) in fields {
        assert!(theirs.has_field_by_name(field), "{name}.{field} is not in the encoding");
        assert_eq!(&*theirs.get_field_by_name(field).unwrap(), value, "{name}.{field}");
    }
    assert_eq!(theirs.fields().count(), fields.len(), "{name} has fields that were not listed");
    assert_eq!(&M::decode(&*theirs.encode_to_vec()).expect(name), ours, "{name} read back");
}

fn message(pool: &DescriptorPool, name: &str, ours: &impl Message) -> Value {
    let descriptor = pool.get_message_by_name(&format!("hunt.v1.{name}")).expect(name);
    Value::Message(DynamicMessage::decode(descriptor, &*ours.encode_to_vec()).expect(name))
}

fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

fn u(value: u32) -> Value {
    Value::U32(value)
}

fn d(value: f64) -> Value {
    Value::F64(value)
}

fn e(value: impl Into<i32>) -> Value {
    Value::EnumNumber(value.into())
}

const MOVE: Move = Move { x: 1.5, y: -2.5, z: 3.5, heading: 4.5 };
const MOVED: Moved = Moved {
    seq: u32::MAX,
    outcome: MoveOutcome::TooFast as i32,
    x: 1.5,
    y: 2.5,
    z: 3.5,
    energy: 9,
};
const USED: PowerUpUsed = PowerUpUsed {
    seq: u32::MAX,
    outcome: PowerUpOutcome::NoEnergy as i32,
    power_up: PowerUp::Double as i32,
    active_ms: u32::MAX - 1,
    energy: 7,
};
const WAYPOINT: Waypoint = Waypoint { index: u32::MAX, x: 1.5, y: 2.5, z: -3.5, radius: 4.5 };

fn resolve() -> Resolve {
    Resolve { treasure: "gold".into(), x: 1.5, y: 2.5, z: 3.5, key: Some("k".into()) }
}

fn loot() -> Loot {
    Loot { item: "coin".into(), points: u32::MAX, power_up: Some(PowerUp::Reach.into()) }
}

fn resolved() -> Resolved {
    let outcome = ResolveOutcome::Exhausted.into();
    Resolved { seq: u32::MAX, outcome, loot: Some(loot()), score: u32::MAX - 1, rank: 3 }
}

fn changed() -> Changed {
    Changed { treasure: "gold".into(), remaining: u32::MAX }
}

fn leader() -> Leader {
    Leader { player: u32::MAX, name: "Zoë".into(), score: u32::MAX - 1 }
}

fn frame() -> Frame {
    Frame {
        tick: u32::MAX,
        full: true,
        status: HuntState::Ended.into(),
        remaining_ms: u32::MAX - 1,
        waypoints: vec![WAYPOINT],
        changed: vec![changed()],
        leaders: vec![leader()],
    }
}

fn refused() -> Refused {
    Refused {
        seq: u32::MAX,
        r#type: "urn".into(),
        title: "title".into(),
        status: 422,
        detail: Some("detail".into()),
        path: Some("/move/x".into()),
        line: Some(1),
        column: Some(u32::MAX),
    }
}

#[test]
fn client_messages_read_as_the_proto_says() {
    let pool = &pool();
    let fields = [("x", d(1.5)), ("y", d(-2.5)), ("z", d(3.5)), ("heading", d(4.5))];
    same(pool, &MOVE, &fields);
    let use_power_up = UsePowerUp { power_up: PowerUp::Double.into() };
    same(pool, &use_power_up, &[("power_up", e(3))]);
    let at = [("x", d(1.5)), ("y", d(2.5)), ("z", d(3.5))];
    let mut fields = at.to_vec();
    fields.extend([("treasure", text("gold")), ("key", text("k"))]);
    same(pool, &resolve(), &fields);
    for (name, value, action) in [
        ("move", message(pool, "Move", &MOVE), Action::Move(MOVE)),
        (
            "use_power_up",
            message(pool, "UsePowerUp", &use_power_up),
            Action::UsePowerUp(use_power_up),
        ),
        ("resolve", message(pool, "Resolve", &resolve()), Action::Resolve(resolve())),
    ] {
        let ours = ClientMessage { seq: u32::MAX, action: Some(action) };
        same(pool, &ours, &[("seq", u(u32::MAX)), (name, value)]);
    }
}

#[test]
fn server_messages_read_as_the_proto_says() {
    let pool = &pool();
    let at = [("x", d(1.5)), ("y", d(2.5)), ("z", d(3.5))];
    let mut fields = at.to_vec();
    fields.extend([("seq", u(u32::MAX)), ("outcome", e(2)), ("energy", u(9))]);
    same(pool, &MOVED, &fields);
    let fields = [
        ("seq", u(u32::MAX)),
        ("outcome", e(4)),
        ("power_up", e(3)),
        ("active_ms", u(u32::MAX - 1)),
        ("energy", u(7)),
    ];
    same(pool, &USED, &fields);
    same(pool, &loot(), &[("item", text("coin")), ("points", u(u32::MAX)), ("power_up", e(2))]);
    let fields = [
        ("seq", u(u32::MAX)),
        ("outcome", e(6)),
        ("loot", message(pool, "Loot", &loot())),
        ("score", u(u32::MAX - 1)),
        ("rank", u(3)),
    ];
    same(pool, &resolved(), &fields);
    for (name, value, event) in [
        ("moved", message(pool, "Moved", &MOVED), Event::Moved(MOVED)),
        ("power_up_used", message(pool, "PowerUpUsed", &USED), Event::PowerUpUsed(USED)),
        ("resolved", message(pool, "Resolved", &resolved()), Event::Resolved(resolved())),
        ("frame", message(pool, "Frame", &frame()), Event::Frame(frame())),
        ("refused", message(pool, "Refused", &refused()), Event::Refused(refused())),
    ] {
        same(pool, &ServerMessage { event: Some(event) }, &[(name, value)]);
    }
}

#[test]
fn frames_and_refusals_read_as_the_proto_says() {
    let pool = &pool();
    let at = [("x", d(1.5)), ("y", d(2.5)), ("z", d(-3.5)), ("radius", d(4.5))];
    let mut fields = at.to_vec();
    fields.push(("index", u(u32::MAX)));
    same(pool, &WAYPOINT, &fields);
    same(pool, &changed(), &[("treasure", text("gold")), ("remaining", u(u32::MAX))]);
    let fields = [("player", u(u32::MAX)), ("name", text("Zoë")), ("score", u(u32::MAX - 1))];
    same(pool, &leader(), &fields);
    let fields = [
        ("tick", u(u32::MAX)),
        ("full", Value::Bool(true)),
        ("status", e(2)),
        ("remaining_ms", u(u32::MAX - 1)),
        ("waypoints", Value::List(vec![message(pool, "Waypoint", &WAYPOINT)])),
        ("changed", Value::List(vec![message(pool, "Changed", &changed())])),
        ("leaders", Value::List(vec![message(pool, "Leader", &leader())])),
    ];
    same(pool, &frame(), &fields);
    let fields = [
        ("seq", u(u32::MAX)),
        ("type", text("urn")),
        ("title", text("title")),
        ("status", u(422)),
        ("detail", text("detail")),
        ("path", text("/move/x")),
        ("line", u(1)),
        ("column", u(u32::MAX)),
    ];
    same(pool, &refused(), &fields);
}

/// A value that is not the default, and that differs from field to field.
fn sample(field: &FieldDescriptor) -> Value {
    let number = field.number();
    let one = match field.kind() {
        Kind::Uint32 => Value::U32(u32::MAX - number),
        Kind::Double => Value::F64(f64::from(number) + 0.25),
        Kind::Bool => Value::Bool(true),
        Kind::String => Value::String(format!("text {number}")),
        Kind::Enum(kind) => Value::EnumNumber(kind.values().last().unwrap().number()),
        Kind::Message(kind) => Value::Message(filled(&kind, None)),
        other => panic!("no message has a field of {other:?}"),
    };
    if field.is_list() { Value::List(vec![one.clone(), one]) } else { one }
}

/// A message with every field set; of a oneof, only `chosen`, or the first.
fn filled(descriptor: &MessageDescriptor, chosen: Option<&FieldDescriptor>) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
        let first = oneof.as_ref().and_then(|oneof| oneof.fields().next());
        if oneof.is_none() || chosen.or(first.as_ref()) == Some(&field) {
            message.set_field(&field, sample(&field));
        }
    }
    message
}

fn returns<M: Message + Default>(message: &DynamicMessage) {
    let bytes = message.encode_to_vec();
    let name = message.descriptor().name().to_owned();
    let ours = M::decode(&*bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(ours.encode_to_vec(), bytes, "{name} does not come back as it was sent");
}

#[test]
fn no_field_of_the_proto_is_missing() {
    let mut messages = 0;
    for descriptor in pool().all_messages() {
        messages += 1;
        let returns = match descriptor.name() {
            "ClientMessage" => returns::<ClientMessage>,
            "Move" => returns::<Move>,
            "UsePowerUp" => returns::<UsePowerUp>,
            "Resolve" => returns::<Resolve>,
            "ServerMessage" => returns::<ServerMessage>,
            "Moved" => returns::<Moved>,
            "PowerUpUsed" => returns::<PowerUpUsed>,
            "Resolved" => returns::<Resolved>,
            "Loot" => returns::<Loot>,
            "Frame" => returns::<Frame>,
            "Waypoint" => returns::<Waypoint>,
            "Changed" => returns::<Changed>,
            "Leader" => returns::<Leader>,
            "Refused" => returns::<Refused>,
            other => panic!("{other} is in the .proto only"),
        };
        returns(&filled(&descriptor, None));
        for oneof in descriptor.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            oneof.fields().for_each(|field| returns(&filled(&descriptor, Some(&field))));
        }
    }
    assert_eq!(messages, 14);
}

/// `TooFast` of `MoveOutcome` is `MOVE_OUTCOME_TOO_FAST`.
fn screaming(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

fn same_enum<E: Debug + TryFrom<i32>>(pool: &DescriptorPool) {
    let name = std::any::type_name::<E>().rsplit("::").next().unwrap();
    let descriptor = pool.get_enum_by_name(&format!("hunt.v1.{name}")).expect(name);
    let mut known = BTreeSet::new();
    for value in descriptor.values() {
        let Ok(ours) = E::try_from(value.number()) else {
            panic!("{} is in the .proto only", value.name())
        };
        assert_eq!(value.name(), screaming(&format!("{name}{ours:?}")));
        known.insert(value.number());
    }
    for number in -10..100 {
        assert_eq!(E::try_from(number).is_ok(), known.contains(&number), "{name} {number}");
    }
}

#[test]
fn the_enums_are_the_same() {
    let pool = pool();
    same_enum::<PowerUp>(&pool);
    same_enum::<MoveOutcome>(&pool);
    same_enum::<PowerUpOutcome>(&pool);
    same_enum::<ResolveOutcome>(&pool);
    same_enum::<HuntState>(&pool);
    assert_eq!(pool.all_enums().count(), 5);
}
