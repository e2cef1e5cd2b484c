//! Plots that documents show as images: SVG that stands by itself, legible at the width of a phone,
//! in light and in dark, and told in words to whoever does not see it. A plot is a function of its
//! bundle, so that it is compared byte by byte.

mod bars;
mod latency;

pub(super) use bars::bars;
pub(super) use latency::latency;

use super::Among;
use crate::cell::{Server, Workload};
use crate::figures::Metric;
use std::fmt::Write;

/// A plot.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    /// What it shows, in a line.
    pub(super) title: String,
    /// The file.
    pub(super) svg: String,
}

/// Units of the drawing across; with letters of [`TEXT`] it can be read at two thirds of that.
const WIDTH: u32 = 600;
/// Left and right of everything.
const MARGIN: u32 = 16;
/// The height of letters.
const TEXT: u32 = 15;

/// As wide screens and dark rooms have it. The paper is painted, since a page may be darker or
/// lighter than what the reader's system prefers.
const STYLE: &str = "\
svg{--paper:#ffffff;--ink:#1f2328;--muted:#59636e;--grid:#d1d9e0;--engine:#0969da;--peer:#8250df;\
--go:#bc4c00;--c0:#0969da;--c1:#1a7f37;--c2:#0e7c86;--c3:#8250df;--c4:#bf3989;--c5:#bc4c00;\
--c6:#cf222e;--c7:#7d4e00}\
@media (prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#f0f6fc;--muted:#9198a1;\
--grid:#3d444d;--engine:#4493f8;--peer:#ab7df8;--go:#f0883e;--c0:#4493f8;--c1:#3fb950;\
--c2:#39c5cf;--c3:#ab7df8;--c4:#db61a2;--c5:#f0883e;--c6:#f85149;--c7:#d29922}}\
text{font:15px system-ui,-apple-system,'Segoe UI',sans-serif;fill:var(--ink)}\
.title{font-size:18px;font-weight:600}.muted{fill:var(--muted)}.small{font-size:13px}\
.lead{font-weight:600}.paper{fill:var(--paper)}.grid{stroke:var(--grid)}\
.whisker{stroke:var(--ink);stroke-width:2}.line{fill:none;stroke-width:2.5}";

/// A file: everything around what is drawn. `told` says in words what is seen.
fn file(among: &Among<'_, '_>, title: &str, told: &str, height: u32, drawn: &str) -> String {
    let bundle = among.figures.bundle;
    let mut svg = String::new();
    let _ = write!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title told">
<title id="title">{}</title>
<desc id="told">{}</desc>
<metadata>bundle {}, manifest {}, commit {}; written by matrix verify --write</metadata>
<style>{STYLE}</style>
<rect class="paper" width="{WIDTH}" height="{height}" rx="8"/>
{drawn}</svg>
"#,
        escaped(title),
        escaped(told),
        escaped(&bundle.head.name),
        bundle.digest,
        escaped(&bundle.environment.source.commit),
    );
    svg
}

/// A text at a place.
fn text(svg: &mut String, class: &str, (x, y): (f64, f64), anchor: &str, words: &str) {
    let words = escaped(words);
    let _ = writeln!(
        svg,
        r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{words}</text>"#
    );
}

/// A straight line.
fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(
        svg,
        r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#
    );
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The kind of a server, as the style sheet names it.
const fn kind(server: Server) -> &'static str {
    match server {
        Server::Engine { .. } => "engine",
        Server::Peer(_) => "peer",
        Server::Go { .. } => "go",
    }
}

/// The kinds in words.
const KINDS: [(&str, &str); 3] =
    [("engine", "this engine"), ("peer", "other Rust servers"), ("go", "Go")];

/// The best settings by a metric, of each kind as many at most.
fn leading(among: &Among<'_, '_>, metric: Metric, of_kind_max: usize) -> Vec<Server> {
    let mut chosen: Vec<Server> = Vec::new();
    for server in among.best_settings(metric) {
        let alike = |other: &&Server| kind(**other) == kind(server);
        if chosen.iter().filter(alike).count() < of_kind_max {
            chosen.push(server);
        }
    }
    chosen
}

/// The title of a plot.
fn titled(what: &str, workload: Workload) -> String {
    format!("{what}, {workload}")
}
