//! Regular expressions that a person wrote into cases.

use regex::Regex;

/// Longer than any pattern that is meant.
const MOST_BYTES: usize = 10_000;

/// A compiled pattern.
///
/// # Errors
/// What is wrong with it, in words that follow the case's name.
pub(crate) fn regular_expression(place: &str, pattern: &str) -> Result<Regex, String> {
    let length = pattern.len();
    if length > MOST_BYTES {
        return Err(format!(
            "has no regular expression in {place}: it has {length} bytes, and {MOST_BYTES} are read; shorten it"
        ));
    }
    Regex::new(pattern).map_err(|error| {
        // The last line says what is wrong; those before draw the pattern.
        let reason = error.to_string().lines().last().unwrap_or_default().replace("error: ", "");
        format!("has no regular expression in {place}: \"{pattern}\" ({reason}); write a pattern as docs.rs/regex describes it")
    })
}

/// Whether a pattern is as short as it is written: a counted repetition can make a thousand patterns of one.
pub(crate) fn is_plain(regex: &Regex) -> bool {
    const MOST_PLAIN_BYTES: usize = 1000;
    regex.as_str().len() <= MOST_PLAIN_BYTES && !regex.as_str().contains('{')
}
