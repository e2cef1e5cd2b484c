//! The values of flags: how each is read, and with which remedy it is refused.

use super::args::Cores;
use crate::quantity::{parse_duration, parse_rate};
use crate::workload::Kind;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

/// Commands beside the workloads, for whoever mistypes one.
const TASKS: [&str; 3] = ["list", "prove", "null"];

pub(super) fn workload(text: &str) -> Result<Kind, String> {
    Kind::from_name(text).map_err(|error| {
        let near = TASKS.into_iter().find(|task| strsim::damerau_levenshtein(task, text) <= 2);
        match near {
            Some(task) => {
                format!("there is no workload {text:?}; did you mean `hunt-load {task}`?")
            }
            None => error,
        }
    })
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text)?;
    if duration < Duration::from_millis(100) {
        return Err("the shortest is 100ms".into());
    }
    Ok(duration)
}

pub(super) fn rate(text: &str) -> Result<f64, String> {
    let rate = parse_rate(text)?;
    if !(0.001..=100e6).contains(&rate) {
        return Err("a rate is from 0.001 to 100M a second".into());
    }
    Ok(rate)
}

pub(super) fn counted(text: &str) -> Result<u32, String> {
    let number = parse_rate(text).ok().filter(|_| !text.ends_with("/s"));
    let number = number.filter(|number| number.fract() == 0.0 && (1.0..=10e6).contains(number));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in bounds")]
    let whole = number.map(|number| number as u32);
    whole.ok_or_else(|| "a whole number from 1 to 10M, as 512 or 30k".into())
}

pub(super) fn body(text: &str) -> Result<usize, String> {
    let bytes = text.parse().ok().filter(|bytes| (2..=64 * 1024 * 1024).contains(bytes));
    bytes.ok_or_else(|| "from 2 to 67108864 bytes".into())
}

pub(super) fn tag(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if !(1..=12).contains(&text.len()) || !text.bytes().all(plain) {
        return Err("a tag is 1 to 12 of a-z and 0-9".into());
    }
    Ok(text.to_owned())
}

pub(super) fn target(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if !text.starts_with('/') || !plain {
        return Err("a target begins with a slash and has neither spaces nor controls".into());
    }
    Ok(text.to_owned())
}

pub(super) fn cores(text: &str) -> Result<Cores, String> {
    let help = "cores are listed as 1 or 0,2-3";
    let mut cores = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if first <= last && last < 4096 => (first, last),
            _ => return Err(help.into()),
        };
        cores.extend(first..=last);
    }
    let allowed = crate::prove::cores::allowed().map_err(|error| error.to_string())?;
    match cores.iter().find(|core| !allowed.contains(core)) {
        Some(core) => Err(format!("core {core} is not to be had; there are {allowed:?}")),
        None => Ok(Cores(cores)),
    }
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    if text.starts_with("https://") {
        return Err(
            "TLS is not spoken here; put it before the server and load that by http://".into()
        );
    }
    let authority = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    if authority.contains('/') {
        return Err("only http://HOST:PORT; what is asked for is up to the workload".into());
    }
    let found = authority.to_socket_addrs().map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidInput => "it is written as http://HOST:PORT".to_owned(),
        _ => format!("{authority} is not found: {error}"),
    })?;
    let mut found: Vec<SocketAddr> = found.collect();
    // Servers of tests listen on IPv4; a name has both as a rule.
    found.sort_by_key(SocketAddr::is_ipv6);
    found.first().copied().ok_or_else(|| format!("{authority} has no address"))
}
