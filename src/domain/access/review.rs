//! The judgement: who cannot reach what, why, and the statement that is missing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::evidence::{Evidence, RepositoryFacts, StoredObject};
use super::image::{Image, Registry};
use super::question::{Ask, Outcome, ask, by_outcome, in_words, statement, who};
use crate::domain::arn::Arn;
use crate::domain::finding::{Finding, Severity};
use crate::domain::iam::{Allowance, Caller, Document};

/// What a target account calls on the package (SageMaker developer guide, "Deploy a Model Version from a Different
/// Account").
const PACKAGE_ACTIONS: [&str; 2] = ["sagemaker:CreateModel", "sagemaker:DescribeModelPackage"];
/// What pulling an image takes of its repository (SageMaker developer guide, "CreateModel API: Execution Role
/// Permissions"); ecr:GetAuthorizationToken is asked of no repository.
const PULL_ACTIONS: [&str; 3] = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

/// The group's resource policy as the build will leave it, and the package in it.
#[derive(Clone, Debug)]
pub struct GroupSide<'a> {
    pub package: &'a Arn,
    pub group: &'a str,
    pub policy: &'a str,
}

/// Something that a target account needs and does not have.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    pub what: String,
    pub cause: String,
    /// What closes it, in words; with the statement to add where one is missing.
    pub remedy: String,
    pub statement: Option<Value>,
}

impl Gap {
    pub fn finding(&self, severity: Severity) -> Finding {
        let statement = self.statement.as_ref().map(|statement| format!(": {statement}")).unwrap_or_default();
        let finding = Finding::warning(&self.what).cause(&self.cause).hint(format!("{}{statement}", self.remedy));
        Finding { severity, ..finding }
    }
}

/// All that is to be said of the access to a package.
#[derive(Clone, Debug, Default)]
pub struct Review {
    pub gaps: Vec<Gap>,
    /// Gaps that a copy of `foreign` onto itself closes.
    pub ownership: Vec<Gap>,
    /// What could not be decided, and why.
    pub doubts: Vec<Finding>,
    /// Model data that belongs to another account than its bucket.
    pub foreign: Vec<StoredObject>,
    /// Keys whose policies do not allow everybody, and whose grants are not known yet.
    pub grants_wanted: BTreeSet<String>,
}

/// Judges what was read for every caller, an execution role in a target account each.
pub fn review(evidence: &Evidence, group: Option<&GroupSide<'_>>, callers: &BTreeSet<Caller>, project: &str) -> Review {
    let project = project.chars().filter(char::is_ascii_alphanumeric).collect();
    let mut judge = Judge { evidence, callers, project, review: Review::default() };
    if callers.is_empty() {
        return judge.review;
    }
    if let Some(group) = group {
        judge.group(group);
    }
    for bucket in &evidence.buckets {
        judge.bucket(bucket);
    }
    for key in &evidence.keys {
        judge.key(key);
    }
    for repository in &evidence.repositories {
        judge.repository(repository);
    }
    for image in &evidence.others {
        judge.other_image(image);
    }
    for data in &evidence.strange_data {
        judge.doubt(
            format!("whether the target accounts can read model data {data} is not known"),
            "it is not named by an s3:// URI",
        );
    }
    judge.review
}

/// The judgement in the making.
pub(super) struct Judge<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) callers: &'a BTreeSet<Caller>,
    /// Letters and digits of the project's id, all that a statement's id takes.
    project: String,
    pub(super) review: Review,
}

/// How the policy of something is spoken of, and changed.
pub(super) struct PolicyOf<'a> {
    /// "cannot read model data ..."
    pub(super) cannot: String,
    pub(super) name: String,
    /// How to read and put the policy.
    pub(super) commands: String,
    pub(super) sid: &'a str,
    /// Whether statements name resources.
    pub(super) names_resources: bool,
}

impl Judge<'_> {
    pub(super) fn doubt(&mut self, what: String, why: impl Into<String>) {
        let hint = "look at it yourself; docs/access.md says what is looked at and what cannot be";
        self.review.doubts.push(Finding::warning(what).cause(why).hint(hint));
    }

    /// Who is in the account that the thing belongs to needs no statement of its policy.
    pub(super) fn allowance(&self, caller: &Caller) -> Allowance {
        if caller.account.as_str() == self.evidence.own_account { Allowance::Optional } else { Allowance::Required }
    }

    /// A policy document, or a doubt about it.
    pub(super) fn document(&mut self, of: &PolicyOf<'_>, text: &str) -> Option<Document> {
        match Document::parse(text) {
            Ok(document) => Some(document),
            Err(error) => {
                self.doubt(format!("{} is not one that can be read", of.name), error.to_string());
                None
            }
        }
    }

    /// Says what came of a question for those callers.
    pub(super) fn conclude(&mut self, of: &PolicyOf<'_>, asks: &[Ask], outcome: Outcome, callers: &[&Caller]) {
        let what = format!("{} {}", who(callers), of.cannot);
        match outcome {
            Outcome::Allowed => {}
            Outcome::Undecided(doubts) => {
                let what =
                    format!("whether {} {} is not decided", who(callers), of.cannot.replacen("cannot", "can", 1));
                self.doubt(what, format!("{}: {}", of.name, doubts.join("; ")));
            }
            Outcome::DeniedBy(label, action) => self.review.gaps.push(Gap {
                what,
                cause: format!("{label} of {} denies {action}", of.name),
                remedy: format!("let that statement spare them ({})", of.commands),
                statement: None,
            }),
            Outcome::Lacking(numbers) => {
                let lacking = || numbers.iter().filter_map(|number| asks.get(*number));
                let actions: BTreeSet<&str> = lacking().map(|ask| ask.action).collect();
                let actions: Vec<&str> = actions.into_iter().collect();
                let resources: BTreeSet<String> = lacking().map(Ask::pattern).collect();
                let resources: Vec<String> = resources.into_iter().collect();
                let named: Vec<String> = actions.iter().map(ToString::to_string).collect();
                self.review.gaps.push(Gap {
                    what,
                    cause: format!("no statement of {} allows {}", of.name, in_words(&named)),
                    remedy: format!("add this statement to it ({})", of.commands),
                    statement: Some(statement(
                        &format!("{}{}", of.sid, self.project),
                        callers,
                        &actions,
                        of.names_resources.then_some(&resources),
                    )),
                });
            }
        }
    }

    /// CreateModel is called by whatever rolls out, which is another role than the model's.
    fn group(&mut self, side: &GroupSide<'_>) {
        let of = PolicyOf {
            cannot: format!("cannot deploy {}", side.package),
            name: format!("the resource policy of model package group \"{}\"", side.group),
            commands: format!(
                "\"aws sagemaker get-model-package-group-policy\" and \"put-model-package-group-policy\", \
                 --model-package-group-name {}",
                side.group
            ),
            sid: "ModeldeployAccess",
            names_resources: true,
        };
        let Some(policy) = self.document(&of, side.policy) else { return };
        let asks: Vec<Ask> = PACKAGE_ACTIONS.iter().map(|action| Ask::new(action, side.package.to_string())).collect();
        let callers: BTreeSet<Caller> =
            self.callers.iter().map(|caller| Caller { role: None, ..caller.clone() }).collect();
        for (outcome, callers) in by_outcome(&callers, |caller| ask(&policy, &asks, caller, self.allowance(caller))) {
            self.conclude(&of, &asks, outcome, &callers);
        }
    }

    fn repository(&mut self, repository: &RepositoryFacts) {
        let image = &repository.image;
        let Registry::Private { account, region, repository: name } = &image.registry else { return };
        let of = PolicyOf {
            cannot: format!("cannot pull image {image}"),
            name: format!("the policy of repository {name}"),
            commands: format!(
                "\"aws ecr get-repository-policy --repository-name {name} --query policyText --output text\", then \
                 \"aws ecr set-repository-policy --repository-name {name} --policy-text file://policy.json\""
            ),
            sid: "ModeldeployImage",
            names_resources: false,
        };
        let policy = match repository.policy.known() {
            None => return,
            Some(Some(policy)) => policy.as_deref().unwrap_or_default(),
            Some(None) => {
                self.review.gaps.push(Gap {
                    what: format!("image {image} is not there"),
                    cause: format!("account {account} has no repository \"{name}\" in {region}"),
                    remedy: "push it, or approve a version whose image is there".to_owned(),
                    statement: None,
                });
                return;
            }
        };
        let Some(policy) = self.document(&of, policy) else { return };
        let arn = format!("arn:{}:ecr:{region}:{account}:repository/{name}", self.evidence.partition);
        let asks: Vec<Ask> = PULL_ACTIONS.iter().map(|action| Ask::new(action, arn.clone())).collect();
        let callers = self.callers;
        for (outcome, callers) in by_outcome(callers, |caller| ask(&policy, &asks, caller, self.allowance(caller))) {
            self.conclude(&of, &asks, outcome, &callers);
        }
    }

    fn other_image(&mut self, image: &Image) {
        let callers: Vec<&Caller> = self.callers.iter().collect();
        let what = format!("whether {} can pull image {image} is not known", who(&callers));
        let why = match &image.registry {
            Registry::Private { account, .. } if callers.iter().any(|caller| caller.account.as_str() == account) => {
                format!("its registry belongs to target account {account}, whose policies cannot be read from here")
            }
            Registry::Private { account, .. } => format!(
                "its registry belongs to account {account}, whose policies cannot be read from here, and which is not \
                 known as one of AWS's own"
            ),
            _ => "it is in no registry of AWS".to_owned(),
        };
        self.doubt(what, why);
    }
}
