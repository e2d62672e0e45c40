//! The labels of a dataset, and what keeps them from being the truth of a case.

use std::collections::BTreeSet;

use super::case::{DatasetCase, Reading};
use super::class::{Class, Spelling, finite_number};
use super::gate::Task;
use super::list::{items, numbers};
use super::row::{Cell, at_line};
use crate::domain::finding::{Finding, nearest};

/// Of more classes, a threshold or a name that is near tells nothing.
const MOST_CLASSES: usize = 1000;
const MOST_CLASSES_NAMED: usize = 10;

/// What was seen of the labels so far.
pub(super) struct Labels<'a> {
    case: &'a DatasetCase,
    file: String,
    rows: usize,
    has_lists: bool,
    /// Where a class must be there: each as it is written, but no more than `MOST_CLASSES` that are not written as that.
    written: BTreeSet<Cell>,
    /// The classes that must be there: the positive one, and those of gates.
    wanted: Vec<Class>,
}

impl<'a> Labels<'a> {
    pub(super) fn new(case: &'a DatasetCase) -> Self {
        let file = case.file.to_string();
        let wanted = names(case).map(|(_, name)| Class::of(name)).collect();
        Self { case, file, rows: 0, has_lists: false, written: BTreeSet::new(), wanted }
    }

    /// Whether one of them is a list.
    pub(super) fn has_lists(&self) -> bool {
        self.has_lists
    }

    pub(super) fn count(&self) -> usize {
        self.rows
    }

    /// Takes in a row's label; answers what is wrong with it.
    pub(super) fn add(&mut self, label: &Cell, line: usize) -> Option<Finding> {
        self.rows += 1;
        let text = label.text();
        if text.trim().is_empty() {
            return Some(at_line(&self.file, line, format!("has no label: column {} is empty", self.case.label)));
        }
        let is_list = items(label).is_some();
        self.has_lists |= is_list;
        if matches!(label, Cell::Json(_)) && !is_list {
            let what = "has an object as its label, and only a text, number, boolean or a list of them is one";
            return Some(at_line(&self.file, line, what));
        }
        let wrong = match self.case.task {
            Task::Regression if numbers(label).is_none() => Some("regression needs a number"),
            Task::Ranking if self.case.has_queries() && finite_number(text).is_none_or(|number| number < 0.0) => {
                Some("ranking needs a number from 0 on: how relevant the row is")
            }
            _ => None,
        };
        if let Some(why) = wrong {
            return Some(at_line(&self.file, line, format!("has the label \"{text}\", and {why}")));
        }
        if !self.wanted.is_empty()
            && (self.written.len() < MOST_CLASSES || self.wanted.contains(&Class::of(text)))
            && !self.written.contains(label)
        {
            self.written.insert(label.clone());
        }
        None
    }

    /// What they lack in all.
    pub(super) fn lack(&self) -> Option<Finding> {
        let error = |what: String| Finding::error(what).in_file(&self.file);
        if self.rows == 0 {
            return Some(error("has no rows".to_owned()));
        }
        let spelling = Spelling::of(&self.written.iter(), &std::iter::empty());
        let classes: BTreeSet<Class> = self.written.iter().map(|label| spelling.class(label.text())).collect();
        let names: Vec<String> = classes.iter().take(MOST_CLASSES_NAMED).map(Class::to_string).collect();
        let more = if classes.len() > names.len() { ", ..." } else { "" };
        let known = format!("its classes are {}{more}", names.join(", "));
        if let Some((which, name)) = self::names(self.case).find(|(_, name)| !classes.contains(&spelling.class(name))) {
            let finding = error(format!("has no row of the {which} \"{}\"", spelling.class(name))).cause(known);
            return Some(match nearest(name, names.iter().map(String::as_str)) {
                Some(near) => finding.hint(format!("did you mean \"{near}\"?")),
                None => finding,
            });
        }
        let positive = &spelling.class(self.case.positive.as_ref()?);
        if self.case.reading.has_scores() && classes.len() == 1 {
            return Some(error(format!(
                "has only rows of the positive class \"{positive}\", and a score is judged between two"
            )));
        }
        let with_threshold = matches!(self.case.reading, Reading::Threshold { .. });
        (with_threshold && classes.len() != 2).then(|| {
            let count = classes.len();
            let count = if count >= MOST_CLASSES { format!("{MOST_CLASSES} or more") } else { count.to_string() };
            error(format!("has {count} classes, and a threshold can tell two apart")).cause(known)
        })
    }
}

/// The classes that a case names, with what they are to it.
fn names(case: &DatasetCase) -> impl Iterator<Item = (&'static str, &str)> {
    let positive = case.positive.as_deref().map(|name| ("positive class", name));
    let of_gates = case.gates.iter().filter_map(|gate| Some(("class of a gate,", gate.class.as_deref()?)));
    positive.into_iter().chain(of_gates)
}
