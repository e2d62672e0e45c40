//! A data scientist's repository: its stages, their configs, its rendered template, and the plan of a build.

pub mod build_plan;
pub(crate) mod config_shape;
pub mod rendering;
pub(crate) mod sample_project;
pub mod stage;
pub mod stage_config;
pub mod stage_file;
