//! The config that a build exported for the stage, where there is one.

use std::path::Path;

use super::super::session::Session;
use super::super::verify;
use super::settings::Settings;
use crate::cli::build::EXPORT_TEMPLATE;
use crate::domain::cloudformation::template::Template;
use crate::domain::finding::{Finding, Severity};
use crate::domain::project::build_plan::{MODEL_PACKAGE_NAME, PROJECT_NAME};
use crate::domain::project::stage_config::{ExportedConfig, STAGE_NAME};
use crate::domain::release;
use crate::domain::release::verification::{self, Record};
use crate::domain::report::results::{ReleaseReport, TestReport};
use crate::error::{Failure, Result};
use crate::files;

/// The build config, where there is one.
pub(super) struct BuildConfig(Option<ExportedConfig>);

/// That a config names no package, held against what lies beside it.
fn without_package(config: &Path) -> Finding {
    let folder = files::folder_of(config);
    let beside = |name: &str| {
        let path = files::named(&files::within(folder, name), folder).ok()?;
        files::read_record(&path).ok()
    };
    let record = beside(release::FILE_NAME).map(|text| Record::read(&text, release::FILE_NAME));
    let record = record.and_then(|record| record.release);
    let template = record.as_ref().map_or(EXPORT_TEMPLATE, |record| record.exported_template());
    let text = beside(template);
    let parsed = text.and_then(|text| Template::read(&text, template).0);
    let is_declared = parsed.map(|template| template.declares(MODEL_PACKAGE_NAME));
    verification::without_package(&config.display().to_string(), template, is_declared, record.is_some())
}

impl BuildConfig {
    /// The config, with the text that it was read from.
    pub(super) fn read(path: &Path) -> Result<(Self, String)> {
        let text = files::read_text(path)?;
        let config = ExportedConfig::parse(&text, &path.display().to_string()).map_err(Failure::invalid)?;
        Ok((Self(Some(config)), text))
    }

    pub(super) fn read_if_there(path: &Path) -> Result<Self> {
        if path.exists() { Self::read(path).map(|(config, _)| config) } else { Ok(Self(None)) }
    }

    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.0.as_ref()?.value(key)
    }

    /// What the release record beside it says of it.
    pub(super) fn verify(&self, text: &str, settings: &Settings, session: &Session) -> Result<Option<ReleaseReport>> {
        let package = self.value(MODEL_PACKAGE_NAME);
        let release = verify::beside(&settings.build_config, text, package, settings.no_verify, session)?;
        if package.is_none() {
            let finding = without_package(&settings.build_config);
            if finding.severity == Severity::Error && !settings.no_verify {
                return Err(Failure::invalid(vec![finding]));
            }
            session.console.warning(&Finding { severity: Severity::Warning, ..finding });
        }
        Ok(release)
    }

    pub(super) fn name_in(&self, report: &mut TestReport) {
        let value = |key| self.value(key).map(str::to_owned);
        report.project = value(PROJECT_NAME);
        report.stage = value(STAGE_NAME);
        report.model_package_arn = value(MODEL_PACKAGE_NAME);
    }

    /// `{SageMakerProjectName}-{StageName}`, else the parameter that is missing for it.
    pub(super) fn endpoint_name(&self) -> std::result::Result<String, &'static str> {
        let value = |key: &'static str| self.value(key).ok_or(key);
        Ok(format!("{}-{}", value(PROJECT_NAME)?, value(STAGE_NAME)?))
    }
}
