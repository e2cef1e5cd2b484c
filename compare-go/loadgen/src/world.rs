//! The world that a workload plays in, made through the API as any operator and players would make
//! it: quests published, hunts started, players joined.
//!
//! All ids carry the tag of the run, so that runs on one server do not meet.

mod admin;
mod exchange;

pub use admin::admin_token_from_keys;
pub use exchange::{Answer, exchange};

use crate::http::Request;
use crate::plan::Plan;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// The most bytes of an id.
const ID_BYTES_MAX: usize = 32;

/// Why there is no world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// Nobody answers.
    #[error(
        "no answer from {address}: {why}; is a server up there? `hunt-server serve --demo` starts \
         one, --url and --admin-url say where it is"
    )]
    Unreachable {
        /// Where.
        address: SocketAddr,
        /// What happened.
        why: String,
    },
    /// There is no admin token.
    #[error(
        "setting the world up needs an admin token: --admin-token or HUNT_ADMIN_TOKEN, which \
         `hunt-server serve --demo` prints and `hunt-server token admin --key-file FILE` makes; or \
         the keys of the server in HUNT_KEYS"
    )]
    NoToken,
    /// The keys in the environment are none.
    #[error("HUNT_KEYS are no keys: {0}; they are written ID:HEXADECIMAL, as for hunt-server")]
    Keys(&'static str),
    /// The server does not accept the admin token.
    #[error(
        "the server at {0} does not accept the admin token; `hunt-server token admin` makes one \
         with its keys"
    )]
    Token(SocketAddr),
    /// The server refused a step.
    #[error("{what} was answered {status} {body}; {remedy}")]
    Refused {
        /// The step.
        what: String,
        /// The status.
        status: u16,
        /// The body.
        body: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The server answered what it may not.
    #[error("{what} was answered wrongly: {answer}")]
    Wrong {
        /// The step.
        what: String,
        /// The answer.
        answer: String,
    },
    /// An id would be longer than a server takes.
    #[error("the id {0} is too long; give a shorter tag")]
    Id(String),
}

/// A player who has joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Player {
    /// The number, from 0 in the order of joining.
    pub number: u32,
    /// The name.
    pub name: String,
    /// The session token.
    pub session: String,
}

/// A hunt that is to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHunt {
    /// Its id.
    pub id: String,
    /// The quest that it plays.
    pub quest: String,
    /// Players that it can hold.
    pub capacity: u32,
}

/// The way to set a world up.
#[derive(Clone, Debug)]
pub struct World {
    server: SocketAddr,
    admin: SocketAddr,
    token: Option<String>,
    tag: String,
}

impl World {
    /// The world of a plan: nothing is asked yet.
    ///
    /// # Errors
    /// If keys in the environment are none.
    pub fn new(plan: &Plan) -> Result<Self, WorldError> {
        let token = match &plan.admin_token {
            Some(token) => Some(token.clone()),
            None => admin::admin_token_from_environment()?,
        };
        Ok(Self { server: plan.server, admin: plan.admin, token, tag: plan.tag.clone() })
    }

    /// The id of something in this run, of at most 32 characters.
    #[must_use]
    pub fn id(&self, name: &str) -> String {
        format!("{}-{name}", self.tag)
    }

    /// What stands in the Host field of requests of players.
    #[must_use]
    pub fn host(&self) -> String {
        self.server.to_string()
    }

    /// Where players go.
    #[must_use]
    pub fn server(&self) -> SocketAddr {
        self.server
    }

    /// Where operators go.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// What operators show, for workloads that set hunts up while they run.
    ///
    /// # Errors
    /// If there is none.
    pub fn admin_token(&self) -> Result<&str, WorldError> {
        self.token.as_deref().ok_or(WorldError::NoToken)
    }

    /// Looks whether anybody is there.
    ///
    /// # Errors
    /// If nobody is.
    pub fn reach(&self) -> Result<(), WorldError> {
        exchange::reach(self.server)
    }

    /// The request that publishes a quest, for workloads that publish while they run.
    ///
    /// # Errors
    /// If there is no admin token, or the id is too long.
    pub fn publication(&self, quest: &str, document: &[u8]) -> Result<Vec<u8>, WorldError> {
        self.put(&format!("/v1/quests/{}", checked(quest)?), document)
    }

    /// Publishes quests: an id and a document each.
    ///
    /// # Errors
    /// If the server does not take one.
    pub fn publish(&self, quests: &[(String, Vec<u8>)]) -> Result<(), WorldError> {
        let requests = quests.iter().map(|(id, document)| self.publication(id, document));
        let answers = exchange(self.admin, &requests.collect::<Result<Vec<_>, _>>()?)?;
        for ((id, _), answer) in quests.iter().zip(&answers) {
            self.expect(&[200, 201], answer, || format!("publishing the quest {id}"))?;
        }
        Ok(())
    }

    /// Starts hunts.
    ///
    /// # Errors
    /// If the server does not start one.
    pub fn start(&self, hunts: &[NewHunt]) -> Result<(), WorldError> {
        let requests = hunts.iter().map(|NewHunt { id, quest, capacity }| {
            let body = format!(r#"{{"quest":"{quest}","capacity":{capacity}}}"#);
            self.put(&format!("/v1/hunts/{}", checked(id)?), body.as_bytes())
        });
        let answers = exchange(self.admin, &requests.collect::<Result<Vec<_>, _>>()?)?;
        for (hunt, answer) in hunts.iter().zip(&answers) {
            self.expect(&[201], answer, || format!("starting the hunt {}", hunt.id))?;
        }
        Ok(())
    }

    /// Has players join hunts, so many each. They are named `p0`, `p1`, ... in each hunt, and come
    /// in the order of their numbers.
    ///
    /// # Errors
    /// If the server does not let one join.
    pub fn join(&self, hunts: &[(String, u32)]) -> Result<Vec<Vec<Player>>, WorldError> {
        let host = self.host();
        let mut requests = Vec::new();
        for (hunt, players) in hunts {
            let target = format!("/v1/hunts/{hunt}/players");
            for player in 0..*players {
                let body = format!(r#"{{"name":"p{player}"}}"#);
                requests.push(Request::new("POST", &target, &host).json(body.as_bytes()));
            }
        }
        let answers = exchange(self.server, &requests)?;
        let mut answers = answers.iter();
        let mut all = Vec::new();
        for (hunt, players) in hunts {
            let mut joined = Vec::new();
            for (name, answer) in (0..*players).zip(answers.by_ref()) {
                let what = || format!("joining the hunt {hunt}");
                self.expect(&[201], answer, what)?;
                let Joined { player, session } = serde_json::from_slice(&answer.body)
                    .map_err(|_| WorldError::Wrong { what: what(), answer: answer.shown() })?;
                joined.push(Player { number: player, name: format!("p{name}"), session });
            }
            joined.sort_by_key(|player| player.number);
            let numbered = joined.iter().zip(0..).all(|(player, number)| player.number == number);
            if !numbered {
                let what = format!("joining the hunt {hunt}");
                let answer = "players are not numbered from 0 on".into();
                return Err(WorldError::Wrong { what, answer });
            }
            all.push(joined);
        }
        Ok(all)
    }

    fn put(&self, target: &str, body: &[u8]) -> Result<Vec<u8>, WorldError> {
        let token = self.token.as_deref().ok_or(WorldError::NoToken)?;
        Ok(Request::new("PUT", target, &self.admin.to_string()).bearer(token).json(body))
    }

    fn expect(
        &self,
        statuses: &[u16],
        answer: &Answer,
        what: impl Fn() -> String,
    ) -> Result<(), WorldError> {
        let body = String::from_utf8_lossy(&answer.body);
        match answer.status {
            status if statuses.contains(&status) => Ok(()),
            401 if body.contains("problem:admin-") => Err(WorldError::Token(self.admin)),
            status => Err(WorldError::Refused {
                what: what(),
                status,
                body: body.into_owned(),
                remedy: remedy(&answer.body),
            }),
        }
    }
}

/// The answer to joining.
#[derive(Deserialize)]
struct Joined {
    player: u32,
    session: String,
}

fn checked(id: &str) -> Result<&str, WorldError> {
    if id.len() > ID_BYTES_MAX { Err(WorldError::Id(id.into())) } else { Ok(id) }
}

fn remedy(body: &[u8]) -> &'static str {
    const REMEDIES: [(&str, &str); 6] = [
        ("hunts-full", "raise its limit hunts_max, or start it anew"),
        ("quests-full", "raise its limit quests_max, or start it anew"),
        ("unknown-path", "give the admin listener's address as --admin-url"),
        ("hunt-exists", "give another --tag: this run has been here before"),
        ("hunt-full", "give another --tag: somebody else plays there"),
        ("invalid-quest", "this is a fault of the generator or of the server"),
    ];
    let text = String::from_utf8_lossy(body);
    let found = REMEDIES.iter().find(|(slug, _)| text.contains(slug));
    found.map_or("its log may tell more", |(_, remedy)| remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(token: Option<&str>) -> World {
        let at = "127.0.0.1:9".parse().unwrap();
        World { server: at, admin: at, token: token.map(Into::into), tag: "run7".into() }
    }

    #[test]
    fn ids_carry_the_tag_and_must_fit() {
        let world = world(Some("t"));
        assert_eq!(world.id("hunt3"), "run7-hunt3");
        let long = "x".repeat(33);
        assert_eq!(world.publication(&long, b"{}"), Err(WorldError::Id(long)));
    }

    #[test]
    fn what_needs_a_token_says_where_it_comes_from() {
        let error = world(None).publication("q", b"{}").unwrap_err().to_string();
        assert!(error.contains("hunt-server token admin") && error.contains("HUNT_KEYS"));
    }

    #[test]
    fn refusals_have_a_remedy() {
        let world = world(Some("t"));
        let answer = |status, body: &str| Answer { status, body: body.into() };
        let refused = |answer| world.expect(&[201], &answer, || "x".into()).unwrap_err();
        let full = refused(answer(503, r#"{"type":"urn:hunt:problem:hunts-full"}"#)).to_string();
        assert!(full.contains("hunts_max"), "{full}");
        let token = refused(answer(401, r#"{"type":"urn:hunt:problem:admin-expired"}"#));
        assert_eq!(token, WorldError::Token(world.admin));
        assert!(refused(answer(500, "oh")).to_string().contains("log"));
    }
}
