//! A role as IAM knows it.

use super::super::arn::Arn;

/// A role, and who may take it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub arn: Arn,
    /// Its trust policy.
    pub trust: String,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
}

/// The name of a role: its ARN, or the name with its path, without what stands before it.
pub fn role_name(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or(role)
}
