//! The bare readiness loop: one thread, one epoll instance, no runtime.
//!
//! A connection that is ready is read once into a buffer that all of them share; what is due is
//! sent at once. Only what a socket does not take is kept.

use crate::game::Game;
use crate::peers::TICK_MS;
use crate::wire::{Turn, Wire};
use engine_core::seam::Frame;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;

const LISTENER: u64 = u64::MAX;
const EVENTS: usize = 1024;
const READ_BYTES: usize = 16 * 1024;

/// One connection.
#[derive(Debug)]
struct Conn {
    socket: TcpStream,
    wire: Wire,
    /// An incomplete request, empty as a rule.
    input: Vec<u8>,
    /// What the socket did not take, empty as a rule.
    unsent: Vec<u8>,
    /// It ends when that is sent.
    closing: bool,
}

/// The loop's state.
#[derive(Debug)]
struct Loop {
    game: Game,
    epoll: OwnedFd,
    listener: TcpListener,
    conns: Vec<Option<Conn>>,
    free: Vec<usize>,
    /// The connections that get broadcasts.
    watching: Vec<usize>,
    read: Box<[u8]>,
    out: Vec<u8>,
}

/// Serves for ever.
///
/// # Errors
/// If the loop itself fails; a connection that fails is dropped.
pub fn serve(listener: TcpListener, game: Game) -> io::Result<()> {
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    let mut this = Loop {
        game,
        epoll,
        listener,
        conns: Vec::new(),
        free: Vec::new(),
        watching: Vec::new(),
        read: vec![0; READ_BYTES].into(),
        out: Vec::new(),
    };
    let mut events: Vec<Event> = Vec::with_capacity(EVENTS);
    let tick = Timespec { tv_sec: 0, tv_nsec: i64::from(TICK_MS) * 1_000_000 };
    loop {
        events.clear();
        // Nobody waits for time to pass but those who watch.
        let timeout = if this.watching.is_empty() { None } else { Some(&tick) };
        match epoll::wait(&this.epoll, rustix::buffer::spare_capacity(&mut events), timeout) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        this.game.wake();
        for event in &events {
            match event.data.u64() {
                LISTENER => this.accept()?,
                place => {
                    let place = usize::try_from(place).expect("a place of ours");
                    this.ready(place, event.flags);
                }
            }
        }
        if !this.watching.is_empty() {
            this.broadcast();
        }
    }
}

impl Loop {
    fn accept(&mut self) -> io::Result<()> {
        loop {
            let socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) => return Err(error),
            };
            socket.set_nonblocking(true)?;
            socket.set_nodelay(true)?;
            let place = self.free.pop().unwrap_or_else(|| {
                self.conns.push(None);
                self.conns.len() - 1
            });
            epoll::add(&self.epoll, &socket, EventData::new_u64(place as u64), EventFlags::IN)?;
            let (wire, input, unsent) = (Wire::default(), Vec::new(), Vec::new());
            self.conns[place] = Some(Conn { socket, wire, input, unsent, closing: false });
        }
    }

    fn ready(&mut self, place: usize, flags: EventFlags) {
        let Some(conn) = self.conns[place].as_mut() else { return };
        let alive = if flags.contains(EventFlags::OUT) {
            flush(&self.epoll, place, conn)
        } else {
            receive(&mut self.game, &self.epoll, place, conn, &mut self.read, &mut self.out)
        };
        match alive {
            Ok(Upgraded::No) => {}
            Ok(Upgraded::Yes) => self.watching.push(place),
            Err(_) => self.drop_conn(place),
        }
    }

    fn drop_conn(&mut self, place: usize) {
        let Some(conn) = self.conns[place].take() else { return };
        self.free.push(place);
        if let Wire::WebSocket { player, .. } = &conn.wire {
            self.game.leave(player);
            self.watching.retain(|watching| *watching != place);
        }
    }

    fn broadcast(&mut self) {
        let frames: Vec<Arc<Frame>> =
            self.game.tick().iter().map(|published| Arc::clone(&published.frame)).collect();
        let mut broken = Vec::new();
        for frame in &frames {
            for place in &self.watching {
                let Some(conn) = self.conns[*place].as_mut() else { continue };
                let Wire::WebSocket { player, .. } = &conn.wire else { continue };
                let wire = frame.wire[self.game.codec(player) as usize].as_deref();
                let sent = send(&self.epoll, *place, conn, wire.unwrap_or_default());
                if sent.is_err() {
                    broken.push(*place);
                }
            }
        }
        for place in broken {
            self.drop_conn(place);
        }
    }
}

/// Whether a connection has begun to speak WebSocket.
enum Upgraded {
    Yes,
    No,
}

/// Reads once and answers.
fn receive(
    game: &mut Game,
    epoll: &OwnedFd,
    place: usize,
    conn: &mut Conn,
    read: &mut [u8],
    out: &mut Vec<u8>,
) -> io::Result<Upgraded> {
    let count = match (&conn.socket).read(read) {
        Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
        Ok(count) => count,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Upgraded::No),
        Err(error) => return Err(error),
    };
    out.clear();
    let mut upgraded = Upgraded::No;
    // What is incomplete is rare, and costs a copy; what is whole is served from where it was read.
    let mut kept = std::mem::take(&mut conn.input);
    let held = !kept.is_empty();
    let mut rest: &mut [u8] = &mut read[..count];
    if held {
        kept.extend_from_slice(rest);
        rest = &mut kept;
    }
    while !rest.is_empty() {
        let consumed = match conn.wire.receive(game, rest, out) {
            Turn::Consumed(0) => break,
            Turn::Consumed(consumed) => consumed,
            Turn::Upgraded(consumed) => {
                upgraded = Upgraded::Yes;
                consumed
            }
            Turn::Close => {
                conn.closing = true;
                break;
            }
        };
        rest = &mut rest[consumed..];
    }
    if !rest.is_empty() && !conn.closing {
        conn.input = rest.to_vec();
    }
    send(epoll, place, conn, out)?;
    Ok(upgraded)
}

/// Sends, and waits for room for the rest.
fn send(epoll: &OwnedFd, place: usize, conn: &mut Conn, bytes: &[u8]) -> io::Result<()> {
    if !conn.unsent.is_empty() {
        conn.unsent.extend_from_slice(bytes);
        return Ok(());
    }
    let mut sent = 0;
    while sent < bytes.len() {
        match (&conn.socket).write(&bytes[sent..]) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                conn.unsent.extend_from_slice(&bytes[sent..]);
                // Nothing more is read from whoever does not take what is sent.
                let data = EventData::new_u64(place as u64);
                epoll::modify(epoll, &conn.socket, data, EventFlags::OUT)?;
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    if conn.closing { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

/// Sends what was kept, and reads again once that is done.
fn flush(epoll: &OwnedFd, place: usize, conn: &mut Conn) -> io::Result<Upgraded> {
    let unsent = std::mem::take(&mut conn.unsent);
    send(epoll, place, conn, &unsent)?;
    if conn.unsent.is_empty() {
        let data = EventData::new_u64(place as u64);
        epoll::modify(epoll, &conn.socket, data, EventFlags::IN)?;
    }
    Ok(Upgraded::No)
}
