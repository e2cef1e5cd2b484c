//! A running server as a peer, over TCP. Time passes by itself.

use crate::pattern::Clock;
use crate::peer::{Conn, Peer, Read, Unable, Wait};
use crate::process::Process;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// For how long an answer is waited for.
const ANSWER: Duration = Duration::from_secs(4);
/// For how long nothing must come where nothing is expected.
const QUIET: Duration = Duration::from_millis(60);
/// For how long a connection is waited for to go.
const GONE: Duration = Duration::from_secs(3);

/// Where a server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Players.
    pub public: SocketAddr,
    /// Operators.
    pub admin: SocketAddr,
}

/// Connections to a running server.
#[derive(Debug)]
pub struct Sockets {
    at: Addresses,
    /// The server, where it is ours.
    process: Option<Process>,
    conns: Vec<Option<TcpStream>>,
}

impl Sockets {
    /// To a server that somebody else started.
    #[must_use]
    pub fn to(at: Addresses) -> Self {
        Self { at, process: None, conns: Vec::new() }
    }

    /// To a server that ends with this value.
    #[must_use]
    pub fn of(process: Process) -> Self {
        Self { at: process.addresses(), process: Some(process), conns: Vec::new() }
    }
}

impl Peer for Sockets {
    fn connect(&mut self, admin: bool) -> Result<Conn, String> {
        let addr = if admin { self.at.admin } else { self.at.public };
        let stream = TcpStream::connect_timeout(&addr, ANSWER)
            .and_then(|stream| {
                stream.set_nodelay(true)?;
                stream.set_write_timeout(Some(ANSWER))?;
                Ok(stream)
            })
            .map_err(|error| format!("no connection to {addr}: {error}"))?;
        self.conns.push(Some(stream));
        Ok(self.conns.len() - 1)
    }

    fn send(&mut self, conn: Conn, bytes: &[u8]) {
        if let Some(stream) = &mut self.conns[conn] {
            // Where the server takes no more, what it answered is what counts.
            let _ = stream.write_all(bytes);
            std::thread::yield_now();
        }
    }

    fn receive(&mut self, conn: Conn, wait: Wait, buf: &mut Vec<u8>) -> Read {
        let Some(stream) = &mut self.conns[conn] else { return Read::Ended };
        let timeout = match wait {
            Wait::Answer => ANSWER,
            Wait::Quiet => QUIET,
            Wait::No => Duration::from_millis(1),
        };
        if stream.set_read_timeout(Some(timeout)).is_err() {
            return Read::Ended;
        }
        let mut chunk = [0; 16 * 1024];
        loop {
            return match stream.read(&mut chunk) {
                Ok(0) => Read::Ended,
                Ok(len) => {
                    buf.extend_from_slice(&chunk[..len]);
                    Read::Some
                }
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => continue,
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => Read::Nothing,
                    _ => Read::Ended,
                },
            };
        }
    }

    fn end_sending(&mut self, conn: Conn) {
        if let Some(stream) = &self.conns[conn] {
            let _ = stream.shutdown(Shutdown::Write);
        }
    }

    fn cut(&mut self, conn: Conn) {
        self.conns[conn] = None;
    }

    fn is_gone(&mut self, conn: Conn) -> bool {
        let Some(stream) = &mut self.conns[conn] else { return true };
        let until = Instant::now() + GONE;
        // What is sent to a connection that is gone is answered with a reset, which the write
        // after it sees.
        while Instant::now() < until {
            if stream.write_all(b"x").is_err() {
                return true;
            }
            pause(Duration::from_millis(20));
        }
        false
    }

    fn reading(&mut self, _: Conn, _: bool) -> Result<(), Unable> {
        Err(Unable("the buffers of sockets are in between".into()))
    }

    fn advance(&mut self, ms: u32) {
        pause(Duration::from_millis(u64::from(ms)));
    }

    fn clock(&self) -> Clock {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Clock::Real(now.map_or(0, |now| now.as_secs()))
    }

    fn drain(&mut self) -> Result<(), Unable> {
        let Some(process) = &self.process else {
            return Err(Unable("the server is not ours to end".into()));
        };
        process.terminate().map_err(|error| Unable(format!("no signal can be sent: {error}")))
    }

    fn fail_store(&mut self) -> Result<(), Unable> {
        Err(Unable("there is no hand on the store".into()))
    }
}

#[expect(clippy::disallowed_methods, reason = "a real server's time passes by itself")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
