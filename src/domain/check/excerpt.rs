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

impl<'a> Sources<'a> {
    pub(super) fn new(subject: &Subject<'a>, template: Option<&'a Template>, plans: &'a [StagePlan]) -> Self {
        let configs = subject.stages.iter().map(|stage| stage.config);
        let files = subject.template.into_iter().chain(configs).chain(subject.cases);
        let mut sources = Self {
            files: files.map(|File { name, text }| (name, text.lines().collect())).collect(),
            secret: HashSet::new(),
        };
        let secrets: HashSet<&str> = template
            .iter()
            .flat_map(|template| &template.parameters)
            .filter(|declared| declared.no_echo)
            .map(|declared| declared.name.as_str())
            .collect();
        if secrets.is_empty() {
            return sources;
        }
        for declared in template.iter().flat_map(|template| &template.parameters).filter(|one| one.no_echo) {
            if let (Some(file), Some(at)) = (subject.template, declared.default_at) {
                sources.secret.insert((file.name, at.line));
            }
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
