//! What a program prints, read by a thread for each stream, since a pipe has no time-out.
//!
//! Of lines the last few are kept for whoever asks what it said, and those that nobody has read
//! yet. Both are bounded, and so is a line: a program that prints without end costs no memory.

use anyhow::ensure;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Lines that are kept to be told.
pub const SAID_MAX: usize = 40;
/// Lines that wait to be read; of more the oldest are forgotten.
pub const UNREAD_MAX: usize = 4096;
/// Bytes of a line; what is longer continues as the next line.
pub const LINE_BYTES_MAX: u64 = 4096;
/// Bytes of an output that is kept whole.
pub const OUTPUT_BYTES_MAX: usize = 256 * 1024 * 1024;
/// For how long the end of the streams is waited for once the program has ended: another process
/// may hold them.
const END_PATIENCE: Duration = Duration::from_secs(1);

/// No more lines will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AtEnd;

/// What a program prints.
#[derive(Debug)]
pub(crate) struct Printed(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct State {
    said: VecDeque<String>,
    unread: VecDeque<String>,
    output: Vec<u8>,
    too_much: bool,
    /// Streams that have not ended.
    open: u8,
}

impl Printed {
    /// Reads both streams of a program; the first as lines, or to be kept whole.
    pub(crate) fn read(
        stdout: impl Read + Send + 'static,
        stderr: impl Read + Send + 'static,
        keep_output: bool,
    ) -> Self {
        let shared = Arc::new(Shared::default());
        shared.lock().open = 2;
        let (of_stdout, of_stderr) = (Arc::clone(&shared), Arc::clone(&shared));
        thread::spawn(
            move || if keep_output { of_stdout.keep(stdout) } else { of_stdout.lines(stdout) },
        );
        thread::spawn(move || of_stderr.lines(stderr));
        Self(shared)
    }

    /// The next line that was not read yet; none where there is none until then.
    pub(crate) fn next(&self, until: Instant) -> Result<Option<String>, AtEnd> {
        let mut state = self.0.lock();
        loop {
            if let Some(line) = state.unread.pop_front() {
                return Ok(Some(line));
            }
            if state.open == 0 {
                return Err(AtEnd);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            state = self.0.wait(state, left);
        }
    }

    /// Waits for the end of both streams, but not long.
    pub(crate) fn wait_for_end(&self) {
        let until = Instant::now() + END_PATIENCE;
        let mut state = self.0.lock();
        while state.open > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.0.wait(state, left);
        }
    }

    /// The last lines, the oldest first.
    pub(crate) fn last(&self) -> Vec<String> {
        self.0.lock().said.iter().cloned().collect()
    }

    /// The output that was kept whole.
    pub(crate) fn take_output(&self) -> anyhow::Result<Vec<u8>> {
        let mut state = self.0.lock();
        ensure!(!state.too_much, "it printed more than {OUTPUT_BYTES_MAX} bytes");
        Ok(std::mem::take(&mut state.output))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, left: Duration) -> MutexGuard<'a, State> {
        self.news.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
    }

    fn lines(&self, stream: impl Read) {
        let mut reader = BufReader::new(stream);
        let mut bytes = Vec::new();
        while matches!(reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes), Ok(1..))
        {
            let text = String::from_utf8_lossy(&bytes);
            self.said(text.trim_end_matches(['\n', '\r']).to_owned());
            bytes.clear();
        }
        self.ended();
    }

    fn keep(&self, mut stream: impl Read) {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = stream.read(&mut bytes) {
            let mut state = self.lock();
            if state.output.len() + count > OUTPUT_BYTES_MAX {
                (state.too_much, state.output) = (true, Vec::new());
            } else if !state.too_much {
                state.output.extend_from_slice(&bytes[..count]);
            }
        }
        self.ended();
    }

    fn said(&self, line: String) {
        let mut state = self.lock();
        push(&mut state.said, SAID_MAX, line.clone());
        push(&mut state.unread, UNREAD_MAX, line);
        self.news.notify_all();
    }

    fn ended(&self) {
        self.lock().open -= 1;
        self.news.notify_all();
    }
}

fn push(lines: &mut VecDeque<String>, max: usize, line: String) {
    if lines.len() == max {
        lines.pop_front();
    }
    lines.push_back(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn lines_of_both_streams_are_read_once_and_kept() {
        let printed = Printed::read(&b"one\r\ntwo"[..], &b""[..], false);
        assert_eq!(printed.next(soon()), Ok(Some("one".to_owned())));
        assert_eq!(printed.next(soon()), Ok(Some("two".to_owned())));
        assert_eq!(printed.next(soon()), Err(AtEnd));
        assert_eq!(printed.last(), ["one", "two"]);
    }

    #[test]
    fn output_that_is_kept_is_no_line() {
        let printed = Printed::read(&b"{}\n"[..], &b"a phase\n"[..], true);
        assert_eq!(printed.next(soon()), Ok(Some("a phase".to_owned())));
        assert_eq!(printed.next(soon()), Err(AtEnd));
        assert_eq!(printed.last(), ["a phase"]);
        assert_eq!(printed.take_output().unwrap(), b"{}\n");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let text: String = (0..UNREAD_MAX + 3).map(|n| format!("{n}\n")).collect();
        let printed = Printed::read(std::io::Cursor::new(text), &b""[..], false);
        printed.wait_for_end();
        assert_eq!(printed.next(soon()), Ok(Some("3".to_owned())));
        assert_eq!(printed.last().len(), SAID_MAX);
        let long = vec![b'x'; usize::try_from(LINE_BYTES_MAX).unwrap() + 1];
        let printed = Printed::read(std::io::Cursor::new(long), &b""[..], false);
        let length = printed.next(soon()).unwrap().unwrap().len() as u64;
        assert_eq!(length, LINE_BYTES_MAX);
        assert_eq!(printed.next(soon()), Ok(Some("x".to_owned())));
        let long = std::io::repeat(b'x').take(OUTPUT_BYTES_MAX as u64 + 1);
        let printed = Printed::read(long, &b""[..], true);
        while printed.next(soon()).is_ok() {}
        assert!(printed.take_output().is_err());
    }

    #[test]
    fn silence_ends_with_the_patience_of_whoever_waits() {
        let (reader, writer) = std::io::pipe().unwrap();
        let printed = Printed::read(reader, &b""[..], false);
        assert_eq!(printed.next(Instant::now()), Ok(None));
        drop(writer);
        assert_eq!(printed.next(soon()), Err(AtEnd));
    }
}
