//! Where a value stands in a document's text, from its first byte to its last.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use yaml_events::{Event, Events, ScalarStyle};

use crate::domain::finding::Position;

/// The bytes of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) whole: Range<usize>,
    /// A comment amid them: on the line of a block's indicator, with the blanks before it.
    pub(crate) comment: Range<usize>,
}

impl Span {
    fn plain(whole: Range<usize>) -> Self {
        Self { comment: whole.end..whole.end, whole }
    }
}

/// The spans of the values that begin at these positions.
pub(crate) fn of_values(text: &str, wanted: &BTreeSet<Position>) -> BTreeMap<Position, Span> {
    let mut found = BTreeMap::new();
    for at in wanted {
        if let Some(start) = offset(text, *at)
            && let Some(end) = end_of_string(text, start)
        {
            found.insert(*at, Span::plain(start..end));
        }
    }
    // JSON has no other texts, and a YAML parser does not read all of JSON.
    if found.len() < wanted.len() {
        found.extend(of_yaml_scalars(text, wanted));
    }
    found
}

fn offset(text: &str, at: Position) -> Option<usize> {
    let start = match at.line {
        1 => 0,
        line => text.match_indices('\n').nth(line - 2)?.0 + 1,
    };
    let (inside, _) = text[start..].char_indices().nth(at.column - 1)?;
    Some(start + inside)
}

/// The end of a text in double quotes, which JSON and YAML write alike.
fn end_of_string(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.get(start) != Some(&b'"') {
        return None;
    }
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn of_yaml_scalars(text: &str, wanted: &BTreeSet<Position>) -> BTreeMap<Position, Span> {
    let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let offset = |index: usize| offsets.get(index).copied().unwrap_or(text.len());
    let mut found = BTreeMap::new();
    let mut last_end = 0;
    for (event, span) in Events::of(text).map_while(Result::ok) {
        let Event::Scalar(_, style, _, _) = event else { continue };
        let at = Position { line: span.start.line(), column: span.start.col() + 1 };
        let (start, end) = (offset(span.start.index()), offset(span.end.index()));
        if wanted.contains(&at) {
            let used = start + text[start..end].trim_end().len();
            let span = match style {
                ScalarStyle::Literal | ScalarStyle::Folded => of_block(text, last_end, start, used),
                _ => Span::plain(start..used),
            };
            found.insert(at, span);
        }
        last_end = end;
    }
    found
}

/// The parser's span of a block begins with its text; the indicator stands between the key's end and that.
fn of_block(text: &str, key_end: usize, start: usize, end: usize) -> Span {
    let Some(indicator) = text[key_end..start].find(['|', '>']).map(|at| key_end + at) else {
        return Span::plain(start..end);
    };
    let line = text[indicator..start].lines().next().unwrap_or_default();
    let bare = line.find([' ', '\t', '#']).unwrap_or(line.len());
    Span { whole: indicator..end, comment: indicator + bare..indicator + line.trim_end().len() }
}
