//! The layers that CPU time is told apart by.

use crate::words::words;

words! {
    /// A layer of a server, from the outside in.
    pub enum Layer("layer") {
        /// Choosing what runs, waking and waiting: the runtime, Go's scheduler and poller, and
        /// those of the kernel.
        Scheduler = "scheduler",
        /// Memory: the allocator, arenas, the garbage collector, pages that are touched first.
        Allocator = "allocator",
        /// The kernel's network, and the calls into it.
        Network = "network",
        /// HTTP, WebSocket, JSON, protobuf, and the connections that they are spoken on.
        Protocol = "protocol",
        /// The game, its leaderboard, and who may play.
        Game = "game",
        /// What the kernel does besides.
        Kernel = "kernel",
        /// What the measurement itself costs.
        Measurement = "measurement",
        /// What no rule names.
        Unclassified = "unclassified",
    }
}

impl Layer {
    /// What it is, in few words for a legend.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Scheduler => "scheduler",
            Self::Allocator => "allocator, GC",
            Self::Network => "kernel network",
            Self::Protocol => "protocol",
            Self::Game => "game",
            Self::Kernel => "other kernel",
            Self::Measurement => "measurement",
            Self::Unclassified => "unclassified",
        }
    }
}
