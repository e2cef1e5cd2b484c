//! `matrix recommend`.

use super::{FAILED, Form, no_answer, print, read_bundle, top};
use crate::bundle::Bundle;
use crate::cell::Workload;
use crate::figures::Figures;
use crate::published::library::{self, RESULTS};
use crate::recommend::evidence::Basis;
use crate::recommend::{self, Answer, Ask, Container, Kernel};
use crate::slo::Slo;
use anyhow::Context;
use std::path::PathBuf;
use std::process::ExitCode;

/// What is asked.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  cargo matrix recommend --slo p99=50ms --rate 15k --sessions 30k --kernel 5.15 --container default

Exit code 0: there is a choice. 1: no server that was measured can run there. 2: asked for wrongly.
3: results are missing, invalid or refused, so there is no answer.")]
pub(super) struct Args {
    /// What must be kept, as p99=50ms
    #[arg(long, value_name = "PROMISE")]
    slo: Slo,
    /// Units of work a second, as 15000 or 15k
    #[arg(long, value_name = "RATE", value_parser = number)]
    rate: f64,
    /// Players that are connected, as 30000 or 30k
    #[arg(long, value_name = "COUNT", value_parser = number)]
    sessions: f64,
    /// What they ask
    #[arg(long, value_name = "NAME", default_value = "resolve")]
    workload: Workload,
    /// The release of the kernel, as 5.15 [default: that of the measurement]
    #[arg(long, value_name = "RELEASE")]
    kernel: Option<Kernel>,
    /// none, default (the default seccomp profile), or io-uring (one that lets it through)
    #[arg(long, value_name = "PROFILE", default_value = "none")]
    container: Container,
    /// KiB that a process may lock, as `ulimit -l` tells [default: enough]
    #[arg(long, value_name = "KIB")]
    memlock: Option<u64>,
    /// The share of capacity that is kept free, in percent
    #[arg(long, value_name = "PERCENT", default_value = "30", value_parser = clap::value_parser!(u8).range(0..=90))]
    headroom: u8,
    /// The bundle to answer from, by name or folder [default: the last that searched for such a
    /// promise of the workload, or else that measured it]
    #[arg(long, value_name = "NAME")]
    bundle: Option<String>,
    /// How it is written
    #[arg(long, value_enum, default_value = "text")]
    format: Form,
    /// Where bundles are [default: compare-go/results]
    #[arg(long, value_name = "FOLDER")]
    results: Option<PathBuf>,
}

/// A number above 0, with `k` for thousands.
pub(super) fn number(text: &str) -> Result<f64, String> {
    let (digits, times) = match text.strip_suffix('k') {
        Some(digits) => (digits, 1_000.0),
        None => (text, 1.0),
    };
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = digits.parse::<f64>().ok().filter(|_| plain).map(|number| number * times);
    number
        .filter(|number| (1.0..=1e12).contains(number))
        .ok_or_else(|| "a number from 1, as 15000 or 15k".into())
}

/// Recommends.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let bundle = match bundle(args) {
        Ok(bundle) => bundle,
        Err(error) => return no_answer(&format!("{error:#}")),
    };
    let ask = Ask {
        slo: args.slo,
        rate_per_s: args.rate,
        sessions: crate::number::whole(args.sessions),
        workload: args.workload,
        kernel: args.kernel,
        container: args.container,
        memlock_bytes: args.memlock.map(|kib| kib.saturating_mul(1_024)),
        headroom: f64::from(args.headroom) / 100.0,
    };
    let answer = match Answer::of(&Figures::of(&bundle), &ask) {
        Ok(answer) => answer,
        Err(refusal) => return no_answer(&refusal.to_string()),
    };
    print(&match args.format {
        Form::Text => recommend::text(&answer),
        Form::Markdown => recommend::markdown(&answer),
        Form::Json => recommend::json(&answer)?,
    })?;
    Ok(ExitCode::from(if answer.choices.is_empty() { FAILED } else { 0 }))
}

fn bundle(args: &Args) -> anyhow::Result<Bundle> {
    if let Some(name) = &args.bundle {
        return read_bundle(name, args.results.as_deref());
    }
    let results = match &args.results {
        Some(results) => results.clone(),
        None => top()?.join(RESULTS),
    };
    let bundles = library::names(&results)?.into_iter();
    let bundles: Vec<Bundle> =
        bundles.map(|name| Bundle::read(&results.join(name))).collect::<Result<_, _>>()?;
    let fitness = |bundle: &Bundle| {
        let is_measured = bundle.end.is_some() && bundle.plan.loads.contains_key(&args.workload);
        let basis = Basis::of(bundle, args.workload, args.slo);
        (is_measured, basis != Basis::Load, bundle.head.created_unix_ms)
    };
    bundles
        .into_iter()
        .max_by_key(fitness)
        .with_context(|| format!("nothing was measured: {} has no bundle", results.display()))
}
