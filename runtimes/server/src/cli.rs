//! From the command line to an exit code: 0 done, 1 it went wrong, 2 it was asked for wrongly. The
//! doctor has codes of its own beside them.

use crate::args::{self, Task};
use crate::faults::Faults;
use crate::load::{Flags, Loaded, load};
use crate::{doctor, print_config, secrets, token_command};
use alloc_witness::Witness;
use engine_core::api::token::Session;
use engine_core::seam::PlayerRef;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

const FAILED: u8 = 1;
const MISUSED: u8 = 2;

/// Does what the command line asks. `allocator` is the witness of the allocator that was built in.
#[must_use]
pub fn main(args: impl IntoIterator<Item = OsString>, allocator: &'static dyn Witness) -> ExitCode {
    // Before there is a second thread, so that nothing disturbs the look.
    crate::allocator::look(allocator);
    let task = match args::parse(args) {
        Ok(task) => task,
        Err(error) => {
            // Help and the version go to standard output, faults to standard error.
            let printed = error.print();
            let code = u8::try_from(error.exit_code()).unwrap_or(MISUSED);
            return ExitCode::from(if printed.is_ok() { code } else { FAILED });
        }
    };
    match perform(task) {
        Ok(code) => code,
        Err(error) => {
            let code = if error.is::<Faults>() { MISUSED } else { FAILED };
            let _ = writeln!(io::stderr(), "hunt-server: {error:#}");
            ExitCode::from(code)
        }
    }
}

fn perform(task: Task) -> anyhow::Result<ExitCode> {
    let mut code = 0;
    let text = match task {
        Task::Serve(flags) => {
            let mut loaded = configured(&flags)?;
            loaded.warnings.extend(crate::allocator::warning(crate::allocator::seen()));
            return crate::run::serve(loaded);
        }
        Task::CheckConfig(flags) => checked(&configured(&flags)?),
        Task::PrintConfig { effective: false, .. } => print_config::defaults(),
        Task::PrintConfig { effective: true, flags } => {
            print_config::effective(&configured(&flags)?)
        }
        Task::Doctor { json, flags } => {
            let report = doctor::Report::of(&configured(&flags)?.config);
            code = report.verdict.exit_code();
            if json { report.json() } else { doctor::text::write(&report) }
        }
        Task::TokenPlayer { hunt, player, started_ms, ttl_ms, flags } => {
            let config = configured(&flags)?.config;
            let ring = token_command::ring(&config.keys)?;
            let ttl_ms = ttl_ms.unwrap_or(config.limits.session_ttl_ms as u64);
            let expires = token_command::expiry(token_command::now(), ttl_ms)?;
            let session = Session { hunt, player: PlayerRef { player, started_ms } };
            format!("{}\n", token_command::mint_session(&ring, &session, expires))
        }
        Task::TokenAdmin { ttl_ms, flags } => {
            let ring = token_command::ring(&configured(&flags)?.config.keys)?;
            let expires = token_command::expiry(token_command::now(), ttl_ms)?;
            format!("{}\n", ring.mint_admin(expires))
        }
        Task::NewKey { id } => format!("{}\n", secrets::write_key(&secrets::random_key(id)?)),
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::from(code))
}

fn configured(flags: &Flags) -> Result<Loaded, Faults> {
    let env = std::env::vars_os().map(|(name, value)| {
        (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
    });
    load(flags, env)
}

fn checked(loaded: &Loaded) -> String {
    let mut text = String::new();
    for warning in &loaded.warnings {
        text.push_str(&format!("warning: {warning}\n"));
    }
    if loaded.config.keys.is_empty() && !loaded.config.demo {
        text.push_str(
            "warning: no signing keys are configured, so serve will refuse to start; make one \
             with `hunt-server token new-key`\n",
        );
    }
    let file = loaded.file.as_ref().map_or("no file".into(), |path| path.display().to_string());
    text.push_str(&format!("the configuration is good ({file})\n"));
    text
}
