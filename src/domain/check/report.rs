//! Findings as data: one JSON document.

use serde::Serialize;

use super::super::finding::{Finding, Severity};

/// The findings of a check, for programs.
#[derive(Serialize)]
pub struct Report<'a> {
    pub errors: usize,
    pub warnings: usize,
    pub findings: Vec<Line<'a>>,
}

/// One finding.
#[derive(Serialize)]
pub struct Line<'a> {
    pub rule: Option<&'static str>,
    pub severity: &'static str,
    pub file: Option<&'a str>,
    pub line: Option<usize>,
    pub column: Option<usize>,
    /// The stages that it is true of; all, if there are none.
    pub stages: &'a [String],
    pub message: &'a str,
    pub cause: Option<&'a str>,
    pub hint: Option<&'a str>,
    pub excerpt: Option<&'a str>,
}

impl<'a> Report<'a> {
    pub fn of(findings: &'a [Finding]) -> Self {
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        Self {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            findings: findings.iter().map(Line::of).collect(),
        }
    }

    /// The document's text; the same findings give the same bytes.
    pub fn render(&self) -> String {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        format!("{text}\n")
    }
}

impl<'a> Line<'a> {
    fn of(finding: &'a Finding) -> Self {
        let place = finding.place.as_ref();
        let position = place.and_then(|place| place.position);
        Self {
            rule: finding.rule.map(super::super::finding::rule::Rule::id),
            severity: finding.severity.name(),
            file: place.map(|place| place.file.as_str()),
            line: position.map(|position| position.line),
            column: position.map(|position| position.column),
            stages: &finding.stages,
            message: &finding.what,
            cause: finding.cause.as_deref(),
            hint: finding.hint.as_deref(),
            excerpt: finding.excerpt.as_deref(),
        }
    }
}
