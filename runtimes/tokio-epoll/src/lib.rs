//! The Tokio backend on epoll, in two modes: work-stealing, or one runtime per core.
//!
//! The system tells readiness here: a connection takes a read buffer when bytes are there, so an
//! idle one holds none. What a server does is not here but in `driver`.

use driver::clock::{Clock, Moment};
use driver::connection::Connection;
use driver::loops::{Loop, tick_loop};
use driver::node::{self, Node, Seat, Setup};
use driver::runtime::{BufResult, Listen, ReadHalf, Runtime, WriteHalf};
use driver::{Tables, net, readiness};
use engine_core::arena::Arena;
use engine_core::service::Service;
use rustix::buffer::spare_capacity;
use socket2::SockRef;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::mem;
use std::net::Shutdown;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions};

/// How the workers share the threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One scheduler; a task runs wherever a thread is free, and each worker is behind a lock.
    WorkStealing,
    /// One thread, one scheduler and, where there are several, one listener for each worker.
    PerCore,
}

/// Serves until the node is drained or aborted. Blocks.
///
/// # Errors
/// If a runtime cannot be built, a listener not be registered, or a worker has panicked.
pub fn serve<A: Arena, S: Service>(mode: Mode, node: Node<A, S>) -> io::Result<()> {
    match mode {
        Mode::WorkStealing => work_stealing(node),
        Mode::PerCore => node.run_per_core(per_core),
    }
}

fn work_stealing<A: Arena, S: Service>(node: Node<A, S>) -> io::Result<()> {
    let (pin, threads) = (node.pin, AtomicUsize::new(0));
    let (setup, seats) = node.seats();
    let tokio = Builder::new_multi_thread()
        .worker_threads(seats.len())
        .thread_name("hunt-worker")
        .on_thread_start(move || net::pin_if(pin, threads.fetch_add(1, Ordering::Relaxed)))
        .enable_all()
        .build()?;
    tokio.block_on(async {
        let rt = Stealing(Clock::start());
        let workers: Vec<_> = seats.iter().map(|seat| setup.worker(&rt, seat.worker)).collect();
        let mut ticks = Vec::new();
        for (seat, worker) in seats.into_iter().zip(&workers) {
            let (public, admin) = listeners(seat)?;
            node::start(&rt, worker, &workers, public, admin);
            ticks.push(tokio::spawn(tick_loop(rt, worker.clone())));
        }
        for tick in ticks {
            tick.await.map_err(io::Error::other)?;
        }
        Ok(())
    })
}

fn per_core<A: Arena, S: Service>(
    setup: &Setup<A, S>,
    seat: Seat,
    tables: Tables<'_>,
) -> io::Result<()> {
    let tokio = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    tables.part()?;
    tokio.block_on(async {
        let rt = PerCore(Clock::start());
        let worker = setup.worker(&rt, seat.worker);
        let (public, admin) = listeners(seat)?;
        node::start(&rt, &worker, std::slice::from_ref(&worker), public, admin);
        tick_loop(rt, worker).await;
        Ok(())
    })
}

fn listeners(seat: Seat) -> io::Result<(Option<Listener>, Option<Listener>)> {
    let register = |listener| TcpListener::from_std(listener).map(Listener);
    Ok((seat.public.map(register).transpose()?, seat.admin.map(register).transpose()?))
}

macro_rules! runtime {
    ($(#[$doc:meta])* $name:ident, $shared:ty, $spawn:path) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        struct $name(Clock);

        impl Runtime for $name {
            type Listener = Listener;
            type Reader = Reader;
            type Writer = Writer;
            type Shared<T: 'static> = $shared;

            fn now(&self) -> Moment {
                self.0.now()
            }

            fn sleep(&self, time: Duration) -> impl Future<Output = ()> {
                tokio::time::sleep(time)
            }

            fn spawn_connection<A: Arena, S: Service>(&self, task: Connection<Self, A, S>) {
                $spawn(task.run());
            }

            fn spawn_loop<A: Arena, S: Service>(&self, task: Loop<Self, A, S>) {
                $spawn(task.run());
            }
        }
    };
}

runtime!(
    /// Tasks move between threads.
    Stealing, Arc<Mutex<T>>, tokio::spawn
);
runtime!(
    /// Tasks stay on their thread.
    PerCore, Rc<RefCell<T>>, tokio::task::spawn_local
);

/// A listening socket.
#[derive(Debug)]
struct Listener(TcpListener);

impl Listen for Listener {
    type Reader = Reader;
    type Writer = Writer;

    async fn accept(&mut self) -> io::Result<(Reader, Writer)> {
        self.0.accept().await.map(|(stream, _)| halves(stream))
    }

    fn accept_now(&mut self) -> io::Result<(Reader, Writer)> {
        // Tokio may not have heard of the connections that wait, so the system is asked.
        let (socket, _) = SockRef::from(&self.0).accept()?;
        socket.set_nonblocking(true)?;
        TcpStream::from_std(socket.into()).map(halves)
    }

    fn shutdown(&self) {
        let _ = SockRef::from(&self.0).shutdown(Shutdown::Both);
    }
}

fn halves(stream: TcpStream) -> (Reader, Writer) {
    // Fails on a connection that has ended already, which reading will find.
    let _ = stream.set_nodelay(true);
    let stream = Arc::new(stream);
    (Reader(stream.clone()), Writer(stream))
}

/// The reading side of a socket.
#[derive(Debug)]
struct Reader(Arc<TcpStream>);

impl Reader {
    /// Appends what is there to `buf`, or waits for it.
    fn poll_read(&self, cx: &mut Context<'_>, buf: &mut Vec<u8>) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            let (room, mut count) = (buf.capacity() - buf.len(), 0);
            let result = self.0.try_io(Interest::READABLE, || {
                count = rustix::io::read(&self.0, spare_capacity(buf))?;
                // A short read has left nothing: saying so saves the call that would find out.
                if 0 < count && count < room { Err(ErrorKind::WouldBlock.into()) } else { Ok(()) }
            });
            match result {
                Err(error) if count == 0 && error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if count == 0 && error.kind() == ErrorKind::Interrupted => {}
                Err(error) if count == 0 => return Poll::Ready(Err(error)),
                Ok(()) | Err(_) => return Poll::Ready(Ok(count)),
            }
        }
    }
}

impl ReadHalf for Reader {
    fn read(&mut self, mut buf: Vec<u8>) -> impl Future<Output = BufResult<usize>> {
        poll_fn(move |cx| {
            let result = ready!(readiness::append(&mut buf, |leased| self.poll_read(cx, leased)));
            Poll::Ready((result, mem::take(&mut buf)))
        })
    }
}

/// The writing side of a socket.
#[derive(Clone, Debug)]
struct Writer(Arc<TcpStream>);

impl WriteHalf for Writer {
    fn write_all(&self, buf: Vec<u8>) -> impl Future<Output = BufResult<()>> {
        readiness::poll_write_all(self, buf, |writer, cx| writer.0.poll_write_ready(cx))
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn shutdown_write(&self) {
        let _ = SockRef::from(&*self.0).shutdown(Shutdown::Write);
    }

    fn abort(&self) {
        let _ = SockRef::from(&*self.0).shutdown(Shutdown::Both);
    }
}
