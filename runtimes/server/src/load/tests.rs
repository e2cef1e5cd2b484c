//! The order of the sources, and the faults of each.

use super::*;
use std::sync::atomic::{AtomicU32, Ordering};

/// A file that is gone when the test is.
struct TempFile(PathBuf);

impl TempFile {
    fn new(text: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hunt-load-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn flags(values: &[(&str, &str)]) -> Flags {
    Flags { values: pairs(values), ..Flags::default() }
}

fn faults(flags: &Flags, env: &[(&str, &str)]) -> Vec<String> {
    let Faults(faults) = load(flags, pairs(env)).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

fn hex(byte: &str) -> String {
    byte.repeat(32)
}

#[test]
fn flags_go_before_the_environment_and_the_environment_before_the_file() {
    let file = TempFile::new("drain_ms = 1\nworkers = 1\nlog = 'warn'\n[limits]\nhunts_max = 1\n");
    let env = [("HUNT_DRAIN_MS", "2"), ("HUNT_WORKERS", "2"), ("HUNT_LIMITS_HUNTS_MAX", "2")];
    let mut from = flags(&[("drain-ms", "3")]);
    from.config = Some(file.0.clone());
    let loaded = load(&from, pairs(&env)).unwrap();
    assert_eq!(loaded.config.drain_ms, 3);
    assert_eq!(loaded.config.workers, 2);
    assert_eq!(loaded.config.limits.hunts_max, 2);
    assert_eq!(loaded.config.log, "warn");
    assert_eq!(loaded.config.listen, Config::default().listen);
    assert_eq!(loaded.origins["drain_ms"], Origin::Flag("drain-ms".into()));
    assert_eq!(loaded.origins["workers"], Origin::Environment("HUNT_WORKERS".into()));
    assert_eq!(loaded.origins["log"], Origin::File { path: file.0.clone(), line: 3 });
    assert_eq!(loaded.origins.get("listen"), None);
    from.limits = vec!["hunts_max=3".into()];
    assert_eq!(load(&from, pairs(&env)).unwrap().config.limits.hunts_max, 3);
}

#[test]
fn every_key_and_every_limit_has_a_variable() {
    for info in KEYS {
        let text = match info.kind {
            Kind::Switch => "true".into(),
            Kind::Address => "127.0.0.1:7".into(),
            Kind::Word(words) => words[0].to_owned(),
            Kind::Integer { max, .. } => max.to_string(),
            Kind::Text => "warn".into(),
            Kind::Texts => "http://a,http://b".into(),
            Kind::Keys => format!("1:{}", hex("ab")),
        };
        let file = TempFile::new(&format!("1:{}", hex("ab")));
        let text = if info.key == Key::KeyFile { file.0.display().to_string() } else { text };
        let loaded = load(&Flags::default(), [(info.env(), text)]).unwrap();
        assert_eq!(loaded.origins[info.name], Origin::Environment(info.env()));
    }
    for row in LIMITS {
        let env = env_name(&format!("limits.{}", row.name));
        // Limits that are compared with others stay between them at their defaults.
        let loaded = load(&Flags::default(), [(env, row.default.to_string())]).unwrap();
        assert_eq!(loaded.origins.len(), 1, "{}", row.name);
    }
}

#[test]
fn the_file_can_be_named_by_a_variable_and_the_flag_goes_before_it() {
    let (one, two) = (TempFile::new("drain_ms = 1"), TempFile::new("drain_ms = 2"));
    let env = vec![(CONFIG_ENV.into(), one.0.display().to_string())];
    assert_eq!(load(&Flags::default(), env.clone()).unwrap().config.drain_ms, 1);
    let from = Flags { config: Some(two.0.clone()), ..Flags::default() };
    assert_eq!(load(&from, env).unwrap().config.drain_ms, 2);
    let from = Flags { config: Some("/no/such/file".into()), ..Flags::default() };
    let found = faults(&from, &[]);
    assert!(found[0].contains("/no/such/file: the configuration file cannot be read"));
}

#[test]
fn all_faults_of_all_sources_are_found_at_once() {
    let file = TempFile::new("pin = 1\n");
    let mut from = flags(&[("workers", "many"), ("runtime", "tokyo")]);
    from.config = Some(file.0.clone());
    from.limits = vec!["hunt_max=1".into(), "hunts_max".into(), "hunts_max=0".into()];
    let found = faults(&from, &[("HUNT_ADMIN", "nowhere"), ("HUNT_DEMO", "maybe")]);
    for part in [
        "1: pin: a whole number was given",
        "environment HUNT_ADMIN: admin: \"nowhere\" is not an IP address",
        "environment HUNT_DEMO: demo: \"maybe\" is not true or false",
        "flag --workers: workers: \"many\" is not a whole number, 0 to 128 threads",
        "flag --runtime: runtime: \"tokyo\" is not auto or",
        "flag --limit: hunt_max: no limit has this name; the nearest is `hunts_max`",
        "flag --limit: limits.hunts_max: \"\" is not a whole number",
        "flag --limit: limits.hunts_max: 0 is outside 1 to 1000000 hunts",
    ] {
        assert!(found.iter().any(|fault| fault.contains(part)), "{part}\n{found:#?}");
    }
    assert_eq!(found.len(), 8, "{found:#?}");
}

#[test]
fn keys_come_from_one_place_the_highest_that_names_any() {
    let (a, b) = (hex("aa"), hex("bb"));
    let keys = TempFile::new(&format!("2:{b}\n1:{a}\n"));
    let file = TempFile::new(&format!("keys = [{{ id = 9, secret = '{a}' }}]"));
    let mut from = Flags { config: Some(file.0.clone()), ..Flags::default() };
    let ids = |from: &Flags, env: &[(&str, &str)]| {
        let loaded = load(from, pairs(env)).unwrap();
        loaded.config.keys.iter().map(|key| key.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&from, &[]), [9]);
    let key_file = keys.0.display().to_string();
    assert_eq!(ids(&from, &[("HUNT_KEY_FILE", &key_file)]), [2, 1]);
    from.values = vec![("key-file".into(), key_file.clone())];
    assert_eq!(ids(&from, &[("HUNT_KEYS", &format!("5:{a}"))]), [2, 1]);
    let both = faults(
        &Flags::default(),
        &[("HUNT_KEYS", &format!("5:{a}")), ("HUNT_KEY_FILE", &key_file)],
    );
    assert!(both[0].contains("keys and key_file are both given"), "{both:?}");
}

#[test]
fn no_fault_of_a_key_shows_it() {
    let secret = hex("ab");
    let bad = TempFile::new(&format!("1:{secret}zz"));
    let bad = bad.0.display().to_string();
    let cases: [(Flags, Vec<(&str, &str)>); 5] = [
        (flags(&[("key-file", &bad)]), vec![]),
        (flags(&[("key-file", &secret)]), vec![]),
        (Flags::default(), vec![("HUNT_KEYS", &secret)]),
        (flags(&[("workers", &secret)]), vec![]),
        (flags(&[("pin", &secret)]), vec![]),
    ];
    for (from, env) in cases {
        let found = faults(&from, &env);
        assert!(!found.join("\n").contains("abab"), "{found:?}");
    }
}

#[test]
fn a_misspelt_variable_is_warned_of_and_a_foreign_one_is_not() {
    let env =
        pairs(&[("HUNT_LISTN", "x"), ("HUNT_SERVICE_HOST", "x"), ("HUNT_PIN", ""), ("X", "")]);
    let loaded = load(&Flags::default(), env).unwrap();
    assert_eq!(loaded.warnings, ["environment HUNT_LISTN has no effect; HUNT_LISTEN is meant?"]);
}

#[test]
fn a_key_file_that_everybody_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let keys = TempFile::new(&format!("1:{}", hex("ab")));
    for (mode, warnings) in [(0o600, 0), (0o640, 0), (0o644, 1)] {
        std::fs::set_permissions(&keys.0, std::fs::Permissions::from_mode(mode)).unwrap();
        let loaded = load(&flags(&[("key-file", &keys.0.display().to_string())]), []).unwrap();
        assert_eq!(loaded.warnings.len(), warnings, "{:?}", loaded.warnings);
    }
}

#[test]
fn a_repeated_flag_adds_to_a_list() {
    let from = flags(&[("allowed-origin", "http://a"), ("allowed-origin", "http://b,http://c")]);
    let loaded = load(&from, pairs(&[("HUNT_ALLOWED_ORIGINS", "http://z")])).unwrap();
    assert_eq!(loaded.config.allowed_origins, ["http://a", "http://b", "http://c"]);
}
