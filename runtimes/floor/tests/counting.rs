//! The counting program: a whole server that tells how often memory was asked for.

use process::asking::{Asking, request};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn allocations(admin: &mut Asking) -> u64 {
    let (status, body) =
        admin.ask(request("GET", "/metrics", None, "").as_bytes()).expect("an answer");
    let text = String::from_utf8(body).expect("UTF-8");
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("instrument=\"counting\""), "{text}");
    assert!(text.contains("\nhunt_allocated_bytes_total "), "{text}");
    let value = text.lines().find_map(|line| line.strip_prefix("hunt_allocations_total "));
    value.expect("it is told").parse().expect("a number")
}

#[test]
fn the_allocations_of_requests_are_told() {
    for peer in ["hyper", "axum"] {
        let child = Command::new(env!("CARGO_BIN_EXE_floor-counting"))
            .args(["serve", "--peer", peer, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .env("HUNT_KEYS", floor::world::keys_text())
            .stdout(Stdio::piped())
            .spawn();
        let mut running = Running(child.expect("it starts"));
        let lines = BufReader::new(running.0.stdout.take().expect("it is piped")).lines();
        let at: Vec<SocketAddr> = lines
            .take(2)
            .map(|line| line.unwrap().split_once("http://").unwrap().1.parse().unwrap())
            .collect();
        let (mut public, mut admin) =
            (Asking::connect(at[0]).unwrap(), Asking::connect(at[1]).unwrap());
        let before = allocations(&mut admin);
        for _ in 0..1_000 {
            let (status, _) = public.ask(request("GET", "/loot", None, "").as_bytes()).unwrap();
            assert_eq!(status, 200);
        }
        let each = (allocations(&mut admin) - before) / 1_000;
        assert!((1..200).contains(&each), "{peer}: {each} for a request");
    }
}
