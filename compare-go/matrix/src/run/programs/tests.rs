//! Building with tools that the test makes: small scripts in place of cargo, go and strip.

use super::scripts::{Folder, script};
use super::*;
use crate::cell::{Arena, Peer, Runtime, Tuning};
use crate::run::interrupt::Interrupted;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::thread;

/// A cargo that "builds" what it is asked for, but for what is named in the file `broken`.
const CARGO: &str = r#"
echo "$@" >> cargo.args
mkdir -p built
code=0
while [ $# -gt 0 ]; do
    if [ "$1" = --bin ]; then
        if grep -qx "$2" broken 2>/dev/null; then
            echo "error[E0308]: mismatched types in $2 ($PWD/src)" >&2
            code=101
        else
            echo "the program $2" > "built/$2"
            echo "{\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"$2\"},\"executable\":\"$PWD/built/$2\"}"
        fi
        shift
    fi
    shift
done
echo '{"reason":"build-finished","success":true}'
exit $code
"#;

/// A Go of this version, which builds one server and not the other.
fn go(version: &str) -> String {
    format!(
        r#"
if [ "$1" = env ]; then echo {version}; exit; fi
echo "$@" >> go.args
case "$*" in
    *fasthttp) echo "cmd/hunt-fasthttp/main.go:7: undefined: serve" >&2; exit 1 ;;
esac
cd "$3" && echo "built by go" > "$6"
"#
    )
}

/// A checkout with tools of its own.
struct Checkout {
    folder: Folder,
    tools: Tools,
    shown: Vec<String>,
    stop: Stop,
}

impl Checkout {
    fn new() -> Self {
        let folder = Folder::new("programs");
        let module = folder.path.join("compare-go/reference");
        fs::create_dir_all(&module).unwrap();
        fs::write(module.join("go.mod"), "module reference\n\ngo 1.26\n").unwrap();
        let tools = Tools {
            cargo: script(&folder, "cargo", CARGO),
            go: script(&folder, "go", &go("go1.26.8")),
            strip: script(&folder, "strip", r#"printf 12345 > "$2""#),
            objcopy: script(&folder, "objcopy", r#"printf 123 > "$3""#),
        };
        Self { folder, tools, shown: Vec::new(), stop: Stop::default() }
    }

    fn build(&mut self, servers: &[Server]) -> anyhow::Result<Programs> {
        let Self { folder, tools, shown, stop } = self;
        Programs::build_by(&mut Building { top: &folder.path, tools, show: shown, stop }, servers)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.folder.path.join(path)).unwrap_or_default()
    }
}

fn engine(allocator: Allocator) -> Server {
    Server::Engine { runtime: Runtime::Tokio, allocator, arena: Arena::Heap }
}

fn in_go(library: Library) -> Server {
    Server::Go { library, tuning: Tuning::Tuned }
}

#[test]
fn what_the_plan_needs_is_built_and_no_more() {
    let mut checkout = Checkout::new();
    let hyper = Server::Peer(Peer::Hyper);
    let programs = checkout.build(&[engine(Allocator::System), hyper]).unwrap();
    let args = checkout.text("cargo.args");
    let bins: Vec<&str> =
        args.split(" --bin ").skip(1).filter_map(|s| s.split_whitespace().next()).collect();
    let plain = ["hunt-load", "golden", "hunt-server-system", "floor"];
    assert_eq!(bins, [&plain[..], &["hunt-server-counting", "floor-counting"]].concat());
    // A feature is that of its own build only.
    let features: Vec<Option<&str>> = args
        .lines()
        .map(|line| line.split(" --features ").nth(1).and_then(|rest| rest.split(' ').next()))
        .collect();
    assert_eq!(features, [None, Some("hunt-server/counting"), Some("floor/counting")]);
    assert_eq!(checkout.text("go.args"), "");
    let program = programs.server(engine(Allocator::System)).unwrap();
    assert_eq!(program.path, "target/matrix/hunt-server-system");
    assert_eq!(checkout.text(&program.path), "the program hunt-server-system\n");
    assert_eq!((program.bytes, &program.stripped_bytes), (31, &Observed::Is(5)));
    // As `sha256sum` prints it.
    let digest = "b59a21f192e47c02df269cff8950cf3f20eb720337c89dd89104b43b9f722857";
    assert_eq!(program.sha256, digest);
    assert_eq!(program.build.program, "cargo");
    assert_eq!(programs.server(hyper).unwrap().path, "target/matrix/floor");
    assert_eq!(programs.counting(hyper).unwrap().path, "target/matrix/floor-counting");
    let counting = programs.counting(engine(Allocator::System)).unwrap();
    assert_eq!(counting.path, "target/matrix/hunt-server-counting");
    let error = programs.server(in_go(Library::Nethttp)).unwrap_err();
    assert!(error.contains("no server of the plan needs it"), "{error}");
    assert_eq!(programs.golden().path, "target/matrix/golden");
    assert!(checkout.shown[0].starts_with("build hunt-load, golden"), "{:?}", checkout.shown);
}

#[test]
fn a_server_that_does_not_compile_leaves_the_others_as_they_are() {
    let mut checkout = Checkout::new();
    fs::write(checkout.folder.path.join("broken"), "floor\nfloor-counting\n").unwrap();
    let servers = [engine(Allocator::Jemalloc), Server::Peer(Peer::Axum)];
    let programs = checkout.build(&servers).unwrap();
    assert!(programs.server(servers[0]).is_ok());
    let error = programs.server(servers[1]).unwrap_err();
    assert!(error.contains("exit status: 101"), "{error}");
    assert!(error.contains("mismatched types in floor (./src)"), "{error}");
}

#[test]
fn what_every_plan_needs_must_compile() {
    let mut checkout = Checkout::new();
    fs::write(checkout.folder.path.join("broken"), "hunt-load\n").unwrap();
    let error = checkout.build(&[engine(Allocator::Jemalloc)]).unwrap_err();
    let error = format!("{error:#}");
    assert!(error.contains("there is no hunt-load"), "{error}");
    assert!(error.contains("mismatched types in hunt-load"), "{error}");
    checkout.tools.cargo = "no-such-cargo".into();
    let error = format!("{:#}", checkout.build(&[]).unwrap_err());
    assert!(error.contains("it must be on PATH"), "{error}");
}

#[test]
fn a_build_of_go_that_fails_leaves_the_other_one() {
    let mut checkout = Checkout::new();
    let servers = [in_go(Library::Nethttp), in_go(Library::Fasthttp)];
    let programs = checkout.build(&servers).unwrap();
    let program = programs.server(servers[0]).unwrap();
    assert_eq!(checkout.text(&program.path), "built by go\n");
    assert_eq!(programs.counting(servers[0]).unwrap(), program);
    let error = programs.server(servers[1]).unwrap_err();
    assert!(error.contains("undefined: serve"), "{error}");
    let args = checkout.text("go.args");
    assert!(args.starts_with("build -C compare-go/reference -buildvcs=false -o"), "{args}");
}

#[test]
fn without_a_go_its_servers_say_so_and_the_others_are_built() {
    let mut checkout = Checkout::new();
    let servers = [in_go(Library::Nethttp), engine(Allocator::Jemalloc)];
    let why = |checkout: &mut Checkout| {
        let programs = checkout.build(&servers).unwrap();
        assert!(programs.server(servers[1]).is_ok());
        programs.server(servers[0]).unwrap_err()
    };
    checkout.tools.go = "no-such-go".into();
    let missing = why(&mut checkout);
    assert!(missing.contains("no-such-go cannot be started"), "{missing}");
    assert!(missing.contains("Go 1.26 or newer: install it"), "{missing}");
    checkout.tools.go = script(&checkout.folder, "old", &go("go1.25.9"));
    let old = why(&mut checkout);
    assert!(old.contains("is `go1.25.9`") && old.contains("1.26 or newer"), "{old}");
    checkout.tools.go = script(&checkout.folder, "offline", "echo no toolchain >&2; exit 1");
    let offline = why(&mut checkout);
    assert!(offline.contains("no toolchain"), "{offline}");
}

#[test]
fn whether_there_is_a_go_is_asked_only_where_it_is_needed() {
    let nowhere = Path::new("no-such-checkout");
    assert_eq!(Programs::without_go(nowhere, &[engine(Allocator::System)]), None);
    let why = Programs::without_go(nowhere, &[in_go(Library::Nethttp)]).unwrap();
    assert!(why.contains("go.mod"), "{why}");
}

#[test]
fn a_size_without_symbols_is_missing_where_no_tool_strips() {
    let mut checkout = Checkout::new();
    let size = |checkout: &mut Checkout| {
        let programs = checkout.build(&[]).unwrap();
        programs.golden().stripped_bytes.clone()
    };
    checkout.tools.strip = "no-such-strip".into();
    assert_eq!(size(&mut checkout), Observed::Is(3));
    checkout.tools.objcopy = script(&checkout.folder, "refuses", "echo unknown format >&2; exit 1");
    let Observed::Missing(why) = size(&mut checkout) else { panic!("nothing stripped it") };
    assert!(why.contains("install binutils") && why.contains("unknown format"), "{why}");
}

#[test]
fn a_copy_is_replaced_when_what_was_built_is_another_program() {
    let mut checkout = Checkout::new();
    let before = checkout.build(&[]).unwrap().golden().clone();
    let inode =
        |checkout: &Checkout| fs::metadata(checkout.folder.path.join(&before.path)).unwrap().ino();
    let first = inode(&checkout);
    assert_eq!(checkout.build(&[]).unwrap().golden(), &before);
    assert_eq!(inode(&checkout), first, "it was copied although it is the same");
    let other = CARGO.replace("the program", "another program");
    checkout.tools.cargo = script(&checkout.folder, "other", &other);
    let after = checkout.build(&[]).unwrap().golden().clone();
    assert_ne!(after.sha256, before.sha256);
    assert_eq!(checkout.text(&after.path), "another program golden\n");
}

#[test]
fn what_was_built_is_taken_elsewhere_as_it_is_and_says_of_what_it_was_built() {
    let mut checkout = Checkout::new();
    let servers = [engine(Allocator::Jemalloc), in_go(Library::Nethttp)];
    let top = checkout.folder.path.clone();
    let error = format!("{:#}", Programs::built(&top, &servers).unwrap_err());
    assert!(error.contains("--build-only"), "{error}");
    let built = checkout.build(&servers).unwrap();
    let (taken, origin) = Programs::built(&top, &servers).unwrap();
    assert_eq!(taken.golden(), built.golden());
    for server in servers {
        assert_eq!(taken.server(server).unwrap(), built.server(server).unwrap());
        assert_eq!(taken.counting(server).unwrap(), built.counting(server).unwrap());
    }
    assert_eq!(origin.compilers.keys().collect::<Vec<_>>(), ["cargo", "cc", "go", "rustc"]);
    let (taken, _) = Programs::built(&top, &[engine(Allocator::System)]).unwrap();
    let error = taken.server(engine(Allocator::System)).unwrap_err();
    assert!(error.contains("hunt-server-system was not built"), "{error}");
    fs::write(top.join(&built.golden().path), "another one").unwrap();
    let error = format!("{:#}", Programs::built(&top, &servers).unwrap_err());
    assert!(error.contains("target/matrix/golden is not what was built"), "{error}");
}

#[test]
fn a_build_ends_when_it_is_to_stop() {
    let mut checkout = Checkout::new();
    let slow = "echo $$ > pid; echo Compiling >&2; sleep 600 & wait";
    checkout.tools.cargo = script(&checkout.folder, "slow", slow);
    let (stop, pid) = (checkout.stop.clone(), checkout.folder.path.join("pid"));
    let asks = thread::spawn(move || {
        while fs::read_to_string(&pid).unwrap_or_default().is_empty() {
            thread::yield_now();
        }
        stop.ask();
    });
    let error = checkout.build(&[]).unwrap_err();
    asks.join().unwrap();
    assert!(error.is::<Interrupted>(), "{error:#}");
    let error = format!("{error:#}");
    assert!(error.contains("stopped while it was to build hunt-load, golden"), "{error}");
    let pid = checkout.text("pid");
    assert!(!Path::new("/proc").join(pid.trim()).exists(), "cargo still runs");
}

#[test]
fn what_is_set_for_builds_is_told() {
    let all = watched::told(&[""]);
    assert!(all.contains_key("PATH"));
    assert_eq!(watched::told(&["PAT"]).get("PATH"), all.get("PATH"));
    assert!(watched::told(&["NO_SUCH_"]).is_empty());
}
