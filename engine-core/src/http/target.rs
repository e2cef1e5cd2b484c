//! The four forms of a request target (RFC 9112 section 3.2) and the authority in them and in Host.

use super::grammar::{self, NAME, PATH};
use super::head::Method;
use super::malformed;
use crate::error::Refusal;
use core::net::Ipv6Addr;
use core::str;

/// A request target, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// As sent, up to the `?`; `/` where an absolute target has none; the authority of a CONNECT.
    pub(super) path: &'a [u8],
    /// What follows the `?`.
    pub(super) query: Option<&'a [u8]>,
    /// The authority of an absolute target or of a CONNECT.
    pub(super) authority: Option<&'a [u8]>,
    /// `OPTIONS *`: the server as a whole.
    pub(super) asterisk: bool,
}

/// Takes a request target apart.
pub(super) fn parse(method: Method, target: &[u8]) -> Result<Target<'_>, Refusal> {
    if target.contains(&b'#') {
        return Err(malformed("a fragment in the request target"));
    }
    match target {
        //= https://www.rfc-editor.org/rfc/rfc9112#section-3.2.3
        //# The "authority-form" of request-target is only used for CONNECT
        //# requests
        _ if method == Method::Connect => connect(target),
        [b'/', ..] => origin(target),
        //= https://www.rfc-editor.org/rfc/rfc9112#section-3.2.4
        //# The "asterisk-form" of request-target is only used for a server-wide
        //# OPTIONS request
        b"*" if method == Method::Options => {
            Ok(Target { path: target, query: None, authority: None, asterisk: true })
        }
        b"*" => Err(malformed("an asterisk is the target of OPTIONS only")),
        _ => absolute(method, target),
    }
}

fn origin(target: &[u8]) -> Result<Target<'_>, Refusal> {
    if grammar::run(PATH, target) < target.len() {
        return Err(malformed("malformed request target"));
    }
    let (path, query) = match memchr::memchr(b'?', target) {
        Some(mark) => (&target[..mark], Some(&target[mark + 1..])),
        None => (target, None),
    };
    Ok(Target { path, query, authority: None, asterisk: false })
}

//= https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
//# A server MUST accept the absolute-form in requests even though most
//# HTTP/1.1 clients will only send the absolute-form to a proxy.
fn absolute(method: Method, target: &[u8]) -> Result<Target<'_>, Refusal> {
    let Some(rest) = after_scheme(target) else {
        return Err(malformed("malformed request target"));
    };
    let end = rest.iter().position(|b| matches!(b, b'/' | b'?')).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    //= https://www.rfc-editor.org/rfc/rfc9110#section-4.2.1
    //# A recipient that processes such a URI reference MUST reject it as invalid.
    if !is_authority(authority) {
        return Err(malformed("malformed authority in the request target"));
    }
    let target = origin(rest)?;
    //= https://www.rfc-editor.org/rfc/rfc9110#section-4.2.3
    //# an empty path component is equivalent to an absolute path of "/"
    let asterisk = method == Method::Options && rest.is_empty();
    let path: &[u8] = match target.path {
        _ if asterisk => b"*",
        b"" => b"/",
        path => path,
    };
    Ok(Target { path, authority: Some(authority), asterisk, ..target })
}

/// What follows `http://` or `https://`: TLS, where there is any, ends before this server.
fn after_scheme(target: &[u8]) -> Option<&[u8]> {
    [&b"http://"[..], b"https://"].into_iter().find_map(|scheme| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

fn connect(target: &[u8]) -> Result<Target<'_>, Refusal> {
    if port(target).is_none_or(<[u8]>::is_empty) {
        return Err(malformed("the target of CONNECT must be a host and a port"));
    }
    Ok(Target { path: target, query: None, authority: Some(target), asterisk: false })
}

/// Whether `bytes` is `uri-host [ ":" port ]` with a host that is not empty. No user information:
/// RFC 9110 section 4.2.4 has it treated as an error.
pub(super) fn is_authority(bytes: &[u8]) -> bool {
    port(bytes).is_some()
}

/// The port of an authority, empty where there is none. `None`: it is not an authority.
fn port(authority: &[u8]) -> Option<&[u8]> {
    let rest = match authority {
        [b'[', rest @ ..] => {
            let end = memchr::memchr(b']', rest)?;
            is_ip_literal(&rest[..end]).then_some(&rest[end + 1..])?
        }
        _ => {
            let (name, rest) = authority.split_at(grammar::run(NAME, authority));
            (!name.is_empty() && escapes_are_whole(name)).then_some(rest)?
        }
    };
    match rest {
        [] => Some(rest),
        [b':', port @ ..] if is_port(port) => Some(port),
        _ => None,
    }
}

/// `IPv6address` or `IPvFuture` of RFC 3986 section 3.2.2.
fn is_ip_literal(bytes: &[u8]) -> bool {
    if let [b'v' | b'V', future @ ..] = bytes {
        let Some(dot) = memchr::memchr(b'.', future) else { return false };
        let (version, address) = (&future[..dot], &future[dot + 1..]);
        let of_address = |b: &u8| *b == b':' || (grammar::is(NAME, *b) && *b != b'%');
        return !version.is_empty()
            && version.iter().all(u8::is_ascii_hexdigit)
            && !address.is_empty()
            && address.iter().all(of_address);
    }
    str::from_utf8(bytes).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// `*DIGIT`, and a port that TCP has.
fn is_port(digits: &[u8]) -> bool {
    let mut port = 0_u16;
    digits.iter().all(|digit| {
        let value = digit.wrapping_sub(b'0');
        let next = port.checked_mul(10).and_then(|tens| tens.checked_add(u16::from(value)));
        port = next.unwrap_or(port);
        value <= 9 && next.is_some()
    })
}

fn escapes_are_whole(name: &[u8]) -> bool {
    memchr::memchr_iter(b'%', name)
        .all(|at| name.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(target: &str) -> (&[u8], Option<&[u8]>) {
        let target = parse(Method::Get, target.as_bytes()).unwrap();
        assert!(!target.asterisk);
        (target.path, target.query)
    }

    fn detail(method: Method, target: &[u8]) -> &'static str {
        parse(method, target).unwrap_err().detail.unwrap()
    }

    #[test]
    fn the_query_begins_at_the_first_question_mark() {
        assert_eq!(path("/"), (&b"/"[..], None));
        assert_eq!(path("/a%20b"), (&b"/a%20b"[..], None));
        assert_eq!(path("/a?"), (&b"/a"[..], Some(&b""[..])));
        assert_eq!(path("/a?b=c?d/e"), (&b"/a"[..], Some(&b"b=c?d/e"[..])));
        assert_eq!(path("//a//b"), (&b"//a//b"[..], None));
    }

    #[test]
    fn a_target_that_has_none_of_the_forms_is_refused() {
        for target in ["", "a", "a/b", "?a", "ftp://a/", "http:/a", "http:a", "a:80", "*a", "**"] {
            assert_eq!(detail(Method::Get, target.as_bytes()), "malformed request target");
        }
        for target in [&b"/[a]"[..], b"/\xc3\xa4", b"/a b", b"/a?\xff", b"/\"", b"http://a/[b]"] {
            assert_eq!(detail(Method::Get, target), "malformed request target");
        }
        for target in [&b"/a#b"[..], b"#", b"http://a/#b", b"*#"] {
            assert_eq!(detail(Method::Get, target), "a fragment in the request target");
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
    //# A server MUST accept the absolute-form in requests even though most
    //# HTTP/1.1 clients will only send the absolute-form to a proxy.
    #[test]
    fn an_absolute_target_has_an_authority_and_a_path() {
        for (target, authority, path, query) in [
            ("http://a/b?c", "a", "/b", Some("c")),
            ("HTTP://A:80/b", "A:80", "/b", None),
            ("https://[::1]:8080", "[::1]:8080", "/", None),
            ("http://a?b", "a", "/", Some("b")),
            ("http://a//", "a", "//", None),
        ] {
            let found = parse(Method::Get, target.as_bytes()).unwrap();
            assert_eq!(found.authority, Some(authority.as_bytes()));
            assert_eq!(found.path, path.as_bytes());
            assert_eq!(found.query, query.map(str::as_bytes));
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc9110#section-4.2.1
    //# A recipient that processes such a URI reference MUST reject it as invalid.
    #[test]
    fn an_absolute_target_with_an_empty_or_malformed_authority_is_refused() {
        for target in
            ["http://", "http:///a", "http://:80/", "http://a@b/", "http://a:b/", "http://[1]/"]
        {
            let told = detail(Method::Get, target.as_bytes());
            assert_eq!(told, "malformed authority in the request target");
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-3.2.4
    //# The "asterisk-form" of request-target is only used for a server-wide
    //# OPTIONS request
    #[test]
    fn an_asterisk_is_the_target_of_options_only() {
        assert!(parse(Method::Options, b"*").unwrap().asterisk);
        assert!(!parse(Method::Options, b"/*").unwrap().asterisk);
        let told = "an asterisk is the target of OPTIONS only";
        assert_eq!(detail(Method::Get, b"*"), told);
        let absolute = parse(Method::Options, b"http://a").unwrap();
        assert_eq!((absolute.asterisk, absolute.path), (true, &b"*"[..]));
        let absolute = parse(Method::Options, b"http://a/").unwrap();
        assert_eq!((absolute.asterisk, absolute.path), (false, &b"/"[..]));
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-3.2.3
    //# The "authority-form" of request-target is only used for CONNECT
    //# requests
    #[test]
    fn a_host_and_a_port_are_the_target_of_connect_only() {
        let target = parse(Method::Connect, b"a.example:443").unwrap();
        assert_eq!(target.path, b"a.example:443");
        assert_eq!(target.authority, Some(&b"a.example:443"[..]));
        for target in ["a", "a:", "/", "*", "http://a:80/", "a:80/b", ":80", "[::1]", "u@a:80"] {
            let told = "the target of CONNECT must be a host and a port";
            assert_eq!(detail(Method::Connect, target.as_bytes()), told, "{target}");
        }
        assert!(parse(Method::Connect, b"[::1]:443").is_ok());
    }

    #[test]
    fn an_authority_is_a_host_and_perhaps_a_port() {
        let good = "a a: a:80 a:00080 a:65535 127.0.0.1 [::1] [::1]:1 [v1.a:b] [2001:db8::7] \
            [::ffff:1.2.3.4] a_b~!$&'()*+,;= %41b xn--a.example.";
        for good in good.split(' ') {
            assert!(is_authority(good.as_bytes()), "{good}");
        }
        let bad = ": :80 a:b a:65536 a:-1 a:80:80 a/b a? a@b [::1 ::1 [] [1.2.3.4] [::1%25eth0] \
            [::1]a [::g] [v.a] [vg.a] [v1.] [v1] %4 %zz a\" a,\u{e4} a\\";
        for bad in bad.split(' ').chain(["", "a b"]) {
            assert!(!is_authority(bad.as_bytes()), "{bad}");
        }
    }
}
