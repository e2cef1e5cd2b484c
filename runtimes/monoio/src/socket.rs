//! Listening sockets, and calls that do their work at once: no driver has a part in them.

use crate::turns;
use driver::runtime::{Listen, ReadHalf, WriteHalf};
use monoio::net::{TcpListener, TcpStream};
use rustix::buffer::spare_capacity;
use rustix::net::{RecvFlags, SendFlags, SocketFlags};
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, BorrowedFd};

pub(crate) use rustix::net::Shutdown;

/// Connections that are accepted before other tasks run.
const IN_A_ROW_MAX: usize = 64;

/// How the two drivers differ.
pub(crate) trait Halves: 'static {
    /// The reading side of a socket.
    type Reader: ReadHalf + 'static;
    /// The writing side of a socket.
    type Writer: WriteHalf + 'static;

    /// Both sides of a socket.
    fn of(stream: TcpStream) -> (Self::Reader, Self::Writer);
}

/// A socket of monoio, which owns its descriptor.
pub(crate) trait Owner: AsRawFd {}
impl Owner for TcpListener {}
impl Owner for TcpStream {}

/// The descriptor of a socket.
#[expect(unsafe_code, reason = "monoio lends descriptors as numbers only")]
pub(crate) fn descriptor(owner: &impl Owner) -> BorrowedFd<'_> {
    // SAFETY: the socket closes its descriptor when it is dropped, and not before.
    unsafe { BorrowedFd::borrow_raw(owner.as_raw_fd()) }
}

/// Appends what has arrived, as far as `buf` has room.
pub(crate) fn recv(socket: BorrowedFd<'_>, buf: &mut Vec<u8>) -> io::Result<usize> {
    let (count, _) = rustix::net::recv(socket, spare_capacity(buf), RecvFlags::DONTWAIT)?;
    Ok(count)
}

/// Sends what the system takes at once.
pub(crate) fn send(socket: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    Ok(rustix::net::send(socket, bytes, flags)?)
}

/// Ends one direction, or both. An error is not reported: reading will find it.
pub(crate) fn shutdown(socket: BorrowedFd<'_>, how: Shutdown) {
    let _ = rustix::net::shutdown(socket, how);
}

/// A listening socket.
///
/// The driver says only when a connection waits, and the system is asked for it. So a future that
/// is dropped has accepted nothing, and an error of `accept` is told once for each try.
#[derive(Debug)]
pub(crate) struct Listener<H> {
    listener: TcpListener,
    /// Connections that were accepted one after another, without a wait.
    in_a_row: usize,
    halves: PhantomData<H>,
}

impl<H> Listener<H> {
    /// Within the runtime that is to use it.
    pub(crate) fn new(listener: std::net::TcpListener) -> io::Result<Self> {
        let listener = TcpListener::from_std(listener)?;
        Ok(Self { listener, in_a_row: 0, halves: PhantomData })
    }
}

impl<H: Halves> Listen for Listener<H> {
    type Reader = H::Reader;
    type Writer = H::Writer;

    async fn accept(&mut self) -> io::Result<(H::Reader, H::Writer)> {
        if self.in_a_row == IN_A_ROW_MAX {
            self.in_a_row = 0;
            turns::yield_now().await;
        }
        loop {
            match self.accept_now() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.in_a_row = 0;
                    self.listener.readable(false).await?;
                }
                result => {
                    self.in_a_row += 1;
                    return result;
                }
            }
        }
    }

    fn accept_now(&mut self) -> io::Result<(H::Reader, H::Writer)> {
        let listener = descriptor(&self.listener);
        let socket = rustix::net::accept_with(listener, SocketFlags::CLOEXEC)?;
        let stream = TcpStream::from_std(socket.into())?;
        // Fails on a connection that has ended already, which reading will find.
        let _ = stream.set_nodelay(true);
        Ok(H::of(stream))
    }

    fn shutdown(&self) {
        shutdown(descriptor(&self.listener), Shutdown::Both);
    }
}
