//! Regular expressions that a person wrote.

use regex::Regex;

/// A compiled pattern.
///
/// # Errors
/// What is wrong with it, in words that follow the case's name.
pub fn regular_expression(place: &str, pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| {
        // The last line says what is wrong; those before draw the pattern.
        let reason = error.to_string().lines().last().unwrap_or_default().replace("error: ", "");
        format!("has no regular expression in {place}: \"{pattern}\" ({reason})")
    })
}
