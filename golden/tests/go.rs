//! The Go servers under the transcripts: what is said where there is no Go, what they are listed to
//! answer otherwise, and, where Go is there, that they are built and played against.

use golden::differences::Differences;
use golden::go::{self, Build, GoError};
use golden::library::Library;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs `golden check` with these programs as all that is on PATH.
fn check(path: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_golden"));
    command.arg("check").args(args).env("PATH", path).output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it prints UTF-8")
}

/// An empty folder.
fn folder(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go").join(name);
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&root).expect("a folder");
    root
}

/// A shell script.
fn script(path: PathBuf, source: &str) -> PathBuf {
    fs::write(&path, format!("#!/bin/sh\n{source}\n")).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    path
}

/// A server as the Go ones are started, which is one of ours; and a list about it.
fn stand_in(name: &str, list: &str) -> (PathBuf, String, String) {
    let root = folder(name);
    let server = format!(
        "case \"$*\" in *--runtime*) exit 1;; esac\nexec {} hunt-server \"$@\"",
        env!("CARGO_BIN_EXE_golden")
    );
    let server = script(root.join("server"), &server);
    let file = root.join("differences.txt");
    fs::write(&file, list).expect("a file");
    let shown = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    (root.clone(), shown(&server), shown(&file))
}

#[test]
fn without_go_the_remedy_is_said() {
    let root = folder("none");
    for build in Build::ALL {
        let out = check(&root, &["--server", build.name()]);
        assert_eq!(out.status.code(), Some(2));
        let error = text(&out.stderr);
        assert!(error.contains(&format!("{build} needs Go 1.")), "{error}");
        assert!(error.contains("no `go` on PATH: install it"), "{error}");
    }
}

#[test]
fn a_go_that_is_too_old_is_named() {
    let root = folder("old");
    script(root.join("go"), "echo go1.20.14");
    let out = check(&root, &["--server", "go-nethttp"]);
    assert_eq!(out.status.code(), Some(2));
    let error = text(&out.stderr);
    assert!(error.contains("and `go` on PATH is go1.20.14: install it"), "{error}");
}

#[test]
fn a_module_that_does_not_compile_is_shown() {
    let root = folder("broken");
    let go = "case $1 in env) echo go9.9.9;; *) echo 'no such package' >&2; exit 1;; esac";
    script(root.join("go"), go);
    let out = check(&root, &["--server", "go-nethttp"]);
    assert_eq!(out.status.code(), Some(2));
    let error = text(&out.stderr);
    assert!(error.contains("go-nethttp does not build:\nno such package"), "{error}");
}

#[test]
fn a_program_needs_no_go() {
    let (root, server, list) = stand_in("program", "");
    let args = ["--server", "go-fasthttp", "--program", &server, "--differences", &list];
    let out = check(&root, &[&args[..], &["--filter", "http/bodies"]].concat());
    let said = text(&out.stdout);
    assert!(out.status.success(), "{said}{}", text(&out.stderr));
    assert!(said.starts_with("go-fasthttp: 1 transcripts"), "{said}");
    assert!(said.ends_with("0 left out, 0 listed to differ, 0 listed amiss\n"), "{said}");
}

#[test]
fn an_entry_that_is_answered_as_written_fails() {
    let list = "Why.\n  go-nethttp  http/targets.txt  absolute form  => 400, closes\n\
                \x20 go-fasthttp  http/targets.txt  absolute form  => closes\n";
    let (root, server, list) = stand_in("stale", list);
    let args = ["--server", "go-nethttp", "--program", &server, "--differences", &list];
    let out = check(&root, &[&args[..], &["--filter", "http/targets"]].concat());
    let said = text(&out.stdout);
    assert_eq!(out.status.code(), Some(1), "{said}");
    let what = "all is as written, but differences.txt:2 says `400, closes`: take it off the list";
    assert!(said.contains(what), "{said}");
    assert!(said.ends_with("1 failed, 0 left out, 0 listed to differ, 0 listed amiss\n"), "{said}");
}

#[test]
fn a_section_that_differs_as_listed_passes_and_is_counted_and_named() {
    let list = "The reason.\n  go-nethttp  a.txt  it is not there  => 200\n";
    let (root, server, list) = stand_in("listed", list);
    let source = "--- it is not there\n> GET /loot HTTP/1.1\n> Host: a\n>\n\
                  < HTTP/1.1 404 Not Found\n< Content-Length: 0\n<\n";
    let transcripts = root.join("transcripts");
    fs::create_dir(&transcripts).expect("a folder");
    fs::write(transcripts.join("a.txt"), source).expect("a file");
    let transcripts = transcripts.to_str().expect("UTF-8");
    let args = ["--server", "go-nethttp", "--program", &server, "--differences", &list, "-v"];
    let out = check(&root, &[&args[..], &["--transcripts", transcripts]].concat());
    let said = text(&out.stdout);
    assert!(out.status.success(), "{said}{}", text(&out.stderr));
    let named = "   differs a.txt:1: \"it is not there\": 200: The reason.\n";
    assert!(said.contains(named), "{said}");
    assert!(said.ends_with("0 failed, 0 left out, 1 listed to differ, 0 listed amiss\n"), "{said}");
    let args = ["--server", "go-fasthttp", "--program", &server, "--differences", &list];
    let out = check(&root, &[&args[..], &["--transcripts", transcripts]].concat());
    assert_eq!(out.status.code(), Some(1), "it is listed for the other server");
}

#[test]
fn an_entry_that_names_no_section_fails_whatever_is_played() {
    let list = "Why.\n  go-nethttp  http/targets.txt  no such title  => 400, closes\n";
    let (root, server, list) = stand_in("astray", list);
    let args = ["--server", "go-fasthttp", "--program", &server, "--differences", &list];
    let out = check(&root, &[&args[..], &["--filter", "http/bodies"]].concat());
    let said = text(&out.stdout);
    assert_eq!(out.status.code(), Some(1), "{said}");
    let what = "differences.txt:2: http/targets.txt has no section \"no such title\"\n";
    assert!(said.contains(what), "{said}");
    assert!(said.ends_with("0 failed, 0 left out, 0 listed to differ, 1 listed amiss\n"), "{said}");
    fs::write(&list, "Why.\n  go-nethttp  a.txt  b  => no\n").expect("a file");
    let out = check(&root, &args);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("differences.txt:2: `no` is not one of"));
}

#[test]
fn the_list_names_sections_that_are_there() {
    let source = fs::read_to_string(go::module().join("differences.txt")).expect("it is there");
    let servers = Build::ALL.map(Build::name);
    let list = Differences::read("differences.txt", &source, &servers).expect("well-formed");
    let transcripts = Library::of_checkout().read("").expect("well-formed");
    let astray = list.without_section(&transcripts);
    assert!(astray.is_empty(), "{astray:#?}");
}

/// Transcripts that show something of everything and take a few seconds on a slow machine.
const SOME: [&str; 4] =
    ["http/pipelining", "game/quests.txt", "game/keys", "websocket/fragmentation"];

#[test]
fn the_servers_are_built_and_play_as_written_where_there_is_go() {
    std::thread::scope(|scope| {
        for build in Build::ALL {
            scope.spawn(move || built_and_played(build));
        }
    });
}

fn built_and_played(build: Build) {
    if let Err(error @ GoError::NoGo { .. }) = go::available(build) {
        // Past the capture of a test that passes.
        let _ = writeln!(std::io::stderr(), "left out: {error}");
        return;
    }
    let program = go::build(build).unwrap_or_else(|error| panic!("{error}"));
    let program = program.to_str().expect("UTF-8");
    for filter in SOME {
        let mut command = Command::new(env!("CARGO_BIN_EXE_golden"));
        command.args(["check", "--server", build.name(), "--program", program]);
        let out = command.args(["--filter", filter]).output().expect("it runs");
        assert!(out.status.success(), "{}{}", text(&out.stdout), text(&out.stderr));
    }
}
