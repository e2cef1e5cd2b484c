//! Small plots as SVG in the text of the page: they need no script, scale with their column, and
//! take their colours from the style sheet. What they show stands as figures beside them.

use crate::axis::Axis;
use crate::figures::Unit;
use crate::quantity;
use crate::report::effects::{Effect, Effects};
use crate::report::number::Number;
use crate::report::ranking::{Ranking, Row};
use crate::statistics::{Interval, Scale};
use std::fmt::Write;

/// As the style sheet has it.
const HEIGHT: u32 = 26;
/// What a letter takes of the column that rankings have for their plots, in percent.
const NARROW: f64 = 3.6;
/// The same of the column that bars have.
const WIDE: f64 = 2.0;

/// The marks of a ranking's figures, for the head of its column.
pub(super) fn ranking_head(ranking: &Ranking) -> String {
    spaced_head(&ranking.axis, NARROW, |tick| quantity::mark(tick, ranking.metric.unit()))
}

/// The figure of a row with its interval, all of its rounds, and the noise of the best.
pub(super) fn ranking_row(ranking: &Ranking, row: &Row) -> String {
    let axis = &ranking.axis;
    let mut svg = open(if row.leads { "plot lead" } else { "plot" });
    if let Some((low, high)) = ranking.noise_of_best() {
        span(&mut svg, "noise", axis.place(low), axis.place(high), 0, HEIGHT);
    }
    grid(&mut svg, axis);
    interval(
        &mut svg,
        axis,
        row.number.value,
        row.number.ends,
        Some((row.spread.min, row.spread.max)),
    );
    close(svg)
}

/// The marks of effects.
pub(super) fn effects_head(effects: &Effects) -> String {
    changes_head(&effects.axis, effects.metric.scale(), effects.metric.unit())
}

/// The marks of changes.
pub(super) fn changes_head(axis: &Axis, scale: Scale, unit: Unit) -> String {
    head(axis, |tick| change_text(tick, scale, unit))
}

/// An effect with its interval.
pub(super) fn effect_row(axis: &Axis, effect: &Effect) -> String {
    let reach = effect.judged.noise.map(|noise| match effect.judged.change.scale {
        Scale::Ratio => noise.reach.exp_m1(),
        Scale::Difference => noise.reach,
    });
    change_row(axis, effect.number.value, effect.number.ends, reach)
}

/// A change with its interval; the noise lies about zero.
pub(super) fn change_row(
    axis: &Axis,
    value: f64,
    ends: Option<Interval>,
    noise: Option<f64>,
) -> String {
    let mut svg = open("plot");
    if let Some(reach) = noise.filter(|reach| *reach > 0.0) {
        span(&mut svg, "noise", axis.place(-reach), axis.place(reach), 0, HEIGHT);
    }
    grid(&mut svg, axis);
    line(&mut svg, "zero", axis.place(0.0), axis.place(0.0), (0, HEIGHT));
    interval(&mut svg, axis, value, ends, None);
    close(svg)
}

/// The marks of bars.
pub(super) fn bars_head(axis: &Axis, unit: Unit) -> String {
    spaced_head(axis, WIDE, |tick| quantity::mark(tick, unit))
}

/// A bar from zero with the interval of its end.
pub(super) fn bar(axis: &Axis, row: &Row) -> String {
    let mut svg = open(if row.leads { "plot lead" } else { "plot" });
    grid(&mut svg, axis);
    bar_of(&mut svg, axis, &row.number);
    close(svg)
}

/// A bar alone.
pub(super) fn plain_bar(axis: &Axis, number: &Number, leads: bool) -> String {
    let mut svg = open(if leads { "plot lead" } else { "plot" });
    bar_of(&mut svg, axis, number);
    close(svg)
}

fn bar_of(svg: &mut String, axis: &Axis, number: &Number) {
    span(svg, "bar", 0.0, axis.place(number.value), 6, HEIGHT - 12);
    if let Some(ends) = number.ends {
        line(svg, "whisker", axis.place(ends.lower), axis.place(ends.upper), middle());
    }
}

/// Parts of a kind that lie one after the other, from zero; those of no length are left out.
pub(super) fn stack(axis: &Axis, kind: &str, parts: &[f64]) -> String {
    let mut svg = open("plot");
    grid(&mut svg, axis);
    let mut from = 0.0;
    for (index, part) in parts.iter().enumerate() {
        let (begin, end) = (axis.place(from), axis.place(from + part));
        if *part > 0.0 {
            span(&mut svg, &format!("part {kind}-{index}"), begin, end, 5, HEIGHT - 10);
        }
        from += part;
    }
    close(svg)
}

fn open(class: &str) -> String {
    format!(r#"<svg class="{class}" aria-hidden="true">"#)
}

fn close(mut svg: String) -> String {
    svg.push_str("</svg>");
    svg
}

const fn middle() -> (u32, u32) {
    (HEIGHT / 2, HEIGHT / 2)
}

fn interval(
    svg: &mut String,
    axis: &Axis,
    value: f64,
    ends: Option<Interval>,
    reach: Option<(f64, f64)>,
) {
    if let Some((min, max)) = reach {
        line(svg, "reach", axis.place(min), axis.place(max), middle());
    }
    if let Some(ends) = ends {
        line(svg, "ends", axis.place(ends.lower), axis.place(ends.upper), middle());
    }
    let (x, y) = (axis.place(value), HEIGHT / 2);
    let _ = write!(svg, r#"<circle class="mid" cx="{x:.2}%" cy="{y}" r="4.5"/>"#);
}

fn grid(svg: &mut String, axis: &Axis) {
    for tick in &axis.ticks {
        line(svg, "grid", axis.place(*tick), axis.place(*tick), (0, HEIGHT));
    }
}

fn line(svg: &mut String, class: &str, from: f64, to: f64, (top, bottom): (u32, u32)) {
    let _ = write!(
        svg,
        r#"<line class="{class}" x1="{from:.2}%" x2="{to:.2}%" y1="{top}" y2="{bottom}"/>"#
    );
}

fn span(svg: &mut String, class: &str, from: f64, to: f64, top: u32, height: u32) {
    let width = (to - from).max(0.0);
    let _ = write!(
        svg,
        r#"<rect class="{class}" x="{from:.2}%" width="{width:.2}%" y="{top}" height="{height}"/>"#
    );
}

fn head(axis: &Axis, text: impl Fn(f64) -> String) -> String {
    spaced_head(axis, 0.0, text)
}

/// The marks that have room where a letter takes so many percent of the width.
fn spaced_head(axis: &Axis, letter: f64, text: impl Fn(f64) -> String) -> String {
    let mut svg = open("plot axis");
    let mut free = f64::NEG_INFINITY;
    for tick in &axis.ticks {
        let place = axis.place(*tick);
        let text = text(*tick);
        let width = letter * crate::number::count(text.chars().count());
        let (anchor, begin) = match place {
            ..8.0 => ("start", place),
            92.0.. => ("end", place - width),
            _ => ("middle", place - width / 2.0),
        };
        if begin < free {
            continue;
        }
        free = begin + width + letter;
        let _ = write!(svg, r#"<text x="{place:.2}%" y="13" text-anchor="{anchor}">{text}</text>"#);
    }
    close(svg)
}

fn change_text(tick: f64, scale: Scale, unit: Unit) -> String {
    if tick.abs() < 1e-12 {
        return "0".to_owned();
    }
    let sign = if tick < 0.0 { "−" } else { "+" };
    match scale {
        Scale::Ratio => format!("{sign}{}", quantity::mark(tick.abs(), Unit::Share)),
        Scale::Difference => format!("{sign}{}", quantity::mark(tick.abs(), unit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_have_no_digits_that_say_nothing() {
        assert_eq!(quantity::mark(1_500_000.0, Unit::Time), "1.5 ms");
        assert_eq!(quantity::mark(20_000.0, Unit::Time), "20 µs");
        assert_eq!(quantity::mark(100.0, Unit::Time), "100 ns");
        assert_eq!(quantity::mark(20_000.0, Unit::PerSecond), "20,000/s");
        assert_eq!(change_text(-0.05, Scale::Ratio, Unit::Time), "−5 %");
        assert_eq!(change_text(2.0, Scale::Difference, Unit::Count), "+2");
        assert_eq!(change_text(0.0, Scale::Difference, Unit::Count), "0");
    }

    #[test]
    fn marks_without_room_are_left_out() {
        let axis = Axis::around([30_000.0, 105_000.0]);
        let text = |tick| quantity::mark(tick, Unit::PerSecond);
        let [all, some] = [0.0, NARROW].map(|letter| spaced_head(&axis, letter, text));
        let marks = |svg: &str| svg.matches("<text").count();
        assert_eq!(marks(&all), axis.ticks.len(), "{all}");
        assert!((2..axis.ticks.len()).contains(&marks(&some)), "{some}");
    }

    #[test]
    fn parts_of_a_stack_lie_one_after_the_other() {
        let axis = Axis::from_zero([100.0]);
        let svg = stack(&axis, "part", &[25.0, 75.0]);
        let quarter = axis.place(25.0);
        assert!(svg.contains(&format!(r#"part-0" x="0.00%" width="{quarter:.2}%""#)), "{svg}");
        assert!(svg.contains(&format!(r#"part-1" x="{quarter:.2}%""#)), "{svg}");
    }
}
