//! Sockets of a client: made without waiting, from as many loopback addresses as their ports ask
//! for.

use rustix::io::Errno;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Connections that are made from one loopback address: far below the ports that it has, since a
/// free one is found by trying, which costs milliseconds where half of them are taken.
pub const CONNECTIONS_PER_SOURCE: u32 = 1_000;
/// For how long the system keeps the port of a connection that this side has closed.
pub const PORT_REST: Duration = Duration::from_secs(60);
/// Bytes of a segment on Ethernet.
const SEGMENT_BYTES: u32 = 1_460;
/// Loopback addresses that are used at most.
const SOURCES_MAX: u32 = 1 << 16;

/// What a connection is made for.
#[derive(Clone, Copy, Debug)]
pub struct Dial {
    /// Where it goes.
    pub to: SocketAddr,
    /// Its number among all that go there; numbers far apart have different sources.
    pub number: u32,
    /// Whether its receive buffer is to be as small as the system makes it.
    pub small_buffer: bool,
}

/// Begins a connection. It is there, or has failed, when the socket becomes writable.
///
/// # Errors
/// Whatever the system says: no descriptors, no ports, refused at once.
pub fn dial(dial: Dial) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(dial.to), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    if dial.small_buffer {
        // The system takes it as its smallest.
        socket.set_recv_buffer_size(1)?;
        // Segments as on a network: what a server's system buffers for a peer is counted in
        // segments, and those of the loopback device are of 64 KiB.
        socket.set_tcp_mss(SEGMENT_BYTES)?;
    }
    if let Some(source) = source(dial.to.ip(), dial.number) {
        socket.bind(&SocketAddr::from((source, 0)).into())?;
    }
    match socket.connect(&SockAddr::from(dial.to)) {
        Ok(()) => Ok(socket),
        Err(error) if error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error()) => Ok(socket),
        Err(error) => Err(error),
    }
}

/// Where a connection comes from; the system chooses where it does not go to the loopback network.
fn source(to: IpAddr, number: u32) -> Option<Ipv4Addr> {
    match to {
        IpAddr::V4(ip) if ip.is_loopback() => {
            let place = number / CONNECTIONS_PER_SOURCE % SOURCES_MAX;
            Some(Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + place))
        }
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}

/// Whether the ports of one address are all that there is for an address: it is none of the
/// loopback network of IPv4, which has many.
#[must_use]
pub fn has_one_source(to: IpAddr) -> bool {
    source(to, 0).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    #[test]
    fn sources_are_spread_over_the_loopback_network_and_nowhere_else() {
        let loopback = "127.0.0.1".parse().unwrap();
        let of = |number| source(loopback, number).unwrap().to_string();
        assert_eq!((of(0), of(999)), ("127.0.0.1".into(), "127.0.0.1".into()));
        assert_eq!((of(1_000), of(256_000)), ("127.0.0.2".into(), "127.0.1.1".into()));
        assert!(source(loopback, u32::MAX).unwrap().is_loopback());
        for other in ["10.0.0.1", "::1"] {
            assert!(has_one_source(other.parse().unwrap()), "{other}");
        }
    }

    #[test]
    fn a_connection_comes_from_its_source_and_carries_bytes() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = listener.local_addr().unwrap();
        let socket = dial(Dial { to, number: 5_000, small_buffer: true }).unwrap();
        let (mut peer, from) = listener.accept().unwrap();
        assert_eq!(from.ip(), Ipv4Addr::new(127, 0, 0, 6));
        peer.write_all(b"x").unwrap();
        socket.set_nonblocking(false).unwrap();
        let mut byte = [0];
        (&socket).read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"x");
    }
}
