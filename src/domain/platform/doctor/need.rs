//! What roles need, as the documents of `templates/` say it, for the one project that is looked at.

use std::collections::BTreeMap;

use serde_json::Value;

use super::facts::{Facts, SourceAction};
use super::purpose::Purpose;
use super::subject::Subject;
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::iam::Key;
use crate::domain::platform::policy::{Home, PlatformPolicy};

/// What a statement of ours grants, asked of a role.
#[derive(Clone, Debug)]
pub(super) struct Need {
    pub(super) sid: String,
    pub(super) actions: Vec<String>,
    resources: Vec<String>,
    /// Actions that have a resource of their own.
    pub(super) by_action: BTreeMap<String, String>,
    pub(super) keys: Vec<(&'static str, Key)>,
    /// Whether the pipeline goes on without it.
    pub(super) optional: bool,
}

impl Need {
    pub(super) fn new(sid: &str, actions: &[&str], resources: Vec<String>) -> Self {
        Self {
            sid: sid.to_owned(),
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            resources,
            by_action: BTreeMap::new(),
            keys: Vec::new(),
            optional: false,
        }
    }

    /// Of these actions alone.
    pub(super) fn only(&self, actions: &[String]) -> Self {
        Self { actions: actions.to_vec(), ..self.clone() }
    }

    pub(super) fn resources_of(&self, action: &str) -> Vec<String> {
        match self.by_action.get(action) {
            Some(own) => vec![own.clone()],
            None => self.resources.clone(),
        }
    }
}

/// The statements of a policy document: id, actions.
fn statements(document: &Value) -> Vec<(String, Vec<String>)> {
    let texts = |value: &Value| match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        single => single.as_str().map(str::to_owned).into_iter().collect(),
    };
    let all = document["Statement"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(|one| Some((one["Sid"].as_str()?.to_owned(), texts(&one["Action"])))).collect()
}

/// The name of an object, endpoint or stream that stands for any; a statement has `*` in its place.
pub(super) const ANY: &str = "any-of-them";

/// The resource that was asked about, as a statement is to name it.
pub(super) fn as_pattern(resource: &str) -> String {
    resource.replace(&format!("log-stream:{ANY}"), "*").replace(ANY, "*")
}

/// Where the project is, for the ARNs of what it has.
struct Site<'a> {
    subject: &'a Subject,
    facts: &'a Facts,
    home: &'a AccountId,
}

impl Site<'_> {
    fn arn(&self, service: &str, resource: &str) -> String {
        let Subject { partition, region, .. } = self.subject;
        format!("arn:{partition}:{service}:{region}:{}:{resource}", self.home)
    }

    fn s3(&self, place: &str) -> String {
        format!("arn:{}:s3:::{place}", self.subject.partition)
    }

    fn studio_bucket(&self) -> String {
        self.s3(&format!("sagemaker-{}-{}", self.subject.region, self.home))
    }

    fn build_log(&self, project: &str) -> String {
        self.arn("logs", &format!("log-group:/aws/codebuild/{project}:log-stream:{ANY}"))
    }
}

/// What a role needs for its purposes; `None` where the project, or who calls, is not known.
pub(super) fn of_purposes(subject: &Subject, facts: &Facts, purposes: &[Purpose]) -> Option<Vec<Need>> {
    let site = Site { subject, facts, home: facts.home()? };
    let home = Home { partition: &subject.partition, account: site.home };
    let document = PlatformPolicy::UseRole { key_arn: None }.document(home).ok()?;
    let needs = statements(&document).into_iter().filter_map(|(sid, actions)| {
        let mut resources = Vec::new();
        let actions: Vec<&str> = actions
            .iter()
            .map(String::as_str)
            .filter(|action| {
                let mut takers =
                    purposes.iter().filter(|purpose| needed_for(&sid, action).contains(purpose)).peekable();
                let is_needed = takers.peek().is_some();
                for purpose in takers {
                    for resource in resources_for(&site, &sid, *purpose) {
                        if !resources.contains(&resource) {
                            resources.push(resource);
                        }
                    }
                }
                is_needed
            })
            .collect();
        let mut need = Need::new(&sid, &actions, resources);
        need.optional = OPTIONAL.contains(&sid.as_str());
        if let Some(organization) = facts.organization.as_ref().ok().and_then(Option::as_ref) {
            need.keys.push(("aws:resourceorgid", Key::known(&organization.id)));
        }
        (!need.actions.is_empty() && !need.resources.is_empty()).then_some(need)
    });
    subject.project.as_ref()?;
    Some(needs.collect())
}

/// Without these, reports are missing and access is not judged, and the pipeline goes on.
const OPTIONAL: [&str; 5] = ["ReportTestCases", "TakeUploadsBack", "JudgeBuckets", "JudgeKeys", "JudgeImages"];

fn needed_for(sid: &str, action: &str) -> &'static [Purpose] {
    use Purpose::{Build, Events, Pipeline, Test};
    match (sid, action) {
        ("WriteLogs" | "ListAccountsOfUnits", _) | ("ReadModelPackages", "sagemaker:DescribeModelPackage") => {
            &[Build, Test]
        }
        ("ReadAndWriteArtifacts" | "SeeArtifactBuckets", _) => &[Build, Test, Pipeline],
        (
            "FetchSource"
            | "UseConnections"
            | "RunBuilds"
            | "CreateStackSets"
            | "DeployStackSets"
            | "ActAsDelegatedAdministrator",
            _,
        ) => &[Pipeline],
        ("StartPipelines", _) => &[Events],
        ("ReportTestCases" | "TakeOnRolesOfStages", _) => &[Test],
        (
            "UseModelPackageGroups"
            | "ReadModelPackages"
            | "TakeUploadsBack"
            | "JudgeBuckets"
            | "JudgeKeys"
            | "JudgeImages",
            _,
        ) => &[Build],
        _ => &[],
    }
}

/// The ARNs of what the statement is about, in this project; none where it does not have such a thing.
fn resources_for(site: &Site<'_>, sid: &str, purpose: Purpose) -> Vec<String> {
    let Site { subject, facts, home } = site;
    let Ok(project) = subject.project() else { return Vec::new() };
    let bucket = subject.artifact_bucket().unwrap_or_default();
    let organization = facts.organization.as_ref().ok().and_then(Option::as_ref);
    let management = organization.map_or(*home, |organization| &organization.management);
    let stack_sets = || {
        subject.stages.iter().map(|settings| {
            let Subject { partition, region, .. } = subject;
            let name = project.stack_set(&settings.stage);
            format!("arn:{partition}:cloudformation:{region}:{management}:stackset/{name}:{ANY}")
        })
    };
    let group = subject.group_name().unwrap_or_default();
    match sid {
        "WriteLogs" if purpose == Purpose::Build => vec![site.build_log(&project.build_project())],
        "WriteLogs" => vec![site.build_log(&project.test_project())],
        "ReadAndWriteArtifacts" => vec![site.s3(&format!("{bucket}/{ANY}"))],
        "SeeArtifactBuckets" => vec![site.s3(&bucket)],
        "TakeUploadsBack" => vec![site.s3(&format!("{bucket}/artifacts/{ANY}"))],
        "FetchSource" => match facts.pipeline().and_then(super::facts::Pipeline::source) {
            Some(SourceAction::CodeCommit { repository, .. }) => vec![site.arn("codecommit", &repository)],
            _ => Vec::new(),
        },
        "UseConnections" => match facts.pipeline().and_then(super::facts::Pipeline::source) {
            Some(SourceAction::Connection { arn, .. }) => vec![arn],
            _ => Vec::new(),
        },
        "RunBuilds" => [project.build_project(), project.test_project()]
            .map(|name| site.arn("codebuild", &format!("project/{name}")))
            .into(),
        "StartPipelines" => vec![site.arn("codepipeline", &project.pipeline())],
        "ReportTestCases" => vec![site.arn("codebuild", &format!("report-group/{}-{ANY}", project.test_project()))],
        "CreateStackSets" | "DeployStackSets" => stack_sets().collect(),
        // Only a delegated administrator is asked whether it is one.
        "ActAsDelegatedAdministrator" if facts.is_management() == Some(false) => vec!["*".to_owned()],
        "ListAccountsOfUnits" => organization.map_or_else(Vec::new, |organization| {
            let units = subject.stages.iter().filter_map(|settings| settings.unit.as_ref());
            let kind = |unit: &str| if unit.starts_with("r-") { "root" } else { "ou" };
            let arn = |unit: &str| {
                let Subject { partition, .. } = subject;
                format!("arn:{partition}:organizations::{management}:{}/{}/{unit}", kind(unit), organization.id)
            };
            units.map(|unit| arn(unit.as_str())).collect()
        }),
        "UseModelPackageGroups" => vec![site.arn("sagemaker", &format!("model-package-group/{group}"))],
        "ReadModelPackages" => vec![site.arn("sagemaker", &format!("model-package/{group}/1"))],
        "JudgeBuckets" => vec![site.studio_bucket()],
        "JudgeKeys" => vec![site.arn("kms", &format!("key/{ANY}"))],
        "JudgeImages" => vec![site.arn("ecr", &format!("repository/{ANY}"))],
        "TakeOnRolesOfStages" => {
            let stages = subject.stages.iter().zip(&facts.stages);
            let roles = stages.filter_map(|(settings, stage)| {
                let (role, first) = (settings.role_name.as_ref()?, stage.accounts.first()?);
                Some(format!("arn:{}:iam::{}:role/{role}", subject.partition, first.account))
            });
            roles.collect()
        }
        _ => Vec::new(),
    }
}

/// What the role needs that launches projects, beside AWS's own policy on it.
pub(super) fn of_launch(subject: &Subject, facts: &Facts) -> Option<Vec<Need>> {
    let site = Site { subject, facts, home: facts.home()? };
    let seed = subject.seed.as_ref();
    let needs = statements(&launch_document(subject, site.home)?).into_iter().filter_map(|(sid, actions)| {
        let project = subject.project.as_ref().map_or(ANY, |project| project.id.as_str());
        let log = || site.arn("logs", &format!("log-group:/aws/codebuild/sagemaker-{ANY}:log-stream:{ANY}"));
        let role = || format!("arn:{}:iam::{}:role/modeldeploy-{ANY}-build", subject.partition, site.home);
        let resources = match sid.as_str() {
            // That is judged with the seed itself.
            SEED_STATEMENT => return None,
            "ConfigureArtifactBuckets" => vec![site.s3(&format!("sagemaker-project-{project}"))],
            "ManageLogGroups" | "FindLogGroups" => vec![log()],
            "ManageOwnRoles" | "PassOwnRoles" => vec![role()],
            "KeepTags" => Vec::new(),
            "UpdateRepositories" if seed.is_some() => vec![site.arn("codecommit", &format!("sagemaker-{ANY}"))],
            _ => return None,
        };
        let names: Vec<&str> = actions.iter().map(String::as_str).collect();
        let mut need = Need::new(&sid, &names, resources);
        need.keys.push(("iam:passedtoservice", Key::known("codebuild.amazonaws.com")));
        for action in actions.iter().filter(|_| sid == "KeepTags") {
            let own = match action.split(':').next() {
                Some("events") => site.arn("events", &format!("rule/sagemaker-{ANY}")),
                service => site.arn(service.unwrap_or_default(), &format!("sagemaker-{ANY}")),
            };
            need.by_action.insert(action.clone(), own);
        }
        Some(need)
    });
    Some(needs.collect())
}

/// The statement by which the launch role reads template and seed.
const SEED_STATEMENT: &str = "ReadSeedAndTemplate";

/// What the launch role needs of the seed: to read it.
pub(super) fn of_seed(subject: &Subject, seed: &S3Uri) -> Need {
    let object = format!("arn:{}:s3:::{}/{}", subject.partition, seed.bucket, seed.key);
    Need::new(SEED_STATEMENT, &["s3:GetObject"], vec![object])
}

fn launch_document(subject: &Subject, home: &AccountId) -> Option<Value> {
    let (bucket, key) = subject.seed.as_ref().map_or((ANY, ""), |seed| (&seed.bucket, &seed.key));
    let prefix = key.rfind('/').map_or("", |end| &key[..=end]);
    let policy = PlatformPolicy::LaunchRole { seed_bucket: bucket, seed_prefix: prefix };
    policy.document(Home { partition: &subject.partition, account: home }).ok()
}

/// The statement of our policies with that id, as it is to be added to the launch role's or the classic role's.
pub(super) fn statement(subject: &Subject, facts: &Facts, sid: &str) -> Option<Value> {
    let account = facts.home()?;
    let home = Home { partition: &subject.partition, account };
    let classic = PlatformPolicy::UseRole { key_arn: None }.document(home).ok()?;
    let documents = [classic, launch_document(subject, account)?];
    let all = documents.iter().filter_map(|document| document["Statement"].as_array()).flatten();
    all.into_iter().find(|one| one["Sid"] == sid).cloned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::platform::doctor::facts::{Action, Pipeline};
    use crate::domain::platform::doctor::healthy::healthy;
    use crate::domain::platform::doctor::rights::Rights;
    use crate::domain::platform::doctor::subject::tests::named;

    fn all_purposes() -> [Purpose; 4] {
        [Purpose::Build, Purpose::Test, Purpose::Pipeline, Purpose::Events]
    }

    fn facts(provider: &str, configuration: Value) -> Facts {
        let mut facts = healthy();
        let source = Action {
            name: "Source".to_owned(),
            category: "Source".to_owned(),
            provider: provider.to_owned(),
            configuration,
        };
        let Ok(Some(Pipeline { stages, .. })) = &mut facts.pipeline else { panic!("a pipeline") };
        stages[0].1 = vec![source];
        // A delegated administrator, who needs one right more.
        if let Ok(Some(organization)) = &mut facts.organization {
            organization.management = "999999999999".parse().expect("valid");
        }
        facts
    }

    #[test]
    fn every_statement_of_the_classic_role_is_asked_for_and_grants_what_is_asked() {
        let subject = named();
        let commit = facts(
            "CodeCommit",
            json!({"RepositoryName": "sagemaker-churn-p-abc123-modeldeploy", "BranchName": "main"}),
        );
        let arn = "arn:aws:codeconnections:us-east-1:111111111111:connection/0-a";
        let connection = facts("CodeStarSourceConnection", json!({"ConnectionArn": arn}));
        let home = commit.home().expect("known").clone();
        let home = Home { partition: "aws", account: &home };
        let document = PlatformPolicy::UseRole { key_arn: None }.document(home).expect("fits");
        let rights = Rights::of(&[document.to_string()]);
        let mut asked = std::collections::BTreeSet::new();
        for facts in [&commit, &connection] {
            let needs = of_purposes(&subject, facts, &all_purposes()).expect("all is known");
            let caller =
                facts.caller_of(&subject, home.account, "service-role/AmazonSageMakerServiceCatalogProductsUseRole");
            for need in needs {
                // One account asks for both kinds of connections, though a connection has one.
                let lack = rights.lack(&caller, &need);
                let lack = lack.filter(|_| need.sid != "UseConnections");
                assert_eq!(lack, None, "{need:?}");
                asked.extend(need.actions.iter().map(|action| format!("{} {action}", need.sid)));
            }
        }
        for (sid, actions) in statements(&document) {
            for action in actions {
                assert!(asked.contains(&format!("{sid} {action}")), "{sid} {action} is not asked for");
            }
        }
    }

    #[test]
    fn every_statement_of_the_launch_role_is_asked_for_and_grants_what_is_asked() {
        let (subject, facts) = (named(), healthy());
        let home = facts.home().expect("known");
        let document = launch_document(&subject, home).expect("fits");
        let rights = Rights::of(&[document.to_string()]);
        let caller = facts.caller_of(&subject, home, "service-role/launch");
        let mut needs = of_launch(&subject, &facts).expect("all is known");
        needs.push(of_seed(&subject, subject.seed.as_ref().expect("named")));
        for need in &needs {
            assert_eq!(rights.lack(&caller, need), None, "{need:?}");
        }
        for (sid, _) in statements(&document) {
            assert!(needs.iter().any(|need| need.sid == sid), "{sid} is not asked for");
        }
    }
}
