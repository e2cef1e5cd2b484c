//! A worker in a process of its own: its task and its orders come as lines of JSON on standard
//! input, its reports go out as lines of JSON on standard output.

use crate::clock::Nanos;
use crate::engine::{self, Control, Task};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;

/// The one argument of a worker's process.
pub const ARGUMENT: &str = "--as-worker";

/// What a worker is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Requests are due from then on.
    StartAt(Nanos),
    /// Nothing more is due.
    Stop,
    /// Nothing is waited for.
    Abort,
}

impl Order {
    pub(crate) fn write(self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, &self)?;
        out.write_all(b"\n")?;
        out.flush()
    }
}

/// Whether this process was started as a worker.
#[must_use]
pub fn is_worker() -> bool {
    std::env::args_os().nth(1).is_some_and(|argument| argument == ARGUMENT)
}

/// Does the work of a worker, to its end.
///
/// # Errors
/// If the task is none, or nobody listens any more.
pub fn main() -> io::Result<()> {
    // A signal from a terminal goes to all processes of a run: the first of them decides.
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    let mut lines = io::stdin().lock().lines();
    let task = lines.next().unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))?;
    let task: Task = serde_json::from_str(&task)?;
    drop(lines);
    let control = Arc::new(Control::default());
    let (sender, reports) = channel();
    let own = Arc::clone(&control);
    let engine = std::thread::Builder::new()
        .name("hunt-load-engine".into())
        .spawn(move || engine::run(task, own, sender))?;
    std::thread::Builder::new().name("hunt-load-orders".into()).spawn(move || obey(&control))?;
    let mut out = BufWriter::new(io::stdout().lock());
    for report in reports {
        serde_json::to_writer(&mut out, &report)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    engine.join().map_err(|_| io::Error::other("the engine panicked"))
}

/// Follows orders; whoever gives none any more is gone.
fn obey(control: &Control) {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        match serde_json::from_str(&line) {
            Ok(Order::StartAt(at)) => control.start_at(at),
            Ok(Order::Stop) => control.stop(),
            Ok(Order::Abort) | Err(_) => control.abort(),
        }
    }
    control.abort();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_lines() {
        let mut out = Vec::new();
        Order::StartAt(Nanos(7)).write(&mut out).unwrap();
        Order::Stop.write(&mut out).unwrap();
        let read: Vec<Order> =
            out.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        assert_eq!(read, [Order::StartAt(Nanos(7)), Order::Stop]);
    }
}
