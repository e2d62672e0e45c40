//! A template's text, to find places in.

use std::ops::Range;

use minijinja::{Error, ErrorKind};

use super::context::PACKAGE;
use crate::domain::finding::{Finding, Position};
use crate::domain::jinja::{CLOSE, OPEN, OPEN_NOTE};

/// A second's worth of the engine's steps: no template that fits a stack set takes a hundredth of them.
pub(super) const MAX_STEPS: u64 = 10_000_000;

/// Twenty times what a stack set takes: a template of few steps can still fill the memory.
pub(super) const MAX_BYTES: usize = 10_000_000;

#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) file: &'a str,
}

/// Longer than any expression that is meant: to read one goes down a level for each of its parts.
const MOST_BYTES: usize = 4096;

/// Where what begins with a delimiter ends: a closing one in a quoted text is text, but in a note.
fn end_of(text: &str) -> usize {
    let is_note = text.starts_with(OPEN_NOTE);
    let mut quote = None;
    let mut rest = text.char_indices();
    while let Some((at, any)) = rest.next() {
        match quote {
            None if text[at..].starts_with(CLOSE) => return at,
            None if !is_note && matches!(any, '\'' | '"') => quote = Some(any),
            Some(_) if any == '\\' => _ = rest.next(),
            Some(open) if any == open => quote = None,
            _ => {}
        }
    }
    text.len()
}

/// All that stands within delimiters and is not a note, with the opening one.
pub(super) fn tags(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    let tags = std::iter::from_fn(move || {
        let open = from + text[from..].find(OPEN)?;
        let end = open + end_of(&text[open..]);
        from = end;
        Some(open..end)
    });
    tags.filter(|tag| !text[tag.clone()].starts_with(OPEN_NOTE))
}

impl<'a> Source<'a> {
    /// A finding for each expression that is not even read.
    pub(super) fn too_long(self) -> Vec<Finding> {
        let long = tags(self.text).filter(|tag| tag.len() > MOST_BYTES);
        let finding = |tag: Range<usize>| {
            Finding::error("is not a valid template")
                .at(self.file, self.position(tag.start))
                .cause(format!("what begins here has {} bytes, and {MOST_BYTES} are read", tag.len()))
                .hint("make several of it with <% set %>")
        };
        long.map(finding).collect()
    }

    pub(super) fn position(self, offset: usize) -> Position {
        let before = &self.text[..offset];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        Position { line: before.matches('\n').count() + 1, column: before[start..].chars().count() + 1 }
    }

    /// Every offset within delimiters where a name stands.
    pub(super) fn offsets(self, name: &'a str) -> impl Iterator<Item = usize> {
        let part_of_name = |any: char| any.is_alphanumeric() || any == '_';
        tags(self.text).flat_map(move |tag| {
            let text = &self.text[tag.clone()];
            let stands_alone = move |at: &usize| {
                let before = text[..*at].chars().next_back();
                let after = text[at + name.len()..].chars().next();
                !before.is_some_and(|any| part_of_name(any) || any == '.') && !after.is_some_and(part_of_name)
            };
            let found = text.match_indices(name).map(|(at, _)| at);
            found.filter(stands_alone).map(move |at| tag.start + at)
        })
    }

    /// The finding at every place where the name stands.
    fn wherever(self, name: &str, finding: &Finding) -> Vec<Finding> {
        let found = self.offsets(name).map(|at| finding.clone().at(self.file, self.position(at)));
        let found: Vec<Finding> = found.collect();
        if found.is_empty() { vec![finding.clone().in_file(self.file)] } else { found }
    }

    pub(super) fn unknown(self, name: &str, near: Option<&str>) -> Vec<Finding> {
        let hint = match near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "a template knows project, stages and package; docs/templates.md lists what is in them".to_owned(),
        };
        self.wherever(name, &Finding::error(format!("uses unknown name \"{name}\"")).hint(hint))
    }

    pub(super) fn needs_package(self) -> Vec<Finding> {
        let finding = Finding::warning("uses the model package, which is known only to the build")
            .hint("what it becomes is checked by \"modeldeploy build\", with --dry-run too");
        self.wherever(PACKAGE, &finding)
    }

    /// Where in the text an error is, if it says so.
    pub(super) fn range(self, error: &Error) -> Option<Range<usize>> {
        error.range().filter(|range| self.text.get(range.clone()).is_some())
    }

    fn without_end(self, what: &str, cause: String) -> Finding {
        Finding::error(what).cause(cause).hint("look at its loops").in_file(self.file)
    }

    pub(super) fn finding(self, error: &Error) -> Finding {
        let finding = match error.kind() {
            ErrorKind::SyntaxError => Finding::error("is not a valid template")
                .hint("values stand in <%= %>, statements in <% %>, notes in <%# %>"),
            ErrorKind::OutOfFuel => {
                let cause = format!("it takes more than {MAX_STEPS} steps to render");
                return self.without_end("does not come to an end", cause);
            }
            ErrorKind::WriteFailure => {
                let cause = format!("it has more than {MAX_BYTES} bytes then");
                return self.without_end("is too long once it is rendered", cause);
            }
            _ => Finding::error("cannot be rendered"),
        };
        let finding = finding.cause(error.detail().map_or_else(|| error.kind().to_string(), str::to_owned));
        let position = self.range(error).map(|range| self.position(range.start));
        match position.or_else(|| error.line().map(|line| Position { line, column: 1 })) {
            Some(position) => finding.at(self.file, position),
            None => finding.in_file(self.file),
        }
    }
}
