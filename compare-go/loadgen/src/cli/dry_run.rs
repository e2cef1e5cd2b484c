//! `--dry-run`: one request and its answer, shown.

use super::FAILED;
use super::run::refused;
use crate::dry_run::{Exchange, Said, exchange};
use crate::plan::Plan;
use crate::quantity::time;
use crate::report::paint::Paint;
use std::fmt::Write as _;
use std::io::{self, Write as _};

/// Asks once and prints; the exit code is 0 where the answer is right.
pub(super) fn show(plan: &Plan) -> anyhow::Result<u8> {
    let exchange = match exchange(plan) {
        Ok(exchange) => exchange,
        Err(error) => return refused(&error),
    };
    io::stdout().write_all(written(&exchange, Paint::of_stdout()).as_bytes())?;
    Ok(if exchange.fault.is_some() { FAILED } else { 0 })
}

fn written(exchange: &Exchange, paint: Paint) -> String {
    let mut text = String::new();
    for said in &exchange.said {
        let (mark, bytes) = match said {
            Said::Sent(bytes) => (">", bytes),
            Said::Received(bytes) => ("<", bytes),
        };
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let _ = writeln!(text, "{} {}", paint.dim(mark), shown(line));
        }
    }
    let (operation, took) = (&exchange.operation, time(exchange.took.as_secs_f64() * 1e9));
    let _ = match &exchange.fault {
        None => writeln!(text, "{operation}: {} after {took}", paint.good("right")),
        Some(fault) => writeln!(text, "{operation}: {}", paint.bad(fault)),
    };
    text
}

/// A line of HTTP as it is, without its end; anything else with its bytes escaped.
fn shown(line: &[u8]) -> String {
    let bare = line.strip_suffix(b"\n").unwrap_or(line);
    let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
    match std::str::from_utf8(bare) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => bare.escape_ascii().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn both_ways_are_shown_line_by_line() {
        let exchange = Exchange {
            said: vec![
                Said::Sent(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
                Said::Received(b"HTTP/1.1 200 OK\r\n\r\n{\"a\":\"\xc3\xa4\"}".to_vec()),
                Said::Received(b"\x81\x02hi\n\x00".to_vec()),
            ],
            operation: "get".into(),
            took: Duration::from_micros(1_500),
            fault: None,
        };
        let text = written(&exchange, Paint::NONE);
        let expected = "> GET / HTTP/1.1\n> Host: a\n> \n< HTTP/1.1 200 OK\n< \n< {\"a\":\"ä\"}\n\
                        < \\x81\\x02hi\n< \\x00\nget: right after 1.50 ms\n";
        assert_eq!(text, expected);
        let wrong = Exchange { fault: Some("status 404".into()), ..exchange };
        assert!(written(&wrong, Paint::NONE).ends_with("get: status 404\n"));
    }
}
