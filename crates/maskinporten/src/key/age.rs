//! How old a key is, as far as its name tells: Maskinporten forgets each key a year after it was uploaded.

use std::time::{Duration, SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;
/// 1 January 2025, from which `altinn-jwks` counts.
const YEAR_2025: u64 = 1_735_689_600;

/// How long Maskinporten keeps a key.
pub(super) const LIFETIME: Duration = Duration::from_secs(365 * DAY);

/// The moment `seconds` after 1970, if there is one.
pub(super) fn at(seconds: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// When a key was made, to a few hours, if its `kid` follows a convention that says so: that of `altinn-jwks` 2
/// (`name-TEST.BKBQ`: minutes since 2025) and 1 (`name-TEST.2024-07-10`), or that of Altinn's key rotation
/// (`name-20260701120000`).
pub(super) fn of_kid(kid: &str) -> Option<SystemTime> {
    let seconds = match kid.rsplit_once('.') {
        Some((set, suffix)) if set.ends_with("-TEST") || set.ends_with("-PROD") => {
            minutes(suffix).or_else(|| date(suffix))?
        }
        _ => timestamp(kid.rsplit_once('-')?.1)?,
    };
    at(seconds)
}

/// The beginning of a day, `yyyy-MM-dd`, in UTC.
pub(crate) fn of_date(text: &str) -> Option<SystemTime> {
    date(text).and_then(at)
}

/// Three bytes, in four characters of base64url.
fn minutes(suffix: &str) -> Option<u64> {
    let [a, b, c]: [u8; 3] = BASE64URL.decode(suffix).ok()?.try_into().ok()?;
    let minutes = u32::from_be_bytes([0, a, b, c]);
    Some(YEAR_2025 + u64::from(minutes) * MINUTE)
}

/// `yyyy-MM-dd`.
fn date(suffix: &str) -> Option<u64> {
    let mut parts = suffix.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || [year.len(), month.len(), day.len()] != [4, 2, 2] {
        return None;
    }
    days(number(year)?, number(month)?, number(day)?).map(|days| days * DAY)
}

/// `yyyyMMddHHmmss`; what is below a day does not matter here.
fn timestamp(suffix: &str) -> Option<u64> {
    if suffix.len() != 14 || !suffix.is_ascii() {
        return None;
    }
    number(suffix)?;
    let (year, month, day) = (&suffix[..4], &suffix[4..6], &suffix[6..8]);
    days(number(year)?, number(month)?, number(day)?).map(|days| days * DAY)
}

fn number(digits: &str) -> Option<u64> {
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| digits.parse().ok()).flatten()
}

/// The days from 1970 to a date of the Gregorian calendar, counted in years that begin in March.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1970..=2999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    // 719 468 days before 1970 is 1 March of the year 0.
    (365 * year + leap_days + day_of_year).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(kid: &str) -> Option<u64> {
        let at = of_kid(kid)?;
        Some(at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn conventions_of_kids_are_known() {
        // `date -ud 2024-07-10 +%s`, and so on.
        assert_eq!(seconds("testklient-TEST.2024-07-10"), Some(1_720_569_600));
        assert_eq!(
            seconds("correspondence-20260701120000"),
            Some(1_782_864_000)
        );
        // 0x04a050 minutes.
        assert_eq!(
            seconds("name-PROD.BKBQ"),
            Some(YEAR_2025 + 0x0004_a050 * 60)
        );
        assert_eq!(seconds("k-TEST.2024-02-29"), Some(1_709_164_800));
        assert_eq!(seconds("k-19700101000000"), Some(0));
    }

    #[test]
    fn other_kids_say_nothing() {
        for kid in [
            "",
            "my-key",
            "name.BKBQ",
            "name-TEST.BKB",
            "name-TEST.2024-13-10",
            "name-TEST.24-1-1",
            "name-TEST.2024-07-10-1",
            "f70542a8-d97a-40a8-9ef7-221603ffd5e6",
            "name-2026070112000",
            "name-202607011200æ",
        ] {
            assert_eq!(seconds(kid), None, "{kid}");
        }
    }
}
