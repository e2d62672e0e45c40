//! Prose in lines.

/// Lines of at most `width` characters, unless a word is longer.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_words_and_a_longer_word_has_one_of_its_own() {
        assert_eq!(wrapped("a bc  def\nghijklm n", 6), ["a bc", "def", "ghijklm", "n"]);
        assert!(wrapped(" ", 6).is_empty());
    }
}
