//! What one process holds: alone in it, since limits are changed and descriptors counted.
#![expect(clippy::unwrap_used, reason = "all of it is a test")]

use alloc_heap::HeapArena;
use driver::Node;
use driver::testing::{Client, Plan, Server};
use engine_core::api::hunts::Hunts;
use runtime_glommio::{probe, serve};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of a server, unless it says otherwise.
const WORKERS: usize = 2;

/// One test runs at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Descriptors and threads of this process, and eventfds.
fn held() -> [usize; 3] {
    let [fds, tasks] = ["/proc/self/fd", "/proc/self/task"]
        .map(|place| std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()));
    let files: Vec<_> = fds.filter_map(|fd| std::fs::read_link(fd).ok()).collect();
    let is_eventfd = |file: &&PathBuf| file.as_os_str() == "anon_inode:[eventfd]";
    let eventfds = files.iter().filter(is_eventfd).count();
    [files.len() - eventfds, tasks.count(), eventfds]
}

/// A server that was asked something by players and operators, and ended while they were there.
fn serve_for_a_while(private_descriptors: bool, ends: impl FnOnce(&Server)) {
    let serve = move |mut node: Node<HeapArena, Hunts>| {
        node.private_descriptors = private_descriptors;
        serve(node)
    };
    let server = Server::start::<HeapArena>(Plan::default(), serve);
    let mut player = Client::connect(server.public);
    let token = player.join("Ada");
    let mut watcher = Client::connect(server.public).watch(&token);
    assert_eq!(Client::connect(server.admin).ask("GET", "/healthz", "", "").status, 200);
    ends(&server);
    while watcher.frame().is_some() {}
    server.join();
}

#[test]
fn a_server_that_has_ended_holds_nothing() {
    let _alone = alone();
    let abort = |server: &Server| server.control.abort();
    let drain = |server: &Server| server.control.drain(200);
    // The first one makes what the process keeps.
    serve_for_a_while(false, abort);
    let before = held();
    serve_for_a_while(false, abort);
    serve_for_a_while(false, drain);
    // glommio never closes the eventfd of an executor: each task that is freed keeps its part in it.
    let [descriptors, threads, eventfds] = before;
    assert_eq!(held(), [descriptors, threads, eventfds + 2 * WORKERS]);
}

#[test]
fn workers_with_tables_of_their_own_are_woken_by_others() {
    let _alone = alone();
    serve_for_a_while(true, |server| server.control.drain(200));
}

#[test]
fn too_little_lockable_memory_is_an_error_with_its_remedy() {
    let _alone = alone();
    let before = getrlimit(Resource::Memlock);
    let low = Rlimit { current: Some(256 * 1024), ..before };
    setrlimit(Resource::Memlock, low).unwrap();
    let (send, served) = std::sync::mpsc::channel::<io::Error>();
    let probed = probe().unwrap_err();
    let server = std::thread::spawn(move || {
        let serve = move |node: Node<HeapArena, Hunts>| {
            send.send(serve(node).unwrap_err()).unwrap();
            Ok(())
        };
        Server::start::<HeapArena>(Plan::default(), serve)
    });
    let served = served.recv().unwrap().to_string();
    drop(server);
    setrlimit(Resource::Memlock, before).unwrap();
    assert!(probed.cause.contains("memlock is 256 KiB"), "{probed}");
    assert!(probed.remedy.contains("ulimit -l"), "{probed}");
    assert_eq!(served, probed.to_string());
    assert_eq!(probe(), Ok(()));
}
