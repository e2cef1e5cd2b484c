//! The loops of a worker, in one type that a backend can spawn.

use crate::accept::{self, Acceptor, Lingering};
use crate::control::{Control, Mail};
use crate::flush;
use crate::runtime::{Runtime, Share};
use crate::worker::{Transmit, Worker};
use engine_core::arena::Arena;
use engine_core::seam::WorkerId;
use engine_core::service::Service;
use std::fmt;
use std::future::poll_fn;

/// How often a worker's time moves on.
pub const TICK_MS: u64 = 10;

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

/// Moves the worker's time on, until it has come to its end.
pub async fn tick_loop<R: Runtime, A: Arena, S: Service>(
    rt: R,
    worker: R::Shared<Worker<R, A, S>>,
) {
    loop {
        rt.sleep_ms(TICK_MS).await;
        if worker.with(|w| w.tick(TICK_MS)) {
            return;
        }
    }
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
