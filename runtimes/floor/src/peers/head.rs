//! The head of a request as the engine's API takes it, from what a library has read.
//!
//! A usual head is taken over field by field. One that says anything of how the message is framed,
//! upgraded or expected, or says anything twice, is written out again for the engine's own reader,
//! which refuses what could be read in two ways.

use engine_core::error::{Problem, Refusal};
use engine_core::http::head::{Framing, Head, Method, parse};
use engine_core::limits::Limits;
use hyper::Version;
use hyper::header::HeaderValue;
use hyper::http::request::Parts;

/// Reads a head; `text` is where it is written out, if it must be.
///
/// # Errors
/// If it is over a limit, or can be read in two ways. The connection ends with the refusal.
pub fn read<'a>(
    parts: &'a Parts,
    text: &'a mut Vec<u8>,
    limits: &Limits,
) -> Result<Head<'a>, Refusal> {
    check_sizes(parts, limits)?;
    match usual(parts) {
        Some(head) => Ok(head),
        None => {
            write(parts, text);
            parse(text, limits)
        }
    }
}

/// The library's own limits are coarser.
fn check_sizes(parts: &Parts, limits: &Limits) -> Result<(), Refusal> {
    let uri = &parts.uri;
    let origin = uri.path_and_query().map_or(0, |target| target.as_str().len());
    let scheme = uri.scheme_str().map_or(0, |scheme| scheme.len() + 3);
    let target = scheme + uri.authority().map_or(0, |authority| authority.as_str().len()) + origin;
    if target > limits.target_bytes_max {
        return Err(Problem::TargetTooLong.into());
    }
    let fields = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    let line = parts.method.as_str().len() + target + " HTTP/1.1\r\n".len() + 1;
    if line + fields.sum::<usize>() + 2 > limits.head_bytes_max {
        return Err(Problem::HeadTooLarge.into());
    }
    if parts.headers.len() > limits.fields_max {
        return Err(Refusal::because(Problem::HeadTooLarge, "too many fields"));
    }
    Ok(())
}

/// The head, if it says nothing unusual.
fn usual(parts: &Parts) -> Option<Head<'_>> {
    let (uri, headers) = (&parts.uri, &parts.headers);
    let (path, query) = (uri.path().as_bytes(), uri.query().map(str::as_bytes));
    let plain = parts.version == Version::HTTP_11
        && uri.authority().is_none()
        && path.first() == Some(&b'/')
        && path.iter().chain(query.unwrap_or_default()).all(|byte| is_usual(*byte))
        && headers.len() == headers.keys_len();
    let method = Method::new(parts.method.as_str().as_bytes());
    let mut head = Head::of_target(method.filter(|_| plain)?, path, query);
    for (name, value) in headers {
        match name.as_str() {
            "host" => head.host = Some(value.as_bytes()).filter(|host| is_usual_host(host)),
            "content-type" => head.content_type = Some(value.as_bytes()),
            "authorization" => head.authorization = Some(value.as_bytes()),
            "content-length" => head.body = Framing::Length(length(value)?),
            "connection" if value.as_bytes().eq_ignore_ascii_case(b"keep-alive") => {}
            "connection" | "content-encoding" | "expect" | "origin" | "transfer-encoding"
            | "upgrade" => return None,
            name if name.starts_with("sec-websocket-") => return None,
            _ => {}
        }
    }
    head.host.is_some().then_some(head)
}

fn is_usual(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~' | b'=' | b'&')
}

/// Whether it is a name or an IPv4 address, with or without a port.
fn is_usual_host(host: &[u8]) -> bool {
    let end = host.iter().position(|byte| *byte == b':').unwrap_or(host.len());
    let (name, port) = host.split_at(end);
    let is_port = |port: &[u8]| {
        let digits = port.iter().all(u8::is_ascii_digit);
        digits && std::str::from_utf8(port).is_ok_and(|port| port.parse::<u16>().is_ok())
    };
    !name.is_empty()
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        && port.strip_prefix(b":").is_none_or(is_port)
}

fn length(value: &HeaderValue) -> Option<u64> {
    let digits = value.as_bytes();
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    value.to_str().ok().filter(|_| plain)?.parse().ok()
}

/// Writes a head as it may have been sent.
fn write(parts: &Parts, out: &mut Vec<u8>) {
    out.clear();
    let version: &[u8] = if parts.version == Version::HTTP_10 { b"1.0" } else { b"1.1" };
    let target = parts.uri.to_string();
    for part in [parts.method.as_str().as_bytes(), b" ", target.as_bytes(), b" HTTP/", version] {
        out.extend_from_slice(part);
    }
    out.extend_from_slice(b"\r\n");
    for (name, value) in &parts.headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    fn parts(method: &str, target: &str, fields: &[(&str, &str)]) -> Parts {
        let mut builder = Request::builder().method(method).uri(target);
        for (name, value) in fields {
            builder = builder.header(*name, *value);
        }
        builder.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_usual_head_is_taken_over_and_is_what_the_engine_reads() {
        let fields = [
            ("host", "127.0.0.1:8080"),
            ("authorization", "Bearer abc"),
            ("content-type", "application/json"),
            ("content-length", "12"),
            ("user-agent", "x"),
        ];
        let parts = parts("POST", "/v1/hunts/h/resolve?a=b", &fields);
        let taken = usual(&parts).expect("it is usual");
        let mut text = Vec::new();
        write(&parts, &mut text);
        let read = parse(&text, &Limits::default()).unwrap();
        assert_eq!((taken.method, taken.path, taken.query), (read.method, read.path, read.query));
        assert_eq!((taken.body, taken.keep_alive), (read.body, read.keep_alive));
        assert_eq!((taken.host, taken.authorization), (read.host, read.authorization));
        assert_eq!((taken.content_type, taken.expect), (read.content_type, read.expect));
    }

    #[test]
    fn what_is_unusual_is_for_the_engine_to_read() {
        let host = ("host", "a");
        for fields in [
            &[][..],
            &[host, host],
            &[("host", "")],
            &[("host", "a:b")],
            &[("host", "a:65536")],
            &[("host", "a b")],
            &[host, ("expect", "100-continue")],
            &[host, ("transfer-encoding", "chunked")],
            &[host, ("content-length", "1x")],
            &[host, ("connection", "close")],
            &[host, ("upgrade", "websocket")],
            &[host, ("sec-websocket-key", "x")],
            &[host, ("content-encoding", "gzip")],
        ] {
            assert!(usual(&parts("GET", "/loot", fields)).is_none(), "{fields:?}");
        }
        for target in ["/%6coot", "http://a/loot", "*"] {
            assert!(usual(&parts("GET", target, &[host])).is_none(), "{target}");
        }
        for host in ["a", "a.example:1", "127.0.0.1:65535"] {
            assert!(usual(&parts("GET", "/loot?session=1", &[("host", host)])).is_some(), "{host}");
        }
    }

    #[test]
    fn what_is_over_a_limit_is_refused() {
        let limits = Limits { target_bytes_max: 64, fields_max: 4, ..Limits::default() };
        let refused = |target: &str, fields: &[(&str, &str)]| {
            let parts = parts("GET", target, fields);
            read(&parts, &mut Vec::new(), &limits).err().map(|refusal| refusal.problem)
        };
        let host = ("host", "a");
        assert_eq!(refused(&format!("/{}", "a".repeat(63)), &[host]), None);
        assert_eq!(refused(&format!("/{}", "a".repeat(64)), &[host]), Some(Problem::TargetTooLong));
        let four = [host, ("a", "b"), ("c", "d"), ("e", "f"), ("g", "h")];
        assert_eq!(refused("/loot", &four[..4]), None);
        assert_eq!(refused("/loot", &four), Some(Problem::HeadTooLarge));
        let long = "b".repeat(limits.head_bytes_max);
        assert_eq!(refused("/loot", &[host, ("a", &long)]), Some(Problem::HeadTooLarge));
    }
}
