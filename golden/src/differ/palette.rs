//! What random requests are put together from.

const LONG_NAME: &str = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
const TOO_LONG_NAME: &str = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
/// Names of players, as JSON writes them.
pub(super) const NAMES: &[&str] = &[
    "Ada",
    "Bo",
    "é",
    "🦀",
    "a b",
    " a",
    "a ",
    "\\u0041",
    "\\\"",
    "\\\\",
    "<&>",
    "\u{2028}",
    "\\/",
    "",
    "\\n",
    "\u{7f}",
    "\u{85}",
    "\\ud83e\\udd80",
    LONG_NAME,
    TOO_LONG_NAME,
];
/// Ids of hunts as they stand in a path.
pub(super) const HUNTS: &[&str] = &[
    "fz-h3", "nowhere", "-x", "_", "%66z-h1", "fz%2Dh1", "a%2Fb", "a%00", "%2e%2e", "..", ".",
    "x.y_z-", "${x*32}", "${x*33}", "", "fz-h1/", "FZ-H1",
];
/// Values of query parameters.
pub(super) const VALUES: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "5",
    "7",
    "10",
    "100",
    "101",
    "01",
    "00",
    "+1",
    "-1",
    "",
    "1.0",
    "ten",
    "%31",
    "%2B1",
    "1+",
    "4294967295",
    "4294967296",
    "99999999999999999999",
    "1=1",
    "1%26limit=2",
    "1;2",
];
/// Methods.
pub(super) const METHODS: &[&str] =
    &["GET", "GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE", "FOO", "get"];
/// Paths, in which `#` stands for a hunt.
pub(super) const PATHS: &[&str] = &[
    "/",
    "/loot",
    "/loot/",
    "/Loot",
    "//loot",
    "/healthz",
    "/readyz",
    "/v1",
    "/v1/hunts",
    "/v1/hunts/#",
    "/v1/hunts/#/",
    "/v1/hunts/#/players",
    "/v1/hunts/#/resolve",
    "/v1/hunts/#/status",
    "/v1/hunts/#/leaderboard",
    "/v1/hunts/#/play",
    "/v1/hunts/#/play/",
    "/v1/hunts/#/treasures",
    "/v1/quests/#",
    "/v1/quests",
    "/v2/hunts/#/status",
    "/v0/x",
    "/vx/x",
    "/v1/hunts/#/status/now",
    "/%6coot",
    "/v1%2Fhunts/#/status",
    "/v1/./hunts/#/status",
];
/// Fields that say what a body is.
pub(super) const TYPES: &[&[&str]] = &[
    &[],
    &["Content-Type: Application/JSON"],
    &["Content-Type: application/json; charset=utf-8"],
    &["Content-Type: application/json;charset=\"UTF-8\""],
    &["Content-Type: application/json; charset=latin1"],
    &["Content-Type: application/json; v=1"],
    &["Content-Type: application/json;"],
    &["Content-Type: application/jsonp"],
    &["Content-Type: application/problem+json"],
    &["Content-Type: text/plain"],
    &["Content-Type:"],
    &["Content-Type: application/json", "Content-Encoding: gzip"],
    &["Content-Type: application/json", "Content-Encoding: identity"],
    &["Content-Type: application/json", "Content-Encoding:"],
    &["Content-Type: application/json", "Content-Type: text/plain"],
];
/// Other fields.
pub(super) const FIELDS: &[&str] = &[
    "Accept: text/html",
    "Accept-Encoding: gzip",
    "Connection: keep-alive",
    "Connection: x-private",
    "Connection: Upgrade",
    "Upgrade: h2c",
    "Cookie: a=b; c=d",
    "Expect: 100-continue",
    "Origin: https://evil.example.org",
    "Range: bytes=0-1",
    "If-None-Match: *",
    "X-Empty:",
    "X-Forwarded-For: 10.0.0.1",
    "Authorization: Bearer ${s1}",
];
