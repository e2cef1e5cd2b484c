//! The player against servers that are not as they should be: it must notice.

mod support;

use golden::parse::parse;
use golden::peer::Cut;
use golden::player::{Options, Played, play};
use golden::text::Vars;
use support::Fake;

fn played(source: &str, fake: &mut Fake, cut: Cut) -> Played {
    let transcript = parse("a.txt", source, &|_| None).expect("it is well-formed");
    play(&transcript, fake, &Vars::new(), Options::strict(cut))
}

/// What the first failure says; empty where there is none.
fn failure(source: &str, mut fake: Fake) -> String {
    let failures = played(source, &mut fake, Cut::Whole).failures;
    failures.first().map(|f| format!("{}: {}", f.place, f.what)).unwrap_or_default()
}

const ASK: &str = "> GET / HTTP/1.1\n>\n< HTTP/1.1 204 No Content\n<\n";
const YES: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

#[test]
fn an_answer_that_is_as_written_is_good() {
    assert_eq!(failure(ASK, Fake::of(&[YES])), "");
}

#[test]
fn another_answer_less_of_it_and_none_are_noticed() {
    let no = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for answer in [&no[..], &YES[..YES.len() - 1], b"", b"nonsense"] {
        assert_eq!(failure(ASK, Fake::of(&[answer])), "a.txt:3: the answer differs");
    }
}

#[test]
fn an_answer_that_comes_twice_is_noticed() {
    let twice: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
    let what = "a.txt:3: more came on [] than was expected";
    assert_eq!(failure(ASK, Fake::of(&[twice])), what);
    let source = format!("{ASK}\n<nothing>\n");
    assert_eq!(failure(&source, Fake::of(&[twice])), "a.txt:6: something was sent");
    let source = format!("{ASK}\n<eof>\n");
    let fake = Fake { ends: true, ..Fake::of(&[twice]) };
    assert_eq!(failure(&source, fake), "a.txt:6: bytes come before the end of the stream");
}

#[test]
fn a_stream_that_ends_or_does_not_is_noticed() {
    let source = format!("{ASK}\n<eof>\n");
    assert_eq!(failure(&source, Fake::of(&[YES])), "a.txt:6: the stream has not ended");
    let source = format!("{ASK}\n<nothing>\n");
    let ends = || Fake { ends: true, ..Fake::of(&[YES]) };
    assert_eq!(failure(&source, ends()), "a.txt:6: the stream has ended");
    let source = format!("{ASK}\n<gone>\n");
    assert_eq!(failure(&source, ends()), "a.txt:6: the connection is not gone");
    assert_eq!(failure(&source, Fake { gone: true, ..ends() }), "");
}

#[test]
fn a_name_that_is_not_bound_is_noticed() {
    assert_eq!(failure("> ${a}\n", Fake::default()), "a.txt:1: `a` is not bound");
    assert_eq!(failure("> x\n< ${a}\n", Fake::of(&[b"y"])), "a.txt:2: `a` is not bound");
}

#[test]
fn what_cannot_be_done_ends_the_section_and_is_told() {
    let source = format!("--- one\nstop reading\n> never\n--- two\n{ASK}");
    let mut fake = Fake::of(&[YES]);
    let played = played(&source, &mut fake, Cut::Whole);
    assert!(played.failures.is_empty());
    assert_eq!(played.skipped.len(), 1);
    assert_eq!((played.skipped[0].place.line, &*played.skipped[0].why), (1, "not here"));
    assert_eq!(fake.sent.len(), 1);
}

#[test]
fn a_failure_ends_its_section_only() {
    let source = format!("--- one\n{ASK}> never\n--- two\n{ASK}");
    let mut fake = Fake::of(&[b"nonsense", YES]);
    let played = played(&source, &mut fake, Cut::Whole);
    assert_eq!(played.failures.len(), 1);
    assert_eq!((&*played.failures[0].section, fake.sent.len()), ("one", 2));
}

#[test]
fn captures_lengths_and_cuts_reach_the_server() {
    let source = "> a\n< HTTP/1.1 204 ${word:token}\n<\n\n> L: ${length}\n>\n>> ${word}!\n";
    let mut fake = Fake::of(&[b"", b"HTTP/1.1 204 Yes\r\n\r\n"]);
    let played = played(source, &mut fake, Cut::After(2));
    assert!(played.failures.is_empty(), "{:?}", played.failures);
    assert_eq!(fake.sent.concat(), b"a\r\nL: 4\r\n\r\nYes!");
    assert_eq!(fake.sent.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 2, 10]);
    assert_eq!(played.longest, 12);
}

#[test]
fn frames_are_held_to_their_lines_and_broadcasts_passed_over() {
    let open = "> x\n< HTTP/1.1 101 S\n<\n\n";
    let said: &[u8] = b"HTTP/1.1 101 S\r\n\r\n\x81\x14{\"frame\":{\"tick\":1}}\x81\x02{}\
                        \x81\x14{\"frame\":{\"tick\":2}}\x88\x02\x03\xe8";
    let fail = |rest: &str| failure(&format!("{open}{rest}"), Fake::of(&[said]));
    assert_eq!(fail("< text {}\n< close 1000\n"), "");
    assert_eq!(fail("< broadcast {\"tick\":1}\n< text {}\n< close 1000\n"), "");
    assert_eq!(fail("< text {}\n< broadcast {\"tick\":2}\n< close 1000\n"), "");
    assert_eq!(fail("< broadcast {\"tick\":2}\n< close 1000\n"), "a.txt:5: the frame differs");
    assert_eq!(fail("< text {}\n< close 1001\n"), "a.txt:6: the frame differs");
    assert_eq!(fail("< text {}\n"), "a.txt:5: more came on [] than was expected");
    assert_eq!(fail("<nothing>\n"), "a.txt:5: something was sent");
}
