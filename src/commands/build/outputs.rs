//! What a build leaves: the files, and what is said of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::{Session, print, print_json};
use super::Policy;
use super::inputs::Inputs;
use super::packaging::{Artefact, Uploaded};
use super::template::Deployable;
use crate::cli::{BuildArgs, ExportFormat, Format, variable};
use crate::domain::build_plan::StagePlan;
use crate::domain::confidential::{Confidential, without_defaults};
use crate::domain::count::counted;
use crate::domain::finding::Finding;
use crate::domain::masking::MASK;
use crate::domain::model_package::ModelPackage;
use crate::domain::organization::Targets;
use crate::domain::page::Page;
use crate::domain::release::{
    self, Build, Contents, ExternalParameters, FileContent, InternalParameters, Project, Release, ReleasedStage,
    RequestedStage,
};
use crate::domain::s3_uri::S3Uri;
use crate::domain::stage::StageSettings;
use crate::domain::stage_config::{self, ExportedConfig};
use crate::domain::template::Template;
use crate::error::{Failure, Result};
use crate::files::{self, OwnDigest};
use crate::secrets::masked;

/// Where every file goes, in the order of `Outputs::files`.
pub(super) fn places(args: &BuildArgs, stages: &[StagePlan]) -> Vec<PathBuf> {
    let exports = stages.iter().map(|plan| Path::new(&plan.settings.export_file));
    let names = [args.export_template.as_path()].into_iter().chain(exports).chain([Path::new(release::FILE_NAME)]);
    names.map(|name| files::within(&args.output_dir, name)).collect()
}

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
        args: &BuildArgs,
        session: &Session,
        inputs: &Inputs,
        deployable: &Deployable,
        package: &ModelPackage,
        target_lists: &[Targets],
        region: &str,
    ) -> Result<Self> {
        let shown = |path: &Path| path.display().to_string();
        let format = match args.export_format {
            ExportFormat::StackSet => stage_config::ExportFormat::StackSet,
            ExportFormat::CloudFormation => stage_config::ExportFormat::CloudFormation,
        };
        let mut written = vec![(shown(&args.export_template), deployable.packed.text.clone().into_bytes())];
        let mut read = vec![FileContent { name: shown(&inputs.template.name), bytes: inputs.template.text.as_bytes() }];
        let mut lines = Vec::new();
        let mut texts = Vec::new();
        if args.dry_run {
            texts.push(shown_template(&deployable.packed.text, &deployable.template.file));
        }
        let mut requested = Vec::new();
        let mut released = Vec::new();
        for ((plan, text), targets) in inputs.stages.iter().zip(&inputs.config_texts).zip(target_lists) {
            let export = plan.export(&deployable.template, &inputs.facts, package);
            if !export.tags.is_empty() && format == stage_config::ExportFormat::StackSet {
                session.console.warning(
                    &Finding::warning("sets Tags, which are not deployed")
                        .in_file(&plan.config.file)
                        .cause("CodePipeline's CloudFormationStackSet action takes parameters only")
                        .hint("put the tags into the template, or export with --export-format cloudformation"),
                );
            }
            let rendered = export.render(format);
            if args.dry_run {
                texts.push(shown_config(export.clone(), &deployable.template).render(format));
            }
            let StageSettings { stage, config_file, export_file, unit, role_name, .. } = &plan.settings;
            let reach = match unit {
                Some(unit) if !targets.active.is_empty() => {
                    format!("{} of {unit}", counted(targets.active.len(), "account"))
                }
                _ => counted(export.parameters.len(), "parameter"),
            };
            lines.push(format!("{:<15} {reach} -> {export_file}", format!("stage {stage}")));
            requested.push(RequestedStage {
                stage: stage.to_string(),
                config: config_file.clone(),
                export_config: export_file.clone(),
                organizational_unit: unit.as_ref().map(ToString::to_string),
                role_name: role_name.clone(),
            });
            released.push(ReleasedStage {
                stage: stage.to_string(),
                stage_name: plan.config.stage_name().to_owned(),
                accounts: targets.ids().iter().map(ToString::to_string).collect(),
            });
            read.push(FileContent { name: config_file.clone(), bytes: text.as_bytes() });
            written.push((export_file.clone(), rendered.into_bytes()));
        }
        let asked = ExternalParameters {
            project: Project { name: inputs.facts.name.clone(), id: inputs.facts.id.clone() },
            model_package_group: inputs.group.to_string(),
            model_version: args.project.model_version,
            artifact_bucket: inputs.facts.artifact_bucket.clone(),
            template: shown(&inputs.template.name),
            export_template: shown(&args.export_template),
            export_format: name_of(args.export_format),
            stages: requested,
        };
        let made = InternalParameters {
            region: region.to_owned(),
            model_package: package.clone(),
            stages: released,
            source_version: session.environment.get(variable::SOURCE_VERSION).cloned(),
        };
        let files: Vec<FileContent<'_>> =
            written.iter().map(|(name, bytes)| FileContent { name: name.clone(), bytes }).collect();
        let packed = &deployable.packed;
        let uploaded: Vec<(&S3Uri, &[u8])> =
            packed.artefacts.iter().map(|artefact| (&artefact.place, artefact.bytes.as_slice())).collect();
        let contents = Contents { read: &read, named: &packed.sources, written: &files, uploaded: &uploaded };
        let release = Release::new(asked, made, &contents, build_of(&session.environment, &inputs.own));
        let record = release.render().map_err(|error| {
            Failure::failed(Finding::error(format!("cannot render {}", release::FILE_NAME)).cause(error.to_string()))
        })?;
        let record = masked(&record).into_owned();
        texts.push(record.clone());
        written.push((release::FILE_NAME.to_owned(), record.into_bytes()));
        let files = places(args, &inputs.stages).into_iter().zip(written.into_iter().map(|(_, bytes)| bytes)).collect();
        Ok(Self { files, shown: texts, release, lines })
    }

    /// Says what was done.
    pub(super) fn tell(
        &self,
        session: &Session,
        package: &ModelPackage,
        policy: &Policy,
        uploads: &[Uploaded<'_>],
        access: &Value,
    ) -> Result<()> {
        let policy = match policy {
            Policy::Kept(how) => how,
            Policy::Put(_) => "updated",
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
        policy: &Policy,
        uploads: &[Uploaded<'_>],
        access: &Value,
    ) -> Result<()> {
        if session.console.format == Format::Json {
            let puts = uploads.iter().filter(|upload| upload.is_new).map(|upload| {
                let mut call = described(upload);
                call["operation"] = Value::from("s3:PutObject");
                call
            });
            let mut calls: Vec<Value> = puts.collect();
            if let Policy::Put(text) = policy {
                calls.push(json!({
                    "operation": "sagemaker:PutModelPackageGroupPolicy",
                    "modelPackageGroupName": group,
                    "resourcePolicy": serde_json::from_str::<Value>(text).unwrap_or_default(),
                }));
            }
            let files: Vec<Value> = self
                .files
                .iter()
                .zip(&self.shown)
                .map(|((path, _), text)| json!({"path": path.display().to_string(), "content": text}))
                .collect();
            return print_json(&format!("{:#}\n", json!({"calls": calls, "files": files, "access": access})));
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
            Policy::Put(policy) => {
                let policy: Value = serde_json::from_str(policy).unwrap_or_default();
                page.line(format!("would call sagemaker:PutModelPackageGroupPolicy for \"{group}\":"));
                page.document(&format!("{policy:#}"), "");
            }
            Policy::Kept(how) => page.line(format!("would put no policy: that of group \"{group}\" is {how}")),
        }
        for ((path, contents), text) in self.files.iter().zip(&self.shown) {
            page.line("");
            page.line(format!("would write {} ({} bytes):", path.display(), contents.len()));
            page.document(text, "");
        }
        print(&page, session)
    }
}

/// A template's text without the defaults of confidential parameters.
fn shown_template(text: &str, file: &str) -> String {
    match Template::parse(text, file) {
        Ok(template) => without_defaults(text, &template),
        Err(_) => text.to_owned(),
    }
}

/// A config without the values of confidential parameters.
fn shown_config(mut config: ExportedConfig, template: &Template) -> ExportedConfig {
    let confidential = Confidential(Some(template));
    for (name, value) in &mut config.parameters {
        if confidential.is(name) {
            MASK.clone_into(value);
        }
    }
    config
}

/// A format as the flag takes it.
fn name_of(format: ExportFormat) -> String {
    format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
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
