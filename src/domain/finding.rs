//! What is wrong and what to do about it: the one currency of every check and every error.

use std::fmt;

/// Where in a file a finding points; lines and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
}

/// One thing that is wrong: what and which, why, and the next action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    pub place: Option<Place>,
    pub what: String,
    /// What the other side said, or the fact behind the finding.
    pub cause: Option<String>,
    pub hint: Option<String>,
}

impl Finding {
    pub fn error(what: impl Into<String>) -> Self {
        Self { severity: Severity::Error, place: None, what: what.into(), cause: None, hint: None }
    }

    pub fn warning(what: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(what) }
    }

    #[must_use]
    pub fn in_file(mut self, file: &str) -> Self {
        self.place = Some(Place { file: file.to_owned(), position: None });
        self
    }

    #[must_use]
    pub fn at(mut self, file: &str, position: Position) -> Self {
        self.place = Some(Place { file: file.to_owned(), position: Some(position) });
        self
    }

    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.what)
    }
}

/// The name that was most likely meant, if one is near enough to be a slip of the hand.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
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
    fn a_finding_names_its_place() {
        let finding = Finding::error("is wrong").at("a.json", Position { line: 3, column: 7 });
        assert_eq!(finding.to_string(), "a.json:3:7: is wrong");
    }
}
