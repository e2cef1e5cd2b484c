//! The resources of the API: which path is which, and which methods it answers.

use crate::arena::Allocator;
use crate::error::{Problem, Refusal};
use crate::figures::RouteName;
use crate::http::head::Method;
use crate::http::percent;
use crate::seam::{Listener, Observe};
use crate::text::Id;

/// A resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    /// `/v1/quests/{quest}`
    Quest(Id),
    /// `/v1/hunts/{hunt}`
    Hunt(Id),
    /// `/v1/hunts/{hunt}/players`
    Players(Id),
    /// `/v1/hunts/{hunt}/resolve`
    Resolve(Id),
    /// `/v1/hunts/{hunt}/status`
    Status(Id),
    /// `/v1/hunts/{hunt}/leaderboard`
    Leaderboard(Id),
    /// `/v1/hunts/{hunt}/play`
    Play(Id),
    /// `/loot`
    Loot,
    /// `/healthz`, `/readyz`, `/metrics`
    Observe(Observe),
}

impl Resource {
    /// The resource of a path.
    pub(super) fn find<A: Allocator + Copy>(path: &[u8], scratch: A) -> Result<Self, Refusal> {
        let mut raw = percent::segments(path);
        let mut decoded = [None, None, None, None];
        for place in &mut decoded {
            *place = raw.next().map(|segment| percent::decode(segment, scratch)).transpose()?;
        }
        if raw.next().is_some() {
            return Err(Problem::UnknownPath.into());
        }
        let [first, second, third, fourth] = &decoded;
        let first = first.as_deref().unwrap_or_default();
        match (first, second.as_deref(), third.as_deref(), fourth.as_deref()) {
            (b"loot", None, ..) => Ok(Self::Loot),
            (b"healthz", None, ..) => Ok(Self::Observe(Observe::Health)),
            (b"readyz", None, ..) => Ok(Self::Observe(Observe::Ready)),
            (b"metrics", None, ..) => Ok(Self::Observe(Observe::Metrics)),
            (b"v1", Some(b"quests"), Some(quest), None) => Ok(Self::Quest(id(quest)?)),
            (b"v1", Some(b"hunts"), Some(hunt), None) => Ok(Self::Hunt(id(hunt)?)),
            (b"v1", Some(b"hunts"), Some(hunt), Some(part)) => {
                let make = match part {
                    b"players" => Self::Players,
                    b"resolve" => Self::Resolve,
                    b"status" => Self::Status,
                    b"leaderboard" => Self::Leaderboard,
                    b"play" => Self::Play,
                    _ => return Err(Problem::UnknownPath.into()),
                };
                Ok(make(id(hunt)?))
            }
            ([b'v', version @ ..], Some(_), ..) if is_other_version(version) => {
                Err(Problem::UnknownApiVersion.into())
            }
            _ => Err(Problem::UnknownPath.into()),
        }
    }

    /// What it is counted as.
    pub(super) fn name(self) -> RouteName {
        match self {
            Self::Quest(_) => RouteName::Quest,
            Self::Hunt(_) => RouteName::Hunt,
            Self::Players(_) => RouteName::Players,
            Self::Resolve(_) => RouteName::Resolve,
            Self::Status(_) => RouteName::Status,
            Self::Leaderboard(_) => RouteName::Leaderboard,
            Self::Play(_) => RouteName::Play,
            Self::Loot => RouteName::Loot,
            Self::Observe(Observe::Health) => RouteName::Healthz,
            Self::Observe(Observe::Ready) => RouteName::Readyz,
            Self::Observe(Observe::Metrics) => RouteName::Metrics,
        }
    }

    /// The methods that it answers, as `Allow` says them.
    pub(super) fn allow(self) -> &'static str {
        match self {
            Self::Quest(_) | Self::Hunt(_) => "OPTIONS, PUT",
            Self::Players(_) | Self::Resolve(_) => "OPTIONS, POST",
            Self::Status(_)
            | Self::Leaderboard(_)
            | Self::Play(_)
            | Self::Loot
            | Self::Observe(_) => "GET, HEAD, OPTIONS",
        }
    }

    /// Whether it answers `method`.
    pub(super) fn answers(self, method: Method) -> bool {
        match method {
            Method::Options => true,
            // A handshake has no HEAD form, yet the resource is the same.
            Method::Get | Method::Head => self.allow().starts_with("GET"),
            Method::Put => self.allow().ends_with("PUT"),
            Method::Post => self.allow().ends_with("POST"),
            Method::Delete | Method::Patch | Method::Trace | Method::Connect => false,
        }
    }

    /// Which listener it is for.
    pub(super) fn listener(self) -> Listener {
        match self {
            Self::Quest(_) | Self::Hunt(_) | Self::Observe(_) => Listener::Admin,
            Self::Players(_)
            | Self::Resolve(_)
            | Self::Status(_)
            | Self::Leaderboard(_)
            | Self::Play(_)
            | Self::Loot => Listener::Public,
        }
    }
}

fn id(segment: &[u8]) -> Result<Id, Refusal> {
    let text = core::str::from_utf8(segment).ok();
    text.and_then(Id::new).ok_or_else(|| Problem::InvalidId.into())
}

fn is_other_version(digits: &[u8]) -> bool {
    !digits.is_empty() && digits != b"1" && digits.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::Global;

    fn find(path: &str) -> Result<Resource, Problem> {
        Resource::find(path.as_bytes(), Global).map_err(|refusal| refusal.problem)
    }

    #[test]
    fn paths_are_matched_segment_by_segment_after_decoding() {
        let hunt = Id::new("h1").unwrap();
        assert_eq!(find("/v1/hunts/h1/play"), Ok(Resource::Play(hunt)));
        assert_eq!(find("/v1/hunts/h%31/%70lay"), Ok(Resource::Play(hunt)));
        assert_eq!(find("/v1/hunts/h1"), Ok(Resource::Hunt(hunt)));
        assert_eq!(find("/v1/hunts/h%2f1/play"), Err(Problem::InvalidId));
        assert_eq!(find("/v1/hunts//play"), Err(Problem::InvalidId));
        for path in ["/", "/v1", "/v1/", "/v1/hunts", "/loot/", "/v1/hunts/h1/play/", "/v1/x/y"] {
            assert_eq!(find(path), Err(Problem::UnknownPath), "{path}");
        }
        for path in ["/v2/hunts/h1/play", "/v0/hunts", "/v10/x"] {
            assert_eq!(find(path), Err(Problem::UnknownApiVersion), "{path}");
        }
        assert_eq!(find("/v1x/hunts/h1"), Err(Problem::UnknownPath));
        assert_eq!(find("/v1/hunts/%zz/play"), Err(Problem::MalformedRequest));
    }
}
