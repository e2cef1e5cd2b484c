//! The commands that read the configuration, as a person at a shell sees them.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod support;

use engine_core::api::token::KeyRing;
use engine_core::time::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};
use support::{Server, TempFile, all_of, run};

const SECRET: &str = "c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e70001";
const OLDER: &str = "decafbaddecafbaddecafbaddecafbaddecafbaddecafbaddecafbaddecaf002";

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn now() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(u64::try_from(elapsed.as_millis()).unwrap())
}

#[test]
fn what_print_config_prints_passes_check_config_and_changes_nothing() {
    let printed = run(&["print-config"], &[("HUNT_WORKERS", "3")]);
    assert!(printed.status.success());
    let text = String::from_utf8(printed.stdout).unwrap();
    assert!(text.contains("\nworkers = 0\n"), "the defaults, whatever is set");
    let file = TempFile::new(&text);
    let checked = run(&["check-config", file.path()], &[]);
    assert_eq!(checked.status.code(), Some(0), "{}", all_of(&checked));
    assert!(all_of(&checked).contains("the configuration is good"));
    let values = |args: &[&str]| {
        let text = String::from_utf8(run(args, &[]).stdout).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let with = values(&["print-config", "--effective", "--config", file.path()]);
    assert_eq!(with, values(&["print-config", "--effective"]));
    assert!(with.len() > 50);
}

#[test]
fn a_bad_file_is_refused_with_line_key_range_and_nearest_name_by_check_and_by_serve() {
    let file = TempFile::new("listen = 80\nwokers = 2\n[limits]\nhead_bytes_max = 1\n");
    for command in ["check-config", "serve", "print-config"] {
        let args = [command, "--demo", "--config", file.path(), "--effective"];
        let args = if command == "print-config" { &args[..] } else { &args[..4] };
        let output = run(args, &[]);
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert!(output.stdout.is_empty(), "{command}");
        let text = all_of(&output);
        for part in [
            ":1: listen: a whole number was given; an IP address and port",
            ":2: wokers: unknown key; the nearest is `workers`",
            ":4: limits.head_bytes_max: 1 is outside 256 to 1048576 bytes",
        ] {
            assert!(text.contains(part), "{command}: {text}");
        }
    }
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let file = TempFile::new("drain_ms = 1\nworkers = 1\nlog_format = \"json\"\n");
    let env = [("HUNT_CONFIG", file.path()), ("HUNT_DRAIN_MS", "2"), ("HUNT_WORKERS", "2")];
    let printed = run(&["print-config", "--effective", "--drain-ms", "3"], &env);
    let text = String::from_utf8(printed.stdout).unwrap();
    for part in [
        "# In force from: flag --drain-ms.\ndrain_ms = 3\n",
        "# In force from: environment HUNT_WORKERS.\nworkers = 2\n",
        ":3.\nlog_format = \"json\"\n",
        "# In force from: default.\npin = false\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // The server itself obeys them in the same order.
    let env = [("HUNT_CONFIG", file.path()), ("HUNT_WORKERS", "2"), ("HUNT_DEMO", "true")];
    let server = Server::start_with(&["serve", "--runtime", "tokio", "--workers", "3"], &env);
    let health = support::get(server.admin, "/healthz").json();
    assert_eq!(health["workers"], 3);
    assert_eq!(health["runtime"], "tokio");
    let logs = server.end();
    let first: serde_json::Value = serde_json::from_str(logs.lines().next().unwrap()).unwrap();
    assert!(first["message"].is_string(), "{logs}");
}

#[test]
fn without_keys_and_without_the_demo_serve_says_how_to_make_one() {
    let output = run(&["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty(), "nothing is served");
    assert!(all_of(&output).contains("hunt-server token new-key"), "{}", all_of(&output));
    let checked = all_of(&run(&["check-config"], &[]));
    assert!(checked.contains("warning: no signing keys are configured"), "{checked}");
}

#[test]
fn secrets_are_never_printed() {
    let toml = format!(
        "keys = [{{ id = 2, secret = \"{SECRET}\" }}, {{ id = 1, secret = \"{OLDER}\" }}]\n"
    );
    let good = TempFile::new(&toml);
    let broken = TempFile::new(&toml.replace("id = 1", "id = 2"));
    let unclosed = TempFile::new(&toml.replace("\" }]", " }]"));
    let misspelt = TempFile::new(&toml.replace("secret = ", "secert = "));
    let key_file = TempFile::new(&format!("2:{SECRET}\n1:{OLDER}x\n"));
    let pair = format!("2:{SECRET},1:{OLDER}");
    let mut shown = String::new();
    for file in [&good, &broken, &unclosed, &misspelt] {
        for command in ["check-config", "print-config", "serve"] {
            let effective: &[&str] = if command == "print-config" { &["--effective"] } else { &[] };
            let bad = ["--config", file.path(), "--workers", "999"];
            shown += &all_of(&run(&[&[command], effective, &bad[..]].concat(), &[]));
        }
    }
    shown += &all_of(&run(&["print-config", "--effective", "--config", good.path()], &[]));
    shown += &all_of(&run(&["print-config", "--effective"], &[("HUNT_KEYS", &pair)]));
    shown += &all_of(&run(&["check-config"], &[("HUNT_KEYS", &pair.replace(",1:", ",2:"))]));
    shown += &all_of(&run(&["check-config", "--key-file", key_file.path()], &[]));
    shown += &all_of(&run(&["check-config", "--key-file", &pair], &[]));
    shown += &all_of(&run(&["check-config", "--keys", &pair], &[]));
    shown += &all_of(&run(&["token", "admin"], &[("HUNT_KEYS", &pair)]));
    let server = Server::start_with(&["--log", "trace", "--demo"], &[("HUNT_KEYS", &pair)]);
    shown += &server.invitation().join("\n");
    shown += &support::get(server.admin, "/metrics").body;
    shown += &support::get(server.admin, "/healthz").body;
    shown += &server.end();
    for part in ["the ids 2, 1", "two keys have the id 2", "unknown key", "serving", "# EOF"] {
        assert!(shown.contains(part), "{part} was looked at: {shown}");
    }
    for secret in [SECRET, OLDER] {
        let (start, end) = (&secret[..24], &secret[secret.len() - 24..]);
        let lower = shown.to_lowercase();
        assert!(!lower.contains(start) && !lower.contains(end), "{shown}");
    }
}

#[test]
fn tokens_are_minted_by_the_first_key_and_known_to_the_server_by_all() {
    let env = [("HUNT_KEYS", &*format!("2:{SECRET},1:{OLDER}"))];
    let (new, old) = (bytes_of(SECRET), bytes_of(OLDER));
    let first = KeyRing::new([(2, &new[..])]).unwrap();
    let admin = String::from_utf8(run(&["token", "admin", "--ttl", "1m"], &env).stdout).unwrap();
    assert_eq!(first.admin(now(), admin.trim_end().as_bytes()), Ok(()));
    assert!(first.admin(Timestamp(now().0 + 61_000), admin.trim_end().as_bytes()).is_err());
    let args = ["token", "player", "--hunt", "h", "--player", "3", "--started-ms", "7"];
    let player = String::from_utf8(run(&args, &env).stdout).unwrap();
    let session = first.session(now(), player.trim_end().as_bytes()).unwrap();
    assert_eq!((session.hunt.as_str(), session.player.player), ("h", 3));
    assert_eq!(session.player.started_ms, 7);

    // A token of the key before still opens the admin API of a server that has both.
    let before = KeyRing::new([(1, &old[..])]).unwrap().mint_admin(Timestamp(now().0 + 60_000));
    let server = Server::start_with(&[], &env);
    let put = support::request("PUT", "/v1/quests/q", &before, "{}");
    let answer = support::Client::connect(server.admin).unwrap().call(&put).unwrap();
    assert_eq!(answer.status, 422, "past the token: {answer:?}");
    server.end();

    let none = run(&["token", "admin"], &[]);
    assert_eq!(none.status.code(), Some(1));
    assert!(all_of(&none).contains("new-key"));
}

#[test]
fn a_new_key_is_a_line_of_a_key_file() {
    let line = String::from_utf8(run(&["token", "new-key", "--id", "9"], &[]).stdout).unwrap();
    assert!(line.starts_with("9:") && line.len() == 67, "{} characters", line.len());
    let file = TempFile::new(&line);
    let checked = run(&["check-config", "--key-file", file.path()], &[]);
    assert_eq!(checked.status.code(), Some(0), "{}", all_of(&checked));
    assert_ne!(line.as_bytes(), run(&["token", "new-key", "--id", "9"], &[]).stdout);
}

#[test]
fn the_version_and_the_help_go_to_standard_output() {
    let version = run(&["--version"], &[]);
    let text = String::from_utf8(version.stdout).unwrap();
    assert!(text.starts_with(concat!("hunt-server ", env!("CARGO_PKG_VERSION"))), "{text}");
    for part in ["compiler: rustc", "target: ", "runtimes: tokio tokio-per-core"] {
        assert!(text.contains(part), "{text}");
    }
    let help = run(&["--help"], &[]);
    assert!(help.status.success());
    assert!(String::from_utf8(help.stdout).unwrap().contains("Examples:"));
    let unknown = run(&["--lisen", "x"], &[]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(all_of(&unknown).contains("--listen"), "{}", all_of(&unknown));
}
