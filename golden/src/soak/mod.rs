//! The soak: a server that has been talked to in every way that leaks could hide in ends with the
//! memory, the descriptors and the ring buffers that it had before.
//!
//! [`acts`] is what one client does, [`crowd`] is many of them at once, [`vitals`] reads what the
//! server holds, [`mod@judge`] says whether that is a leak. The server is a process of its own, so
//! that nothing of the clients is in its figures.

pub mod acts;
pub mod crowd;
pub mod judge;
pub mod line;
pub mod vitals;

use crate::config::Config;
use crate::process::{Process, Program};
use acts::Tally;
use anyhow::{Context, Result, ensure};
use crowd::Crowd;
use judge::{Judged, judge};
use line::{Line, request};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vitals::{Vitals, Watch};

/// The limits that differ from those of the transcripts: sessions outlive the run, and more
/// connections are allowed, though fewer than a crest of the crowd brings.
const LIMITS: [&str; 2] = ["connections_max=192", "session_ttl_ms=86400000"];

/// A quest whose round outlives the run, with treasures that never run out.
const QUEST: &str = r#"{"name":"Pier","waypoints":[{"x":0,"y":0,"z":0,"radius":5}],
"treasures":[{"id":"t1","x":0,"y":0,"z":0,"radius":5,"supply":1000000,
"loot":{"item":"pearl","points":50}}],"rules":{"duration_ms":86400000}}"#;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `hunt-server`.
    pub server: PathBuf,
    /// For how long clients come and go before the first look.
    pub warm_up: Duration,
    /// For how long they do between the first look and the second.
    pub soak: Duration,
    /// What the clients choose by.
    pub seed: u64,
}

/// How far a run is, for a line of progress.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// What is done now.
    pub phase: &'static str,
    /// Since when.
    pub passed: Duration,
    /// What the clients did in this phase.
    pub tally: &'a Tally,
    /// What the server holds now.
    pub vitals: Vitals,
}

/// Soaks a server on `runtime`, and judges it.
///
/// # Errors
/// If the server cannot be started, be set up or be looked at, or has ended.
pub fn run(runtime: &str, plan: &Plan, say: &mut dyn FnMut(Progress<'_>)) -> Result<Judged> {
    let (path, runtime) = (plan.server.clone(), Some(runtime.to_owned()));
    let program = Program { path, first: Vec::new(), runtime };
    let limits = LIMITS.map(|limit| ["--limit", limit]);
    let process = Process::start_with(&program, limits.as_flattened())?;
    let tokens = set_up(&process)?;
    let watch = Watch::on(&process);
    let crowd = Crowd::new(process.addresses().public, tokens, plan.seed);

    crowd.crest();
    let warm_up = go_on(&crowd, 0, "warming up", plan.warm_up, &watch, say)?;
    let (before, quiet) = watch.when_quiet().context("after the warm-up")?;
    ensure!(quiet, "the server does not become quiet after the warm-up: {before:?}");
    ensure!(warm_up.answered > 0, "nobody was answered during the warm-up");
    let tally = go_on(&crowd, 1, "soaking", plan.soak, &watch, say)?;
    let (after, quiet) = watch.when_quiet().context("after the soak")?;
    Ok(judge(before, after, quiet, tally))
}

/// Lets the crowd come and go for a while.
fn go_on(
    crowd: &Crowd,
    part: u64,
    phase: &'static str,
    time: Duration,
    watch: &Watch,
    say: &mut dyn FnMut(Progress<'_>),
) -> Result<Tally> {
    let begin = Instant::now();
    let tally = Arc::new(acts::Counts::default());
    crowd.while_they_come(part, &tally, || {
        while begin.elapsed() < time {
            line::pause(Duration::from_millis(200).min(time.saturating_sub(begin.elapsed())));
            let vitals = watch.look()?;
            say(Progress { phase, passed: begin.elapsed(), tally: &tally.sum(), vitals });
        }
        Ok(())
    })?;
    Ok(tally.sum())
}

/// The hunt that everybody plays.
const HUNT: &str = "soak";

/// Publishes the quest, starts the hunt and joins a player for each client; their tokens. No
/// player joins later, so what the game itself holds does not grow.
fn set_up(process: &Process) -> Result<Vec<String>> {
    let admin = Config::read()?.vars()["admin"].clone();
    let admin = String::from_utf8(admin).context("a token is ASCII")?;
    let mut operator = Line::connect(process.addresses().admin)?;
    let hunt = format!(r#"{{"quest":"pier","capacity":{}}}"#, crowd::CLIENTS);
    for (path, body) in [("/v1/quests/pier", QUEST), ("/v1/hunts/soak", &hunt)] {
        operator.send(&request("PUT", path, &admin, body));
        let answer = operator.response().with_context(|| format!("no answer to PUT {path}"))?;
        ensure!(answer.status == 201, "PUT {path} is answered {}", answer.status);
    }
    let mut player = Line::connect(process.addresses().public)?;
    let join = |n: usize| -> Result<String> {
        let body = format!(r#"{{"name":"player {n}"}}"#);
        player.send(&request("POST", &format!("/v1/hunts/{HUNT}/players"), "", &body));
        let answer = player.response().context("no answer to a player who joins")?;
        let answer: serde_json::Value = serde_json::from_slice(&answer.body)?;
        Ok(answer["session"].as_str().context("a player who joins gets a session")?.to_owned())
    };
    (0..crowd::CLIENTS).map(join).collect()
}
