//! `print-config`: every key with its default, unit, range and meaning, as a file that can be used.

use crate::config::{Config, limit_unit};
use crate::config_keys::{KEYS, Key, Kind, env_name};
use crate::faults::Origin;
use crate::load::Loaded;
use engine_core::limits::LIMITS;
use std::fmt::Write;

const WIDTH: usize = 96;

/// The file with every key at its default.
#[must_use]
pub fn defaults() -> String {
    write_file(&Config::default(), &|_| None)
}

/// The file with the values in force, each with where it was given.
#[must_use]
pub fn effective(loaded: &Loaded) -> String {
    let origin =
        |path: &str| Some(loaded.origins.get(path).unwrap_or(&Origin::Default).to_string());
    write_file(&loaded.config, &origin)
}

fn write_file(config: &Config, origin: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    comment(
        &mut out,
        "Configuration of hunt-server. A flag goes before its environment variable, the variable \
         before this file, this file before the default.",
    );
    for info in KEYS {
        out.push('\n');
        comment(&mut out, &format!("{}. {}", capitalised(info.what), info.note));
        let default = Config::default().toml(info.key).unwrap_or_else(|| "none".into());
        let flag = info.flag.map_or("none".into(), |flag| format!("--{flag}"));
        let takes = info.kind.takes();
        comment(&mut out, &format!("Takes {takes}. Default: {default}."));
        comment(&mut out, &format!("Flag: {flag}. Environment: {}.", info.env()));
        if let Some(origin) = origin(info.name) {
            comment(&mut out, &format!("In force from: {origin}."));
        }
        let line = match (config.toml(info.key), info.key) {
            (Some(value), _) => format!("{} = {value}", info.name),
            (None, Key::KeyFile) => "# key_file = \"/etc/hunt/keys\"".into(),
            (None, _) => secrets_line(config, info.kind),
        };
        let _ = writeln!(out, "{line}");
    }
    out.push('\n');
    comment(
        &mut out,
        "Every bound that a peer can run into. Flag: --limit NAME=VALUE, repeatable. Environment: \
         HUNT_LIMITS_ and the name in capitals.",
    );
    out.push_str("[limits]\n");
    for row in LIMITS {
        out.push('\n');
        comment(&mut out, &format!("{}. When crossed: {}.", capitalised(row.what), row.crossed));
        let (min, max, unit) = (row.min, row.max, limit_unit(row.name));
        let default = row.default;
        comment(&mut out, &format!("From {min} to {max} {unit}. Default: {default}."));
        let path = format!("limits.{}", row.name);
        comment(&mut out, &format!("Environment: {}.", env_name(&path)));
        if let Some(origin) = origin(&path) {
            comment(&mut out, &format!("In force from: {origin}."));
        }
        let value = config.limits.value(row.name).expect("the table holds every limit");
        let _ = writeln!(out, "{} = {value}", row.name);
    }
    out
}

/// Keys are counted and numbered, never shown.
fn secrets_line(config: &Config, kind: Kind) -> String {
    debug_assert_eq!(kind, Kind::Keys, "only secrets and the key file may be unset");
    if config.keys.is_empty() {
        return "# keys = [{ id = 1, secret = \"64 or more hexadecimal digits\" }]".into();
    }
    let ids: Vec<_> = config.keys.iter().map(|key| key.id.to_string()).collect();
    format!("# keys: {} in force, with the ids {}; not shown", ids.len(), ids.join(", "))
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// Appends `text` as comment lines.
fn comment(out: &mut String, text: &str) {
    let mut column = 0;
    for word in text.split_whitespace() {
        if column == 0 || column + 1 + word.len() > WIDTH {
            out.push_str(if column == 0 { "#" } else { "\n#" });
            column = 1;
        }
        out.push(' ');
        out.push_str(word);
        column += 1 + word.len();
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_file::read_toml;
    use crate::load::{Flags, Target, load};
    use std::path::Path;

    #[test]
    fn what_is_printed_is_read_back_as_the_defaults() {
        let text = defaults();
        let (settings, faults) = read_toml(Path::new("printed"), &text);
        assert_eq!(faults, []);
        let mut config = Config::default();
        for setting in &settings {
            match (setting.target, setting.value.clone()) {
                (Target::Key(info), value) => config.put(info, value).unwrap(),
                (Target::Limit(name), crate::config_keys::Value::Integer(n)) => {
                    config.put_limit(name, n).unwrap();
                }
                (Target::Limit(_), other) => panic!("{other:?}"),
            }
        }
        assert_eq!(config, Config::default());
        // Everything but key_file and keys, which have no default.
        assert_eq!(settings.len(), KEYS.len() - 2 + LIMITS.len());
    }

    #[test]
    fn every_key_has_its_meaning_range_default_flag_and_variable() {
        let text = defaults();
        for info in KEYS {
            assert!(text.contains(&format!("Environment: {}.", info.env())), "{}", info.name);
            if let Some(flag) = info.flag {
                assert!(text.contains(&format!("Flag: --{flag}.")), "{flag}");
            }
        }
        for row in LIMITS {
            let range = format!("From {} to {} {}", row.min, row.max, limit_unit(row.name));
            assert!(text.contains(&range), "{range}");
            assert!(text.contains(&format!("\n{} = {}\n", row.name, row.default)));
        }
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    }

    #[test]
    fn the_values_in_force_name_their_source_and_hide_the_keys() {
        let secret = "ab".repeat(32);
        let env = [
            ("HUNT_KEYS".into(), format!("4:{secret},3:{}", "cd".repeat(32))),
            ("HUNT_PIN".into(), "true".into()),
        ];
        let text = effective(&load(&Flags::default(), env).unwrap());
        assert!(!text.contains("abab") && !text.contains("cdcd"));
        assert!(text.contains("# keys: 2 in force, with the ids 4, 3; not shown"));
        assert!(text.contains("# In force from: environment HUNT_PIN.\npin = true\n"));
        assert!(text.contains("# In force from: default.\ndemo = false\n"));
        assert_eq!(read_toml(Path::new("printed"), &text).1, []);
    }
}
