//! A stack of a stack set.

/// A stack of a stack set, in one account and Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    pub account: String,
    pub region: String,
    /// `CURRENT`, `OUTDATED` or `INOPERABLE`
    pub status: String,
    pub reason: Option<String>,
    /// The ARN of the stack, if there is one.
    pub stack: Option<String>,
}
