//! `hunt-load prove`: proves, and says what came of it.

use super::args::{ProofFormat, Prove};
use super::output::Output;
use super::{FAILED, signals};
use crate::prove::{Options, text};
use crate::report::Called;
use crate::report::paint::Paint;
use crate::run::Stop;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

/// Proves; the exit code.
pub(super) fn prove(prove: &Prove, called: &Called) -> anyhow::Result<u8> {
    let options = Options {
        only: prove.only.clone(),
        quick: prove.quick,
        sleep: prove.sleep,
        server_core: prove.server_core,
        core: prove.core,
        delays: prove.delays.clone(),
        rates: prove.rates.clone(),
        url: prove.url,
        path: prove.path.clone(),
        fault: prove.fault.fault(),
        program: std::env::current_exe()?,
    };
    let out = Output::open(prove.out.as_deref())?;
    let stop = Stop::default();
    signals::watch(stop.clone())?;
    let proof = {
        let line = line();
        let mut say = |text: &str| match &line {
            Some(line) => line.set_message(text.to_owned()),
            None => drop(writeln!(stderr(), "hunt-load: {text}")),
        };
        let proof = crate::prove::prove(&options, called, &stop, &mut say);
        if let Some(line) = &line {
            line.finish_and_clear();
        }
        proof?
    };
    let written = match prove.format {
        ProofFormat::Text => {
            let paint = if out.is_stdout() { Paint::of_stdout() } else { Paint::NONE };
            text::write(&proof, paint)
        }
        ProofFormat::Json => serde_json::to_string_pretty(&proof)? + "\n",
    };
    out.write(written.as_bytes())?;
    Ok(if proof.valid { 0 } else { FAILED })
}

/// A line that is drawn anew, where there is a terminal.
fn line() -> Option<ProgressBar> {
    stderr().is_terminal().then(|| {
        let line = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}");
        line.set_style(style.expect("the template is good"));
        line.enable_steady_tick(Duration::from_millis(250));
        line
    })
}
