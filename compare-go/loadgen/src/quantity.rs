//! Quantities as people write and read them: durations, rates, counts, shares and bytes.

use std::time::Duration;

/// The longest duration that is taken, a week.
pub const DURATION_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

/// Reads `250us`, `1.5s`, `90s`, `10m` or `2h`; up to [`DURATION_MAX`].
///
/// # Errors
/// What is wrong with it, with what would be right.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let number: f64 = number.parse().map_err(|_| "a time is written as 500ms, 30s or 2m")?;
    let seconds = match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "" => return Err(format!("no unit: write {text}s or {text}ms")),
        other => {
            return Err(format!("`{other}` is no unit of time; there are ns, us, ms, s, m and h"));
        }
    };
    let seconds = number * seconds;
    if !(0.0..=DURATION_MAX.as_secs_f64()).contains(&seconds) {
        return Err("the longest time is a week, 168h".into());
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// Reads a rate for each second: `250`, `0.5`, `15k`, `1.2M`, each with or without `/s`.
///
/// # Errors
/// What is wrong with it, with what would be right.
pub fn parse_rate(text: &str) -> Result<f64, String> {
    let bare = text.strip_suffix("/s").unwrap_or(text);
    let (number, unit) = split(bare);
    let number: f64 = number.parse().map_err(|_| "a rate is written as 250, 0.5 or 15k")?;
    let factor = match unit {
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        other => {
            return Err(format!("`{other}` is no unit of a rate; write 15000, 15k or 15000/s"));
        }
    };
    Ok(number * factor)
}

/// Reads a share of one, written in percent: `0.1%`.
///
/// # Errors
/// What is wrong with it, with what would be right.
pub fn parse_share(text: &str) -> Result<f64, String> {
    let Some(percent) = text.strip_suffix('%') else {
        return Err(format!("a share is written in percent: {text}%"));
    };
    let percent: f64 = percent.trim_end().parse().map_err(|_| "a share is written as 0.1%")?;
    if !(0.0..=100.0).contains(&percent) {
        return Err("a share is from 0% to 100%".into());
    }
    Ok(percent / 100.0)
}

/// Where the number ends and its unit begins.
pub(crate) fn split(text: &str) -> (&str, &str) {
    let digit = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    let end = text.bytes().position(|byte| !digit(byte)).unwrap_or(text.len());
    text.split_at(end)
}

/// A duration of `ns` nanoseconds with three digits: `2.35 ms`.
#[must_use]
pub fn time(ns: f64) -> String {
    let (value, unit) = match ns.abs() {
        size if size < 999.5 => return format!("{ns:.0} ns"),
        size if size < 999_500.0 => (ns / 1e3, "us"),
        size if size < 999_500_000.0 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    format!("{} {unit}", three_digits(value))
}

/// A number with three digits that count, or all before the point.
#[must_use]
pub fn three_digits(value: f64) -> String {
    match value.abs() {
        size if size < 9.995 => format!("{value:.2}"),
        size if size < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
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

/// A rate for each second: `12,345/s`, or `0.50/s` where it is small.
#[must_use]
pub fn rate(per_second: f64) -> String {
    if per_second < 99.95 {
        return format!("{}/s", three_digits(per_second));
    }
    format!("{}/s", count(whole(per_second)))
}

/// A share of one: `99.95 %`. Never rounded to all or nothing where it is neither.
#[must_use]
pub fn share(part: f64) -> String {
    let percent = part * 100.0;
    if part > 0.0 && percent < 0.01 {
        return "<0.01 %".into();
    }
    if part < 1.0 && percent > 99.99 {
        return ">99.99 %".into();
    }
    let digits = if percent == percent.round() { 0 } else { 2 };
    format!("{percent:.digits$} %")
}

/// A number of bytes: `1.46 GiB`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn bytes(value: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let mut size = value as f64;
    let mut unit = "B";
    for next in units {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = next;
    }
    if unit == "B" { format!("{value} B") } else { format!("{} {unit}", three_digits(size)) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_units() {
        for (text, ns) in [
            ("250us", 250_000),
            ("1.5s", 1_500_000_000),
            ("10ms", 10_000_000),
            ("2m", 120_000_000_000),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text).unwrap().as_nanos(), ns, "{text}");
        }
        for (text, remedy) in [
            ("10", "write 10s or 10ms"),
            ("10x", "`x` is no unit"),
            ("s", "is written as"),
            ("-1s", "is written as"),
            ("1.2.3s", "is written as"),
            ("200h", "168h"),
        ] {
            assert!(parse_duration(text).unwrap_err().contains(remedy), "{text}");
        }
    }

    #[test]
    fn rates_are_read_with_their_units() {
        for (text, rate) in
            [("250", 250.0), ("15k", 15_000.0), ("0.5/s", 0.5), ("1.2M/s", 1_200_000.0)]
        {
            assert!((parse_rate(text).unwrap() - rate).abs() < 1e-6, "{text}");
        }
        for text in ["", "k", "15x", "-3", "inf", "NaN", "1..2"] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_shown_with_the_digits_that_count() {
        for (ns, text) in [
            (0.0, "0 ns"),
            (999.4, "999 ns"),
            (999.9, "1.00 us"),
            (12_345.0, "12.3 us"),
            (999_600.0, "1.00 ms"),
            (2_345_000.0, "2.35 ms"),
            (123_400_000.0, "123 ms"),
            (61_500_000_000.0, "61.5 s"),
        ] {
            assert_eq!(time(ns), text);
        }
        assert_eq!(
            (count(0), count(999), count(1_234_567)),
            ("0".into(), "999".into(), "1,234,567".into())
        );
        assert_eq!((rate(0.5), rate(15_000.4)), ("0.50/s".into(), "15,000/s".into()));
        assert_eq!((bytes(900), bytes(1_567_000_000)), ("900 B".into(), "1.46 GiB".into()));
    }

    #[test]
    fn a_share_is_not_rounded_to_all_or_nothing() {
        for (part, text) in [
            (0.0, "0 %"),
            (0.000_001, "<0.01 %"),
            (0.5, "50 %"),
            (0.9995, "99.95 %"),
            (0.999_999, ">99.99 %"),
            (1.0, "100 %"),
        ] {
            assert_eq!(share(part), text);
        }
    }
}
