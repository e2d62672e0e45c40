//! Texts of the other side, as messages show them.

use super::printable::on_one_line;

/// More of a body than this is noise in a message; the whole one is in the results.
const SHOWN_CHARS: usize = 200;

/// The beginning of a long text, with what was left out counted, on one line: a model's answer must not look like a
/// message of ours, nor speak to the terminal.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        None => on_one_line(text).into_owned(),
        Some((end, _)) => format!("{}... ({} more bytes)", on_one_line(&text[..end]), text.len() - end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_is_cut_in_messages() {
        assert_eq!(cut(&"\u{e9}".repeat(250)).chars().count(), 200 + "... (100 more bytes)".len());
    }

    #[test]
    fn a_text_of_several_lines_stays_on_one() {
        assert_eq!(cut("a\nb\x1b[1m"), "a\\nb\\u{1b}[1m");
    }
}
