//! Texts of others as people are shown them: nothing in a line ends it, moves the cursor, turns around or hides what stands
//! beside it, or is a command to the host that keeps the log.

use std::borrow::Cow;
use std::fmt::Write;

/// What a CI host takes for a command wherever it stands in a line: actions/runner `ActionCommand.cs` (the older form),
/// microsoft/azure-pipelines-agent `Command.cs`, TeamCity's "Service Messages".
const COMMANDS: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// What is one at the start of a line, blanks aside: GitHub Actions, and GitLab's sections of a log.
const LEADING_COMMANDS: [&str; 3] = ["::", "section_start:", "section_end:"];

/// A text within a line; what cannot be shown as it is, is shown as it is escaped: `\n`, `\u{1b}`.
pub(crate) fn on_one_line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false, |any| any.escape_default().collect())
}

/// A text of several lines, for a page or a document that shows it as such.
pub(crate) fn in_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |any| matches!(any, '\n' | '\t'), |any| any.escape_default().collect())
}

/// A part of a line of a log, which is not its first.
pub(crate) fn within_line(text: &str) -> Cow<'_, str> {
    broken_commands(on_one_line(text), "#\\u{23}")
}

/// A whole line of a log.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    let text = within_line(text);
    let start = text.len() - text.trim_start().len();
    if LEADING_COMMANDS.iter().any(|command| begins(&text[start..], command)) {
        let (blanks, first, rest) = (&text[..start], text.as_bytes()[start], &text[start + 1..]);
        return Cow::Owned(format!("{blanks}\\u{{{first:x}}}{rest}"));
    }
    text
}

/// A page of HTML or a document of XML, with their own escapes: what it says stays the same.
pub(crate) fn markup(page: &str) -> String {
    let page = broken_commands(in_lines(page), "&#35;#");
    let mut shown = String::with_capacity(page.len());
    for line in page.split_inclusive('\n') {
        let start = line.len() - line.trim_start().len();
        if LEADING_COMMANDS.iter().any(|command| begins(&line[start..], command)) {
            _ = write!(shown, "{}&#{};{}", &line[..start], line.as_bytes()[start], &line[start + 1..]);
        } else {
            shown.push_str(line);
        }
    }
    shown
}

/// The text of a JSON document, with JSON's own escapes: what it says stays the same.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    let as_units = |any: char| {
        any.encode_utf16(&mut [0; 2]).iter().fold(String::new(), |mut escapes, unit| {
            _ = write!(escapes, "\\u{unit:04x}");
            escapes
        })
    };
    // Outside of its strings JSON has no character that is escaped here, and no "##".
    broken_commands(escaped(text, |any| any == '\n', as_units), "#\\u0023")
}

/// A quoted text of YAML, with YAML's own escapes: what it says stays the same.
pub(crate) fn yaml(quoted: &str) -> Cow<'_, str> {
    let as_number = |any: char| match u32::from(any) {
        code @ 0x1_0000.. => format!("\\U{code:08x}"),
        code => format!("\\u{code:04x}"),
    };
    broken_commands(escaped(quoted, |_| false, as_number), "#\\u0023")
}

fn begins(text: &str, with: &str) -> bool {
    text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with))
}

/// The text with other words for the "##" of commands.
fn broken_commands<'a>(text: Cow<'a, str>, hashes: &str) -> Cow<'a, str> {
    let is_command = |at: usize| COMMANDS.iter().any(|command| begins(&text[at..], command));
    let found: Vec<usize> = text.match_indices("##").map(|(at, _)| at).filter(|at| is_command(*at)).collect();
    if found.is_empty() {
        return text;
    }
    let mut broken = String::with_capacity(text.len() + found.len() * hashes.len());
    let mut copied = 0;
    for at in found {
        broken.push_str(&text[copied..at]);
        broken.push_str(hashes);
        copied = at + "##".len();
    }
    broken.push_str(&text[copied..]);
    Cow::Owned(broken)
}

fn escaped(text: &str, stays: impl Fn(char) -> bool, escape: impl Fn(char) -> String) -> Cow<'_, str> {
    let plain = |byte: u8| (b' '..=b'~').contains(&byte);
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut before = ' ';
    for any in text.chars() {
        let visible = is_visible(any) || stays(any) || (modifies(any) && !before.is_ascii());
        if visible {
            shown.push(any);
        } else {
            shown.push_str(&escape(any));
        }
        before = if visible { any } else { ' ' };
    }
    Cow::Owned(shown)
}

/// What has a meaning only behind another character: it joins or varies scripts and emoji. Behind ASCII it is there to
/// make two names look alike.
fn modifies(any: char) -> bool {
    matches!(any, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a character is seen and lets others be seen: no control, no line end, no character without a meaning, and
/// none of `Default_Ignorable_Code_Point` (Unicode 17, DerivedCoreProperties.txt), among them all that turn a text around.
fn is_visible(any: char) -> bool {
    let ignored = matches!(any,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    let separates = matches!(any, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}');
    let is_no_character = matches!(any, '\u{fdd0}'..='\u{fdef}') || u32::from(any) & 0xfffe == 0xfffe;
    !(any.is_control() || ignored || separates || is_no_character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_its_line_and_says_what_is_in_it() {
        assert_eq!(on_one_line("a\r\nerror: b\x1b[2K\u{9b}1A\t\u{7f}"), r"a\r\nerror: b\u{1b}[2K\u{9b}1A\t\u{7f}");
        assert_eq!(
            on_one_line("a\u{202e}b\u{2066}c\u{2028}d\u{feff}\u{ffff}"),
            r"a\u{202e}b\u{2066}c\u{2028}d\u{feff}\u{ffff}"
        );
        assert_eq!(in_lines("a\n\tb\rc"), "a\n\tb\\rc");
    }

    #[test]
    fn a_page_on_stdout_says_nothing_to_the_host_of_the_log() {
        let page = "<pre>a\n::set-output name=a::b\n  ::x\n##vso[task.x]y ## z</pre>\n";
        let shown = "<pre>a\n&#58;:set-output name=a::b\n  &#58;:x\n&#35;#vso[task.x]y ## z</pre>\n";
        assert_eq!(markup(page), shown);
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for text in [
            "Zürich, 東京, עברית",
            "an emoji family 👨\u{200d}👩, a heart ❤\u{fe0f}",
            "नमस्\u{200d}ते",
            "",
            "a::b # ## [x]",
        ] {
            assert_eq!(line(text), text);
        }
        assert_eq!(on_one_line("pro\u{200d}d"), r"pro\u{200d}d", "it looks like prod");
    }

    #[test]
    fn no_line_is_a_command_to_the_host_of_the_log() {
        for (text, shown) in [
            ("::error::x", r"\u{3a}:error::x"),
            ("  \u{a0}::set-output name=a::b", "  \u{a0}\\u{3a}:set-output name=a::b"),
            (
                "a ##vso[task.setvariable variable=a]b ##[error]c",
                r"a #\u{23}vso[task.setvariable variable=a]b #\u{23}[error]c",
            ),
            ("##TeamCity[buildStop]", r"#\u{23}TeamCity[buildStop]"),
            ("section_start:1:a", r"\u{73}ection_start:1:a"),
        ] {
            assert_eq!(line(text), shown);
        }
    }

    #[test]
    fn json_says_the_same_in_its_own_escapes() {
        let value = serde_json::json!({"a\u{202e}": "##vso[x]\u{9b}\u{e0041}\u{7f} é", "b": ["\n::error::"]});
        let text = format!("{value:#}\n");
        let shown = json(&text);
        assert!(!shown.contains(['\u{202e}', '\u{9b}', '\u{7f}', '\u{e0041}']) && !shown.contains("##"), "{shown}");
        assert!(shown.contains('é') && shown.ends_with("}\n"), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).expect("JSON"), value);
    }
}
