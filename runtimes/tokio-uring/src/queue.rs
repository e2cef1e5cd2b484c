//! The two queues of a ring: operations that the kernel is handed, and their completions.

use driver::uring::Flag;
use io_uring::types::{CancelBuilder, Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode, squeue};
use rustix::io::Errno;
use rustix::net::{SendFlags, SocketFlags};
use std::collections::VecDeque;
use std::io;
use std::mem::{self, MaybeUninit};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{Ordering, fence};

/// The flags without which there is no ring; the last needs the newest kernel of all that is used
/// here, 6.1.
pub(crate) const NEEDED: [Flag; 5] =
    [Flag::SubmitAll, Flag::CoopTaskrun, Flag::TaskrunFlag, Flag::SingleIssuer, Flag::DeferTaskrun];
/// The group of the provided buffers; a ring has one.
pub(crate) const GROUP: u16 = 0;
/// How many completions are taken before tasks run.
pub(crate) const BATCH: usize = 64;
/// `MSG_WAITALL`: a short send is gone on with.
const MSG_WAITALL: u32 = 0x100;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Receive = 1,
    Send = 2,
    Accept = 3,
    /// Cancels another; it says so only where nothing was to be cancelled.
    Cancel = 4,
}

/// Whose an operation is: a place, and which of those that have had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) index: u32,
    /// Of 24 bits.
    pub(crate) generation: u32,
}

/// An operation, as the kernel names it when it completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token(pub(crate) Op, pub(crate) Key);

impl From<Token> for u64 {
    fn from(Token(op, key): Token) -> Self {
        (op as Self) << 56 | Self::from(key.generation) << 32 | Self::from(key.index)
    }
}

impl From<u64> for Token {
    #[expect(clippy::cast_possible_truncation, reason = "it is what takes the parts apart")]
    fn from(token: u64) -> Self {
        let op = match token >> 56 {
            1 => Op::Receive,
            2 => Op::Send,
            3 => Op::Accept,
            _ => Op::Cancel,
        };
        let generation = (token >> 32) as u32 & 0xff_ffff;
        Self(op, Key { index: token as u32, generation })
    }
}

/// The two queues.
pub(crate) struct Queue {
    io: IoUring,
    /// Operations that the submission queue has no room for.
    waiting: VecDeque<squeue::Entry>,
    /// Operations that have another completion to come.
    in_flight: usize,
    /// The last call did not succeed.
    refused: bool,
    said_refused: bool,
    announced: bool,
    overflowing: bool,
    /// How often completions did not fit in their queue.
    pub(crate) overflows: u64,
}

impl Queue {
    /// Queues for this thread, with room for so many operations and so many completions.
    pub(crate) fn new(entries: u32, completions: u32) -> io::Result<Self> {
        let build = |flags: &[Flag]| {
            let mut builder = IoUring::builder();
            flags.iter().for_each(|flag| flag.set(&mut builder));
            builder.setup_cqsize(completions).build(entries)
        };
        let with_more = [&NEEDED[..], &[Flag::NoSqarray]].concat();
        let io = build(&with_more).or_else(|_| build(&NEEDED))?;
        Ok(Self {
            io,
            waiting: VecDeque::new(),
            in_flight: 0,
            refused: false,
            said_refused: false,
            announced: true,
            overflowing: false,
            overflows: 0,
        })
    }

    /// The kernel writes to `event` when completions come, while [`Queue::announce`] wants it to.
    pub(crate) fn register_event(&mut self, event: &OwnedFd) -> io::Result<()> {
        self.io.submitter().register_eventfd(event.as_raw_fd())?;
        self.announce(false);
        Ok(())
    }

    /// Whether the kernel tells of completions.
    pub(crate) fn announce(&mut self, wanted: bool) {
        if mem::replace(&mut self.announced, wanted) == wanted {
            return;
        }
        let completions = self.io.completion();
        if wanted {
            completions.enable_eventfd();
            // What completes before the kernel sees the flag is seen by a look after this.
            fence(Ordering::SeqCst);
        } else {
            completions.disable_eventfd();
        }
    }

    /// Registers the ring of provided buffers.
    ///
    /// # Safety
    /// `entries` points to `count` entries, page-aligned, which stay there as long as the queues.
    pub(crate) unsafe fn register_buffers(&self, entries: u64, count: u16) -> io::Result<()> {
        // SAFETY: the caller promises it.
        unsafe { self.io.submitter().register_buf_ring_with_flags(entries, count, GROUP, 0) }
    }

    /// Accepts connections until it fails or is cancelled. `fd` must stay open until then.
    pub(crate) fn accept(&mut self, fd: &OwnedFd, key: Key) {
        let flags = SocketFlags::CLOEXEC.bits().cast_signed();
        let entry = opcode::AcceptMulti::new(Fd(fd.as_raw_fd())).flags(flags).build();
        // SAFETY: it names no memory.
        unsafe { self.push(entry, Token(Op::Accept, key)) }
    }

    /// Receives into provided buffers until the end of the stream, until it fails or is cancelled.
    /// `fd` must stay open until then.
    pub(crate) fn receive(&mut self, fd: &OwnedFd, key: Key) {
        let entry = opcode::RecvMulti::new(Fd(fd.as_raw_fd()), GROUP).build();
        // SAFETY: the memory is the kernel's to write to, buffer by buffer.
        unsafe { self.push(entry, Token(Op::Receive, key)) }
    }

    /// Sends all of `bytes`, less only where it fails. `fd` must stay open until it has completed.
    ///
    /// # Safety
    /// `bytes` must stay where and as they are until it has completed.
    pub(crate) unsafe fn send(&mut self, fd: &OwnedFd, bytes: &[u8], key: Key) {
        let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let flags = (SendFlags::NOSIGNAL.bits() | MSG_WAITALL).cast_signed();
        let send = opcode::Send::new(Fd(fd.as_raw_fd()), bytes.as_ptr(), count);
        // SAFETY: the caller promises it.
        unsafe { self.push(send.flags(flags).build(), Token(Op::Send, key)) }
    }

    /// Cancels an operation, which completes all the same.
    pub(crate) fn cancel(&mut self, token: Token) {
        let entry = opcode::AsyncCancel::new(token.into()).build();
        let entry = entry.flags(squeue::Flags::SKIP_SUCCESS);
        // SAFETY: it names no memory.
        unsafe { self.push(entry, Token(Op::Cancel, token.1)) }
    }

    /// # Safety
    /// What memory the operation names stays the kernel's until it has completed.
    unsafe fn push(&mut self, entry: squeue::Entry, token: Token) {
        self.in_flight += usize::from(token.0 != Op::Cancel);
        let entry = entry.user_data(token.into());
        // Those that wait go first: a cancellation must follow what it cancels.
        let pushed = self.waiting.is_empty() && {
            // SAFETY: the caller promises what the kernel needs.
            unsafe { self.io.submission().push(&entry) }.is_ok()
        };
        if !pushed {
            self.waiting.push_back(entry);
            self.submit();
        }
    }

    /// Moves operations to where the kernel takes them from, as far as there is room.
    fn hand_over(&mut self) {
        let mut submissions = self.io.submission();
        while let Some(entry) = self.waiting.front() {
            // SAFETY: whoever pushed it has promised what the kernel needs.
            if unsafe { submissions.push(entry) }.is_err() {
                break;
            }
            self.waiting.pop_front();
        }
    }

    /// Hands over what waits, and lets the kernel run what is due.
    pub(crate) fn submit(&mut self) {
        self.hand_over();
        let submissions = self.io.submission();
        let overflowing = submissions.cq_overflow();
        let idle = submissions.is_empty() && !submissions.taskrun() && !overflowing;
        drop(submissions);
        if overflowing && !self.overflowing {
            if self.overflows == 0 {
                tracing::warn!("completions did not fit in the ring's queue, and are fetched late");
            }
            self.overflows += 1;
        }
        self.overflowing = overflowing;
        if idle {
            self.refused = false;
            return;
        }
        let result = self.io.submitter().submit_and_wait(0);
        let error = result.err().filter(|error| error.kind() != io::ErrorKind::Interrupted);
        self.refused = error.is_some();
        if let Some(error) = error
            && !mem::replace(&mut self.said_refused, true)
        {
            tracing::warn!(%error, "the kernel takes no operations, trying again");
        }
    }

    /// Takes some of the completions that are there.
    pub(crate) fn take<'a>(
        &mut self,
        batch: &'a mut [MaybeUninit<cqueue::Entry>; BATCH],
    ) -> impl ExactSizeIterator<Item = Done> + use<'a> {
        let taken = &*self.io.completion().fill(batch);
        self.in_flight -= taken.iter().filter(|completion| is_last(completion)).count();
        taken.iter().map(Done::new)
    }

    /// Whether nothing is to be done until the kernel tells of a completion, or nothing can be.
    pub(crate) fn is_quiet(&mut self) -> bool {
        if self.refused {
            return true;
        }
        let submissions = self.io.submission();
        let waits = !submissions.is_empty() || submissions.taskrun() || submissions.cq_overflow();
        drop(submissions);
        !waits && self.waiting.is_empty() && self.io.completion().is_empty()
    }

    /// Cancels every operation.
    pub(crate) fn cancel_all(&mut self) {
        let entry = opcode::AsyncCancel2::new(CancelBuilder::any()).build();
        // SAFETY: it names no memory.
        unsafe { self.push(entry, Token(Op::Cancel, Key { index: 0, generation: 0 })) }
    }

    /// Waits until something completes, or a second has passed.
    pub(crate) fn wait(&mut self) {
        self.hand_over();
        let patience = Timespec::new().sec(1);
        let _ = self.io.submitter().submit_with_args(1, &SubmitArgs::new().timespec(&patience));
    }

    /// Operations that have another completion to come.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }
}

/// A completion. `more` says whether the operation has another to come.
#[derive(Debug)]
pub(crate) enum Done {
    Received { key: Key, result: Result<Received, Errno>, more: bool },
    Sent { key: Key, result: Result<usize, Errno> },
    Accepted { key: Key, result: Result<OwnedFd, Errno>, more: bool },
    Cancelled,
}

/// Bytes in a provided buffer, or, without one, the end of the stream. Whoever has this has the
/// buffer.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) buffer: Option<u16>,
    pub(crate) count: usize,
}

impl Done {
    /// Called once for a completion.
    fn new(completion: &cqueue::Entry) -> Self {
        let Token(op, key) = Token::from(completion.user_data());
        let (flags, result) = (completion.flags(), completion.result());
        let more = cqueue::more(flags);
        let result = u32::try_from(result).map_err(|_| Errno::from_raw_os_error(-result));
        let count = result.map(|count| count as usize);
        match op {
            Op::Receive => {
                let buffer = cqueue::buffer_select(flags);
                Self::Received { key, result: count.map(|count| Received { buffer, count }), more }
            }
            Op::Send => Self::Sent { key, result: count },
            Op::Accept => {
                let open = |fd: u32| {
                    // SAFETY: the kernel has opened the descriptor for this completion.
                    unsafe { OwnedFd::from_raw_fd(fd.cast_signed()) }
                };
                Self::Accepted { key, result: result.map(open), more }
            }
            Op::Cancel => Self::Cancelled,
        }
    }
}

/// Whether an operation has no other completion to come. That of a cancellation is no operation's.
fn is_last(completion: &cqueue::Entry) -> bool {
    !cqueue::more(completion.flags()) && Token::from(completion.user_data()).0 != Op::Cancel
}
