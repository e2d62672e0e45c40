//! The role that launches projects: whether it is trusted with it and may do it.

use serde_json::{Value, json};

use super::rights::Rights;
use crate::domain::aws::arn::{AccountId, Arn};
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::finding::Finding;
use crate::domain::iam::{Identity, role_name, trusts};
use crate::domain::platform::policy::{Home, PlatformPolicy};

/// AWS's own role for it, which Studio makes when projects are enabled.
pub(crate) const NAME: &str = "AmazonSageMakerServiceCatalogProductsLaunchRole";
/// AWS's policy on that role.
pub(crate) const AWS_POLICY: &str = "AmazonSageMakerAdmin-ServiceCatalogProductsServiceRolePolicy";

/// The service that launches a product of Service Catalog.
pub(crate) const CATALOG: &str = "servicecatalog.amazonaws.com";
/// The service that makes the stack of a template in S3 (`CfnTemplateProvider.RoleARN` of `CreateProject`, botocore).
pub(crate) const STACKS: &str = "cloudformation.amazonaws.com";

/// What is launched, and from where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Launch<'a> {
    pub region: &'a str,
    /// The service that takes the role on.
    pub by: &'a str,
    pub template: &'a S3Uri,
    pub seed: Option<&'a S3Uri>,
    /// Whether a project has a repository in CodeCommit.
    pub has_repository: bool,
}

impl Launch<'_> {
    /// What keeps the role from being taken on, as far as it is known without its policies.
    pub(crate) fn review_trust(&self, role: &Identity) -> Vec<Finding> {
        let mut findings = Vec::new();
        if !trusts(&role.trust, self.by) {
            let statement = json!({"Effect": "Allow", "Principal": {"Service": self.by}, "Action": "sts:AssumeRole"});
            findings.push(
                Finding::warning(format!("launch role {} does not trust {}", role.arn, self.by))
                    .cause("no project can be created with it")
                    .hint(format!("add to its trust policy: {statement}")),
            );
        }
        if role.boundary.is_some() {
            findings.push(
                Finding::warning(format!("launch role {} has a permissions boundary, which was not judged", role.arn))
                    .hint("let it allow what the role's policies allow"),
            );
        }
        findings
    }

    /// What keeps the role from launching and updating projects.
    pub(crate) fn review_rights(&self, role: &Identity, rights: &Rights) -> Vec<Finding> {
        let mut findings = Vec::new();
        if !rights.attached.iter().any(|name| name == AWS_POLICY) {
            findings.push(
                Finding::warning(format!("launch role {} lacks AWS's policy {AWS_POLICY}", role.arn))
                    .cause("creating, updating and deleting a project needs what it allows")
                    .hint(format!(
                        "attach it: aws iam attach-role-policy --role-name {} --policy-arn arn:{}:iam::aws:policy/{AWS_POLICY}",
                        role_name(&role.arn.resource),
                        role.arn.partition
                    )),
            );
        }
        let who = format!("launch role {}", role.arn);
        let lack = |statement: &Value| rights.lack(&who, &role.arn, statement, self.region);
        findings.extend(self.needed(&role.arn).iter().filter_map(lack));
        findings
    }

    /// The statements of `templates/policies/launch-role.yml.j2`.
    fn needed(&self, role: &Arn) -> Vec<Value> {
        let Ok(account) = role.account.parse::<AccountId>() else { return Vec::new() };
        let home = Home { partition: &role.partition, account: &account };
        let statements = |place: &S3Uri| {
            let prefix = place.key.rfind('/').map_or("", |end| &place.key[..=end]);
            let policy = PlatformPolicy::LaunchRole { seed_bucket: &place.bucket, seed_prefix: prefix };
            policy.document(home).ok().and_then(|mut policy| policy["Statement"].as_array_mut().map(std::mem::take))
        };
        let mut needed = statements(self.template).unwrap_or_default();
        needed.retain(|one| self.has_repository || one["Sid"] != "UpdateRepositories");
        // The first statement is about the place, and the others are the same for every one.
        let of_seed = self.seed.and_then(statements).unwrap_or_default().into_iter().next();
        if let (Some(mut of_seed), Some(first)) = (of_seed, needed.first_mut())
            && of_seed["Resource"] != first["Resource"]
        {
            first["Resource"] = json!([first["Resource"].take(), of_seed["Resource"].take()]);
        }
        needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> S3Uri {
        text.parse().expect("a place")
    }

    struct Role {
        identity: Identity,
        rights: Rights,
    }

    fn role(policies: &[Value]) -> Role {
        let identity = Identity {
            arn: format!("arn:aws:iam::111122223333:role/service-role/{NAME}").parse().expect("an ARN"),
            trust: json!({"Statement": {"Effect": "Allow", "Principal": {"Service": [CATALOG, "x.amazonaws.com"]},
                "Action": "sts:AssumeRole"}})
            .to_string(),
            boundary: None,
        };
        let policies = policies.iter().map(ToString::to_string).collect();
        Role { identity, rights: Rights { attached: vec![AWS_POLICY.to_owned()], policies } }
    }

    fn findings(launch: &Launch<'_>, role: &Role) -> Vec<Finding> {
        [launch.review_trust(&role.identity), launch.review_rights(&role.identity, &role.rights)].concat()
    }

    fn ours(bucket: &str, prefix: &str) -> Value {
        let account = "111122223333".parse().expect("an account");
        let policy = PlatformPolicy::LaunchRole { seed_bucket: bucket, seed_prefix: prefix };
        policy.document(Home { partition: "aws", account: &account }).expect("fits")
    }

    fn review(role: &Role, by: &str) -> Vec<String> {
        let (template, seed) =
            (place("s3://seeds/modeldeploy/templates/0.template"), place("s3://seeds/modeldeploy/seed/1.zip"));
        let launch = Launch { region: "us-east-1", by, template: &template, seed: Some(&seed), has_repository: true };
        findings(&launch, role)
            .iter()
            .map(|one| format!("{one}: {}", one.cause.as_deref().unwrap_or_default()))
            .collect()
    }

    #[test]
    fn our_own_policy_is_enough() {
        assert_eq!(review(&role(&[ours("seeds", "modeldeploy/")]), CATALOG), [""; 0]);
        let administrator = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
        assert_eq!(review(&role(&[administrator]), CATALOG), [""; 0]);
    }

    #[test]
    fn what_is_missing_is_named_by_statement_and_action() {
        let mut policy = ours("seeds", "modeldeploy/templates/");
        policy["Statement"][4]["Action"] = json!("iam:*teRole");
        policy["Statement"][5]["Condition"]["StringEquals"]["iam:PassedToService"] = json!(["codebuild.amazonaws.com"]);
        let found = review(&role(&[policy]), CATALOG);
        assert_eq!(found.len(), 3, "{found:#?}");
        assert!(
            found[0].ends_with("all of \"ReadSeedAndTemplate\": not allowed: s3:GetObject, s3:GetObjectVersion"),
            "{found:#?}"
        );
        assert!(found[1].contains("\"ManageOwnRoles\": not allowed: iam:DeleteRolePolicy, iam:GetRole,"), "{found:#?}");
        assert!(found[2].ends_with("\"PassOwnRoles\": not allowed: iam:PassRole"), "{found:#?}");
    }

    #[test]
    fn a_deny_takes_a_right_away_and_a_condition_leaves_it_open() {
        let deny = json!({"Statement": [{"Effect": "Deny", "Action": "logs:*", "Resource": "*"}]});
        let found = review(&role(&[ours("seeds", "modeldeploy/"), deny]), CATALOG);
        assert_eq!(found.len(), 2, "{found:#?}");
        let mut open = ours("seeds", "modeldeploy/");
        open["Statement"][0]["Condition"] = json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}});
        assert_eq!(review(&role(&[open]), CATALOG), [""; 0]);
    }

    #[test]
    fn trust_policy_and_boundary_are_looked_at() {
        let mut other = role(&[ours("seeds", "modeldeploy/")]);
        assert!(review(&other, STACKS)[0].contains("does not trust cloudformation.amazonaws.com"));
        other.identity.trust =
            json!({"Statement": [{"Effect": "Deny", "Principal": {"Service": CATALOG}, "Action": "*"}]}).to_string();
        other.rights.attached.clear();
        other.identity.boundary = Some("arn:aws:iam::111122223333:policy/Boundary".to_owned());
        let found = review(&other, CATALOG);
        assert_eq!(found.len(), 3, "{found:#?}");
    }

    #[test]
    fn repositories_matter_only_to_projects_that_have_one() {
        let mut policy = ours("seeds", "modeldeploy/");
        policy["Statement"].as_array_mut().expect("statements").retain(|one| one["Sid"] != "UpdateRepositories");
        let template = place("s3://seeds/modeldeploy/templates/0.template");
        let launch = |has_repository| Launch {
            region: "eu-west-1",
            by: CATALOG,
            template: &template,
            seed: None,
            has_repository,
        };
        assert_eq!(findings(&launch(true), &role(std::slice::from_ref(&policy))).len(), 1);
        assert_eq!(findings(&launch(false), &role(&[policy])), []);
    }
}
