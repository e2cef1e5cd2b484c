//! Runs the conformance application, for outside HTTP and WebSocket suites to talk to.

use anyhow::Result;
use backends::Backend;
use clap::Parser;
use golden::conformance::Server;
use std::net::SocketAddr;

/// Serve the conformance application until it is killed.
#[derive(Debug, Parser)]
#[command(after_help = "Example:
  cargo run --release -p golden --bin conformance -- --listen 127.0.0.1:9001 --runtime tokio")]
struct Args {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:9001")]
    listen: SocketAddr,
    /// The backend that carries the engine.
    #[arg(long, default_value = "tokio-per-core")]
    runtime: Backend,
}

#[expect(clippy::print_stdout, reason = "says where it listens")]
fn main() -> Result<()> {
    let args = Args::parse();
    let server = Server::start(args.runtime, args.listen)?;
    println!("listening on http://{} ({})", server.address(), args.runtime);
    server.wait()
}
