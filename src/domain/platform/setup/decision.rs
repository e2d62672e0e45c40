//! What is to be done, and what there is to know before.

use super::facts::Home;
use super::settings::Settings;
use super::stack_set::StackSet;
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::organization::UnitId;
use crate::domain::finding::Finding;
use crate::domain::platform::change::{Change, Plan};

/// What is done only where it is asked for by a flag of its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    pub enable_trusted_access: bool,
    pub register_delegated_admin: Option<AccountId>,
}

/// One writing call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    EnableTrustedAccess,
    RegisterDelegatedAdmin(AccountId),
    PutRolePolicy { role: &'static str, document: String },
    PutBucketPolicy { bucket: String, policy: String },
    PutGroupPolicy { group: String, policy: String },
    CreateStackSet(StackSet),
    UpdateStackSet(StackSet),
    CreateStackInstances { name: String, units: Vec<UnitId> },
}

impl Order {
    /// The stack set that it is about: what follows on the same one has to wait for it.
    pub(crate) fn stack_set(&self) -> Option<&str> {
        match self {
            Self::CreateStackSet(set) | Self::UpdateStackSet(set) => Some(&set.name),
            Self::CreateStackInstances { name, .. } => Some(name),
            _ => None,
        }
    }
}

/// A writing call, and what it changes.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub change: Change,
    pub order: Order,
}

/// All that is to be done, all that is well, and all that a person has to know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Decision {
    pub steps: Vec<Step>,
    pub kept: Vec<String>,
    pub notes: Vec<Finding>,
}

impl Decision {
    pub(crate) fn plan(&self) -> Plan {
        let changes = self.steps.iter().map(|step| step.change.clone()).collect();
        Plan { changes, kept: self.kept.clone(), notes: self.notes.clone() }
    }

    pub(super) fn keep(&mut self, subject: impl Into<String>) {
        self.kept.push(subject.into());
    }

    pub(super) fn step(&mut self, change: Change, order: Order) {
        self.steps.push(Step { change, order });
    }
}

/// The bucket of model data: the one of the settings, else SageMaker Studio's.
pub(crate) fn model_data_bucket(settings: &Settings, home: &Home) -> String {
    let studio = || format!("sagemaker-{}-{}", home.region, home.account);
    settings.model_data_bucket.clone().unwrap_or_else(studio)
}
