//! `matrix prove`.

use super::{FAILED, Format, print, top};
use crate::figures::Unit;
use crate::prove::judge::{Arm, Sample};
use crate::prove::{self, Options, Proof};
use crate::quantity::{duration, figure, several};
use crate::run::interrupt::Stop;
use crate::run::programs::Programs;
use crate::run::{preflight, show};
use crate::statistics::spread::mean;
use anyhow::anyhow;
use std::fmt::Write;
use std::process::ExitCode;
use std::time::Instant;

/// What is proven, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  a  a delay of a tenth of an answer's CPU time, planted in the real server, is found: slower, by an
     interval that excludes 0 and holds it
  b  a delay of nothing is not: indistinguishable
  c  a generator on the server's core makes a run invalid
  d  a generator that counts latency from the send fails its proof, and is refused

The delay is a library that is loaded before the C library (LD_PRELOAD), built here by `cc`; the
server is the program that the matrix measures. How often each run is made is fixed beforehand.
Exit code 0 where all of it was seen, 1 where it was not.")]
pub(super) struct Args {
    /// Short and few rounds: a first look
    #[arg(long)]
    quick: bool,
    /// The cores of the server, as 0 or 0,2-3
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    server_cores: Vec<u32>,
    /// The cores of the generator
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    generator_cores: Vec<u32>,
    /// What the order of runs follows from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How the proof is written
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Proves.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let top = top()?;
    let stop = Stop::default();
    stop.on_signals()?;
    let given = |cores: &[u32]| (!cores.is_empty()).then(|| cores.to_vec());
    let (server, generator) = (given(&args.server_cores), given(&args.generator_cores));
    let chosen = preflight::cores(server.as_deref(), generator.as_deref());
    let cores = chosen.map_err(|why| anyhow!(why))?.cores;
    let mut show = show::on_stderr();
    let programs = Programs::build(&top, &[prove::SERVER], &mut *show, &stop)?;
    let began = Instant::now();
    let options = Options { quick: args.quick, seed: args.seed };
    let proof = prove::prove(&top, options, &programs, &cores, &mut *show, &stop)?;
    drop(show);
    print(&match args.format {
        Format::Text => told(&proof, began.elapsed().as_secs())?,
        Format::Json => serde_json::to_string_pretty(&proof)? + "\n",
    })?;
    Ok(if proof.holds() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

fn told(proof: &Proof, seconds: u64) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(
        text,
        "{} under resolve, {} offered; {} in {}, seed {}\n",
        proof.server,
        figure(proof.rate_per_s, Unit::PerSecond),
        several(proof.samples.len(), "run"),
        duration(seconds),
        proof.seed
    )?;
    for claim in &proof.claims {
        let holds = if claim.holds { "seen" } else { "NOT SEEN" };
        writeln!(text, "{}  {}: {holds}\n   {}", claim.letter, claim.what, claim.text)?;
    }
    writeln!(text, "\nmean of the runs    CPU/answer       p50       p99")?;
    for arm in Arm::ALL {
        let of = |value: fn(&Sample) -> f64| {
            let values: Vec<f64> =
                proof.samples.iter().filter(|one| one.arm == arm).map(value).collect();
            if values.is_empty() { "none".to_owned() } else { figure(mean(&values), Unit::Time) }
        };
        let name = match arm {
            Arm::Base => "nothing planted",
            Arm::TwinA => "nothing, twin a",
            Arm::TwinB => "nothing, twin b",
            Arm::Nothing => "0 % planted",
            Arm::Tenth => "10 % planted",
        };
        let (cpu, p50, p99) = (of(|s| s.cpu_ns), of(|s| s.p50_ns), of(|s| s.p99_ns));
        writeln!(text, "{name:<18} {cpu:>11} {p50:>9} {p99:>9}")?;
    }
    let disturbed: Vec<&Sample> =
        proof.samples.iter().filter(|sample| !sample.invalid.is_empty()).collect();
    if let Some(first) = disturbed.first() {
        let (count, why) = (disturbed.len(), &first.invalid[0]);
        writeln!(
            text,
            "\n{} would have no row in a table; CPU time is judged all the same. The first: {why}",
            several(count, "run")
        )?;
    }
    for why in &proof.failed {
        writeln!(text, "{why}")?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::judge;

    #[test]
    fn a_proof_says_each_claim_with_its_figures_and_what_disturbed_it() {
        let sample = |round, arm: Arm| Sample {
            round,
            arm,
            cpu_ns: if arm == Arm::Tenth { 7_700.0 } else { 7_000.0 } + f64::from(round),
            p50_ns: 50_000.0,
            p99_ns: 900_000.0,
            invalid: vec!["core: it waited".to_owned()],
        };
        let samples: Vec<Sample> =
            (1..=3).flat_map(|round| Arm::ALL.map(|arm| sample(round, arm))).collect();
        let [a, b] = judge::planted(&samples, 700);
        let proof = Proof {
            server: prove::SERVER,
            rate_per_s: 15_000.0,
            seed: 3,
            planted_ns: 700,
            claims: vec![a, b, judge::stolen(Ok(&[])), judge::broken(1, 0)],
            samples,
            failed: vec!["round 2, Base: failed".to_owned()],
        };
        assert!(!proof.holds());
        let text = told(&proof, 65).unwrap();
        for part in [
            "tokio-per-core+jemalloc+heap under resolve, 15,000/s offered; 15 runs in 1 min 05 s",
            "a  a planted slowdown of 10 % is found: seen\n   CPU time for an answer +10.0 %",
            "the server's core makes a run invalid: NOT SEEN",
            "10 % planted           7.70 µs   50.0 µs    900 µs",
            "15 runs would have no row in a table",
            "round 2, Base: failed",
        ] {
            assert!(text.contains(part), "`{part}` is not in\n{text}");
        }
    }
}
