//! The report as one page that needs nothing else: styles, script and data stand in it, and its
//! policy forbids the browser to fetch anything.

use crate::cell::Server;
use crate::figures::Unit;
use crate::report::about::About;
use crate::report::answer::Line;
use crate::report::comparison::{self, Comparison};
use crate::report::cpu::Cpu;
use crate::report::look::facets;
use crate::report::number::{self, Number};
use crate::report::sheet::Sheet;
use crate::report::{Report, svg};
use crate::statistics::{Judged, Scale};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// uPlot draws lines over time and over percentiles.
pub(super) const UPLOT_VERSION: &str = "1.6.32";
const UPLOT_JS: &str = include_str!("../../assets/uplot/uPlot.iife.min.js");
const UPLOT_CSS: &str = include_str!("../../assets/uplot/uPlot.min.css");
const UPLOT_LICENSE: &str = include_str!("../../assets/uplot/LICENSE");
const STYLE: &str = include_str!("../../assets/report.css");
const SCRIPTS: [&str; 4] = [
    include_str!("../../assets/plots.js"),
    include_str!("../../assets/sources.js"),
    include_str!("../../assets/choices.js"),
    include_str!("../../assets/page.js"),
];

#[derive(Template)]
#[template(path = "report.html", whitespace = "minimize")]
struct Page<'a> {
    stamp: &'a str,
    title: String,
    headline: String,
    policy: String,
    styles: [&'static str; 2],
    scripts: [String; 2],
    license: &'static str,
    uplot_version: &'static str,
    about: &'a [About],
    sheets: &'a [Sheet],
    comparisons: &'a [Comparison],
    choices: Vec<Choice>,
    data: String,
}

impl Page<'_> {
    /// The name of a sheet in the address of the page.
    fn id(sheet: &Sheet) -> String {
        format!("b{}-{}", sheet.bundle, sheet.workload)
    }

    fn facets(server: &Server) -> Vec<(&'static str, &'static str)> {
        facets(*server)
    }

    /// The places of bundles, the last first.
    fn newest_first(about: &[About]) -> impl Iterator<Item = usize> {
        (0..about.len()).rev()
    }

    /// The leader and the best of each other kind.
    fn bars(line: &Line) -> Vec<Bar<'_>> {
        let bar = |server, kind, number, leads| Bar {
            server,
            kind,
            number,
            change: None,
            svg: svg::plain_bar(&line.axis, number, leads),
        };
        let leader = bar(line.leader, None, &line.number, true);
        let others = line.others.iter().map(|other| Bar {
            change: Some((&other.change, other.said.as_str())),
            ..bar(other.server, Some(other.kind), &other.number, false)
        });
        std::iter::once(leader).chain(others).collect()
    }

    fn class(judged: &Judged) -> &'static str {
        number::class(judged.verdict)
    }

    fn said(judged: &Judged) -> String {
        number::said(judged.verdict)
    }

    fn change_head(comparison: &Comparison) -> String {
        svg::changes_head(&comparison.axis, Scale::Ratio, Unit::Share)
    }

    fn change(comparison: &Comparison, row: &comparison::Row) -> String {
        let reach = row.judged.noise.map(|noise| noise.reach.exp_m1());
        svg::change_row(&comparison.axis, row.change.value, row.change.ends, reach)
    }
}

/// A bar of an answer.
struct Bar<'a> {
    server: Server,
    /// None of the leader.
    kind: Option<&'static str>,
    number: &'a Number,
    change: Option<(&'a Number, &'a str)>,
    svg: String,
}

/// What servers can be picked by.
struct Choice {
    name: &'static str,
    values: Vec<&'static str>,
}

/// The page.
///
/// # Errors
/// If a figure is no number.
pub(super) fn page(report: &Report<'_>) -> anyhow::Result<String> {
    let scripts = [UPLOT_JS.to_owned(), SCRIPTS.concat()];
    let styles = [UPLOT_CSS, STYLE];
    let hashes = |texts: &[&str]| {
        let of = |text: &&str| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
        texts.iter().map(of).collect::<String>()
    };
    let policy = format!(
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; \
         script-src{}; style-src{}",
        hashes(&[&scripts[0], &scripts[1]]),
        hashes(&styles),
    );
    let page = Page {
        stamp: &report.stamp,
        title: report.title(),
        headline: report.headline(),
        policy,
        styles,
        scripts,
        license: UPLOT_LICENSE,
        uplot_version: UPLOT_VERSION,
        about: &report.about,
        sheets: &report.sheets,
        comparisons: &report.comparisons,
        choices: choices(&report.sheets),
        data: report.data().json()?,
    };
    Ok(page.render()?)
}

/// The choices that tell servers of a report apart.
fn choices(sheets: &[Sheet]) -> Vec<Choice> {
    let servers = sheets.iter().flat_map(|sheet| &sheet.tables[0].rows).map(|row| row.server);
    let mut choices: Vec<Choice> = Vec::new();
    for (name, value) in servers.flat_map(facets) {
        let place = choices.iter().position(|choice| choice.name == name);
        let place = place.unwrap_or_else(|| {
            choices.push(Choice { name, values: Vec::new() });
            choices.len() - 1
        });
        if !choices[place].values.contains(&value) {
            choices[place].values.push(value);
        }
    }
    choices.retain(|choice| choice.values.len() > 1);
    choices
}
