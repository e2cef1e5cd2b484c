//! Latencies of servers by percentile: each further nine takes as much room as the one before, and
//! equal heights are equal ratios.

use super::{Drawn, MARGIN, WIDTH, file, kind, leading, line, text, titled};
use crate::axis::Axis;
use crate::cell::Server;
use crate::figures::work::{LatencyOf, latency_of};
use crate::figures::{Metric, Unit};
use crate::number::float;
use crate::published::tables::Among;
use crate::quantity;
use crate::slo::Percentile;
use crate::statistics::Histogram;
use std::fmt::Write;

/// The most servers of a kind.
const OF_KIND_MAX: usize = 3;
/// Where the curves are.
const TOP: f64 = 66.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 70.0;
/// Room for the marks below, then a line for each server.
const MARKS: f64 = 34.0;
const ROW: f64 = 24.0;
/// Places between two marks.
const PLACES_PER_NINE: u32 = 8;
/// What is marked, as one over the share that lies above.
const MARKED: [(&str, f64); 5] =
    [("p50", 2.0), ("p90", 10.0), ("p99", 100.0), ("p99.9", 1e3), ("p99.99", 1e4)];
/// The hues of the style sheet.
const HUES: usize = 8;

struct Curve {
    server: Server,
    latency: Histogram,
}

/// Draws them.
pub(in crate::published::tables) fn latency(among: &Among<'_, '_>) -> Result<Drawn, String> {
    let p99 = Metric::Latency(Percentile::P99);
    let curves: Vec<Curve> = leading(among, p99, OF_KIND_MAX)
        .into_iter()
        .take(HUES)
        .filter_map(|server| {
            let latency = among.figures.cell(among.cell(server))?.latency.clone()?;
            Some(Curve { server, latency })
        })
        .collect();
    let fewest = curves.iter().map(|curve| curve.latency.count()).min();
    let fewest = fewest.ok_or_else(|| format!("nobody has latencies under {}", among.workload))?;
    // No percentile beyond what the fewest latencies tell.
    let marked: Vec<(&str, f64)> =
        MARKED.into_iter().filter(|(_, place)| *place * 10.0 <= float(fewest)).collect();
    let Some((_, last)) = marked.last().copied().filter(|(_, last)| *last >= 10.0) else {
        return Err(format!("too few latencies under {}", among.workload));
    };
    let at = |curve: &Curve, place: f64| float(curve.latency.at(1.0 - 1.0 / place).unwrap_or(0));
    let places: Vec<f64> = (0..=places_until(last))
        .map(|at| 10_f64.powf(f64::from(at) / f64::from(PLACES_PER_NINE)))
        .collect();
    // The least of all is a matter of chance, and would take most of the height.
    let from = places[1];
    let all = curves.iter().flat_map(|curve| [at(curve, from), at(curve, last)]);
    let axis = Axis::around(all.map(|ns| ns.max(1.0)));
    let right = f64::from(WIDTH - MARGIN);
    let x = |place: f64| LEFT + (place / from).log10() / (last / from).log10() * (right - LEFT);
    let y = |ns: f64| TOP + (100.0 - axis.place(ns)) / 100.0 * HEIGHT;
    let what = match latency_of(among.workload) {
        LatencyOf::Answers => "Latency from the intended time",
        LatencyOf::Broadcasts => "Lag of broadcasts",
    };
    let title = titled(&format!("{what} by percentile"), among.workload);
    let mut svg = String::new();
    text(&mut svg, "title", (f64::from(MARGIN), 28.0), "start", &title);
    for tick in &axis.ticks {
        line(&mut svg, "grid", (LEFT, y(*tick)), (right, y(*tick)));
        text(
            &mut svg,
            "small muted",
            (LEFT - 8.0, y(*tick) + 4.0),
            "end",
            &quantity::mark(*tick, Unit::Time),
        );
    }
    for (name, place) in &marked {
        line(&mut svg, "grid", (x(*place), TOP), (x(*place), TOP + HEIGHT));
        let anchor = if *place == last { "end" } else { "middle" };
        text(&mut svg, "small muted", (x(*place), TOP + HEIGHT + 20.0), anchor, name);
    }
    for (hue, curve) in curves.iter().enumerate() {
        let points = places[1..].iter().map(|p| format!("{:.1},{:.1}", x(*p), y(at(curve, *p))));
        let points = points.collect::<Vec<String>>().join(" ");
        let look = look(hue, curve.server);
        let _ = writeln!(svg, r#"<polyline class="line" {look} points="{points}"/>"#);
    }
    let told = told(&mut svg, &curves);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few hundred, and more than zero"
    )]
    let height = (TOP + HEIGHT + MARKS + 12.0) as u32
        + ROW as u32 * u32::try_from(curves.len()).unwrap_or(1);
    Ok(Drawn { svg: file(among, &title, &told, height, &svg), title })
}

const fn places_until(last: f64) -> u32 {
    if last >= 1e4 {
        4 * PLACES_PER_NINE
    } else if last >= 1e3 {
        3 * PLACES_PER_NINE
    } else if last >= 1e2 {
        2 * PLACES_PER_NINE
    } else {
        PLACES_PER_NINE
    }
}

/// The legend, which has the figures besides; and the same in words.
fn told(svg: &mut String, curves: &[Curve]) -> String {
    let mut words = Vec::new();
    let mut base = TOP + HEIGHT + MARKS + 20.0;
    for (hue, Curve { server, latency }) in curves.iter().enumerate() {
        let look = look(hue, *server);
        let (from, to) = (f64::from(MARGIN), f64::from(MARGIN) + 34.0);
        let y = base - 5.0;
        let _ = writeln!(
            svg,
            r#"<polyline class="line" {look} points="{from:.1},{y:.1} {to:.1},{y:.1}"/>"#
        );
        let at = |share| quantity::figure(float(latency.at(share).unwrap_or(0)), Unit::Time);
        let figures = format!("p50 {}, p99 {}", at(0.5), at(0.99));
        text(svg, "", (to + 10.0, base), "start", &server.to_string());
        text(svg, "muted", (f64::from(WIDTH - MARGIN), base), "end", &figures);
        words.push(format!("{server}: {figures}"));
        base += ROW;
    }
    words.join("; ")
}

/// A hue for each; whole for the engine, dashes for other Rust servers, dots for Go.
fn look(hue: usize, server: Server) -> String {
    let dashes = match kind(server) {
        "engine" => "",
        "peer" => r#" stroke-dasharray="10 5""#,
        _ => r#" stroke-dasharray="3 4""#,
    };
    format!(r#"stroke="var(--c{hue})"{dashes}"#)
}
