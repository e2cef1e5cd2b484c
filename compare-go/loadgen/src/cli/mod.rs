//! The program: from the command line to an exit code.

pub mod args;
pub mod draw;
mod dry_run;
pub mod live;
mod null;
mod output;
mod prove;
mod run;
pub mod screen;
mod signals;
mod values;

use crate::report::Called;
use crate::report::table::table;
use crate::workload::Kind;
use args::{Cli, Task};
use clap::Parser;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

/// Something was not as it had to be: an objective, a proof, the server.
const FAILED: u8 = 1;
/// It was asked for wrongly, or cannot be done here.
const MISUSED: u8 = 2;
/// The objectives were held, by figures that are not valid.
const NOT_VALID: u8 = 3;
/// As a shell tells the end by SIGINT.
const INTERRUPTED: u8 = 130;

/// Does what the command line asks.
#[must_use]
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let words: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let called = Called::now(&words);
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and the version go to standard output, faults to standard error.
            let printed = error.print();
            let code = u8::try_from(error.exit_code()).unwrap_or(MISUSED);
            return ExitCode::from(if printed.is_ok() { code } else { FAILED });
        }
    };
    let done = match cli.task {
        None => run::run(&cli.run, called),
        Some(Task::List) => list(),
        Some(Task::Prove(prove)) => prove::prove(&prove, &called),
        Some(Task::Null(null)) => null::serve_null(&null),
    };
    let code = done.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "hunt-load: {error:#}");
        MISUSED
    });
    ExitCode::from(code)
}

fn list() -> anyhow::Result<u8> {
    let rows: Vec<Vec<String>> =
        Kind::ALL.iter().map(|kind| vec![kind.name().into(), kind.what().into()]).collect();
    let width = rows.iter().map(|row| row[1].chars().count()).max().unwrap_or_default();
    // Words stand at the left; a table would put them at the right.
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|row| vec![row[0].clone(), format!("{:<width$}", row[1])]).collect();
    io::stdout().write_all(table(&rows).as_bytes())?;
    Ok(0)
}
