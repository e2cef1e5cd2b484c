//! The null server: answers any request after a delay that is known beforehand.
//!
//! It is the yardstick of `hunt-load prove`: whatever a generator reads beyond the delay is the
//! generator's own, the wire's, or lateness that this server admits to when it ends. One thread,
//! one epoll instance, one queue: as every answer is delayed equally, what came first is due first.
//! It knows nothing of the game and shares no code with the generator's client.

mod connection;

use connection::{Connection, Response};
use hdrhistogram::Histogram;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime,
};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// How the null server answers.
#[derive(Clone, Copy, Debug)]
pub struct Answering {
    /// From the last byte of a request to when its answer is due.
    pub delay: Duration,
    /// CPU time that each answer takes besides, so that the server has a known capacity.
    pub work: Duration,
    /// The length of the body, which is a JSON list of sevens; 2 at least.
    pub body_bytes: usize,
    /// Whether all of an answer but its last byte is sent at once, so that it ends when it is due,
    /// however long it takes on the wire.
    pub early: bool,
    /// Whether it waits by looking again and again: exact to a microsecond, for a core of its own.
    pub spin: bool,
}

impl Default for Answering {
    /// An empty list, at once.
    fn default() -> Self {
        let zero = Duration::ZERO;
        Self { delay: zero, work: zero, body_bytes: 2, early: false, spin: false }
    }
}

/// What the null server tells of itself when it ends.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Served {
    /// How many requests were answered.
    pub answers: u64,
    /// The median of how much later than due answers were sent, in microseconds.
    pub late_p50_us: f64,
    /// The 99th percentile of it.
    pub late_p99_us: f64,
    /// The largest of it.
    pub late_max_us: f64,
}

/// The body of every answer: a JSON list of sevens, padded with spaces to `bytes` (2 at least).
#[must_use]
pub fn body(bytes: usize) -> Vec<u8> {
    let mut body = vec![b'['];
    let sevens = bytes.saturating_sub(1) / 2;
    body.extend(b"7,".repeat(sevens));
    // The last comma becomes the bracket; an empty list has none.
    match body.last_mut() {
        Some(comma @ b',') => *comma = b']',
        _ => body.push(b']'),
    }
    body.resize(bytes.max(body.len()), b' ');
    body
}

/// Serves until `end` becomes readable or is hung up.
///
/// # Errors
/// If the loop itself fails; a connection that fails is dropped.
pub fn serve(listener: &TcpListener, answering: Answering, end: &UnixStream) -> io::Result<Served> {
    // By default the kernel may wake a sleeper 50 us later than asked for.
    rustix::thread::set_current_timer_slack(NonZeroU64::new(1))?;
    listener.set_nonblocking(true)?;
    let mut this = Loop::new(answering)?;
    epoll::add(&this.epoll, listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    epoll::add(&this.epoll, &this.timer, EventData::new_u64(TIMER), EventFlags::IN)?;
    epoll::add(&this.epoll, end, EventData::new_u64(END), EventFlags::IN)?;
    let mut events: Vec<Event> = Vec::with_capacity(EVENTS);
    loop {
        this.answer_due();
        events.clear();
        let timeout = this.timeout()?;
        match epoll::wait(
            &this.epoll,
            rustix::buffer::spare_capacity(&mut events),
            timeout.as_ref(),
        ) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let now = Instant::now();
        for event in &events {
            match event.data.u64() {
                LISTENER => this.accept(listener)?,
                // It is set anew before the next wait, which also makes it unreadable.
                TIMER => {}
                END => return Ok(this.served()),
                place => this.ready(usize::try_from(place).expect("a place of ours"), now),
            }
        }
    }
}

const LISTENER: u64 = u64::MAX;
const TIMER: u64 = u64::MAX - 1;
const END: u64 = u64::MAX - 2;
const EVENTS: usize = 1024;
const READ_BYTES: usize = 64 * 1024;

/// An answer that is owed.
#[derive(Clone, Copy, Debug)]
struct Due {
    at: Instant,
    place: usize,
    generation: u64,
}

#[derive(Debug)]
struct Loop {
    answering: Answering,
    response: Vec<u8>,
    epoll: OwnedFd,
    timer: OwnedFd,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    /// How many connections there have been; it tells apart those that had the same place.
    generations: u64,
    queue: VecDeque<Due>,
    read: Box<[u8]>,
    late_ns: Histogram<u64>,
}

impl Loop {
    fn new(answering: Answering) -> io::Result<Self> {
        let body = body(answering.body_bytes);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let minute_ns = 60_000_000_000;
        Ok(Self {
            answering,
            response: [head.as_bytes(), &body].concat(),
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            timer: timerfd_create(
                TimerfdClockId::Monotonic,
                TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK,
            )?,
            connections: Vec::new(),
            free: Vec::new(),
            generations: 0,
            queue: VecDeque::new(),
            read: vec![0; READ_BYTES].into(),
            late_ns: Histogram::new_with_bounds(1, minute_ns, 3).expect("these bounds are good"),
        })
    }

    /// Sends what is due.
    fn answer_due(&mut self) {
        let mut now = Instant::now();
        while let Some(due) = self.queue.front().copied().filter(|due| due.at <= now) {
            self.queue.pop_front();
            let connection = self.connections.get_mut(due.place).and_then(Option::as_mut);
            let Some(connection) = connection.filter(|conn| conn.generation == due.generation)
            else {
                continue;
            };
            if !self.answering.work.is_zero() {
                let until = now + self.answering.work;
                while Instant::now() < until {
                    std::hint::spin_loop();
                }
            }
            connection.waiting -= 1;
            connection.owed += 1;
            let response = response(&self.response, self.answering);
            if connection.send(&self.epoll, due.place, response).is_err() {
                self.drop_connection(due.place);
            }
            let late = now.saturating_duration_since(due.at).as_nanos();
            self.late_ns.saturating_record(u64::try_from(late).unwrap_or(u64::MAX));
            now = Instant::now();
        }
    }

    /// For how long nothing needs doing; sets the timer where that is until an answer is due.
    fn timeout(&self) -> io::Result<Option<Timespec>> {
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let Some(due) = self.queue.front() else {
            return Ok(self.answering.spin.then_some(at_once));
        };
        let left = due.at.saturating_duration_since(Instant::now());
        if self.answering.spin || left.is_zero() {
            return Ok(Some(at_once));
        }
        let left = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
        let setting = Itimerspec { it_interval, it_value: left };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &setting)?;
        Ok(None)
    }

    fn accept(&mut self, listener: &TcpListener) -> io::Result<()> {
        loop {
            let socket = match listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) => return Err(error),
            };
            socket.set_nonblocking(true)?;
            socket.set_nodelay(true)?;
            let place = self.free.pop().unwrap_or_else(|| {
                self.connections.push(None);
                self.connections.len() - 1
            });
            epoll::add(&self.epoll, &socket, EventData::new_u64(place as u64), EventFlags::IN)?;
            self.generations += 1;
            self.connections[place] = Some(Connection::new(socket, self.generations));
        }
    }

    fn ready(&mut self, place: usize, now: Instant) {
        let Some(connection) = self.connections[place].as_mut() else { return };
        let response = response(&self.response, self.answering);
        let asked = connection.ready(&self.epoll, place, response, &mut self.read);
        let Ok(asked) = asked else { return self.drop_connection(place) };
        let due = Due { at: now + self.answering.delay, place, generation: connection.generation };
        self.queue.extend(std::iter::repeat_n(due, asked));
    }

    fn drop_connection(&mut self, place: usize) {
        self.connections[place] = None;
        self.free.push(place);
    }

    fn served(&self) -> Served {
        let us = |ns: u64| Duration::from_nanos(ns).as_secs_f64() * 1e6;
        Served {
            answers: self.late_ns.len(),
            late_p50_us: us(self.late_ns.value_at_quantile(0.5)),
            late_p99_us: us(self.late_ns.value_at_quantile(0.99)),
            late_max_us: us(self.late_ns.max()),
        }
    }
}

fn response(bytes: &[u8], answering: Answering) -> Response<'_> {
    Response { bytes, early_bytes: if answering.early { bytes.len() - 1 } else { 0 } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpStream};
    use std::thread::JoinHandle;

    struct Running {
        address: SocketAddr,
        end: UnixStream,
        thread: JoinHandle<io::Result<Served>>,
    }

    impl Running {
        fn start(answering: Answering) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let (end, ends) = UnixStream::pair().unwrap();
            let thread = std::thread::spawn(move || serve(&listener, answering, &ends));
            Self { address, end, thread }
        }

        fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).unwrap()
        }

        fn end(self) -> Served {
            drop(self.end);
            self.thread.join().unwrap().unwrap()
        }
    }

    fn whole(bytes: usize) -> Vec<u8> {
        Loop::new(Answering { body_bytes: bytes, ..Answering::default() }).unwrap().response
    }

    #[test]
    fn a_body_is_json_of_the_length_that_is_asked_for() {
        for bytes in [2, 3, 4, 5, 10, 1_001] {
            let body = body(bytes);
            assert_eq!(body.len(), bytes);
            let sevens: Vec<u8> = serde_json::from_slice(&body).unwrap();
            assert!(sevens.iter().all(|seven| *seven == 7));
            assert_eq!(sevens.len(), (bytes - 1) / 2);
        }
    }

    #[test]
    fn no_answer_comes_before_the_delay_and_requests_are_told_apart() {
        let delay = Duration::from_millis(30);
        let running = Running::start(Answering { delay, body_bytes: 7, ..Answering::default() });
        let mut socket = running.connect();
        let began = Instant::now();
        // Two whole requests, one of them with a body, and a third that is still to be completed.
        let requests = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST /x HTTP/1.1\r\n\
            content-length: 3\r\n\r\nabcGET / HT";
        socket.write_all(requests).unwrap();
        let mut got = vec![0; 2 * whole(7).len()];
        socket.read_exact(&mut got).unwrap();
        assert!(began.elapsed() >= delay);
        assert_eq!(got, whole(7).repeat(2));
        let began = Instant::now();
        socket.write_all(b"TP/1.1\r\n\r\n").unwrap();
        socket.read_exact(&mut got[..whole(7).len()]).unwrap();
        assert!(began.elapsed() >= delay);
        assert_eq!(running.end().answers, 3);
    }

    #[test]
    fn an_answer_that_the_socket_does_not_take_at_once_comes_whole() {
        let bytes = 8 * 1024 * 1024;
        let running = Running::start(Answering { body_bytes: bytes, ..Answering::default() });
        let mut socket = running.connect();
        socket.write_all(&b"GET / HTTP/1.1\r\n\r\n".repeat(2)).unwrap();
        let mut got = vec![0; 2 * whole(bytes).len()];
        socket.read_exact(&mut got).unwrap();
        assert!(got == whole(bytes).repeat(2));
    }

    #[test]
    fn an_early_answer_ends_when_it_is_due() {
        let delay = Duration::from_millis(300);
        let bytes = 100_000;
        let answering = Answering { delay, body_bytes: bytes, early: true, ..Answering::default() };
        let running = Running::start(answering);
        let mut socket = running.connect();
        let began = Instant::now();
        socket.write_all(&b"GET / HTTP/1.1\r\n\r\n".repeat(2)).unwrap();
        let mut got = vec![0; whole(bytes).len()];
        let (last, most) = got.split_last_mut().unwrap();
        socket.read_exact(most).unwrap();
        let early = began.elapsed();
        socket.read_exact(std::slice::from_mut(last)).unwrap();
        assert!(early < delay && began.elapsed() >= delay, "{early:?}");
        assert_eq!(got, whole(bytes));
        // The second one may not overtake it.
        socket.read_exact(&mut got).unwrap();
        assert_eq!(got, whole(bytes));
        assert_eq!(running.end().answers, 2);
    }

    #[test]
    fn what_it_cannot_tell_the_end_of_ends_the_connection_and_no_other() {
        let running = Running::start(Answering::default());
        let mut other = running.connect();
        for head in [
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
            "POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n".to_owned(),
            "x".repeat(connection::HEAD_BYTES_MAX + 1),
        ] {
            let mut socket = running.connect();
            socket.write_all(head.as_bytes()).unwrap();
            let mut got = Vec::new();
            // A reset is as good an end as any.
            let _ = socket.read_to_end(&mut got);
            assert!(got.is_empty(), "{head}");
        }
        other.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        other.read_exact(&mut vec![0; whole(0).len()]).unwrap();
    }

    #[test]
    fn a_peer_that_left_gets_no_answer_of_whoever_has_its_place() {
        let delay = Duration::from_millis(40);
        let running = Running::start(Answering { delay, ..Answering::default() });
        let mut first = running.connect();
        first.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        drop(first);
        let mut second = running.connect();
        second.set_read_timeout(Some(Duration::from_millis(120))).unwrap();
        assert!(second.read(&mut [0; 1]).is_err(), "it asked nothing");
        assert_eq!(running.end().answers, 0);
    }
}
