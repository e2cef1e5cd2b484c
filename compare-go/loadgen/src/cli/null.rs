//! `hunt-load null`: the null server as a program.

use super::args::Null;
use crate::null_server::{Answering, serve};
use crate::prove::cores;
use crate::prove::yardstick::LISTENING;
use anyhow::Context;
use rustix::process::{Signal, set_parent_process_death_signal};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;

/// Serves until SIGINT or SIGTERM, then prints what it tells of itself as one line of JSON.
pub(super) fn serve_null(null: &Null) -> anyhow::Result<u8> {
    if null.end_with_parent {
        // A process that stands still does not see anything but this.
        set_parent_process_death_signal(Some(Signal::KILL))?;
    }
    if let Some(core) = null.core {
        cores::pin(core).with_context(|| format!("core {core} is not to be had"))?;
    }
    let (end, ends) = UnixStream::pair()?;
    pipe::register(SIGTERM, end.try_clone()?)?;
    pipe::register(SIGINT, end)?;
    let listener = TcpListener::bind(null.listen).with_context(|| {
        format!("{} cannot be listened on; choose another --listen", null.listen)
    })?;
    writeln!(io::stdout(), "{LISTENING}http://{}", listener.local_addr()?)?;
    let answering = Answering {
        delay: null.delay,
        work: null.work,
        body_bytes: null.body,
        early: null.early,
        spin: null.spin,
    };
    let served = serve(&listener, answering, &ends)?;
    writeln!(io::stdout(), "{}", serde_json::to_string(&served)?)?;
    Ok(0)
}
