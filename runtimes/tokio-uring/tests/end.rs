//! What is left of a server that has ended. Alone in its process, whose descriptors it counts.
#![expect(clippy::unwrap_used, reason = "all of it is a test")]

use alloc_heap::HeapArena;
use driver::Node;
use driver::testing::{Client, Plan, Server};
use engine_core::api::hunts::Hunts;
use std::io;
use std::net::TcpStream;

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// One server, with connections of all kinds at its end.
fn serve_once(serve: fn(Node<HeapArena, Hunts>) -> io::Result<()>) {
    let server = Server::start::<HeapArena>(Plan::default(), serve);
    let mut player = Client::connect(server.public);
    let token = player.join("Ada");
    let _watcher = Client::connect(server.public).watch(&token);
    let _idle = TcpStream::connect(server.public).unwrap();
    let _operator = TcpStream::connect(server.admin).unwrap();
    let addrs = [server.public, server.admin];
    drop(server);
    for addr in addrs {
        assert!(TcpStream::connect(addr).is_err(), "{addr} is still listened to");
    }
}

#[test]
fn nothing_is_left_of_a_server_that_has_ended() {
    serve_once(runtime_tokio_uring::serve);
    let before = descriptors();
    (0..10).for_each(|_| serve_once(runtime_tokio_uring::serve));
    assert_eq!(descriptors(), before);
}
