//! Names of variables that are read when a command runs, so that an offline world can stand in for them.

pub const PROJECT_NAME: &str = "SAGEMAKER_PROJECT_NAME";
pub const PROJECT_ID: &str = "SAGEMAKER_PROJECT_ID";
pub(crate) const GROUP: &str = "SOURCE_MODEL_PACKAGE_GROUP_NAME";
/// The same, as some of AWS's sample projects name it.
pub(crate) const GROUP_OF_SAMPLES: &str = "MODEL_PACKAGE_GROUP_NAME";
pub(crate) const LIFECYCLE: &str = "MODELDEPLOY_LIFECYCLE";
pub(crate) const ARTIFACT_BUCKET: &str = "ARTIFACT_BUCKET";
/// A template without its ending, as one of AWS's sample projects names it.
pub(crate) const TEMPLATE_OF_SAMPLES: &str = "CFN_TEMPLATE_NAME";
/// Clap reads this one.
pub(crate) const EXPORT_TEMPLATE: &str = "EXPORT_TEMPLATE_NAME";
pub(crate) const ROLE_NAME: &str = "SAGEMAKER_EXECUTION_ROLE_NAME";
pub(crate) const UNIT: &str = "ORGANIZATIONAL_UNIT_ID";
pub(crate) const BUILD_ID: &str = "CODEBUILD_BUILD_ID";
pub(crate) const BUILD_ARN: &str = "CODEBUILD_BUILD_ARN";
pub(crate) const SOURCE_VERSION: &str = "CODEBUILD_RESOLVED_SOURCE_VERSION";
/// Clap reads this one, in every command that has stages.
pub(crate) const STAGES: &str = "MODELDEPLOY_STAGES";
pub(crate) const START_TIME: &str = "CODEBUILD_START_TIME";
