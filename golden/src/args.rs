//! The command line.

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use golden::sockets::Addresses;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

/// Text transcripts of the server's protocol, and what plays them.
#[derive(Parser)]
#[command(name = "golden", version)]
pub(crate) struct Args {
    /// Where the transcripts are, if not in this checkout
    #[arg(long, global = true)]
    pub(crate) transcripts: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Subcommand)]
pub(crate) enum Task {
    /// Play the transcripts against a server, and show where it differs; exit 1 if it does
    Check(Check),
    /// Rewrite what the transcripts expect from what the core answers
    Bless {
        /// Only transcripts whose names contain this, or match it with its `*`
        #[arg(long, default_value = "")]
        filter: String,
    },
    /// Name the transcripts, how many exchanges each has, and what it covers
    List {
        /// Only transcripts whose names contain this, or match it with its `*`
        #[arg(long, default_value = "")]
        filter: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct Check {
    /// Which server: core; a runtime of hunt-server, or go-nethttp, go-fasthttp, which are built,
    /// and are started for each transcript
    #[arg(long, default_value = "core", conflicts_with = "url")]
    pub(crate) server: String,
    /// A running server that was started with golden/server.toml and not played against before
    #[arg(long, requires = "admin_url")]
    pub(crate) url: Option<String>,
    /// Its admin listener
    #[arg(long, requires = "url")]
    pub(crate) admin_url: Option<String>,
    /// An admin token for it, where its keys are others than those of golden/server.toml
    #[arg(long)]
    pub(crate) admin_token: Option<String>,
    /// Hold responses to status, fields and body, not to every byte: always so for the Go servers
    #[arg(long)]
    pub(crate) loose: bool,
    /// The list of what a Go server answers otherwise, if not compare-go/reference/differences.txt
    #[arg(long, conflicts_with = "url")]
    pub(crate) differences: Option<PathBuf>,
    /// The program to start in place of the server that is built in, or would be built
    #[arg(long)]
    pub(crate) program: Option<PathBuf>,
    /// Only transcripts whose names contain this, or match it with its `*`
    #[arg(long, default_value = "")]
    pub(crate) filter: String,
    /// Name every transcript and every section that is left out
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

impl Check {
    /// The running server that is named.
    pub(crate) fn running(&self) -> anyhow::Result<Option<Addresses>> {
        let (Some(public), Some(admin)) = (&self.url, &self.admin_url) else { return Ok(None) };
        Ok(Some(Addresses { public: address(public)?, admin: address(admin)? }))
    }
}

fn address(url: &str) -> anyhow::Result<SocketAddr> {
    let Some(authority) = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/')) else {
        bail!("{url} is not http://HOST:PORT");
    };
    let found = authority.to_socket_addrs().with_context(|| format!("{url} is not to be found"))?;
    found.into_iter().next().with_context(|| format!("{url} has no address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_server_has_two_addresses() {
        let parse = |args: &[&str]| Args::try_parse_from(args.iter().copied());
        assert!(parse(&["golden", "check", "--url", "http://127.0.0.1:1"]).is_err());
        let args = ["golden", "check", "--url", "http://127.0.0.1:1/", "--admin-url"];
        let Ok(Args { task: Task::Check(check), .. }) =
            parse(&[&args[..], &["http://[::1]:2"]].concat())
        else {
            panic!("it is well-formed")
        };
        let at = check.running().unwrap().unwrap();
        assert_eq!((at.public.port(), at.admin.port()), (1, 2));
        assert!(address("127.0.0.1:1").is_err());
    }
}
