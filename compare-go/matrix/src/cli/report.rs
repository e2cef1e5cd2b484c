//! `matrix report`.

use super::{NO_ANSWER, print, read_bundle};
use crate::bundle::Bundle;
use crate::report::{Format, render};
use anyhow::Context;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// What is reported.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Several bundles stand side by side, and each after the first is compared with the first.

Exit code 0: written. 2: asked for wrongly. 3: a bundle is refused.")]
pub(super) struct Args {
    /// Bundles, by name or folder
    #[arg(required = true)]
    bundles: Vec<String>,
    /// As what: html, markdown or csv [default: by the name of the file, else html]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// The file; standard output where there is none
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Where bundles are found by name [default: compare-go/results]
    #[arg(long, value_name = "FOLDER")]
    results: Option<PathBuf>,
}

/// Reports.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut bundles: Vec<Bundle> = Vec::new();
    for name in &args.bundles {
        match read_bundle(name, args.results.as_deref()) {
            Ok(bundle) if bundles.iter().any(|other| other.digest == bundle.digest) => {
                writeln!(io::stderr(), "matrix: {name} is named twice")?;
                return Ok(ExitCode::from(super::MISUSED));
            }
            Ok(bundle) => bundles.push(bundle),
            Err(error) => {
                writeln!(io::stderr(), "matrix: {error:#}")?;
                return Ok(ExitCode::from(NO_ANSWER));
            }
        }
    }
    let text = render(&bundles, args.format())?;
    match &args.output {
        None => print(&text)?,
        Some(file) => fs::write(file, text).with_context(|| file.display().to_string())?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn format(&self) -> Format {
        let named = self.output.as_ref().and_then(|file| file.extension()?.to_str());
        let by_name = named.and_then(|extension| match extension {
            "md" => Some(Format::Markdown),
            "csv" => Some(Format::Csv),
            _ => None,
        });
        self.format.or(by_name).unwrap_or(Format::Html)
    }
}
