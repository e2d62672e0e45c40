//! CloudFormation's language: a template, what its values become, and the files that it names.

pub(crate) mod confidential;
pub mod deployer;
pub(crate) mod evaluation;
pub(crate) mod intrinsic;
pub mod java_pattern;
pub mod packaging;
pub(crate) mod roll_out;
pub(crate) mod template;
