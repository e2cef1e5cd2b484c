//! The settings in force, and the rules that they must keep.
//!
//! Knows nothing of where a setting comes from; `load` reads the sources and calls [`Config::put`].

use crate::config_keys::{KEYS, Key, KeyInfo, Kind, Value};
use crate::runtime_choice::RuntimeChoice;
use crate::secrets::SigningKey;
use backends::Backend;
use engine_core::limits::{Limits, SetLimitError};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use tracing_subscriber::EnvFilter;

/// Everything that `serve` needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where players connect.
    pub listen: SocketAddr,
    /// Where operators connect.
    pub admin: SocketAddr,
    /// Whether admin requests are answered on the public listener.
    pub admin_on_public: bool,
    /// Origins whose pages may open a WebSocket; empty: every origin.
    pub allowed_origins: Vec<String>,
    /// Which runtime.
    pub runtime: RuntimeChoice,
    /// Which arena.
    pub arena: ArenaChoice,
    /// Which store.
    pub store: StoreChoice,
    /// Worker threads; 0: one for each core.
    pub workers: usize,
    /// Whether each worker is pinned to a core.
    pub pin: bool,
    /// Whether each worker has a descriptor table of its own.
    pub private_descriptors: bool,
    /// How long a graceful end may take.
    pub drain_ms: u64,
    /// Whether the demo is set up.
    pub demo: bool,
    /// The log filter.
    pub log: String,
    /// How logs are written.
    pub log_format: LogFormat,
    /// Log events a second from one place in the code.
    pub log_events_per_s: u32,
    /// Where the keys are read from, where that is a file.
    pub key_file: Option<PathBuf>,
    /// The signing keys, the first signs; empty where none are configured.
    pub keys: Vec<SigningKey>,
    /// Every bound that a peer can run into.
    pub limits: Limits,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$variant_doc:meta])* $variant:ident = $word:expr,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// The word that chooses it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// The choice of that word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                [$(Self::$variant),*].into_iter().find(|choice| choice.as_str() == word)
            }
        }
    };
}

words! {
    /// A kind of arena.
    ArenaChoice {
        /// Chunks that are freed whole.
        Bump = "bump",
        /// The global allocator.
        Heap = "heap",
    }
}

words! {
    /// A store.
    StoreChoice {
        /// Nothing survives the process.
        Memory = "memory",
    }
}

words! {
    /// How logs are written.
    LogFormat {
        /// A line for a person.
        Text = "text",
        /// A JSON object a line.
        Json = "json",
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            admin: SocketAddr::from(([127, 0, 0, 1], 9090)),
            admin_on_public: false,
            allowed_origins: Vec::new(),
            runtime: RuntimeChoice::Auto,
            arena: ArenaChoice::Heap,
            store: StoreChoice::Memory,
            workers: 0,
            pin: false,
            private_descriptors: false,
            drain_ms: 5_000,
            demo: false,
            log: "info".into(),
            log_format: LogFormat::Text,
            log_events_per_s: 10,
            key_file: None,
            keys: Vec::new(),
            limits: Limits::default(),
        }
    }
}

impl Config {
    /// Sets one key.
    ///
    /// # Errors
    /// What is wrong with the value, for a person; never any part of a secret.
    pub fn put(&mut self, info: &KeyInfo, value: Value) -> Result<(), String> {
        match (info.kind, value) {
            (Kind::Switch, Value::Switch(on)) => self.put_switch(info, on),
            (Kind::Integer { min, max, .. }, Value::Integer(n)) if (min..=max).contains(&n) => {
                self.put_integer(info, n);
            }
            (Kind::Integer { min, max, unit }, Value::Integer(n)) => {
                return Err(format!("{n} is outside {min} to {max} {unit}"));
            }
            (Kind::Address, Value::Text(text)) => {
                let address = text.parse().map_err(|_| wrong(&text, info))?;
                self.put_address(info, address);
            }
            (Kind::Word(_) | Kind::Text, Value::Text(text)) => {
                self.put_text(info, &text).ok_or_else(|| wrong(&text, info))?;
                if let RuntimeChoice::Named(backend) = self.runtime
                    && info.key == Key::Runtime
                    && !backend.is_built_in()
                {
                    return Err(left_out(backend));
                }
            }
            (Kind::Texts, Value::Texts(texts)) => {
                self.allowed_origins = texts
                    .into_iter()
                    .map(|text| if is_origin(&text) { Ok(text) } else { Err(not_origin(&text)) })
                    .collect::<Result<_, _>>()?;
            }
            (Kind::Keys, Value::Keys(keys)) => self.keys = keys,
            (kind, _) => return Err(format!("{} is asked for", kind.takes())),
        }
        Ok(())
    }

    /// Sets one limit.
    ///
    /// # Errors
    /// What is wrong with the value, for a person.
    ///
    /// # Panics
    /// If no limit has this name.
    pub fn put_limit(&mut self, name: &'static str, value: u64) -> Result<(), String> {
        let given = usize::try_from(value).unwrap_or(usize::MAX);
        match self.limits.set(name, given) {
            Ok(()) => Ok(()),
            Err(SetLimitError::OutOfRange { min, max }) => {
                Err(format!("{value} is outside {min} to {max} {}", limit_unit(name)))
            }
            Err(SetLimitError::Unknown) => panic!("limit names are checked before they are set"),
        }
    }

    fn put_switch(&mut self, info: &KeyInfo, on: bool) {
        match info.key {
            Key::AdminOnPublic => self.admin_on_public = on,
            Key::Pin => self.pin = on,
            Key::PrivateDescriptors => self.private_descriptors = on,
            Key::Demo => self.demo = on,
            key => unreachable!("{key:?} is no switch"),
        }
    }

    fn put_integer(&mut self, info: &KeyInfo, value: u64) {
        match info.key {
            Key::Workers => self.workers = usize::try_from(value).unwrap_or(usize::MAX),
            Key::DrainMs => self.drain_ms = value,
            Key::LogEventsPerS => self.log_events_per_s = u32::try_from(value).unwrap_or(u32::MAX),
            key => unreachable!("{key:?} is no number"),
        }
    }

    fn put_address(&mut self, info: &KeyInfo, address: SocketAddr) {
        match info.key {
            Key::Listen => self.listen = address,
            Key::Admin => self.admin = address,
            key => unreachable!("{key:?} is no address"),
        }
    }

    fn put_text(&mut self, info: &KeyInfo, text: &str) -> Option<()> {
        match info.key {
            Key::Runtime => self.runtime = RuntimeChoice::from_word(text)?,
            Key::Arena => self.arena = ArenaChoice::from_word(text)?,
            Key::Store => self.store = StoreChoice::from_word(text)?,
            Key::LogFormat => self.log_format = LogFormat::from_word(text)?,
            Key::Log => {
                let fine = !text.is_empty() && !crate::secrets::may_hold_secret(text);
                EnvFilter::try_new(text).ok().filter(|_| fine)?;
                self.log = text.into();
            }
            Key::KeyFile => {
                self.key_file = Some(PathBuf::from(text)).filter(|_| !text.is_empty());
                self.key_file.as_ref()?;
            }
            key => unreachable!("{key:?} is no text"),
        }
        Some(())
    }

    /// The value of a key as the file has it; none where nothing is set, or it is a secret.
    #[must_use]
    pub fn toml(&self, key: Key) -> Option<String> {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        Some(match key {
            Key::Listen => quoted(&self.listen.to_string()),
            Key::Admin => quoted(&self.admin.to_string()),
            Key::AdminOnPublic => self.admin_on_public.to_string(),
            Key::AllowedOrigins => toml::Value::from(self.allowed_origins.clone()).to_string(),
            Key::Runtime => quoted(self.runtime.as_str()),
            Key::Arena => quoted(self.arena.as_str()),
            Key::Store => quoted(self.store.as_str()),
            Key::Workers => self.workers.to_string(),
            Key::Pin => self.pin.to_string(),
            Key::PrivateDescriptors => self.private_descriptors.to_string(),
            Key::DrainMs => self.drain_ms.to_string(),
            Key::Demo => self.demo.to_string(),
            Key::Log => quoted(&self.log),
            Key::LogFormat => quoted(self.log_format.as_str()),
            Key::LogEventsPerS => self.log_events_per_s.to_string(),
            Key::KeyFile => quoted(self.key_file.as_ref()?.to_str()?),
            Key::Keys => return None,
        })
    }

    /// Worker threads, the cores counted where the configuration leaves it to them.
    #[must_use]
    pub fn workers(&self) -> usize {
        let most = engine_core::seam::WorkerId::COUNT_MAX;
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(most),
            workers => workers,
        }
    }

    /// What is wrong with the settings taken together, each for a person.
    #[must_use]
    pub fn contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.listen == self.admin && self.listen.port() != 0 {
            found.push(format!("listen and admin are both {}; they need two ports", self.listen));
        }
        found.extend(self.greater("outbound_high_bytes", "outbound_bytes_max"));
        if self.private_descriptors && self.runtime == RuntimeChoice::Named(Backend::Tokio) {
            found.push(
                "private_descriptors cannot be had with the runtime tokio, whose connections move \
                 between threads; choose another runtime, as tokio-per-core"
                    .into(),
            );
        }
        found
    }

    /// Settings that work and are hardly meant, each for a person.
    #[must_use]
    pub fn doubts(&self) -> Vec<String> {
        let mut found = Vec::new();
        found.extend(self.greater("target_bytes_max", "head_bytes_max"));
        found.extend(self.greater("ping_ms", "idle_ms"));
        if self.pin && self.runtime == RuntimeChoice::Named(Backend::Tokio) {
            found.push("pin has no effect on the work-stealing runtime tokio".into());
        }
        found
    }

    fn greater(&self, less: &str, more: &str) -> Option<String> {
        let of = |name| self.limits.value(name).expect("the limits compared here exist");
        let (low, high) = (of(less), of(more));
        (low > high)
            .then(|| format!("limits.{less} ({low}) is greater than limits.{more} ({high})"))
    }
}

/// The row of a key.
#[must_use]
pub fn info_of(key: Key) -> &'static KeyInfo {
    KEYS.iter().find(|row| row.key == key).expect("every key has a row")
}

/// What a limit counts, by the words of its name.
#[must_use]
pub fn limit_unit(name: &'static str) -> &'static str {
    match name.strip_suffix("_max") {
        _ if name.ends_with("_ms") => "milliseconds",
        _ if name.contains("bytes") => "bytes",
        Some("pipeline") => "requests",
        Some(what) => what,
        None => "",
    }
}

fn wrong(text: &str, info: &KeyInfo) -> String {
    if crate::secrets::may_hold_secret(text) {
        return format!("this looks like a secret; {} is asked for", info.kind.takes());
    }
    match info.key {
        Key::Log => format!("{text:?} is no log filter, as info or warn,driver=debug"),
        Key::KeyFile => "the path of a file is asked for".into(),
        _ => format!("{text:?} is not {}", info.kind.takes()),
    }
}

fn left_out(backend: Backend) -> String {
    let built: Vec<_> = Backend::built_in().map(Backend::name).collect();
    format!(
        "this build has no {backend}; build with the cargo feature {}, or choose one that it has: \
         auto, {}",
        backend.feature(),
        built.join(", ")
    )
}

fn not_origin(text: &str) -> String {
    if crate::secrets::may_hold_secret(text) {
        return "this looks like a secret; an origin is asked for".into();
    }
    format!("{text:?} is no origin, as https://play.example.org: a scheme, a host, no path")
}

//= https://www.rfc-editor.org/rfc/rfc6454#section-6.2
//# Append the string "://" to result.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let scheme_ok = scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let host_ok = host.bytes().all(|b| b.is_ascii_graphic() && !b"/?#@\"\\".contains(&b));
    !scheme.is_empty() && scheme_ok && !host.is_empty() && host_ok && host == host.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: Key, value: Value) -> Result<Config, String> {
        let mut config = Config::default();
        config.put(info_of(key), value).map(|()| config)
    }

    #[test]
    fn every_default_is_accepted_by_its_own_row() {
        let config = Config::default();
        for row in KEYS {
            let Some(text) = config.toml(row.key) else { continue };
            let value = match toml::from_str::<toml::Table>(&format!("v = {text}")).unwrap()["v"] {
                toml::Value::Boolean(on) => Value::Switch(on),
                toml::Value::Integer(n) => Value::Integer(n.unsigned_abs()),
                toml::Value::String(ref text) => Value::Text(text.clone()),
                toml::Value::Array(_) => Value::Texts(Vec::new()),
                ref other => panic!("{other:?}"),
            };
            assert_eq!(put(row.key, value).as_ref(), Ok(&config), "{}", row.name);
        }
    }

    #[test]
    fn every_word_of_the_table_is_a_choice() {
        for row in KEYS {
            let Kind::Word(words) = row.kind else { continue };
            for word in words {
                match put(row.key, Value::Text((*word).into())) {
                    Ok(config) => assert_eq!(config.toml(row.key), Some(format!("{word:?}"))),
                    Err(error) => {
                        let backend: Backend = word.parse().expect("only runtimes are left out");
                        assert!(!backend.is_built_in(), "{error}");
                        assert!(error.contains(&format!("feature {}", backend.feature())));
                    }
                }
            }
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_or_outside_its_range_is_refused_with_what_is_asked_for() {
        for (key, value, part) in [
            (Key::Workers, Value::Integer(129), "129 is outside 0 to 128 threads"),
            (Key::Workers, Value::Switch(true), "a whole number, 0 to 128 threads"),
            (Key::Runtime, Value::Text("tokyo".into()), "auto or tokio or tokio-per-core or"),
            (Key::Listen, Value::Text("8080".into()), "an IP address and port"),
            (Key::Log, Value::Text("driver=loud".into()), "no log filter"),
            (Key::Log, Value::Text(String::new()), "no log filter"),
            (Key::KeyFile, Value::Text(String::new()), "the path of a file"),
            (Key::AllowedOrigins, Value::Texts(vec!["example.org".into()]), "no origin"),
            (Key::AllowedOrigins, Value::Texts(vec!["http://e.org/".into()]), "no origin"),
            (Key::Demo, Value::Text("yes".into()), "true or false"),
        ] {
            let error = put(key, value).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_secret_in_the_wrong_place_is_not_shown() {
        let secret = "ab".repeat(32);
        for key in [Key::Listen, Key::Runtime, Key::Log] {
            let error = put(key, Value::Text(format!("1:{secret}"))).unwrap_err();
            assert!(!error.contains("abab"), "{error}");
        }
        let error = put(Key::AllowedOrigins, Value::Texts(vec![secret])).unwrap_err();
        assert!(!error.contains("abab"), "{error}");
    }

    #[test]
    fn settings_that_contradict_each_other_are_found() {
        assert_eq!(Config::default().contradictions(), Vec::<String>::new());
        let mut config = Config::default();
        config.admin = config.listen;
        config.put_limit("outbound_high_bytes", 1024 * 1024).unwrap();
        config.put_limit("outbound_bytes_max", 65_536).unwrap();
        let found = config.contradictions();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[1].contains("limits.outbound_high_bytes (1048576) is greater"));
    }

    #[test]
    fn a_work_stealing_runtime_has_no_private_descriptors() {
        let mut config = Config { private_descriptors: true, ..Config::default() };
        assert_eq!(config.contradictions(), Vec::<String>::new());
        config.runtime = RuntimeChoice::Named(Backend::Tokio);
        let found = config.contradictions();
        assert!(found[0].contains("choose another runtime"), "{found:?}");
    }

    #[test]
    fn settings_that_are_hardly_meant_are_doubted() {
        assert_eq!(Config::default().doubts(), Vec::<String>::new());
        let tokio = RuntimeChoice::Named(Backend::Tokio);
        let mut config = Config { pin: true, runtime: tokio, ..Config::default() };
        config.put_limit("ping_ms", 61_000).unwrap();
        config.put_limit("head_bytes_max", 1024).unwrap();
        assert_eq!(config.doubts().len(), 3);
    }

    #[test]
    fn a_limit_outside_its_range_is_refused_with_range_and_unit() {
        let mut config = Config::default();
        assert_eq!(config.put_limit("head_bytes_max", 256), Ok(()));
        assert_eq!(
            config.put_limit("head_bytes_max", 255),
            Err("255 is outside 256 to 1048576 bytes".into())
        );
        assert_eq!(config.put_limit("hunts_max", 0), Err("0 is outside 1 to 1000000 hunts".into()));
    }
}
