//! Runs the Autobahn WebSocket suite against the conformance application, and fails on any case
//! that failed or passed only non-strictly.

use anyhow::{Context, Result, bail, ensure};
use backends::Backend;
use clap::Parser;
use golden::conformance::Server;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Run the Autobahn WebSocket suite (cases 1 to 7, 9 and 10) against the engine.
#[derive(Debug, Parser)]
#[command(after_help = "Examples:
  cargo autobahn
  cargo autobahn --runtime tokio --cases 6.4.*,7.*
  cargo autobahn --wstest /opt/autobahn/wstest")]
struct Args {
    /// The backend that carries the engine.
    #[arg(long, default_value = "tokio-per-core")]
    runtime: Backend,
    /// The `wstest` program of the Autobahn test suite, version 25.10.1.
    #[arg(long, env = "AUTOBAHN_WSTEST", default_value = "target/autobahn/wstest")]
    wstest: PathBuf,
    /// The cases to run, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "1.*,2.*,3.*,4.*,5.*,6.*,7.*,9.*,10.*")]
    cases: Vec<String>,
    /// Where the reports are kept.
    #[arg(long, default_value = "target/autobahn-reports")]
    reports: PathBuf,
}

#[expect(clippy::print_stdout, reason = "the verdict is what the command is for")]
fn main() -> Result<ExitCode> {
    let args = Args::parse();
    ensure!(
        args.wstest.exists(),
        "{} is not there; install autobahntestsuite 25.10.1 (it needs Python 2.7, see \
         CONTRIBUTING.md) and name its wstest with --wstest",
        args.wstest.display()
    );
    let server = Server::start(args.runtime, "127.0.0.1:0".parse()?)?;
    let report = run(&args, &server)?;
    server.stop()?;
    let verdict = judge(&report)?;
    println!(
        "autobahn on {}: {} cases, {} failed, {} non-strict, {} informational",
        args.runtime,
        verdict.cases,
        verdict.failed.len(),
        verdict.non_strict.len(),
        verdict.informational
    );
    for case in verdict.failed.iter().chain(&verdict.non_strict) {
        println!("  {case}");
    }
    let good = verdict.failed.is_empty() && verdict.non_strict.is_empty();
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the suite and returns its index.
fn run(args: &Args, server: &Server) -> Result<Value> {
    let reports = args.reports.join(args.runtime.to_string());
    if reports.exists() {
        std::fs::remove_dir_all(&reports)?;
    }
    std::fs::create_dir_all(&reports)?;
    let reports = reports.canonicalize()?;
    let spec = reports.join("spec.json");
    let url = format!("ws://{}/echo", server.address());
    let content = json!({
        "outdir": reports,
        "servers": [{ "agent": "engine", "url": url }],
        "cases": args.cases,
        "exclude-cases": [],
        "exclude-agent-cases": {},
    });
    std::fs::write(&spec, content.to_string())?;
    // The suite runs where its reports go, so a relative path would lead elsewhere.
    let status = Command::new(args.wstest.canonicalize()?)
        .args(["--mode", "fuzzingclient", "--spec"])
        .arg(&spec)
        .current_dir(&reports)
        .stdout(std::fs::File::create(reports.join("wstest.log"))?)
        .status()
        .with_context(|| format!("starting {}", args.wstest.display()))?;
    ensure!(status.success(), "wstest ended with {status}; see {}", reports.display());
    read_json(&reports.join("index.json"))
}

fn read_json(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(serde_json::from_str(&text)?)
}

#[derive(Debug, Default)]
struct Verdict {
    cases: usize,
    informational: usize,
    failed: Vec<String>,
    non_strict: Vec<String>,
}

/// Counts the cases of an index by what they came to.
fn judge(index: &Value) -> Result<Verdict> {
    let cases = index["engine"].as_object().context("the index has no cases of our agent")?;
    let mut verdict = Verdict { cases: cases.len(), ..Verdict::default() };
    if cases.is_empty() {
        bail!("no case was run");
    }
    for (case, result) in cases {
        let of = |key: &str| result[key].as_str().unwrap_or("MISSING");
        let (behavior, close) = (of("behavior"), of("behaviorClose"));
        let line = format!("{case}: {behavior}, close {close}");
        match (behavior, close) {
            ("OK", "OK" | "INFORMATIONAL") => {}
            ("INFORMATIONAL", "OK" | "INFORMATIONAL") => verdict.informational += 1,
            ("NON-STRICT", "OK" | "INFORMATIONAL") => verdict.non_strict.push(line),
            _ => verdict.failed.push(line),
        }
    }
    Ok(verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strict_cases_pass() {
        let index = json!({ "engine": {
            "1.1.1": { "behavior": "OK", "behaviorClose": "OK" },
            "6.4.1": { "behavior": "NON-STRICT", "behaviorClose": "OK" },
            "7.1.1": { "behavior": "OK", "behaviorClose": "FAILED" },
            "7.1.6": { "behavior": "INFORMATIONAL", "behaviorClose": "INFORMATIONAL" },
            "9.1.1": { "behavior": "UNIMPLEMENTED", "behaviorClose": "OK" },
        }});
        let verdict = judge(&index).unwrap();
        assert_eq!((verdict.cases, verdict.informational), (5, 1));
        assert_eq!(verdict.non_strict.len(), 1);
        assert_eq!(verdict.failed.len(), 2);
        assert!(judge(&json!({ "engine": {} })).is_err());
    }
}
