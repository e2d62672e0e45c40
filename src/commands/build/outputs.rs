//! What a build leaves: the files, and what is said of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::project::Artefact;
use super::super::session::Session;
use super::super::stdout::{print, print_json};
use super::inputs::{Deployed, Inputs};
use super::places::places;
use super::uploads::Uploaded;
use crate::cli::{Format, variable};
use crate::domain::aws::organization::Targets;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::cloudformation::confidential::without_defaults;
use crate::domain::cloudformation::template::Template;
use crate::domain::finding::Finding;
use crate::domain::iam::Written;
use crate::domain::registry::group_policy::NextPolicy;
use crate::domain::registry::model_package::ModelPackage;
use crate::domain::release::stage_output::StageOutput;
use crate::domain::release::{
    self, Build, Contents, ExternalParameters, FileContent, InternalParameters, Project, Release, RequestedStage,
};
use crate::domain::text::masking;
use crate::domain::text::page::Page;
use crate::domain::text::printable;
use crate::error::{Failure, Result};
use crate::files::OwnDigest;
use crate::secrets::masked_record;

/// Every file that is written, and what is said of them.
pub(super) struct Outputs {
    pub(super) files: Vec<(PathBuf, Vec<u8>)>,
    /// The files' texts as a dry run shows them: without what nobody is to see.
    shown: Vec<String>,
    release: Release,
    lines: Vec<String>,
}

impl Outputs {
    pub(super) fn render(
        session: &Session,
        inputs: &Inputs,
        deployed: &Deployed<'_>,
        package: &ModelPackage,
        target_lists: &[Targets],
        region: &str,
    ) -> Result<Self> {
        let shown = |path: &Path| path.display().to_string();
        let Inputs { settings, project, .. } = inputs;
        let facts = &project.settings.facts;
        let template = project.template.iter();
        let template = template.map(|file| FileContent { name: shown(&file.name), bytes: file.text.as_bytes() });
        let mut read: Vec<FileContent<'_>> = template.collect();
        let mut written = vec![(shown(&settings.export_template), deployed.packed.text.clone().into_bytes())];
        let mut lines = Vec::new();
        let mut texts = Vec::new();
        if settings.dry_run {
            texts.push(shown_template(&deployed.packed.text, &deployed.template.file));
        }
        let mut requested = Vec::new();
        let mut released = Vec::new();
        for ((plan, file), targets) in inputs.stages().iter().zip(&project.stages).zip(target_lists) {
            let output = StageOutput::new(plan, targets, &deployed.template, facts, package, settings.export_format);
            if let Some(warning) = output.warning() {
                session.console.warning(&warning);
            }
            if settings.dry_run {
                texts.push(output.shown(&deployed.template));
            }
            lines.push(output.line());
            requested.push(output.requested());
            released.push(output.released());
            read.push(FileContent { name: plan.settings.config_file.clone(), bytes: file.text.as_bytes() });
            written
                .push((plan.settings.export_file.clone(), printable::json(&output.text()).into_owned().into_bytes()));
        }
        let asked = asked(inputs, requested);
        let made = InternalParameters {
            region: region.to_owned(),
            model_package: package.clone(),
            stages: released,
            source_version: session.environment.get(variable::SOURCE_VERSION).cloned(),
        };
        let files: Vec<FileContent<'_>> =
            written.iter().map(|(name, bytes)| FileContent { name: name.clone(), bytes }).collect();
        let packed = &deployed.packed;
        let uploaded: Vec<(&S3Uri, &[u8])> =
            packed.artefacts.iter().map(|artefact| (&artefact.place, artefact.bytes.as_slice())).collect();
        let contents = Contents { read: &read, named: &packed.sources, written: &files, uploaded: &uploaded };
        let release = Release::new(asked, made, &contents, build_of(&session.environment, &inputs.own));
        let record = release.render().map_err(|error| {
            Failure::failed(Finding::error(format!("cannot render {}", release::FILE_NAME)).cause(error.to_string()))
        })?;
        let record = masking::in_json(&masked_record(&record), masking::by_place).into_owned();
        let record = printable::json(&record).into_owned();
        texts.push(record.clone());
        written.push((release::FILE_NAME.to_owned(), record.into_bytes()));
        let files =
            places(settings, inputs.stages()).into_iter().zip(written.into_iter().map(|(_, bytes)| bytes)).collect();
        Ok(Self { files, shown: texts, release, lines })
    }

    /// Says what was done.
    pub(super) fn tell(
        &self,
        session: &Session,
        package: &ModelPackage,
        policy: &NextPolicy,
        uploads: &[Uploaded<'_>],
        access: &Value,
    ) -> Result<()> {
        let policy = match policy {
            NextPolicy::Kept(how) => how,
            NextPolicy::Put(_) => "updated",
        };
        if session.console.format == Format::Json {
            let files: Vec<String> = self.files.iter().map(|(path, _)| path.display().to_string()).collect();
            let artefacts: Vec<Value> = uploads.iter().map(described).collect();
            let value = json!({"modelPackage": package, "groupPolicy": policy, "artefacts": artefacts, "files": files,
                               "access": access, "release": self.release});
            return print_json(&format!("{value:#}\n"));
        }
        let mut page = Page::default();
        page.line(format!(
            "model package   {} (version {}, {}, registered {})",
            package.arn,
            package.version,
            package.approval_status,
            seconds(package.created_at)
        ));
        page.extend(self.lines.iter().cloned());
        let written: Vec<String> = self.files.iter().map(|(path, _)| path.display().to_string()).collect();
        page.extend(uploads.iter().map(|Uploaded { artefact: Artefact { source, place, .. }, is_new }| {
            format!("artefact        {source} {} {place}", if *is_new { "->" } else { "is there already:" })
        }));
        page.line(format!("group policy    {policy}"));
        page.line(format!("written         {}", written.join(", ")));
        print(&page, session)
    }

    /// Says what would be done.
    pub(super) fn preview(
        &self,
        session: &Session,
        group: &str,
        policy: &NextPolicy,
        uploads: &[Uploaded<'_>],
        access: &Value,
    ) -> Result<()> {
        if session.console.format == Format::Json {
            let puts = uploads.iter().filter(|upload| upload.is_new).map(|upload| {
                let mut call = described(upload);
                call["operation"] = Value::from("s3:PutObject");
                call
            });
            let object = |members: [(&str, Written); 3]| {
                Written::Object(members.map(|(name, value)| (name.to_owned(), value)).to_vec())
            };
            let mut calls: Vec<Written> = puts.map(|put| Written::from(&put)).collect();
            if let NextPolicy::Put(text) = policy {
                let policy = Written::parse(text).unwrap_or_else(|_| Written::from(&Value::from(text.as_str())));
                calls.push(object([
                    ("operation", Written::from(&Value::from("sagemaker:PutModelPackageGroupPolicy"))),
                    ("modelPackageGroupName", Written::from(&Value::from(group))),
                    ("resourcePolicy", policy),
                ]));
            }
            let files: Vec<Value> = self
                .files
                .iter()
                .zip(&self.shown)
                .map(|((path, _), text)| json!({"path": path.display().to_string(), "content": text}))
                .collect();
            let preview = object([
                ("calls", Written::List(calls)),
                ("files", Written::from(&Value::from(files))),
                ("access", Written::from(access)),
            ]);
            return print_json(&format!("{preview:#}\n"));
        }
        let mut page = Page::default();
        for Uploaded { artefact: Artefact { source, place, bytes }, is_new } in uploads {
            page.line(if *is_new {
                format!("would upload {source} ({} bytes) to {place}", bytes.len())
            } else {
                format!("would not upload {source}, which is there already: {place}")
            });
            page.line("");
        }
        match policy {
            NextPolicy::Put(policy) => {
                let policy = Written::parse(policy).map_or_else(|_| policy.clone(), |written| format!("{written:#}"));
                page.line(format!("would call sagemaker:PutModelPackageGroupPolicy for \"{group}\":"));
                page.document(&policy, "");
            }
            NextPolicy::Kept(how) => page.line(format!("would put no policy: that of group \"{group}\" is {how}")),
        }
        for ((path, contents), text) in self.files.iter().zip(&self.shown) {
            page.line("");
            page.line(format!("would write {} ({} bytes):", path.display(), contents.len()));
            page.document(text, "");
        }
        print(&page, session)
    }
}

/// What the build was asked for.
fn asked(inputs: &Inputs, stages: Vec<RequestedStage>) -> ExternalParameters {
    let Inputs { settings, project, .. } = inputs;
    let facts = &project.settings.facts;
    let shown = |path: &Path| path.display().to_string();
    ExternalParameters {
        project: Project { name: facts.name.clone(), id: facts.id.clone() },
        model_package_group: settings.group.to_string(),
        model_version: settings.model_version,
        lifecycle: settings.chosen_by.stage().map(ToString::to_string),
        artifact_bucket: facts.artifact_bucket.clone(),
        template: project.template.as_ref().map(|file| shown(&file.name)).unwrap_or_default(),
        export_template: shown(&settings.export_template),
        export_format: settings.export_format.name(),
        stages,
    }
}

/// A template's text without the defaults of confidential parameters.
fn shown_template(text: &str, file: &str) -> String {
    match Template::parse(text, file) {
        Ok(template) => without_defaults(text, &template),
        Err(_) => text.to_owned(),
    }
}

/// An artefact for programs.
fn described(Uploaded { artefact, is_new }: &Uploaded<'_>) -> Value {
    let Artefact { place, bytes, source } = artefact;
    json!({"source": source, "bucket": place.bucket, "key": place.key, "bytes": bytes.len(), "new": is_new})
}

/// What CodeBuild says of the build.
fn build_of(environment: &BTreeMap<String, String>, own: &OwnDigest) -> Build {
    let started = environment.get(variable::START_TIME).and_then(|millis| millis.parse().ok());
    Build {
        id: environment.get(variable::BUILD_ID).cloned(),
        arn: environment.get(variable::BUILD_ARN).cloned(),
        started_at: started.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
        tool_sha256: own.wait(),
    }
}

/// A time without its fractions of a second, for people.
fn seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
