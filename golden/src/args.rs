//! The command line.

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use golden::sockets::Addresses;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

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
    /// Play random calls against two servers, and show the fewest that they answer differently
    Differ(Differ),
    /// Name the transcripts, how many exchanges each has, and what it covers
    List {
        /// Only transcripts whose names contain this, or match it with its `*`
        #[arg(long, default_value = "")]
        filter: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct Check {
    /// Which server: core; a runtime of hunt-server, or go-nethttp, go-fasthttp, hyper, axum, which
    /// are built, and are started for each transcript
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
    /// Hold responses to status, fields and body, not to every byte: always so where a library writes them
    #[arg(long)]
    pub(crate) loose: bool,
    /// The list of what a server behind a library answers otherwise, if not
    /// compare-go/reference/differences.txt or runtimes/floor/differences.txt
    #[arg(long, conflicts_with = "url")]
    pub(crate) differences: Option<PathBuf>,
    /// The program to start in place of the server that is built in, or would be built
    #[arg(long)]
    pub(crate) program: Option<PathBuf>,
    /// One further argument of the server that is started, as --arg=--arena=bump; repeatable
    #[arg(long = "arg", value_name = "ARG", allow_hyphen_values = true, conflicts_with = "url")]
    pub(crate) server_args: Vec<String>,
    /// How many servers run at the same time; they wait more than they work
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) at_once: u8,
    /// Only transcripts whose names contain this, or match it with its `*`
    #[arg(long, default_value = "")]
    pub(crate) filter: String,
    /// Name every transcript and every section that is left out
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(clap::Args)]
#[command(after_help = "\
A server is core, a runtime of hunt-server, go-nethttp, go-fasthttp, hyper, axum, or a running one,
as http://HOST:PORT,http://ADMIN_HOST:PORT, that was started with golden/server.toml, and with
--limit quests_max=100000 --limit hunts_max=100000 where more than a few sequences are played.

Examples:
  golden differ --left tokio --right go-nethttp --seconds 60
  golden differ --left tokio --right go-nethttp --seed 17 --sequences 1 --save found
  golden check --transcripts found --server go-nethttp")]
pub(crate) struct Differ {
    /// The server whose answers are expected
    #[arg(long, value_name = "SERVER")]
    pub(crate) left: String,
    /// The server that is held to them
    #[arg(long, value_name = "SERVER")]
    pub(crate) right: String,
    /// The program to start as the left server
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) left_program: Option<PathBuf>,
    /// The program to start as the right server
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) right_program: Option<PathBuf>,
    /// The seed of the first sequence; each further one has the next
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// For how long sequences are begun; 30 where no number of them is given
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) seconds: Option<Duration>,
    /// How many sequences are played
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) sequences: Option<u64>,
    /// How many calls a sequence has after its beginning, up to 1,000
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) length: u16,
    /// How many differences are looked for
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) findings: usize,
    /// How many sequences are played at the same time, unless a server is a running one
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) at_once: usize,
    /// Write each difference into this folder, as a transcript
    #[arg(long, value_name = "FOLDER")]
    pub(crate) save: Option<PathBuf>,
    /// Hold responses to status, fields and body, not to every byte: always so where a library writes them
    #[arg(long)]
    pub(crate) loose: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|s: &f64| (0.1..=1e6).contains(s));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "seconds are 0.1 to 1000000".into())
}

impl Check {
    /// The running server that is named.
    pub(crate) fn running(&self) -> anyhow::Result<Option<Addresses>> {
        let (Some(public), Some(admin)) = (&self.url, &self.admin_url) else { return Ok(None) };
        Ok(Some(Addresses { public: address(public)?, admin: address(admin)? }))
    }
}

pub(crate) fn address(url: &str) -> anyhow::Result<SocketAddr> {
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
