//! The `Date` field: IMF-fixdate (RFC 9110 section 5.6.7), made once a second.

use crate::time::Timestamp;

/// `Sun, 06 Nov 1994 08:49:37 GMT`
pub const DATE_BYTES: usize = 29;

/// The current date as text. Making it anew costs some divisions, once in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateCache {
    text: [u8; DATE_BYTES],
    unix_s: u64,
}

impl Default for DateCache {
    fn default() -> Self {
        Self { text: imf_fixdate(0), unix_s: 0 }
    }
}

impl DateCache {
    /// The date of `now`.
    pub fn at(&mut self, now: Timestamp) -> &[u8; DATE_BYTES] {
        let unix_s = now.unix_s();
        if unix_s != self.unix_s {
            *self = Self { text: imf_fixdate(unix_s), unix_s };
        }
        &self.text
    }
}

/// The date `unix_s` seconds after the epoch. After the year 9999, which has no such text, the
/// last second of that year.
#[must_use]
pub fn imf_fixdate(unix_s: u64) -> [u8; DATE_BYTES] {
    const LAST_S: u64 = 253_402_300_799;
    let unix_s = unix_s.min(LAST_S);
    let days = unix_s / 86_400;
    let (year, month, day) = civil(days);
    let mut text = *b"Thu, 01 Jan 1970 00:00:00 GMT";
    // The epoch was a Thursday.
    text[..3].copy_from_slice(of_three(b"ThuFriSatSunMonTueWed", days % 7));
    two_digits(&mut text[5..7], day);
    text[8..11].copy_from_slice(of_three(b"JanFebMarAprMayJunJulAugSepOctNovDec", month - 1));
    two_digits(&mut text[12..14], year / 100);
    two_digits(&mut text[14..16], year % 100);
    two_digits(&mut text[17..19], unix_s / 3_600 % 24);
    two_digits(&mut text[20..22], unix_s / 60 % 60);
    two_digits(&mut text[23..25], unix_s % 60);
    text
}

/// Year, month and day of a day since the epoch, in the Gregorian calendar.
///
/// Years are counted from 1 March, so that the leap day is a year's last, and in eras of 400 years,
/// which all have 146,097 days. The epoch is day 719,468 since 1 March of the year 0.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Five months from March on have 153 days: 31, 30, 31, 30, 31.
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (400 * era + year_of_era + u64::from(month <= 2), month, day)
}

fn of_three(names: &[u8], index: u64) -> &[u8] {
    let start = usize::try_from(index).unwrap_or(0) * 3;
    &names[start..start + 3]
}

fn two_digits(out: &mut [u8], value: u64) {
    debug_assert!(value < 100);
    for (digit, value) in out.iter_mut().zip([value / 10, value % 10]) {
        *digit = b'0' + u8::try_from(value).unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn date(unix_s: u64) -> String {
        String::from_utf8(imf_fixdate(unix_s).to_vec()).unwrap()
    }

    //= https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
    //# An example of the preferred format is
    //# Sun, 06 Nov 1994 08:49:37 GMT ; IMF-fixdate
    #[test]
    fn dates_are_those_of_other_clocks() {
        for (unix_s, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (u64::MAX, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(date(unix_s), text);
        }
    }

    #[test]
    fn every_day_of_eight_centuries_follows_the_day_before() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..292_194 {
            assert_eq!(civil(days), (year, month, day));
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month {
                2 => 28 + u64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            (year, month, day) = match (month, day) {
                (12, 31) => (year + 1, 1, 1),
                (_, day) if day == last => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
        }
    }

    #[test]
    fn the_cache_follows_the_clock_both_ways() {
        let mut cache = DateCache::default();
        for ms in [0, 999, 1_000, 1_999, 784_111_777_000, 784_111_777_999, 784_111_778_000, 0] {
            assert_eq!(cache.at(Timestamp(ms)), &imf_fixdate(ms / 1_000));
        }
    }
}
