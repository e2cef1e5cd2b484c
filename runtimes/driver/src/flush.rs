//! Writes to connections whose own task did not make them due: broadcasts, late answers, Close
//! frames, pings.

use crate::connection;
use crate::loops::Loop;
use crate::runtime::{Runtime, Share, WriteHalf};
use crate::worker::{Transmit, Worker};
use engine_core::arena::Arena;
use engine_core::seam::{After, Outgoing};
use engine_core::service::Service;
use std::future::poll_fn;
use std::io;

/// Connections that are written to before other tasks run.
const BATCH: usize = 64;

/// Writes what is due, and leaves the rest of what a socket does not take at once to a task of its
/// own: a peer that does not read keeps nobody else waiting.
pub(crate) async fn flush_loop<R: Runtime, A: Arena, S: Service>(
    rt: R,
    worker: R::Shared<Worker<R, A, S>>,
) {
    let mut due: Vec<Transmit<R::Writer>> = Vec::new();
    let mut sent = Vec::new();
    loop {
        poll_fn(|cx| worker.with(|w| w.poll_outbox(cx, &mut due, BATCH))).await;
        for mut transmit in due.drain(..) {
            if try_whole(&mut transmit) {
                if transmit.after == After::Close {
                    transmit.writer.shutdown_write();
                }
                sent.push((transmit.conn, transmit.buf));
            } else {
                worker.with(Worker::flush_rest);
                rt.spawn_loop(Loop::<R, A, S>::write_rest(worker.clone(), transmit));
            }
        }
        if !sent.is_empty() {
            worker.with(|w| w.flushed(&mut sent));
        }
        rt.yield_now().await;
    }
}

/// Writes what the socket takes at once. False: the rest is left in the buffer.
fn try_whole<W: WriteHalf>(transmit: &mut Transmit<W>) -> bool {
    let mut written = 0;
    while written < transmit.buf.len() {
        match transmit.writer.try_write(&transmit.buf[written..]) {
            Ok(count) if count > 0 => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => {
                // An error other than `WouldBlock` comes again, where it can be waited for.
                transmit.buf = rest(std::mem::take(&mut transmit.buf), written);
                return false;
            }
        }
    }
    true
}

/// What is left behind the first `written` bytes.
fn rest(outgoing: Outgoing, written: usize) -> Outgoing {
    let mut buf = outgoing.into_vec();
    buf.drain(..written);
    Outgoing::Own(buf)
}

/// Writes the rest of what a socket did not take at once.
pub(crate) async fn write_rest<R: Runtime, A: Arena, S: Service>(
    worker: R::Shared<Worker<R, A, S>>,
    rest: Transmit<R::Writer>,
) {
    let Transmit { conn, writer, buf, after } = rest;
    match connection::write(&writer, buf.into_vec(), after).await {
        Ok(buf) => worker.with(|w| w.flushed(&mut vec![(conn, Outgoing::Own(buf))])),
        Err(_) => worker.with(|w| w.flush_failed(conn)),
    }
}
