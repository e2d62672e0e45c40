//! The labels of a dataset, and what keeps them from being the truth of a case.

use std::collections::BTreeSet;

use super::Cell;
use super::at_line;
use super::case::{DatasetCase, Reading};
use super::class::{Class, Spelling, finite_number};
use super::gate::Task;
use crate::domain::finding::{Finding, nearest};

/// Of more classes, a threshold or a name that is near tells nothing.
const MOST_CLASSES: usize = 1000;
const MOST_CLASSES_NAMED: usize = 10;

/// What was seen of the labels so far.
pub(super) struct Labels<'a> {
    case: &'a DatasetCase,
    file: String,
    rows: usize,
    /// Where there is a positive class: each as it is written, but no more than `MOST_CLASSES` that are not written as that.
    written: BTreeSet<Cell>,
}

impl<'a> Labels<'a> {
    pub(super) fn new(case: &'a DatasetCase) -> Self {
        let file = case.file.to_string();
        Self { case, file, rows: 0, written: BTreeSet::new() }
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
        if self.case.task == Task::Regression && finite_number(text).is_none() {
            let what = format!("has the label \"{text}\", and regression needs a number");
            return Some(at_line(&self.file, line, what));
        }
        if let Some(positive) = &self.case.positive
            && (self.written.len() < MOST_CLASSES || Class::of(text) == Class::of(positive))
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
        let positive = &spelling.class(self.case.positive.as_ref()?);
        let classes: BTreeSet<Class> = self.written.iter().map(|label| spelling.class(label.text())).collect();
        let names: Vec<String> = classes.iter().take(MOST_CLASSES_NAMED).map(Class::to_string).collect();
        let more = if classes.len() > names.len() { ", ..." } else { "" };
        let known = format!("its classes are {}{more}", names.join(", "));
        if !classes.contains(positive) {
            let finding = error(format!("has no row of the positive class \"{positive}\"")).cause(known);
            return Some(match nearest(&positive.to_string(), names.iter().map(String::as_str)) {
                Some(near) => finding.hint(format!("did you mean \"{near}\"?")),
                None => finding,
            });
        }
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
