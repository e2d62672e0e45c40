//! The field's own nouns and rules: pure, without clock, environment, network or any AWS type. Each folder is a room; which
//! imports from which is in `CONTRIBUTING.md`, and held by `tests/architecture.rs`.

pub(crate) mod access;
pub(crate) mod archive;
pub mod aws;
pub(crate) mod brief;
pub mod check;
pub mod cloudformation;
pub mod digest;
pub mod document;
pub(crate) mod endpoint;
pub mod finding;
pub mod iam;
mod jinja;
pub mod platform;
pub mod project;
pub mod registry;
pub mod release;
pub(crate) mod report;
pub(crate) mod schema;
pub(crate) mod status;
pub mod suite;
pub(crate) mod text;
