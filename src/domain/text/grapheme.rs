//! Texts cut to a length, not in the midst of what a reader takes for one character.

use std::sync::LazyLock;

use regex::Regex;

/// What a shortened text ends with.
const CUT: &str = "...";

/// An extended grapheme cluster as Unicode's Standard Annex 29 defines it by a regular expression (table 1c); conjuncts of
/// Indic scripts (GB9c) are clusters of their own.
static CLUSTER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?xs)
        \r\n | [\p{gcb=Control}\r\n]
        | \p{gcb=Prepend}*
          (?: \p{gcb=RI}\p{gcb=RI}
            | \p{Extended_Pictographic} (?: \p{gcb=Extend}* \x{200D} \p{Extended_Pictographic} )*
            | \p{gcb=L}* (?: \p{gcb=V}+ | \p{gcb=LV}\p{gcb=V}* | \p{gcb=LVT} ) \p{gcb=T}* | \p{gcb=L}+ | \p{gcb=T}+
            | [^\p{gcb=Control}\r\n] )
          [\p{gcb=Extend}\p{gcb=SpacingMark}\x{200D}]*
        | .",
    )
    .expect("the expression is a constant that is valid")
});

/// The characters of a text as a reader counts them.
pub(crate) fn clusters(text: &str) -> impl Iterator<Item = &str> {
    CLUSTER.find_iter(text).map(|found| found.as_str())
}

/// How long a text is in UTF-16 units, in which a service that is written in Java or JavaScript counts.
pub(crate) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A text of at most `most` units: the beginning, up to a word's end if one is near, where the whole one is longer.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if units(text) <= most {
        return text.to_owned();
    }
    let Some(room) = most.checked_sub(CUT.len()) else { return String::new() };
    let (mut end, mut used, mut word) = (0, 0, 0);
    for cluster in clusters(text) {
        used += units(cluster);
        if used > room {
            break;
        }
        if cluster == " " {
            word = end;
        }
        end += cluster.len();
    }
    let is_word_end = text[end..].starts_with(' ');
    let end = if !is_word_end && word > end / 2 { word } else { end };
    text[..end].trim_end_matches(' ').to_owned() + CUT
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_character_is_what_a_reader_takes_for_one() {
        for (text, wanted) in [
            ("ab", 2),
            ("e\u{301}x", 2),
            ("\r\n", 1),
            ("👩\u{200d}👩\u{200d}👧\u{200d}👦👍🏽", 2),
            ("🇨🇭🇩🇪", 2),
            ("한\u{1112}\u{1161}\u{11ab}", 2),
            ("नि", 1),
            ("❤\u{fe0f}", 1),
        ] {
            assert_eq!(clusters(text).count(), wanted, "{text:?}");
            assert_eq!(clusters(text).collect::<String>(), text);
        }
    }

    #[test]
    fn a_text_is_cut_behind_a_word_or_else_behind_a_character() {
        for (text, most, cut) in [
            ("as it is", 8, "as it is"),
            ("one two three", 11, "one two..."),
            ("one two three", 10, "one two..."),
            ("a bcdefghijklmnop", 10, "a bcdef..."),
            ("🇨🇭🇩🇪🇫🇷", 8, "🇨🇭..."),
            ("👩\u{200d}👩\u{200d}👧\u{200d}👦", 10, "..."),
            ("abc", 2, ""),
        ] {
            assert_eq!(shortened(text, most), cut, "{text} {most}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_longer_than_it_may_be_or_cut_in_the_midst_of_a_character(text in "(?s).{0,60}", most in 0..40_usize) {
            let cut = shortened(&text, most);
            prop_assert!(units(&cut) <= most);
            let whole: Vec<&str> = clusters(&text).collect();
            let kept = if cut == text { cut.as_str() } else { cut.strip_suffix(CUT).unwrap_or_default() };
            let kept: Vec<&str> = clusters(kept).collect();
            prop_assert_eq!(&whole[..kept.len()], &kept[..]);
        }
    }
}
