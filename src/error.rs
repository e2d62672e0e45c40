//! What ends a command early, and the exit code that says so.

use crate::domain::finding::Finding;

/// The exit codes of the contract; they never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The step could not do its work.
    Failed = 1,
    /// A flag, a variable or a file that a person wrote cannot be used.
    Invalid = 2,
    /// Tests ran, and at least one account or case failed.
    TestsFailed = 3,
    /// No approved model package is there to deploy.
    NoApprovedModel = 4,
    /// A plan that was only shown has something to do.
    SomethingToDo = 10,
}

/// An end with an exit code and all that is wrong, which may be nothing that was not said before.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub exit: Exit,
    pub findings: Vec<Finding>,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub fn failed(finding: Finding) -> Self {
        Self { exit: Exit::Failed, findings: vec![finding] }
    }

    pub(crate) fn invalid(findings: impl Into<Vec<Finding>>) -> Self {
        Self { exit: Exit::Invalid, findings: findings.into() }
    }
}
