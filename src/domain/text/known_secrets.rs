//! Secrets that are known, found in texts however these spell them, and masked.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::excerpt;
use super::masking::without;
use super::spelling::{BEGINNINGS, add_ends};

/// What is shorter is as likely to be a word as to be a secret.
const LEAST: usize = 6;

/// So much of a secret's beginning gives it away where the rest of it was cut off.
const LEAST_OF_CUT: usize = 16;

/// Secrets that are known.
#[derive(Debug)]
pub(crate) struct Secrets {
    by_first: HashMap<char, Vec<String>>,
    /// By the first byte of a text, whether one may begin there.
    may_begin: [bool; 256],
}

impl Default for Secrets {
    fn default() -> Self {
        let mut may_begin = [false; 256];
        for byte in BEGINNINGS {
            may_begin[usize::from(byte)] = true;
        }
        Self { by_first: HashMap::new(), may_begin }
    }
}

impl Secrets {
    pub(crate) fn learn(&mut self, secret: &str) {
        let Some(first) = secret.chars().next().filter(|_| secret.len() >= LEAST && !self.knows(secret)) else {
            return;
        };
        self.may_begin[usize::from(secret.as_bytes()[0])] = true;
        self.by_first.entry(first).or_default().push(secret.to_owned());
    }

    pub(crate) fn knows(&self, secret: &str) -> bool {
        let known = secret.chars().next().and_then(|first| self.by_first.get(&first));
        known.is_some_and(|known| known.iter().any(|one| one == secret))
    }

    /// The text without them, however it spells them.
    pub(crate) fn masked<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.masked_of(text, LEAST)
    }

    /// The bytes of what is no text as a whole without them: in the parts that are, and where they are in UTF-16.
    pub(crate) fn masked_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut masked: Vec<u8> = Vec::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            masked.extend_from_slice(self.masked(chunk.valid()).as_bytes());
            masked.extend_from_slice(chunk.invalid());
        }
        for secret in self.by_first.values().flatten() {
            for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                let wide: Vec<u8> = secret.encode_utf16().flat_map(to_bytes).collect();
                let mut at = 0;
                while let Some(found) = masked[at..].windows(wide.len()).position(|window| window == wide) {
                    masked[at + found..at + found + wide.len()].fill(b'*');
                    at += found + wide.len();
                }
            }
        }
        masked
    }

    /// The text without those that no word is as long as: a value of `NoEcho` may be the name of a stage.
    pub(crate) fn masked_but_words<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.masked_of(text, LEAST_OF_CUT)
    }

    fn masked_of<'a>(&self, text: &'a str, least: usize) -> Cow<'a, str> {
        if self.by_first.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut found: Vec<Range<usize>> = Vec::new();
        let mut at = 0;
        while let Some(byte) = text.as_bytes().get(at) {
            let may_begin = self.may_begin[usize::from(*byte)] && text.is_char_boundary(at);
            let end = if may_begin { self.longest(text, at, least) } else { None };
            if let Some(end) = end {
                let before = found.last().map_or(0, |last| last.end);
                found.push(start_of_spelling(text, at).max(before)..end);
            }
            at = end.unwrap_or(at + 1);
        }
        without(text, &with(found, self.before_cuts(text, least)))
    }

    /// Where the longest of them ends that begins at `at`.
    fn longest(&self, text: &str, at: usize, least: usize) -> Option<usize> {
        let first = text[at..].chars().next()?;
        let is_spelling = BEGINNINGS.contains(&text.as_bytes()[at]);
        let spelt = self.by_first.values().flatten().filter(|_| is_spelling);
        let plain = self.by_first.get(&first).into_iter().flatten().filter(|_| !is_spelling);
        let secrets = spelt.chain(plain).filter(|secret| secret.len() >= least);
        secrets.filter_map(|secret| end_in(text, at, secret)).max()
    }

    /// What is left of secrets where `excerpt` cut a text in the midst of them.
    fn before_cuts(&self, text: &str, least: usize) -> Vec<Range<usize>> {
        let secrets = || self.by_first.values().flatten().filter(|secret| secret.len() >= least);
        excerpt::cuts_in(text)
            .filter_map(|end| {
                let before = &text[..end];
                let left = |secret: &String| {
                    let first = before.floor_char_boundary(end.saturating_sub(secret.len() * LONGEST_SPELLING));
                    (first..end).find(|at| before.is_char_boundary(*at) && is_begun(before, *at, secret))
                };
                Some(secrets().filter_map(left).min()?..end)
            })
            .collect()
    }
}

/// So many bytes of a text may be one of a secret, as `\u00e9` is of two.
const LONGEST_SPELLING: usize = 6;

/// Where an escape begins of which a part looks like the beginning of a secret: half of it would be no text.
fn start_of_spelling(text: &str, at: usize) -> usize {
    let bytes = &text.as_bytes()[..at];
    let digits = bytes.iter().rev().take(3).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let is_escape = |end: usize| bytes[..end].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    let number = (0..=digits).map(|digits| at - digits).find(|end| bytes[..*end].ends_with(b"u") && is_escape(end - 1));
    match number {
        Some(end) => end - 2,
        None if is_escape(at) => at - 1,
        None => at,
    }
}

/// Ranges of two kinds in their order, those that overlap as one.
fn with(mut ranges: Vec<Range<usize>>, others: Vec<Range<usize>>) -> Vec<Range<usize>> {
    if others.is_empty() {
        return ranges;
    }
    ranges.extend(others);
    ranges.sort_by_key(|range| range.start);
    ranges.dedup_by(|next, last| {
        let overlaps = next.start < last.end;
        if overlaps {
            last.end = last.end.max(next.end);
        }
        overlaps
    });
    ranges
}

/// How many bytes of a secret stand at `at` as they are, with nothing among them that may spell something else.
fn same_in(text: &str, at: usize, secret: &str) -> usize {
    let pairs = text.bytes().skip(at).zip(secret.bytes());
    let same = pairs.take_while(|(one, other)| one == other && !BEGINNINGS.contains(one)).count();
    secret.floor_char_boundary(same)
}

/// Where the secret ends that begins at `at`, or what was left of it when the text was cut.
fn end_in(text: &str, at: usize, secret: &str) -> Option<usize> {
    let mut known = same_in(text, at, secret);
    let mut ends = vec![at + known];
    for any in secret[known..].chars() {
        let mut next = Vec::new();
        for end in &ends {
            add_ends(text, *end, any, &mut next);
        }
        if next.is_empty() {
            let was_cut =
                |end: &usize| known >= LEAST_OF_CUT && (*end == text.len() || text[*end..].starts_with("..."));
            return ends.into_iter().filter(was_cut).max();
        }
        known += any.len_utf8();
        ends = next;
    }
    ends.into_iter().max()
}

/// Whether all of the text from `at` on is the beginning of a secret.
fn is_begun(text: &str, at: usize, secret: &str) -> bool {
    let known = same_in(text, at, secret);
    let mut ends = vec![at + known];
    for any in secret[known..].chars() {
        if ends.contains(&text.len()) {
            return true;
        }
        let mut next = Vec::new();
        for end in &ends {
            add_ends(text, *end, any, &mut next);
        }
        ends = next;
    }
    ends.contains(&text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knowing(secrets: &[&str]) -> Secrets {
        let mut known = Secrets::default();
        for secret in secrets {
            known.learn(secret);
        }
        known
    }

    #[test]
    fn what_is_known_is_masked_in_every_spelling() {
        let known = knowing(&["pa/ss+w\"ord=", "größe-geheim"]);
        for (text, masked) in [
            ("x-amz-security-token:pa/ss+w\"ord=\nhost", "x-amz-security-token:***\nhost"),
            (r#"{"message": "pa/ss+w\"ord="}"#, r#"{"message": "***"}"#),
            ("?a=pa%2Fss%2Bw%22ord%3D&b", "?a=***&b"),
            ("ägrößе größe-geheim, größe", "ägrößе ***, größe"),
            ("größe-geheim", "***"),
            ("gr\\u00f6\\u00dfe-geheim und gr\\xf6\\xdfe-geheim, gr%C3%B6%c3%9fe-geheim", "*** und ***, ***"),
            ("grÃ¶Ã\u{9f}e-geheim, gr\\u00c3\\u00b6\\u00c3\\u009fe-geheim", "***, ***"),
            ("b'gr\\xc3\\xb6\\xc3\\x9fe-geheim', gr&#246;&#xDF;e-geheim", "b'***', ***"),
            ("'pa/ss+w\"ord=' pa\\/ss+w\\\\\\\"ord= pa/ss%2bw%22ord=", "'***' *** ***"),
            ("pa/ss+w&quot;ord= pa&#x2F;ss&#43;w&#34;ord&#61; pa\\u002fss\\u002Bw\\u0022ord\\u003d", "*** *** ***"),
            ("pa%252Fss%252Bw%2522ord%253D pa/ss+w\"or", "*** pa/ss+w\"or"),
        ] {
            assert_eq!(known.masked(text), masked);
        }
    }

    #[test]
    fn what_is_known_is_masked_in_what_is_no_text() {
        let known = knowing(&["PLANTED-secret"]);
        assert_eq!(known.masked_bytes(b"\xff\xfePLANTED-secret\0\xff"), b"\xff\xfe***\0\xff");
        for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let wide = |text: &str| text.encode_utf16().flat_map(to_bytes).collect::<Vec<u8>>();
            let bytes = [&b"\xff\xfe"[..], &wide("PLANTED-secret"), &wide(" x")].concat();
            let masked = known.masked_bytes(&bytes);
            // What differs in the order of bytes alone may be found one byte further.
            assert!(masked.len() == bytes.len() && masked.ends_with(&wide("x")), "{masked:?}");
            assert!(!masked.iter().any(u8::is_ascii_uppercase) && !masked.contains(&b't'), "{masked:?}");
        }
    }

    #[test]
    fn a_text_that_was_escaped_stays_one() {
        let known = knowing(&["nPLANTED", "fcPLANTED", "\\back\\", "\"quoted\""]);
        for text in ["\nPLANTED", "\\nPLANTED", "\u{fc}nPLANTED", "a \\back\\\"quoted\"\\back\\", "\\\"quoted\""] {
            let json = serde_json::Value::from(text).to_string();
            let masked = known.masked(&json);
            serde_json::from_str::<serde_json::Value>(&masked).unwrap_or_else(|error| panic!("{masked}: {error}"));
            assert!(!masked.contains("PLANTED") && !masked.contains("back") && !masked.contains("quoted"), "{masked}");
        }
        assert_eq!(known.masked(r#""\u00fcPLANTED""#), "\"***\"");
    }

    #[test]
    fn texts_that_seem_to_spell_secrets_again_and_again_are_read_once() {
        let known = knowing(&["\\\\\\\\\\\\", "aaaaaaaaaaaab", "%%%%%%%%", "&&&&&&&&", "++++++++"]);
        for part in ["\\", "a", "%", "&", "+", "&amp;", "%25", "\\u005c", "aaa... (1 more bytes)"] {
            _ = known.masked(&part.repeat(40_000 / part.len()));
        }
    }

    #[test]
    fn what_is_left_of_a_secret_in_a_text_that_was_cut_is_masked() {
        let known = knowing(&["IQoJb3JpZ2luX2VjEXAMPLETOKEN"]);
        assert_eq!(known.masked("token IQoJb3JpZ2luX2VjEXAM... (9 more bytes)"), "token ***... (9 more bytes)");
        assert_eq!(known.masked("token IQoJb3JpZ2luX2Vj"), "token ***");
        assert_eq!(known.masked("IQoJb3JpZ2luX2VjOTHER and IQoJb3"), "IQoJb3JpZ2luX2VjOTHER and IQoJb3");
    }

    #[test]
    fn what_is_short_is_a_word() {
        let known = knowing(&["s", "", "prod"]);
        assert_eq!(known.masked("s of prod"), "s of prod");
        assert!(!known.knows("prod") && knowing(&["prod-1"]).knows("prod-1"));
    }

    #[test]
    fn no_part_of_a_secret_is_left_where_a_text_is_cut_in_the_midst_of_it() {
        let known = knowing(&["PLANTED-secret", "PLANTED-secret-too"]);
        for kept in 1..18 {
            let text = format!("{} PLANTED-secret-too and more", "x".repeat(199 - kept));
            let cut = excerpt::cut(&text);
            let shown = known.masked(&cut);
            assert!(shown.contains("x ***... (") && shown.ends_with(" more bytes)"), "{shown}");
        }
        assert_eq!(known.masked("a PLA... and PLANTED (9 more bytes)"), "a PLA... and PLANTED (9 more bytes)");
    }
}
