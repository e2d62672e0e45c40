//! The platform around the projects: policies, the project template, set up, offered in Studio, and looked after.

pub(crate) mod catalog;
pub(crate) mod change;
pub mod doctor;
pub mod policy;
pub(crate) mod project_template;
pub(crate) mod seed;
pub mod setup;
pub(crate) mod template;
