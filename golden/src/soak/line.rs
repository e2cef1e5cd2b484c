//! A connection as a client holds it that expects nothing: whatever the server does is good, and
//! nothing is waited for without end.

use crate::http::{self, Response, Unread};
use anyhow::{Context, Result};
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// For how long a server may take to answer before it counts as silent.
const PATIENCE: Duration = Duration::from_secs(8);
/// The receive buffer of a client that is slow on purpose, so that the server soon sees it.
const SMALL_BUFFER_BYTES: usize = 4096;

/// A connection.
#[derive(Debug)]
pub struct Line {
    stream: TcpStream,
    inbox: Vec<u8>,
}

impl Line {
    /// Connects.
    ///
    /// # Errors
    /// If nobody listens, or there are no ports or descriptors left.
    pub fn connect(to: SocketAddr) -> Result<Self> {
        Self::of(TcpStream::connect_timeout(&to, PATIENCE)?)
    }

    /// Connects with a small buffer for what comes.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_narrow(to: SocketAddr) -> Result<Self> {
        let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket =
            rustix::net::socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        sockopt::set_socket_recv_buffer_size(&socket, SMALL_BUFFER_BYTES)?;
        rustix::net::connect(&socket, &to)?;
        Self::of(TcpStream::from(socket))
    }

    fn of(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, inbox: Vec::new() })
    }

    /// Sends bytes; whether the system took them.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Sends `bytes` again and again until the system takes no more, or it is enough.
    pub fn stuff(&mut self, bytes: &[u8], times: usize) {
        let _ = self.stream.set_nonblocking(true);
        for _ in 0..times {
            if !matches!(self.stream.write(bytes), Ok(count) if count == bytes.len()) {
                break;
            }
        }
        let _ = self.stream.set_nonblocking(false);
    }

    /// Sends `bytes` in pieces that end at `cuts`.
    pub fn send_cut(&mut self, bytes: &[u8], at: usize) -> bool {
        let (first, rest) = bytes.split_at(at.min(bytes.len()));
        if !self.send(first) {
            return false;
        }
        std::thread::yield_now();
        self.send(rest)
    }

    /// The next response; none if none comes.
    pub fn response(&mut self) -> Option<Response> {
        let until = Instant::now() + PATIENCE;
        loop {
            match http::response(&self.inbox, false) {
                Ok((response, length)) => {
                    self.inbox.drain(..length);
                    return Some(response);
                }
                Err(Unread::Malformed) => return None,
                Err(Unread::More) if self.read_until(until) == 0 => return None,
                Err(Unread::More) => {}
            }
        }
    }

    /// Reads once, waiting no longer than `time`; whether bytes came.
    pub fn read_for(&mut self, time: Duration) -> bool {
        self.inbox.clear();
        self.read_until(Instant::now() + time) > 0
    }

    /// Reads until the server ends the connection, for at most `time`; whether it did.
    pub fn read_to_end(&mut self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.inbox.clear();
            if self.read_until(until) == 0 {
                return Instant::now() < until;
            }
        }
        false
    }

    /// How many bytes came: none at the end, and when it is too late.
    fn read_until(&mut self, until: Instant) -> usize {
        let left = until.saturating_duration_since(Instant::now());
        // No time at all would mean to wait for ever.
        let left = left.max(Duration::from_millis(1));
        let mut part = [0; 4096];
        loop {
            if self.stream.set_read_timeout(Some(left)).is_err() {
                return 0;
            }
            match self.stream.read(&mut part) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return 0,
                Ok(count) => {
                    self.inbox.extend_from_slice(&part[..count]);
                    return count;
                }
            }
        }
    }

    /// Says that nothing more follows.
    pub fn finish(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Resets the connection.
    pub fn reset(self) {
        // What is closed while it may linger for no time is reset (SO_LINGER).
        let _ = sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO));
    }
}

/// A request.
#[must_use]
pub fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let bearer = match token {
        "" => String::new(),
        token => format!("Authorization: Bearer {token}\r\n"),
    };
    let length = match body {
        "" => String::new(),
        body => format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()),
    };
    format!("{method} {path} HTTP/1.1\r\nHost: h\r\n{bearer}{length}\r\n{body}").into_bytes()
}

/// The body of what a server answers to one GET, on a connection of its own.
///
/// # Errors
/// If it does not answer 200.
pub fn document(at: SocketAddr, path: &str) -> Result<Vec<u8>> {
    let mut line = Line::connect(at)?;
    let get = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    line.send(get.as_bytes());
    let answer = line.response().with_context(|| format!("no answer to GET {path}"))?;
    anyhow::ensure!(answer.status == 200, "GET {path} is answered {}", answer.status);
    line.read_to_end(PATIENCE);
    Ok(answer.body)
}

/// Waits.
#[expect(clippy::disallowed_methods, reason = "a real server's time passes by itself")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}
