//! Leaves out of each call what a difference does not need.
//!
//! The bytes of a document are spared in the last call only, which is the one that is answered
//! differently: what set up the world before it stays what it was meant to be.

use super::call::{Body, Call, Request};
use super::shrink::shortest;
use crate::text::{Vars, escaped, render};
use anyhow::Result;

/// The calls with as little in each as keeps the difference.
pub(super) fn simplest(
    mut calls: Vec<Call>,
    differs: impl Fn(&[Call]) -> Result<bool>,
) -> Result<Vec<Call>> {
    let count = calls.len();
    for at in 0..count {
        let is_last = at + 1 == count;
        let still = |call: Call| {
            let mut tried = calls.clone();
            tried[at] = call;
            differs(&tried)
        };
        calls[at] = simplest_call(&calls[at], is_last, &still)?;
    }
    Ok(calls)
}

type Still<'a, T> = &'a dyn Fn(T) -> Result<bool>;

fn simplest_call(call: &Call, is_last: bool, still: Still<'_, Call>) -> Result<Call> {
    Ok(match call {
        Call::Requests { conn, requests } => {
            let with = |requests: &[Request]| {
                still(Call::Requests { conn: *conn, requests: requests.to_vec() })
            };
            let mut simple =
                shortest(requests, |some| Ok::<_, anyhow::Error>(!some.is_empty() && with(some)?))?;
            for place in 0..simple.len() {
                let again = |request: Request| {
                    let mut requests = simple.clone();
                    requests[place] = request;
                    with(&requests)
                };
                simple[place] = simplest_request(&simple[place], is_last, &again)?;
            }
            Call::Requests { conn: *conn, requests: simple }
        }
        Call::Frames { conn, lines } => {
            let with =
                |lines: &[String]| still(Call::Frames { conn: *conn, lines: lines.to_vec() });
            let mut simple = shortest(lines, with)?;
            for place in 0..simple.len() {
                let again = |line: String| {
                    let mut lines = simple.clone();
                    lines[place] = line;
                    with(&lines)
                };
                if is_last {
                    simple[place] = simplest_text(&simple[place], &again)?;
                }
            }
            Call::Frames { conn: *conn, lines: simple }
        }
        Call::Cut(conn) => Call::Cut(*conn),
    })
}

/// A request with fewer fields, and less of a body. It keeps its first field, Host, without which
/// its head would not be well-formed.
fn simplest_request(
    request: &Request,
    is_last: bool,
    still: Still<'_, Request>,
) -> Result<Request> {
    let mut simple = request.clone();
    let at_once = Request { wait_ms: 0, ..simple.clone() };
    if simple.wait_ms > 0 && still(at_once.clone())? {
        simple = at_once;
    }
    let host = request.fields.iter().take(1);
    let with = |fields: &[String]| host.clone().chain(fields).cloned().collect();
    let others = request.fields.get(1..).unwrap_or_default();
    let others =
        shortest(others, |fields| still(Request { fields: with(fields), ..simple.clone() }))?;
    simple.fields = with(&others);
    if let Body::Chunked(chunks) = &simple.body {
        let sized = Request { body: Body::Sized(chunks.concat()), ..simple.clone() };
        if still(sized.clone())? {
            simple = sized;
        }
    }
    if let Body::Sized(bytes) = &simple.body
        && is_last
    {
        let with = |bytes: &[u8]| Request { body: Body::Sized(bytes.to_vec()), ..simple.clone() };
        let bytes = shortest(bytes, |bytes| still(with(bytes)))?;
        simple.body = Body::Sized(bytes);
    }
    Ok(simple)
}

/// A text message with fewer bytes; any other frame as it is.
fn simplest_text(line: &str, still: Still<'_, String>) -> Result<String> {
    let text = line.strip_prefix("text ").and_then(|text| render(text, &Vars::new(), None).ok());
    let Some(text) = text else { return Ok(line.to_owned()) };
    let with = |text: &[u8]| format!("text {}", escaped(text));
    Ok(with(&shortest(&text, |text| still(with(text)))?))
}

#[cfg(test)]
mod tests {
    use super::super::call::Conn;
    use super::*;

    const CONN: Conn = Conn { name: "a", admin: false };

    fn post(body: &[u8]) -> Call {
        let fields = ["Host: a", "X: 1", "Accept: b"].map(str::to_owned).to_vec();
        let line = "POST / HTTP/1.1".to_owned();
        let body = Body::Chunked(vec![body.to_vec()]);
        Call::Requests {
            conn: CONN,
            requests: vec![Request { wait_ms: 5, line, fields, body, binds: None }],
        }
    }

    #[test]
    fn what_is_not_needed_goes_from_each_call() {
        let said = |calls: &[Call]| format!("{calls:?}");
        let calls = simplest(vec![post(b"{\"set\":1}"), post(b"{\"bad\":1}")], |calls| {
            let said = said(calls);
            Ok(said.matches("X: 1").count() == 2 && said.contains("98, 97, 100"))
        })
        .unwrap();
        let [Call::Requests { requests: first, .. }, Call::Requests { requests: last, .. }] =
            &calls[..]
        else {
            panic!("no call is left out here")
        };
        assert_eq!(first[0].fields, ["Host: a", "X: 1"]);
        assert_eq!(first[0].body, Body::Sized(b"{\"set\":1}".to_vec()), "it is not the last call");
        assert_eq!((last[0].wait_ms, &last[0].body), (0, &Body::Sized(b"bad".to_vec())));
    }

    #[test]
    fn a_message_loses_bytes_and_other_frames_stay() {
        let lines = ["ping \"x\"", "text {\"é\": \\\\ }", "frame op=2 \"\\xff\""];
        let frames = Call::Frames { conn: CONN, lines: lines.map(str::to_owned).to_vec() };
        let short = simplest(vec![frames], |calls| {
            let Call::Frames { lines, .. } = &calls[0] else { panic!("it is the same call") };
            let has = |part: &str| lines.iter().any(|line| line.contains(part));
            Ok(has("text") && has("\\\\") && has("frame op=2 \"\\xff\""))
        })
        .unwrap();
        let lines = ["text \\\\", "frame op=2 \"\\xff\""].map(str::to_owned).to_vec();
        assert_eq!(short, [Call::Frames { conn: CONN, lines }]);
    }
}
