//! Every key of the configuration outside `[limits]`, in one table.
//!
//! Flags, environment variables, the file's keys, `--help` and `print-config` are all made from
//! [`KEYS`]; the limits have a table of their own in the engine.

use crate::runtime_choice::WORDS;
use crate::secrets::SigningKey;
use engine_core::seam::WorkerId;

/// A key, for exhaustive matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// `listen`
    Listen,
    /// `admin`
    Admin,
    /// `admin_on_public`
    AdminOnPublic,
    /// `allowed_origins`
    AllowedOrigins,
    /// `runtime`
    Runtime,
    /// `arena`
    Arena,
    /// `store`
    Store,
    /// `workers`
    Workers,
    /// `pin`
    Pin,
    /// `private_descriptors`
    PrivateDescriptors,
    /// `drain_ms`
    DrainMs,
    /// `demo`
    Demo,
    /// `log`
    Log,
    /// `log_format`
    LogFormat,
    /// `log_events_per_s`
    LogEventsPerS,
    /// `key_file`
    KeyFile,
    /// `keys`
    Keys,
}

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Switch,
    /// An IP address and a port.
    Address,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A whole number.
    Integer {
        /// The smallest value.
        min: u64,
        /// The largest value.
        max: u64,
        /// What it counts.
        unit: &'static str,
    },
    /// Any text.
    Text,
    /// A list of texts.
    Texts,
    /// Signing keys.
    Keys,
}

impl Kind {
    /// What the key takes, for a person.
    #[must_use]
    pub fn takes(self) -> String {
        match self {
            Self::Switch => "true or false".into(),
            Self::Address => "an IP address and port, as 127.0.0.1:8080 or [::1]:8080".into(),
            Self::Word(words) => words.join(" or "),
            Self::Integer { min, max, unit } => format!("a whole number, {min} to {max} {unit}"),
            Self::Text => "a text".into(),
            Self::Texts => "a list of texts".into(),
            Self::Keys => "a list of { id = 1, secret = \"hexadecimal digits\" }".into(),
        }
    }
}

/// A value as it was given, of the kind that its key takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// For [`Kind::Switch`].
    Switch(bool),
    /// For [`Kind::Integer`] and the limits.
    Integer(u64),
    /// For [`Kind::Address`], [`Kind::Word`] and [`Kind::Text`].
    Text(String),
    /// For [`Kind::Texts`].
    Texts(Vec<String>),
    /// For [`Kind::Keys`].
    Keys(Vec<SigningKey>),
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct KeyInfo {
    /// Which.
    pub key: Key,
    /// Its name in the file; the environment variable is `HUNT_` and this in capitals.
    pub name: &'static str,
    /// Its flag, without the dashes; none for secrets, which other users could read there.
    pub flag: Option<&'static str>,
    /// What it takes.
    pub kind: Kind,
    /// What it is.
    pub what: &'static str,
    /// What else there is to know before it is changed.
    pub note: &'static str,
}

impl KeyInfo {
    /// The environment variable.
    #[must_use]
    pub fn env(&self) -> String {
        env_name(self.name)
    }
}

/// The environment variable of a key of the file.
#[must_use]
pub fn env_name(path: &str) -> String {
    format!("HUNT_{}", path.replace('.', "_").to_ascii_uppercase())
}

const WORKERS_MAX: u64 = WorkerId::COUNT_MAX as u64;

/// The table, in the order of `--help` and `print-config`.
pub const KEYS: &[KeyInfo] = &[
    KeyInfo {
        key: Key::Listen,
        name: "listen",
        flag: Some("listen"),
        kind: Kind::Address,
        what: "where players connect",
        note: "Port 0 takes a free port; the one taken is printed at the start.",
    },
    KeyInfo {
        key: Key::Admin,
        name: "admin",
        flag: Some("admin"),
        kind: Kind::Address,
        what: "where operators connect: health, metrics and the admin API",
        note: "Keep it away from players. Port 0 takes a free port.",
    },
    KeyInfo {
        key: Key::AdminOnPublic,
        name: "admin_on_public",
        flag: Some("admin-on-public"),
        kind: Kind::Switch,
        what: "answer admin requests on the public listener too",
        note: "The admin token is asked for either way.",
    },
    KeyInfo {
        key: Key::AllowedOrigins,
        name: "allowed_origins",
        flag: Some("allowed-origin"),
        kind: Kind::Texts,
        what: "origins whose pages may open a WebSocket, as https://play.example.org; repeatable",
        note: "Others get 403. None named: every origin may. Clients that are no browsers send \
               none.",
    },
    KeyInfo {
        key: Key::Runtime,
        name: "runtime",
        flag: Some("runtime"),
        kind: Kind::Word(WORDS),
        what: "which runtime moves the bytes",
        note: "tokio steals work between threads, the others have one runtime for each worker. \
               tokio-uring, glommio and monoio need io_uring. auto takes the best that starts \
               here, and says why in the log, in the metrics and in /healthz. `hunt-server doctor` \
               tells what each needs and lacks.",
    },
    KeyInfo {
        key: Key::Arena,
        name: "arena",
        flag: Some("arena"),
        kind: Kind::Word(&["bump", "heap"]),
        what: "where memory that dies together comes from",
        note: "bump: chunks that are freed whole; heap: the global allocator.",
    },
    KeyInfo {
        key: Key::Store,
        name: "store",
        flag: Some("store"),
        kind: Kind::Word(&["memory"]),
        what: "where the game is kept",
        note: "memory: nothing survives the end of the process.",
    },
    KeyInfo {
        key: Key::Workers,
        name: "workers",
        flag: Some("workers"),
        kind: Kind::Integer { min: 0, max: WORKERS_MAX, unit: "threads" },
        what: "worker threads; 0: one for each core",
        note: "The cores that the process may use are counted: affinity and cgroup matter.",
    },
    KeyInfo {
        key: Key::Pin,
        name: "pin",
        flag: Some("pin"),
        kind: Kind::Switch,
        what: "pin each worker to a core of its own",
        note: "For machines that the server has to itself.",
    },
    KeyInfo {
        key: Key::PrivateDescriptors,
        name: "private_descriptors",
        flag: Some("private-descriptors"),
        kind: Kind::Switch,
        what: "give each worker a descriptor table of its own",
        note: "The limit of open files then holds for each worker and not for all of them, and no \
               worker waits for another's table. Not with the runtime tokio, whose connections \
               move between threads.",
    },
    KeyInfo {
        key: Key::DrainMs,
        name: "drain_ms",
        flag: Some("drain-ms"),
        kind: Kind::Integer { min: 0, max: 3_600_000, unit: "milliseconds" },
        what: "how long a graceful end may take",
        note: "WebSocket peers are told 1001 over this time; what is idle closes at its end. \
               Stay below the grace period of whatever stops the process.",
    },
    KeyInfo {
        key: Key::Demo,
        name: "demo",
        flag: Some("demo"),
        kind: Kind::Switch,
        what: "start a sample quest and three hunts, and print requests to try",
        note: "Without keys it makes random ones, which end with the process.",
    },
    KeyInfo {
        key: Key::Log,
        name: "log",
        flag: Some("log"),
        kind: Kind::Text,
        what: "what is logged: error, warn, info, debug, trace or off, or by part as \
               warn,driver=debug",
        note: "Logs go to standard error.",
    },
    KeyInfo {
        key: Key::LogFormat,
        name: "log_format",
        flag: Some("log-format"),
        kind: Kind::Word(&["text", "json"]),
        what: "how logs are written",
        note: "json: one object a line.",
    },
    KeyInfo {
        key: Key::LogEventsPerS,
        name: "log_events_per_s",
        flag: Some("log-events-per-s"),
        kind: Kind::Integer { min: 1, max: 1_000_000, unit: "events per second" },
        what: "log events of one place in the code before they are left out",
        note: "What is left out is counted, and the count is logged and shown in the metrics.",
    },
    KeyInfo {
        key: Key::KeyFile,
        name: "key_file",
        flag: Some("key-file"),
        kind: Kind::Text,
        what: "a file of signing keys, one ID:SECRET a line",
        note: "The first key signs; the others only verify, so that keys can be changed in \
               service. `hunt-server token new-key` makes a line.",
    },
    KeyInfo {
        key: Key::Keys,
        name: "keys",
        flag: None,
        kind: Kind::Keys,
        what: "the signing keys themselves, in place of key_file",
        note: "In the environment: ID:SECRET,ID:SECRET. There is no flag, since other users of the \
               machine can read flags.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_name_and_a_flag_of_its_own() {
        for (place, row) in KEYS.iter().enumerate() {
            for earlier in &KEYS[..place] {
                assert_ne!(row.name, earlier.name);
                assert_ne!(row.key, earlier.key);
                assert!(row.flag.is_none() || row.flag != earlier.flag);
            }
        }
    }

    #[test]
    fn secrets_have_no_flag() {
        for row in KEYS {
            assert_eq!(row.flag.is_none(), row.kind == Kind::Keys, "{}", row.name);
        }
    }
}
