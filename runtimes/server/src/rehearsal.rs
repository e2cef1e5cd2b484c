//! A rehearsal: a runtime is started with all its workers and without sockets, and ended at once.
//!
//! A backend's own probe tries one of what each worker needs. Whether there is enough for all of
//! them, of locked memory say, and whether their descriptor tables may part, shows only here; and
//! it must show before anybody is told where the server listens.

use crate::config::Config;
use crate::secrets::random_key;
use crate::token_command::ring;
use alloc_bumpalo::BumpArena;
use backends::Backend;
use driver::store::Memory;
use driver::{Control, Node, Observer, Setup, State, Unavailable};
use engine_core::api::hunts::{Hunts, Settings};
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::error::Problem;
use engine_core::game::hash::Seed;
use engine_core::seam::{Observe, Reply};
use rustix::io::Errno;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How often it is looked whether all workers run.
const LOOK_EVERY: Duration = Duration::from_micros(500);

/// Whether a runtime can start here with the workers of this configuration. Costs what starting
/// them costs, a few milliseconds.
///
/// # Errors
/// Why not, and what to do about it.
pub fn rehearse(backend: Backend, config: &Config) -> Result<(), Unavailable> {
    backend.probe()?;
    let control = Control::new(config.workers());
    let node = node(config, &control).map_err(|error| explain(error, config))?;
    let ended = AtomicBool::new(false);
    let served = thread::scope(|scope| {
        scope.spawn(|| {
            while control.state() == State::Starting && !ended.load(Ordering::Acquire) {
                thread::park_timeout(LOOK_EVERY);
            }
            control.abort();
        });
        let served = backend.serve(node);
        ended.store(true, Ordering::Release);
        served
    });
    served.map_err(|error| explain(error, config))
}

/// A server that nobody can reach.
fn node(config: &Config, control: &Control) -> io::Result<Node<BumpArena, Hunts>> {
    let limits = Arc::new(config.limits.clone());
    let meters = ArenaMeters::default();
    let workers = control.workers();
    let store = Memory::<BumpArena>::new(workers, Seed(0), meters.clone(), Arc::clone(&limits));
    let settings = Arc::new(Settings {
        keys: ring(&[random_key(0)?]).map_err(io::Error::other)?,
        allowed_origins: Vec::new(),
        admin_on_public: false,
        limits: Arc::clone(&limits),
    });
    let setup = Setup {
        limits,
        control: control.clone(),
        store: Arc::new(store),
        observer: Arc::new(Nobody),
        arena: Box::new(move || BumpArena::new(Arc::clone(&meters.scratch))),
        service: Box::new(move |_| Hunts::new(Arc::clone(&settings))),
    };
    let private_descriptors = config.private_descriptors;
    Ok(Node { setup, public: Vec::new(), admin: None, pin: false, private_descriptors })
}

/// Answers nobody.
struct Nobody;

impl Observer for Nobody {
    fn observe(&self, _: Observe) -> Reply {
        Reply::Refused(Problem::NotReady.into())
    }
}

fn explain(error: io::Error, config: &Config) -> Unavailable {
    let workers = config.workers();
    let why = error.downcast::<Unavailable>().unwrap_or_else(|error| {
        let remedy = match Errno::from_io_error(&error) {
            Some(Errno::NOMEM) => {
                "raise the limit of locked memory: ulimit -l, LimitMEMLOCK= of the service"
            }
            Some(Errno::MFILE | Errno::NFILE) => {
                "raise the limit of open files: ulimit -n, LimitNOFILE= of the service"
            }
            _ if config.private_descriptors => {
                "allow unshare in the seccomp profile of the container or service, or leave \
                 private_descriptors off"
            }
            _ => "see what `hunt-server doctor` tells of the machine",
        };
        Unavailable::new(error.to_string(), remedy)
    });
    Unavailable::new(
        format!("{workers} workers cannot start together: {}", why.cause),
        format!("{}, or lower --workers", why.remedy),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_that_can_start_does_and_ends_and_the_next_one_can() {
        for private_descriptors in [false, true] {
            let config = Config { workers: 3, private_descriptors, ..Config::default() };
            for backend in Backend::built_in().filter(|backend| backend.probe().is_ok()) {
                assert_eq!(rehearse(backend, &config), Ok(()), "{backend}");
            }
        }
    }

    #[test]
    fn an_error_becomes_a_cause_with_a_remedy() {
        let mut config = Config { workers: 3, ..Config::default() };
        let why = Unavailable::new("no memory", "get some");
        let why = explain(io::Error::other(why), &config).to_string();
        let expected = "3 workers cannot start together: no memory; get some, or lower --workers";
        assert_eq!(why, expected);
        let why = explain(Errno::NOMEM.into(), &config);
        assert!(why.remedy.contains("ulimit -l"), "{why}");
        config.private_descriptors = true;
        let why = explain(io::ErrorKind::PermissionDenied.into(), &config);
        assert!(why.remedy.contains("unshare"), "{why}");
    }
}
