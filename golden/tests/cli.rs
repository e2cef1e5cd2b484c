//! The command line: what is printed, and the exit codes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn golden(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_golden"));
    command.args(args).output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it prints UTF-8")
}

/// A folder of transcripts of our own.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&root);
    for (file, source) in files {
        let path = root.join(file);
        fs::create_dir_all(path.parent().expect("a file")).expect("a folder");
        fs::write(path, source).expect("a file");
    }
    root
}

const WRONG: &str = "# About it.\n--- a title\n> GET /loot HTTP/1.1\n> Host: a\n>\n\
                     < HTTP/1.1 404 Not Found\n< Date: ${date}\n< Content-Length: ${length}\n<\n\
                     << {\"session\":${n:int},\"hunt\":0}\n";
const RIGHT: &str = "# About it.\n--- a title\n> GET /loot HTTP/1.1\n> Host: a\n>\n\
                     < HTTP/1.1 200 OK\n< Date: ${date}\n< Content-Type: application/json\n\
                     < Content-Length: ${length}\n<\n\
                     << {\"session\":${n:int},\"hunt\":null,\"loot\":[]}\n";

#[test]
fn a_difference_is_shown_line_by_line_and_blessing_mends_it() {
    let root = folder("bless", &[("a/wrong.txt", WRONG)]);
    let at = ["--transcripts", root.to_str().unwrap()];
    let check = [&["check"][..], &at[..]].concat();
    let failed = golden(&check);
    assert_eq!(failed.status.code(), Some(1));
    let out = text(&failed.stdout);
    assert!(out.starts_with("transcripts/a/wrong.txt:6: the answer differs\n"), "{out}");
    assert!(
        out.contains("\n  in \"a title\"\n  - < HTTP/1.1 404 Not Found\n  + < HTTP/1.1 200 OK\n")
    );
    assert!(!out.contains('\x1b'), "no colour where there is no terminal");
    assert!(golden(&[&["bless"][..], &at[..]].concat()).status.success());
    assert_eq!(fs::read_to_string(root.join("a/wrong.txt")).unwrap(), RIGHT);
    assert!(golden(&check).status.success());
}

#[test]
fn an_unwritten_expectation_is_blessed_only_if_it_is_as_asked() {
    let source = "> GET /nowhere HTTP/1.1\n> Host: a\n>\n< ? 404 unknown-path\n";
    let root = folder("unwritten", &[("a.txt", source), ("b.txt", &source.replace("404", "405"))]);
    let at = ["--transcripts", root.to_str().unwrap()];
    assert_eq!(golden(&[&["check"][..], &at[..]].concat()).status.code(), Some(1));
    let blessed = golden(&[&["bless"][..], &at[..]].concat());
    assert_eq!(blessed.status.code(), Some(1));
    assert!(text(&blessed.stdout).contains("b.txt:4: the status should be 405"));
    let a = fs::read_to_string(root.join("a.txt")).unwrap();
    assert!(a.ends_with("\"title\":\"no resource has this path\",\"status\":404}\n"), "{a}");
    assert!(fs::read_to_string(root.join("b.txt")).unwrap().ends_with("< ? 405 unknown-path\n"));
}

#[test]
fn blessing_what_is_right_changes_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts");
    let setup = |name: &str| (format!("setup/{name}"), root.join("setup").join(name));
    let mut files: Vec<(String, PathBuf)> =
        ["still.txt", "hunt.txt", "quest.txt", "start.txt", "join.txt", "play.txt"]
            .map(setup)
            .into();
    for name in ["http/bodies.txt", "game/broadcast.txt", "game/keys.txt", "setup/tokens.txt"] {
        files.push((name.into(), root.join(name)));
    }
    let sources: Vec<(String, String)> =
        files.into_iter().map(|(name, path)| (name, fs::read_to_string(path).unwrap())).collect();
    let borrowed: Vec<_> = sources.iter().map(|(n, s)| (n.as_str(), s.as_str())).collect();
    let copy = folder("unchanged", &borrowed);
    let out = golden(&["bless", "--transcripts", copy.to_str().unwrap()]);
    assert_eq!(text(&out.stdout), "");
    for (name, source) in &sources {
        assert_eq!(&fs::read_to_string(copy.join(name)).unwrap(), source, "{name}");
    }
}

#[test]
fn servers_that_are_not_there_are_named() {
    let unknown = golden(&["check", "--server", "tokyo"]);
    assert_eq!(unknown.status.code(), Some(2));
    let error = text(&unknown.stderr);
    assert!(error.contains("no server is called tokyo") && error.contains("tokio-per-core"));
    assert_eq!(golden(&["check", "--filter", "no-such-name"]).status.code(), Some(2));
    assert_eq!(golden(&["check", "--url", "http://127.0.0.1:1"]).status.code(), Some(2));
}

#[test]
fn the_list_names_files_and_counts_exchanges() {
    let list = golden(&["list", "--filter", "game/"]);
    let out = text(&list.stdout);
    assert!(out.contains("game/resolve.txt: Opening treasures"), "{out}");
    assert!(out.lines().last().unwrap().contains("exchanges in"), "{out}");
}

#[test]
fn our_servers_are_started_and_checked() {
    for (server, filter) in [("tokio", "http/pipelining"), ("tokio-per-core", "game/resolve")] {
        let out = golden(&["check", "--server", server, "--filter", filter, "-v"]);
        assert!(out.status.success(), "{}{}", text(&out.stdout), text(&out.stderr));
        let out = text(&out.stdout);
        assert!(out.contains("3 plays") && out.contains(server), "{out}");
    }
}

#[test]
fn a_server_is_started_with_further_arguments() {
    let check = |args: &[&str]| golden(&[&["check", "--filter", "http/admin"], args].concat());
    let out = check(&["--server", "tokio", "--arg=--arena", "--arg=bump"]);
    assert!(out.status.success(), "{}{}", text(&out.stdout), text(&out.stderr));
    let out = check(&["--server", "tokio", "--arg=--admin-on-public=true"]);
    assert_eq!(out.status.code(), Some(1), "the server was not told: {}", text(&out.stdout));
    let out = check(&["--server", "tokio", "--arg=--no-such-flag"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("did not say where it listens"), "{}", text(&out.stderr));
    let out = check(&["--server", "core", "--arg=--arena=bump"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("takes no --arg"), "{}", text(&out.stderr));
}

#[test]
fn plays_are_spread_over_as_many_servers_as_are_asked_for() {
    let check = |at_once: &str| {
        golden(&["check", "--server", "tokio", "--filter", "http/admin", "--at-once", at_once])
    };
    for at_once in ["1", "3"] {
        let out = check(at_once);
        assert!(out.status.success(), "{}{}", text(&out.stdout), text(&out.stderr));
        assert!(text(&out.stdout).contains("1 transcripts"), "{}", text(&out.stdout));
        assert!(text(&out.stdout).contains("3 plays: 0 failed"), "{}", text(&out.stdout));
    }
    for none in ["0", "65"] {
        assert_eq!(check(none).status.code(), Some(2), "{none}");
    }
}
