//! `perf`: how it is asked to sample a process, and what keeps it from that.

use crate::bundle::observed::Observed;
use crate::bundle::profile::Sampled;
use crate::bundle::run::CommandLine;
use crate::number::indices;
use crate::profile::perf_script::{self, FIELDS};
use crate::profile::source::Sources;
use crate::run::interrupt::Stop;
use crate::run::programs::watched::watched;
use crate::run::show::Show;
use anyhow::{Context, bail, ensure};
use process::child::Launch;
use rustix::process::geteuid;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Samples of each second of a thread's CPU time: a prime, so that nothing that happens a thousand
/// times a second is always or never seen.
pub const PER_S: u32 = 997;
/// Bytes of a stack that are kept with a sample where frames are found by unwind tables.
const STACK_BYTES: u32 = 16_384;
/// For how long `perf` may take beyond the sampling, to begin and to write.
const PATIENCE: Duration = Duration::from_secs(20);
/// For how long samples may take to be read.
const READING: Duration = Duration::from_secs(180);

/// How stacks are walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// By unwind tables: of Rust, whose release has no frame pointers.
    Tables,
    /// By frame pointers: of Go, which has them.
    Pointers,
}

/// Who is sampled, and how.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The process.
    pub process: u32,
    /// For how long, in s.
    pub seconds: u32,
    /// How stacks are walked.
    pub walk: Walk,
    /// The cores that `perf` itself runs on.
    pub cores: &'a [u32],
    /// The file in which samples lie meanwhile.
    pub file: &'a Path,
}

/// Samples a process into the file; how. What keeps `perf` from it is told with its remedy.
///
/// # Errors
/// If it was to stop.
pub fn record(
    asked: &Asked<'_>,
    show: &mut dyn Show,
    stop: &Stop,
) -> anyhow::Result<Observed<CommandLine>> {
    if let Err(why) = may_sample() {
        return Ok(Observed::Missing(why));
    }
    let command = recording(asked);
    let patience = Duration::from_secs(asked.seconds.into()) + PATIENCE;
    let recorded = run(&command.args, asked.cores, patience, show, stop);
    if recorded.is_err() {
        let _ = fs::remove_file(asked.file);
    }
    stop.check()?;
    Ok(recorded.map(|_| command).into())
}

/// Reads what was sampled, and removes the file. It takes seconds of CPU time, so the load need not
/// last for it.
///
/// # Errors
/// If it was to stop.
pub fn read(
    asked: &Asked<'_>,
    recorded: Observed<CommandLine>,
    show: &mut dyn Show,
    stop: &Stop,
) -> anyhow::Result<Observed<Sampled>> {
    let command = match recorded {
        Observed::Is(command) => command,
        Observed::Missing(why) => return Ok(Observed::Missing(why)),
    };
    let sampled = sampled(asked, command, show, stop);
    let _ = fs::remove_file(asked.file);
    stop.check()?;
    Ok(sampled.into())
}

/// Whether this process may sample the kernel too, without which layers of the kernel would look
/// empty.
///
/// # Errors
/// Why not, and the remedy.
pub fn may_sample() -> Result<(), String> {
    let paranoid = fs::read_to_string("/proc/sys/kernel/perf_event_paranoid");
    let paranoid = paranoid.ok().and_then(|text| text.trim().parse::<i32>().ok());
    match paranoid {
        None => Err("the kernel has no perf events; use one with CONFIG_PERF_EVENTS".to_owned()),
        Some(2..) if !geteuid().is_root() => Err(format!(
            "kernel.perf_event_paranoid is {}: only root may sample the kernel; run as root, or \
             sysctl kernel.perf_event_paranoid=1 kernel.kptr_restrict=0",
            paranoid.unwrap_or_default()
        )),
        Some(_) => Ok(()),
    }
}

/// What `perf record` is told. It ends with the `sleep` that it starts.
fn recording(asked: &Asked<'_>) -> CommandLine {
    let Asked { process, seconds, walk, cores, file } = asked;
    let walk = match walk {
        Walk::Tables => format!("dwarf,{STACK_BYTES}"),
        Walk::Pointers => "fp".to_owned(),
    };
    let args = [
        "record",
        "--quiet",
        "--no-buildid-cache",
        "--event",
        "cpu-clock",
        "--freq",
        &PER_S.to_string(),
        "--call-graph",
        &walk,
        "--pid",
        &process.to_string(),
        "--output",
        &file.to_string_lossy(),
        "--",
        "sleep",
        &seconds.to_string(),
    ];
    CommandLine {
        program: "perf".to_owned(),
        args: args.map(str::to_owned).to_vec(),
        cores: cores.to_vec(),
        ..CommandLine::default()
    }
}

fn sampled(
    asked: &Asked<'_>,
    mut command: CommandLine,
    show: &mut dyn Show,
    stop: &Stop,
) -> anyhow::Result<Sampled> {
    let taken_ms = u64::from(asked.seconds) * 1_000;
    let file = asked.file.to_string_lossy().into_owned();
    let args = ["script", "--no-inline", "--fields", FIELDS, "--input", &file].map(str::to_owned);
    let printed = run(&args, asked.cores, READING, show, stop)?;
    let samples = perf_script::read(&printed).map_err(anyhow::Error::msg)?;
    ensure!(!samples.is_empty(), "the server had no CPU time while it was sampled");
    let mut of_kernel = samples.iter().flat_map(|sample| &sample.frames).peekable();
    let hidden = of_kernel.peek().is_some()
        && of_kernel.filter(|frame| frame.file.starts_with("[kernel")).all(|f| f.symbol.is_none());
    ensure!(!hidden, "symbols of the kernel are hidden; sysctl kernel.kptr_restrict=0");
    let stacks = Sources::default().stacks(&samples).lines();
    // Where samples lay meanwhile is a matter of the machine.
    let name = asked.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for arg in command.args.iter_mut().filter(|arg| **arg == file) {
        arg.clone_from(&name);
    }
    Ok(Sampled { command, per_s: PER_S, taken_ms, stacks })
}

/// Runs `perf` to its end, and takes what it printed.
fn run(
    args: &[String],
    cores: &[u32],
    patience: Duration,
    show: &mut dyn Show,
    stop: &Stop,
) -> anyhow::Result<String> {
    let launch = Launch::new("perf").args(args).on(indices(cores));
    let ended = watched(launch, &format!("perf {}", args[0]), patience, show, stop)
        .context("install perf if it is not there (Debian: linux-perf, Ubuntu: linux-tools)")?;
    ensure!(ended.status.success(), "perf {} ended with {}", args[0], ended.told());
    // It warns where it lost more than a twentieth.
    if let Some(line) = ended.said.iter().find(|line| line.contains(" and lost ")) {
        bail!("perf: {line} leave it more of the generator's cores, or sample for longer");
    }
    Ok(String::from_utf8_lossy(&ended.output).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::show::Plain;

    #[test]
    fn perf_is_told_whom_to_sample_and_how() {
        let asked = Asked {
            process: 12,
            seconds: 3,
            walk: Walk::Tables,
            cores: &[1],
            file: Path::new("/x/samples"),
        };
        let command = recording(&asked);
        let text = command.args.join(" ");
        assert!(text.contains("--call-graph dwarf,16384 --pid 12"), "{text}");
        assert!(text.ends_with("--output /x/samples -- sleep 3"), "{text}");
        assert_eq!(command.cores, [1]);
        let text = recording(&Asked { walk: Walk::Pointers, ..asked }).args.join(" ");
        assert!(text.contains("--call-graph fp"), "{text}");
    }

    /// A process that is gone cannot be sampled, and `perf` says so; where `perf` is not there or
    /// not allowed, that is said.
    #[test]
    fn what_keeps_perf_from_sampling_is_told() {
        let file = std::env::temp_dir().join(format!("matrix-perf-{}", std::process::id()));
        let asked = Asked {
            process: u32::MAX >> 1,
            seconds: 1,
            walk: Walk::Pointers,
            cores: &[],
            file: &file,
        };
        let why = record(&asked, &mut Plain, &Stop::default()).unwrap();
        let why = why.why_missing().unwrap();
        assert!(why.contains("perf"), "{why}");
        assert!(!file.exists());
        let stop = Stop::default();
        stop.ask();
        assert!(may_sample().is_err() || record(&asked, &mut Plain, &stop).is_err());
    }
}
