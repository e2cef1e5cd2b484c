//! The task of one connection: read, let the shard consume, write what that made due, read again.

use crate::buffers::Input;
use crate::runtime::{ReadHalf, Runtime, Share, WriteHalf};
use crate::worker::{Step, Worker};
use engine_core::arena::Arena;
use engine_core::seam::{After, ConnId};
use engine_core::service::Service;
use std::fmt;
use std::future::poll_fn;
use std::io;

/// A connection that was accepted.
pub struct Connection<R: Runtime, A: Arena, S: Service> {
    worker: R::Shared<Worker<R, A, S>>,
    id: ConnId,
    reader: R::Reader,
    writer: R::Writer,
    input: Input,
}

impl<R: Runtime, A: Arena, S: Service> Connection<R, A, S> {
    pub(crate) fn new(
        worker: R::Shared<Worker<R, A, S>>,
        id: ConnId,
        (reader, writer): (R::Reader, R::Writer),
    ) -> Self {
        Self { worker, id, reader, writer, input: Input::default() }
    }

    /// Runs it to its end.
    ///
    /// The future is most of what an idle connection holds, so it is flat: an `async fn` would hold
    /// `self` twice, and each one that it calls its arguments.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` holds its arguments twice")]
    pub fn run(mut self) -> impl Future<Output = ()> {
        async move {
            'reads: loop {
                let (result, buf) = self.reader.read(self.input.lend()).await;
                self.input.put_back(buf);
                // Not kept as a result: an error would be held while the future waits.
                let count = result.ok();
                if count == Some(0) && self.worker.with(|w| w.ended(self.id)) {
                    poll_fn(|cx| self.worker.with(|w| w.poll_said_all(self.id, cx))).await;
                }
                if count.is_none_or(|count| count == 0) {
                    break;
                }
                // To the next read: what the bytes make due is written here, without a hop to
                // another task.
                loop {
                    let (mut step, mut buf, began) =
                        self.worker.with(|w| w.receive(self.id, &mut self.input));
                    loop {
                        let after = match step {
                            Step::Write(after) => {
                                let result;
                                (result, buf) = self.writer.write_all(buf).await;
                                if result.is_err() {
                                    break 'reads;
                                }
                                after
                            }
                            Step::ShutDown => After::Close,
                            Step::Read | Step::Offer | Step::Wait => break,
                        };
                        if after == After::Close {
                            self.writer.shutdown_write();
                        }
                        (step, buf) =
                            self.worker.with(|w| w.sent(self.id, buf, began, &self.input));
                    }
                    if matches!(step, Step::Wait) {
                        self.input.compact();
                        let resumed =
                            poll_fn(|cx| self.worker.with(|w| w.poll_resume(self.id, cx)));
                        if resumed.await.is_err() {
                            break 'reads;
                        }
                    }
                    if matches!(step, Step::Read) || self.input.is_empty() {
                        break;
                    }
                }
            }
            self.worker.with(|w| w.closed(self.id));
        }
    }
}

/// Writes `buf`, and does what follows it.
pub(crate) async fn write<W: WriteHalf>(
    writer: &W,
    buf: Vec<u8>,
    after: After,
) -> io::Result<Vec<u8>> {
    let buf = if buf.is_empty() {
        buf
    } else {
        let (result, buf) = writer.write_all(buf).await;
        result?;
        buf
    };
    if after == After::Close {
        writer.shutdown_write();
    }
    Ok(buf)
}

impl<R: Runtime, A: Arena, S: Service> fmt::Debug for Connection<R, A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("id", &self.id).finish_non_exhaustive()
    }
}
