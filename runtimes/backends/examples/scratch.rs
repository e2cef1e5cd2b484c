//! Scratch.
#![allow(missing_docs, clippy::all)]
use alloc_heap::HeapArena;
use backends::Backend;
use driver::testing::{Client, Server};
use engine_core::limits::Limits;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let b: Backend = a[1].parse().unwrap();
    let workers: usize = a[2].parse().unwrap();
    let limits = Limits { connections_max: 50_000, ..Limits::default() };
    let s = Server::start::<HeapArena>(limits, workers, move |mut n| {
        n.pin = std::env::var("PIN").is_ok();
        b.serve(n)
    });
    let token = Client::connect(s.public).join("Ada");
    std::fs::write("/tmp/gl/resolve.lua", format!("wrk.method='POST'\nwrk.path='/v1/hunts/h1/resolve'\nwrk.headers['Authorization']='Bearer {token}'\nwrk.headers['Content-Type']='application/json'\nwrk.body='{{\"treasure\":\"t1\",\"x\":0,\"y\":0,\"z\":0}}'\n")).unwrap();
    println!("{} {}", s.public, std::process::id());
    let mut l = String::new();
    let _ = std::io::stdin().read_line(&mut l);
    let f = s.control.figures();
    let n: u64 = f.iter().map(|f| f.latency.count()).sum();
    println!("requests {n}");
}
