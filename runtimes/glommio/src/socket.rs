//! Sockets: the system calls are tried first, the ring says when to try again.

use driver::buffers;
use driver::readiness;
use driver::runtime::{BufResult, Listen, ReadHalf, WriteHalf};
use futures_io::{AsyncRead, AsyncWrite};
use glommio::net::TcpStream;
use rustix::net::{SendFlags, Shutdown, send, shutdown};
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, ready};

/// A listening socket.
///
/// glommio's own cannot be used: it switches `O_NONBLOCK` on and off around each `accept`, which
/// makes workers that share a socket block each other, and a connection that it has accepted is
/// lost when the future is dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    scratch: Scratch,
}

/// What a worker reads into. glommio wants bytes that were written before, which a leased buffer
/// has not.
type Scratch = Rc<RefCell<Box<[u8]>>>;

impl Listener {
    /// `socket` must not block.
    pub(crate) fn new(socket: TcpListener) -> Self {
        let scratch = vec![0; buffers::BYTES].into_boxed_slice();
        Self { socket, scratch: Rc::new(RefCell::new(scratch)) }
    }

    /// Waits until a connection waits. A copy of the socket is polled as if it were a stream:
    /// glommio reads from it when the ring says that it is ready, and is told that it cannot.
    async fn readable(&self) -> io::Result<()> {
        let mut copy = stream(self.socket.try_clone()?.into());
        let _ = poll_fn(|cx| Pin::new(&mut copy).poll_read(cx, &mut [0])).await;
        Ok(())
    }
}

impl Listen for Listener {
    type Reader = Reader;
    type Writer = Writer;

    async fn accept(&mut self) -> io::Result<(Reader, Writer)> {
        loop {
            // A flood of connections keeps other tasks waiting no longer than those do it.
            glommio::yield_if_needed().await;
            match self.accept_now() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.readable().await?,
                result => return result,
            }
        }
    }

    fn accept_now(&mut self) -> io::Result<(Reader, Writer)> {
        let (socket, _) = self.socket.accept()?;
        // Fails on a connection that has ended already, which reading will find.
        let _ = socket.set_nodelay(true);
        let socket = Rc::new(Socket(RefCell::new(stream(socket.into()))));
        Ok((Reader { socket: socket.clone(), scratch: self.scratch.clone() }, Writer(socket)))
    }

    fn shutdown(&self) {
        let _ = shutdown(&self.socket, Shutdown::Both);
    }
}

/// glommio's stream over a socket, which is asked for reading from now on.
fn stream(socket: OwnedFd) -> TcpStream {
    #[expect(unsafe_code, reason = "glommio takes a socket of this socket2 in no other way")]
    // SAFETY: the descriptor is open, and its owner gives it away here.
    unsafe {
        TcpStream::from_raw_fd(socket.into_raw_fd())
    }
}

/// A connected socket that its halves share. glommio's stream is borrowed for a poll at a time.
#[derive(Debug)]
struct Socket(RefCell<TcpStream>);

impl Socket {
    fn fd(&self) -> BorrowedFd<'_> {
        let fd = self.0.borrow().as_raw_fd();
        #[expect(unsafe_code, reason = "glommio lends a descriptor as a number only")]
        // SAFETY: the stream closes its descriptor when it is dropped and not before, and it is
        // never taken out of `self`.
        unsafe {
            BorrowedFd::borrow_raw(fd)
        }
    }
}

/// The reading side of a socket.
#[derive(Debug)]
pub(crate) struct Reader {
    socket: Rc<Socket>,
    scratch: Scratch,
}

impl ReadHalf for Reader {
    async fn read(&mut self, mut buf: Vec<u8>) -> BufResult<usize> {
        let read = poll_fn(|cx| {
            readiness::append(&mut buf, |leased| {
                let (mut stream, mut scratch) =
                    (self.socket.0.borrow_mut(), self.scratch.borrow_mut());
                let count = ready!(Pin::new(&mut *stream).poll_read(cx, &mut scratch))?;
                leased.extend_from_slice(&scratch[..count]);
                Poll::Ready(Ok(count))
            })
        });
        (read.await, buf)
    }
}

/// The writing side of a socket.
#[derive(Clone, Debug)]
pub(crate) struct Writer(Rc<Socket>);

impl WriteHalf for Writer {
    async fn write_all(&self, buf: Vec<u8>) -> BufResult<()> {
        let mut written = 0;
        while written < buf.len() {
            let write =
                poll_fn(|cx| Pin::new(&mut *self.0.0.borrow_mut()).poll_write(cx, &buf[written..]));
            match write.await {
                Ok(count) => written += count,
                Err(error) => return (Err(error), buf),
            }
        }
        (Ok(()), buf)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(self.0.fd(), bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)?)
    }

    fn shutdown_write(&self) {
        let _ = shutdown(self.0.fd(), Shutdown::Write);
    }

    fn abort(&self) {
        let _ = shutdown(self.0.fd(), Shutdown::Both);
    }
}
