//! The workers: threads of this process, or processes of their own where descriptors run out. Both
//! are told and tell the same.

use crate::clock::Nanos;
use crate::engine::{self, Control, Report, Task};
use crate::run::RunError;
use crate::worker::Order;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// For how long a process may take to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// All workers of a run.
#[derive(Debug)]
pub(crate) struct Crew {
    workers: Vec<Worker>,
    news: Receiver<(usize, News)>,
}

/// What is heard of a worker.
#[derive(Debug)]
pub(crate) enum News {
    /// It tells something.
    Report(Report),
    /// It is gone, and had not said that it would.
    Lost(String),
}

#[derive(Debug)]
enum Worker {
    Thread { control: Arc<Control>, handle: Option<JoinHandle<()>> },
    Process { child: Child, orders: Option<ChildStdin> },
}

impl Crew {
    /// Sends a worker off for each task.
    ///
    /// # Errors
    /// If the system has no more threads or processes.
    pub(crate) fn send_off(tasks: Vec<Task>, in_processes: bool) -> Result<Self, RunError> {
        let (sender, news) = channel();
        let mut crew = Self { workers: Vec::new(), news };
        for (number, task) in tasks.into_iter().enumerate() {
            let worker = if in_processes {
                Worker::process(number, &task, sender.clone())
            } else {
                Worker::thread(number, task, sender.clone())
            };
            let refused = |error| RunError::Worker(format!("no worker can be started: {error}"));
            crew.workers.push(worker.map_err(refused)?);
        }
        Ok(crew)
    }

    pub(crate) fn len(&self) -> usize {
        self.workers.len()
    }

    /// The next that is heard of one, if anything is within this time.
    pub(crate) fn news(&mut self, within: Duration) -> Option<(usize, News)> {
        self.news.recv_timeout(within).ok()
    }

    pub(crate) fn start_at(&mut self, at: Nanos) {
        self.tell(|control| control.start_at(at), Order::StartAt(at));
    }

    pub(crate) fn stop(&mut self) {
        self.tell(Control::stop, Order::Stop);
    }

    pub(crate) fn abort(&mut self) {
        self.tell(Control::abort, Order::Abort);
    }

    fn tell(&mut self, thread: impl Fn(&Control), order: Order) {
        for worker in &mut self.workers {
            match worker {
                Worker::Thread { control, .. } => thread(control),
                Worker::Process { orders, .. } => {
                    let sent = orders.as_mut().map(|orders| order.write(orders));
                    if !matches!(sent, Some(Ok(()))) {
                        // It is gone, which is heard of elsewhere.
                        *orders = None;
                    }
                }
            }
        }
    }

    /// Waits for workers that have ended.
    pub(crate) fn dismiss(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.abort();
        for worker in &mut self.workers {
            match worker {
                Worker::Thread { handle, .. } => {
                    // A panic was told by whoever held the other end of its channel.
                    let _ = handle.take().map(JoinHandle::join);
                }
                Worker::Process { child, orders } => {
                    *orders = None;
                    end_process(child);
                }
            }
        }
        self.workers.clear();
    }
}

/// Waits for a process that was told to end, and ends it if it does not.
fn end_process(child: &mut Child) {
    let deadline = Nanos::now() + PATIENCE;
    while Nanos::now() < deadline {
        // What cannot be waited for is gone.
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
    let _ = child.kill();
    let _ = child.wait();
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.end();
    }
}

impl Worker {
    fn thread(number: usize, task: Task, news: Sender<(usize, News)>) -> std::io::Result<Self> {
        let control = Arc::new(Control::default());
        let own = Arc::clone(&control);
        let (sender, reports) = channel();
        let named = || std::thread::Builder::new().name(format!("hunt-load-{number}"));
        let engine = named().spawn(move || engine::run(task, own, sender))?;
        let forward = move || {
            let mut ended = false;
            for report in reports {
                ended = ended || matches!(report, Report::Ended(_));
                if news.send((number, News::Report(report))).is_err() {
                    return;
                }
            }
            let panicked = engine.join().is_err();
            if panicked && !ended {
                let _ = news.send((number, News::Lost(format!("worker {number} panicked"))));
            }
        };
        Ok(Self::Thread { control, handle: Some(named().spawn(forward)?) })
    }

    fn process(number: usize, task: &Task, news: Sender<(usize, News)>) -> std::io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(crate::worker::ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let broken = || std::io::Error::other("a pipe to a worker is missing");
        let mut orders = child.stdin.take().ok_or_else(broken)?;
        let reports = child.stdout.take().ok_or_else(broken)?;
        let text = serde_json::to_string(task)?;
        let forward = move || {
            let mut ended = false;
            for line in BufReader::new(reports).lines().map_while(Result::ok) {
                let heard = match serde_json::from_str(&line) {
                    Ok(report) => News::Report(report),
                    Err(error) => News::Lost(format!("worker {number} said {line:?}: {error}")),
                };
                ended = ended || matches!(heard, News::Report(Report::Ended(_)) | News::Lost(_));
                if news.send((number, heard)).is_err() {
                    return;
                }
            }
            if !ended {
                let text = format!("the process of worker {number} ended by itself");
                let _ = news.send((number, News::Lost(text)));
            }
        };
        std::thread::Builder::new().name(format!("hunt-load-{number}")).spawn(forward)?;
        // A process that has ended at once is heard of by the other pipe.
        let sent = orders.write_all(text.as_bytes()).and_then(|()| orders.write_all(b"\n"));
        let orders = sent.is_ok().then_some(orders);
        Ok(Self::Process { child, orders })
    }
}
