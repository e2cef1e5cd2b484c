//! The fuzzer's command line.

use engine_fuzz::fuzzer::{Current, Finding, Fuzzer, shrink};
use engine_fuzz::{Target, corpus, targets};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, exit};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

const USAGE: &str = "\
usage: cargo fuzz [TARGET...] [--seconds N] [--seed S] [--keep]
       cargo fuzz TARGET --input FILE
       cargo fuzz --list

  TARGET       what to fuzz; everything where none is named
  --seconds N  how long, for each target (10)
  --seed S     the seed of the mutations; another one every time where none is given
  --keep       write the 16 shortest inputs that behave in a new way to the corpus
  --input F    run one input and nothing else
  --list       the targets
";

/// Where inputs that break an invariant are written, below the current directory.
const FINDINGS: &str = "fuzz-findings";
/// How many inputs `--keep` writes.
const KEPT: usize = 16;
/// An input that takes longer hangs.
const HANG: Duration = Duration::from_secs(10);
const SHRINK: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
struct Arguments {
    targets: Vec<Target>,
    seconds: Option<u64>,
    seed: Option<u64>,
    input: Option<PathBuf>,
    keep: bool,
    list: bool,
}

fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            say(&format!("{message}\n\n{USAGE}"));
            return ExitCode::from(2);
        }
    };
    if arguments.list {
        targets::ALL.iter().for_each(|target| say(&format!("{}\n", target.name)));
        return ExitCode::SUCCESS;
    }
    let outcome = match &arguments.input {
        Some(path) => run_one(&arguments.targets, path),
        None => run_all(&arguments),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("{error}\n"));
            ExitCode::from(2)
        }
    }
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    while let Some(word) = words.next() {
        let mut value = |what: &str| words.next().ok_or_else(|| format!("{what} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("{text}: no number"));
        match word.as_str() {
            "--seconds" => arguments.seconds = Some(number(value("--seconds")?)?),
            "--seed" => arguments.seed = Some(number(value("--seed")?)?),
            "--input" => arguments.input = Some(value("--input")?.into()),
            "--keep" => arguments.keep = true,
            "--list" => arguments.list = true,
            name => {
                let target = targets::find(name).ok_or_else(|| format!("{name}: no target"))?;
                arguments.targets.push(target);
            }
        }
    }
    if arguments.input.is_some() && arguments.targets.len() != 1 {
        return Err("--input needs one target".to_owned());
    }
    if arguments.targets.is_empty() {
        arguments.targets = targets::ALL.to_vec();
    }
    Ok(arguments)
}

/// Runs one input; a panic ends the process with its usual message.
fn run_one(targets: &[Target], path: &Path) -> io::Result<bool> {
    let input = std::fs::read(path).map_err(|error| about(path, &error))?;
    (targets[0].run)(&input);
    say(&format!("{}: {} holds\n", targets[0].name, path.display()));
    Ok(true)
}

fn run_all(arguments: &Arguments) -> io::Result<bool> {
    let seed = arguments.seed.unwrap_or_else(fresh_seed);
    // The message is reported with the input; the usual one would come with every shrinking step.
    std::panic::set_hook(Box::new(|_| {}));
    let mut held = true;
    for target in &arguments.targets {
        held &= search(*target, seed, arguments)?;
    }
    Ok(held)
}

/// Replays the corpus of a target and searches on. False where an invariant broke.
fn search(target: Target, seed: u64, arguments: &Arguments) -> io::Result<bool> {
    let mut fuzzer = Fuzzer::new(target, seed);
    let (stop, stopped) = channel();
    let watched = fuzzer.current();
    let watchdog = thread::spawn(move || watch(target, &watched, &stopped));
    let begin = Instant::now();
    let finding = explore(&mut fuzzer, target, begin, arguments.seconds.unwrap_or(10))?;
    drop(stop);
    // It ends when the channel does.
    let _ = watchdog.join();
    let (executions, elapsed) = (fuzzer.executions(), begin.elapsed().as_secs_f64());
    let name = target.name;
    say(&format!(
        "{name}: {executions} runs, {:.0} a second, {} signatures, seed {seed}\n",
        executions as f64 / elapsed.max(0.001),
        fuzzer.signatures(),
    ));
    if arguments.keep {
        let mut found: Vec<_> = fuzzer.found().iter().collect();
        found.sort_by_key(|input| input.len());
        for input in found.into_iter().take(KEPT) {
            let path = corpus::keep(&corpus::directory(name), input)?;
            say(&format!("{name}: kept {}\n", path.display()));
        }
    }
    let Some(finding) = finding else { return Ok(true) };
    report(target, &shrink(target, finding, SHRINK))?;
    Ok(false)
}

fn explore(
    fuzzer: &mut Fuzzer,
    target: Target,
    begin: Instant,
    seconds: u64,
) -> io::Result<Option<Finding>> {
    let inputs = corpus::load(target.name)
        .map_err(|error| about(&corpus::directory(target.name), &error))?;
    for (_, input) in inputs {
        if let Err(finding) = fuzzer.replay(&input) {
            return Ok(Some(finding));
        }
    }
    let terminal = io::stdout().is_terminal();
    let mut shown = 0;
    loop {
        let elapsed = begin.elapsed();
        if elapsed.as_secs() >= seconds {
            break;
        }
        if terminal && elapsed.as_secs() > shown {
            shown = elapsed.as_secs();
            say(&format!(
                "\r{}: {shown} of {seconds} s, {} runs, {} signatures\x1b[K",
                target.name,
                fuzzer.executions(),
                fuzzer.signatures()
            ));
        }
        // Looking at the clock costs about as much as a short run.
        for _ in 0..16 {
            if let Err(finding) = fuzzer.step() {
                return Ok(Some(finding));
            }
        }
    }
    if terminal {
        say("\r\x1b[K");
    }
    Ok(None)
}

/// Ends the process when an input hangs.
fn watch(target: Target, current: &Arc<Mutex<Current>>, stopped: &Receiver<()>) {
    while stopped.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
        let current = current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.since.is_some_and(|since| since.elapsed() > HANG) {
            let message = format!("no end after {} s", HANG.as_secs());
            let finding = Finding { input: current.input.clone(), message };
            if let Err(error) = report(target, &finding) {
                say(&format!("{error}\n"));
            }
            exit(1);
        }
    }
}

fn report(target: Target, finding: &Finding) -> io::Result<()> {
    let path = corpus::keep(&Path::new(FINDINGS).join(target.name), &finding.input)?;
    say(&format!(
        "{name}: {}\n{name}: replay with\n  cargo run -p engine-fuzz -- {name} --input {}\n",
        finding.message,
        path.display(),
        name = target.name,
    ));
    Ok(())
}

fn fresh_seed() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |now| u64::from(now.subsec_nanos()) ^ now.as_secs())
}

fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Writes to the standard output; a reader that went away is no fault.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
