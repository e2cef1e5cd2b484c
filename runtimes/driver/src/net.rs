//! Sockets before a runtime takes them, and what a runtime does not offer.

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};

/// Connections that wait to be accepted; the system lowers it to `net.core.somaxconn`.
pub const BACKLOG: i32 = 4096;

/// One listening socket on `addr`, ready for a runtime.
///
/// # Errors
/// Whatever the system says; `AddrInUse` where anybody listens there.
pub fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    bind(addr, false)
}

/// `count` listening sockets on one address, among which the system spreads the connections
/// (`SO_REUSEPORT`). With port 0, all are on the port that the system chooses.
///
/// # Errors
/// Whatever the system says; `AddrInUse` where anybody listens there, whom `SO_REUSEPORT` alone
/// would let share the port unnoticed.
pub fn listen_shared(addr: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    if addr.port() != 0 {
        // Binding fails where anybody listens; nothing is listened for here.
        socket(addr, false)?;
    }
    let first = bind(addr, true)?;
    let addr = first.local_addr()?;
    let others = (1..count).map(|_| bind(addr, true));
    std::iter::once(Ok(first)).chain(others).collect()
}

fn bind(addr: SocketAddr, reuse_port: bool) -> io::Result<TcpListener> {
    let socket = socket(addr, reuse_port)?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// A socket that is bound and does not listen yet.
fn socket(addr: SocketAddr, reuse_port: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // A port whose last connections linger in TIME_WAIT can be bound again.
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(reuse_port)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    Ok(socket)
}

/// Where asked to, keeps this thread on one core: the worker's number modulo the cores that the
/// process may use. Where the system refuses, the thread goes on unpinned.
pub fn pin_if(asked: bool, worker: usize) {
    if !asked {
        return;
    }
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let core = worker.checked_rem(cores.len()).map(|place| cores[place]);
    if !core.is_some_and(core_affinity::set_for_current) {
        tracing::warn!(worker, "a worker cannot be pinned to a core");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    const ANY: &str = "127.0.0.1:0";

    #[test]
    fn shared_listeners_have_one_address_and_tolerate_no_stranger() {
        let listeners = listen_shared(ANY.parse().unwrap(), 3).unwrap();
        let addr = listeners[0].local_addr().unwrap();
        assert!(listeners.iter().all(|listener| listener.local_addr().unwrap() == addr));
        assert!(TcpStream::connect(addr).is_ok());
        assert_eq!(listen(addr).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert_eq!(listen_shared(addr, 2).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(listeners);
        assert_eq!(listen_shared(addr, 2).unwrap().len(), 2);
    }

    #[test]
    fn a_listener_does_not_block() {
        let listener = listen(ANY.parse().unwrap()).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
