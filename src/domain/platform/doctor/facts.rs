//! What was read, in our terms; what is not there is `None`, what could not be read says why.

use std::collections::BTreeSet;

use serde_json::Value;

use super::demand::{Demand, Quota};
use super::purpose::Purpose;
use super::subject::Subject;
use super::unseen::{Seen, Unseen};
use crate::domain::access::Review;
use crate::domain::aws::arn::{AccountId, Arn};
use crate::domain::aws::organization::Targets;
use crate::domain::aws::stack_instance::Instance;
use crate::domain::iam::Caller;
use crate::domain::registry::model_package::ModelPackage;

#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub caller: Seen<CallerIdentity>,
    /// Seconds by which AWS's clock is ahead of this machine's.
    pub clock: Seen<i64>,
    /// `None` where the account is in no organization.
    pub organization: Seen<Option<Organization>>,
    /// Of StackSets to the organization: `ENABLED`, `DISABLED`, `DISABLED_PERMANENTLY`.
    pub trusted_access: Seen<String>,
    /// The delegated administrators of StackSets.
    pub delegates: Seen<Vec<AccountId>>,
    pub stages: Vec<StageFacts>,
    pub roles: Vec<RoleFacts>,
    pub model: ModelFacts,
    /// The Region of the artifact bucket; `None` where there is no such bucket.
    pub artifact_bucket: Seen<Option<String>>,
    pub seed: Seed,
    pub product: Seen<Option<Product>>,
    pub pipeline: Seen<Option<Pipeline>>,
    pub last_execution: Seen<Vec<ActionState>>,
    pub build_project: Seen<Option<BuildProject>>,
    pub test_project: Seen<Option<BuildProject>>,
    pub repository: Seen<Option<Repository>>,
    pub rules: Seen<Vec<Rule>>,
}

impl Facts {
    /// Of a caller whom AWS does not know: nothing else is asked then.
    pub(crate) fn of_nobody(subject: &Subject, caller: Unseen, clock: Seen<i64>) -> Self {
        let why = || Unseen::unasked("who calls is not known");
        Self {
            caller: Err(caller),
            clock,
            organization: Err(why()),
            trusted_access: Err(why()),
            delegates: Err(why()),
            stages: Self::stages_unseen(subject, &why),
            roles: Vec::new(),
            model: ModelFacts::unseen(&why),
            artifact_bucket: Err(why()),
            seed: Seed::unseen(&why),
            product: Err(why()),
            pipeline: Err(why()),
            last_execution: Err(why()),
            build_project: Err(why()),
            test_project: Err(why()),
            repository: Err(why()),
            rules: Err(why()),
        }
    }

    /// The stages, of none of which anything was seen.
    pub(crate) fn stages_unseen(subject: &Subject, why: &dyn Fn() -> Unseen) -> Vec<StageFacts> {
        let stage =
            || StageFacts { targets: Err(why()), demand: Err(why()), stack_set: Err(why()), accounts: Vec::new() };
        subject.stages.iter().map(|_| stage()).collect()
    }
}

impl ModelFacts {
    /// Nothing was seen.
    pub(crate) fn unseen(why: &dyn Fn() -> Unseen) -> Self {
        Self {
            group: Err(why()),
            policy: Err(why()),
            package: Err(why()),
            life_cycles: Vec::new(),
            review: Err(why()),
            unread: Vec::new(),
        }
    }
}

impl Facts {
    /// The data science account, which is the caller's.
    pub(super) fn home(&self) -> Option<&AccountId> {
        self.caller.as_ref().ok().map(|caller| &caller.account)
    }

    pub(super) fn pipeline(&self) -> Option<&Pipeline> {
        self.pipeline.as_ref().ok().and_then(Option::as_ref)
    }

    /// The active accounts of all stages, if all are known.
    pub(crate) fn target_accounts(&self) -> Option<BTreeSet<AccountId>> {
        let lists: Option<Vec<&Targets>> = self.stages.iter().map(|stage| stage.targets.as_ref().ok()).collect();
        Some(lists?.into_iter().flat_map(Targets::ids).collect())
    }

    pub(crate) fn is_management(&self) -> Option<bool> {
        let organization = self.organization.as_ref().ok()?.as_ref()?;
        Some(organization.management == *self.home()?)
    }

    pub(crate) fn is_delegate(&self) -> Option<bool> {
        Some(self.delegates.as_ref().ok()?.contains(self.home()?))
    }

    /// A role of that account as IAM sees it ask.
    pub(super) fn caller_of(&self, subject: &Subject, account: &AccountId, role: &str) -> Caller {
        let organization = self.organization.as_ref().ok().and_then(Option::as_ref);
        Caller {
            partition: subject.partition.clone(),
            account: account.clone(),
            role: Some(role.to_owned()),
            organization: organization.map(|organization| organization.id.clone()),
            root: None,
            paths: Vec::new(),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct CallerIdentity {
    pub account: AccountId,
    pub arn: Arn,
}

impl CallerIdentity {
    /// The name of the role whose session calls, without its path, which a session's ARN does not tell.
    pub(crate) fn role(&self) -> Option<&str> {
        let session = self.arn.resource.strip_prefix("assumed-role/")?;
        session.split('/').next()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Organization {
    pub id: String,
    pub management: AccountId,
    /// `ALL` or `CONSOLIDATED_BILLING`
    pub features: String,
}

/// A stage, in the order of the subject's.
#[derive(Clone, Debug)]
pub(crate) struct StageFacts {
    pub targets: Seen<Targets>,
    /// What its endpoint runs on, by instance type.
    pub demand: Seen<Vec<Demand>>,
    pub stack_set: Seen<Option<StackSet>>,
    /// Those that are active.
    pub accounts: Vec<AccountFacts>,
}

#[derive(Clone, Debug)]
pub(crate) struct AccountFacts {
    pub account: AccountId,
    /// Whether the stage's role could be taken on.
    pub session: Seen<()>,
    pub role: Seen<Option<Role>>,
    /// How many instances of each of the stage's types its endpoints may have, in the order of the demands.
    pub quotas: Vec<Seen<Quota>>,
}

/// A role with all that IAM says of it.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub arn: Arn,
    pub trust: String,
    /// The documents of its inline and attached policies.
    pub policies: Seen<Vec<String>>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
}

/// A role of the data science account, and what it is for.
#[derive(Clone, Debug)]
pub(crate) struct RoleFacts {
    pub name: String,
    pub purposes: Vec<Purpose>,
    pub found: Seen<Option<Role>>,
}

#[derive(Clone, Debug)]
pub(crate) struct ModelFacts {
    pub group: Seen<Option<Arn>>,
    /// The group's resource policy.
    pub policy: Seen<Option<String>>,
    /// The version that a build would choose.
    pub package: Seen<Option<ModelPackage>>,
    /// Where it would choose none: the life cycles of the newest versions.
    pub life_cycles: Vec<String>,
    /// What the access review found, as `build` makes it.
    pub review: Seen<Review>,
    /// What the review could not read.
    pub unread: Vec<Unseen>,
}

/// The seed zip, and the bucket that it is in.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    pub found: Seen<bool>,
    /// `None` where there is no such bucket.
    pub region: Seen<Option<String>>,
    pub policy: Seen<Option<String>>,
}

impl Seed {
    /// Of a seed that is not named.
    pub(crate) fn unasked() -> Self {
        Self::unseen(&|| Unseen::unasked("no seed is named (--seed-bucket and --seed-key)"))
    }

    /// Nothing was seen.
    pub(crate) fn unseen(why: &dyn Fn() -> Unseen) -> Self {
        Self { found: Err(why()), region: Err(why()), policy: Err(why()) }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub id: String,
    pub name: String,
    pub tags: Vec<(String, String)>,
    /// The portfolios that it is in, by id.
    pub portfolios: Vec<String>,
    /// Roles of launch constraints; a role that is named by its name alone stands as that.
    pub launch_roles: Seen<Vec<String>>,
    /// Patterns or ARNs of principals that may launch from the portfolios.
    pub principals: Seen<Vec<String>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    pub name: String,
    pub arn: Arn,
    pub role: String,
    pub stages: Vec<(String, Vec<Action>)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Action {
    pub name: String,
    pub category: String,
    pub provider: String,
    pub configuration: Value,
}

impl Action {
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.configuration[name].as_str()
    }
}

/// Where a pipeline gets its repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SourceAction {
    CodeCommit { repository: String, branch: String },
    Connection { arn: String, detects_changes: bool },
    Other(String),
}

impl Pipeline {
    pub(crate) fn actions(&self) -> impl Iterator<Item = (&str, &Action)> {
        self.stages.iter().flat_map(|(stage, actions)| actions.iter().map(move |action| (stage.as_str(), action)))
    }

    /// The actions that deploy stack sets.
    pub(crate) fn deployments(&self) -> impl Iterator<Item = (&str, &Action)> {
        self.actions().filter(|(_, action)| action.provider == "CloudFormationStackSet")
    }

    pub(crate) fn source(&self) -> Option<SourceAction> {
        let (_, action) = self.actions().find(|(_, action)| action.category == "Source")?;
        let text = |name: &str| action.setting(name).unwrap_or_default().to_owned();
        Some(match action.provider.as_str() {
            "CodeCommit" => SourceAction::CodeCommit { repository: text("RepositoryName"), branch: text("BranchName") },
            "CodeStarSourceConnection" => SourceAction::Connection {
                arn: text("ConnectionArn"),
                // True unless it is said otherwise (CodePipeline action reference).
                detects_changes: action.setting("DetectChanges") != Some("false"),
            },
            other => SourceAction::Other(other.to_owned()),
        })
    }
}

/// The latest execution of an action, as `GetPipelineState` tells it.
#[derive(Clone, Debug)]
pub(crate) struct ActionState {
    pub stage: String,
    pub action: String,
    pub status: String,
    pub code: Option<String>,
    pub message: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct BuildProject {
    pub name: String,
    pub role: String,
    pub image: String,
    pub variables: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Repository {
    /// Whether the pipeline's branch is there.
    pub has_branch: Seen<bool>,
}

/// A rule that starts the pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub name: String,
    pub enabled: bool,
    pub pattern: Value,
    /// Of the target that is the pipeline.
    pub role: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct StackSet {
    pub name: String,
    pub service_managed: bool,
    pub parameters: Vec<(String, String)>,
    /// Those that are under way.
    pub operations: Seen<Vec<Operation>>,
    pub instances: Seen<Vec<Instance>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub id: String,
    pub action: String,
    pub status: String,
}
