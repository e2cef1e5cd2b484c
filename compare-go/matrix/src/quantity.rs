//! Figures as people read them: three digits that count, and the unit. The same figure always comes
//! out the same, since what is published is compared with what is computed anew.

use crate::figures::{Summary, Unit};
use crate::number::whole;
use crate::statistics::{Interval, Scale};

/// A figure with its unit: `2.35 ms`, `15,000/s`, `81.2 MiB`.
#[must_use]
pub fn figure(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Time => scaled(value, 1_000.0, &["ns", "µs", "ms", "s"]),
        Unit::Bytes => scaled(value, 1_024.0, &["B", "KiB", "MiB", "GiB", "TiB"]),
        Unit::PerSecond => rate(value),
        Unit::Share => format!("{} %", digits(value * 100.0)),
        Unit::Ratio => format!("{} ×", digits(value)),
        Unit::Count => digits(value),
    }
}

/// A mark of an axis, without the digits that say nothing: `1.5 ms`, `20,000/s`.
#[must_use]
pub fn mark(value: f64, unit: Unit) -> String {
    let text = figure(value, unit);
    let (number, rest) = text.split_at(text.find([' ', '/']).unwrap_or(text.len()));
    if !number.contains('.') {
        return text;
    }
    format!("{}{rest}", number.trim_end_matches('0').trim_end_matches('.'))
}

/// A figure with the ends of its interval, in the unit of the figure: `2.35 ms (2.31 to 2.40)`.
#[must_use]
pub fn with_interval(value: f64, interval: Interval, unit: Unit) -> String {
    let text = figure(value, unit);
    let ends = [interval.lower, interval.upper];
    let alike = |end: f64| match unit {
        Unit::Time => alike(end, value, 1_000.0, 4),
        Unit::Bytes => alike(end, value, 1_024.0, 5),
        Unit::PerSecond => rate(end).trim_end_matches("/s").to_owned(),
        Unit::Share => digits(end * 100.0),
        Unit::Ratio | Unit::Count => digits(end),
    };
    let [lower, upper] = ends.map(alike);
    if lower == upper { text } else { format!("{text} ({lower} to {upper})") }
}

/// What rounds say together, with its interval where there is one: `at least 98,000/s (95,000 to
/// 100,000)` where no more could be measured.
#[must_use]
pub fn of_rounds(summary: &Summary, unit: Unit) -> String {
    let value = summary.spread.median;
    let text = match summary.estimate {
        Some(estimate) => with_interval(value, estimate.interval, unit),
        None => figure(value, unit),
    };
    bound(text, summary.at_least)
}

/// A figure, or that it is a lower bound: `at least 98,000/s`.
#[must_use]
pub fn bound(text: String, at_least: bool) -> String {
    if at_least { format!("at least {text}") } else { text }
}

/// A change with its interval: `+12.3 % (+11.0 to +13.9)`, or the difference in the metric's unit.
#[must_use]
pub fn change(value: f64, interval: Interval, scale: Scale, unit: Unit) -> String {
    let one = |value: f64| match scale {
        Scale::Ratio => signed(value * 100.0),
        Scale::Difference => {
            let sign = if value < 0.0 { "-" } else { "+" };
            format!("{sign}{}", figure(value.abs(), unit))
        }
    };
    let percent = if scale == Scale::Ratio { " %" } else { "" };
    let Interval { lower, upper } = interval;
    format!("{}{percent} ({} to {})", one(value), one(lower), one(upper))
}

/// A ratio with its interval: `1.13 (1.08 to 1.19)`.
#[must_use]
pub fn ratio(value: f64, interval: Interval) -> String {
    format!("{value:.2} ({:.2} to {:.2})", interval.lower, interval.upper)
}

/// A whole number in groups of three: `1,234,567`.
#[must_use]
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many of something there are: `1 bundle`, `2 bundles`.
#[must_use]
pub fn several(number: usize, of: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {of}{ending}", count(number as u64))
}

/// A duration in the largest units that fit: `2 h 05 min`, `45 s`.
#[must_use]
pub fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

fn rate(value: f64) -> String {
    if value < 99.95 {
        format!("{}/s", digits(value))
    } else {
        format!("{}/s", count(whole(value)))
    }
}

fn signed(value: f64) -> String {
    format!("{}{}", if value < 0.0 { "-" } else { "+" }, digits(value.abs()))
}

/// The unit of several, each `step` times the one before, in which a value has at most three digits
/// before the point.
fn place(value: f64, step: f64, units: usize) -> usize {
    let mut size = value.abs();
    let mut place = 0;
    while size >= step - 0.5 && place + 1 < units {
        size /= step;
        place += 1;
    }
    place
}

fn scaled(value: f64, step: f64, units: &[&str]) -> String {
    let place = place(value, step, units.len());
    let power = i32::try_from(place).unwrap_or(0);
    format!("{} {}", digits(value / step.powi(power)), units[place])
}

/// A value in the unit that another one is shown in.
fn alike(value: f64, other: f64, step: f64, units: usize) -> String {
    let power = i32::try_from(place(other, step, units)).unwrap_or(0);
    digits(value / step.powi(power))
}

/// Three digits that count, or all before the point.
fn digits(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if size < 0.000_5 => "<0.001".into(),
        size if size < 0.099_95 => format!("{value:.3}"),
        size if size < 9.995 => format!("{value:.2}"),
        size if size < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        for (value, unit, expected) in [
            (0.0, Unit::Time, "0 ns"),
            (870.0, Unit::Time, "870 ns"),
            (999.7, Unit::Time, "1.00 µs"),
            (12_345.0, Unit::Time, "12.3 µs"),
            (2_345_000.0, Unit::Time, "2.35 ms"),
            (61_500_000_000.0, Unit::Time, "61.5 s"),
            (15_000.4, Unit::PerSecond, "15,000/s"),
            (0.5, Unit::PerSecond, "0.50/s"),
            (0.0, Unit::Share, "0 %"),
            (0.000_001, Unit::Share, "<0.001 %"),
            (0.012_34, Unit::Share, "1.23 %"),
            (2.02, Unit::Count, "2.02"),
            (0.03, Unit::Count, "0.030"),
            (900.0, Unit::Bytes, "900 B"),
            (85_000_000.0, Unit::Bytes, "81.1 MiB"),
        ] {
            assert_eq!(figure(value, unit), expected);
        }
        assert_eq!((count(0), count(1_234_567)), ("0".into(), "1,234,567".into()));
        assert_eq!((duration(45), duration(125)), ("45 s".into(), "2 min 05 s".into()));
        assert_eq!(duration(7_500), "2 h 05 min");
        assert_eq!((several(1, "row"), several(2, "row")), ("1 row".into(), "2 rows".into()));
    }

    #[test]
    fn the_ends_of_an_interval_are_in_the_unit_of_the_figure() {
        let interval = |lower, upper| Interval { lower, upper };
        let text = with_interval(1.2e6, interval(9.5e5, 1.31e6), Unit::Time);
        assert_eq!(text, "1.20 ms (0.95 to 1.31)");
        let text = with_interval(15_000.0, interval(14_500.0, 15_100.0), Unit::PerSecond);
        assert_eq!(text, "15,000/s (14,500 to 15,100)");
        assert_eq!(with_interval(2.0, interval(2.0, 2.0), Unit::Count), "2.00");
        assert_eq!(ratio(1.131, interval(1.08, 1.19)), "1.13 (1.08 to 1.19)");
    }

    #[test]
    fn changes_have_their_sign() {
        let interval = Interval { lower: -0.02, upper: 0.139 };
        let text = change(0.1, interval, Scale::Ratio, Unit::Time);
        assert_eq!(text, "+10.0 % (-2.00 to +13.9)");
        let interval = Interval { lower: -3.0, upper: -1.0 };
        let text = change(-2.0, interval, Scale::Difference, Unit::Bytes);
        assert_eq!(text, "-2.00 B (-3.00 B to -1.00 B)");
    }
}
