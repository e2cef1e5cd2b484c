//! Sockets in memory, as unreliable as the seed wants them.

use super::executor::Sim;
use crate::buffers;
use crate::runtime::{BufResult, Listen, ReadHalf, WriteHalf};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// The fewest bytes that a direction holds.
const SOCKET_BYTES_MIN: usize = 64;

/// One direction of a connection.
#[derive(Debug)]
struct Pipe {
    bytes: VecDeque<u8>,
    bytes_max: usize,
    /// What the other end has taken out, as fast as it came, unless it has stopped reading.
    taken: Option<Vec<u8>>,
    /// Nothing more is written.
    ended: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// A connection, as both ends see it.
#[derive(Debug)]
struct Socket {
    to_server: Pipe,
    to_client: Pipe,
    /// The client has ended both directions at once.
    reset: bool,
    /// The server has ended both directions.
    aborted: bool,
    /// The server holds no part of it any more.
    closed: bool,
}

impl Pipe {
    fn new(sim: &Sim) -> Self {
        let max = sim.faults().socket_bytes_max;
        let bytes_max =
            if max == 0 { usize::MAX } else { max.min(SOCKET_BYTES_MIN + sim.below(max)) };
        let bytes = VecDeque::new();
        Self { bytes, bytes_max, taken: None, ended: false, reader: None, writer: None }
    }

    fn room(&self) -> usize {
        self.bytes_max.saturating_sub(self.bytes.len())
    }

    fn wake(&mut self) {
        self.reader.take().into_iter().chain(self.writer.take()).for_each(Waker::wake);
    }

    fn take(&mut self, count: usize) -> impl Iterator<Item = u8> {
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
        self.bytes.drain(..count)
    }

    fn append(&mut self, bytes: &[u8]) {
        match &mut self.taken {
            Some(taken) => taken.extend_from_slice(bytes),
            None => self.bytes.extend(bytes),
        }
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl Socket {
    fn wake(&mut self) {
        self.to_server.wake();
        self.to_client.wake();
    }

    /// How many bytes the server can read; 0 at the end of the stream.
    fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let pipe = &mut self.to_server;
        if pipe.bytes.is_empty() && !pipe.ended && !self.aborted {
            pipe.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(pipe.bytes.len()))
    }

    /// How many bytes the server can write.
    fn writable(&self) -> io::Result<usize> {
        if self.reset || self.aborted || self.to_client.ended {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(self.to_client.room())
    }
}

/// The client's end of a connection.
#[derive(Clone, Debug)]
pub struct Client {
    socket: Rc<RefCell<Socket>>,
}

impl Client {
    /// Sends `bytes`. The client's own buffers are without end.
    pub fn send(&self, bytes: &[u8]) {
        self.socket.borrow_mut().to_server.append(bytes);
    }

    /// What has arrived since the last call; nothing while the client does not read.
    #[must_use]
    pub fn receive(&self) -> Vec<u8> {
        let pipe = &mut self.socket.borrow_mut().to_client;
        pipe.taken.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Stops reading, so that the socket fills, or reads again as fast as bytes come.
    pub fn read(&self, reads: bool) {
        let pipe = &mut self.socket.borrow_mut().to_client;
        if !reads {
            let taken = pipe.taken.take().unwrap_or_default();
            assert!(taken.is_empty(), "what has arrived is received first");
        } else if pipe.taken.is_none() {
            let count = pipe.bytes.len();
            pipe.taken = Some(pipe.take(count).collect());
        }
    }

    /// Sends the end of the stream.
    pub fn finish(&self) {
        let pipe = &mut self.socket.borrow_mut().to_server;
        pipe.ended = true;
        pipe.wake();
    }

    /// Ends both directions at once; what has not been read is lost.
    pub fn reset(&self) {
        let mut socket = self.socket.borrow_mut();
        socket.reset = true;
        socket.to_client.bytes.clear();
        socket.to_client.taken = Some(Vec::new());
        socket.wake();
    }

    /// Whether the server has sent the end of its stream and all before it was received.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        let socket = self.socket.borrow();
        let ended = socket.to_client.ended || socket.aborted || socket.closed;
        let received = socket.to_client.taken.as_ref().is_some_and(Vec::is_empty);
        ended && received
    }

    /// Whether the server holds no part of the connection any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.socket.borrow().closed
    }

    /// Whether the server has ended the connection by force.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        self.socket.borrow().aborted
    }
}

/// The server's end; dropping it closes the connection.
struct End {
    sim: Sim,
    socket: Rc<RefCell<Socket>>,
}

impl Drop for End {
    fn drop(&mut self) {
        let mut socket = self.socket.borrow_mut();
        socket.closed = true;
        socket.wake();
    }
}

/// The reading side of the server's end.
pub struct SimReader(Rc<End>);

impl ReadHalf for SimReader {
    async fn read(&mut self, mut buf: Vec<u8>) -> BufResult<usize> {
        let End { sim, socket } = &*self.0;
        let in_flight = sim.in_flight("read");
        sim.perhaps_late().await;
        let result = poll_fn(|cx| socket.borrow_mut().poll_readable(cx)).await;
        let result = result.map(|readable| {
            if buf.capacity() == 0 && sim.below(2) == 0 {
                buf = buffers::lease();
            } else if buf.capacity() == buf.len() {
                buf.reserve_exact(1 + sim.below(buffers::BYTES));
            }
            let count = sim.portion(readable.min(buf.capacity() - buf.len()));
            buf.extend(socket.borrow_mut().to_server.take(count));
            count
        });
        in_flight.done();
        (result, buf)
    }
}

/// The writing side of the server's end.
#[derive(Clone)]
pub struct SimWriter(Rc<End>);

impl WriteHalf for SimWriter {
    async fn write_all(&self, buf: Vec<u8>) -> BufResult<()> {
        assert!(!buf.is_empty(), "nothing is not worth a write");
        let End { sim, socket } = &*self.0;
        let in_flight = sim.in_flight("write");
        let mut written = 0;
        let result = loop {
            if written == buf.len() {
                break Ok(());
            }
            sim.perhaps_late().await;
            let room = poll_fn(|cx| {
                let mut socket = socket.borrow_mut();
                match socket.writable() {
                    Ok(0) => {
                        socket.to_client.writer = Some(cx.waker().clone());
                        Poll::Pending
                    }
                    result => Poll::Ready(result),
                }
            });
            match room.await {
                Ok(room) => {
                    let count = sim.portion(room.min(buf.len() - written));
                    socket.borrow_mut().to_client.append(&buf[written..written + count]);
                    written += count;
                }
                Err(error) => break Err(error),
            }
        };
        in_flight.done();
        (result, buf)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let End { sim, socket } = &*self.0;
        let mut socket = socket.borrow_mut();
        let room = socket.writable()?;
        if room == 0 || sim.chance(sim.faults().late_percent) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = sim.portion(room.min(bytes.len()));
        socket.to_client.append(&bytes[..count]);
        Ok(count)
    }

    fn shutdown_write(&self) {
        let mut socket = self.0.socket.borrow_mut();
        socket.to_client.ended = true;
        socket.to_client.wake();
    }

    fn abort(&self) {
        let mut socket = self.0.socket.borrow_mut();
        socket.aborted = true;
        socket.wake();
    }
}

/// Connections that wait to be accepted.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    waiting: RefCell<VecDeque<Rc<RefCell<Socket>>>>,
    acceptor: RefCell<Option<Waker>>,
}

pub(super) fn connect(sim: &Sim, backlog: &Backlog) -> Client {
    let socket = Rc::new(RefCell::new(Socket {
        to_server: Pipe::new(sim),
        to_client: Pipe { taken: Some(Vec::new()), ..Pipe::new(sim) },
        reset: false,
        aborted: false,
        closed: false,
    }));
    backlog.waiting.borrow_mut().push_back(Rc::clone(&socket));
    if let Some(acceptor) = backlog.acceptor.take() {
        acceptor.wake();
    }
    Client { socket }
}

/// A listening socket.
pub struct SimListener {
    sim: Sim,
    backlog: Rc<Backlog>,
}

impl SimListener {
    pub(super) fn new(sim: &Sim, backlog: &Rc<Backlog>) -> Self {
        Self { sim: sim.clone(), backlog: Rc::clone(backlog) }
    }
}

impl Drop for SimListener {
    fn drop(&mut self) {
        for socket in self.backlog.waiting.take() {
            let mut socket = socket.borrow_mut();
            (socket.aborted, socket.closed) = (true, true);
        }
    }
}

impl Listen for SimListener {
    type Reader = SimReader;
    type Writer = SimWriter;

    async fn accept(&mut self) -> io::Result<(SimReader, SimWriter)> {
        self.sim.perhaps_late().await;
        poll_fn(|cx| {
            if self.backlog.waiting.borrow().is_empty() {
                self.backlog.acceptor.replace(Some(cx.waker().clone()));
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        if self.sim.chance(self.sim.faults().accept_percent) {
            return Err(io::Error::other("too many open files"));
        }
        self.accept_now()
    }

    fn accept_now(&mut self) -> io::Result<(SimReader, SimWriter)> {
        let socket = self.backlog.waiting.borrow_mut().pop_front();
        let socket = socket.ok_or(io::ErrorKind::WouldBlock)?;
        let end = Rc::new(End { sim: self.sim.clone(), socket });
        Ok((SimReader(Rc::clone(&end)), SimWriter(end)))
    }

    fn shutdown(&self) {}
}

macro_rules! opaque {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

opaque!(SimReader SimWriter SimListener);
