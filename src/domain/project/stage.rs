//! A stage of the pipeline: its names for files and variables, and what those variables say.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, Path};
use std::str::FromStr;

use crate::domain::aws::organization::UnitId;
use crate::domain::finding::Finding;
use crate::domain::iam::role_name;
use crate::domain::project::sample_project;

/// The name of a stage as the pipeline knows it: `staging`, `prod`. Any number of stages, any names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stage(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{0}\" is not a stage name (letters, digits, \"-\" and \"_\", starting with a letter)")]
pub struct NotAStage(String);

impl FromStr for Stage {
    type Err = NotAStage;

    fn from_str(text: &str) -> Result<Self, NotAStage> {
        let valid = text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.chars().all(|any| any.is_ascii_alphanumeric() || any == '-' || any == '_');
        if valid { Ok(Self(text.to_owned())) } else { Err(NotAStage(text.to_owned())) }
    }
}

/// The stages of a project in the order of deployment, told apart wherever their names go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stages(Vec<Stage>);

/// Everything that is wrong with a list of stages.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}", .0.join("; "))]
pub struct NotStages(Vec<String>);

impl FromStr for Stages {
    type Err = NotStages;

    fn from_str(text: &str) -> Result<Self, NotStages> {
        let mut stages: Vec<Stage> = Vec::new();
        let mut wrong = Vec::new();
        for part in text.split(',') {
            let stage: Stage = match part.parse() {
                Ok(stage) => stage,
                Err(error) => {
                    wrong.push(NotAStage::to_string(&error));
                    continue;
                }
            };
            match stages.iter().find(|other| other.letters() == stage.letters()) {
                None => stages.push(stage),
                Some(other) if *other == stage => {
                    wrong.push(format!("stage \"{stage}\" is named twice (name every stage once, in the order of deployment)"));
                }
                Some(other) => wrong.push(format!(
                    "the stages \"{other}\" and \"{stage}\" cannot be told apart (names of variables and parameters have no \
                     hyphens and do not keep capitals)"
                )),
            }
        }
        if wrong.is_empty() { Ok(Self(stages)) } else { Err(NotStages(wrong)) }
    }
}

impl std::ops::Deref for Stages {
    type Target = [Stage];

    fn deref(&self) -> &[Stage] {
        &self.0
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Stage {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What is left of the name in any name that is made of it: variables are in capitals, and parameters have letters
    /// and digits only.
    fn letters(&self) -> String {
        self.0.to_uppercase().replace(['-', '_'], "")
    }

    /// The stage's part of a variable name: `PRE_PROD` of `pre-prod`.
    pub(crate) fn variable_part(&self) -> String {
        self.0.to_uppercase().replace('-', "_")
    }

    pub(crate) fn config_file(&self) -> String {
        format!("{}-config.json", self.0)
    }

    fn default_export_file(&self) -> String {
        format!("{}-config-export.json", self.0)
    }

    pub fn export_variable(&self) -> String {
        format!("EXPORT_TEMPLATE_{}_CONFIG", self.variable_part())
    }

    pub fn role_variable(&self) -> String {
        format!("SAGEMAKER_EXECUTION_ROLE_{}_NAME", self.variable_part())
    }

    pub fn unit_variable(&self) -> String {
        format!("ORGANIZATIONAL_UNIT_{}_ID", self.variable_part())
    }
}

/// A stage with what the environment says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageSettings {
    pub stage: Stage,
    pub config_file: String,
    pub export_file: String,
    /// The name, not the ARN, of the execution role in the stage's accounts.
    pub role_name: Option<String>,
    pub unit: Option<UnitId>,
    /// Variables that are set to what cannot be used, so that nobody asks to set them.
    pub unusable: Vec<String>,
    /// Parameters by the names of AWS's sample projects, for a template that declares them.
    pub of_samples: Vec<(&'static str, String)>,
}

impl StageSettings {
    /// A stage of which the environment says nothing.
    pub fn bare(stage: &Stage) -> Self {
        Self {
            stage: stage.clone(),
            config_file: stage.config_file(),
            export_file: stage.default_export_file(),
            role_name: None,
            unit: None,
            unusable: Vec::new(),
            of_samples: Vec::new(),
        }
    }

    /// Reads a stage's variables; an empty variable counts as none. Beside the settings comes a finding for every
    /// variable whose value cannot be used.
    pub(crate) fn from_environment(stage: &Stage, environment: &BTreeMap<String, String>) -> (Self, Vec<Finding>) {
        let variable = |name: &str| environment.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        let mut findings = Vec::new();
        let mut unusable = Vec::new();
        let unit_variable = stage.unit_variable();
        let unit = variable(&unit_variable).and_then(|text| match text.parse() {
            Ok(unit) => Some(unit),
            Err(error) => {
                unusable.push(unit_variable.clone());
                findings.push(
                    Finding::error(format!("variable {unit_variable} cannot be used"))
                        .cause(format!("{error}"))
                        .hint("copy the id from AWS Organizations, for example ou-ab12-cdef3456"),
                );
                None
            }
        });
        let role_variable = stage.role_variable();
        let role_name = variable(&role_variable).and_then(|text| match check_role_name(text) {
            Ok(()) => Some(text.to_owned()),
            Err(cause) => {
                unusable.push(role_variable.clone());
                findings.push(
                    Finding::error(format!("variable {role_variable} cannot be used"))
                        .cause(cause)
                        .hint("give the name of the role in the target accounts, not its ARN"),
                );
                None
            }
        });
        let part = stage.variable_part();
        let of_samples = sample_project::parameters(&part, environment);
        let mut settings = Self { role_name, unit, unusable, of_samples, ..Self::bare(stage) };
        if let Some(name) = sample_project::config_name(&part, environment) {
            settings.config_file = format!("{name}-template.json");
            settings.export_file = format!("{name}.json");
        }
        let export_variable = stage.export_variable();
        let export_file = variable(&export_variable).map(str::to_owned);
        let names_it = if export_file.is_some() { export_variable } else { sample_project::config_variable(&part) };
        settings.export_file = export_file.unwrap_or(settings.export_file);
        findings.extend(leads_out(&format!("variable {names_it}"), Path::new(&settings.export_file)));
        (settings, findings)
    }
}

/// What is wrong with the name of an output that leads out of the folder for outputs.
pub(crate) fn leads_out(named_by: &str, name: &Path) -> Option<Finding> {
    let stays = name.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    (!stays).then(|| {
        Finding::error(format!("{named_by} cannot be used"))
            .cause(format!("\"{}\" leads out of the output directory", name.display()))
            .hint("give the name of a file in that directory; a build writes to another one with --output-dir")
    })
}

/// Whether `text` can be the name of an IAM role (IAM API: `[\w+=,.@-]{1,64}`, with a path before it if need be).
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn check_role_name(text: &str) -> Result<(), String> {
    let name = role_name(text);
    let fits = |any: char| any.is_ascii_alphanumeric() || "_+=,.@-/".contains(any);
    if (1..=64).contains(&name.len()) && text.chars().all(fits) && !text.starts_with('/') {
        Ok(())
    } else {
        Err(format!("\"{text}\" is not an IAM role name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_stage() {
        let stage: Stage = "pre-prod".parse().expect("valid");
        assert_eq!(stage.config_file(), "pre-prod-config.json");
        assert_eq!(stage.export_variable(), "EXPORT_TEMPLATE_PRE_PROD_CONFIG");
        assert_eq!(stage.role_variable(), "SAGEMAKER_EXECUTION_ROLE_PRE_PROD_NAME");
        assert_eq!(stage.unit_variable(), "ORGANIZATIONAL_UNIT_PRE_PROD_ID");
        for text in ["", "1st", "a b", "../x"] {
            assert!(text.parse::<Stage>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_list_of_stages_has_each_once_and_tells_all_that_is_wrong() {
        let stages: Stages = "pre-prod,prod".parse().expect("valid");
        assert_eq!(stages.iter().map(Stage::as_str).collect::<Vec<_>>(), ["pre-prod", "prod"]);
        let wrong = |text: &str| text.parse::<Stages>().expect_err(text).0.len();
        for (text, expected) in [("", 1), ("a,", 1), ("a,a", 1), ("pre-prod,preProd,PRE_PROD", 2), ("1,a,a,b c", 3)] {
            assert_eq!(wrong(text), expected, "{text}");
        }
    }

    #[test]
    fn every_variable_that_cannot_be_used_is_found_at_once() {
        let stage: Stage = "prod".parse().expect("valid");
        let environment = [
            ("ORGANIZATIONAL_UNIT_PROD_ID", "prod"),
            ("SAGEMAKER_EXECUTION_ROLE_PROD_NAME", "arn:aws:iam::111111111111:role/x"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let (settings, findings) = StageSettings::from_environment(&stage, &environment);
        assert_eq!((findings.len(), settings.unusable.len()), (2, 2));
        let (settings, findings) = StageSettings::from_environment(&stage, &BTreeMap::new());
        assert_eq!((findings, settings.unusable), (Vec::new(), Vec::new()));
        assert_eq!(settings.export_file, "prod-config-export.json");
        for (variable, value, is_out) in [
            ("EXPORT_TEMPLATE_PROD_CONFIG", "../x.json", true),
            ("EXPORT_TEMPLATE_PROD_CONFIG", "a/../../x.json", true),
            ("EXPORT_TEMPLATE_PROD_CONFIG", "/x.json", true),
            ("PROD_CONFIG_NAME", "../x", true),
            ("EXPORT_TEMPLATE_PROD_CONFIG", "./a/x..json", false),
        ] {
            let environment = BTreeMap::from([(variable.to_owned(), value.to_owned())]);
            let (_, findings) = StageSettings::from_environment(&stage, &environment);
            let found: Vec<&str> = findings.iter().map(|finding| finding.what.as_str()).collect();
            let expected = format!("variable {variable} cannot be used");
            assert_eq!(found, if is_out { vec![expected.as_str()] } else { vec![] }, "{value}");
        }
        assert_eq!(settings.unit, None);
    }
}
