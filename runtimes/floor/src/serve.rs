//! The child process: one peer on one core, until it is killed or its parent ends.

use crate::game::Game;
use crate::peer::Peer;
use crate::peers::server::Server;
use crate::peers::{Setup, on_axum, on_hyper};
use crate::{epoll, io_uring};
use alloc_witness::Witness;
use anyhow::Context;
use process::system;
use std::ffi::OsString;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;

/// Which peer, where, and in which world.
#[derive(Clone, Copy, Debug)]
pub struct Serve {
    /// Who.
    pub peer: Peer,
    /// The core that it stays on.
    pub core: usize,
    /// How many players are in its world from the start; the engine's world begins empty.
    pub players: u32,
}

/// Serves. The first lines of standard output say where.
///
/// # Errors
/// If the peer cannot start or fails.
pub fn serve(options: Serve, witness: &'static dyn Witness) -> anyhow::Result<ExitCode> {
    let Serve { peer, core, players } = options;
    system::end_with_parent().context("the system does not tell of the parent's end")?;
    system::pin(core).with_context(|| format!("cannot stay on core {core}"))?;
    if let Peer::Engine(backend) = peer {
        return Ok(hunt_server::cli::main(engine_args(backend.name()), witness));
    }
    let listener = driver::net::listen((Ipv4Addr::LOCALHOST, 0).into())?;
    // Inherited by every connection.
    socket2::SockRef::from(&listener).set_tcp_nodelay(true)?;
    let game = Game::new(players);
    greet(&listener, &game)?;
    match peer {
        Peer::Epoll => epoll::serve(listener, game)?,
        Peer::IoUring => io_uring::serve(&listener, game)?,
        Peer::Hyper => on_hyper::serve(bare(peer, game, listener), 0)?,
        Peer::Axum => on_axum::serve(bare(peer, game, listener), 0)?,
        Peer::Engine(_) => unreachable!("served above"),
    }
    Ok(ExitCode::SUCCESS)
}

/// A peer without operators, whose connections have all the time there is, as those of the bare
/// loops.
fn bare(peer: Peer, game: Game, public: TcpListener) -> Setup {
    let server = Server::new(peer.name(), 1, false, &game);
    Setup { server: Arc::new(server), game, public, admin: None }
}

fn engine_args(runtime: &str) -> Vec<OsString> {
    let words = [
        "hunt-server",
        "serve",
        "--listen=127.0.0.1:0",
        "--admin=127.0.0.1:0",
        "--store=memory",
        "--workers=1",
        "--log=error",
        "--runtime",
        runtime,
    ];
    words.iter().map(OsString::from).collect()
}

fn greet(listener: &TcpListener, game: &Game) -> anyhow::Result<()> {
    let (address, started_ms) = (listener.local_addr()?, game.started_ms());
    let mut out = std::io::stdout().lock();
    write!(out, "players: http://{address}\nstarted-ms: {started_ms}\n")?;
    Ok(out.flush()?)
}
