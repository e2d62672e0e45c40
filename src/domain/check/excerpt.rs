//! The lines that findings point into, without those that hold a secret.

use std::collections::{HashMap, HashSet};

use super::super::build_plan::StagePlan;
use super::super::finding::Finding;
use super::super::template::Template;
use super::{File, Subject};

/// The lines of every file, in the order in which files are reported.
pub(super) struct Sources<'a> {
    files: Vec<(&'a str, Vec<&'a str>)>,
    /// Lines that must not be shown, by file and number.
    secret: HashSet<(&'a str, usize)>,
}

/// Gives findings in one file their lines: those that are made where the other files are out of sight.
pub fn show_lines(file: File<'_>, template: Option<&Template>, findings: &mut [Finding]) {
    let mut sources = Sources::of([file]);
    if let Some(template) = template {
        sources.hide_defaults(file.name, template);
    }
    sources.show(findings);
}

impl<'a> Sources<'a> {
    fn of(files: impl IntoIterator<Item = File<'a>>) -> Self {
        let files = files.into_iter().map(|File { name, text }| (name, text.lines().collect())).collect();
        Self { files, secret: HashSet::new() }
    }

    fn hide_defaults(&mut self, file: &'a str, template: &Template) {
        let secret = template.parameters.iter().filter(|declared| declared.no_echo);
        self.secret.extend(secret.filter_map(|declared| Some((file, declared.default_at?.line))));
    }

    pub(super) fn new(subject: &Subject<'a>, template: Option<&'a Template>, plans: &'a [StagePlan]) -> Self {
        let configs = subject.stages.iter().map(|stage| stage.config);
        let files = subject.template.into_iter().chain(configs).chain(subject.cases);
        let mut sources = Self::of(files);
        let secrets: HashSet<&str> = template
            .iter()
            .flat_map(|template| &template.parameters)
            .filter(|declared| declared.no_echo)
            .map(|declared| declared.name.as_str())
            .collect();
        if secrets.is_empty() {
            return sources;
        }
        if let (Some(file), Some(template)) = (subject.template, template) {
            sources.hide_defaults(file.name, template);
        }
        // A value stands in the line of its name or in the next ones, and a broken file may have it anywhere
        for stage in subject.stages {
            let read = plans.iter().any(|plan| plan.config.file == stage.config.name);
            for (number, line) in stage.config.text.lines().enumerate() {
                if !read || secrets.iter().any(|name| line.contains(&format!("\"{name}\""))) {
                    sources.secret.extend((1..=3).map(|after| (stage.config.name, number + after)));
                }
            }
        }
        sources
    }

    /// Gives every finding its line, and puts all in the order of the files.
    pub(super) fn finish(&self, findings: &mut [Finding]) {
        let order: HashMap<&str, usize> = self.files.iter().enumerate().map(|(at, (name, _))| (*name, at)).collect();
        findings.sort_by_key(|finding| {
            let place = finding.place.as_ref();
            (place.and_then(|place| order.get(place.file.as_str())).copied(), place.and_then(|place| place.position))
        });
        self.show(findings);
    }

    pub(super) fn show(&self, findings: &mut [Finding]) {
        for finding in findings {
            let Some((place, position)) = finding.place.as_ref().and_then(|place| Some((place, place.position?)))
            else {
                continue;
            };
            let Some((name, lines)) = self.files.iter().find(|(name, _)| *name == place.file) else { continue };
            if !self.secret.contains(&(*name, position.line)) {
                finding.excerpt = lines.get(position.line - 1).map(|line| (*line).to_owned());
            }
        }
    }
}
