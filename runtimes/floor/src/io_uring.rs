//! The bare completion loop: one thread, one ring, no runtime.
//!
//! Multishot accept into direct descriptors, multishot receive into provided buffers, one send in
//! flight for each connection. The ring belongs to this thread alone and runs what is left to do
//! when the thread asks for completions (`SINGLE_ISSUER`, `COOP_TASKRUN`, `DEFER_TASKRUN`).

#![expect(unsafe_code, reason = "the kernel reads and writes what entries name")]

use crate::game::Game;
use crate::peers::TICK_MS;
use crate::ring_buffers::{GROUP, RingBuffers};
use crate::wire::{Turn, Wire};
use engine_core::seam::Frame;
use io_uring::types::{Fd, Fixed, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode, squeue};
use process::system;
use rustix::io::Errno;
use std::io;
use std::mem::ManuallyDrop;
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::sync::Arc;

const ENTRIES: u32 = 4096;
const COMPLETIONS: u32 = ENTRIES * 8;
/// Few, since the kernel uses them in turn and all of them are to stay in the cache.
const BUFFERS: u16 = 512;
const BUFFER_BYTES: u32 = 2048;
/// `MSG_WAITALL | MSG_NOSIGNAL`: the kernel goes on with a short write by itself.
const SEND_FLAGS: i32 = 0x100 | 0x4000;
const SHUT_RDWR: i32 = 2;

/// What a completion is of: the upper half of its user data.
const ACCEPT: u64 = 1;
const RECEIVE: u64 = 2;
const SEND: u64 = 3;
const SHUTDOWN: u64 = 4;
const CLOSE: u64 = 5;

/// One connection; its place is that of its direct descriptor.
#[derive(Debug)]
struct Conn {
    wire: Wire,
    /// An incomplete request, empty as a rule.
    input: Vec<u8>,
    /// What is being sent.
    flight: Option<Flight>,
    /// What is to be sent after that, empty as a rule.
    due: Vec<u8>,
    /// A receive is armed.
    receiving: bool,
    closing: bool,
    shut_down: bool,
}

/// Bytes that the kernel sends from.
#[derive(Debug)]
struct Flight {
    bytes: Bytes,
    sent: usize,
}

#[derive(Debug)]
enum Bytes {
    Own(Vec<u8>),
    /// A broadcast, and in which encoding.
    Shared(Arc<Frame>, usize),
}

impl Bytes {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(frame, codec) => frame.wire[*codec].as_deref().unwrap_or_default(),
        }
    }
}

/// The loop's state.
struct Loop {
    game: Game,
    ring: IoUring,
    buffers: RingBuffers,
    listener: Fd,
    /// Not dropped: the kernel may still send from what is in flight when the loop fails.
    conns: ManuallyDrop<Vec<Option<Conn>>>,
    /// The connections that get broadcasts.
    watching: Vec<u32>,
    /// Buffers that were sent.
    spare: Vec<Vec<u8>>,
}

/// Serves for ever.
///
/// # Errors
/// If the system has no such ring, or the loop itself fails.
pub fn serve(listener: &TcpListener, game: Game) -> io::Result<()> {
    let ring: IoUring = IoUring::builder()
        .setup_single_issuer()
        .setup_coop_taskrun()
        .setup_defer_taskrun()
        .setup_submit_all()
        .setup_no_sqarray()
        .setup_cqsize(COMPLETIONS)
        .build(ENTRIES)?;
    let descriptors = u32::try_from(system::descriptors_max()).unwrap_or(1 << 16).min(1 << 16);
    ring.submitter().register_files_sparse(descriptors)?;
    let buffers = RingBuffers::new(&ring, BUFFERS, BUFFER_BYTES)?;
    let mut this = Loop {
        game,
        ring,
        buffers,
        listener: Fd(listener.as_raw_fd()),
        conns: ManuallyDrop::new(Vec::new()),
        watching: Vec::new(),
        spare: Vec::new(),
    };
    this.accept()?;
    let mut batch: Vec<cqueue::Entry> = Vec::new();
    loop {
        this.wait()?;
        this.game.wake();
        batch.extend(this.ring.completion());
        for entry in batch.drain(..) {
            this.completed(&entry)?;
        }
        if !this.watching.is_empty() {
            this.broadcast()?;
        }
        this.buffers.publish();
    }
}

impl Loop {
    /// Submits what was pushed and waits for a completion; while somebody watches, no longer than
    /// a tick.
    fn wait(&mut self) -> io::Result<()> {
        let tick = Timespec::new().nsec(TICK_MS * 1_000_000);
        let args = SubmitArgs::new().timespec(&tick);
        let result = if self.watching.is_empty() {
            self.ring.submit_and_wait(1)
        } else {
            self.ring.submitter().submit_with_args(1, &args)
        };
        match result.map_err(|error| (Errno::from_io_error(&error), error)) {
            // Interrupted, timed out, or too many completions wait to be reaped.
            Ok(_) | Err((Some(Errno::INTR | Errno::TIME | Errno::BUSY), _)) => Ok(()),
            Err((_, error)) => Err(error),
        }
    }

    fn completed(&mut self, entry: &cqueue::Entry) -> io::Result<()> {
        let (kind, place) = (entry.user_data() >> 32, entry.user_data() & 0xffff_ffff);
        let place = u32::try_from(place).expect("the lower half");
        let result =
            u32::try_from(entry.result()).map_err(|_| Errno::from_raw_os_error(-entry.result()));
        match kind {
            ACCEPT => {
                if let Ok(place) = result {
                    self.accepted(place)?;
                }
                if !cqueue::more(entry.flags()) {
                    self.accept()?;
                }
            }
            RECEIVE => self.received(place, result, entry.flags())?,
            SEND => self.sent(place, result)?,
            // They are told of only where they fail, as on a connection that is gone.
            _ => {}
        }
        Ok(())
    }

    fn accepted(&mut self, place: u32) -> io::Result<()> {
        let index = place as usize;
        if self.conns.len() <= index {
            self.conns.resize_with(index + 1, || None);
        }
        self.conns[index] = Some(Conn {
            wire: Wire::default(),
            input: Vec::new(),
            flight: None,
            due: Vec::new(),
            receiving: true,
            closing: false,
            shut_down: false,
        });
        self.receive(place)
    }

    fn received(&mut self, place: u32, result: Result<u32, Errno>, flags: u32) -> io::Result<()> {
        let buffer = cqueue::buffer_select(flags);
        if let (Some(buffer), Ok(bytes @ 1..)) = (buffer, result) {
            self.take_in(place, buffer, bytes)?;
        }
        if let Some(buffer) = buffer {
            self.buffers.give_back(buffer);
        }
        if cqueue::more(flags) {
            return Ok(());
        }
        match result {
            // A receive ends now and then although the connection does not, and where no buffer is
            // left.
            Ok(1..) | Err(Errno::NOBUFS) => self.receive(place),
            Ok(0) | Err(_) => {
                let Some(conn) = self.conns[place as usize].as_mut() else { return Ok(()) };
                (conn.receiving, conn.closing) = (false, true);
                self.go_on(place)
            }
        }
    }

    /// Answers what is in a buffer.
    fn take_in(&mut self, place: u32, buffer: u16, bytes: u32) -> io::Result<()> {
        let Some(conn) = self.conns[place as usize].as_mut() else { return Ok(()) };
        let mut out = std::mem::take(&mut conn.due);
        if out.capacity() == 0 {
            out = self.spare.pop().unwrap_or_default();
        }
        let mut kept = std::mem::take(&mut conn.input);
        let mut rest = self.buffers.filled(buffer, bytes);
        if !kept.is_empty() {
            kept.extend_from_slice(rest);
            rest = &mut kept;
        }
        while !rest.is_empty() && !conn.closing {
            let consumed = match conn.wire.receive(&mut self.game, rest, &mut out) {
                Turn::Consumed(0) => break,
                Turn::Consumed(consumed) => consumed,
                Turn::Upgraded(consumed) => {
                    self.watching.push(place);
                    consumed
                }
                Turn::Close => {
                    conn.closing = true;
                    break;
                }
            };
            rest = &mut rest[consumed..];
        }
        if !rest.is_empty() && !conn.closing {
            conn.input = rest.to_vec();
        }
        conn.due = out;
        self.go_on(place)
    }

    fn sent(&mut self, place: u32, result: Result<u32, Errno>) -> io::Result<()> {
        let Some(conn) = self.conns[place as usize].as_mut() else { return Ok(()) };
        let Some(mut flight) = conn.flight.take() else { return Ok(()) };
        match result {
            Ok(count) => {
                flight.sent += count as usize;
                if flight.sent < flight.bytes.as_slice().len() {
                    conn.flight = Some(flight);
                    return self.send(place);
                }
            }
            Err(_) => {
                conn.due.clear();
                conn.closing = true;
            }
        }
        if let Bytes::Own(mut bytes) = flight.bytes {
            bytes.clear();
            self.spare.push(bytes);
        }
        self.go_on(place)
    }

    /// Sends what is due, or ends what is to end.
    fn go_on(&mut self, place: u32) -> io::Result<()> {
        let Some(conn) = self.conns[place as usize].as_mut() else { return Ok(()) };
        if conn.flight.is_some() {
            return Ok(());
        }
        if !conn.due.is_empty() {
            let bytes = Bytes::Own(std::mem::take(&mut conn.due));
            conn.flight = Some(Flight { bytes, sent: 0 });
            return self.send(place);
        }
        if conn.due.capacity() > 0 {
            self.spare.push(std::mem::take(&mut conn.due));
        }
        if !conn.closing {
            return Ok(());
        }
        if conn.receiving {
            // The receive ends with it, and the connection with that.
            let shut_down = std::mem::replace(&mut conn.shut_down, true);
            let entry = opcode::Shutdown::new(Fixed(place), SHUT_RDWR).build();
            return if shut_down { Ok(()) } else { self.push_quiet(entry, SHUTDOWN, place) };
        }
        if let Some(Conn { wire: Wire::WebSocket { player, .. }, .. }) =
            self.conns[place as usize].take()
        {
            self.game.leave(&player);
            self.watching.retain(|watching| *watching != place);
        }
        self.push_quiet(opcode::Close::new(Fixed(place)).build(), CLOSE, place)
    }

    fn broadcast(&mut self) -> io::Result<()> {
        let frames: Vec<Arc<Frame>> =
            self.game.tick().iter().map(|published| Arc::clone(&published.frame)).collect();
        for frame in &frames {
            for index in 0..self.watching.len() {
                let place = self.watching[index];
                let Some(conn) = self.conns[place as usize].as_mut() else { continue };
                let Wire::WebSocket { player, .. } = &conn.wire else { continue };
                let codec = self.game.codec(player) as usize;
                if conn.flight.is_some() {
                    let wire = frame.wire[codec].as_deref();
                    conn.due.extend_from_slice(wire.unwrap_or_default());
                } else if !conn.closing {
                    let bytes = Bytes::Shared(Arc::clone(frame), codec);
                    conn.flight = Some(Flight { bytes, sent: 0 });
                    self.send(place)?;
                }
            }
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        let entry = opcode::AcceptMulti::new(self.listener).allocate_file_index(true).build();
        self.push(entry, ACCEPT, 0)
    }

    fn receive(&mut self, place: u32) -> io::Result<()> {
        self.push(opcode::RecvMulti::new(Fixed(place), GROUP).build(), RECEIVE, place)
    }

    /// Sends what is in flight.
    fn send(&mut self, place: u32) -> io::Result<()> {
        let flight = self.conns[place as usize].as_ref().and_then(|conn| conn.flight.as_ref());
        let flight = flight.expect("called where something is in flight");
        let bytes = &flight.bytes.as_slice()[flight.sent..];
        let length = u32::try_from(bytes.len()).expect("at most what a connection is owed");
        let entry = opcode::Send::new(Fixed(place), bytes.as_ptr(), length).flags(SEND_FLAGS);
        self.push(entry.build(), SEND, place)
    }

    fn push_quiet(&mut self, entry: squeue::Entry, kind: u64, place: u32) -> io::Result<()> {
        self.push(entry.flags(squeue::Flags::SKIP_SUCCESS), kind, place)
    }

    fn push(&mut self, entry: squeue::Entry, kind: u64, place: u32) -> io::Result<()> {
        let entry = entry.user_data(kind << 32 | u64::from(place));
        loop {
            // SAFETY: the only entries that name memory are sends. What they send from is in the
            // `flight` of a connection, where it stays, unchanged, until its completion: `sent`
            // alone takes it, `go_on` ends no connection that has one, and connections are not
            // dropped with the loop; tests `every_peer_gives_the_same_answers` and
            // `answers_to_whoever_does_not_read_arrive_whole`.
            if unsafe { self.ring.submission().push(&entry) }.is_ok() {
                return Ok(());
            }
            match self.ring.submit() {
                Ok(_) => {}
                Err(error) if error.raw_os_error() == Some(Errno::INTR.raw_os_error()) => {}
                Err(error) => return Err(error),
            }
        }
    }
}
