//! What is started for the name of a server, with which arguments, and which list it is held to.

use crate::args::Check;
use anyhow::{Context, bail};
use golden::behind::{self, Web};
use golden::differences::{BadEntry, Differences};
use golden::go::{self, Build};
use golden::library::Library;
use golden::process::{Process, Program};
use golden::servers::Server;
use std::path::Path;

/// The first argument that makes this program the server.
pub(crate) const HUNT_SERVER: &str = "hunt-server";

/// What starts a server, again and again.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    program: Program,
    args: Vec<String>,
}

impl Launch {
    /// Of `given`, else of this program itself, or of what is built; with further arguments.
    pub(crate) fn of(
        server: Server,
        given: Option<&Path>,
        more: &[String],
    ) -> anyhow::Result<Self> {
        let mut args: Vec<String> = Vec::new();
        let runtime = match server {
            Server::Core => bail!("the core is no program"),
            Server::Own(backend) => Some(backend.name().to_owned()),
            Server::Go(_) => None,
            Server::Behind(web) => {
                args.extend(["--peer".into(), web.name().into()]);
                None
            }
        };
        let (path, first) = match (given, server) {
            (Some(path), _) => (path.to_owned(), Vec::new()),
            (None, Server::Go(build)) => (go::build(build)?, Vec::new()),
            (None, Server::Behind(web)) => (behind::build(web)?, Vec::new()),
            (None, _) => (std::env::current_exe()?, vec![HUNT_SERVER.into()]),
        };
        args.extend_from_slice(more);
        Ok(Self { program: Program { path, first, runtime }, args })
    }

    /// Starts it.
    pub(crate) fn start(&self) -> anyhow::Result<Process> {
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        Process::start_with(&self.program, &args)
    }
}

/// What a server is listed to answer otherwise, and the entries that name no section. The list of
/// the checkout is about the transcripts of the checkout.
pub(crate) fn listed(
    library: &Library,
    check: &Check,
    server: Server,
) -> anyhow::Result<(Differences, Vec<BadEntry>)> {
    let of_checkout = library.is_of_checkout();
    let path = match (&check.differences, server) {
        (Some(path), _) => path.clone(),
        (None, Server::Go(_)) if of_checkout => go::module().join(LIST),
        (None, Server::Behind(_)) if of_checkout => behind::package().join(LIST),
        _ => return Ok(Default::default()),
    };
    let shown = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let source = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let servers = match server {
        Server::Behind(_) => Web::ALL.map(Web::name),
        _ => Build::ALL.map(Build::name),
    };
    let list = Differences::read(&shown, &source, &servers)?;
    let astray = list.without_section(&library.read("")?);
    Ok((list.of(server.name()), astray))
}

/// The list, in the folder of the Go module, and in that of the floor.
const LIST: &str = "differences.txt";
