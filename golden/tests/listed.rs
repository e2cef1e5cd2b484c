//! Sections that are listed to answer otherwise: they are held to what the list says.

mod support;

use golden::differences::Differences;
use golden::parse::parse;
use golden::peer::Cut;
use golden::player::{Options, Played, play};
use golden::text::Vars;
use support::Fake;

fn played(source: &str, instead: &str, mut fake: Fake) -> Played {
    let source = format!("--- a title\n{source}");
    let transcript = parse("a.txt", &source, &|_| None).expect("it is well-formed");
    let list = format!("Why.\n  go-a  a.txt  a title  => {instead}\n");
    let list = Differences::read("list", &list, &["go-a"]).expect("it is well-formed");
    let how = Options { loose: true, listed: Some(&list), ..Options::strict(Cut::Whole) };
    play(&transcript, &mut fake, &Vars::new(), how)
}

/// Whether it is as listed; else what the failure says.
fn held(source: &str, instead: &str, fake: Fake) -> Result<(), String> {
    let played = played(source, instead, fake);
    match &played.failures[..] {
        [] => {
            assert_eq!(played.listed.len(), 1, "what is as listed is counted");
            assert_eq!(played.listed[0].what, format!("\"a title\": {instead}: Why."));
            Ok(())
        }
        [failure, ..] => Err(failure.what.clone()),
    }
}

/// A response that the transcripts below expect.
const ASK: &str = "> GET / HTTP/1.1\n>\n< HTTP/1.1 404 Not Found\n< Content-Length: 0\n<\n";
const AS_WRITTEN: &[u8] = b"HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n";
const NO: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 37\r\n\r\n\
                    {\"type\":\"urn:hunt:problem:malformed\"}";
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request";

fn ends(answers: &[&'static [u8]]) -> Fake {
    Fake { ends: true, ..Fake::of(answers) }
}

#[test]
fn the_status_and_the_problem_are_as_listed() {
    assert_eq!(held(ASK, "400", Fake::of(&[NO])), Ok(()));
    assert_eq!(held(ASK, "400 malformed", Fake::of(&[NO])), Ok(()));
    let error = held(ASK, "400 refused", Fake::of(&[NO])).unwrap_err();
    let expected = "the answer differs; list:2 says `400 refused`, but the problem is another one";
    assert_eq!(error, expected);
    let error = held(ASK, "431", Fake::of(&[NO])).unwrap_err();
    assert!(error.ends_with("but the status is 400"), "{error}");
    assert!(held(ASK, "400", Fake::of(&[b""])).unwrap_err().ends_with("but no response comes"));
}

#[test]
fn what_follows_is_as_written_where_nothing_else_is_said() {
    let twice = format!("{ASK}\n{ASK}");
    assert_eq!(held(&twice, "400", Fake::of(&[NO, AS_WRITTEN])), Ok(()));
    let error = held(&twice, "400", Fake::of(&[NO, NO])).unwrap_err();
    assert!(error.ends_with("but that was answered before"), "{error}");
    let error = held(&format!("{ASK}\n<eof>\n"), "400", Fake::of(&[NO])).unwrap_err();
    assert!(error.starts_with("the stream has not ended"), "{error}");
    let more: &[u8] = b"HTTP/1.1 400 B\r\nContent-Length: 0\r\n\r\nmore";
    assert!(held(ASK, "400", Fake::of(&[more])).unwrap_err().starts_with("more came"));
}

#[test]
fn the_stream_ends_or_stays_open_as_listed() {
    let still = format!("{ASK}\n{ASK}");
    assert_eq!(held(&still, "400, closes", ends(&[NO])), Ok(()));
    assert_eq!(held(&still, "400, closes", ends(&[PLAIN])), Ok(()), "its end is its framing");
    assert_eq!(held(&still, "closes", ends(&[b""])), Ok(()));
    assert_eq!(held(&still, "at most 400, closes", ends(&[b""])), Ok(()));
    assert_eq!(held(&still, "at most 400, closes", ends(&[NO])), Ok(()));
    assert!(held(&still, "at most 401, closes", ends(&[NO])).is_err());
    assert!(held(&still, "400, closes", ends(&[b""])).is_err());
    let error = held(&still, "400, closes", Fake::of(&[NO])).unwrap_err();
    assert!(error.ends_with("but the stream does not end"), "{error}");
    let error = held(&still, "closes", ends(&[NO])).unwrap_err();
    assert!(error.ends_with("but bytes come before the end of the stream"), "{error}");
    let closed = format!("{ASK}\n<eof>\n");
    assert_eq!(held(&closed, "400, stays open", Fake::of(&[NO])), Ok(()));
    assert_eq!(held(&closed, "stays open", Fake::of(&[AS_WRITTEN])), Ok(()));
    let error = held(&closed, "400, stays open", ends(&[NO])).unwrap_err();
    assert!(error.ends_with("but the stream has ended"), "{error}");
    let error = held(&closed, "stays open", Fake::of(&[NO])).unwrap_err();
    assert!(error.ends_with("but something was sent"), "{error}");
}

#[test]
fn what_comes_before_the_difference_is_as_written() {
    let piped =
        format!("> GET / HTTP/1.1\n>\n{}", &ASK.replace("> GET / HTTP/1.1\n>\n", "").repeat(2));
    let both: &[u8] =
        b"HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\nHTTP/1.1 400 B\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(held(&piped, "400", Fake::of(&[both])), Ok(()));
    let first = "> x\n<nothing>\n";
    assert_eq!(held(first, "408, closes", ends(&[b"HTTP/1.1 408 T\r\n\r\n"])), Ok(()));
}

#[test]
fn a_frame_is_as_listed() {
    let open = "> x\n< HTTP/1.1 101 S\n<\n\n< text {}\n< close 1002\n";
    let head = b"HTTP/1.1 101 S\r\n\r\n";
    let said = |frames: &[u8]| Fake { arrived: [head, frames].concat(), ..Fake::default() };
    let broadcast = b"\x81\x14{\"frame\":{\"tick\":1}}";
    let close = b"\x81\x02{}\x88\x02\x03\xf0";
    assert_eq!(held(open, "close 1008", said(close)), Ok(()));
    let after = [&close[..4], &broadcast[..], &close[4..]].concat();
    assert_eq!(held(open, "close 1008", said(&after)), Ok(()), "broadcasts are passed over");
    let text = b"\x89\x00\x81\x02{}\x81\x02[]";
    assert_eq!(held(open, "message, stays open", said(text)), Ok(()));
    assert!(held(open, "message, stays open", said(&[text, &close[..4]].concat())).is_err());
    assert!(held(open, "close 1007", said(close)).unwrap_err().ends_with("no such frame"));
    assert!(held(open, "close 1008", said(&close[4..])).unwrap_err().starts_with("the frame"));
}

#[test]
fn a_section_that_is_as_written_does_not_belong_on_the_list() {
    let error = held(ASK, "400", Fake::of(&[AS_WRITTEN])).unwrap_err();
    assert_eq!(error, "all is as written, but list:2 says `400`: take it off the list");
}

#[test]
fn a_section_of_another_server_or_title_is_not_touched() {
    let list = "Why.\n  go-a  a.txt  another title  => 400\n  go-b  a.txt  a title  => 400\n";
    let list = Differences::read("list", list, &["go-a", "go-b"]).unwrap().of("go-a");
    let transcript = parse("a.txt", &format!("--- a title\n{ASK}"), &|_| None).unwrap();
    let how = Options { listed: Some(&list), ..Options::strict(Cut::Whole) };
    let played = play(&transcript, &mut Fake::of(&[NO]), &Vars::new(), how);
    assert_eq!((played.failures.len(), played.listed.len()), (1, 0));
    assert_eq!(played.failures[0].what, "the answer differs");
}
