//! Times as people write them: `30s`, `5m`.

use std::ops::RangeInclusive;
use std::time::Duration;

use humantime::format_duration;

/// The longest time that anything waits for: more than any build has (AWS CodeBuild quotas: 36 hours), and little enough
/// for every clock.
pub(crate) const LONGEST: Duration = Duration::from_hours(30 * 24);

/// The shortest time in which an answer can come.
pub(crate) const SHORTEST: Duration = Duration::from_millis(1);

/// Reads a time in that range.
///
/// # Errors
/// What is wrong with it, and how it is written.
pub(crate) fn parse(text: &str, range: RangeInclusive<Duration>) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| format!("{error}; write for example 30m or 90s"))?;
    if range.contains(&time) {
        Ok(time)
    } else {
        Err(format!(
            "it is out of range; write {} to {}",
            format_duration(*range.start()),
            format_duration(*range.end())
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_its_range_or_refused_with_it() {
        let time = |text| parse(text, SHORTEST..=LONGEST);
        assert_eq!(time("1h 30m"), Ok(Duration::from_mins(90)));
        assert_eq!(time("1ms"), Ok(SHORTEST));
        assert_eq!(time("30days"), Ok(LONGEST));
        for text in ["0s", "31days", "18446744073709551615s", "584542046090years"] {
            assert_eq!(time(text), Err("it is out of range; write 1ms to 30days".to_owned()), "{text}");
        }
        for text in ["", "soon", "5", "-1s", "99999999999999999999s", "18446744073709551615years"] {
            let error = time(text).expect_err(text);
            assert!(error.ends_with("; write for example 30m or 90s"), "{error}");
        }
    }
}
