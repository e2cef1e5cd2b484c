//! A whole server of the game behind hyper or axum: configured, greeted and ended as the engine's
//! own server is.

use crate::game::Game;
use crate::peer::Peer;
use crate::peers::server::Server;
use crate::peers::{Setup, on_axum, on_hyper};
use anyhow::{Context, bail, ensure};
use driver::clock::Clock;
use driver::net;
use engine_core::api::hunts::Settings;
use engine_core::game::hash::Seed;
use hunt_server::config::Config;
use hunt_server::load::{Flags, load};
use hunt_server::process::{Descriptors, raise_nofile};
use hunt_server::{secrets, signals, token_command};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;

/// Which peer, and how.
#[derive(Clone, Debug)]
pub struct Whole {
    /// Who.
    pub peer: Peer,
    /// What the command line says of the configuration.
    pub flags: Flags,
}

/// Serves until a signal, and drains. The first lines of standard output say where.
///
/// # Errors
/// If the peer is no library, the configuration is not good, or the server cannot start.
pub fn serve(options: &Whole) -> anyhow::Result<ExitCode> {
    let Whole { peer, flags } = options;
    let serve = match peer {
        Peer::Hyper => on_hyper::serve,
        Peer::Axum => on_axum::serve,
        Peer::Engine(_) => bail!("{peer} is a runtime of hunt-server: start that"),
        Peer::Epoll | Peer::IoUring => bail!("{peer} serves one world: name --core and --players"),
    };
    let env = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let loaded = load(flags, env)?;
    for warning in &loaded.warnings {
        let _ = writeln!(io::stderr(), "floor: {warning}");
    }
    let config = loaded.config;
    let workers = workers(*peer, flags, &config)?;
    let connections_max = config.limits.connections_max;
    if let Some(warning) = raise_nofile(Descriptors { connections_max, workers, private: false }) {
        let _ = writeln!(io::stderr(), "floor: {warning}");
    }
    let (public, admin) = (listen("listen", config.listen)?, listen("admin", config.admin)?);
    let greeting = format!(
        "players: http://{}\nadmin: http://{}\n",
        public.local_addr()?,
        admin.local_addr()?
    );
    let drain_ms = config.drain_ms;
    let game = game(config)?;
    let server = Arc::new(Server::new(peer.name(), workers, true, &game));
    let draining = Arc::clone(&server);
    signals::watch(move |_| draining.drain())?;
    // The listeners hold whoever comes from now on. Whoever started us may have closed the other
    // end, which is no reason not to serve.
    let _ = io::stdout().write_all(greeting.as_bytes()).and_then(|()| io::stdout().flush());
    serve(Setup { server, game, public, admin: Some(admin) }, drain_ms)?;
    Ok(ExitCode::SUCCESS)
}

/// The threads: hyper has one whatever a configuration that is not its own says.
fn workers(peer: Peer, flags: &Flags, config: &Config) -> anyhow::Result<usize> {
    if peer == Peer::Axum {
        return Ok(config.workers());
    }
    let asked = flags.values.iter().any(|(flag, _)| flag == "workers");
    ensure!(!asked || config.workers == 1, "hyper serves on one thread: --workers 1");
    Ok(1)
}

fn game(config: Config) -> anyhow::Result<Game> {
    let mut seed = [0; 16];
    secrets::fill_random(&mut seed).context("the system has no random numbers for a hash seed")?;
    let settings = Settings {
        keys: token_command::ring(&config.keys)?,
        allowed_origins: config.allowed_origins,
        admin_on_public: config.admin_on_public,
        limits: Arc::new(config.limits),
    };
    Ok(Game::empty(settings, Seed(u128::from_le_bytes(seed)), Clock::start()))
}

fn listen(flag: &str, addr: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = net::listen(addr).with_context(|| {
        format!("cannot listen on {addr}; is it in use, or not ours? choose another with --{flag}")
    })?;
    // Inherited by every connection.
    socket2::SockRef::from(&listener).set_tcp_nodelay(true)?;
    Ok(listener)
}
