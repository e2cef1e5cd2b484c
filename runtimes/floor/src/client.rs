//! The client: a closed loop of many connections, each with one request outstanding.
//!
//! One thread, one epoll instance, nothing between it and the sockets, so that it is the server
//! that is waited for. Every answer is checked. A server that is silent, says nonsense or hangs up
//! is an error, never a hang.

use crate::workload::{Asker, Workload, handshake, varint};
use crate::world::Players;
use anyhow::{Context, bail, ensure};
use hdrhistogram::Histogram;
use process::answer;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// For how long a server may say nothing at all, where nothing else is said.
const STALL: Duration = Duration::from_secs(5);
/// The longest latency that is told apart, in nanoseconds.
const LATENCY_NS_MAX: u64 = 60_000_000_000;
const READ_BYTES: usize = 64 * 1024;
const EVENTS: usize = 1024;
/// Connections from one address: fewer than the system has ports to give out.
const CONNECTIONS_PER_SOURCE: u32 = 8_000;

/// What was counted.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Right answers.
    pub answers: u64,
    /// Broadcasts.
    pub broadcasts: u64,
    /// From a request to the end of its answer, in nanoseconds. For a broadcast: since the first
    /// connection got it.
    pub latency: Histogram<u64>,
}

impl Figures {
    fn new() -> Self {
        let latency = Histogram::new_with_max(LATENCY_NS_MAX, 3).expect("three digits are few");
        Self { answers: 0, broadcasts: 0, latency }
    }
}

/// One connection.
#[derive(Debug)]
struct Conn {
    socket: TcpStream,
    asker: Asker,
    /// An incomplete answer, empty as a rule.
    input: Vec<u8>,
    asked_at: Instant,
    waits: bool,
}

/// The client.
#[derive(Debug)]
pub struct Client {
    epoll: OwnedFd,
    conns: Vec<Conn>,
    workload: Workload,
    players: Players,
    figures: Figures,
    /// Requests that may still be made.
    budget: u64,
    /// Requests without an answer.
    outstanding: usize,
    /// The last tick that was broadcast, and when it was first seen.
    tick: (u64, Instant),
    read: Box<[u8]>,
    /// For how long the server may say nothing at all.
    pub patience: Duration,
}

impl Client {
    /// Connects. WebSocket connections are open when it returns.
    ///
    /// # Errors
    /// If a connection is refused, or a handshake fails or takes too long.
    pub fn connect(
        address: SocketAddr,
        connections: u32,
        workload: Workload,
        players: &Players,
    ) -> anyhow::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let mut conns = Vec::new();
        for place in 0..connections {
            let context = || format!("connection {place} of {connections}");
            let mut socket = connect(address, place).with_context(context)?;
            let mut input = Vec::new();
            if workload.is_websocket() {
                input = open(&mut socket, &handshake(players, place)).with_context(context)?;
            }
            socket.set_nonblocking(true)?;
            epoll::add(&epoll, &socket, EventData::new_u64(place.into()), EventFlags::IN)?;
            let asker = Asker::new(workload, place, connections, players)?;
            conns.push(Conn { socket, asker, input, asked_at: Instant::now(), waits: false });
        }
        Ok(Self {
            epoll,
            conns,
            workload,
            players: players.clone(),
            figures: Figures::new(),
            budget: 0,
            outstanding: 0,
            tick: (0, Instant::now()),
            read: vec![0; READ_BYTES].into(),
            patience: STALL,
        })
    }

    /// Asks on every connection for this long. Requests are left outstanding, so that another call
    /// goes on without a pause.
    ///
    /// # Errors
    /// If the server gives a wrong answer or none.
    pub fn run_for(&mut self, duration: Duration) -> anyhow::Result<()> {
        self.budget = u64::MAX;
        self.ask_all()?;
        let end = Instant::now() + duration;
        self.run_until(|_| Instant::now() >= end)
    }

    /// Asks exactly so often, and waits for all answers.
    ///
    /// # Errors
    /// If the server gives a wrong answer or none.
    pub fn run_requests(&mut self, count: u64) -> anyhow::Result<()> {
        self.budget = 0;
        self.run_until(|client| client.outstanding == 0)?;
        self.budget = count;
        self.ask_all()?;
        self.run_until(|client| client.outstanding == 0)
    }

    /// What was counted since the last call.
    pub fn take_figures(&mut self) -> Figures {
        std::mem::replace(&mut self.figures, Figures::new())
    }

    fn ask_all(&mut self) -> anyhow::Result<()> {
        if self.workload == Workload::Fanout {
            return Ok(());
        }
        for place in 0..self.conns.len() {
            if !self.conns[place].waits && self.budget > 0 {
                self.ask(place)?;
            }
        }
        Ok(())
    }

    fn ask(&mut self, place: usize) -> anyhow::Result<()> {
        let conn = &mut self.conns[place];
        conn.asked_at = Instant::now();
        let count = (&conn.socket).write(&conn.asker.bytes).context("the server hung up")?;
        ensure!(count == conn.asker.bytes.len(), "the socket did not take a request whole");
        conn.waits = true;
        self.budget -= 1;
        self.outstanding += 1;
        Ok(())
    }

    fn run_until(&mut self, done: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        let mut events: Vec<Event> = Vec::with_capacity(EVENTS);
        let timeout = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
        let mut heard = Instant::now();
        while !done(self) {
            events.clear();
            let buffer = rustix::buffer::spare_capacity(&mut events);
            match epoll::wait(&self.epoll, buffer, Some(&timeout)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            if events.is_empty() {
                let (silent, patience) = (heard.elapsed(), self.patience);
                ensure!(silent < patience, "the server has been silent for {patience:?}");
                continue;
            }
            heard = Instant::now();
            for event in &events {
                let place = usize::try_from(event.data.u64()).expect("a place");
                self.receive(place).with_context(|| format!("on connection {place}"))?;
            }
        }
        Ok(())
    }

    fn receive(&mut self, place: usize) -> anyhow::Result<()> {
        let mut read = std::mem::take(&mut self.read);
        let conn = &mut self.conns[place];
        let result = match (&conn.socket).read(&mut read) {
            Ok(0) => bail!("the server hung up"),
            Ok(count) => self.take_in(place, &read[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error).context("the server hung up"),
        };
        self.read = read;
        result
    }

    fn take_in(&mut self, place: usize, bytes: &[u8]) -> anyhow::Result<()> {
        let mut kept = std::mem::take(&mut self.conns[place].input);
        let mut rest = bytes;
        if !kept.is_empty() {
            kept.extend_from_slice(bytes);
            rest = &kept;
        }
        while !rest.is_empty() {
            let taken = if self.workload.is_websocket() {
                self.take_frame(place, rest)?
            } else {
                self.take_response(place, rest)?
            };
            if taken == 0 {
                break;
            }
            rest = &rest[taken..];
        }
        self.conns[place].input = rest.to_vec();
        // Not before all that came was looked at: a second answer to one request is no answer to
        // the next.
        let asks = self.workload != Workload::Fanout && self.budget > 0;
        if asks && !self.conns[place].waits { self.ask(place) } else { Ok(()) }
    }

    /// Takes in a response. Returns how many bytes it had; 0: more is to come.
    fn take_response(&mut self, place: usize, bytes: &[u8]) -> anyhow::Result<usize> {
        let Some(answer) = answer::response(bytes)? else { return Ok(0) };
        let end = answer.body.end;
        self.answered(place, |asker| asker.check(answer.status, &bytes[answer.body]))?;
        Ok(end)
    }

    fn take_frame(&mut self, place: usize, bytes: &[u8]) -> anyhow::Result<usize> {
        let Some(frame) = answer::frame(bytes)? else { return Ok(0) };
        let end = frame.payload.end;
        let payload = &bytes[frame.payload];
        if self.conns[place].asker.check_message(frame.opcode, payload)? {
            self.answered(place, |_| Ok(()))?;
        } else {
            self.figures.broadcasts += 1;
            if self.workload == Workload::Fanout {
                self.note_tick(payload)?;
            }
        }
        Ok(end)
    }

    fn answered(
        &mut self,
        place: usize,
        check: impl FnOnce(&Asker) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let conn = &mut self.conns[place];
        ensure!(conn.waits, "an answer that nobody asked for");
        check(&conn.asker)?;
        let ns = u64::try_from(conn.asked_at.elapsed().as_nanos()).unwrap_or(LATENCY_NS_MAX);
        conn.waits = false;
        conn.asker.advance(&self.players)?;
        self.figures.latency.saturating_record(ns);
        self.figures.answers += 1;
        self.outstanding -= 1;
        Ok(())
    }

    /// Notes how long after the first connection this one got the broadcast of a tick.
    fn note_tick(&mut self, payload: &[u8]) -> anyhow::Result<()> {
        const TICK: u8 = 1 << 3;
        let rest = varint(&payload[1..]).map(|(_, rest)| rest);
        let Some([TICK, rest @ ..]) = rest else { return Ok(()) };
        let (tick, _) = varint(rest).context("a broadcast without a tick")?;
        if tick > self.tick.0 {
            self.tick = (tick, Instant::now());
        } else if tick == self.tick.0 {
            let ns = u64::try_from(self.tick.1.elapsed().as_nanos()).unwrap_or(LATENCY_NS_MAX);
            self.figures.latency.saturating_record(ns);
        }
        Ok(())
    }
}

/// Connects from one of several addresses, so that ports do not run out.
fn connect(address: SocketAddr, place: u32) -> anyhow::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_tcp_nodelay(true)?;
    // What is closed here is gone at once, and lingers nowhere.
    socket.set_linger(Some(Duration::ZERO))?;
    let source =
        Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + place / CONNECTIONS_PER_SOURCE);
    socket.bind(&SocketAddr::from((source, 0)).into())?;
    socket.connect_timeout(&address.into(), STALL).context("the server cannot be reached")?;
    socket.set_nonblocking(false)?;
    socket.set_read_timeout(Some(STALL))?;
    Ok(socket.into())
}

/// Asks for a WebSocket connection. Returns the frames that came with the answer.
fn open(socket: &mut TcpStream, handshake: &[u8]) -> anyhow::Result<Vec<u8>> {
    socket.write_all(handshake)?;
    let mut input = Vec::new();
    let mut read = [0; 4096];
    loop {
        let count = socket.read(&mut read).context("no answer to a handshake")?;
        ensure!(count > 0, "the server hung up on a handshake");
        input.extend_from_slice(&read[..count]);
        if let Some(answer) = answer::response(&input)? {
            ensure!(answer.status == 101, "a handshake was answered {}", answer.status);
            return Ok(input.split_off(answer.body.end));
        }
    }
}
