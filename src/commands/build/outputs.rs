//! What a build leaves: the files, and what is said of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::Session;
use super::Policy;
use super::inputs::Inputs;
use crate::cli::{BuildArgs, ExportFormat, Format, variable};
use crate::domain::count::counted;
use crate::domain::digest::sha256;
use crate::domain::finding::Finding;
use crate::domain::model_package::ModelPackage;
use crate::domain::organization::Targets;
use crate::domain::release::{self, Build, FileDigest, Project, Release, ReleasedStage};
use crate::domain::stage::StageSettings;
use crate::domain::stage_config;
use crate::error::{Failure, Result};
use crate::files;

/// Every file that is written, and what is said of them.
pub(super) struct Outputs {
    pub(super) files: Vec<(PathBuf, Vec<u8>)>,
    release: Release,
    lines: Vec<String>,
}

impl Outputs {
    pub(super) fn render(
        args: &BuildArgs,
        session: &Session,
        inputs: &Inputs,
        package: &ModelPackage,
        target_lists: &[Targets],
    ) -> Result<Self> {
        let place = |name: &Path| files::within(&args.output_dir, name);
        let shown = |path: &Path| path.display().to_string();
        let format = match args.export_format {
            ExportFormat::StackSet => stage_config::ExportFormat::StackSet,
            ExportFormat::CloudFormation => stage_config::ExportFormat::CloudFormation,
        };
        let template_digest = sha256(inputs.template_text.as_bytes());
        let mut written = vec![(place(&args.export_template), inputs.template_text.clone().into_bytes())];
        let mut lines = Vec::new();
        let mut stages = Vec::new();
        for ((plan, text), targets) in inputs.stages.iter().zip(&inputs.config_texts).zip(target_lists) {
            let export = plan.export(&inputs.template, &inputs.facts, package);
            if !export.tags.is_empty() && format == stage_config::ExportFormat::StackSet {
                session.console.warning(
                    &Finding::warning("sets Tags, which are not deployed")
                        .in_file(&plan.config.file)
                        .cause("CodePipeline's CloudFormationStackSet action takes parameters only")
                        .hint("put the tags into the template, or export with --export-format cloudformation"),
                );
            }
            let rendered = export.render(format);
            let StageSettings { stage, config_file, export_file, unit, role_name, .. } = &plan.settings;
            let reach = match unit {
                Some(unit) if !targets.active.is_empty() => {
                    format!("{} of {unit}", counted(targets.active.len(), "account"))
                }
                _ => counted(export.parameters.len(), "parameter"),
            };
            lines.push(format!("{:<15} {reach} -> {export_file}", format!("stage {stage}")));
            stages.push(ReleasedStage {
                stage: stage.to_string(),
                stage_name: plan.config.stage_name().to_owned(),
                organizational_unit: unit.as_ref().map(ToString::to_string),
                role_name: role_name.clone(),
                accounts: targets.ids().iter().map(ToString::to_string).collect(),
                config: FileDigest {
                    input: config_file.clone(),
                    input_sha256: sha256(text.as_bytes()),
                    output: export_file.clone(),
                    output_sha256: sha256(rendered.as_bytes()),
                },
            });
            written.push((place(Path::new(export_file)), rendered.into_bytes()));
        }
        let release = Release::new(
            Project { name: inputs.facts.name.clone(), id: inputs.facts.id.clone() },
            package.clone(),
            stages,
            FileDigest {
                input: shown(&args.project.template),
                input_sha256: template_digest.clone(),
                output: shown(&args.export_template),
                output_sha256: template_digest,
            },
            build_of(&session.environment),
        );
        let record = serde_json::to_string_pretty(&release).map_err(|error| {
            Failure::failed(Finding::error(format!("cannot render {}", release::FILE_NAME)).cause(error.to_string()))
        })?;
        written.push((place(Path::new(release::FILE_NAME)), format!("{record}\n").into_bytes()));
        Ok(Self { files: written, release, lines })
    }

    pub(super) fn summary(&self, session: &Session, package: &ModelPackage, policy: &Policy) -> String {
        let policy = match policy {
            Policy::Kept(how) => how,
            Policy::Put(_) => "updated",
        };
        if session.console.format == Format::Json {
            let mut value = serde_json::to_value(&self.release).unwrap_or_default();
            value["groupPolicy"] = Value::from(policy);
            value["files"] = self.files.iter().map(|(path, _)| path.display().to_string()).collect();
            return format!("{value:#}\n");
        }
        let head = format!(
            "model package   {} (version {}, {}, registered {})",
            package.arn,
            package.version,
            package.approval_status,
            seconds(package.created_at)
        );
        let written: Vec<String> = self.files.iter().map(|(path, _)| path.display().to_string()).collect();
        let tail = [format!("group policy    {policy}"), format!("written         {}", written.join(", "))];
        let lines = std::iter::once(&head).chain(&self.lines).chain(&tail).map(String::as_str);
        lines.collect::<Vec<_>>().join("\n")
    }

    pub(super) fn preview(&self, session: &Session, group: &str, policy: &Policy) -> String {
        if session.console.format == Format::Json {
            let calls: Vec<Value> = match policy {
                Policy::Put(text) => vec![json!({
                    "operation": "sagemaker:PutModelPackageGroupPolicy",
                    "modelPackageGroupName": group,
                    "resourcePolicy": serde_json::from_str::<Value>(text).unwrap_or_default(),
                })],
                Policy::Kept(_) => Vec::new(),
            };
            let files: Vec<Value> = self
                .files
                .iter()
                .map(|(path, contents)| json!({"path": path.display().to_string(), "content": String::from_utf8_lossy(contents)}))
                .collect();
            return format!("{:#}\n", json!({"calls": calls, "files": files}));
        }
        let calls = match policy {
            Policy::Put(policy) => {
                let policy: Value = serde_json::from_str(policy).unwrap_or_default();
                format!("would call sagemaker:PutModelPackageGroupPolicy for \"{group}\":\n{policy:#}\n")
            }
            Policy::Kept(how) => format!("would call nothing: the policy of group \"{group}\" is {how}\n"),
        };
        let file = |(path, contents): &(PathBuf, Vec<u8>)| {
            let text = String::from_utf8_lossy(contents);
            format!("would write {} ({} bytes):\n{text}", path.display(), contents.len())
        };
        std::iter::once(calls).chain(self.files.iter().map(file)).collect::<Vec<_>>().join("\n")
    }
}

/// What CodeBuild says of the build.
fn build_of(environment: &BTreeMap<String, String>) -> Build {
    let started = environment.get(variable::START_TIME).and_then(|millis| millis.parse().ok());
    Build {
        id: environment.get(variable::BUILD_ID).cloned(),
        source_commit: environment.get(variable::SOURCE_VERSION).cloned(),
        started_at: started.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
    }
}

/// A time without its fractions of a second, for people.
fn seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
