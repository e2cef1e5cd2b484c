//! A client that waits for every answer: what sets up and checks a server, and measures nothing.

use crate::answer;
use anyhow::{Context, bail};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// For how long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request, whole.
#[must_use]
pub fn request(method: &str, path: &str, token: Option<&str>, body: &str) -> String {
    let token = token.map_or(String::new(), |token| format!("Authorization: Bearer {token}\r\n"));
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: floor\r\n{token}Content-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

/// A connection on which one waits for every answer.
#[derive(Debug)]
pub struct Asking {
    socket: TcpStream,
    input: Vec<u8>,
}

impl Asking {
    /// Connects.
    ///
    /// # Errors
    /// If nobody answers there.
    pub fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        Self::connect_within(address, PATIENCE)
    }

    /// Connects; the connection may take so long, and each wait for bytes.
    ///
    /// # Errors
    /// If nobody answers there.
    pub fn connect_within(address: SocketAddr, patience: Duration) -> anyhow::Result<Self> {
        let socket = TcpStream::connect_timeout(&address, patience)?;
        socket.set_read_timeout(Some(patience))?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, input: Vec::new() })
    }

    /// Sends a request and waits for its response: status and body.
    ///
    /// # Errors
    /// If there is none.
    pub fn ask(&mut self, request: &[u8]) -> anyhow::Result<(u16, Vec<u8>)> {
        self.send(request)?;
        self.receive()
    }

    /// Sends.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn send(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.socket.write_all(bytes)?)
    }

    /// Waits for a response.
    ///
    /// # Errors
    /// If there is none.
    pub fn receive(&mut self) -> anyhow::Result<(u16, Vec<u8>)> {
        loop {
            if let Some(answer) = answer::response(&self.input)? {
                let rest = self.input.split_off(answer.body.end);
                let body = self.input.split_off(answer.body.start);
                self.input = rest;
                return Ok((answer.status, body));
            }
            self.fill()?;
        }
    }

    /// Waits for a frame: opcode and payload.
    ///
    /// # Errors
    /// If there is none.
    pub fn receive_frame(&mut self) -> anyhow::Result<(u8, Vec<u8>)> {
        loop {
            if let Some(frame) = answer::frame(&self.input)? {
                let rest = self.input.split_off(frame.payload.end);
                let payload = self.input.split_off(frame.payload.start);
                self.input = rest;
                return Ok((frame.opcode, payload));
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> anyhow::Result<()> {
        let mut read = [0; 16 * 1024];
        match self.socket.read(&mut read) {
            Ok(0) => bail!("the server hung up"),
            Ok(count) => self.input.extend_from_slice(&read[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error).context("no answer"),
        }
        Ok(())
    }
}
