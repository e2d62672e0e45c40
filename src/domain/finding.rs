//! What is wrong and what to do about it: the one currency of every check and every error.

use std::fmt;

pub mod rule;
mod severity;

use self::rule::Rule;
pub use self::severity::Severity;
use super::text::excerpt::bounded;

/// Where in a file a finding points; lines and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    /// The position of a reader that counts a line's bytes, as JSON's does.
    pub(crate) fn of_bytes(text: &str, line: usize, column: usize) -> Self {
        let before = text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default();
        let before = before.char_indices().take_while(|(at, _)| at + 1 < column).count();
        Self { line, column: before + 1 }
    }
}

/// A file, and the position in it if one is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub file: String,
    pub position: Option<Position>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(Position { line, column }) => write!(f, "{}:{line}:{column}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// One thing that is wrong: what and which, why, and the next action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// The rule of the catalogue that is broken, if it is one of what a check can know.
    pub rule: Option<Rule>,
    pub place: Option<Place>,
    /// The stages that it is true of, unless it is true of all.
    pub stages: Vec<String>,
    pub what: String,
    /// The line that `place` points into, as it is written.
    pub excerpt: Option<String>,
    /// What the other side said, or the fact behind the finding.
    pub cause: Option<String>,
    pub hint: Option<String>,
}

impl Finding {
    pub fn error(what: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            rule: None,
            place: None,
            stages: Vec::new(),
            what: bounded(what),
            excerpt: None,
            cause: None,
            hint: None,
        }
    }

    /// A rule that is broken, as severe as the catalogue says.
    pub(crate) fn of(rule: Rule, what: impl Into<String>) -> Self {
        Self { severity: rule.severity(), rule: Some(rule), ..Self::error(what) }
    }

    pub(crate) fn warning(what: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(what) }
    }

    #[must_use]
    pub(crate) fn in_file(mut self, file: &str) -> Self {
        self.place = Some(Place { file: file.to_owned(), position: None });
        self
    }

    #[must_use]
    pub(crate) fn at(mut self, file: &str, position: Position) -> Self {
        self.place = Some(Place { file: file.to_owned(), position: Some(position) });
        self
    }

    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(bounded(cause));
        self
    }

    /// Adds the nearest right name as the hint, or says what else to do.
    #[must_use]
    pub(crate) fn nearest<'a>(self, name: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> Self {
        match nearest(name, known) {
            Some(near) => self.hint(format!("did you mean \"{near}\"? otherwise {otherwise}")),
            None => self.hint(otherwise),
        }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(bounded(hint));
        self
    }
}

/// More of a line than this is no help in finding the place.
const SHOWN_CHARS: usize = 100;

impl Finding {
    /// The line that it points into, and a caret below the place; both cut to what fits a terminal.
    pub fn pointer(&self) -> Option<(usize, String, String)> {
        let line = self.excerpt.as_ref()?;
        let Position { line: number, column } = self.place.as_ref()?.position?;
        let before = (column - 1).saturating_sub(SHOWN_CHARS * 2 / 3);
        let plain = |any: char| if any.is_control() { ' ' } else { any };
        let mut shown: String = line.chars().skip(before).take(SHOWN_CHARS).map(plain).collect();
        let mut caret = column - 1 - before;
        if before > 0 {
            shown.insert_str(0, "...");
            caret += 3;
        }
        if line.chars().count() > before + SHOWN_CHARS {
            shown.push_str("...");
        }
        // A place behind the end of the line is the end of the file
        Some((number, shown.trim_end().to_owned(), format!("{}^", " ".repeat(caret))))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.what)?;
        match &self.stages[..] {
            [] => Ok(()),
            [stage] => write!(f, " (in stage {stage})"),
            stages => write!(f, " (in stages {})", stages.join(", ")),
        }
    }
}

/// The name that was most likely meant, if one is near enough to be a slip of the hand.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Fewer shared letters than this and a suggestion confuses more than it helps.
    const LIKENESS: f64 = 0.75;
    let folded = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&folded, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= LIKENESS)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_is_recognised_and_a_stranger_is_not() {
        let known = ["EndpointInstanceType", "EndpointInstanceCount", "StageName"];
        assert_eq!(nearest("EndpointInstancType", known), Some("EndpointInstanceType"));
        assert_eq!(nearest("stagename", known), Some("StageName"));
        assert_eq!(nearest("KmsKey", known), None);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let line = format!("{}x{}", "a".repeat(300), "b".repeat(300));
        let mut finding = Finding::error("is wrong").at("a.json", Position { line: 3, column: 301 });
        finding.excerpt = Some(line);
        let (number, shown, caret) = finding.pointer().expect("a line");
        assert_eq!((number, shown.chars().nth(caret.len() - 1)), (3, Some('x')));
        assert!(shown.starts_with("...a") && shown.ends_with("b..."), "{shown}");
    }

    #[test]
    fn a_column_counts_characters_though_a_reader_counts_bytes() {
        let text = "{\n\"größe\" x";
        for (column, counted) in [(0, 1), (1, 1), (5, 5), (6, 5), (11, 9)] {
            assert_eq!(Position::of_bytes(text, 2, column), Position { line: 2, column: counted });
        }
        assert_eq!(Position::of_bytes(text, 3, 1), Position { line: 3, column: 1 });
    }

    #[test]
    fn a_finding_names_its_place() {
        let finding = Finding::error("is wrong").at("a.json", Position { line: 3, column: 7 });
        assert_eq!(finding.to_string(), "a.json:3:7: is wrong");
    }
}
