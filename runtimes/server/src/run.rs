//! `serve`: from a good configuration to a server, and from a signal to its end.
//!
//! Everything that can be wrong is found before the first connection is answered.

use crate::config::{ArenaChoice, Config};
use crate::load::Loaded;
use crate::logging::{self, RateLimit};
use crate::observer::{InForce, ServerObserver};
use crate::process::Descriptors;
use crate::rehearsal::rehearse;
use crate::runtime_choice::{self, Chosen};
use crate::secrets::{fill_random, random_key};
use crate::{demo, process, signals, token_command, version};
use alloc_bumpalo::BumpArena;
use alloc_heap::HeapArena;
use anyhow::{Context, ensure};
use backends::Backend;
use driver::store::Memory;
use driver::{Control, Node, Setup, net};
use engine_core::api::hunts::{Hunts, Settings};
use engine_core::api::token::KeyRing;
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::game::hash::Seed;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use tracing::{error, info, warn};

/// Serves until a signal.
///
/// # Errors
/// If it cannot start; a worker that failed is an error too.
pub fn serve(loaded: Loaded) -> anyhow::Result<ExitCode> {
    let Loaded { mut config, mut warnings, file, .. } = loaded;
    if config.keys.is_empty() && config.demo {
        let key = random_key(1).context("the system has no random numbers for a key")?;
        config.keys.push(key);
        warnings.push("the signing key is random: no token outlives the process".into());
    }
    let keys = token_command::ring(&config.keys)?;
    let logs = logging::start(&config)?;
    end_at_a_panic();
    for warning in warnings {
        warn!("{warning}");
    }
    if let Some(file) = file {
        info!(file = %file.display(), "configuration read");
    }
    if let Some(warning) = process::raise_nofile(descriptors(&config)) {
        warn!("{warning}");
    }
    let chosen = choose(&config)?;
    let started = match config.arena {
        ArenaChoice::Bump => start::<BumpArena>(config, chosen, keys, &logs),
        ArenaChoice::Heap => start::<HeapArena>(config, chosen, keys, &logs),
    };
    logs.report();
    started.map(|()| ExitCode::SUCCESS)
}

/// What the configuration asks of descriptor tables.
#[must_use]
pub fn descriptors(config: &Config) -> Descriptors {
    Descriptors {
        connections_max: config.limits.connections_max,
        workers: config.workers(),
        private: config.private_descriptors,
    }
}

/// The runtime that serves. A better one that cannot start here is told of in the log.
fn choose(config: &Config) -> anyhow::Result<Chosen> {
    let chosen = runtime_choice::choose(config.runtime, |backend| rehearse(backend, config))?;
    for (runtime, why) in &chosen.refused {
        let (cause, remedy) = (&why.cause, &why.remedy);
        warn!(%runtime, cause, remedy, "a better runtime cannot start here");
    }
    let backend = chosen.backend;
    ensure!(
        backend.is_per_core() || !config.private_descriptors,
        "private_descriptors cannot be had with the runtime {backend}; choose another with --runtime"
    );
    Ok(chosen)
}

/// Both listeners; none is left bound where the other cannot be.
struct Listeners {
    public: Vec<TcpListener>,
    admin: TcpListener,
}

fn bind(config: &Config, backend: Backend, workers: usize) -> anyhow::Result<Listeners> {
    let public = if backend.is_per_core() {
        net::listen_shared(config.listen, workers)
    } else {
        net::listen(config.listen).map(|listener| vec![listener])
    };
    let public = public.with_context(|| cannot_listen("listen", config.listen))?;
    let admin = net::listen(config.admin).with_context(|| cannot_listen("admin", config.admin))?;
    Ok(Listeners { public, admin })
}

fn cannot_listen(key: &str, addr: SocketAddr) -> String {
    format!("cannot listen on {addr}; is it in use, or not ours? choose another with --{key}")
}

fn start<A: Arena>(
    config: Config,
    chosen: Chosen,
    keys: KeyRing,
    logs: &RateLimit,
) -> anyhow::Result<()> {
    let (backend, why) = (chosen.backend, chosen.why());
    let workers = config.workers();
    let Listeners { public, admin } = bind(&config, backend, workers)?;
    let (public_addr, admin_addr) = (public[0].local_addr()?, admin.local_addr()?);

    let mut seed = [0; 16];
    fill_random(&mut seed).context("the system has no random numbers for a hash seed")?;
    let seed = Seed(u128::from_le_bytes(seed));
    let limits = Arc::new(config.limits.clone());
    let meters = ArenaMeters::default();
    let store = Arc::new(Memory::<A>::new(workers, seed, meters.clone(), Arc::clone(&limits)));
    let control = Control::new(workers);
    let in_force = InForce {
        chosen,
        arena: A::NAME,
        store: config.store.as_str(),
        connections_max: limits.connections_max,
        private_descriptors: config.private_descriptors,
    };
    let observer = ServerObserver::new(
        in_force,
        control.clone(),
        Arc::clone(&store),
        meters.clone(),
        logs.clone(),
    );
    let settings = Arc::new(Settings {
        keys: keys.clone(),
        allowed_origins: config.allowed_origins.clone(),
        admin_on_public: config.admin_on_public,
        limits: Arc::clone(&limits),
    });

    let mut greeting = format!("players: http://{public_addr}\nadmin: http://{admin_addr}\n");
    if config.demo {
        let player = demo::set_up(&*store, token_command::now())?;
        let ttl_ms = limits.session_ttl_ms as u64;
        greeting += &demo::invitation(public_addr, admin_addr, &keys, &player, ttl_ms);
    }
    let node = Node {
        setup: Setup {
            limits,
            control: control.clone(),
            store,
            observer: Arc::new(observer),
            arena: Box::new(move || A::new(Arc::clone(&meters.scratch))),
            service: Box::new(move |_| Hunts::new(Arc::clone(&settings))),
        },
        public,
        admin: Some(admin),
        pin: config.pin,
        private_descriptors: config.private_descriptors,
    };
    watch_signals(&control, config.drain_ms)?;
    info!(
        %public_addr, %admin_addr, runtime = backend.name(), why, workers, arena = A::NAME,
        store = config.store.as_str(), version = version::VERSION, "serving"
    );
    // The listeners hold whoever comes from now on, so what is printed works already. Whoever
    // started us may have closed the other end, which is no reason not to serve.
    let _ = io::stdout().write_all(greeting.as_bytes()).and_then(|()| io::stdout().flush());
    backend.serve(node).context("a worker failed")?;
    info!("ended");
    Ok(())
}

fn watch_signals(control: &Control, drain_ms: u64) -> io::Result<()> {
    let control = control.clone();
    signals::watch(move |signal| {
        info!(signal, drain_ms, "draining; a second signal ends at once");
        control.drain(drain_ms);
    })
}

/// A broken invariant ends the process: half a server is worse than none, and whoever runs it
/// starts it again.
fn end_at_a_panic() {
    std::panic::set_hook(Box::new(|panic| {
        error!("{panic}");
        std::process::abort();
    }));
}
