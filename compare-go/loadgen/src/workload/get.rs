//! `get`: GET of any path of any server, expecting 200. For servers that are no hunt: a null
//! server, or one that another tool is compared on.

use super::job::{Job, Part, Plot};
use super::lane::{Lane, Share};
use super::prepare::{Prepared, main_lane};
use super::responses::{self, Fault, judge};
use super::seam::{Exhausted, Heard, Input, Names, Opening, Traffic};
use crate::errors::ErrorKind;
use crate::http::{Reader, Request, Response};
use crate::plan::Plan;
use crate::world::World;
use serde::{Deserialize, Serialize};

/// Where it asks if nothing else is said.
const PATH: &str = "/";
const CONNECTIONS: u32 = 64;
const RATE_PER_S: f64 = 1_000.0;

/// One request, over and over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Get {
    request: String,
}

pub(super) fn lanes(plan: &Plan) -> Result<Vec<Lane>, String> {
    Ok(vec![main_lane("get", plan, CONNECTIONS, RATE_PER_S)])
}

pub(super) fn prepare(plan: &Plan, lanes: &[Lane], world: &World) -> Prepared {
    let path = plan.options.path.as_deref().unwrap_or(PATH);
    let request = Request::new("GET", path, &world.host()).bytes();
    let request = String::from_utf8(request).expect("made from text");
    let jobs = lanes
        .iter()
        .map(|lane| Job { lane: lane.clone(), part: Part::Get(Get { request: request.clone() }) });
    Prepared { jobs: jobs.collect(), notes: Vec::new() }
}

impl Plot for Get {
    fn share(&self, _: Share) -> Self {
        self.clone()
    }

    fn start(self, _: Share, _: u64) -> Box<dyn Traffic> {
        Box::new(Getting { request: self.request.into_bytes(), reader: Reader::default() })
    }
}

struct Getting {
    request: Vec<u8>,
    reader: Reader,
}

impl Traffic for Getting {
    fn names(&self) -> Names {
        Names { operations: &["get"], metrics: &[], counters: &[] }
    }

    fn open(&mut self, _: u32, _: &mut Vec<u8>) -> Opening {
        Opening::Ready
    }

    fn request(&mut self, _: u32, _: usize, out: &mut Vec<u8>) -> Result<(), Exhausted> {
        out.extend_from_slice(&self.request);
        Ok(())
    }

    fn receive(&mut self, _: u32, input: Input<'_>, heard: &mut Heard<'_>) -> usize {
        responses::receive(&mut self.reader, input, heard, |heard, response| {
            judge(heard, response, check(response));
        })
    }

    fn closed(&mut self, _: u32) {}
}

/// A body that says that it is JSON must be some.
fn check(response: &Response<'_>) -> Result<(), Fault> {
    if response.status != 200 {
        return Err((ErrorKind::Status, format!("GET was answered {}", response.status)));
    }
    if response.field("content-type") != Some(b"application/json") {
        return Ok(());
    }
    let parsed = serde_json::from_slice::<serde::de::IgnoredAny>(response.body);
    parsed.map(drop).map_err(|error| (ErrorKind::Wrong, format!("no JSON ({error})")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_200_and_json_where_it_says_so() {
        let checked = |status, head: &str, body: &str| {
            let (head, body) = (head.as_bytes(), body.as_bytes());
            check(&Response { status, head, body, length: 0, keeps: true }).map_err(|it| it.0)
        };
        let json = "HTTP/1.1 200 OK\r\nContent-Type: application/json";
        assert_eq!(checked(200, json, "[1, {}]"), Ok(()));
        assert_eq!(checked(200, json, "[1, {}"), Err(ErrorKind::Wrong));
        assert_eq!(checked(200, "HTTP/1.1 200 OK", "[1, {}"), Ok(()));
        assert_eq!(checked(204, json, ""), Err(ErrorKind::Status));
    }
}
