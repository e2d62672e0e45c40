//! Text for people, line by line: whatever a line is made of, it stays one line, and says nothing but what is seen.

use std::borrow::Cow;
use std::fmt;

use crate::domain::text::printable;

/// How a part of a line is meant, for whoever has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Heading,
    Good,
    Doubtful,
    Bad,
    Aside,
}

/// Lines, each in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page(Vec<Vec<(Option<Ink>, String)>>);

impl Page {
    /// Adds a line.
    pub(crate) fn line(&mut self, text: impl Into<String>) {
        self.0.push(vec![(None, text.into())]);
    }

    /// Adds a line of which parts are meant in some way.
    pub(crate) fn painted(&mut self, parts: Vec<(Option<Ink>, String)>) {
        self.0.push(parts);
    }

    pub(crate) fn heading(&mut self, text: impl Into<String>) {
        self.0.push(vec![(Some(Ink::Heading), text.into())]);
    }

    /// Adds the lines of a document, each behind an indent.
    pub(crate) fn document(&mut self, text: &str, indent: &str) {
        self.extend(text.lines().map(|line| format!("{indent}{line}")));
    }

    /// The text with a line end after each line; `paint` puts colours to its parts.
    pub(crate) fn render(&self, paint: impl Fn(Ink, &str) -> String) -> String {
        let mut text = String::new();
        for parts in &self.0 {
            for (at, (ink, part)) in parts.iter().enumerate() {
                let part: Cow<'_, str> = if at == 0 { printable::line(part) } else { printable::within_line(part) };
                match ink {
                    Some(ink) => text.push_str(&paint(*ink, &part)),
                    None => text.push_str(&part),
                }
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }
}

impl Extend<String> for Page {
    fn extend<T: IntoIterator<Item = String>>(&mut self, lines: T) {
        self.0.extend(lines.into_iter().map(|line| vec![(None, line)]));
    }
}

impl FromIterator<String> for Page {
    fn from_iter<T: IntoIterator<Item = String>>(lines: T) -> Self {
        let mut page = Self::default();
        page.extend(lines);
        page
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(|_, text| text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_another_line_or_a_colour() {
        let mut page = Page::default();
        page.heading("Role\n");
        page.painted(vec![
            (None, "  ".to_owned()),
            (Some(Ink::Bad), "fail".to_owned()),
            (None, " a\x1b[32m\nok b".to_owned()),
        ]);
        page.line("::error::x");
        page.document("{\n  \"a\": 1\n}\n", "    ");
        assert_eq!(
            page.render(|ink, text| format!("<{ink:?} {text}>")),
            "<Heading Role\\n>\n  <Bad fail> a\\u{1b}[32m\\nok b\n\\u{3a}:error::x\n    {\n      \"a\": 1\n    }\n"
        );
        assert!(page.to_string().starts_with("Role\\n\n  fail a"));
    }
}
