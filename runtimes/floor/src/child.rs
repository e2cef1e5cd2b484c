//! A peer in a process of its own, from its start to the moment when its world is set up.

use crate::peer::Peer;
use crate::world::{self, HUNT, Players};
use anyhow::{Context, ensure};
use engine_core::time::Timestamp;
use process::answer;
use process::asking::{Asking, request};
use process::child::{Child, Launch};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use std::{env, fs};

/// For how long a peer may take to say where it listens, or to answer a request of the set-up.
const START: Duration = Duration::from_secs(20);
/// Joins that are sent before the first answer is read; a server takes at least as many.
const JOINS_AT_ONCE: u32 = 16;

/// A peer that serves. It is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    /// Who it is.
    pub peer: Peer,
    /// Where it listens.
    pub address: SocketAddr,
    /// Who plays there.
    pub players: Players,
}

impl Running {
    /// Starts a peer on a core, with this many players in its world.
    ///
    /// # Errors
    /// If it does not start, or its world cannot be set up.
    pub fn start(peer: Peer, core: usize, players: u32) -> anyhow::Result<Self> {
        Self::start_from(&env::current_exe()?, peer, core, players)
    }

    /// As [`Running::start`], from another program than this one.
    ///
    /// # Errors
    /// As [`Running::start`].
    pub fn start_from(
        program: &Path,
        peer: Peer,
        core: usize,
        players: u32,
    ) -> anyhow::Result<Self> {
        Self::try_start(program, peer, core, players)
            .with_context(|| format!("{peer} does not start"))
    }

    fn try_start(program: &Path, peer: Peer, core: usize, players: u32) -> anyhow::Result<Self> {
        let launch = Launch::new(program)
            .args(["serve", "--peer", peer.name()])
            .args(["--core", &core.to_string(), "--players", &players.to_string()])
            .env("HUNT_KEYS", world::keys_text());
        let mut child = Child::start(&launch)?;
        let (address, players) = if peer.is_engine() {
            let at = child.addresses(START)?;
            (at.players, set_up(at.players, at.admin, players)?)
        } else {
            let address = child.line(START, |line| {
                line.strip_prefix("players: http://").map(str::parse::<SocketAddr>)
            })??;
            let started =
                child.line(START, |line| line.strip_prefix("started-ms: ").map(str::parse))?;
            let mut world = Players::new(players, 0);
            world.started_ms = started?;
            (address, world)
        };
        Ok(Self { child, peer, address, players })
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What became of it, where it has ended.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.child.ended().ok().flatten()?;
        let said = self.child.said().join(" | ");
        Some(format!("{} has ended with {status}; it said: {said}", self.peer))
    }
}

/// Publishes the quest, starts the hunt and lets the players join, by requests like anybody's.
fn set_up(public: SocketAddr, admin: SocketAddr, players: u32) -> anyhow::Result<Players> {
    let token = world::keys().mint_admin(Timestamp(u64::MAX));
    let mut admin = Asking::connect(admin)?;
    for (path, body) in [
        (format!("/v1/quests/{HUNT}"), world::quest()),
        (format!("/v1/hunts/{HUNT}"), format!(r#"{{"quest":"{HUNT}","capacity":1000000}}"#)),
    ] {
        let request = request("PUT", &path, Some(&token), &body);
        let (status, answer) = admin.ask(request.as_bytes())?;
        ensure!(status == 201, "{path} was answered {status} {}", answer::shown(&answer));
    }
    let join = request("POST", &format!("/v1/hunts/{HUNT}/players"), None, r#"{"name":"Ada"}"#);
    let mut public = Asking::connect(public)?;
    let mut last = Vec::new();
    let mut joined = 0;
    while joined < players {
        let count = JOINS_AT_ONCE.min(players - joined);
        public.send(join.repeat(count as usize).as_bytes())?;
        for _ in 0..count {
            let (status, answer) = public.receive()?;
            ensure!(status == 201, "a join was answered {status} {}", answer::shown(&answer));
            last = answer;
        }
        joined += count;
    }
    let text = String::from_utf8(last)?;
    let session = text.split("\"session\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let session = session.with_context(|| format!("no session in {text}"))?;
    Players::of_round(players, session.as_bytes()).context("the server signs with another key")
}

/// Whether this machine can tell of its processes as the floor needs it.
///
/// # Errors
/// If it cannot.
pub fn check_proc() -> anyhow::Result<()> {
    let text = fs::read_to_string("/proc/self/schedstat");
    ensure!(text.is_ok(), "this system has no /proc/PID/schedstat to read CPU time from");
    Ok(())
}
