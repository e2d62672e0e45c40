//! Where the files of a build go.

use std::path::PathBuf;

use super::settings::Settings;
use crate::domain::project::build_plan::StagePlan;
use crate::domain::release::outputs::names;
use crate::files;

/// Where every file goes, in the order of `Outputs::files`.
pub(super) fn places(settings: &Settings, stages: &[StagePlan]) -> Vec<PathBuf> {
    names(&settings.export_template, stages).map(|name| files::within(&settings.output_dir, name)).collect()
}
