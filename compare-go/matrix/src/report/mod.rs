//! `matrix report`: what bundles say, as one page that works without a network, as Markdown, or as
//! CSV. All three show the same numbers.
//!
//! ```text
//!   Figures ──► ranking, effects, search, curves ──► Sheet (a workload of a bundle) ──┐
//!   Runs ─────► what counts, commands ───────────────────────────────────────► Data ──┤
//!                                                    html, markdown, csv  ◄───────────┘
//! ```
//!
//! A report is a function of its bundles and of this program: whoever makes it again gets the same
//! bytes. Statistics are those of [`crate::figures`] and [`crate::compare`]; here they are put in
//! order and words. The page's script shows, hides and draws; it computes nothing.

mod about;
mod answer;
mod calendar;
mod cells;
mod comparison;
mod cpu;
mod csv;
mod curves;
mod data;
mod effects;
mod grid;
mod headline;
mod html;
mod look;
mod markdown;
mod number;
mod ranking;
mod runs;
mod search;
mod sheet;
mod svg;

use crate::bundle::Bundle;
use crate::figures::Figures;
use crate::words::words;
use about::About;
use cells::Cells;
use comparison::Comparison;
use data::Data;
use runs::RunView;
use sheet::Sheet;

words! {
    /// What a report is written as.
    pub enum Format("format") {
        /// One page, with plots.
        Html = "html",
        /// Tables that are read as text.
        Markdown = "markdown",
        /// One line for each number.
        Csv = "csv",
    }
}

/// What is said of bundles.
#[derive(Debug)]
struct Report<'b> {
    /// Of which bundles it is, for whoever makes it again.
    stamp: String,
    bundles: Vec<Figures<'b>>,
    runs: Vec<Vec<RunView<'b>>>,
    cells: Cells,
    about: Vec<About>,
    sheets: Vec<Sheet>,
    comparisons: Vec<Comparison>,
}

/// Makes a report of bundles, the first of which the others are compared with.
///
/// # Errors
/// If a figure of them is no number.
pub fn render(bundles: &[Bundle], format: Format) -> anyhow::Result<String> {
    let report = Report::of(bundles);
    match format {
        Format::Html => html::page(&report),
        Format::Markdown => Ok(markdown::text(&report)),
        Format::Csv => Ok(csv::text(&report)),
    }
}

impl<'b> Report<'b> {
    fn of(bundles: &'b [Bundle]) -> Self {
        let names = bundles.iter().map(|b| format!(" {}@{}", b.head.name, b.digest_short()));
        let stamp = format!("matrix report:{}", names.collect::<String>());
        let bundles: Vec<Figures<'b>> = bundles.iter().map(Figures::of).collect();
        let runs: Vec<Vec<RunView<'b>>> = bundles.iter().map(RunView::of).collect();
        let cells = Cells::of(&bundles);
        let both = || bundles.iter().zip(&runs);
        let about = both().map(|(figures, runs)| About::of(figures.bundle, runs)).collect();
        let mut sheets = Vec::new();
        // The last bundle is what a reader looks for first.
        for (index, (figures, runs)) in both().enumerate().rev() {
            sheets.extend(sheet::sheets(index, figures, runs, &cells));
        }
        let comparisons = comparison::comparisons(&bundles, &cells);
        Self { stamp, bundles, runs, cells, about, sheets, comparisons }
    }

    fn data(&self) -> Data<'_> {
        Data::of(&self.bundles, &self.runs, &self.cells, &self.sheets)
    }
}
