//! The lines that findings point into, without those that hold a secret.

use std::collections::HashMap;

use super::super::finding::Finding;
use super::serverless::ServerlessImage;
use super::subject::{File, Subject};
use crate::domain::cloudformation::confidential::{Confidential, Hidden, hidden_in_template};
use crate::domain::cloudformation::template::Template;
use crate::domain::project::stage_file::StageFile;

/// The lines of every file, in the order in which files are reported.
pub(super) struct Sources<'a>(Vec<Source<'a>>);

struct Source<'a> {
    name: &'a str,
    lines: Vec<&'a str>,
    hidden: Hidden,
}

/// Gives findings in one file their lines: those that are made where the other files are out of sight.
pub(crate) fn show_lines(file: File<'_>, template: Option<&Template>, findings: &mut [Finding]) {
    Sources(vec![Source::template(file, template)]).show(findings);
}

impl<'a> Source<'a> {
    fn new(File { name, text }: File<'a>, hidden: Hidden) -> Self {
        Self { name, lines: text.lines().collect(), hidden }
    }

    fn template(file: File<'a>, template: Option<&Template>) -> Self {
        let hidden = hidden_in_template(file.text, template);
        Self::new(file, hidden)
    }

    fn config(stage: &'a StageFile, template: Option<&Template>) -> Self {
        let hidden = Confidential::of(template).hidden(stage.document.as_ref(), stage.is_understood());
        Self::new(File { name: &stage.name, text: &stage.text }, hidden)
    }

    /// A line, counted from 1.
    fn shown(&self, number: usize) -> Option<String> {
        let is_hidden = match &self.hidden {
            Hidden::Lines(lines) => lines.iter().any(|lines| lines.contains(&number)),
            Hidden::All => true,
        };
        self.lines.get(number - 1).filter(|_| !is_hidden).map(|line| (*line).to_owned())
    }
}

impl<'a> Sources<'a> {
    pub(super) fn new(subject: &Subject<'a>, template: Option<&Template>) -> Self {
        let of_template = subject.template.map(|file| Source::template(file, template));
        let configs = subject.stages.iter().map(|stage| Source::config(stage, template));
        let cases = subject.cases.map(|file| Source::new(file, Hidden::Lines(Vec::new())));
        Self(of_template.into_iter().chain(configs).chain(cases).collect())
    }

    /// Gives every finding its line, and puts all in the order of the files.
    pub(super) fn finish(&self, findings: &mut [Finding], images: &mut [ServerlessImage]) {
        let order: HashMap<&str, usize> = self.0.iter().enumerate().map(|(at, source)| (source.name, at)).collect();
        findings.sort_by_key(|finding| {
            let place = finding.place.as_ref();
            (place.and_then(|place| order.get(place.file.as_str())).copied(), place.and_then(|place| place.position))
        });
        self.show(findings);
        for image in images {
            self.show(std::slice::from_mut(&mut image.finding));
        }
    }

    fn show(&self, findings: &mut [Finding]) {
        for finding in findings {
            let Some((place, position)) = finding.place.as_ref().and_then(|place| Some((place, place.position?)))
            else {
                continue;
            };
            if let Some(source) = self.0.iter().find(|source| source.name == place.file) {
                finding.excerpt = source.shown(position.line);
            }
        }
    }
}
