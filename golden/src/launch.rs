//! What is started for the name of a server, and which list it is held to.

use crate::args::Check;
use anyhow::{Context, bail};
use golden::differences::{BadEntry, Differences};
use golden::go::{self, Build};
use golden::library::Library;
use golden::process::Program;
use golden::servers::Server;
use std::path::Path;

/// The first argument that makes this program the server.
pub(crate) const HUNT_SERVER: &str = "hunt-server";

/// What starts a server: `given`, else this program itself, or what is built of the Go module.
pub(crate) fn program(server: Server, given: Option<&Path>) -> anyhow::Result<Program> {
    let runtime = match server {
        Server::Core => bail!("the core is no program"),
        Server::Own(backend) => Some(backend.name().to_owned()),
        Server::Go(_) => None,
    };
    let (path, first) = match (given, server) {
        (Some(path), _) => (path.to_owned(), Vec::new()),
        (None, Server::Go(build)) => (go::build(build)?, Vec::new()),
        (None, _) => (std::env::current_exe()?, vec![HUNT_SERVER.into()]),
    };
    Ok(Program { path, first, runtime })
}

/// What a server is listed to answer otherwise, and the entries that name no section. The list of
/// the checkout is about the transcripts of the checkout.
pub(crate) fn listed(
    library: &Library,
    check: &Check,
    server: Server,
) -> anyhow::Result<(Differences, Vec<BadEntry>)> {
    let path = match (&check.differences, server) {
        (Some(path), _) => path.clone(),
        (None, Server::Go(_)) if library.is_of_checkout() => go::module().join(LIST),
        _ => return Ok(Default::default()),
    };
    let shown = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let source = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let list = Differences::read(&shown, &source, &Build::ALL.map(Build::name))?;
    let astray = list.without_section(&library.read("")?);
    Ok((list.of(server.name()), astray))
}

/// The list, in the folder of the Go module.
const LIST: &str = "differences.txt";
