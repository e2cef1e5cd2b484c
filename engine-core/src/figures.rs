//! What a shard has done, as plain counters; the driver copies them out for the metrics.

/// The routes that requests are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RouteName {
    /// `PUT /v1/quests/{quest}`
    Quest,
    /// `PUT /v1/hunts/{hunt}`
    Hunt,
    /// `POST /v1/hunts/{hunt}/players`
    Players,
    /// `POST /v1/hunts/{hunt}/resolve`
    Resolve,
    /// `GET /v1/hunts/{hunt}/status`
    Status,
    /// `GET /v1/hunts/{hunt}/leaderboard`
    Leaderboard,
    /// `GET /v1/hunts/{hunt}/play`
    Play,
    /// `GET /loot`
    Loot,
    /// `GET /healthz`
    Healthz,
    /// `GET /readyz`
    Readyz,
    /// `GET /metrics`
    Metrics,
    /// Everything that matched no route, malformed requests included.
    None,
}

impl RouteName {
    /// Every route; `route as usize` is its place.
    pub const ALL: [Self; 12] = [
        Self::Quest,
        Self::Hunt,
        Self::Players,
        Self::Resolve,
        Self::Status,
        Self::Leaderboard,
        Self::Play,
        Self::Loot,
        Self::Healthz,
        Self::Readyz,
        Self::Metrics,
        Self::None,
    ];

    /// The label in the metrics: the path template.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Quest => "/v1/quests/{quest}",
            Self::Hunt => "/v1/hunts/{hunt}",
            Self::Players => "/v1/hunts/{hunt}/players",
            Self::Resolve => "/v1/hunts/{hunt}/resolve",
            Self::Status => "/v1/hunts/{hunt}/status",
            Self::Leaderboard => "/v1/hunts/{hunt}/leaderboard",
            Self::Play => "/v1/hunts/{hunt}/play",
            Self::Loot => "/loot",
            Self::Healthz => "/healthz",
            Self::Readyz => "/readyz",
            Self::Metrics => "/metrics",
            Self::None => "none",
        }
    }
}

/// The statuses that responses are counted by; the last place counts any other.
pub const STATUSES: [u16; 25] = [
    101, 200, 201, 204, 400, 401, 403, 404, 405, 408, 409, 411, 413, 414, 415, 417, 422, 426, 431,
    500, 501, 503, 505, 100, 0,
];

/// Counters of one shard since its start, and gauges of now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShardFigures {
    /// Connections opened.
    pub opened: u64,
    /// Connections closed, for whatever reason.
    pub closed: u64,
    /// Connections open now.
    pub connections: u64,
    /// WebSocket connections open now.
    pub websockets: u64,
    /// Responses by `[RouteName as usize][place in STATUSES]`.
    pub responses: [[u64; STATUSES.len()]; RouteName::ALL.len()],
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes handed over for sending.
    pub bytes_out: u64,
    /// WebSocket frames received, control frames included.
    pub frames_in: u64,
    /// WebSocket frames queued for sending, broadcasts included.
    pub frames_out: u64,
    /// Broadcast frames queued for a player.
    pub broadcasts: u64,
    /// Broadcast frames left out because a player was slow.
    pub conflated: u64,
    /// Players that are slow now.
    pub slow: u64,
    /// Connections ended because they did not take their bytes.
    pub stuck: u64,
    /// Connections ended by a time-out of reading: 408, keep-alive, idle, closing.
    pub timed_out: u64,
    /// WebSocket connections that we closed for a protocol error.
    pub protocol_errors: u64,
}

impl ShardFigures {
    /// Counts a response.
    pub fn responded(&mut self, route: RouteName, status: u16) {
        let place = STATUSES.iter().position(|s| *s == status).unwrap_or(STATUSES.len() - 1);
        self.responses[route as usize][place] += 1;
    }

    /// Adds another shard's figures, for a sum over workers.
    pub fn add(&mut self, other: &Self) {
        self.opened += other.opened;
        self.closed += other.closed;
        self.connections += other.connections;
        self.websockets += other.websockets;
        for (mine, theirs) in self.responses.iter_mut().zip(&other.responses) {
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                *mine += theirs;
            }
        }
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.frames_in += other.frames_in;
        self.frames_out += other.frames_out;
        self.broadcasts += other.broadcasts;
        self.conflated += other.conflated;
        self.slow += other.slow;
        self.stuck += other.stuck;
        self.timed_out += other.timed_out;
        self.protocol_errors += other.protocol_errors;
    }
}
