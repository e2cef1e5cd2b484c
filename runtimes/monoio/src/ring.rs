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
use monoio::{IoUringDriver, RuntimeBuilder};
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
    serve_with(node, ENTRIES, RESULTS)
}

/// With rings of another size, for tests.
#[doc(hidden)]
pub fn serve_with<A: Arena, S: Service>(
    node: Node<A, S>,
    entries: u32,
    results: u32,
) -> io::Result<()> {
    probe().map_err(io::Error::other)?;
    node.run_per_core(|setup, seat, tables| {
        let mut ring = IoUring::builder();
        // As they come, monoio's rings interrupt the thread for each completion.
        ring.setup_coop_taskrun().setup_single_issuer().setup_defer_taskrun();
        ring.setup_cqsize(results);
        let builder = RuntimeBuilder::<IoUringDriver>::new().with_entries(entries);
        let built = builder.uring_builder(ring).enable_timer().build();
        let mut monoio = built.map_err(|error| io::Error::other(uring::explain(&error)))?;
        tables.part()?;
        monoio.block_on(crate::work::<Ring, _, _>(setup, seat))
    })
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
        // SAFETY: operations in flight do not use the stream, and none begins while this borrows it.
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
