//! What is there now, as it was read; a part that could not be read says why and hides no other.

use std::collections::BTreeMap;

use crate::domain::aws::arn::{AccountId, Arn};
use crate::domain::aws::organization::{Targets, UnitId};
use crate::domain::aws::stack_instance::Instance;
use crate::domain::finding::Finding;
use crate::domain::platform::catalog::launch_role;
use crate::domain::platform::policy;

/// What was read, or why it could not be.
pub(crate) type Read<T> = Result<T, Finding>;

/// The data science account, and the Region that everything is put into.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub partition: &'static str,
    pub account: AccountId,
    pub region: String,
}

impl Home {
    pub(super) fn of_policies(&self) -> policy::Home<'_> {
        policy::Home { partition: self.partition, account: &self.account }
    }
}

/// A role that SageMaker makes when projects are turned on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClassicRole {
    Use,
    Launch,
}

impl ClassicRole {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Use => "AmazonSageMakerServiceCatalogProductsUseRole",
            Self::Launch => launch_role::NAME,
        }
    }

    /// As it is in ARNs, with its path.
    pub(crate) fn resource(self) -> String {
        format!("role/service-role/{}", self.name())
    }
}

/// Something that may not exist, and the policy on it, if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder<T = ()> {
    Missing,
    There { is: T, policy: Option<String> },
}

/// What is known of the organization.
#[derive(Clone, Debug)]
pub(crate) struct Organization {
    pub management: Read<String>,
    /// Whether StackSets may act in the organization.
    pub trusted_access: Read<bool>,
    /// Accounts that may speak to StackSets in the management account's stead.
    pub delegated: Read<Vec<String>>,
}

/// A stack set as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StackSetFacts {
    pub template: String,
    pub parameters: BTreeMap<String, String>,
    pub service_managed: bool,
    /// Whether accounts that join a unit get their stack by themselves, as far as AWS says.
    pub deploys_by_itself: Option<bool>,
    /// The operation that it is busy with.
    pub running: Option<String>,
    /// The units that it was deployed to, as far as AWS says.
    pub units: Vec<String>,
    pub instances: Vec<Instance>,
}

/// Everything that was read; what the settings do not call for is not.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub home: Home,
    /// If there is a stage that stack sets roll out to, or a wish about the organization.
    pub organization: Option<Organization>,
    /// The accounts of every unit that a stage names.
    pub units: BTreeMap<UnitId, Read<Targets>>,
    pub bucket: Read<Holder>,
    pub roles: Vec<(ClassicRole, Read<Holder>)>,
    pub groups: Vec<(String, Read<Holder<Arn>>)>,
    /// By the stack set's name; `None` where there is none.
    pub stack_sets: BTreeMap<String, Read<Option<StackSetFacts>>>,
}
