//! The judgement: who cannot reach what, why, and the statement that is missing.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::evidence::{Evidence, ImageState, RepositoryFacts, RepositoryPolicy, StoredObject};
use super::image::{Image, Reference, Registry};
use super::question::{Ask, Outcome, ask, by_outcome, in_words, statement, who};
use crate::domain::aws::arn::Arn;
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
pub(crate) struct GroupSide<'a> {
    pub package: &'a Arn,
    pub group: &'a str,
    pub policy: &'a str,
}

/// Something that a target account needs and does not have.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Gap {
    pub what: String,
    pub cause: String,
    /// What closes it, in words; with the statement to add where one is missing.
    pub remedy: String,
    pub statement: Option<Value>,
    /// The policy to change, where one is in the way.
    pub change: Option<PolicyChange>,
}

/// A policy, and the commands that read it and put it back changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PolicyChange {
    /// "the policy of bucket models"
    pub policy: String,
    pub read: String,
    pub write: String,
    /// What would do instead, of a key.
    pub grant: Option<String>,
}

impl fmt::Display for PolicyChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\", then \"{}\"", self.read, self.write)?;
        self.grant.as_ref().map_or(Ok(()), |grant| write!(f, "; or \"{grant}\""))
    }
}

impl Gap {
    pub(crate) fn finding(&self, severity: Severity) -> Finding {
        let statement = self.statement.as_ref().map(|statement| format!(": {statement}")).unwrap_or_default();
        let finding = Finding::warning(&self.what).cause(&self.cause).hint(format!("{}{statement}", self.remedy));
        Finding { severity, ..finding }
    }
}

/// All that is to be said of the access to a package.
#[derive(Clone, Debug, Default)]
pub(crate) struct Review {
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
pub(crate) fn review(
    evidence: &Evidence,
    group: Option<&GroupSide<'_>>,
    callers: &BTreeSet<Caller>,
    project: &str,
) -> Review {
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
            "it is named by no place in S3",
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
    pub(super) change: PolicyChange,
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
                self.doubt(format!("{} is not one that can be read", of.change.policy), error.to_string());
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
                self.doubt(what, format!("{}: {}", of.change.policy, doubts.join("; ")));
            }
            Outcome::DeniedBy(label, action) => self.review.gaps.push(Gap {
                what,
                cause: format!("{label} of {} denies {action}", of.change.policy),
                remedy: format!("let that statement spare them ({})", of.change),
                statement: None,
                change: Some(of.change.clone()),
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
                    cause: format!("no statement of {} allows {}", of.change.policy, in_words(&named)),
                    remedy: format!("add this statement to it ({})", of.change),
                    change: Some(of.change.clone()),
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
            change: PolicyChange {
                policy: format!("the resource policy of model package group \"{}\"", side.group),
                read: format!(
                    "aws sagemaker get-model-package-group-policy --model-package-group-name {} --query ResourcePolicy \
                     --output text",
                    side.group
                ),
                write: format!(
                    "aws sagemaker put-model-package-group-policy --model-package-group-name {} --resource-policy \
                     file://policy.json",
                    side.group
                ),
                grant: None,
            },
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
            change: PolicyChange {
                policy: format!("the policy of repository {name}"),
                read: format!(
                    "aws ecr get-repository-policy --repository-name {name} --query policyText --output text"
                ),
                write: format!(
                    "aws ecr set-repository-policy --repository-name {name} --policy-text file://policy.json"
                ),
                grant: None,
            },
            sid: "ModeldeployImage",
            names_resources: false,
        };
        let policy = match repository.policy.known() {
            None => return,
            Some(RepositoryPolicy::Text(policy)) => policy,
            Some(RepositoryPolicy::Unset) => "",
            Some(RepositoryPolicy::NoRepository) => {
                self.review.gaps.push(Gap {
                    what: format!("image {image} is not there"),
                    cause: format!("account {account} has no repository \"{name}\" in {region}"),
                    remedy: "push it, or approve a version whose image is there".to_owned(),
                    statement: None,
                    change: None,
                });
                return;
            }
        };
        self.image_state(repository, name);
        let Some(policy) = self.document(&of, policy) else { return };
        let arn = format!("arn:{}:ecr:{region}:{account}:repository/{name}", self.evidence.partition);
        let asks: Vec<Ask> = PULL_ACTIONS.iter().map(|action| Ask::new(action, arn.clone())).collect();
        let callers = self.callers;
        for (outcome, callers) in by_outcome(callers, |caller| ask(&policy, &asks, caller, self.allowance(caller))) {
            self.conclude(&of, &asks, outcome, &callers);
        }
    }

    /// Whether the image can be pulled at all, by whomever.
    fn image_state(&mut self, repository: &RepositoryFacts, name: &str) {
        let image = &repository.image;
        let Some(state) = repository.state.known() else { return };
        let mut gap = |what: &str, cause: String, remedy: String| {
            self.review.gaps.push(Gap {
                what: format!("image {image} {what}"),
                cause,
                remedy,
                statement: None,
                change: None,
            });
        };
        match state {
            ImageState::Active => {}
            ImageState::Gone => gap(
                "is not there",
                format!("repository {name} has no image with {}", image.reference),
                "push it, or approve a version whose image is there".to_owned(),
            ),
            ImageState::Archived => {
                let id = match &image.reference {
                    Reference::Digest(digest) => format!("imageDigest={digest}"),
                    Reference::Tag(tag) => format!("imageTag={tag}"),
                };
                gap(
                    "cannot be pulled",
                    format!("it is archived in repository {name}"),
                    format!(
                        "restore it: \"aws ecr update-image-storage-class --repository-name {name} --image-id {id} \
                         --target-storage-class STANDARD\""
                    ),
                );
            }
            ImageState::Activating => self.doubt(
                format!("image {image} cannot be pulled yet"),
                format!("it is being restored from the archive of repository {name}"),
            ),
            ImageState::Other(status) => self.doubt(
                format!("whether image {image} can be pulled is not known"),
                format!("its status in repository {name} is {status}"),
            ),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::domain::access::{BucketFacts, DataFacts, KeyFacts, KeyGrant, ObjectFacts, Reading};
    use crate::domain::aws::s3_uri::S3Uri;

    const KEY: &str = "arn:aws:kms:us-east-1:111111111111:key/k-1";

    fn callers(accounts: &[&str]) -> BTreeSet<Caller> {
        let caller = |account: &&str| Caller {
            partition: "aws".to_owned(),
            account: account.parse().expect("valid"),
            role: Some("deploy".to_owned()),
            organization: Some("o-abc".to_owned()),
            root: Some("r-ab12".to_owned()),
            paths: Vec::new(),
        };
        accounts.iter().map(caller).collect()
    }

    fn policy(statements: &Value) -> String {
        json!({"Version": "2012-10-17", "Statement": statements}).to_string()
    }

    fn evidence() -> Evidence {
        Evidence { own_account: "111111111111".to_owned(), partition: "aws".to_owned(), ..Evidence::default() }
    }

    fn bucket(uri: &str, statements: Option<&Value>) -> BucketFacts {
        let uri: S3Uri = uri.parse().expect("valid");
        let owner = Some("us".to_owned());
        let object = StoredObject { uri: if uri.is_prefix() { uri.join("a") } else { uri.clone() }, owner, size: 1 };
        BucketFacts {
            name: uri.bucket.clone(),
            policy: Reading::Known(statements.map(policy)),
            owner: Reading::Known("us".to_owned()),
            data: vec![DataFacts {
                uri,
                objects: Reading::Known(vec![object]),
                head: Reading::Known(Some(ObjectFacts::default())),
            }],
        }
    }

    fn with_bucket(bucket: BucketFacts) -> Evidence {
        Evidence { buckets: vec![bucket], ..evidence() }
    }

    fn key(statements: &Value, grants: Option<Reading<Vec<KeyGrant>>>) -> Evidence {
        let at = "s3://models/a".parse().expect("valid");
        let policy = Reading::Known(policy(statements));
        Evidence { keys: vec![KeyFacts { id: KEY.to_owned(), at, bucket_key: false, policy, grants }], ..evidence() }
    }

    fn repository(policy: RepositoryPolicy) -> Evidence {
        let image = Image::parse("111111111111.dkr.ecr.us-east-1.amazonaws.com/churn:1");
        Evidence {
            repositories: vec![RepositoryFacts {
                image,
                policy: Reading::Known(policy),
                state: Reading::Known(ImageState::Active),
            }],
            ..evidence()
        }
    }

    fn judge(evidence: &Evidence, accounts: &[&str]) -> Review {
        review(evidence, None, &callers(accounts), "p-1")
    }

    #[track_caller]
    fn only_gap(review: &Review) -> &Gap {
        assert!(review.doubts.is_empty(), "{:?}", review.doubts);
        let [gap] = review.gaps.as_slice() else { panic!("{:?}", review.gaps) };
        gap
    }

    fn is_fine(review: &Review) -> bool {
        review.gaps.is_empty() && review.doubts.is_empty() && review.ownership.is_empty()
    }

    #[test]
    fn model_data_that_no_statement_gives_is_one_gap_with_the_statement_for_all() {
        let review = judge(&with_bucket(bucket("s3://models/a.tar.gz", None)), &["222222222222", "333333333333"]);
        let gap = only_gap(&review);
        assert_eq!(
            gap.what,
            "role deploy of 222222222222 and 333333333333 cannot read model data s3://models/a.tar.gz"
        );
        assert_eq!(gap.cause, "no statement of the policy of bucket models allows s3:GetObject");
        assert!(gap.remedy.contains("aws s3api put-bucket-policy --bucket models"), "{}", gap.remedy);
        assert_eq!(
            gap.statement,
            Some(json!({
                "Sid": "ModeldeployModelDatap1",
                "Effect": "Allow",
                "Principal": {"AWS": ["arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:root"]},
                "Action": ["s3:GetObject"],
                "Resource": ["arn:aws:s3:::models/a.tar.gz"],
                "Condition": {"ArnEquals": {"aws:PrincipalArn": [
                    "arn:aws:iam::222222222222:role/deploy", "arn:aws:iam::333333333333:role/deploy"]}},
            }))
        );
    }

    #[test]
    fn only_those_who_lack_access_are_named() {
        let statement = json!({"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "s3:*",
                               "Resource": "arn:aws:s3:::models/*"});
        let evidence = with_bucket(bucket("s3://models/a", Some(&statement)));
        assert!(is_fine(&judge(&evidence, &["222222222222"])));
        // The bucket's own account needs no statement.
        assert!(
            only_gap(&judge(&evidence, &["111111111111", "222222222222", "333333333333"]))
                .what
                .starts_with("role deploy of 333333333333 cannot read")
        );
    }

    #[test]
    fn a_deny_is_named_and_counts_within_the_account_as_well() {
        let deny = json!({"Sid": "Locked", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
                          "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-other"}}});
        let review = judge(&with_bucket(bucket("s3://models/a", Some(&deny))), &["111111111111", "222222222222"]);
        let gap = only_gap(&review);
        assert!(gap.what.starts_with("role deploy of 111111111111 and 222222222222 cannot read"), "{}", gap.what);
        assert_eq!(gap.cause, "statement \"Locked\" of the policy of bucket models denies s3:GetObject");
        assert_eq!(gap.statement, None);
    }

    #[test]
    fn all_under_a_prefix_is_listed_and_read() {
        let allow = |actions: &[&str], resource: &str| {
            json!({"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": [resource, "arn:aws:s3:::models"],
                   "Condition": {"StringLikeIfExists": {"s3:prefix": "churn/*"}}})
        };
        let of =
            |statement: &Value| judge(&with_bucket(bucket("s3://models/churn/", Some(statement))), &["222222222222"]);
        assert!(is_fine(&of(&allow(&["s3:GetObject", "s3:ListBucket"], "arn:aws:s3:::models/churn/*"))));
        let without_list = of(&allow(&["s3:GetObject"], "arn:aws:s3:::models/*"));
        let gap = only_gap(&without_list);
        assert_eq!(gap.statement.as_ref().map(|one| &one["Action"]), Some(&json!(["s3:ListBucket"])));
        let part = of(&allow(&["s3:*"], "arn:aws:s3:::models/churn/1/*"));
        assert_eq!((part.gaps.len(), part.doubts.len()), (0, 1), "it may be all that is there, or not: {part:?}");
        let nothing = judge(&with_bucket(bucket("s3://models/churn/", None)), &["222222222222"]);
        let statement = only_gap(&nothing).statement.as_ref().expect("one");
        assert_eq!(statement["Resource"], json!(["arn:aws:s3:::models", "arn:aws:s3:::models/churn/*"]));
    }

    #[test]
    fn model_data_that_is_not_there_or_belongs_to_another_account_is_named() {
        let mut gone = bucket(
            "s3://models/a",
            Some(&json!({"Effect": "Allow", "Principal": "*", "Action": "*",
                                                            "Resource": "*"})),
        );
        gone.data[0].head = Reading::Known(None);
        assert_eq!(
            only_gap(&judge(&with_bucket(gone.clone()), &["222222222222"])).what,
            "model data s3://models/a is not there"
        );
        gone.data[0].head = Reading::Unread;
        let Reading::Known(objects) = &mut gone.data[0].objects else { panic!("listed") };
        objects[0].owner = Some("them".to_owned());
        let review = judge(&with_bucket(gone), &["222222222222"]);
        assert!(review.gaps.is_empty());
        assert_eq!(review.ownership[0].what, "model data s3://models/a belongs to another account than its bucket");
        assert!(review.ownership[0].cause.starts_with("its owner is canonical user them, the bucket's is us"));
        assert_eq!(review.foreign[0].uri.to_string(), "s3://models/a");
    }

    #[test]
    fn a_key_is_opened_by_its_policy_or_by_a_grant() {
        let of_account = json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
                                "Action": "kms:*", "Resource": "*"});
        let via = json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt", "Resource": "*",
            "Condition": {"StringEquals": {"kms:CallerAccount": "222222222222",
                                           "kms:ViaService": "s3.us-east-1.amazonaws.com"}}});
        let review = judge(&key(&json!([of_account, via]), None), &["111111111111", "222222222222"]);
        assert!(is_fine(&review) && review.grants_wanted.is_empty(), "{review:?}");
        // Grants are looked at only where the policy does not do.
        let review = judge(&key(&of_account, None), &["111111111111", "222222222222"]);
        assert!(is_fine(&review) && review.grants_wanted.contains(KEY));
        let grant = |grantee: &str, constrained| {
            let operations = vec!["Decrypt".to_owned()];
            Some(Reading::Known(vec![KeyGrant { grantee: grantee.to_owned(), operations, constrained }]))
        };
        let role = "arn:aws:iam::222222222222:role/deploy";
        assert!(is_fine(&judge(&key(&of_account, grant(role, false)), &["222222222222"])));
        assert_eq!(judge(&key(&of_account, grant(role, true)), &["222222222222"]).doubts.len(), 1);
        assert_eq!(judge(&key(&of_account, Some(Reading::Unread)), &["222222222222"]).doubts.len(), 1);
        let review = judge(&key(&of_account, grant("arn:aws:iam::333333333333:root", false)), &["222222222222"]);
        let gap = only_gap(&review);
        assert_eq!(gap.what, "role deploy of 222222222222 cannot decrypt model data s3://models/a");
        assert!(gap.remedy.contains("aws kms create-grant --key-id") && gap.remedy.contains("put-key-policy"));
        // A grant does not outweigh a statement that denies, or may do so.
        let deny = |condition: Value| {
            json!({"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*",
                                             "Condition": condition})
        };
        let denied = json!([of_account, deny(json!({}))]);
        assert_eq!(only_gap(&judge(&key(&denied, grant(role, false)), &["222222222222"])).statement, None);
        let unsure = json!([of_account, deny(json!({"Bool": {"aws:ViaAWSService": "false"}}))]);
        assert_eq!(judge(&key(&unsure, grant(role, false)), &["222222222222"]).doubts.len(), 1);
    }

    #[test]
    fn the_key_of_another_account_and_that_of_aws_cannot_be_mended_here() {
        let mut evidence = key(&json!([]), Some(Reading::Known(Vec::new())));
        evidence.own_account = "999999999999".to_owned();
        let review = judge(&evidence, &["222222222222"]);
        assert!(
            review.gaps.is_empty() && review.doubts[0].cause.as_deref().is_some_and(|why| why.contains("111111111111"))
        );
        let managed = json!({"Version": "2012-10-17", "Id": "auto-s3-2", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["kms:Decrypt"], "Resource": "*",
             "Condition": {"StringEquals": {"kms:CallerAccount": "111111111111"}}}]});
        let mut evidence = key(&json!([]), Some(Reading::Known(Vec::new())));
        evidence.keys[0].policy = Reading::Known(managed.to_string());
        let review = judge(&evidence, &["222222222222"]);
        assert!(only_gap(&review).remedy.starts_with("encrypt it with a key of your own"));
    }

    #[test]
    fn an_image_is_pulled_by_the_policy_of_its_repository() {
        let allow = policy(&json!({"Effect": "Allow", "Principal": {"AWS": "222222222222"},
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}));
        let partly = judge(&repository(RepositoryPolicy::Text(allow)), &["222222222222"]);
        let gap = only_gap(&partly);
        assert_eq!(gap.cause, "no statement of the policy of repository churn allows ecr:BatchCheckLayerAvailability");
        assert_eq!(gap.statement.as_ref().expect("one").get("Resource"), None);
        assert_eq!(
            only_gap(&judge(&repository(RepositoryPolicy::NoRepository), &["222222222222"])).what,
            "image 111111111111.dkr.ecr.us-east-1.amazonaws.com/churn:1 is not there"
        );
        assert!(is_fine(&judge(&repository(RepositoryPolicy::Unset), &["111111111111"])));
        let others = [
            "222222222222.dkr.ecr.us-east-1.amazonaws.com/a",
            "444444444444.dkr.ecr.us-east-1.amazonaws.com/a",
            "docker.io/a",
        ]
        .map(Image::parse);
        let review = judge(&Evidence { others: others.into(), ..evidence() }, &["222222222222"]);
        assert_eq!((review.gaps.len(), review.doubts.len()), (0, 3));
        assert!(review.doubts[0].cause.as_deref().is_some_and(|why| why.contains("target account 222222222222")));
    }

    #[test]
    fn the_group_is_judged_by_the_policy_that_the_build_leaves() {
        let package: Arn = "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/4".parse().expect("valid");
        let of = |statements: Value| {
            let policy = policy(&statements);
            let side = GroupSide { package: &package, group: "churn", policy: &policy };
            review(&evidence(), Some(&side), &callers(&["222222222222"]), "p-1")
        };
        let allow = json!({"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Resource":
            "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/*", "Action": ["sagemaker:*"]});
        assert!(is_fine(&of(allow.clone())));
        let deny = json!({"Sid": "Freeze", "Effect": "Deny", "Principal": "*", "Resource": "*",
                          "Action": "sagemaker:CreateModel"});
        let denied = of(json!([allow, deny]));
        assert_eq!(only_gap(&denied).what, format!("account 222222222222 cannot deploy {package}"));
        // CreateModel is not called by the model's own role.
        let by_role = json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:role/deploy"},
                             "Resource": "*", "Action": "*"});
        assert_eq!(of(by_role).doubts.len(), 1);
    }

    #[test]
    fn what_could_not_be_read_is_no_gap() {
        let mut unread = bucket("s3://models/a", None);
        unread.policy = Reading::Unread;
        unread.owner = Reading::Unread;
        unread.data[0].objects = Reading::Unread;
        unread.data[0].head = Reading::Unread;
        assert!(is_fine(&judge(&with_bucket(unread), &["222222222222"])));
        let mut unreadable = bucket("s3://models/a", None);
        unreadable.policy = Reading::Known(Some("<xml/>".to_owned()));
        assert_eq!(judge(&with_bucket(unreadable), &["222222222222"]).doubts.len(), 1);
        assert!(is_fine(&judge(&with_bucket(bucket("s3://models/a", None)), &[])));
    }

    proptest! {
        #[test]
        fn the_proposed_statement_closes_the_gap(
            accounts in prop::collection::btree_set("[2-9]{12}", 1..6),
            allowed in prop::collection::btree_set("[2-9]{12}", 0..3),
            prefix in prop::bool::ANY,
        ) {
            let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
            let uri = if prefix { "s3://models/churn/" } else { "s3://models/churn" };
            let statements = json!([{"Effect": "Allow", "Principal": {"AWS": allowed}, "Action": "*", "Resource": "*"}]);
            let with = |statements: &Value| [
                with_bucket(bucket(uri, Some(statements))),
                key(statements, Some(Reading::Known(Vec::new()))),
                repository(RepositoryPolicy::Text(policy(statements))),
            ];
            for (number, evidence) in with(&statements).iter().enumerate() {
                for gap in judge(evidence, &accounts).gaps {
                    let mut more = statements.clone();
                    more.as_array_mut().expect("a list").push(gap.statement.expect("one"));
                    let after = judge(&with(&more)[number], &accounts);
                    prop_assert!(is_fine(&after), "{after:?}");
                }
            }
        }
    }
}
