//! Heap profiles of the real program: of its start, and of requests in the steady state, which ask
//! for nothing. They stay in `target/tmp/dhat`, for dhat's viewer.
//!
//! `cargo test --release -p hunt-server --features dhat --test dhat -- --nocapture`
//!
//! `HUNT_DHAT_REQUESTS` says how many requests; 2,000 where it is not set.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod support;

use rustix::process::Signal;
use std::fs;
use std::path::Path;
use support::{Client, Server, program_at, request, until};

const WARM: usize = 500;

/// Who asked for memory, and how often.
struct Profile {
    blocks: u64,
    bytes: u64,
    text: String,
}

fn read(file: &Path) -> Option<Profile> {
    let text = fs::read_to_string(file).ok()?;
    let profile: serde_json::Value = serde_json::from_str(&text).ok()?;
    let points = profile["pps"].as_array()?;
    let sum = |key: &str| points.iter().map(|point| point[key].as_u64().unwrap()).sum();
    let (blocks, bytes) = (sum("tbk"), sum("tb"));
    let frame = |index: &serde_json::Value| {
        profile["ftbl"][usize::try_from(index.as_u64().unwrap()).unwrap()].to_string()
    };
    let mut text = String::new();
    for point in points {
        let frames: Vec<_> = point["fs"].as_array()?.iter().map(frame).collect();
        text.push_str(&format!("{} blocks\n  {}\n", point["tbk"], frames.join("\n  ")));
    }
    Some(Profile { blocks, bytes, text })
}

#[test]
fn the_steady_state_of_the_real_program_asks_for_nothing() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dhat");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let requests = std::env::var("HUNT_DHAT_REQUESTS").map_or(2_000, |n| n.parse().unwrap());

    let program = env!("CARGO_BIN_EXE_hunt-server-dhat");
    let args = ["serve", "--demo", "--workers", "1"];
    let server = Server::start_program(program_at(program).args(args).current_dir(&folder));
    let invitation = server.invitation().join("\n");
    let (_, token) = invitation.split_once("Bearer ").unwrap();
    let token = token.split('\'').next().unwrap();
    let (_, path) = invitation.split_once(&server.public.to_string()).unwrap();
    let path = path.split_whitespace().next().unwrap();
    let (_, body) = invitation.split_once("-d '").unwrap();
    let body = body.split('\'').next().unwrap();

    let resolve = request("POST", path, token, body);
    let loot = request("GET", "/loot?session=7", "", "");
    let mut client = Client::connect(server.public).unwrap();
    let mut ask = |count: usize| {
        for bytes in [&resolve, &loot] {
            for _ in 0..count {
                assert_eq!(client.call(bytes).unwrap().status, 200);
            }
        }
    };
    ask(WARM);
    server.signal(Signal::USR1);
    let startup = until("the profile of the start", || read(&folder.join("dhat-startup.json")));
    ask(requests);
    server.signal(Signal::USR1);
    let steady =
        until("the profile of the steady state", || read(&folder.join("dhat-steady.json")));
    server.end();

    eprintln!("start-up: {} blocks, {} bytes", startup.blocks, startup.bytes);
    eprintln!("{requests} resolves and as many loots: {} blocks", steady.blocks);
    eprintln!("dhat-startup.json and dhat-steady.json are in {}", folder.display());
    assert!(startup.blocks > 500, "{}", startup.text);
    assert_eq!(steady.blocks, 0, "{}", steady.text);
}
