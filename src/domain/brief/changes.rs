//! What is different from the release before: the files of two builds, by their records.

use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::cloudformation::confidential::Confidential;
use crate::domain::cloudformation::template::Template;
use crate::domain::finding::Finding;
use crate::domain::project::build_plan::changes_with_version;
use crate::domain::project::stage_config::ExportedConfig;
use crate::domain::registry::model_package::Container;
use crate::domain::release::Release;

/// A release, with the texts of those of its files that lie beside the record.
pub(crate) struct Released {
    pub record: Release,
    /// The record's place, which texts are named after in findings.
    pub file: String,
    pub texts: BTreeMap<String, String>,
}

/// What two releases do not have in common.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Changes {
    /// The package of the release before.
    pub previous_model_package_arn: String,
    pub previous_version: u32,
    /// Files that the builds wrote; a config whose parameters could be compared is told by those.
    pub files: Vec<ChangedFile>,
    /// Parameters of exported configs, but those that are another one's for every version.
    pub parameters: Vec<ChangedParameter>,
    /// The images of all containers, if they are not the same.
    pub images: Option<ChangedImages>,
    /// The commit, if it is not the same.
    pub source_version: Option<ChangedSource>,
}

/// A file by its digest.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangedFile {
    pub name: String,
    pub change: Change,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) enum Change {
    Added,
    Changed,
    Removed,
}

impl Change {
    /// What became of something; nothing if it is as it was.
    fn between<T: PartialEq>(before: Option<T>, now: Option<T>) -> Option<Self> {
        match (before, now) {
            (None, None) => None,
            (None, Some(_)) => Some(Self::Added),
            (Some(_), None) => Some(Self::Removed),
            (Some(before), Some(now)) => (before != now).then_some(Self::Changed),
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// A parameter of a stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangedParameter {
    pub stage: String,
    pub name: String,
    pub change: Change,
    /// None where it was not set, or is not to be seen.
    pub before: Option<String>,
    pub now: Option<String>,
    /// Whether the values are not to be seen: the parameter has `NoEcho`, or may have it.
    pub hidden: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangedImages {
    pub before: Vec<String>,
    pub now: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangedSource {
    pub before: Option<String>,
    pub now: Option<String>,
}

impl Changes {
    /// What is different now.
    ///
    /// # Errors
    /// A config is none, with its place.
    pub(crate) fn between(before: &Released, now: &Released) -> Result<Self, Vec<Finding>> {
        let (package, previous) = (now.record.model_package(), before.record.model_package());
        let (mut parameters, mut told) = (Vec::new(), BTreeSet::new());
        let mut findings = Vec::new();
        let hides = [before, now].map(Released::template);
        for (stage, config) in now.record.exported_configs() {
            let Some((_, old)) = before.record.exported_configs().find(|(other, _)| *other == stage) else { continue };
            match (before.config(old), now.config(config)) {
                (Ok(Some(old)), Ok(Some(new))) => {
                    parameters.extend(changed_parameters(stage, &old, &new, &hides));
                    if old.tags == new.tags {
                        told.insert(config);
                    }
                }
                (old, new) => findings.extend([old.err(), new.err()].into_iter().flatten().flatten()),
            }
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        let source = |release: &Released| release.record.source_version().map(str::to_owned);
        let (images, old_images) = (now.images(), before.images());
        Ok(Self {
            previous_model_package_arn: previous.arn.clone(),
            previous_version: previous.version,
            files: changed_files(before, now).filter(|file| !told.contains(file.name.as_str())).collect(),
            parameters,
            images: (package.arn != previous.arn && images != old_images)
                .then_some(ChangedImages { before: old_images, now: images }),
            source_version: (source(before) != source(now))
                .then(|| ChangedSource { before: source(before), now: source(now) }),
        })
    }
}

impl Released {
    /// The files that tell what changed: the exported template and configs.
    pub(crate) fn named(record: &Release) -> Vec<&str> {
        std::iter::once(record.exported_template()).chain(record.exported_configs().map(|(_, config)| config)).collect()
    }

    fn template(&self) -> Option<Template> {
        Template::parse(self.texts.get(self.record.exported_template())?, self.record.exported_template()).ok()
    }

    fn config(&self, name: &str) -> Result<Option<ExportedConfig>, Vec<Finding>> {
        let parse = |text: &String| ExportedConfig::parse(text, &format!("{name} of {}", self.file));
        self.texts.get(name).map(parse).transpose()
    }

    fn images(&self) -> Vec<String> {
        let containers = self.record.model_package().all_containers();
        let image = |container: &Container| match container.digest() {
            Some(digest) if !container.image().contains('@') => format!("{}@{digest}", container.image()),
            _ => container.image().to_owned(),
        };
        containers.map(image).filter(|image| !image.is_empty()).collect()
    }
}

fn changed_files<'a>(before: &'a Released, now: &'a Released) -> impl Iterator<Item = ChangedFile> + 'a {
    let digests = |release: &'a Released| -> BTreeMap<&'a str, &'a str> {
        let files = release.record.subject.iter().filter(|subject| subject.uri.is_none());
        files.map(|subject| (subject.name.as_str(), subject.digest.sha256.as_str())).collect()
    };
    let (old, new) = (digests(before), digests(now));
    let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    names.into_iter().filter_map(move |name| {
        let change = Change::between(old.get(name), new.get(name))?;
        Some(ChangedFile { name: name.to_owned(), change })
    })
}

/// Parameters of a stage in the order of the config, those that are gone behind.
fn changed_parameters(
    stage: &str,
    before: &ExportedConfig,
    now: &ExportedConfig,
    templates: &[Option<Template>; 2],
) -> Vec<ChangedParameter> {
    // Without the template, nothing tells which values may be seen.
    let hides = |name: &str| {
        templates.iter().any(|template| template.is_none() || Confidential::of(template.as_ref()).is(name))
    };
    let compare = |name: &String| {
        let (old, new) = (before.value(name), now.value(name));
        let change = Change::between(old, new)?;
        let hidden = hides(name);
        let shown = |value: Option<&str>| value.filter(|_| !hidden).map(str::to_owned);
        let (before, now) = (shown(old), shown(new));
        Some(ChangedParameter { stage: stage.to_owned(), name: name.clone(), change, before, now, hidden })
    };
    let gone = before.parameters.iter().filter(|(name, _)| now.value(name).is_none());
    let names = now.parameters.iter().chain(gone).map(|(name, _)| name);
    names.filter(|name| !changes_with_version(name)).filter_map(compare).collect()
}
