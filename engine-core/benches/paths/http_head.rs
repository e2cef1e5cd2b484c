//! Scanning and parsing a request head: a small GET, a browser's GET, a player's POST.

use super::{Path, Step};
use engine_core::http::head;
use engine_core::http::scan::{HeadScan, Scan};
use engine_core::limits::Limits;
use std::hint::black_box;

const SMALL: &[u8] = b"GET /loot?session=7 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

const BROWSER: &[u8] = b"GET /v1/hunts/harbour-1/leaderboard?limit=10 HTTP/1.1\r\n\
    Host: hunt.example.com\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Referer: https://hunt.example.com/hunts/harbour-1\r\n\
    Connection: keep-alive\r\n\
    Cookie: theme=dark; seen=1\r\n\
    Sec-Fetch-Dest: document\r\n\
    Sec-Fetch-Mode: navigate\r\n\r\n";

const RESOLVE: &[u8] = b"POST /v1/hunts/harbour-1/resolve HTTP/1.1\r\n\
    Host: hunt.example.com\r\n\
    Authorization: Bearer AQAAAAGSk0mVAAAAAAAAAAGSk0mVAGhhcmJvdXItMfK2n4c1wqNn8sVqv0Yw3l8pQ\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 71\r\n\r\n";

pub(crate) const PATHS: &[Path] = &[
    Path { name: "http_head/small/scan", ready: || scan(SMALL) },
    Path { name: "http_head/small/parse", ready: || parse(SMALL) },
    Path { name: "http_head/small/both", ready: || both(SMALL) },
    Path { name: "http_head/browser/scan", ready: || scan(BROWSER) },
    Path { name: "http_head/browser/parse", ready: || parse(BROWSER) },
    Path { name: "http_head/browser/both", ready: || both(BROWSER) },
    Path { name: "http_head/resolve/scan", ready: || scan(RESOLVE) },
    Path { name: "http_head/resolve/parse", ready: || parse(RESOLVE) },
    Path { name: "http_head/resolve/both", ready: || both(RESOLVE) },
];

fn scan(bytes: &'static [u8]) -> Step {
    let limits = Limits::default();
    Step::bytes(bytes.len(), move || {
        black_box(HeadScan::default().scan(black_box(bytes), &limits));
    })
}

fn parse(bytes: &'static [u8]) -> Step {
    let limits = Limits::default();
    Step::bytes(bytes.len(), move || {
        let _ = black_box(head::parse(black_box(bytes), &limits).map(|head| head.path.len()));
    })
}

fn both(bytes: &'static [u8]) -> Step {
    let limits = Limits::default();
    Step::bytes(bytes.len(), move || {
        let Scan::Complete(end) = HeadScan::default().scan(black_box(bytes), &limits) else {
            unreachable!("the heads above are complete");
        };
        let _ = black_box(head::parse(&bytes[..end], &limits).map(|head| head.path.len()));
    })
}
