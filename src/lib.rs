//! Carries an approved SageMaker model from the registry to endpoints in staging and production accounts.
//!
//! A map of the code, in the order of its dependencies:
//! - [`domain`]: the nouns and rules of the field; pure, and where the decisions are made
//! - [`files`], [`cloud`]: the outer world, thin: files written whole or not at all, and the trait `Cloud` with AWS
//!   and the offline world behind it
//! - [`commands`]: one file a command: fetch (cloud), decide (domain), act (cloud, files)
//! - [`cli`], [`output`], [`error`]: the flags, the only place that prints, and what ends a command
//! - [`process`]: the variables of this process, and what it says if it breaks
//! - [`secrets`]: what is known to be secret, and texts without it

pub mod cli;
pub mod cloud;
pub mod commands;
pub mod domain;
pub mod error;
pub mod files;
pub mod output;
pub mod process;
pub mod secrets;
