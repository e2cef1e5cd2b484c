//! The rules of a request head, one test for each: what is read, and what is refused and why.

use engine_core::error::{Problem, Refusal};
use engine_core::http::head::{Expect, Framing, Head, Method, parse};
use engine_core::http::scan::{HeadScan, Scan};
use engine_core::limits::Limits;

/// Reads a head the way a connection does: first the scan, then the parser.
fn read(head: &str) -> Result<Head<'_>, Refusal> {
    let limits = Limits::default();
    match HeadScan::default().scan(head.as_bytes(), &limits) {
        Scan::Complete(bytes) => {
            assert_eq!(bytes, head.len());
            parse(head.as_bytes(), &limits)
        }
        Scan::Refused(refusal) => Err(refusal),
        Scan::Incomplete => panic!("the head does not end"),
    }
}

/// A GET with these field lines after Host.
fn with(fields: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

fn detail(head: &str) -> &'static str {
    let refusal = read(head).expect_err("the head is at fault");
    assert_eq!(refusal.problem, Problem::MalformedRequest, "{head}");
    refusal.detail.expect("a malformed request has a detail")
}

fn problem(head: &str) -> Problem {
    read(head).expect_err("the head is at fault").problem
}

#[test]
fn a_plain_request_is_borrowed_as_it_was_sent() {
    let bytes = "POST /v1/hunts/7/resolve?a=b HTTP/1.1\r\nHost: example.com:80\r\n\
        Content-Type: application/json\r\nContent-Length: 42\r\nAuthorization: Bearer t\r\n\
        Origin: https://example.com\r\nX-Other: \u{e4}\r\n\r\n";
    let head = read(bytes).unwrap();
    assert_eq!(head.raw, bytes.as_bytes());
    assert_eq!(head.method, Method::Post);
    assert_eq!(head.path, b"/v1/hunts/7/resolve");
    assert_eq!(head.query, Some(&b"a=b"[..]));
    assert_eq!(head.host, Some(&b"example.com:80"[..]));
    assert_eq!(head.content_type, Some(&b"application/json"[..]));
    assert_eq!(head.content_encoding, None);
    assert_eq!(head.authorization, Some(&b"Bearer t"[..]));
    assert_eq!(head.origin, Some(&b"https://example.com"[..]));
    assert_eq!(head.body, Framing::Length(42));
    assert_eq!(head.expect, Expect::None);
    assert!(head.keep_alive && !head.http10 && !head.asterisk);
    assert!(!head.connection_upgrade && !head.upgrade_websocket);
    assert_eq!(head.fields().count(), 6);
    assert_eq!(head.values("x-OTHER").next(), Some("\u{e4}".as_bytes()));
}

#[test]
fn an_empty_line_before_the_request_is_not_part_of_it() {
    let head = read("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(head.raw, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn names_are_read_in_any_case_and_values_without_white_space_around() {
    let head = "PUT / HTTP/1.1\r\nhOST:a\r\nCONTENT-LENGTH: \t7 \t\r\n\r\n";
    let head = read(head).unwrap();
    assert_eq!((head.host, head.body), (Some(&b"a"[..]), Framing::Length(7)));
}

//= https://www.rfc-editor.org/rfc/rfc9110#section-9.1
//# An origin server that receives a request method that is unrecognized or not
//# implemented SHOULD respond with the 501 (Not Implemented) status code.
#[test]
fn methods_are_known_by_their_exact_name() {
    for method in [
        Method::Get,
        Method::Head,
        Method::Post,
        Method::Put,
        Method::Delete,
        Method::Options,
        Method::Patch,
        Method::Trace,
    ] {
        let line = |name: &str| format!("{name} / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(read(&line(method.as_str())).unwrap().method, method);
        assert_eq!(problem(&line(&method.as_str().to_lowercase())), Problem::UnknownMethod);
    }
    assert_eq!(read("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n").unwrap().method, Method::Connect);
    for name in ["BREW", "GETS", "GE", "PROPFIND", "M-SEARCH"] {
        let bytes = format!("{name} / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(problem(&bytes), Problem::UnknownMethod);
    }
    assert_eq!(detail("G@T / HTTP/1.1\r\nHost: a\r\n\r\n"), "malformed method");
}

//= https://www.rfc-editor.org/rfc/rfc9110#section-2.5
//# A recipient that receives a message with a major version number that it implements
//# and a minor version number higher than what it implements SHOULD process the message
//# as if it were in the highest minor version within that major version
#[test]
fn another_major_version_is_refused_and_a_later_minor_one_is_read_as_1_1() {
    let with = |version: &str| format!("GET / {version}\r\nHost: a\r\n\r\n");
    assert!(!read(&with("HTTP/1.1")).unwrap().http10);
    assert!(read(&with("HTTP/1.0")).unwrap().http10);
    for version in ["HTTP/1.2", "HTTP/1.9"] {
        let bytes = with(version);
        let head = read(&bytes).unwrap();
        assert!(!head.http10 && head.keep_alive);
    }
    for version in ["HTTP/2.0", "HTTP/3.1", "HTTP/0.9"] {
        assert_eq!(problem(&with(version)), Problem::UnsupportedHttpVersion);
    }
    assert_eq!(problem("PRI * HTTP/2.0\r\n\r\n"), Problem::UnsupportedHttpVersion);
    for version in ["HTTP/1", "HTTP/11", "http/1.1", "HTTP/1,1", "HTTP/a.1", "HTTP-1.1", "X", ""] {
        assert_eq!(detail(&with(version)), "malformed HTTP version");
    }
}

//= https://www.rfc-editor.org/rfc/rfc9112#section-9.3
//# If the "close" connection option is present (Section 9.6), the connection will not
//# persist after the current response; else,
#[test]
fn a_connection_stays_open_as_the_version_and_the_options_say() {
    for (version, options, keep_alive) in [
        ("1.1", "", true),
        ("1.1", "Connection: close\r\n", false),
        ("1.1", "Connection: CLOSE\r\n", false),
        ("1.1", "Connection: keep-alive, close\r\n", false),
        ("1.1", "Connection: keep-alive\r\nConnection: x ,, close ,y\r\n", false),
        ("1.1", "Connection: closed, not-close\r\n", true),
        ("1.1", "Connection:\r\n", true),
        ("1.0", "", false),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: x\r\nConnection: y,keep-alive\r\n", true),
        ("1.0", "Connection: keep-alive, close\r\n", false),
        ("1.0", "Connection: x\r\n", false),
    ] {
        let bytes = format!("GET / HTTP/{version}\r\nHost: a\r\n{options}\r\n");
        assert_eq!(read(&bytes).unwrap().keep_alive, keep_alive, "{bytes}");
    }
}

#[test]
fn a_length_is_digits_once_and_fits_64_bits() {
    let length = |value: &str| with(&format!("Content-Length:{value}\r\n"));
    for (value, bytes) in
        [("0", 0), ("7", 7), ("0042", 42), ("18446744073709551615", u64::MAX), (" 5 ", 5)]
    {
        assert_eq!(read(&length(value)).unwrap().body, Framing::Length(bytes));
    }
    for value in [
        "", " ", "+5", "-1", "0x5", "5,", ",5", "5, 5", "5,5", "5;a", "5 5", "1e3", "5.0",
        "\u{665}",
    ] {
        assert_eq!(detail(&length(value)), "malformed Content-Length", "{value:?}");
    }
    for value in ["18446744073709551616", "99999999999999999999", "184467440737095516150"] {
        assert_eq!(detail(&length(value)), "Content-Length out of range");
    }
    for second in ["5", "6"] {
        let bytes = with(&format!("Content-Length: 5\r\ncontent-length: {second}\r\n"));
        assert_eq!(detail(&bytes), "more than one Content-Length");
    }
}

#[test]
fn without_length_and_coding_there_is_no_body() {
    assert_eq!(read(&with("")).unwrap().body, Framing::None);
}

//= https://www.rfc-editor.org/rfc/rfc9112#section-6.3
//# If a message is received with both a Transfer-Encoding and a Content-Length
//# header field, the Transfer-Encoding overrides the Content-Length. Such a
//# message might indicate an attempt to perform request smuggling [...] and ought
//# to be handled as an error.
#[test]
fn a_length_beside_a_coding_is_refused_in_either_order() {
    let told = "both Content-Length and Transfer-Encoding";
    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
        "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n",
    ] {
        assert_eq!(detail(&with(fields)), told);
    }
}

//= https://www.rfc-editor.org/rfc/rfc9112#section-6.3
//# If a Transfer-Encoding header field is present in a request and the chunked
//# transfer coding is not the final encoding, the message body length cannot be
//# determined reliably; the server MUST respond with the 400 (Bad Request) status
//# code and then close the connection.
#[test]
fn the_only_coding_is_chunked_once() {
    let coding = |value: &str| with(&format!("Transfer-Encoding:{value}\r\n"));
    for value in ["chunked", " Chunked ", "CHUNKED"] {
        assert_eq!(read(&coding(value)).unwrap().body, Framing::Chunked);
    }
    for value in ["gzip", "identity", "xchunked", "chunked-x", "gzip;q=1", "x, gzip"] {
        assert_eq!(detail(&coding(value)), "the last transfer coding is not chunked");
    }
    for value in ["chunked, chunked", "chunked, gzip", "chunked\r\nTransfer-Encoding: chunked"] {
        assert_eq!(detail(&coding(value)), "a transfer coding after chunked");
    }
    for value in ["", " ", ",", "chunked,", ",chunked", "gzip,,chunked", "\"chunked\"", "chunked x"]
    {
        assert_eq!(detail(&coding(value)), "malformed Transfer-Encoding", "{value:?}");
    }
    for value in ["\u{b}chunked", "chunked\u{c}"] {
        assert_eq!(detail(&coding(value)), "a control character");
    }
    for value in ["chunked;", "chunked;a=b", "chunked ; a"] {
        assert_eq!(detail(&coding(value)), "parameters of the chunked coding");
    }
}

//= https://www.rfc-editor.org/rfc/rfc9112#section-6.1
//# A server that receives a request message with a transfer coding it does not
//# understand SHOULD respond with 501 (Not Implemented).
#[test]
fn another_coding_before_chunked_is_not_known() {
    for value in ["gzip, chunked", "gzip;q=0, chunked", "gzip\r\nTransfer-Encoding: chunked"] {
        let bytes = with(&format!("Transfer-Encoding: {value}\r\n"));
        assert_eq!(problem(&bytes), Problem::UnknownTransferCoding);
    }
}

//= https://www.rfc-editor.org/rfc/rfc9112#section-6.1
//# A server or client that receives an HTTP/1.0 message containing a
//# Transfer-Encoding header field MUST treat the message as if the
//# framing is faulty
#[test]
fn a_coding_in_http_1_0_is_refused() {
    let bytes = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(detail(bytes), "Transfer-Encoding in HTTP/1.0");
}

//= https://www.rfc-editor.org/rfc/rfc9112#section-5.1
//# A server MUST reject, with a response status code of 400 (Bad Request), any
//# received request message that contains whitespace between a header field
//# name and colon.
#[test]
fn a_field_line_is_a_name_a_colon_and_a_value() {
    let blank = "white space between a field name and its colon";
    assert_eq!(detail(&with("Content-Length : 5\r\n")), blank);
    assert_eq!(detail(&with("a : b\r\n")), blank);
    assert_eq!(detail(&with("a b: c\r\n")), "malformed field name");
    assert_eq!(detail(&with("a(b: c\r\n")), "malformed field name");
    assert_eq!(detail(&with("\u{e4}: c\r\n")), "malformed field name");
    assert_eq!(detail(&with("abc\r\n")), "a field has no colon");
    assert_eq!(detail(&with(": abc\r\n")), "a field has no name");
}

//= https://www.rfc-editor.org/rfc/rfc9112#section-3.2
//# A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request
//# message that lacks a Host header field and to any request message that contains more
//# than one Host header field line or a Host header field with an invalid field value.
#[test]
fn there_is_one_host_and_it_is_well_formed() {
    let hosts = |hosts: &str| format!("GET / HTTP/1.1\r\n{hosts}\r\n");
    assert_eq!(detail(&hosts("")), "no Host");
    assert_eq!(detail(&hosts("Host: a\r\nHost: a\r\n")), "more than one Host");
    assert_eq!(detail(&hosts("Host:\r\n")), "an empty Host");
    for host in ["a b", "a, b", "http://a", "a/", "a:b", "a@b", ":80", "[::1", "\u{e4}"] {
        assert_eq!(detail(&hosts(&format!("Host: {host}\r\n"))), "malformed Host", "{host}");
    }
    for host in ["a", "a.example:8080", "127.0.0.1", "[::1]:80", "%61"] {
        let bytes = hosts(&format!("Host: {host}\r\n"));
        assert_eq!(read(&bytes).unwrap().host, Some(host.as_bytes()));
    }
}

#[test]
fn http_1_0_may_leave_the_host_out_but_not_give_a_bad_one() {
    assert_eq!(read("GET / HTTP/1.0\r\n\r\n").unwrap().host, None);
    assert_eq!(detail("GET / HTTP/1.0\r\nHost: a/b\r\n\r\n"), "malformed Host");
    assert_eq!(detail("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), "more than one Host");
    assert_eq!(detail("GET / HTTP/1.0\r\nHost:\r\n\r\n"), "an empty Host");
}

//= https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
//# When an origin server receives a request with an absolute-form of request-target,
//# the origin server MUST ignore the received Host header field (if any) and instead
//# use the host information of the request-target.
#[test]
fn an_absolute_target_replaces_the_host_which_must_still_be_there() {
    for host in ["b", ""] {
        let bytes = format!("GET http://a:8080/p?q HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let head = read(&bytes).unwrap();
        assert_eq!(head.host, Some(&b"a:8080"[..]));
        assert_eq!((head.path, head.query), (&b"/p"[..], Some(&b"q"[..])));
    }
    assert_eq!(detail("GET http://a/ HTTP/1.1\r\n\r\n"), "no Host");
    assert_eq!(detail("GET http://a/ HTTP/1.1\r\nHost: b c\r\n\r\n"), "malformed Host");
}

#[test]
fn an_asterisk_asks_for_the_server_as_a_whole() {
    let head = read("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert!(head.asterisk);
    assert_eq!(head.path, b"*");
    let told = "an asterisk is the target of OPTIONS only";
    assert_eq!(detail("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), told);
}

#[test]
fn a_field_that_stands_alone_is_refused_twice() {
    for name in [
        "Authorization",
        "Content-Type",
        "Origin",
        "Expect",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Version",
    ] {
        let once = format!("{name}: 100-continue\r\n");
        assert!(read(&with(&once)).is_ok());
        let twice = format!("{once}{}", once.to_lowercase());
        assert_eq!(detail(&with(&twice)), format!("more than one {name}"));
    }
}

#[test]
fn an_expectation_is_told_and_not_judged() {
    let expects = |head: &str| {
        let head = read(head).unwrap();
        (head.expect, head.expects_continue())
    };
    let put = |version: &str, fields: &str| {
        format!("PUT / HTTP/{version}\r\nHost: a\r\n{fields}Expect: 100-Continue\r\n\r\n")
    };
    assert_eq!(expects(&put("1.1", "Content-Length: 1\r\n")), (Expect::Continue, true));
    assert_eq!(expects(&put("1.1", "Transfer-Encoding: chunked\r\n")), (Expect::Continue, true));
    assert_eq!(expects(&put("1.1", "Content-Length: 0\r\n")), (Expect::Continue, false));
    assert_eq!(expects(&put("1.1", "")), (Expect::Continue, false));
    //= https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
    //# A server that receives a 100-continue expectation in an HTTP/1.0 request MUST ignore
    //# that expectation.
    assert_eq!(expects(&put("1.0", "Content-Length: 1\r\n")), (Expect::None, false));
    for value in ["", "200-ok", "100-continue, x", "100-continue;a"] {
        let bytes = with(&format!("Expect: {value}\r\n"));
        assert_eq!(expects(&bytes), (Expect::Other, false));
    }
}

#[test]
fn an_upgrade_is_told_token_by_token() {
    let told = |version: &str, fields: &str| {
        let bytes = format!("GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
        let head = read(&bytes).unwrap();
        (head.connection_upgrade, head.upgrade_websocket)
    };
    let both = "Connection: keep-alive, Upgrade\r\nUpgrade: h2c, WebSocket\r\n";
    assert_eq!(told("1.1", both), (true, true));
    assert_eq!(told("1.1", "Upgrade: h2c\r\nUpgrade: websocket\r\n"), (false, true));
    assert_eq!(told("1.1", "Connection: upgraded\r\nUpgrade: websocket/13\r\n"), (false, false));
    assert_eq!(told("1.1", ""), (false, false));
    //= https://www.rfc-editor.org/rfc/rfc9110#section-7.8
    //# A server that receives an Upgrade header field in an HTTP/1.0 request MUST ignore that
    //# Upgrade field.
    assert_eq!(told("1.0", both), (false, false));
}

#[test]
fn a_handshake_is_told_with_its_subprotocols_in_order() {
    let bytes = with(
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Protocol: hunt.v1, ,hunt.v1+json\r\nsec-websocket-protocol:\tx\r\n",
    );
    let head = read(&bytes).unwrap();
    assert_eq!(head.ws_key, Some(&b"dGhlIHNhbXBsZSBub25jZQ=="[..]));
    assert_eq!(head.ws_version, Some(&b"13"[..]));
    let offered: Vec<&[u8]> = head.ws_protocols().collect();
    assert_eq!(offered, [&b"hunt.v1"[..], b"hunt.v1+json", b"x"]);
}

#[test]
fn a_content_coding_other_than_identity_is_told() {
    let coding = |fields: &str| {
        let bytes = with(fields);
        read(&bytes).unwrap().content_encoding.map(<[u8]>::to_vec)
    };
    assert_eq!(coding("Content-Encoding: Identity\r\n"), None);
    assert_eq!(coding("Content-Encoding: gzip\r\n"), Some(b"gzip".to_vec()));
    let both = "Content-Encoding: identity\r\nContent-Encoding: br\r\nContent-Encoding: gzip\r\n";
    assert_eq!(coding(both), Some(b"br".to_vec()));
}

#[test]
fn as_many_fields_as_the_limit_are_read() {
    for count in [15, 16, 17, 63, 64, 65, 256] {
        let limits = Limits { fields_max: count, ..Limits::default() };
        let fields: String = (1..count).map(|n| format!("x-{n}: {n}\r\n")).collect();
        let bytes = with(&fields);
        let head = parse(bytes.as_bytes(), &limits).unwrap();
        assert_eq!(head.fields().count(), count);
        let less = Limits { fields_max: count - 1, ..Limits::default() };
        let refusal = parse(bytes.as_bytes(), &less).unwrap_err();
        assert_eq!(refusal, Refusal::because(Problem::HeadTooLarge, "too many fields"));
    }
}

#[test]
fn faults_are_told_in_the_order_of_the_documentation() {
    let head = |line: &str, fields: &str| format!("{line}\r\nHost: a\r\n{fields}\r\n");
    let twice = "Content-Length: 1\r\nContent-Length: 1\r\n";
    let names = format!("{twice}a b: c\r\n");
    assert_eq!(detail(&head("BREW x X", &names)), "malformed HTTP version");
    assert_eq!(problem(&head("BREW x HTTP/1.1", &names)), Problem::UnknownMethod);
    assert_eq!(detail(&head("GET x HTTP/1.1", &names)), "malformed request target");
    assert_eq!(detail(&head("GET / HTTP/1.1", &names)), "malformed field name");
    let both = format!("Transfer-Encoding: chunked\r\n{twice}");
    assert_eq!(detail(&head("GET / HTTP/1.1", &both)), "more than one Content-Length");
}

#[test]
fn what_a_scan_would_not_accept_is_refused_or_read_but_never_a_panic() {
    let limits = Limits::default();
    let head = b"GET /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
    for end in 0..head.len() {
        assert!(parse(&head[..end], &limits).is_err(), "{end}");
        for byte in 0..=255 {
            let mut changed = head.to_vec();
            changed[end] = byte;
            let _ = parse(&changed, &limits);
        }
    }
}
