//! What is served over the connections: the game's API, or the conformance echo of the tests.
//!
//! The shard knows HTTP and WebSocket; a [`Service`] knows paths, bodies and messages.

use core::fmt::Debug;

/// Decides what a request or a message means. One value per shard.
pub trait Service: Send + 'static {
    /// What the head of a request decided, kept while its body arrives.
    type Route: Debug + Send;
}
