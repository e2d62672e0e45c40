//! What the tests share: a run of the binary that reads as a sentence, and an AWS of its own for every test.

mod aws;
mod project;
mod run;

pub(crate) use aws::{Aws, Deployment, RawAnswer};
pub(crate) use project::{BUILD_ID, ENDPOINT, GROUP, TEMPLATE, cases};
pub(crate) use run::{Outcome, Run};
