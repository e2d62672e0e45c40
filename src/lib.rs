//! Carries an approved SageMaker model from the registry to endpoints in staging and production accounts.
//!
//! A map of the code. What is listed first is imported by what follows, never the other way round, and no files import each other
//! in a circle:
//! - [`domain`]: the nouns and rules of the field; pure, and where the decisions are made. CONTRIBUTING.md draws its rooms
//! - [`error`], [`secrets`]: what ends a command; what is known to be secret, and texts without it
//! - `files`: files read with a clear error, and written whole or not at all
//! - [`cloud`]: a trait for each service, with AWS and the offline world behind it; the model server of a laptop
//! - [`cli`]: the flags
//! - [`output`], [`process`]: the only place that prints; the variables of this process, and what it says if it breaks
//! - [`commands`]: one file per command: fetch (cloud), decide (domain), act (cloud, files)
//!
//! Who reads what:
//! - YAML and JSON that lie in files (templates, configs, cases, settings, offline worlds, records, results):
//!   `domain::document`, over saphyr-parser (`crates/yaml-events`) and jsonc-parser, which knows where everything stands
//! - YAML of this binary itself, the embedded policies and the template of target accounts: yaml_serde (`serde_yaml`)
//! - JSON of services and models, and policies: serde_json
//! - XML of services: `cloud::aws::xml`; datasets: `domain::suite::dataset`; profiles of AWS's tools:
//!   `cloud::aws::settings`

pub mod cli;
pub mod cloud;
pub mod commands;
pub mod domain;
pub mod error;
mod files;
pub mod output;
pub mod process;
pub mod secrets;
