//! What a run is reported as: everything that a reader, or a program, needs to judge it.
//!
//! [`Report`] is the JSON as it is; text, CSV and HDR logs are views of it. Nothing here measures.

mod besides;
pub mod csv;
pub mod environment;
pub mod hdr;
pub mod paint;
#[cfg(test)]
mod sample;
pub mod summary;
pub mod table;
pub mod text;
pub mod validity;

use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::prove::Proof;
use crate::slo::{Slo, Verdict};
use environment::Environment;
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use summary::Summary;
use validity::Validity;

/// The version of the JSON. It grows when a name goes or changes its meaning; new names may come
/// without that.
pub const SCHEMA: u32 = 1;

/// A run, reported.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The program and its version.
    pub program: String,
    /// How it was called, without secrets.
    pub command_line: Vec<String>,
    /// When it was called, in milliseconds since the Unix epoch.
    pub called_ms: u64,
    /// What it ran on.
    pub environment: Environment,
    /// What was to be done, without secrets.
    pub plan: Plan,
    /// The figures that are read most.
    pub summary: Summary,
    /// Whether they can be trusted, and why.
    pub validity: Validity,
    /// The objectives, judged.
    pub slo: Vec<Verdict>,
    /// Everything that was measured: histograms (base64 of V2, compressed) and seconds.
    pub outcome: Outcome,
}

/// How the program was called.
#[derive(Clone, Debug)]
pub struct Called {
    /// The command line, without secrets.
    pub command_line: Vec<String>,
    /// When.
    pub at: SystemTime,
}

impl Called {
    /// By this command line, now.
    #[must_use]
    pub fn now(command_line: &[String]) -> Self {
        Self { command_line: without_secrets(command_line), at: SystemTime::now() }
    }

    /// When, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn ms(&self) -> u64 {
        let since = self.at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// What a report is made of besides the outcome.
#[derive(Clone, Debug)]
pub struct Context {
    /// How the program was called.
    pub called: Called,
    /// What was to be held.
    pub slo: Slo,
    /// The proof of this generator on this machine, where one was given.
    pub proof: Option<Proof>,
}

impl Report {
    /// Reports a run.
    #[must_use]
    pub fn of(plan: &Plan, outcome: Outcome, context: &Context) -> Self {
        let summary = Summary::of(&outcome);
        let validity = Validity::of(plan, &outcome, &summary, context.proof.as_ref());
        let slo = context.slo.judge(|of, figure| summary::look(&outcome, &summary, of, figure));
        let mut plan = plan.clone();
        plan.admin_token = plan.admin_token.map(|_| HIDDEN.to_owned());
        Self {
            schema: SCHEMA,
            program: PROGRAM.to_owned(),
            command_line: context.called.command_line.clone(),
            called_ms: context.called.ms(),
            environment: Environment::observe(),
            plan,
            summary,
            validity,
            slo,
            outcome,
        }
    }

    /// Whether every objective was held.
    #[must_use]
    pub fn slo_held(&self) -> bool {
        self.slo.iter().all(|verdict| verdict.held)
    }
}

/// The program and its version, as reports name it.
pub const PROGRAM: &str = concat!("hunt-load ", env!("CARGO_PKG_VERSION"));

/// The flag whose value is not repeated.
const SECRET: &str = "--admin-token";
const HIDDEN: &str = "***";

fn without_secrets(command_line: &[String]) -> Vec<String> {
    let mut hides = false;
    let shown = command_line.iter().map(|word| {
        if std::mem::replace(&mut hides, word == SECRET) {
            return HIDDEN.to_owned();
        }
        match word.split_once('=') {
            Some((SECRET, _)) => format!("{SECRET}={HIDDEN}"),
            _ => word.clone(),
        }
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_admin_token_is_nowhere_in_the_command_line() {
        let words = [
            "hunt-load",
            "resolve",
            "--admin-token",
            "secret",
            "--admin-token=secret",
            "--seed",
            "1",
        ];
        let shown = without_secrets(&words.map(str::to_owned)).join(" ");
        assert_eq!(shown, "hunt-load resolve --admin-token *** --admin-token=*** --seed 1");
    }

    #[test]
    fn the_json_has_everything_but_secrets_and_comes_back() {
        let report = sample::report("p99<50ms,errors<0.1%");
        let text = serde_json::to_string(&report).unwrap();
        assert!(!text.contains("a-secret"));
        let back: Report = serde_json::from_str(&text).unwrap();
        assert_eq!((back.schema, back.called_ms), (SCHEMA, 5_000));
        assert_eq!(back.outcome, report.outcome);
        assert_eq!(back.summary, report.summary);
        assert_eq!((back.plan.seed, back.plan.admin_token.as_deref()), (7, Some(HIDDEN)));
        assert_eq!(serde_json::to_string(&back).unwrap(), text);
    }

    #[test]
    fn objectives_look_at_the_run_at_operations_and_at_metrics() {
        for (slo, held) in [
            ("p99<4ms", true),
            ("p50<2ms", true),
            ("resolve/max<1.1ms", true),
            ("status/p50<2.9ms", false),
            ("status/p50>2.9ms", true),
            ("delivery_ns/p99<41ms", true),
            ("delivery_ns/p99<39ms", false),
            ("errors<0.6%", false),
            ("errors<0.7%", true),
            ("status/errors<=2%", true),
            ("status/errors<1.9%", false),
            ("resolve/errors<=0%", true),
            ("achieved>=100%", true),
            ("rate>148/s", true),
            ("rate>149/s", false),
            ("resolve/rate>=100", true),
            ("lag_max<21us", true),
            ("status/lag_p99<19us", false),
            ("players/resolve/max<1.1ms", true),
            ("players/delivery_ns/max<41ms", true),
            ("nobody/resolve/max<1h", false),
            ("nobody/p50<1h", false),
            ("delivery_ns/rate>0", false),
        ] {
            assert_eq!(sample::report(slo).slo_held(), held, "{slo}");
        }
    }
}
