//! What a runtime must offer, and nothing else: a listener, two halves of a socket, a clock, a
//! sleep, a way to spawn, and a cell for what tasks share.

use crate::clock::Moment;
use crate::connection::Connection;
use crate::figures::RuntimeFigures;
use crate::loops::Loop;
use engine_core::arena::Arena;
use engine_core::service::Service;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

/// What an operation came to, and the buffer that was lent to it.
pub type BufResult<T> = (io::Result<T>, Vec<u8>);

/// The reading side of a socket.
pub trait ReadHalf {
    /// Appends what arrives to `buf`, and says how many bytes came; 0 at the end of the stream.
    ///
    /// A `buf` without spare room is given some by the backend. Where the system tells readiness,
    /// that is a buffer of [`crate::buffers`] which is taken when bytes are there, so that an idle
    /// connection holds none. The future is never dropped before it is ready;
    /// [`WriteHalf::abort`] makes it ready.
    fn read(&mut self, buf: Vec<u8>) -> impl Future<Output = BufResult<usize>>;
}

/// The writing side of a socket. Clones write to the same socket.
pub trait WriteHalf: Clone {
    /// Writes all of `buf`, which must not be empty. The future is never dropped before it is
    /// ready; [`WriteHalf::abort`] makes it ready. Never called twice at a time for one socket.
    fn write_all(&self, buf: Vec<u8>) -> impl Future<Output = BufResult<()>>;

    /// Writes what the system takes at once, perhaps a part of `bytes`.
    ///
    /// # Errors
    /// `WouldBlock` where it takes nothing now; else whatever the system says.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Tells the peer that nothing more follows. An error is not reported: reading will find it.
    fn shutdown_write(&self);

    /// Ends both directions, so that operations in flight come back.
    fn abort(&self);
}

/// A listening socket.
pub trait Listen {
    /// The reading side of what it accepts.
    type Reader: ReadHalf;
    /// The writing side of what it accepts.
    type Writer: WriteHalf;

    /// The next connection, with delays for small writes (Nagle) switched off.
    ///
    /// Unlike reads and writes, this future may be dropped: a connection that the system has
    /// handed over by then is returned by the next call.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Reader, Self::Writer)>>;

    /// A connection that waits already.
    ///
    /// # Errors
    /// `WouldBlock` where none waits; else whatever the system says.
    fn accept_now(&mut self) -> io::Result<(Self::Reader, Self::Writer)>;

    /// Stops listening, whoever else holds the socket: `shutdown(2)` on it.
    fn shutdown(&self);
}

/// A cell that tasks of one worker share: each holds a clone.
pub trait Share<T>: Clone + 'static {
    /// A cell with this value.
    fn new(value: T) -> Self;

    /// Lends the value to `f`, which must not come back to the same cell.
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R;
}

/// For runtimes whose tasks stay on their thread.
impl<T: 'static> Share<T> for Rc<RefCell<T>> {
    fn new(value: T) -> Self {
        Self::new(RefCell::new(value))
    }

    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        // After a panic in `f` the value may be half changed, so it stays borrowed for good.
        let mut value = ManuallyDrop::new(self.borrow_mut());
        let result = f(&mut value);
        drop(ManuallyDrop::into_inner(value));
        result
    }
}

/// For runtimes whose tasks move between threads.
impl<T: 'static> Share<T> for Arc<Mutex<T>> {
    fn new(value: T) -> Self {
        Self::new(Mutex::new(value))
    }

    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.lock().expect("a worker that panicked cannot go on"))
    }
}

/// A runtime.
///
/// A generic future cannot be shown to be `Send`, so tasks are spawned by the backend, where all
/// types are known: `tokio::spawn(task.run())`.
pub trait Runtime: Clone + 'static {
    /// Its listener.
    type Listener: Listen<Reader = Self::Reader, Writer = Self::Writer> + 'static;
    /// The reading side of its sockets.
    type Reader: ReadHalf + 'static;
    /// The writing side of its sockets.
    type Writer: WriteHalf + 'static;
    /// `Rc<RefCell<T>>` or `Arc<Mutex<T>>`.
    type Shared<T: 'static>: Share<T>;

    /// The time.
    fn now(&self) -> Moment;

    /// Ready when this much time has passed, or a millisecond later: some timers count whole ones.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()>;

    /// Lets other tasks run: ready when those that can have had their turn. Operations complete all
    /// the same where somebody always yields. As it comes, it is for runtimes where a task that
    /// wakes itself goes behind all others, and that look for news when tasks can run, too.
    fn yield_now(&self) -> impl Future<Output = ()> {
        yield_by(Waker::wake)
    }

    /// Runs a connection to its end.
    fn spawn_connection<A: Arena, S: Service>(&self, task: Connection<Self, A, S>);

    /// Runs a loop to its end, or to the end of the runtime.
    fn spawn_loop<A: Arena, S: Service>(&self, task: Loop<Self, A, S>);

    /// What it has to tell of itself. Called a few times a second.
    fn figures(&self) -> RuntimeFigures {
        RuntimeFigures::default()
    }
}

/// Waits once, and hands its waker to `wake`, which says behind whom the task runs again.
pub async fn yield_by(wake: impl FnOnce(Waker)) {
    let mut wake = Some(wake);
    poll_fn(|cx| match wake.take() {
        Some(wake) => {
            wake(cx.waker().clone());
            Poll::Pending
        }
        None => Poll::Ready(()),
    })
    .await;
}
