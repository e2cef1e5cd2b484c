//! The four forms of a request target (RFC 9112 section 3.2) and the authority in them and in Host.

use super::grammar::{self, NAME, PATH};
use super::head::Method;
use crate::error::{Problem, Refusal};
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
    let port = memchr::memrchr(b':', target).map_or(&[][..], |colon| &target[colon + 1..]);
    if port.is_empty() || !is_authority(target) {
        return Err(malformed("the target of CONNECT must be a host and a port"));
    }
    Ok(Target { path: target, query: None, authority: Some(target), asterisk: false })
}

/// Whether `bytes` is `uri-host [ ":" port ]` with a host that is not empty. No user information:
/// RFC 9110 section 4.2.4 has it treated as an error.
pub(super) fn is_authority(bytes: &[u8]) -> bool {
    let (host_ok, rest) = match bytes {
        [b'[', rest @ ..] => match memchr::memchr(b']', rest) {
            Some(end) => (is_ip_literal(&rest[..end]), &rest[end + 1..]),
            None => return false,
        },
        _ => {
            let end = grammar::run(NAME, bytes);
            (end > 0 && escapes_are_whole(&bytes[..end]), &bytes[end..])
        }
    };
    host_ok
        && match rest {
            [] => true,
            [b':', port @ ..] => is_port(port),
            _ => false,
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

fn malformed(detail: &'static str) -> Refusal {
    Refusal::because(Problem::MalformedRequest, detail)
}
