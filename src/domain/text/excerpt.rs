//! Texts of the other side, as messages show them.

use crate::domain::text::printable::on_one_line;

/// More of a body than this is noise in a message; the whole one is in the results.
pub(crate) const SHOWN_CHARS: usize = 200;

/// The beginning of a long text, with what was left out counted, on one line: a model's answer must not look like a
/// message of ours, nor speak to the terminal.
pub(crate) fn cut(text: &str) -> String {
    cut_to(text, SHOWN_CHARS)
}

/// The same, with another length.
pub(crate) fn cut_to(text: &str, most_chars: usize) -> String {
    match text.char_indices().nth(most_chars) {
        None => on_one_line(text).into_owned(),
        Some((end, _)) => on_one_line(&text[..end]).into_owned() + &cut_mark(text.len() - end),
    }
}

/// Longer than any message that is meant, and than those of AWS that are meant for another program to read.
const MOST_BYTES: usize = 16 << 10;

/// A text; of one that nobody reads to its end the beginning, with what was left out counted.
pub(crate) fn bounded(text: impl Into<String>) -> String {
    let text = text.into();
    if text.len() <= MOST_BYTES {
        return text;
    }
    let end = text.floor_char_boundary(MOST_BYTES);
    text[..end].to_owned() + &cut_mark(text.len() - end)
}

const CUT: &str = "... (";
const MORE: &str = " more bytes)";

/// What stands where a text was cut.
fn cut_mark(bytes_left: usize) -> String {
    format!("{CUT}{bytes_left}{MORE}")
}

/// Where in a text that is shown another one was cut, and may have been cut in the midst of a secret.
pub(super) fn cuts_in(text: &str) -> impl Iterator<Item = usize> {
    text.match_indices(CUT).filter_map(|(at, _)| {
        let rest = text[at + CUT.len()..].trim_start_matches(|any: char| any.is_ascii_digit());
        rest.starts_with(MORE).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_reads_to_its_end_has_one() {
        let long = "\u{e9}".repeat(100_000);
        assert_eq!(bounded(long.as_str()), format!("{}... (183616 more bytes)", "\u{e9}".repeat(8192)));
        assert_eq!(bounded("as it is"), "as it is");
    }

    #[test]
    fn a_long_body_is_cut_in_messages() {
        assert_eq!(cut(&"\u{e9}".repeat(250)).chars().count(), 200 + "... (100 more bytes)".len());
    }

    #[test]
    fn a_text_of_several_lines_stays_on_one() {
        assert_eq!(cut("a\nb\x1b[1m"), "a\\nb\\u{1b}[1m");
    }
}
