//! By what the version to deploy is chosen: its approval, or the stage of its life cycle.

use std::fmt;
use std::str::FromStr;

use super::model_package::{APPROVED, COMPLETED, LifeCycle, ModelPackageSummary};

/// `ModelApprovalStatus` of a version that somebody decided against.
const REJECTED: &str = "Rejected";

/// What makes a version one that may be deployed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ChosenBy {
    /// Its approval
    #[default]
    Approval,
    /// Its `ModelLifeCycle`, unless it is rejected: versions that MLflow registers mostly are never approved
    LifeCycle(LifeCycleStage),
}

/// A stage of life cycles that is asked for, with one of its statuses or with any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LifeCycleStage {
    stage: String,
    status: Option<String>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{0}\" is not a stage of a model's life cycle")]
pub(crate) struct NotALifeCycleStage(String);

impl FromStr for LifeCycleStage {
    type Err = NotALifeCycleStage;

    fn from_str(text: &str) -> Result<Self, NotALifeCycleStage> {
        // botocore sagemaker.ModelLifeCycle: EntityName, `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`
        let is_name = |name: &str| {
            name.len() <= 63
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !name.starts_with('-')
                && !name.ends_with('-')
                && !name.is_empty()
        };
        let (stage, status) = text.split_once('/').map_or((text, None), |(stage, status)| (stage, Some(status)));
        if !is_name(stage) || !status.is_none_or(is_name) {
            return Err(NotALifeCycleStage(text.to_owned()));
        }
        Ok(Self { stage: stage.to_owned(), status: status.map(str::to_owned) })
    }
}

impl fmt::Display for LifeCycleStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.status {
            Some(status) => write!(f, "{}/{status}", self.stage),
            None => f.write_str(&self.stage),
        }
    }
}

impl fmt::Display for LifeCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.stage, self.status)
    }
}

impl LifeCycleStage {
    fn is_of(&self, life_cycle: &LifeCycle) -> bool {
        self.stage == life_cycle.stage && self.status.as_ref().is_none_or(|status| *status == life_cycle.status)
    }
}

impl ChosenBy {
    /// The stage of the life cycle that decides, if one does.
    pub(crate) fn stage(&self) -> Option<&LifeCycleStage> {
        match self {
            Self::Approval => None,
            Self::LifeCycle(stage) => Some(stage),
        }
    }

    /// The approval status that is asked for in the registry; life cycles cannot be asked for
    /// (botocore 1.44.8, `ListModelPackagesInput`).
    pub(crate) fn approval(&self) -> Option<&'static str> {
        matches!(self, Self::Approval).then_some(APPROVED)
    }

    /// Whether a version may be deployed.
    pub(crate) fn allows(&self, approval: &str, life_cycle: Option<&LifeCycle>) -> bool {
        match self {
            Self::Approval => approval == APPROVED,
            Self::LifeCycle(stage) => approval != REJECTED && life_cycle.is_some_and(|is| stage.is_of(is)),
        }
    }

    /// Whether a version may be deployed, and can be.
    pub(crate) fn takes(&self, package: &ModelPackageSummary) -> bool {
        self.allows(&package.approval, package.life_cycle.as_ref()) && package.status == COMPLETED
    }

    /// A version that may be deployed: "approved", "at production/active".
    pub(crate) fn allowed(&self) -> String {
        match self {
            Self::Approval => "approved".to_owned(),
            Self::LifeCycle(stage) => format!("at {stage}"),
        }
    }

    /// What a version is in the place of what is asked for: "Rejected", "at staging/active".
    pub(crate) fn state(&self, approval: &str, life_cycle: Option<&LifeCycle>) -> String {
        match (self, life_cycle) {
            (Self::Approval, None) => approval.to_owned(),
            (Self::LifeCycle(_), None) => "at no stage".to_owned(),
            (Self::Approval, Some(is)) => format!("{approval}, at {is}"),
            (Self::LifeCycle(_), Some(is)) if approval == REJECTED => format!("at {is}, but {REJECTED}"),
            (Self::LifeCycle(_), Some(is)) => format!("at {is}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(stage: &str, status: &str) -> LifeCycle {
        LifeCycle { stage: stage.to_owned(), status: status.to_owned(), description: None }
    }

    fn by(text: &str) -> ChosenBy {
        ChosenBy::LifeCycle(text.parse().expect("a stage"))
    }

    #[test]
    fn a_stage_is_written_alone_or_with_a_status() {
        for text in ["production", "production/active", "Pre-Prod/a1"] {
            assert_eq!(text.parse::<LifeCycleStage>().expect("a stage").to_string(), text);
        }
        for text in ["", "/", "production/", "/active", "a/b/c", "a b", "-a", "a-", "a_b", &"a".repeat(64)] {
            assert_eq!(text.parse::<LifeCycleStage>(), Err(NotALifeCycleStage(text.to_owned())));
        }
    }

    #[test]
    fn approval_or_life_cycle_decides_and_a_rejection_always() {
        let active = at("production", "active");
        for (by, approval, life_cycle, allowed) in [
            (ChosenBy::Approval, "Approved", None, true),
            (ChosenBy::Approval, "PendingManualApproval", Some(&active), false),
            (by("production"), "PendingManualApproval", Some(&active), true),
            (by("production"), "Approved", Some(&active), true),
            (by("production"), "", Some(&active), true),
            (by("production/active"), "PendingManualApproval", Some(&active), true),
            (by("production/retired"), "PendingManualApproval", Some(&active), false),
            (by("Production"), "PendingManualApproval", Some(&active), false),
            (by("production"), "Approved", None, false),
            (by("production"), "Rejected", Some(&active), false),
        ] {
            assert_eq!(by.allows(approval, life_cycle), allowed, "{by:?} {approval} {life_cycle:?}");
        }
    }
}
