//! Reads the sources of the configuration and lays them over each other.
//!
//! Flags go before the environment, the environment before the file, the file before the defaults.
//! Everything that is wrong in any of them is found in one go.

use crate::config::{Config, limit_unit};
use crate::config_file::read_toml;
use crate::config_keys::{KEYS, Key, KeyInfo, Kind, Value, env_name};
use crate::faults::{Fault, Faults, Origin, nearest};
use crate::secrets::{may_hold_secret, parse_keys};
use engine_core::limits::LIMITS;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a setting sets.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// A key outside `[limits]`.
    Key(&'static KeyInfo),
    /// The limit of this name.
    Limit(&'static str),
}

impl Target {
    /// The path of the key in the file.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Self::Key(info) => info.name.into(),
            Self::Limit(name) => format!("limits.{name}"),
        }
    }
}

/// One value from one source.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What it sets.
    pub target: Target,
    /// To what.
    pub value: Value,
    /// Where it was given.
    pub origin: Origin,
}

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// Values by the flag's name, in the order given.
    pub values: Vec<(String, String)>,
    /// `--limit NAME=VALUE`, in the order given.
    pub limits: Vec<String>,
}

/// A configuration that keeps every rule.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings in force.
    pub config: Config,
    /// Where each that is no default was given, by its path.
    pub origins: BTreeMap<String, Origin>,
    /// What works and may not be meant.
    pub warnings: Vec<String>,
    /// The file that was read.
    pub file: Option<PathBuf>,
}

/// Reads all sources. `env` is the environment; variables that are not ours are passed over.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(
    flags: &Flags,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Faults> {
    // An empty variable is how compose files and shells say that it is not set.
    let env = env.into_iter().filter(|(name, value)| is_ours(name) && !value.is_empty());
    let env: BTreeMap<String, String> = env.collect();
    let mut layers = Layers::default();
    let file = flags.config.clone().or_else(|| env.get(CONFIG_ENV).map(PathBuf::from));
    if let Some(path) = &file {
        layers.file(path);
    }
    layers.environment(&env);
    layers.flags(flags);
    layers.read_key_file();
    for what in layers.config.contradictions() {
        layers.faults.push(Fault { origin: Origin::Default, key: String::new(), what });
    }
    let Layers { config, origins, mut warnings, faults } = layers;
    warnings.extend(config.doubts());
    if faults.is_empty() {
        Ok(Loaded { config, origins, warnings, file })
    } else {
        Err(Faults(faults))
    }
}

/// The variable that names the configuration file.
pub const CONFIG_ENV: &str = "HUNT_CONFIG";

fn is_ours(name: &str) -> bool {
    name.starts_with("HUNT_")
}

#[derive(Default)]
struct Layers {
    config: Config,
    origins: BTreeMap<String, Origin>,
    warnings: Vec<String>,
    faults: Vec<Fault>,
}

impl Layers {
    fn file(&mut self, path: &Path) {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let (settings, faults) = read_toml(path, &text);
                self.faults.extend(faults);
                self.apply(settings);
            }
            Err(error) => {
                let what = format!("the configuration file cannot be read: {error}");
                let origin = Origin::File { path: path.to_owned(), line: 0 };
                self.faults.push(Fault { origin, key: String::new(), what });
            }
        }
    }

    fn environment(&mut self, env: &BTreeMap<String, String>) {
        let targets = KEYS.iter().map(|info| (info.env(), Target::Key(info)));
        let limits = LIMITS
            .iter()
            .map(|row| (env_name(&format!("limits.{}", row.name)), Target::Limit(row.name)));
        let mut known = vec![CONFIG_ENV.to_owned()];
        let mut settings = Vec::new();
        for (name, target) in targets.chain(limits) {
            if let Some(text) = env.get(&name) {
                settings.extend(self.setting(target, Origin::Environment(name.clone()), text));
            }
            known.push(name);
        }
        self.apply(settings);
        // Refusing would be wrong: orchestrators add variables of their own, as HUNT_PORT.
        for name in env.keys().filter(|name| !known.contains(name)) {
            let near = nearest(name, known.iter().map(String::as_str));
            if strsim::damerau_levenshtein(name, near) <= 2 {
                self.warnings.push(format!("environment {name} has no effect; {near} is meant?"));
            }
        }
    }

    fn flags(&mut self, flags: &Flags) {
        let mut settings: Vec<Setting> = Vec::new();
        for (flag, text) in &flags.values {
            let info = KEYS.iter().find(|row| row.flag == Some(flag));
            let target = Target::Key(info.expect("the flags are made from the table"));
            let setting = self.setting(target, Origin::Flag(flag.clone()), text);
            let earlier = settings.iter_mut().find(|s| s.origin == Origin::Flag(flag.clone()));
            match (earlier, setting) {
                (Some(earlier), Some(Setting { value: Value::Texts(more), .. })) => {
                    if let Value::Texts(all) = &mut earlier.value {
                        all.extend(more);
                    }
                }
                (_, setting) => settings.extend(setting),
            }
        }
        for text in &flags.limits {
            settings.extend(self.limit_flag(text));
        }
        self.apply(settings);
    }

    fn limit_flag(&mut self, text: &str) -> Option<Setting> {
        let origin = Origin::Flag("limit".into());
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        match LIMITS.iter().find(|row| row.name == name) {
            Some(row) => self.setting(Target::Limit(row.name), origin, value),
            None => {
                let near = nearest(name, LIMITS.iter().map(|row| row.name));
                let what = format!("no limit has this name; the nearest is `{near}`");
                self.faults.push(Fault { origin, key: name.into(), what });
                None
            }
        }
    }

    /// A value written as text, or a fault.
    fn setting(&mut self, target: Target, origin: Origin, text: &str) -> Option<Setting> {
        let kind = match target {
            Target::Key(info) => info.kind,
            Target::Limit(name) => {
                let row = LIMITS.iter().find(|row| row.name == name);
                let row = row.expect("targets are made from the table");
                let (min, max) = (row.min as u64, row.max as u64);
                Kind::Integer { min, max, unit: limit_unit(row.name) }
            }
        };
        match value_of(kind, text.trim()) {
            Ok(value) => Some(Setting { target, value, origin }),
            Err(what) => {
                self.faults.push(Fault { origin, key: target.path(), what });
                None
            }
        }
    }

    /// Lays the settings of one source over what is there.
    fn apply(&mut self, settings: Vec<Setting>) {
        let has = |key| {
            settings.iter().find(|s| matches!(s.target, Target::Key(info) if info.key == key))
        };
        match (has(Key::Keys), has(Key::KeyFile)) {
            (Some(keys), Some(_)) => {
                let what = "keys and key_file are both given; one of them is enough".into();
                let origin = keys.origin.clone();
                self.faults.push(Fault { origin, key: "keys".into(), what });
            }
            (Some(_), None) => {
                self.config.key_file = None;
                self.origins.remove("key_file");
            }
            (None, Some(_)) => {
                self.config.keys.clear();
                self.origins.remove("keys");
            }
            (None, None) => {}
        }
        for Setting { target, value, origin } in settings {
            let put = match (target, value) {
                (Target::Key(info), value) => self.config.put(info, value),
                (Target::Limit(name), Value::Integer(n)) => self.config.put_limit(name, n),
                (Target::Limit(_), _) => unreachable!("limits are read as whole numbers"),
            };
            match put {
                Ok(()) => {
                    self.origins.insert(target.path(), origin);
                }
                Err(what) => self.faults.push(Fault { origin, key: target.path(), what }),
            }
        }
    }

    fn read_key_file(&mut self) {
        let Some(path) = self.config.key_file.clone() else { return };
        let origin = self.origins.get("key_file").cloned().unwrap_or(Origin::Default);
        let text = path.to_string_lossy();
        // Whoever puts the key itself where its file belongs must not find it in a log.
        let shown =
            if may_hold_secret(&text) { "(a path that looks like a secret)" } else { &text };
        let what = match std::fs::read_to_string(&path) {
            Ok(content) => match parse_keys(&content) {
                Ok(keys) => {
                    self.config.keys = keys;
                    self.warn_if_world_readable(&path, shown);
                    return;
                }
                Err(error) => format!("{shown}: {error}"),
            },
            Err(error) => format!("{shown} cannot be read: {error}"),
        };
        self.faults.push(Fault { origin, key: "key_file".into(), what });
    }

    fn warn_if_world_readable(&mut self, path: &Path, shown: &str) {
        use std::os::unix::fs::PermissionsExt;
        let open = std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o004 != 0);
        if open {
            self.warnings.push(format!("key_file {shown} can be read by every user; chmod 600 it"));
        }
    }
}

/// Reads a flag or a variable.
fn value_of(kind: Kind, text: &str) -> Result<Value, String> {
    let wrong = || {
        if may_hold_secret(text) {
            format!("this looks like a secret; {} is asked for", kind.takes())
        } else {
            format!("{text:?} is not {}", kind.takes())
        }
    };
    match kind {
        Kind::Switch => match text {
            "true" | "1" => Ok(Value::Switch(true)),
            "false" | "0" => Ok(Value::Switch(false)),
            _ => Err(wrong()),
        },
        Kind::Integer { .. } => text.parse().map(Value::Integer).map_err(|_| wrong()),
        Kind::Address | Kind::Word(_) | Kind::Text => Ok(Value::Text(text.into())),
        Kind::Texts => {
            let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
            Ok(Value::Texts(texts.map(Into::into).collect()))
        }
        Kind::Keys => parse_keys(text).map(Value::Keys).map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests;
