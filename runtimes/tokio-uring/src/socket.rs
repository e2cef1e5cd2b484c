//! A connection: what it has received and not read, what it sends, and its two halves.

use crate::queue::{Key, Op, Queue, Received, Token};
use crate::ring::{Ring, State, alive};
use driver::buffers;
use driver::runtime::{BufResult, ReadHalf, WriteHalf};
use rustix::io::Errno;
use rustix::net::{SendFlags, Shutdown, send, shutdown};
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// How many bytes wait to be read before no more are received; those on their way come on top.
pub(crate) const UNREAD_MAX: usize = 2 * buffers::BYTES;

/// A socket. It is closed when its handle is dropped and all its operations have completed.
pub(crate) struct Socket {
    pub(crate) fd: OwnedFd,
    /// Its handle is gone.
    dropped: bool,
    receiving: bool,
    /// Reception was ended for too many bytes that nobody reads.
    halted: bool,
    /// What was received and not read.
    pub(crate) unread: Vec<u8>,
    /// How reception ended, after `unread`.
    end: Option<Result<(), Errno>>,
    reader: Option<Waker>,
    sending: Option<Box<Sending>>,
}

/// A write of the ring.
pub(crate) struct Sending {
    buf: Vec<u8>,
    sent: usize,
    /// Set when the kernel does not use `buf` any more.
    result: Option<Result<(), Errno>>,
    writer: Option<Waker>,
}

impl Socket {
    fn is_sending(&self) -> bool {
        self.sending.as_ref().is_some_and(|sending| sending.result.is_none())
    }

    fn send_rest(&mut self, queue: &mut Queue, key: Key) {
        let Some(sending) = &self.sending else { return };
        #[expect(unsafe_code, reason = "the kernel borrows the buffer")]
        // SAFETY: the buffer is neither touched nor moved from `sending` without a result, and the
        // whole of it is kept until the operation has completed; a vector that moves leaves its
        // bytes where they are.
        unsafe {
            queue.send(&self.fd, &sending.buf[sending.sent..], key)
        }
    }
}

impl State {
    /// A socket of this ring. It receives when it is read.
    fn insert(&mut self, fd: OwnedFd) -> Key {
        self.sockets.insert(Socket {
            fd,
            dropped: false,
            receiving: false,
            halted: false,
            unread: Vec::new(),
            end: None,
            reader: None,
            sending: None,
        })
    }

    /// A reception has completed, or goes on.
    pub(crate) fn received(&mut self, key: Key, result: Result<Received, Errno>, more: bool) {
        let Some(socket) = self.sockets.get_mut(key) else {
            debug_assert!(false, "a socket waits for all its completions");
            return;
        };
        socket.receiving = more;
        match result {
            Ok(received) => {
                if received.count == 0 {
                    socket.end = Some(Ok(()));
                } else if socket.unread.capacity() == 0 {
                    socket.unread = buffers::lease();
                }
                self.buffers.take(received, &mut socket.unread);
                if more && socket.unread.len() >= UNREAD_MAX && !socket.halted {
                    socket.halted = true;
                    self.queue.cancel(Token(Op::Receive, key));
                }
            }
            // All buffers that were taken before have been given back by now.
            Err(Errno::NOBUFS) => self.no_buffers += 1,
            Err(Errno::CANCELED | Errno::INTR | Errno::AGAIN) => {}
            Err(errno) => socket.end = Some(Err(errno)),
        }
        if socket.dropped {
            self.free(key);
        } else if let Some(reader) = socket.reader.take() {
            self.wakers.push(reader);
        }
    }

    /// Appends what was received to `buf`.
    fn poll_read(
        &mut self,
        key: Key,
        buf: &mut Vec<u8>,
        cx: &Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let socket = alive(&mut self.sockets, key);
        if !socket.unread.is_empty() {
            let count = socket.unread.len();
            buffers::append(buf, std::mem::take(&mut socket.unread));
            return Poll::Ready(Ok(count));
        }
        if let Some(end) = socket.end {
            return Poll::Ready(end.map(|()| 0).map_err(io::Error::from));
        }
        if !socket.receiving {
            self.queue.receive(&socket.fd, key);
            self.rearms += u64::from(std::mem::take(&mut socket.halted));
            socket.receiving = true;
        }
        socket.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    fn try_write(&mut self, key: Key, bytes: &[u8]) -> io::Result<usize> {
        let socket = alive(&mut self.sockets, key);
        if socket.is_sending() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(send(&socket.fd, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)?)
    }

    /// Sends all of `buf`.
    fn begin_send(&mut self, key: Key, buf: Vec<u8>) {
        let socket = alive(&mut self.sockets, key);
        assert!(!socket.is_sending(), "one write of a socket is in flight");
        let sending = Sending { buf, sent: 0, result: None, writer: None };
        socket.sending = Some(match self.spare.pop() {
            Some(mut spare) => {
                *spare = sending;
                spare
            }
            None => Box::new(sending),
        });
        socket.send_rest(&mut self.queue, key);
    }

    fn poll_sent(&mut self, key: Key, cx: &Context<'_>) -> Poll<BufResult<()>> {
        let socket = alive(&mut self.sockets, key);
        if let Some(mut sending) = socket.sending.take_if(|sending| sending.result.is_some()) {
            let result = sending.result.unwrap_or(Ok(()));
            let buf = std::mem::take(&mut sending.buf);
            self.spare.push(sending);
            return Poll::Ready((result.map_err(io::Error::from), buf));
        }
        if let Some(sending) = &mut socket.sending {
            sending.writer = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// A send has completed.
    pub(crate) fn sent(&mut self, key: Key, result: Result<usize, Errno>) {
        let Some(socket) = self.sockets.get_mut(key) else { return };
        let Some(sending) = &mut socket.sending else { return };
        let outcome = match result {
            Ok(count) => {
                sending.sent += count;
                (sending.sent == sending.buf.len()).then_some(Ok(()))
            }
            Err(Errno::INTR) => None,
            Err(errno) => Some(Err(errno)),
        };
        if outcome.is_none() && !socket.dropped {
            socket.send_rest(&mut self.queue, key);
            return;
        }
        sending.result = outcome.or(Some(Err(Errno::PIPE)));
        self.wakers.extend(sending.writer.take());
        if socket.dropped {
            self.free(key);
        }
    }

    /// The handle is gone.
    fn release(&mut self, key: Key) {
        let socket = alive(&mut self.sockets, key);
        socket.dropped = true;
        let (receiving, sending) = (socket.receiving, socket.is_sending());
        if receiving {
            self.queue.cancel(Token(Op::Receive, key));
        }
        if sending {
            self.queue.cancel(Token(Op::Send, key));
        }
        self.free(key);
    }

    /// Closes the socket, if nothing of it is in flight.
    fn free(&mut self, key: Key) {
        let socket = alive(&mut self.sockets, key);
        if !socket.receiving && !socket.is_sending() {
            let socket = self.sockets.remove(key);
            buffers::give(socket.map(|socket| socket.unread).unwrap_or_default());
        }
    }
}

/// Keeps a socket.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) ring: Rc<Ring>,
    pub(crate) key: Key,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.ring.with(|state| state.release(self.key));
    }
}

/// The halves of a connection.
pub(crate) fn halves(ring: &Rc<Ring>, fd: OwnedFd) -> (Reader, Writer) {
    let key = ring.with(|state| state.insert(fd));
    let handle = Rc::new(Handle { ring: Rc::clone(ring), key });
    (Reader(Rc::clone(&handle)), Writer(handle))
}

/// The reading side of a socket.
#[derive(Debug)]
pub(crate) struct Reader(pub(crate) Rc<Handle>);

impl ReadHalf for Reader {
    async fn read(&mut self, mut buf: Vec<u8>) -> BufResult<usize> {
        let Handle { ring, key } = &*self.0;
        let result = poll_fn(|cx| ring.with(|state| state.poll_read(*key, &mut buf, cx))).await;
        (result, buf)
    }
}

/// The writing side of a socket.
#[derive(Clone, Debug)]
pub(crate) struct Writer(pub(crate) Rc<Handle>);

impl Writer {
    fn shutdown(&self, how: Shutdown) {
        let Handle { ring, key } = &*self.0;
        ring.with(|state| {
            let _ = shutdown(&alive(&mut state.sockets, *key).fd, how);
        });
    }
}

impl WriteHalf for Writer {
    async fn write_all(&self, buf: Vec<u8>) -> BufResult<()> {
        let Handle { ring, key } = &*self.0;
        ring.with(|state| state.begin_send(*key, buf));
        poll_fn(|cx| ring.with(|state| state.poll_sent(*key, cx))).await
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.ring.with(|state| state.try_write(self.0.key, bytes))
    }

    fn shutdown_write(&self) {
        self.shutdown(Shutdown::Write);
    }

    fn abort(&self) {
        self.shutdown(Shutdown::Both);
    }
}
