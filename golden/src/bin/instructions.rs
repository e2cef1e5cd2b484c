//! Counts what the paths of the engine execute, and holds them to the baseline that is committed.

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// By how much a path may rise, in percent.
///
/// The engine has no clock, no randomness and no thread, so a count repeats exactly on one machine
/// with one build; where constants come to lie moves httparse's word-wise scans by up to 1.6 %, so
/// every new build may. Between machines it varies with what libc chooses for `memcpy`, `memchr` and
/// `strlen` by the CPU that valgrind shows it, and with httparse's SIMD, chosen likewise.
const RISE_PERCENT_MAX: f64 = 3.0;
/// Rises of fewer instructions than this are none: of a path of 40, one instruction is 2.5 %.
const RISE_MAX: u64 = 16;

/// The counts of the paths that `engine-core/benches/paths` measures, under valgrind.
///
/// Needs valgrind, and iai-callgrind-runner 0.16.1 in target/tools/bin or on the path:
/// cargo install --locked --root target/tools iai-callgrind-runner --version 0.16.1
#[derive(Debug, Parser)]
#[command(
    after_help = "Exit code 0 where no path rose, 1 where one did, 2 where nothing could be counted.

After a rise that was decided on: cargo instructions bless, and say why in the commit."
)]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum Task {
    /// Count, compare with the baseline, and fail on a rise past the bound
    Check,
    /// Count, and make that the baseline
    Bless,
}

type Counts = BTreeMap<String, u64>;

fn main() -> ExitCode {
    let outcome = match Args::parse().task {
        Task::Check => check(),
        Task::Bless => bless().map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(stderr(), "instructions: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn baseline() -> PathBuf {
    top().join("engine-core/benches/instructions.txt")
}

fn check() -> Result<bool> {
    let file = baseline();
    let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let (table, good) = compared(&read(&text)?, &counted()?);
    write!(stdout(), "{table}")?;
    Ok(good)
}

fn bless() -> Result<()> {
    let counts = counted()?;
    std::fs::write(baseline(), written(&counts))?;
    writeln!(stdout(), "{} counts written to engine-core/benches/instructions.txt", counts.len())?;
    Ok(())
}

/// Runs the benches, and reads what they say.
fn counted() -> Result<Counts> {
    // What a run that was ended half-way has left would be read for counts.
    let left = top().join("target/iai/engine-core/instructions");
    if left.exists() {
        std::fs::remove_dir_all(&left)?;
    }
    let runner = top().join("target/tools/bin/iai-callgrind-runner");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["bench", "--quiet", "--locked", "--package", "engine-core", "--bench"]);
    cargo.args(["instructions", "--", "--output-format=json"]).current_dir(top());
    // Caches are not the question, and simulating them takes most of the time.
    cargo.arg("--callgrind-args=--cache-sim=no");
    if runner.exists() {
        cargo.env("IAI_CALLGRIND_RUNNER", runner.canonicalize()?);
    }
    let output = cargo.stderr(Stdio::inherit()).output().context("cargo is not there")?;
    ensure!(output.status.success(), "the benches ended with {}", output.status);
    let text = String::from_utf8(output.stdout).context("what the benches say is text")?;
    let lines = text.lines().filter(|line| line.starts_with('{'));
    let counts = lines.map(count).collect::<Result<Counts>>()?;
    ensure!(!counts.is_empty(), "the benches counted nothing");
    Ok(counts)
}

/// The path and its instructions in a summary.
fn count(line: &str) -> Result<(String, u64)> {
    let summary: Value = serde_json::from_str(line).context("a summary is JSON")?;
    // `paths :: warm("shard/heap/loot")`
    let details = summary["details"].as_str().context("a summary has details")?;
    let name = details.split('"').nth(1).context("a summary names its path")?.to_owned();
    let instructions = find(&summary["profiles"], "Ir")
        .and_then(|metric| find(metric, "Int").and_then(Value::as_u64))
        .with_context(|| format!("{name} has no count"))?;
    ensure!(instructions > 0, "{name} was not counted");
    Ok((name, instructions))
}

/// The first value of a key, however deep it lies.
fn find<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => {
            fields.get(key).or_else(|| fields.values().find_map(|value| find(value, key)))
        }
        Value::Array(items) => items.iter().find_map(|value| find(value, key)),
        _ => None,
    }
}

const HEADING: &str = "# Instructions of one step of each path, under valgrind. Written by `cargo \
                       instructions bless`.\n";

/// The baseline as text: a line for each path, its count last.
fn written(counts: &Counts) -> String {
    let lines = counts.iter().map(|(name, count)| format!("{name:<52} {count:>12}\n"));
    [HEADING.to_owned()].into_iter().chain(lines).collect()
}

fn read(text: &str) -> Result<Counts> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, count) = line.rsplit_once(' ').with_context(|| format!("`{line}`"))?;
            let count = count.parse().with_context(|| format!("`{line}` has no count"))?;
            Ok((name.trim_end().to_owned(), count))
        })
        .collect()
}

/// The table, and whether no path rose past the bound and all of them are in the baseline.
fn compared(before: &Counts, after: &Counts) -> (String, bool) {
    let mut table = format!("{:<52} {:>12} {:>12} {:>9}\n", "path", "baseline", "now", "change");
    let mut faults = Vec::new();
    for (name, now) in after {
        let Some(was) = before.get(name) else {
            faults.push(format!("{name} has no baseline"));
            continue;
        };
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let change = 100.0 * (*now as f64 / *was as f64 - 1.0);
        let rose = change > RISE_PERCENT_MAX && now.saturating_sub(*was) > RISE_MAX;
        let mark = if rose { "  ROSE" } else { "" };
        table += &format!("{name:<52} {was:>12} {now:>12} {change:>+8.2}%{mark}\n");
        if rose {
            faults.push(format!("{name} rose by {change:.2} %"));
        }
    }
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        faults.push(format!("{name} is in the baseline and was not counted"));
    }
    let good = faults.is_empty();
    if good {
        table += &format!("no path rose by more than {RISE_PERCENT_MAX} %\n");
    } else {
        faults.push("if that was decided: cargo instructions bless".to_owned());
        table += &format!("{}\n", faults.join("\n"));
    }
    (table, good)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(pairs: &[(&str, u64)]) -> Counts {
        pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    #[test]
    fn a_baseline_is_read_as_it_was_written() {
        let all = counts(&[("websocket/unmask/64 B", 93), ("quest_parse/heap/8500", 7_000_000)]);
        assert_eq!(read(&written(&all)).unwrap(), all);
        assert!(read("no count").is_err());
    }

    #[test]
    fn a_rise_past_the_bound_fails_and_a_fall_or_a_few_instructions_do_not() {
        let before = counts(&[("a", 10_000), ("b", 40)]);
        for (a, b, good) in [
            (10_000, 40, true),
            (10_300, 40, true),
            (10_301, 40, false),
            (5_000, 40, true),
            (10_000, 56, true),
            (10_000, 57, false),
        ] {
            let (table, is_good) = compared(&before, &counts(&[("a", a), ("b", b)]));
            assert_eq!(is_good, good, "{table}");
            assert_eq!(table.contains("ROSE"), !good);
            assert_eq!(table.contains("cargo instructions bless"), !good);
        }
    }

    #[test]
    fn a_path_that_is_new_or_gone_fails() {
        let (one, two) = (counts(&[("a", 1)]), counts(&[("a", 1), ("b", 1)]));
        assert!(compared(&one, &two).0.contains("b has no baseline"));
        assert!(compared(&two, &one).0.contains("b is in the baseline and was not counted"));
        assert!(!compared(&one, &two).1 && !compared(&two, &one).1);
    }

    #[test]
    fn a_count_is_found_in_a_summary() {
        let line = r#"{"details":"paths :: warm(\"shard/heap/loot\")","profiles":[{"tool":"Callgrind",
            "summaries":{"total":{"summary":{"Callgrind":{"Ir":{"metrics":{"Left":{"Int":77}}}}}}}}]}"#;
        assert_eq!(count(line).unwrap(), ("shard/heap/loot".to_owned(), 77));
        assert!(count(r#"{"details":"warm(\"x\")","profiles":[]}"#).is_err());
    }
}
