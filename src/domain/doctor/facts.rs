//! What was read, in our terms; what is not there is `None`, what could not be read says why.

use serde_json::Value;

use super::quota::{Demand, Quota};
use super::role::Purpose;
use super::subject::Subject;
use super::verdict::Needed;
use crate::domain::access::Review;
use crate::domain::arn::{AccountId, Arn};
use crate::domain::model_package::ModelPackage;
use crate::domain::organization::Targets;
use crate::domain::stack_instance::Instance;

pub type Seen<T> = Result<T, Unseen>;

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// Nothing names it, or what it depends on is not known.
    Unasked(String),
    Denied(Needed),
    /// What was named is not there.
    Missing(String),
    Failed(String),
}

impl Unseen {
    pub fn unasked(why: impl Into<String>) -> Self {
        Self::Unasked(why.into())
    }
}

#[derive(Clone, Debug)]
pub struct Facts {
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
    pub fn of_nobody(subject: &Subject, caller: Unseen, clock: Seen<i64>) -> Self {
        let why = || Unseen::unasked("who calls is not known");
        let stage =
            || StageFacts { targets: Err(why()), demand: Err(why()), stack_set: Err(why()), accounts: Vec::new() };
        Self {
            caller: Err(caller),
            clock,
            organization: Err(why()),
            trusted_access: Err(why()),
            delegates: Err(why()),
            stages: subject.stages.iter().map(|_| stage()).collect(),
            roles: Vec::new(),
            model: ModelFacts {
                group: Err(why()),
                policy: Err(why()),
                package: Err(why()),
                review: Err(why()),
                unread: Vec::new(),
            },
            artifact_bucket: Err(why()),
            seed: Seed { found: Err(why()), region: Err(why()), policy: Err(why()) },
            product: Err(why()),
            pipeline: Err(why()),
            last_execution: Err(why()),
            build_project: Err(why()),
            test_project: Err(why()),
            repository: Err(why()),
            rules: Err(why()),
        }
    }
}

#[derive(Clone, Debug)]
pub struct CallerIdentity {
    pub account: AccountId,
    pub arn: Arn,
}

impl CallerIdentity {
    /// The name of the role whose session calls, without its path, which a session's ARN does not tell.
    pub fn role(&self) -> Option<&str> {
        let session = self.arn.resource.strip_prefix("assumed-role/")?;
        session.split('/').next()
    }
}

#[derive(Clone, Debug)]
pub struct Organization {
    pub id: String,
    pub management: AccountId,
    /// `ALL` or `CONSOLIDATED_BILLING`
    pub features: String,
}

/// A stage, in the order of the subject's.
#[derive(Clone, Debug)]
pub struct StageFacts {
    pub targets: Seen<Targets>,
    /// What its endpoint runs on, by instance type.
    pub demand: Seen<Vec<Demand>>,
    pub stack_set: Seen<Option<StackSet>>,
    /// Those that are active.
    pub accounts: Vec<AccountFacts>,
}

#[derive(Clone, Debug)]
pub struct AccountFacts {
    pub account: AccountId,
    /// Whether the stage's role could be taken on.
    pub session: Seen<()>,
    pub role: Seen<Option<Role>>,
    /// How many instances of each of the stage's types its endpoints may have, in the order of the demands.
    pub quotas: Vec<Seen<Quota>>,
}

/// A role with all that IAM says of it.
#[derive(Clone, Debug)]
pub struct Role {
    pub arn: Arn,
    pub trust: String,
    /// The documents of its inline and attached policies.
    pub policies: Seen<Vec<String>>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
}

/// A role of the data science account, and what it is for.
#[derive(Clone, Debug)]
pub struct RoleFacts {
    pub name: String,
    pub purposes: Vec<Purpose>,
    pub found: Seen<Option<Role>>,
}

#[derive(Clone, Debug)]
pub struct ModelFacts {
    pub group: Seen<Option<Arn>>,
    /// The group's resource policy.
    pub policy: Seen<Option<String>>,
    /// The version that a build would choose.
    pub package: Seen<Option<ModelPackage>>,
    /// What the access review found, as `build` makes it.
    pub review: Seen<Review>,
    /// What the review could not read.
    pub unread: Vec<Unseen>,
}

/// The seed zip, and the bucket that it is in.
#[derive(Clone, Debug)]
pub struct Seed {
    pub found: Seen<bool>,
    /// `None` where there is no such bucket.
    pub region: Seen<Option<String>>,
    pub policy: Seen<Option<String>>,
}

impl Seed {
    /// Of a seed that is not named.
    pub fn unasked() -> Self {
        let why = || Unseen::unasked("no seed is named (--seed-bucket and --seed-key)");
        Self { found: Err(why()), region: Err(why()), policy: Err(why()) }
    }
}

#[derive(Clone, Debug)]
pub struct Product {
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
pub struct Pipeline {
    pub name: String,
    pub arn: Arn,
    pub role: String,
    pub stages: Vec<(String, Vec<Action>)>,
}

#[derive(Clone, Debug)]
pub struct Action {
    pub name: String,
    pub category: String,
    pub provider: String,
    pub configuration: Value,
}

impl Action {
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.configuration[name].as_str()
    }
}

/// Where a pipeline gets its repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceAction {
    CodeCommit { repository: String, branch: String },
    Connection { arn: String, detects_changes: bool },
    Other(String),
}

impl Pipeline {
    pub fn actions(&self) -> impl Iterator<Item = (&str, &Action)> {
        self.stages.iter().flat_map(|(stage, actions)| actions.iter().map(move |action| (stage.as_str(), action)))
    }

    /// The actions that deploy stack sets.
    pub fn deployments(&self) -> impl Iterator<Item = (&str, &Action)> {
        self.actions().filter(|(_, action)| action.provider == "CloudFormationStackSet")
    }

    pub fn source(&self) -> Option<SourceAction> {
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
pub struct ActionState {
    pub stage: String,
    pub action: String,
    pub status: String,
    pub code: Option<String>,
    pub message: Option<String>,
}

#[derive(Clone, Debug)]
pub struct BuildProject {
    pub name: String,
    pub role: String,
    pub image: String,
    pub variables: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub struct Repository {
    /// Whether the pipeline's branch is there.
    pub has_branch: Seen<bool>,
}

/// A rule that starts the pipeline.
#[derive(Clone, Debug)]
pub struct Rule {
    pub name: String,
    pub enabled: bool,
    pub pattern: Value,
    /// Of the target that is the pipeline.
    pub role: Option<String>,
}

#[derive(Clone, Debug)]
pub struct StackSet {
    pub name: String,
    pub service_managed: bool,
    pub parameters: Vec<(String, String)>,
    /// Those that are under way.
    pub operations: Seen<Vec<Operation>>,
    pub instances: Seen<Vec<Instance>>,
}

#[derive(Clone, Debug)]
pub struct Operation {
    pub id: String,
    pub action: String,
    pub status: String,
}
