//! Times as people read them.
use chrono::DateTime;

/// A moment relative to `now` with its date, both unix time in seconds.
pub fn moment(at: i64, now: i64) -> String {
    let date = date(at);
    match at.saturating_sub(now) {
        0 => format!("now ({date})"),
        left if left > 0 => format!("in {} ({date})", duration(left)),
        passed => format!("{} ago ({date})", duration(passed.saturating_neg())),
    }
}

/// A moment's date.
pub fn date(at: i64) -> String {
    DateTime::from_timestamp(at, 0)
        .map_or_else(|| format!("unix time {at}"), |t| t.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// A moment after "until" or "from": the date comes first.
pub fn by(at: i64, now: i64) -> String {
    let date = date(at);
    match at.saturating_sub(now) {
        left if left > 0 => format!("{date} (in {})", duration(left)),
        0 => format!("{date} (now)"),
        passed => format!("{date} ({} ago)", duration(passed.saturating_neg())),
    }
}

/// Seconds in the two largest units that fit.
pub fn duration(seconds: i64) -> String {
    let units = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let mut left = seconds.max(0);
    let mut parts = Vec::new();
    for (name, length) in units {
        let count = left / length;
        left %= length;
        if count > 0 && parts.len() < 2 {
            parts.push(format!("{count} {name}"));
        }
    }
    if parts.is_empty() { "0 s".into() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_says_how_far_it_is_and_when() {
        assert_eq!(moment(1_700_000_065, 1_700_000_000), "in 1 min 5 s (2023-11-14 22:14:25 UTC)");
        assert_eq!(moment(1_700_000_000, 1_700_090_000), "1 d 1 h ago (2023-11-14 22:13:20 UTC)");
        assert_eq!(by(1_700_000_065, 1_700_000_000), "2023-11-14 22:14:25 UTC (in 1 min 5 s)");
        assert_eq!(moment(7, 7), "now (1970-01-01 00:00:07 UTC)");
    }

    #[test]
    fn times_that_are_no_date_are_shown_as_numbers() {
        assert_eq!(date(i64::MAX), format!("unix time {}", i64::MAX));
        assert_eq!(duration(0), "0 s");
    }
}
