//! On readiness (epoll), where io_uring cannot be had.
//!
//! A connection takes a read buffer when bytes are there, so an idle one holds none.

use crate::socket::{self, Halves, Shutdown, descriptor};
use driver::node::Node;
use driver::readiness;
use driver::runtime::{BufResult, ReadHalf, WriteHalf};
use engine_core::arena::Arena;
use engine_core::service::Service;
use monoio::net::TcpStream;
use monoio::{LegacyDriver, RuntimeBuilder};
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

/// Serves until the node is drained or aborted. Blocks.
///
/// # Errors
/// If a runtime cannot be built, a listener not be registered, or a worker has panicked.
pub fn serve<A: Arena, S: Service>(node: Node<A, S>) -> io::Result<()> {
    node.run_per_core(|setup, seat, tables| {
        let mut monoio = RuntimeBuilder::<LegacyDriver>::new().enable_timer().build()?;
        tables.part()?;
        monoio.block_on(crate::work::<Legacy, _, _>(setup, seat))
    })
}

/// Sockets of this driver.
struct Legacy;

impl Halves for Legacy {
    type Reader = Reader;
    type Writer = Writer;

    fn of(stream: TcpStream) -> (Reader, Writer) {
        let stream = Rc::new(stream);
        (Reader { stream: stream.clone(), is_drained: false }, Writer(stream))
    }
}

/// The reading side of a socket.
#[derive(Debug)]
pub(crate) struct Reader {
    stream: Rc<TcpStream>,
    /// Nothing was left when it was last read.
    is_drained: bool,
}

impl Reader {
    /// Waits until something is to be read.
    ///
    /// monoio takes a socket for readable until a call of its own has found it empty, and this
    /// backend's calls are not: `readable(false)` asks the system, whose "no" monoio believes. Then
    /// the next event is waited for, without asking again when it comes.
    async fn readable(&self) -> io::Result<()> {
        let mut asked = pin!(self.stream.readable(false));
        match poll_fn(|cx| Poll::Ready(asked.as_mut().poll(cx))).await {
            Poll::Ready(result) => result,
            Poll::Pending => self.stream.readable(true).await,
        }
    }
}

impl ReadHalf for Reader {
    async fn read(&mut self, mut buf: Vec<u8>) -> BufResult<usize> {
        loop {
            if self.is_drained
                && let Err(error) = self.readable().await
            {
                return (Err(error), buf);
            }
            let result = readiness::append(&mut buf, |leased| {
                let room = leased.capacity();
                let result = socket::recv(descriptor(&*self.stream), leased);
                self.is_drained = leased.len() < room;
                result
            });
            match result {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return (result, buf),
            }
        }
    }
}

/// The writing side of a socket.
#[derive(Clone, Debug)]
pub(crate) struct Writer(Rc<TcpStream>);

impl WriteHalf for Writer {
    async fn write_all(&self, buf: Vec<u8>) -> BufResult<()> {
        // Waiting is rare, and its future large.
        readiness::write_all(self, buf, || Box::pin(self.0.writable(false))).await
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        socket::send(descriptor(&*self.0), bytes)
    }

    fn shutdown_write(&self) {
        socket::shutdown(descriptor(&*self.0), Shutdown::Write);
    }

    fn abort(&self) {
        socket::shutdown(descriptor(&*self.0), Shutdown::Both);
    }
}
