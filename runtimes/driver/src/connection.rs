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
    pub(crate) worker: R::Shared<Worker<R, A, S>>,
    pub(crate) id: ConnId,
    pub(crate) reader: R::Reader,
    pub(crate) writer: R::Writer,
}

impl<R: Runtime, A: Arena, S: Service> Connection<R, A, S> {
    /// Runs it to its end.
    pub async fn run(self) {
        let Self { worker, id, mut reader, writer } = self;
        let mut input = Input::default();
        loop {
            let (result, buf) = reader.read(input.lend()).await;
            input.put_back(buf);
            if matches!(result, Ok(0)) && worker.with(|w| w.ended(id)) {
                poll_fn(|cx| worker.with(|w| w.poll_said_all(id, cx))).await;
            }
            if !result.is_ok_and(|count| count > 0)
                || exchange::<R, A, S>(&worker, id, &writer, &mut input).await.is_err()
            {
                break;
            }
        }
        worker.with(|w| w.closed(id));
    }
}

/// From bytes read to the next read: what the bytes make due is written here, without a hop to
/// another task.
async fn exchange<R: Runtime, A: Arena, S: Service>(
    worker: &R::Shared<Worker<R, A, S>>,
    id: ConnId,
    writer: &R::Writer,
    input: &mut Input,
) -> io::Result<()> {
    loop {
        let (mut step, began) = worker.with(|w| w.receive(id, input));
        while let Step::Write(buf, after) = step {
            let buf = write(writer, buf, after).await?;
            step = worker.with(|w| w.sent(id, buf, began, input));
        }
        if matches!(step, Step::Wait) {
            input.compact();
            poll_fn(|cx| worker.with(|w| w.poll_resume(id, cx))).await?;
        }
        if matches!(step, Step::Read) || input.is_empty() {
            return Ok(());
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
