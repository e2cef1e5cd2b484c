//! The monoio backend: one monoio runtime for each worker, on io_uring or, in [`legacy`], on
//! readiness.
//!
//! - [`serve`] and [`legacy::serve`] differ in the driver below the runtime, and in how the halves
//!   of a socket read and write.
//! - `socket` accepts, and does what a driver has no part in.
//! - `turns` lets other tasks run.
//!
//! What a server does is not here but in the crate `driver`.

pub mod legacy;
mod ring;
mod socket;
mod turns;

use crate::socket::{Halves, Listener};
use driver::clock::{Clock, Moment};
use driver::connection::Connection;
use driver::loops::{Loop, tick_loop};
use driver::node::{self, Seat, Setup};
use driver::runtime::Runtime;
use driver::tasks::Tasks;
use engine_core::arena::Arena;
use engine_core::service::Service;
use std::cell::RefCell;
use std::io;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

pub use ring::{READ_BYTES, probe, serve};

/// For how long a runtime waits once more before it is dropped.
const LET_GO: Duration = Duration::from_millis(1);

/// A worker, from its start to its end.
async fn work<H: Halves, A: Arena, S: Service>(setup: &Setup<A, S>, seat: Seat) -> io::Result<()> {
    let rt = PerCore::<H> { clock: Clock::start(), tasks: Tasks::default(), halves: PhantomData };
    let worker = setup.worker(&rt, seat.worker);
    let public = seat.public.map(Listener::new).transpose()?;
    let admin = seat.admin.map(Listener::new).transpose()?;
    node::start(&rt, &worker, std::slice::from_ref(&worker), public, admin);
    tick_loop(rt.clone(), worker).await;
    rt.tasks.end().await;
    // Operations that were dropped are cancelled when the runtime waits the next time.
    monoio::time::sleep(LET_GO).await;
    Ok(())
}

/// The runtime; its tasks stay on their thread.
struct PerCore<H> {
    clock: Clock,
    tasks: Tasks,
    halves: PhantomData<H>,
}

impl<H> Clone for PerCore<H> {
    fn clone(&self) -> Self {
        Self { clock: self.clock, tasks: self.tasks.clone(), halves: PhantomData }
    }
}

impl<H: Halves> Runtime for PerCore<H> {
    type Listener = Listener<H>;
    type Reader = H::Reader;
    type Writer = H::Writer;
    type Shared<T: 'static> = Rc<RefCell<T>>;

    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> {
        monoio::time::sleep(time)
    }

    fn yield_now(&self) -> impl Future<Output = ()> {
        turns::yield_now()
    }

    fn spawn_connection<A: Arena, S: Service>(&self, task: Connection<Self, A, S>) {
        monoio::spawn(task.run());
    }

    fn spawn_loop<A: Arena, S: Service>(&self, task: Loop<Self, A, S>) {
        monoio::spawn(self.tasks.clone().run(task.run()));
    }
}
