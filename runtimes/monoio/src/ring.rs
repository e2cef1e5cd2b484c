//! On io_uring: reads and writes are handed to the kernel, many with one call.

use crate::socket::{self, Halves, Shutdown, descriptor};
use driver::node::Node;
use driver::runtime::{BufResult, ReadHalf, WriteHalf};
use driver::uring::{self, Flag};
use driver::{Unavailable, readiness};
use engine_core::arena::Arena;
use engine_core::service::Service;
use io_uring_06::IoUring;
use monoio::buf::IoBuf;
use monoio::io::{AsyncReadRent, AsyncWriteRent};
use monoio::net::TcpStream;
use monoio::time::TimeDriver;
use monoio::{IoUringDriver, Runtime as Monoio, RuntimeBuilder};
use std::cell::UnsafeCell;
use std::io;
use std::os::fd::BorrowedFd;
use std::rc::Rc;

/// Operations that are handed to the kernel at once.
const ENTRIES: u32 = 1024;
/// Results that fit the ring; the kernel keeps more, at a cost.
const RESULTS: u32 = 16 * 1024;
/// What a read in flight holds: a request or a message, as they come. What is longer is read in one
/// more call.
pub const READ_BYTES: usize = 512;

/// Whether io_uring can be had here, as this backend needs it.
///
/// # Errors
/// Why not, and what to do about it.
pub fn probe() -> Result<(), Unavailable> {
    uring::probe(&[Flag::CoopTaskrun, Flag::SingleIssuer, Flag::DeferTaskrun])
}

/// Serves until the node is drained or aborted. Blocks.
///
/// # Errors
/// If io_uring cannot be had, a listener not be registered, or a worker has panicked.
pub fn serve<A: Arena, S: Service>(node: Node<A, S>) -> io::Result<()> {
    probe().map_err(io::Error::other)?;
    node.run_per_core(|setup, seat, tables| {
        let built = uring::patiently(|| runtime(ENTRIES, RESULTS));
        let mut monoio = built.map_err(|error| io::Error::other(uring::explain(&error)))?;
        tables.part()?;
        monoio.block_on(crate::work::<Ring, _, _>(setup, seat))
    })
}

/// A runtime on a ring with the flags that monoio leaves out: as its rings come, each completion
/// interrupts the thread.
fn runtime(entries: u32, results: u32) -> io::Result<Monoio<TimeDriver<IoUringDriver>>> {
    let mut ring = IoUring::builder();
    ring.setup_coop_taskrun().setup_single_issuer().setup_defer_taskrun();
    ring.setup_cqsize(results);
    let builder = RuntimeBuilder::<IoUringDriver>::new().with_entries(entries);
    builder.uring_builder(ring).enable_timer().build()
}

/// Sockets of this driver.
struct Ring;

impl Halves for Ring {
    type Reader = Reader;
    type Writer = Writer;

    fn of(stream: TcpStream) -> (Reader, Writer) {
        let socket = Rc::new(Socket(UnsafeCell::new(stream)));
        (Reader { socket: socket.clone(), arrived: Vec::with_capacity(READ_BYTES) }, Writer(socket))
    }
}

/// A stream that both halves begin operations on.
struct Socket(UnsafeCell<TcpStream>);

impl Socket {
    /// The stream, to begin an operation on it, for which monoio asks to have it alone.
    ///
    /// # Safety
    /// It is not used any more when the operation has begun.
    #[expect(unsafe_code, clippy::mut_from_ref, reason = "an operation borrows it to its end")]
    unsafe fn begin(&self) -> &mut TcpStream {
        // SAFETY: one thread has the socket, and whoever borrows the stream begins an operation, or
        // makes one call, and lets go of it before anything else runs.
        unsafe { &mut *self.0.get() }
    }

    #[expect(unsafe_code, reason = "operations in flight do not use the stream")]
    fn descriptor(&self) -> BorrowedFd<'_> {
        // SAFETY: operations in flight do not use the stream, and none begins in a call of this.
        descriptor(unsafe { &*self.0.get() })
    }
}

/// The reading side of a socket.
pub(crate) struct Reader {
    socket: Rc<Socket>,
    /// Lent to the kernel while it waits, so that a connection that is idle holds no more.
    arrived: Vec<u8>,
}

impl ReadHalf for Reader {
    #[expect(unsafe_code, reason = "both halves begin operations on the stream")]
    async fn read(&mut self, mut buf: Vec<u8>) -> BufResult<usize> {
        let arrived = std::mem::take(&mut self.arrived);
        // SAFETY: a read that has begun holds its buffer and a share of the descriptor only.
        let (result, arrived) = unsafe { self.socket.begin() }.read(arrived).await;
        self.arrived = arrived;
        let result = result.map(|count| {
            readiness::append(&mut buf, |leased| {
                leased.extend_from_slice(&self.arrived);
                if count < self.arrived.capacity() {
                    return count;
                }
                // What is not there yet, or an error, comes with the next read.
                count + socket::recv(self.socket.descriptor(), leased).unwrap_or(0)
            })
        });
        (result, buf)
    }
}

/// The writing side of a socket.
#[derive(Clone)]
pub(crate) struct Writer(Rc<Socket>);

impl WriteHalf for Writer {
    #[expect(unsafe_code, reason = "both halves begin operations on the stream")]
    async fn write_all(&self, mut buf: Vec<u8>) -> BufResult<()> {
        let mut written = 0;
        while written < buf.len() {
            let rest = buf.slice(written..);
            // SAFETY: a write that has begun holds its buffer and a share of the descriptor only.
            let (result, rest) = unsafe { self.0.begin() }.write(rest).await;
            buf = rest.into_inner();
            match result {
                Ok(0) => return (Err(io::ErrorKind::WriteZero.into()), buf),
                Ok(count) => written += count,
                Err(error) => return (Err(error), buf),
            }
        }
        (Ok(()), buf)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        socket::send(self.0.descriptor(), bytes)
    }

    fn shutdown_write(&self) {
        socket::shutdown(self.0.descriptor(), Shutdown::Write);
    }

    fn abort(&self) {
        socket::shutdown(self.0.descriptor(), Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// Many more than a ring of the smallest size has room for.
    const PEERS: usize = 2_000;

    /// All begin to read when all can be read: their reads end as they begin, the ring holds a few
    /// of the results, and the kernel the rest.
    #[test]
    fn results_that_do_not_fit_the_ring_are_not_lost() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let mut peers = Vec::new();
        let mut streams = Vec::new();
        for _ in 0..PEERS {
            let mut peer = std::net::TcpStream::connect(addr).unwrap();
            peer.write_all(b"how are you?").unwrap();
            peers.push(peer);
            streams.push(listener.accept().unwrap().0);
        }
        runtime(256, 256).unwrap().block_on(async {
            let echo = |stream| async {
                let (mut reader, writer) = Ring::of(TcpStream::from_std(stream).unwrap());
                let (result, buf) = reader.read(b"> ".to_vec()).await;
                assert_eq!(result.unwrap(), 12);
                writer.write_all(buf).await.0.unwrap();
            };
            let echoes: Vec<_> = streams.into_iter().map(|s| monoio::spawn(echo(s))).collect();
            for echo in echoes {
                echo.await;
            }
        });
        for peer in &mut peers {
            let mut text = String::new();
            peer.read_to_string(&mut text).unwrap();
            assert_eq!(text, "> how are you?");
        }
    }
}
