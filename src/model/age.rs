//! How long ago something was, for people.

use jiff::{Timestamp, Unit};

/// How long before `now` a moment in RFC 3339 was, in two units: `3h 12m`, `45s`.
#[must_use]
pub fn age(created_at: &str, now: Timestamp) -> Option<String> {
    let span = now.since(created_at.parse::<Timestamp>().ok()?).ok()?;
    let seconds = span.total(Unit::Second).ok()?.max(0.0) as u64;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    Some(match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, minutes) => format!("{hours}h {minutes}m"),
        (days, hours, _) => format!("{days}d {hours}h"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_two_units() {
        let now = "2026-01-03T02:03:04Z".parse().unwrap();
        let told = |at: &str| age(at, now).unwrap();
        assert_eq!(told("2026-01-03T02:02:59Z"), "5s");
        assert_eq!(told("2026-01-03T01:59:04Z"), "4m");
        assert_eq!(told("2026-01-03T00:00:04Z"), "2h 3m");
        assert_eq!(told("2026-01-01T00:00:00Z"), "2d 2h");
        assert_eq!(told("2026-02-01T00:00:00Z"), "0s", "a clock that was set back");
        assert_eq!(age("never", now), None);
    }
}
