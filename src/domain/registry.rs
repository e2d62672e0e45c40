//! The model registry: groups, model packages, and which of them is deployed.

pub(crate) mod chosen_by;
pub mod group_policy;
pub mod model_package;
pub(crate) mod obstacle;
pub(crate) mod resolution;
pub(crate) mod resolution_text;
