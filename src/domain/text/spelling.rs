//! How others write a text: as JSON, HTML, a part of a URL, or as a programming language shows it; one in the other, too.

/// Nobody escapes more often than this, one in the other.
const MOST_BACKSLASHES: usize = 8;
const MOST_LEVELS: usize = 4;
const MOST_DIGITS: usize = 8;

/// How a spelling may begin that is not the character itself.
pub(super) const BEGINNINGS: [u8; 6] = *b"\\%&+\xc2\xc3";

/// Adds where spellings of the character end that begin at `at`.
pub(super) fn add_ends(text: &str, at: usize, any: char, ends: &mut Vec<usize>) {
    add_own_ends(text, at, any, ends);
    if !any.is_ascii() {
        // Headers are read as Latin-1 by servers, whatever was sent (WSGI, PEP 3333): each byte becomes a character.
        let mut last = vec![at];
        for byte in any.encode_utf8(&mut [0; 4]).bytes() {
            let mut next = Vec::new();
            for end in &last {
                add_own_ends(text, *end, char::from(byte), &mut next);
            }
            last = next;
        }
        last.retain(|end| !ends.contains(end));
        ends.append(&mut last);
    }
}

fn add_own_ends(text: &str, at: usize, any: char, ends: &mut Vec<usize>) {
    let rest = &text[at..];
    let mut add = |length: Option<usize>| {
        if let Some(end) = length.map(|length| at + length).filter(|end| !ends.contains(end)) {
            ends.push(end);
        }
    };
    add(rest.starts_with(any).then(|| any.len_utf8()));
    match rest.as_bytes().first() {
        Some(b'\\') => {
            let run = rest.bytes().take(MOST_BACKSLASHES).take_while(|byte| *byte == b'\\').count();
            if any == '\\' {
                [2, 4, 8].into_iter().filter(|length| *length <= run).for_each(|length| add(Some(length)));
            }
            add(behind_backslashes(&rest[run..], any).map(|length| run + length));
        }
        Some(b'%') => add(in_percents(rest, any)),
        Some(b'&') => add(as_entity(rest, any)),
        Some(b'+') if any == ' ' => add(Some(1)),
        _ => {}
    }
}

/// What stands behind backslashes that mean the character: itself, if it is none that has a meaning there, or its number.
fn behind_backslashes(rest: &str, any: char) -> Option<usize> {
    let short = match any {
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        '\u{8}' => Some('b'),
        '\u{c}' => Some('f'),
        any => Some(any).filter(|any| any.is_ascii_punctuation() && *any != '\\'),
    };
    if short.is_some_and(|short| rest.starts_with(short)) {
        return Some(1);
    }
    let code = u32::from(any);
    let numbered = |letter: char, digits: usize, code: u32| {
        let hex = rest.strip_prefix(letter)?.get(..digits)?;
        (u32::from_str_radix(hex, 16) == Ok(code)).then_some(1 + digits)
    };
    numbered('u', 4, code)
        .or_else(|| numbered('x', 2, code))
        .or_else(|| numbered('U', 8, code))
        .or_else(|| {
            let (hex, _) = rest.strip_prefix("u{")?.split_once('}')?;
            (hex.len() <= MOST_DIGITS && u32::from_str_radix(hex, 16) == Ok(code)).then(|| hex.len() + "u{}".len())
        })
        .or_else(|| {
            let mut units = [0; 2];
            let units = any.encode_utf16(&mut units).iter().map(|unit| u32::from(*unit));
            numbers(rest, ('u', 4), units).filter(|_| code > 0xffff)
        })
        .or_else(|| {
            let mut bytes = [0; 4];
            let bytes = any.encode_utf8(&mut bytes).bytes().map(u32::from);
            numbers(rest, ('x', 2), bytes).filter(|_| code > 0x7f)
        })
}

/// How long these numbers are, each with its letter and, but for the first, behind backslashes.
fn numbers(text: &str, (letter, digits): (char, usize), codes: impl Iterator<Item = u32>) -> Option<usize> {
    let mut rest = text;
    for (at, code) in codes.enumerate() {
        if at > 0 {
            rest = rest.strip_prefix('\\')?.trim_start_matches('\\');
        }
        rest = rest.strip_prefix(letter)?;
        rest = rest.get(..digits).filter(|hex| u32::from_str_radix(hex, 16) == Ok(code)).map(|_| &rest[digits..])?;
    }
    Some(text.len() - rest.len())
}

/// How long the character is as RFC 3986 writes it (2.1), or more than once so.
fn in_percents(text: &str, any: char) -> Option<usize> {
    let mut bytes = [0; 4];
    let mut rest = text;
    for byte in any.encode_utf8(&mut bytes).bytes() {
        rest = rest.strip_prefix('%')?;
        for _ in 0..MOST_LEVELS {
            rest = rest.strip_prefix("25").filter(|_| byte != b'%').unwrap_or(rest);
        }
        rest = rest.get(..2).filter(|hex| u8::from_str_radix(hex, 16) == Ok(byte)).map(|_| &rest[2..])?;
    }
    Some(text.len() - rest.len())
}

/// How long the character is as HTML and XML write it, or more than once so.
fn as_entity(text: &str, any: char) -> Option<usize> {
    let mut rest = text.strip_prefix('&')?;
    for _ in 0..MOST_LEVELS {
        rest = rest.strip_prefix("amp;").filter(|rest| any != '&' || rest.starts_with("amp;")).unwrap_or(rest);
    }
    let end = rest.bytes().take(MOST_DIGITS + 3).position(|byte| byte == b';')?;
    let name = &rest[..end];
    let is_meant = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16) == Ok(u32::from(any)),
            None => number.parse() == Ok(u32::from(any)),
        },
        None => matches!(
            (name, any),
            ("amp" | "AMP", '&')
                | ("lt" | "LT", '<')
                | ("gt" | "GT", '>')
                | ("quot" | "QUOT", '"')
                | ("apos", '\'')
                | ("plus", '+')
                | ("equals", '=')
                | ("sol", '/')
                | ("nbsp", '\u{a0}')
        ),
    };
    is_meant.then(|| text.len() - rest.len() + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_known_in_every_spelling() {
        for (any, spellings) in [
            ('"', &["\"", "\\\"", "\\\\\\\"", "\\u0022", "\\\\u0022", "%22", "%2522", "&quot;", "&#34;", "&#x22;"][..]),
            ('\'', &["'", "\\'", "\\\\'", "%27", "&#39;", "&#039;", "&#x27;", "&apos;", "&amp;#39;"]),
            ('\\', &["\\", "\\\\", "\\\\\\\\", "\\u005c", "%5C", "%5c", "&#92;"]),
            ('ü', &["ü", "\\u00fc", "\\u00FC", "\\xfc", "\\xc3\\xbc", "\\\\xc3\\\\xbc", "%C3%BC", "%c3%bc", "&#252;"]),
            ('ü', &["Ã¼", "\\u00c3\\u00bc", "&#195;&#188;", "\\u{c3}¼", "%C3%83%C2%BC"]),
            ('\u{1f600}', &["\u{1f600}", "\\ud83d\\ude00", "\\U0001f600", "\\u{1f600}", "%F0%9F%98%80"]),
            ('&', &["&", "&amp;", "&amp;amp;", "\\u0026", "%26"]),
            ('%', &["%", "%25", "&#37;"]),
            (' ', &[" ", "+", "%20", "\\u0020", "\\x20"]),
            ('/', &["/", "\\/", "%2f", "\\u002f", "&#x2F;"]),
            ('\n', &["\n", "\\n", "\\\\n", "%0A", "\\x0a"]),
        ] {
            for spelling in spellings {
                let mut ends = Vec::new();
                add_ends(&format!("x{spelling}y"), 1, any, &mut ends);
                assert!(ends.contains(&(1 + spelling.len())), "{any:?} as {spelling}: {ends:?}");
            }
        }
    }

    #[test]
    fn another_character_is_none() {
        for (any, text) in
            [('a', "\\a"), ('ü', "%C3"), ('"', "\\"), ('<', "&gt;"), ('n', "\\n"), ('a', "&amp"), ('a', "%")]
        {
            let mut ends = Vec::new();
            add_ends(text, 0, any, &mut ends);
            assert_eq!(ends, [0; 0], "{any} in {text}");
        }
    }
}
