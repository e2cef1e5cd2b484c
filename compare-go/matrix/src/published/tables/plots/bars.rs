//! A metric of servers as bars from zero, each with the interval of its end.

use super::{Drawn, KINDS, MARGIN, TEXT, WIDTH, file, kind, leading, line, text, titled};
use crate::axis::Axis;
use crate::figures::Metric;
use crate::published::tables::Among;
use crate::quantity::mark;
use crate::statistics::Better;
use std::fmt::Write;

/// From one bar to the next.
const ROW: u32 = 44;
/// Above the first bar: the title, what it is, and the kinds.
const HEAD: u32 = 96;
/// The height of a bar.
const BAR: u32 = 14;
/// Below the last bar: the marks of the axis.
const FOOT: u32 = 34;

/// Draws them.
pub(in crate::published::tables) fn bars(
    among: &Among<'_, '_>,
    metric: Metric,
) -> Result<Drawn, String> {
    let servers = leading(among, metric, usize::MAX);
    let mut rows = Vec::new();
    for server in servers {
        // Those without a figure stand in the tables, with the reason.
        let Ok(summary) = among.figures.summary(among.cell(server), metric) else { continue };
        rows.push((server, summary, among.figure(server, metric)?));
    }
    if rows.is_empty() {
        return Err(format!("no server under {} has a {metric}", among.workload));
    }
    let ends = rows.iter().flat_map(|(_, summary, _)| {
        let upper = summary.estimate.map(|estimate| estimate.interval.upper);
        [Some(summary.spread.median), upper].into_iter().flatten()
    });
    let axis = Axis::from_zero(ends);
    let height = HEAD + ROW * u32::try_from(rows.len()).unwrap_or(u32::MAX / ROW / 2) + FOOT;
    let title = titled(&capital(&metric.title()), among.workload);
    let mut svg = String::new();
    head(&mut svg, &title, metric);
    let place = |figure: f64| {
        let width = f64::from(WIDTH - 2 * MARGIN);
        f64::from(MARGIN) + axis.place(figure) / 100.0 * width
    };
    let bottom = f64::from(height - FOOT);
    for tick in &axis.ticks {
        let x = place(*tick);
        line(&mut svg, "grid", (x, f64::from(HEAD)), (x, bottom));
        let anchor = if *tick == 0.0 {
            "start"
        } else if x > f64::from(WIDTH) - 40.0 {
            "end"
        } else {
            "middle"
        };
        text(&mut svg, "small muted", (x, bottom + 20.0), anchor, &mark(*tick, metric.unit()));
    }
    let mut top = f64::from(HEAD);
    for (at, (server, summary, figure)) in rows.iter().enumerate() {
        let class = if at == 0 { "lead" } else { "" };
        let (left, right) = (f64::from(MARGIN), f64::from(WIDTH - MARGIN));
        let base = top + f64::from(TEXT);
        text(&mut svg, class, (left, base), "start", &server.to_string());
        text(&mut svg, class, (right, base), "end", figure);
        let (y, end) = (base + 6.0, place(summary.spread.median));
        let _ = writeln!(
            svg,
            r#"<rect fill="var(--{})" x="{left:.1}" y="{y:.1}" width="{:.1}" height="{BAR}" rx="2"/>"#,
            kind(*server),
            end - left
        );
        if let Some(estimate) = summary.estimate {
            let (lower, upper) = (place(estimate.interval.lower), place(estimate.interval.upper));
            let middle = y + f64::from(BAR) / 2.0;
            line(&mut svg, "whisker", (lower, middle), (upper, middle));
            for x in [lower, upper] {
                line(&mut svg, "whisker", (x, middle - 4.0), (x, middle + 4.0));
            }
        }
        top += f64::from(ROW);
    }
    let told: Vec<String> =
        rows.iter().map(|(server, _, figure)| format!("{server}: {figure}")).collect();
    let svg = file(among, &title, &told.join("; "), height, &svg);
    Ok(Drawn { title, svg })
}

fn head(svg: &mut String, title: &str, metric: Metric) {
    let left = f64::from(MARGIN);
    text(svg, "title", (left, 28.0), "start", title);
    let better = match metric.better() {
        Better::More => "more is better",
        Better::Less => "less is better",
    };
    let about = format!("Medians with 95 % intervals, {better}; the best setting of each runtime");
    text(svg, "small muted", (left, 50.0), "start", &about);
    let mut x = left;
    for (kind, name) in KINDS {
        let _ = writeln!(
            svg,
            r#"<rect fill="var(--{kind})" x="{x:.1}" y="62" width="12" height="12" rx="2"/>"#
        );
        text(svg, "small", (x + 18.0, 73.0), "start", name);
        x += 170.0;
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    match letters.next() {
        // `p99` is a name.
        Some(first) if !letters.as_str().starts_with(|c: char| c.is_ascii_digit()) => {
            first.to_uppercase().to_string() + letters.as_str()
        }
        _ => words.to_owned(),
    }
}
