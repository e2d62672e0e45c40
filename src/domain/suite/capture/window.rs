//! The time of which captured requests are taken, and the hours that capture files are put under.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::domain::text::duration;

/// `since` or `until` as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// So long before the run.
    Ago(Duration),
    At(Timestamp),
}

impl When {
    /// # Errors
    /// What is wrong with it, in words that follow its name.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        duration::parse(text, duration::SHORTEST..=LONGEST)
            .map(Self::Ago)
            .map_err(|why| format!("\"{text}\" ({why}, or a time as 2026-11-29T08:00:00Z)"))
    }

    fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::MIN),
        }
    }
}

/// Who looks for older traffic names its times.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// From one time until before another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Window {
    pub(crate) fn new(since: Option<When>, until: Option<When>, now: Timestamp) -> Self {
        Self { since: since.map(|when| when.at(now)), until: until.map(|when| when.at(now)) }
    }

    /// Whether times matter.
    pub(crate) fn is_bounded(self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    pub(crate) fn holds(self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }

    /// Whether a file may hold requests of this time. The path of a capture file ends in `yyyy/mm/dd/hh/NAME`, the hour in
    /// UTC in which it was asked (SageMaker developer guide, "Capture data from real-time endpoint").
    pub(crate) fn may_hold(self, path: &str) -> bool {
        let Some((begin, end)) = hour_of(path) else { return true };
        self.since.is_none_or(|since| end > since) && self.until.is_none_or(|until| begin < until)
    }

    /// The first folder of hours that may hold any, under the folder of a variant: `2026/11/29/08/`.
    pub(crate) fn first_hour(self) -> Option<String> {
        let since = self.since?.to_zoned_datetime(TimeZone::UTC);
        Some(since.strftime("%Y/%m/%d/%H/").to_string())
    }

    /// In words that follow what was looked for.
    pub(crate) fn in_words(self) -> String {
        let part = |word: &str, at: Option<Timestamp>| at.map(|at| format!(" {word} {at:.0}")).unwrap_or_default();
        part("since", self.since) + &part("until", self.until)
    }
}

/// Whether a path begins with a folder of hours.
pub(crate) fn begins_with_hour(path: &str) -> bool {
    let parts: Vec<&str> = path.splitn(5, '/').collect();
    parts.len() == 5 && hour(&parts[..4]).is_some()
}

/// When the hour of a file begins and ends.
fn hour_of(path: &str) -> Option<(Timestamp, Timestamp)> {
    let mut parts: Vec<&str> = path.rsplitn(6, '/').skip(1).take(4).collect();
    parts.reverse();
    let begin = hour(&parts)?;
    Some((begin, begin.checked_add(Duration::from_hours(1)).ok()?))
}

fn hour(parts: &[&str]) -> Option<Timestamp> {
    let [year, month, day, hour] = parts else { return None };
    let number = |text: &str, digits: usize| {
        let is_plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| text.parse::<i16>().ok()).flatten()
    };
    let small = |text: &str| i8::try_from(number(text, 2)?).ok();
    let (year, month, day, hour) = (number(year, 4)?, small(month)?, small(day)?, small(hour)?);
    let day = Date::new(year, month, day).ok()?;
    let at = day.to_datetime(Time::new(hour, 0, 0, 0).ok()?);
    at.to_zoned_datetime(TimeZone::UTC).ok().map(|at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(since: &str, until: Option<&str>) -> Window {
        let now = "2026-11-30T08:30:00Z".parse().expect("a time");
        let when = |text: &str| When::parse(text).expect(text);
        Window::new(Some(when(since)), until.map(when), now)
    }

    #[test]
    fn files_of_other_hours_are_left_out_and_those_of_none_are_read() {
        let yesterday = window("24h", Some("2026-11-30T02:00:00Z"));
        for (path, may_hold) in [
            ("e/AllTraffic/2026/11/29/07/a.jsonl", false),
            ("e/AllTraffic/2026/11/29/08/a.jsonl", true),
            ("e/AllTraffic/2026/11/30/01/a.jsonl", true),
            ("e/AllTraffic/2026/11/30/02/a.jsonl", false),
            ("2026/11/29/07/a.jsonl", false),
            ("a.jsonl", true),
            ("e/v/2026/13/29/07/a.jsonl", true),
        ] {
            assert_eq!(yesterday.may_hold(path), may_hold, "{path}");
        }
        assert_eq!(yesterday.first_hour().as_deref(), Some("2026/11/29/08/"));
        assert_eq!(yesterday.in_words(), " since 2026-11-29T08:30:00Z until 2026-11-30T02:00:00Z");
        assert!(begins_with_hour("2026/11/29/07/a.jsonl") && !begins_with_hour("AllTraffic/2026/11/29/07/a.jsonl"));
    }

    #[test]
    fn a_time_begins_with_it_and_ends_before_it() {
        let hour = window("2026-11-29T08:00:00Z", Some("2026-11-29T09:00:00Z"));
        let holds = |text: &str| hour.holds(text.parse().expect(text));
        assert!(holds("2026-11-29T08:00:00Z") && holds("2026-11-29T08:59:59Z"));
        assert!(!holds("2026-11-29T07:59:59Z") && !holds("2026-11-29T09:00:00Z"));
        assert!(!Window::default().is_bounded() && Window::default().holds(Timestamp::MIN));
        for text in ["soon", "0s", "400days", "2026-11-29"] {
            assert!(When::parse(text).expect_err(text).contains("2026-11-29T08:00:00Z"));
        }
    }
}
