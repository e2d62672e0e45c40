//! What the tests share: a run of the binary that reads as a sentence.

mod run;

pub(crate) use run::{Outcome, Run};
