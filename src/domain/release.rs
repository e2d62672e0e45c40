//! The release record: what was chosen, from what, by which build.

use jiff::Timestamp;
use serde::Serialize;

use super::model_package::ModelPackage;

pub const FILE_NAME: &str = "release.json";
const SCHEMA_VERSION: u32 = 1;

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    schema_version: u32,
    pub project: Project,
    pub model_package: ModelPackage,
    pub stages: Vec<ReleasedStage>,
    pub template: FileDigest,
    /// `CODEBUILD_RESOLVED_SOURCE_VERSION`: the commit, unless the source has no versions.
    pub source_commit: Option<String>,
    /// `CODEBUILD_BUILD_ID`
    pub build_id: Option<String>,
    /// `CODEBUILD_START_TIME`, not the clock: the same build writes the same bytes.
    pub build_started_at: Option<Timestamp>,
    pub tool: Tool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Project {
    pub name: String,
    pub id: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleasedStage {
    pub stage: String,
    pub stage_name: String,
    pub organizational_unit: Option<String>,
    pub role_name: Option<String>,
    /// The accounts that the roll-out reaches; none where the group policy is not ours to keep.
    pub accounts: Vec<String>,
    pub config: FileDigest,
}

/// A file that was read and the one that was written from it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileDigest {
    pub input: String,
    pub input_sha256: String,
    pub output: String,
    pub output_sha256: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Tool {
    pub name: &'static str,
    pub version: &'static str,
}

/// What the environment says of the build.
#[derive(Clone, Debug, Default)]
pub struct Build {
    pub id: Option<String>,
    pub source_commit: Option<String>,
    pub started_at: Option<Timestamp>,
}

impl Release {
    pub fn new(
        project: Project,
        model_package: ModelPackage,
        stages: Vec<ReleasedStage>,
        template: FileDigest,
        build: Build,
    ) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            project,
            model_package,
            stages,
            template,
            source_commit: build.source_commit,
            build_id: build.id,
            build_started_at: build.started_at,
            tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        }
    }
}
