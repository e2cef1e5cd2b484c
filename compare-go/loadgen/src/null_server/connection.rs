//! One connection of the null server: where requests end, and what of the answers is unsent.

use rustix::event::epoll::{self, EventData, EventFlags};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;

/// The longest head of a request.
pub(super) const HEAD_BYTES_MAX: usize = 16 * 1024;

/// What every request is answered with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Response<'a> {
    pub(super) bytes: &'a [u8],
    /// How much of it is sent before it is due.
    pub(super) early_bytes: usize,
}

#[derive(Debug)]
pub(super) struct Connection {
    socket: TcpStream,
    /// Which connection it is, as its place may have been another's.
    pub(super) generation: u64,
    /// Requests whose answers are not due yet.
    pub(super) waiting: usize,
    /// Answers that are due and not wholly sent.
    pub(super) owed: usize,
    /// How much of the first answer that is not wholly sent is.
    sent_bytes: usize,
    /// Whether the socket is waited for to take more, and nothing is read meanwhile.
    blocked: bool,
    /// The begin of a head.
    head: Vec<u8>,
    /// What is still to come of a body, which nobody looks at.
    body_bytes_left: u64,
}

impl Connection {
    pub(super) fn new(socket: TcpStream, generation: u64) -> Self {
        Self {
            socket,
            generation,
            waiting: 0,
            owed: 0,
            sent_bytes: 0,
            blocked: false,
            head: Vec::new(),
            body_bytes_left: 0,
        }
    }

    /// Sends what the socket did not take before, or reads; how many requests are whole now.
    ///
    /// # Errors
    /// If the connection is of no more use.
    pub(super) fn ready(
        &mut self,
        epoll: &OwnedFd,
        place: usize,
        response: Response<'_>,
        read: &mut [u8],
    ) -> io::Result<usize> {
        if self.blocked {
            self.send(epoll, place, response)?;
            return Ok(0);
        }
        let asked = match (&self.socket).read(read) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => self.receive(&read[..count])?,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        self.waiting += asked;
        self.send(epoll, place, response)?;
        Ok(asked)
    }

    /// Sends what may be sent, and waits for room for the rest.
    ///
    /// # Errors
    /// If the connection is of no more use.
    pub(super) fn send(
        &mut self,
        epoll: &OwnedFd,
        place: usize,
        response: Response<'_>,
    ) -> io::Result<()> {
        let data = EventData::new_u64(place as u64);
        let Response { bytes: response, early_bytes } = response;
        loop {
            let end = match (self.owed, self.waiting) {
                (0, 0) => 0,
                (0, _) => early_bytes,
                _ => response.len(),
            };
            if self.sent_bytes >= end {
                break;
            }
            match (&self.socket).write(&response[self.sent_bytes..end]) {
                Ok(count) => self.sent_bytes += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !std::mem::replace(&mut self.blocked, true) {
                        epoll::modify(epoll, &self.socket, data, EventFlags::OUT)?;
                    }
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            if self.sent_bytes == response.len() {
                self.sent_bytes = 0;
                self.owed -= 1;
            }
        }
        if std::mem::take(&mut self.blocked) {
            epoll::modify(epoll, &self.socket, data, EventFlags::IN)?;
        }
        Ok(())
    }

    /// How many requests end in these bytes.
    fn receive(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut whole = 0;
        let mut kept = std::mem::take(&mut self.head);
        let mut bytes = bytes;
        if !kept.is_empty() {
            kept.extend_from_slice(bytes);
            bytes = &kept;
        }
        while !bytes.is_empty() {
            if self.body_bytes_left == 0 {
                let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
                    if bytes.len() > HEAD_BYTES_MAX {
                        return Err(ErrorKind::InvalidData.into());
                    }
                    self.head = bytes.to_vec();
                    break;
                };
                self.body_bytes_left = body_bytes(&bytes[..end])?;
                bytes = &bytes[end + 4..];
            }
            let here = self.body_bytes_left.min(bytes.len() as u64);
            self.body_bytes_left -= here;
            bytes = &bytes[usize::try_from(here).expect("no more than there are")..];
            whole += usize::from(self.body_bytes_left == 0);
        }
        Ok(whole)
    }
}

/// How long the body after a head is.
fn body_bytes(head: &[u8]) -> io::Result<u64> {
    let bad = || io::Error::from(ErrorKind::InvalidData);
    let mut bytes = 0;
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            return Err(bad());
        }
        if name.eq_ignore_ascii_case(b"content-length") {
            let value = std::str::from_utf8(value).map_err(|_| bad())?;
            bytes = value.parse().map_err(|_| bad())?;
        }
    }
    Ok(bytes)
}
