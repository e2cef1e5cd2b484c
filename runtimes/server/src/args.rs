//! The command line: which command, and the flags of each, made from the table of keys.

use crate::config::Config;
use crate::config_keys::{KEYS, KeyInfo, Kind};
use crate::load::{CONFIG_ENV, Flags};
use crate::version::{VERSION, long_version};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use engine_core::text::Id;
use std::path::PathBuf;

/// What is asked of the program.
#[derive(Clone, Debug)]
pub enum Task {
    /// Serve until a signal.
    Serve(Flags),
    /// Read the configuration and say whether it is good.
    CheckConfig(Flags),
    /// Print the configuration file.
    PrintConfig {
        /// The values in force instead of the defaults.
        effective: bool,
        /// Where they come from.
        flags: Flags,
    },
    /// Examine the machine.
    Doctor {
        /// JSON instead of text.
        json: bool,
        /// What it is examined for.
        flags: Flags,
    },
    /// Mint a session token.
    TokenPlayer {
        /// The hunt.
        hunt: Id,
        /// The player.
        player: u32,
        /// When the round started, ms since the Unix epoch.
        started_ms: u64,
        /// For how long it is good; the limit `session_ttl_ms` where not given.
        ttl_ms: Option<u64>,
        /// Where the keys come from.
        flags: Flags,
    },
    /// Mint an admin token.
    TokenAdmin {
        /// For how long it is good.
        ttl_ms: u64,
        /// Where the keys come from.
        flags: Flags,
    },
    /// Make a signing key.
    NewKey {
        /// Its number.
        id: u8,
    },
}

/// Reads the command line.
///
/// # Errors
/// What clap says: also for `--help` and `--version`.
pub fn parse(
    args: impl IntoIterator<Item = impl Into<std::ffi::OsString> + Clone>,
) -> Result<Task, clap::Error> {
    let matches = command().try_get_matches_from(args)?;
    Ok(match matches.subcommand() {
        Some(("serve", matches)) => Task::Serve(flags(matches)),
        Some(("check-config", matches)) => Task::CheckConfig(flags(matches)),
        Some(("print-config", matches)) => {
            Task::PrintConfig { effective: matches.get_flag("effective"), flags: flags(matches) }
        }
        Some(("doctor", matches)) => Task::Doctor {
            json: matches.get_one("format").is_some_and(|format: &String| format == "json"),
            flags: flags(matches),
        },
        Some(("token", matches)) => token(matches),
        _ => Task::Serve(flags(&matches)),
    })
}

fn token(matches: &ArgMatches) -> Task {
    let need = "clap asks for the subcommand and for what is required";
    match matches.subcommand().expect(need) {
        ("player", matches) => Task::TokenPlayer {
            hunt: *matches.get_one("hunt").expect(need),
            player: *matches.get_one("player").expect(need),
            started_ms: *matches.get_one("started-ms").expect(need),
            ttl_ms: matches.get_one("ttl").copied(),
            flags: flags(matches),
        },
        ("admin", matches) => Task::TokenAdmin {
            ttl_ms: *matches.get_one("ttl").expect("it has a default"),
            flags: flags(matches),
        },
        (_, matches) => Task::NewKey { id: *matches.get_one("id").expect("it has a default") },
    }
}

fn flags(matches: &ArgMatches) -> Flags {
    let many = |id: &str| {
        let values = matches.try_get_many::<String>(id).ok().flatten();
        values.into_iter().flatten().cloned().collect::<Vec<_>>()
    };
    let names = KEYS.iter().filter_map(|row| row.flag);
    let values = names.flat_map(|flag| many(flag).into_iter().map(|v| (flag.to_owned(), v)));
    // A file named without a flag is a convenience of check-config.
    let config = ["config", "FILE"]
        .into_iter()
        .find_map(|id| matches.try_get_one::<PathBuf>(id).ok().flatten().cloned());
    Flags { config, values: values.collect(), limits: many("limit") }
}

/// The whole command line, for parsing and for its help.
#[must_use]
pub fn command() -> Command {
    let root = Command::new("hunt-server")
        .about("The treasure-hunt server")
        .version(VERSION)
        .long_version(long_version())
        .after_help(EXAMPLES)
        .args_conflicts_with_subcommands(true)
        .disable_help_subcommand(true)
        .max_term_width(100);
    let check = Command::new("check-config")
        .about("Reads the configuration from all its sources and says whether it is good")
        .after_help("Exit code 0 where it is good, 2 where it is not.")
        .arg(
            Arg::new("FILE")
                .value_parser(value_parser!(PathBuf))
                .conflicts_with("config")
                .help("The file, the same as --config FILE"),
        );
    let print = Command::new("print-config")
        .about("Prints a configuration file with every key, its default, range and meaning")
        .arg(
            Arg::new("effective")
                .long("effective")
                .action(ArgAction::SetTrue)
                .help("Print the values in force and where each was given; keys are not shown"),
        );
    with_settings(root)
        .subcommand(with_settings(
            Command::new("serve").about("Serves until SIGTERM or SIGINT (the default command)"),
        ))
        .subcommand(with_settings(check))
        .subcommand(with_settings(print))
        .subcommand(doctor_command())
        .subcommand(token_command())
}

fn doctor_command() -> Command {
    let asked = ["runtime", "workers", "private-descriptors"];
    let asked = KEYS.iter().filter(|row| row.flag.is_some_and(|flag| asked.contains(&flag)));
    Command::new("doctor")
        .about(
            "Examines the machine: what each runtime needs, what it lacks, what would serve here",
        )
        .after_help(
            "Exit code 0 where the runtime that is asked for can start and the limits suffice; 1 \
             where a server can start with less than it might have: auto falls back, or a limit is \
             too low; 2 where the configuration is not valid; 3 where what is asked for cannot \
             start.",
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .value_parser(["text", "json"])
                .default_value("text")
                .help("How the report is written; the names in the JSON are stable"),
        )
        .arg(config_arg())
        .args(asked.filter_map(setting_arg))
        .arg(limit_arg())
}

fn token_command() -> Command {
    let ttl = || Arg::new("ttl").long("ttl").value_name("TIME").value_parser(parse_duration_ms);
    let player = Command::new("player")
        .about("Mints the session token of a player")
        .arg(
            Arg::new("hunt")
                .long("hunt")
                .value_name("ID")
                .required(true)
                .value_parser(parse_id)
                .help("The hunt"),
        )
        .arg(
            Arg::new("player")
                .long("player")
                .value_name("N")
                .required(true)
                .value_parser(value_parser!(u32))
                .help("The player, from 0 in the order of joining"),
        )
        .arg(
            Arg::new("started-ms")
                .long("started-ms")
                .value_name("MS")
                .required(true)
                .value_parser(value_parser!(u64))
                .help("When the round started, in milliseconds since the Unix epoch"),
        )
        .arg(ttl().help("For how long it is good, as 90s, 30m or 24h [default: session_ttl_ms]"));
    let admin = Command::new("admin")
        .about("Mints an admin token")
        .arg(ttl().default_value("1h").help("For how long it is good, as 90s, 30m or 24h"));
    let new_key = Command::new("new-key")
        .about("Makes a signing key from the randomness of the system, as a line of a key file")
        .after_help(
            "Put the new line first in the key file and keep the old ones until the last token \
             that they signed has expired.",
        )
        .arg(
            Arg::new("id")
                .long("id")
                .value_name("N")
                .default_value("1")
                .value_parser(value_parser!(u8))
                .help("Its number, another one than those of the keys before it"),
        );
    Command::new("token")
        .about("Mints session and admin tokens, and makes signing keys")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_key_source(player))
        .subcommand(with_key_source(admin))
        .subcommand(new_key)
}

fn with_settings(command: Command) -> Command {
    command.arg(config_arg()).args(KEYS.iter().filter_map(setting_arg)).arg(limit_arg())
}

fn limit_arg() -> Arg {
    Arg::new("limit")
        .long("limit")
        .value_name("NAME=VALUE")
        .action(ArgAction::Append)
        .help("sets one of [limits]; repeatable; print-config lists them [env: HUNT_LIMITS_NAME]")
}

fn with_key_source(command: Command) -> Command {
    let key_file = KEYS.iter().filter(|row| row.flag == Some("key-file"));
    command.arg(config_arg()).args(key_file.filter_map(setting_arg))
}

fn config_arg() -> Arg {
    Arg::new("config")
        .long("config")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help(format!("the configuration file, TOML [env: {CONFIG_ENV}]"))
}

fn setting_arg(info: &KeyInfo) -> Option<Arg> {
    let flag = info.flag?;
    let default = Config::default().toml(info.key).filter(|_| info.kind != Kind::Switch);
    let default = default.filter(|text| text != "[]").map(|text| text.replace('"', ""));
    let default = default.map_or(String::new(), |text| format!(" [default: {text}]"));
    let choices = match info.kind {
        Kind::Word(words) => format!(" [{}]", words.join(", ")),
        _ => String::new(),
    };
    let what = info.what;
    let help = format!("{what}{choices}{default} [env: {}]", info.env());
    let arg = Arg::new(flag).long(flag).help(help).action(ArgAction::Append);
    Some(match info.kind {
        Kind::Switch => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_name("BOOL")
            .hide_possible_values(true),
        kind => arg.value_name(match kind {
            Kind::Address => "IP:PORT",
            Kind::Integer { unit: "milliseconds", .. } => "MS",
            Kind::Integer { .. } => "N",
            Kind::Texts => "ORIGIN",
            Kind::Word(_) => "NAME",
            Kind::Text if flag == "log" => "FILTER",
            Kind::Text | Kind::Keys | Kind::Switch => "FILE",
        }),
    })
}

fn parse_id(text: &str) -> Result<Id, String> {
    Id::new(text).ok_or_else(|| "1 to 32 of A-Z a-z 0-9 . _ -, the first a letter or digit".into())
}

/// Reads `500ms`, `90s`, `30m`, `24h` or `7d`.
///
/// # Errors
/// If it is none of these, or not more than nothing.
pub fn parse_duration_ms(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit_ms = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => 0,
    };
    let number: Option<u64> = text[..digits].parse().ok();
    number
        .and_then(|number| number.checked_mul(unit_ms))
        .filter(|ms| *ms > 0)
        .ok_or_else(|| "a time is a whole number and a unit, as 500ms, 90s, 30m, 24h or 7d".into())
}

const EXAMPLES: &str = "\
Examples:
  hunt-server --demo                                  play at once, with random keys
  hunt-server token new-key > keys && chmod 600 keys  make the keys of a real server
  hunt-server serve --key-file keys --listen 0.0.0.0:8080
  hunt-server print-config > hunt.toml                every setting, explained
  hunt-server check-config hunt.toml                  before a restart
  hunt-server doctor --runtime tokio-uring            what a runtime needs, and lacks here
  hunt-server token admin --key-file keys --ttl 8h    a token for the admin API

A flag goes before its environment variable, the variable before the file, the file before the
default.

Signing keys come from --key-file, or from HUNT_KEYS as ID:SECRET,ID:SECRET; there is no
flag for the keys themselves, since other users can read flags.

The first SIGTERM or SIGINT ends gracefully, the second at once.";

#[cfg(test)]
mod tests {
    use super::*;

    fn served(args: &[&str]) -> Flags {
        let args = [&["hunt-server"], args].concat();
        match parse(args).unwrap() {
            Task::Serve(flags) => flags,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn serve_is_the_default_and_takes_the_same_flags_either_way() {
        for args in [&["--demo", "--workers", "2"][..], &["serve", "--demo", "--workers", "2"]] {
            let flags = served(args);
            let pairs: Vec<_> =
                flags.values.iter().map(|(flag, value)| (&flag[..], &value[..])).collect();
            assert_eq!(pairs, [("workers", "2"), ("demo", "true")]);
        }
        assert_eq!(served(&[]).values, []);
    }

    #[test]
    fn a_switch_can_be_turned_off_and_lists_and_limits_repeat() {
        let flags = served(&[
            "--demo=false",
            "--allowed-origin",
            "http://a",
            "--allowed-origin=http://b",
            "--limit",
            "hunts_max=1",
            "--limit=quests_max=2",
            "--config",
            "x.toml",
        ]);
        let value = |name: &str| {
            let all = flags.values.iter().filter(|(flag, _)| flag == name);
            all.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(value("demo"), ["false"]);
        assert_eq!(value("allowed-origin"), ["http://a", "http://b"]);
        assert_eq!(flags.limits, ["hunts_max=1", "quests_max=2"]);
        assert_eq!(flags.config, Some("x.toml".into()));
    }

    #[test]
    fn help_names_every_flag_its_variable_and_examples() {
        let help = command().render_help().to_string();
        for info in KEYS {
            let Some(flag) = info.flag else { continue };
            assert!(help.contains(&format!("--{flag}")), "{flag}");
            let squeezed = help.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(squeezed.contains(&format!("[env: {}]", info.env())), "{flag}");
        }
        assert!(help.contains("Examples:") && help.contains("token new-key"));
    }

    #[test]
    fn check_config_takes_the_file_as_an_argument() {
        for args in [["check-config", "a.toml"].as_slice(), &["check-config", "--config=a.toml"]] {
            match parse([&["hunt-server"], args].concat()).unwrap() {
                Task::CheckConfig(flags) => assert_eq!(flags.config, Some("a.toml".into())),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn tokens_are_asked_for_by_kind() {
        let args = "hunt-server token player --hunt h --player 3 --started-ms 5 --ttl 2m";
        match parse(args.split(' ')).unwrap() {
            Task::TokenPlayer { hunt, player, started_ms, ttl_ms, .. } => {
                assert_eq!((hunt.as_str(), player, started_ms, ttl_ms), ("h", 3, 5, Some(120_000)));
            }
            other => panic!("{other:?}"),
        }
        assert!(parse("hunt-server token player --hunt -h".split(' ')).is_err());
        assert!(parse("hunt-server token".split(' ')).is_err());
        match parse("hunt-server token admin".split(' ')).unwrap() {
            Task::TokenAdmin { ttl_ms, .. } => assert_eq!(ttl_ms, 3_600_000),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn times_are_a_number_and_a_unit() {
        for (text, ms) in [("500ms", 500), ("90s", 90_000), ("24h", 86_400_000), ("1d", 86_400_000)]
        {
            assert_eq!(parse_duration_ms(text), Ok(ms));
        }
        for bad in ["", "5", "h", "0s", "-1s", "1.5h", "5w", "99999999999999999999d", "9é"] {
            assert!(parse_duration_ms(bad).is_err(), "{bad}");
        }
    }
}
