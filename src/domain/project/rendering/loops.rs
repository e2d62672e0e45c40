//! The names that loops give the elements of lists: `stage` in `<% for stage in stages %>`.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{LISTS, NAMES, root};
use super::source::{Source, tags};
use crate::domain::finding::{Finding, nearest};

/// The loops over lists whose elements have known fields.
pub(super) struct Loops {
    /// By the loops' names.
    fields: BTreeMap<String, BTreeSet<&'static str>>,
    /// The text without these names in the loops' heads: what they stand for, the rest does not declare any more.
    pub(super) opened: String,
}

impl Loops {
    pub(super) fn of(text: &str) -> Self {
        let mut fields: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        let mut opened = text.to_owned();
        for tag in tags(text) {
            let mut words = text[tag.clone()].trim_start_matches(['<', '%', '-', '+']).split_whitespace();
            let head = (words.next(), words.next(), words.next(), words.next());
            let (Some("for"), Some(name), Some("in"), Some(list)) = head else { continue };
            let Some((_, known)) = LISTS.iter().find(|(known, _)| *known == list) else { continue };
            if NAMES.iter().any(|known| root(known) == name) {
                continue;
            }
            fields.entry(name.to_owned()).or_default().extend(known.iter());
            let head = &text[tag.clone()];
            if let Some(at) = head.find("for").and_then(|at| Some(at + 3 + head[at + 3..].find(name)?)) {
                let at = tag.start + at;
                opened.replace_range(at..at + name.len(), &"_".repeat(name.len()));
            }
        }
        Self { fields, opened }
    }

    /// A finding for each place of a name that is a field, and one that no element of the loop's list has.
    pub(super) fn unknown(&self, name: &str, source: Source<'_>) -> Vec<Finding> {
        let Some((element, rest)) = name.split_once('.') else { return Vec::new() };
        match self.fields.get(element) {
            Some(known) if !known.contains(root(rest)) => {
                let near = nearest(root(rest), known.iter().copied());
                source.unknown(name, near.map(|near| format!("{element}.{near}")).as_deref())
            }
            _ => Vec::new(),
        }
    }
}
