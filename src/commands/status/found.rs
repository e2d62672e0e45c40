//! What was found of a stage before its endpoints are read.

use crate::domain::platform::setup::StackSetFacts;
use crate::domain::status::{Site, StageStatus};

/// A stage whose endpoints are still to be read.
pub(super) struct FoundStage {
    pub(super) status: StageStatus,
    pub(super) set: Set,
    pub(super) sites: Vec<Site>,
    /// The name of the role to assume in its accounts.
    pub(super) role: Option<String>,
}

/// What is known of a stage's stack set.
pub(super) enum Set {
    Found(String, StackSetFacts),
    /// There is none of that name.
    Absent(String),
    Unread(String),
}
