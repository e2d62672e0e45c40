//! An operation on a stack set: whether it goes on, and how it ended.

use crate::domain::finding::Finding;

/// How far an operation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Running,
    Ended,
    /// It ended before all accounts were reached; the status says how.
    Broken(String),
}

/// An account that an operation did not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub account: String,
    pub reason: String,
}

impl Operation {
    /// From CloudFormation's `StackSetOperationStatus`; a status that is not known yet is waited for.
    pub(crate) fn new(status: &str) -> Self {
        match status {
            "SUCCEEDED" => Self::Ended,
            "FAILED" | "STOPPED" => Self::Broken(status.to_owned()),
            _ => Self::Running,
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        *self == Self::Running
    }

    /// What is wrong with an operation that has ended. It counts as succeeded with any number of failed accounts that
    /// it may tolerate, so what became of each account has its say, too.
    pub(crate) fn findings(&self, stack_set: &str, failed: &[Failed]) -> Vec<Finding> {
        let each = failed.iter().map(|Failed { account, reason }| {
            let why = if reason.is_empty() { "AWS gives no reason" } else { reason };
            Finding::error(format!("stack set {stack_set}: account {account} was not changed")).cause(why)
        });
        let mut findings: Vec<Finding> = each.collect();
        if let Self::Broken(status) = self
            && findings.is_empty()
        {
            findings.push(
                Finding::error(format!("the operation on stack set {stack_set} has ended as {status}"))
                    .hint("see the stack set's operations in CloudFormation"),
            );
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_that_failed_is_named_even_if_the_operation_succeeded() {
        let failed = [Failed { account: "222222222222".to_owned(), reason: String::new() }];
        let findings = Operation::new("SUCCEEDED").findings("s", &failed);
        assert_eq!(findings[0].what, "stack set s: account 222222222222 was not changed");
        assert_eq!(Operation::new("FAILED").findings("s", &failed).len(), 1);
        assert_eq!(Operation::new("STOPPED").findings("s", &[]).len(), 1);
        assert_eq!(Operation::new("SUCCEEDED").findings("s", &[]), []);
        assert!(Operation::new("QUEUED").is_running() && Operation::new("SOMETHING_NEW").is_running());
    }
}
