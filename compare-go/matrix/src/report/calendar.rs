//! Moments as people write them.

use crate::bundle::write::date;

/// A moment in UTC, to the second: `2027-03-01 00:00:10`.
pub(super) fn utc(unix_ms: u64) -> String {
    let (seconds, day) = (unix_ms / 1_000 % 86_400, unix_ms / 86_400_000);
    let (year, month, day) = date(day);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_that_of_the_calendar() {
        assert_eq!(utc(0), "1970-01-01 00:00:00");
        assert_eq!(utc(951_868_799_999), "2000-02-29 23:59:59");
    }
}
