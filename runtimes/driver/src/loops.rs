//! The loops of a worker, in one type that a backend can spawn.

use crate::accept::{self, Acceptor, Lingering};
use crate::clock::Moment;
use crate::control::{Control, Mail};
use crate::flush;
use crate::runtime::{Runtime, Share};
use crate::worker::{Transmit, Worker};
use engine_core::arena::Arena;
use engine_core::seam::WorkerId;
use engine_core::service::Service;
use std::fmt;
use std::future::poll_fn;
use std::time::Duration;

/// How often a worker's time moves on: a broadcast is at most so late on an idle worker.
pub const TICK: Duration = Duration::from_millis(5);

/// A loop to spawn; the backend sees no more of it than [`Loop::run`].
pub struct Loop<R: Runtime, A: Arena, S: Service>(Kind<R, A, S>);

enum Kind<R: Runtime, A: Arena, S: Service> {
    Accept(Acceptor<R, A, S>),
    Flush(R::Shared<Worker<R, A, S>>, R),
    Mailbox(R::Shared<Worker<R, A, S>>, R, Control, WorkerId),
    WriteRest(R::Shared<Worker<R, A, S>>, Transmit<R::Writer>),
    Linger(R, Lingering<R>),
}

impl<R: Runtime, A: Arena, S: Service> Loop<R, A, S> {
    pub(crate) fn accept(acceptor: Acceptor<R, A, S>) -> Self {
        Self(Kind::Accept(acceptor))
    }

    pub(crate) fn flush(worker: R::Shared<Worker<R, A, S>>, rt: R) -> Self {
        Self(Kind::Flush(worker, rt))
    }

    pub(crate) fn mailbox(
        worker: R::Shared<Worker<R, A, S>>,
        rt: R,
        control: Control,
        id: WorkerId,
    ) -> Self {
        Self(Kind::Mailbox(worker, rt, control, id))
    }

    pub(crate) fn write_rest(
        worker: R::Shared<Worker<R, A, S>>,
        rest: Transmit<R::Writer>,
    ) -> Self {
        Self(Kind::WriteRest(worker, rest))
    }

    pub(crate) fn linger(rt: R, lingering: Lingering<R>) -> Self {
        Self(Kind::Linger(rt, lingering))
    }

    /// Runs it.
    pub async fn run(self) {
        match self.0 {
            Kind::Accept(acceptor) => acceptor.accept_loop().await,
            Kind::Flush(worker, rt) => flush::flush_loop(rt, worker).await,
            Kind::Mailbox(worker, rt, control, id) => {
                mailbox_loop(rt, worker, control, id).await;
            }
            Kind::WriteRest(worker, rest) => flush::write_rest::<R, A, S>(worker, rest).await,
            Kind::Linger(rt, lingering) => accept::linger(rt, lingering).await,
        }
    }
}

impl<R: Runtime, A: Arena, S: Service> fmt::Debug for Loop<R, A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Accept(_) => "accept",
            Kind::Flush(..) => "flush",
            Kind::Mailbox(..) => "mailbox",
            Kind::WriteRest(..) => "write rest",
            Kind::Linger(..) => "linger",
        })
    }
}

/// Moves the worker's time on, until it has come to its end. The time between two ticks does not
/// grow by what a tick takes; those that a busy worker missed are left out.
pub async fn tick_loop<R: Runtime, A: Arena, S: Service>(
    rt: R,
    worker: R::Shared<Worker<R, A, S>>,
) {
    let mut due = rt.now() + TICK;
    loop {
        rt.sleep(due.since(rt.now())).await;
        if worker.with(|w| w.tick(due)) {
            return;
        }
        due = next_tick(due, rt.now());
    }
}

/// When the tick after one that was due is due itself.
fn next_tick(due: Moment, now: Moment) -> Moment {
    let next = due + TICK;
    if next > now { next } else { now + TICK }
}

/// Hands the worker its messages.
async fn mailbox_loop<R: Runtime, A: Arena, S: Service>(
    rt: R,
    worker: R::Shared<Worker<R, A, S>>,
    control: Control,
    id: WorkerId,
) {
    let mut mails: Vec<Mail> = Vec::new();
    loop {
        poll_fn(|cx| control.mailbox(id).poll_receive(cx, &mut mails)).await;
        worker.with(|w| w.receive_mail(&mut mails));
        // A flood of mail does not keep connections waiting.
        rt.yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_do_not_drift_and_those_that_were_missed_are_left_out() {
        for (now_us, next_us) in
            [(5_000, 10_000), (5_900, 10_000), (9_999, 10_000), (10_000, 15_000), (42_100, 47_100)]
        {
            let next = next_tick(Moment::from_us(5_000), Moment::from_us(now_us));
            assert_eq!(next, Moment::from_us(next_us), "at {now_us}");
        }
    }
}
