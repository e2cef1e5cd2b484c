//! Soaks `hunt-server`: many clients come, talk and leave in every way for a while, and then it
//! must hold what it held before.

use anyhow::{Context, Result, bail, ensure};
use backends::Backend;
use clap::Parser;
use golden::soak::judge::{Judged, RSS_GROWTH_BYTES_MAX};
use golden::soak::{self, Plan, Progress};
use serde_json::{Value, json};
use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

/// Soak the server on its runtimes, and fail on anything that leaks.
///
/// Starts `hunt-server` as a process of its own, lets clients come and go until everything is warm,
/// waits until it is quiet and looks at what it holds; then lets them come and go for the time
/// given, waits again, and compares. Descriptors, sockets, threads, open connections and ring
/// buffers held must be equal; resident memory may have grown by 2 MiB at most.
///
/// Clients connect and leave at once, ask and keep alive, pipeline, half-close with and without a
/// request owed, reset in heads, bodies, frames and answers, play WebSockets and leave politely,
/// abruptly or not at all, time out, never read, talk nonsense, and flood. All is on the loopback.
#[derive(Debug, Parser)]
#[command(after_help = "The full run is `cargo soak --runtime all`: 10 minutes and a warm-up of \
one for each runtime, about an hour together.

Examples:
  cargo soak --runtime tokio-uring
  cargo soak --runtime all --seconds 20
  cargo soak --runtime monoio --program target/release/hunt-server-mimalloc

Exit code 0 where nothing leaks, 1 where something does, 2 where a server cannot be soaked.")]
struct Args {
    /// The runtime, or `all` for each of them in turn
    #[arg(long, default_value = "all")]
    runtime: String,
    /// For how many minutes clients come and go between the two looks
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1440))]
    minutes: u64,
    /// For how many seconds, in place of minutes
    #[arg(long, conflicts_with = "minutes", value_parser = clap::value_parser!(u64).range(1..=86400))]
    seconds: Option<u64>,
    /// For how many seconds they do before the first look [default: a third of the time, from 10 to
    /// 60]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=3600))]
    warm_up: Option<u64>,
    /// What the clients choose by; the same number makes the same visits in the same order
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The server to start, in place of `hunt-server`, which is built first
    #[arg(long)]
    program: Option<PathBuf>,
    /// Print what came of it as JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    fn runtimes(&self) -> Result<Vec<Backend>> {
        if self.runtime == "all" {
            return Ok(Backend::ALL.to_vec());
        }
        Ok(vec![self.runtime.parse()?])
    }

    fn plan(&self) -> Result<Plan> {
        let seconds = self.seconds.unwrap_or(60 * self.minutes);
        let warm_up = self.warm_up.unwrap_or((seconds / 3).clamp(10, 60));
        let server = match &self.program {
            Some(program) => program.clone(),
            None => built()?,
        };
        ensure!(server.exists(), "{} is not there", server.display());
        Ok(Plan {
            server,
            warm_up: Duration::from_secs(warm_up),
            soak: Duration::from_secs(seconds),
            seed: self.seed,
        })
    }
}

/// Builds the server beside this program.
fn built() -> Result<PathBuf> {
    let beside = std::env::current_exe()?;
    let folder = beside.parent().context("a program lies in a folder")?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--locked", "--package", "hunt-server"]);
    cargo.args(["--bin", "hunt-server"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if folder.file_name().is_some_and(|name| name == "release") {
        cargo.arg("--release");
    }
    let target = folder.parent().unwrap_or(Path::new("."));
    let status = cargo.arg("--target-dir").arg(target).status().context("cargo is not there")?;
    if !status.success() {
        bail!("hunt-server cannot be built; name one with --program");
    }
    Ok(folder.join("hunt-server"))
}

fn main() -> ExitCode {
    let args = Args::parse();
    match soaked(&args) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(stderr(), "soak: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Soaks every runtime that is asked for; how many leak.
fn soaked(args: &Args) -> Result<usize> {
    let runtimes = args.runtimes()?;
    let plan = args.plan()?;
    let mut results = Vec::new();
    let (mut leaks, mut unable) = (0, Vec::new());
    for runtime in runtimes {
        let mut said = Said::default();
        match soak::run(runtime.name(), &plan, &mut |at| said.progress(runtime, &at)) {
            Ok(judged) => {
                leaks += usize::from(!judged.is_good());
                if !args.json {
                    print(runtime, &judged)?;
                }
                results.push(result(runtime, &plan, &judged));
            }
            Err(error) => unable.push(format!("{runtime} cannot be soaked: {error:#}")),
        }
    }
    if args.json {
        writeln!(stdout(), "{:#}", Value::from(results))?;
    }
    ensure!(unable.is_empty(), "{}", unable.join("\n"));
    Ok(leaks)
}

fn result(runtime: Backend, plan: &Plan, judged: &Judged) -> Value {
    let mut result = judged.json();
    result["runtime"] = json!(runtime.name());
    result["warm_up_s"] = json!(plan.warm_up.as_secs());
    result["soak_s"] = json!(plan.soak.as_secs());
    result["seed"] = json!(plan.seed);
    result
}

fn print(runtime: Backend, judged: &Judged) -> Result<()> {
    let Judged { before, after, tally, faults } = judged;
    let mut out = stdout().lock();
    let verdict = if judged.is_good() { "nothing leaks" } else { "LEAKS" };
    writeln!(out, "{runtime}: {verdict}")?;
    let kib = |bytes: u64| format!("{} KiB", bytes / 1024);
    let ring = |held: Option<u64>| held.map_or("no ring".to_owned(), |held| held.to_string());
    for (what, before, after) in [
        ("resident memory", kib(before.rss_bytes), kib(after.rss_bytes)),
        ("descriptors", before.descriptors.to_string(), after.descriptors.to_string()),
        ("sockets", before.sockets.to_string(), after.sockets.to_string()),
        ("threads", before.threads.to_string(), after.threads.to_string()),
        ("ring buffers held", ring(before.ring_buffers), ring(after.ring_buffers)),
    ] {
        writeln!(out, "  {what:<18} {before:>12} -> {after:>12}")?;
    }
    writeln!(
        out,
        "  {} connections, {} answers waited for and {} not had; {} bytes that each connection \
         leaves would be found (bound {})",
        tally.connections,
        tally.answered,
        tally.unanswered,
        format_args!("{:.1}", judged.leak_found_bytes()),
        kib(RSS_GROWTH_BYTES_MAX),
    )?;
    for fault in faults {
        writeln!(out, "  {fault}")?;
    }
    Ok(())
}

/// What was said of the progress: on a terminal every time, else twice a minute.
#[derive(Debug, Default)]
struct Said {
    last: Option<(&'static str, u64)>,
}

impl Said {
    fn progress(&mut self, runtime: Backend, at: &Progress<'_>) {
        let terminal = stderr().is_terminal();
        let seconds = at.passed.as_secs();
        let now = Some((at.phase, if terminal { seconds } else { seconds / 30 }));
        if std::mem::replace(&mut self.last, now) == now {
            return;
        }
        let (begin, end) = if terminal { ("\r\x1b[K", "") } else { ("", "\n") };
        let (tally, vitals) = (at.tally, at.vitals);
        let _ = write!(
            stderr(),
            "{begin}{runtime}: {} {:02}:{:02}, {} connections, {} answers, {} KiB, {} open{end}",
            at.phase,
            seconds / 60,
            seconds % 60,
            tally.connections,
            tally.answered,
            vitals.rss_bytes / 1024,
            vitals.connections,
        );
        let _ = stderr().flush();
    }
}
