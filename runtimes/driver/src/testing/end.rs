//! What is left of a server that has ended.

use super::{Client, Plan, Server};
use crate::node::Node;
use engine_core::api::hunts::Hunts;
use engine_core::arena::Arena;
use std::io;
use std::net::TcpStream;

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// One server, with connections of all kinds at its end.
fn serve_once<A: Arena>(serve: fn(Node<A, Hunts>) -> io::Result<()>) {
    let server = Server::start::<A>(Plan::default(), serve);
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

/// Ten servers, one after another, leave no descriptor and no listener. For a test that is alone
/// in its process, whose descriptors are counted.
pub fn nothing_is_left<A: Arena>(serve: fn(Node<A, Hunts>) -> io::Result<()>) {
    serve_once(serve);
    let before = descriptors();
    (0..10).for_each(|_| serve_once(serve));
    assert_eq!(descriptors(), before);
}
