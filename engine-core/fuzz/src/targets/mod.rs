//! What is fuzzed: one file for each target, and the list of them.

mod body_framing;
mod http_head;
mod protobuf;
mod quest_json;
mod session;
mod split;
mod tungstenite;
mod ws_frames;

pub use body_framing::body_framing;
pub use http_head::http_head;
pub use protobuf::protobuf;
pub use quest_json::quest_json;
pub use session::session;
pub use split::split;
pub use tungstenite::tungstenite;
pub use ws_frames::ws_frames;

use crate::Target;

/// Every target.
pub const ALL: &[Target] = &[
    Target { name: "http_head", run: http_head, dictionary: http_head::WORDS },
    Target { name: "body_framing", run: body_framing, dictionary: body_framing::WORDS },
    Target { name: "ws_frames", run: ws_frames, dictionary: ws_frames::WORDS },
    Target { name: "protobuf", run: protobuf, dictionary: protobuf::WORDS },
    Target { name: "quest_json", run: quest_json, dictionary: quest_json::WORDS },
    Target { name: "session", run: session, dictionary: session::WORDS },
    Target { name: "split", run: split, dictionary: split::WORDS },
    Target { name: "tungstenite", run: tungstenite, dictionary: tungstenite::WORDS },
];

/// The target of a name.
#[must_use]
pub fn find(name: &str) -> Option<Target> {
    ALL.iter().find(|target| target.name == name).copied()
}
