//! A listener: connections that the kernel accepts without being asked again.

use crate::queue::{Key, Op, Token};
use crate::ring::{Ring, State, alive};
use crate::socket::{Reader, Writer, halves};
use driver::runtime::Listen;
use rustix::io::Errno;
use socket2::SockRef;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::{Shutdown, TcpListener};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// After how many turns of the ring a cancellation has come through, which takes two.
const CANCEL_TURNS_MAX: usize = 8;

/// A listening socket. It is closed when its handle is dropped and no operation is in flight.
pub(crate) struct Port {
    pub(crate) fd: OwnedFd,
    /// Its handle is gone.
    dropped: bool,
    accepting: bool,
    pub(crate) ready: VecDeque<Result<OwnedFd, Errno>>,
    acceptor: Option<Waker>,
}

impl State {
    /// Something was accepted, or an error ended that.
    pub(crate) fn accepted(&mut self, key: Key, result: Result<OwnedFd, Errno>, more: bool) {
        let Some(port) = self.ports.get_mut(key) else { return };
        port.accepting = more;
        if port.dropped {
            self.free_port(key);
        } else if !matches!(result, Err(Errno::CANCELED)) {
            port.ready.push_back(result);
            self.wakers.extend(port.acceptor.take());
        }
    }

    fn poll_accept(&mut self, key: Key, cx: &Context<'_>) -> Poll<io::Result<OwnedFd>> {
        let port = alive(&mut self.ports, key);
        if let Some(accepted) = port.ready.pop_front() {
            return Poll::Ready(accepted.map_err(io::Error::from));
        }
        if !port.accepting {
            port.accepting = true;
            self.queue.accept(&port.fd, key);
        }
        port.acceptor = Some(cx.waker().clone());
        Poll::Pending
    }

    /// A connection that was accepted already, or one that waits.
    fn accept_now(&mut self, key: Key) -> io::Result<OwnedFd> {
        let port = alive(&mut self.ports, key);
        while let Some(accepted) = port.ready.pop_front() {
            if let Ok(fd) = accepted {
                return Ok(fd);
            }
        }
        SockRef::from(&port.fd).accept().map(|(socket, _)| socket.into())
    }

    fn release_port(&mut self, key: Key) {
        let port = alive(&mut self.ports, key);
        port.dropped = true;
        if port.accepting {
            self.queue.cancel(Token(Op::Accept, key));
        }
        self.free_port(key);
    }

    fn free_port(&mut self, key: Key) {
        if !alive(&mut self.ports, key).accepting {
            self.ports.remove(key);
        }
    }
}

/// Keeps a listening socket.
#[derive(Debug)]
pub(crate) struct Listener {
    ring: Rc<Ring>,
    pub(crate) key: Key,
}

impl Listener {
    /// A listener on this ring.
    pub(crate) fn new(ring: &Rc<Ring>, listener: TcpListener) -> io::Result<Self> {
        // Whatever is accepted inherits it.
        SockRef::from(&listener).set_tcp_nodelay(true)?;
        let port = Port {
            fd: listener.into(),
            dropped: false,
            accepting: false,
            ready: VecDeque::new(),
            acceptor: None,
        };
        let key = ring.with(|state| state.ports.insert(port));
        Ok(Self { ring: Rc::clone(ring), key })
    }

    fn is_accepting(&self) -> bool {
        self.ring.with(|state| alive(&mut state.ports, self.key).accepting)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.ring.with(|state| state.release_port(self.key));
    }
}

impl Listen for Listener {
    type Reader = Reader;
    type Writer = Writer;

    async fn accept(&mut self) -> io::Result<(Reader, Writer)> {
        let accepted = poll_fn(|cx| self.ring.with(|state| state.poll_accept(self.key, cx))).await;
        accepted.map(|fd| halves(&self.ring, fd))
    }

    /// Ends what the kernel does without being asked: from here on no connection is accepted that
    /// nobody takes.
    fn accept_now(&mut self) -> io::Result<(Reader, Writer)> {
        if self.is_accepting() {
            self.ring.with(|state| state.queue.cancel(Token(Op::Accept, self.key)));
            for _ in 0..CANCEL_TURNS_MAX {
                self.ring.turn();
                if !self.is_accepting() {
                    break;
                }
            }
        }
        self.ring.with(|state| state.accept_now(self.key)).map(|fd| halves(&self.ring, fd))
    }

    fn shutdown(&self) {
        self.ring.with(|state| {
            let _ = SockRef::from(&alive(&mut state.ports, self.key).fd).shutdown(Shutdown::Both);
        });
    }
}
