//! What operators ask a peer: `/healthz`, `/readyz`, `/metrics`.

use super::metrics::{CONTENT_TYPE, Snapshot};
use super::world::Shared;
use engine_core::arena::Arena;
use engine_core::error::{Problem, Refusal};
use engine_core::seam::Observe;
use serde::Serialize;

/// The body of `/healthz`.
#[derive(Serialize)]
struct Health {
    status: &'static str,
    runtime: &'static str,
    workers: usize,
    arena: &'static str,
    store: &'static str,
    version: &'static str,
}

/// A document: its media type and its body.
///
/// # Errors
/// With the refusal where the server is not ready.
pub fn observe<H: Shared>(shared: &H, what: Observe) -> Result<(&'static str, String), Refusal> {
    const JSON: &str = "application/json";
    let server = shared.server();
    match what {
        Observe::Health => {
            let health = Health {
                status: "ok",
                runtime: server.library,
                workers: server.workers,
                arena: alloc_bumpalo::BumpArena::NAME,
                store: "memory",
                version: env!("CARGO_PKG_VERSION"),
            };
            Ok((JSON, serde_json::to_string(&health).expect("texts and numbers can be written")))
        }
        Observe::Ready if server.drains() => {
            Err(Refusal::because(Problem::NotReady, "the server is draining"))
        }
        Observe::Ready => Ok((JSON, r#"{"status":"ready"}"#.into())),
        Observe::Metrics => {
            let (responses, (hunts, quests)) =
                shared.with(|world| (world.responses.responses, world.game.figures()));
            let snapshot = Snapshot::of(server, responses, hunts, quests as u64);
            Ok((CONTENT_TYPE, snapshot.write()))
        }
    }
}
