//! The configuration file: TOML text to settings, each with the line that it stands on.
//!
//! Knows the keys and their kinds, not their ranges, and nothing of what the file overrides.

use crate::config_keys::{KEYS, Kind, Value};
use crate::faults::{Fault, Origin, in_file, nearest};
use crate::load::{Setting, Target};
use crate::secrets::{SigningKey, check_keys, parse_secret};
use engine_core::limits::LIMITS;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads a file's text. What is good is returned beside what is not, so that all faults of all
/// sources can be shown at once.
#[must_use]
pub fn read_toml(path: &Path, text: &str) -> (Vec<Setting>, Vec<Fault>) {
    let mut file = File { path, text, settings: Vec::new(), faults: Vec::new() };
    match DeTable::parse(text) {
        Ok(table) => file.top(table.get_ref()),
        // The error's own rendering quotes the line, which may hold a secret.
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            file.fault("", offset, format!("not well-formed TOML: {}", error.message()));
        }
    }
    file.faults.sort_by_key(|fault| match fault.origin {
        Origin::File { line, .. } => line,
        _ => 0,
    });
    (file.settings, file.faults)
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
    settings: Vec<Setting>,
    faults: Vec<Fault>,
}

impl File<'_> {
    fn top(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let offset = name.span().start;
            let name = name.get_ref().as_ref();
            if name == "limits" {
                match value.get_ref() {
                    DeValue::Table(limits) => self.limits(limits),
                    other => {
                        let what = format!("{} was given; a table is asked for", type_of(other));
                        self.fault("limits", offset, what);
                    }
                }
            } else if let Some(info) = KEYS.iter().find(|row| row.name == name) {
                self.take(name, offset, Target::Key(info), info.kind, value);
            } else {
                self.unknown(name, offset);
            }
        }
    }

    fn limits(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let offset = name.span().start;
            let path = format!("limits.{}", name.get_ref());
            match LIMITS.iter().find(|row| row.name == name.get_ref()) {
                Some(row) => {
                    let kind = Kind::Integer {
                        min: row.min as u64,
                        max: row.max as u64,
                        unit: crate::config::limit_unit(row.name),
                    };
                    self.take(&path, offset, Target::Limit(row.name), kind, value);
                }
                None => self.unknown(&path, offset),
            }
        }
    }

    fn take(
        &mut self,
        path: &str,
        offset: usize,
        target: Target,
        kind: Kind,
        value: &Spanned<DeValue<'_>>,
    ) {
        let value = match (kind, value.get_ref()) {
            (Kind::Switch, DeValue::Boolean(on)) => Ok(Value::Switch(*on)),
            (Kind::Integer { min, max, unit }, DeValue::Integer(n)) => {
                u64::from_str_radix(n.as_str(), n.radix())
                    .map(Value::Integer)
                    .map_err(|_| format!("{n} is outside {min} to {max} {unit}"))
            }
            (Kind::Address | Kind::Word(_) | Kind::Text, DeValue::String(text)) => {
                Ok(Value::Text(text.to_string()))
            }
            (Kind::Texts, DeValue::Array(items)) => items
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::String(text) => Ok(text.to_string()),
                    other => Err(mismatch(other, kind)),
                })
                .collect::<Result<_, _>>()
                .map(Value::Texts),
            (Kind::Keys, DeValue::Array(items)) => {
                let Some(keys) = self.keys(items.iter()) else { return };
                check_keys(&keys).map(|()| Value::Keys(keys)).map_err(|error| error.to_string())
            }
            (kind, other) => Err(mismatch(other, kind)),
        };
        let origin = in_file(self.path, self.text, offset);
        match value {
            Ok(value) => self.settings.push(Setting { target, value, origin }),
            Err(what) => self.fault(path, offset, what),
        }
    }

    /// The keys, or none where a fault was noted.
    fn keys<'v, 'i: 'v>(
        &mut self,
        items: impl Iterator<Item = &'v Spanned<DeValue<'i>>>,
    ) -> Option<Vec<SigningKey>> {
        let faults_before = self.faults.len();
        let keys = items.enumerate().filter_map(|(place, item)| {
            let path = format!("keys[{place}]");
            match item.get_ref() {
                DeValue::Table(table) => self.key(&path, item.span().start, table),
                other => {
                    self.fault(&path, item.span().start, mismatch(other, Kind::Keys));
                    None
                }
            }
        });
        let keys = keys.collect();
        (self.faults.len() == faults_before).then_some(keys)
    }

    fn key(&mut self, path: &str, at: usize, table: &DeTable<'_>) -> Option<SigningKey> {
        let (mut id, mut secret) = (None, None);
        for (name, value) in table {
            let offset = name.span().start;
            match (name.get_ref().as_ref(), value.get_ref()) {
                ("id", DeValue::Integer(n)) => match u8::from_str_radix(n.as_str(), n.radix()) {
                    Ok(n) => id = Some(n),
                    Err(_) => {
                        self.fault(
                            &format!("{path}.id"),
                            offset,
                            format!("{n} is outside 0 to 255"),
                        );
                        return None;
                    }
                },
                ("secret", DeValue::String(hex)) => match parse_secret(hex) {
                    Ok(parsed) => secret = Some(parsed),
                    Err(error) => {
                        self.fault(&format!("{path}.secret"), offset, error.to_string());
                        return None;
                    }
                },
                (known @ ("id" | "secret"), other) => {
                    let what = mismatch(other, Kind::Keys);
                    self.fault(&format!("{path}.{known}"), offset, what);
                    return None;
                }
                (other, _) => {
                    let near = nearest(other, ["id", "secret"]);
                    let what = format!("unknown key; the nearest is `{near}`");
                    self.fault(&format!("{path}.{other}"), offset, what);
                    return None;
                }
            }
        }
        let missing = if id.is_none() { "id" } else { "secret" };
        let key = id.zip(secret).map(|(id, secret)| SigningKey { id, secret });
        if key.is_none() {
            self.fault(path, at, format!("`{missing}` is missing"));
        }
        key
    }

    fn unknown(&mut self, path: &str, offset: usize) {
        let names: Vec<String> = KEYS
            .iter()
            .map(|row| row.name.to_owned())
            .chain(["limits".to_owned()])
            .chain(LIMITS.iter().map(|row| format!("limits.{}", row.name)))
            .collect();
        let near = nearest(path, names.iter().map(String::as_str));
        self.fault(path, offset, format!("unknown key; the nearest is `{near}`"));
    }

    fn fault(&mut self, key: &str, offset: usize, what: String) {
        let origin = in_file(self.path, self.text, offset);
        self.faults.push(Fault { origin, key: key.into(), what });
    }
}

fn mismatch(given: &DeValue<'_>, kind: Kind) -> String {
    format!("{} was given; {} is asked for", type_of(given), kind.takes())
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Setting>, Vec<String>) {
        let (settings, faults) = read_toml(Path::new("hunt.toml"), text);
        (settings, faults.iter().map(ToString::to_string).collect())
    }

    fn fault(text: &str) -> String {
        let (_, faults) = read(text);
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults.into_iter().next().unwrap()
    }

    #[test]
    fn every_kind_of_value_is_read_with_its_line() {
        let secret = "0A".repeat(32);
        let text = format!(
            "listen = '[::1]:80'\npin = true\nworkers = 0x1_0\nallowed_origins = ['a://b']\n\
             keys = [\n {{ secret = '{secret}', id = 2 }} ]\n[limits]\nhunts_max = 1_000\n"
        );
        let (settings, faults) = read(&text);
        assert_eq!(faults, Vec::<String>::new());
        let find = |name: &str| {
            let found = settings.iter().find(|setting| setting.target.path() == name).unwrap();
            let Origin::File { line, .. } = found.origin else { panic!("{found:?}") };
            (found.value.clone(), line)
        };
        assert_eq!(find("listen"), (Value::Text("[::1]:80".into()), 1));
        assert_eq!(find("pin"), (Value::Switch(true), 2));
        assert_eq!(find("workers"), (Value::Integer(16), 3));
        assert_eq!(find("allowed_origins"), (Value::Texts(vec!["a://b".into()]), 4));
        let key = SigningKey { id: 2, secret: parse_secret(&secret).unwrap() };
        assert_eq!(find("keys"), (Value::Keys(vec![key]), 5));
        assert_eq!(find("limits.hunts_max"), (Value::Integer(1000), 8));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_the_nearest_name() {
        for (text, expected) in [
            ("pin = true\nlisen = 'x'", "hunt.toml:2: lisen: unknown key; the nearest is `listen`"),
            (
                "\n[limits]\nhead_byte_max = 1",
                "hunt.toml:3: limits.head_byte_max: unknown key; the nearest is \
                 `limits.head_bytes_max`",
            ),
            (
                "head_bytes_max = 1",
                "hunt.toml:1: head_bytes_max: unknown key; the nearest is `limits.head_bytes_max`",
            ),
            ("[limit]", "hunt.toml:1: limit: unknown key; the nearest is `limits`"),
        ] {
            assert_eq!(fault(text), expected);
        }
    }

    #[test]
    fn a_wrong_type_is_refused_with_what_is_asked_for() {
        for (text, expected) in [
            ("workers = 'two'", "workers: a text was given; a whole number, 0 to 128 threads"),
            ("workers = 2.5", "workers: a number with a fraction was given"),
            ("workers = -1", "workers: -1 is outside 0 to 128 threads"),
            ("workers = 99999999999999999999", "99999999999999999999 is outside 0 to 128"),
            ("workers = ", "not well-formed TOML"),
            ("listen = 8080", "listen: a whole number was given; an IP address and port"),
            ("pin = 'yes'", "pin: a text was given; true or false"),
            ("allowed_origins = 'a://b'", "allowed_origins: a text was given; a list of texts"),
            ("allowed_origins = [1]", "allowed_origins: a whole number was given"),
            ("limits = 3", "limits: a whole number was given; a table"),
            ("[limits]\nhunts_max = true", "limits.hunts_max: true or false was given"),
            ("keys = 'x'", "keys: a text was given; a list of { id"),
            ("keys = []", "keys: no key is given"),
            ("keys = [3]", "keys[0]: a whole number was given"),
            ("pin = true\npin = false", "duplicate key"),
        ] {
            let got = fault(text);
            assert!(got.contains(expected), "{got}");
        }
    }

    #[test]
    fn a_fault_of_a_key_never_shows_the_secret() {
        let secret = "ab".repeat(31);
        for text in [
            format!("keys = [{{ id = 1, secret = '{secret}' }}]"),
            format!("keys = [{{ id = 1, secrt = '{secret}' }}]"),
            format!("keys = [{{ id = 300, secret = '{secret}' }}]"),
            format!("keys = [{{ id = '{secret}', secret = 1 }}]"),
            format!("keys = [{{ secret = '{secret}ab' }}]"),
            format!("keys = ['{secret}']"),
            format!("keys = [{{ id = 1, secret = '{secret} }}]"),
            format!("keys = [{{ id = 1, secret = {secret} }}]"),
            format!("keys = '{secret}"),
            format!("workers = '{secret}'"),
        ] {
            let got = fault(&text);
            assert!(!got.contains("abab"), "{got}");
        }
    }

    #[test]
    fn all_faults_are_shown_in_the_order_of_the_file() {
        let (settings, faults) = read("zzz = 1\npin = 1\ndemo = true\naaa = 1\n");
        assert_eq!(settings.len(), 1);
        let starts: Vec<_> = faults.iter().map(|fault| &fault[..16]).collect();
        assert_eq!(starts, ["hunt.toml:1: zzz", "hunt.toml:2: pin", "hunt.toml:4: aaa"]);
    }
}
