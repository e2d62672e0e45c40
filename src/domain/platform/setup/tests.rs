//! Decisions from what is there to what should be.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::spec::SettingsSpec;
use super::*;
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::organization::{Account, Targets};
use crate::domain::aws::stack_instance::Instance;
use crate::domain::finding::{Finding, Severity};
use crate::domain::platform::change::Verb;

const SETTINGS: &str = "
version: 1
stages:
  - {name: staging, units: [ou-ab12-stg00001, ou-ab12-stg00002]}
  - {name: prod, units: [ou-ab12-prd00001]}
seed_bucket: seeds
model_package_groups: [churn]
";

fn settings(text: &str) -> Settings {
    SettingsSpec::parse(text, "modeldeploy.yml").and_then(|spec| spec.settings()).expect("valid settings")
}

fn id(account: &str) -> AccountId {
    account.parse().expect("an account")
}

fn targets(accounts: &[&str]) -> Targets {
    Targets::among(accounts.iter().map(|account| Account {
        id: id(account),
        arn: format!("arn:aws:organizations::111122223333:account/o-x/{account}"),
        name: String::new(),
        state: Some("ACTIVE".to_owned()),
        status: None,
        paths: Vec::new(),
    }))
}

fn denied(what: &str) -> Finding {
    Finding::error(what)
}

/// An account in which SageMaker's own roles, bucket and group are, and nothing of ours.
fn empty() -> Facts {
    let there = || Ok(Holder::There { is: (), policy: None });
    let arn = "arn:aws:sagemaker:us-east-1:111122223333:model-package-group/churn".parse().expect("an ARN");
    let unit = |id: &str, accounts: &[&str]| (id.parse().expect("a unit"), Ok(targets(accounts)));
    Facts {
        home: Home { partition: "aws", account: id("111122223333"), region: "us-east-1".to_owned() },
        organization: Some(Organization {
            management: Ok("111122223333".to_owned()),
            trusted_access: Ok(true),
            delegated: Ok(Vec::new()),
        }),
        units: BTreeMap::from([
            unit("ou-ab12-stg00001", &["222222222222"]),
            unit("ou-ab12-stg00002", &["333333333333"]),
            unit("ou-ab12-prd00001", &["444444444444"]),
        ]),
        bucket: there(),
        roles: vec![(ClassicRole::Launch, there())],
        groups: vec![("churn".to_owned(), Ok(Holder::There { is: arn, policy: None }))],
        stack_sets: BTreeMap::from([
            ("modeldeploy-role-staging".to_owned(), Ok(None)),
            ("modeldeploy-role-prod".to_owned(), Ok(None)),
        ]),
    }
}

fn decided(settings: &Settings, facts: &Facts) -> Decision {
    decide(settings, &Wishes::default(), facts).expect("templates fit")
}

/// What is there after the steps were taken.
fn after(mut facts: Facts, decision: &Decision) -> Facts {
    for step in &decision.steps {
        match &step.order {
            Order::PutRolePolicy { role, document } => {
                let (_, read) = facts.roles.iter_mut().find(|(one, _)| one.name() == *role).expect("known");
                *read = Ok(Holder::There { is: (), policy: Some(document.clone()) });
            }
            Order::PutBucketPolicy { policy, .. } => {
                facts.bucket = Ok(Holder::There { is: (), policy: Some(policy.clone()) });
            }
            Order::PutGroupPolicy { policy, .. } => {
                let (_, read) = facts.groups.first_mut().expect("a group");
                let Ok(Holder::There { policy: there, .. }) = read else { panic!("no group") };
                *there = Some(policy.clone());
            }
            Order::CreateStackSet(set) | Order::UpdateStackSet(set) => {
                let there = facts.stack_sets.get_mut(&set.name).expect("known").as_mut().expect("read");
                let there = there.get_or_insert_default();
                there.service_managed = true;
                there.template = TEMPLATE.to_owned();
                there.parameters =
                    set.parameters.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
                there.instances.iter_mut().for_each(|one| one.status = "CURRENT".to_owned());
            }
            Order::CreateStackInstances { name, units } => {
                let accounts: Vec<AccountId> =
                    units.iter().flat_map(|unit| facts.units[unit].as_ref().expect("read").ids()).collect();
                let there = facts.stack_sets.get_mut(name).expect("known").as_mut().expect("read");
                let there = there.as_mut().expect("made before");
                there.units.extend(units.iter().map(ToString::to_string));
                there.instances.extend(accounts.iter().map(|account| Instance {
                    account: account.to_string(),
                    region: "us-east-1".to_owned(),
                    status: "CURRENT".to_owned(),
                    reason: None,
                    stack: None,
                }));
            }
            other => panic!("not asked for: {other:?}"),
        }
    }
    facts
}

fn subjects(decision: &Decision) -> Vec<(&str, Verb)> {
    decision.steps.iter().map(|step| (step.change.subject.as_str(), step.change.verb)).collect()
}

fn whats(decision: &Decision) -> Vec<&str> {
    decision.notes.iter().map(|note| note.what.as_str()).collect()
}

#[test]
fn an_empty_account_gets_everything_once() {
    let settings = settings(SETTINGS);
    let first = decided(&settings, &empty());
    let launch = "inline policy modeldeploy of role AmazonSageMakerServiceCatalogProductsLaunchRole";
    let all = [
        (launch, Verb::Create),
        ("policy of bucket sagemaker-us-east-1-111122223333", Verb::Create),
        ("policy of model package group churn", Verb::Create),
        ("stack set modeldeploy-role-staging", Verb::Create),
        ("stacks of stack set modeldeploy-role-staging", Verb::Create),
        ("stack set modeldeploy-role-prod", Verb::Create),
        ("stacks of stack set modeldeploy-role-prod", Verb::Create),
    ];
    assert_eq!(subjects(&first), all);
    assert_eq!(whats(&first), [""; 0]);
    let second = decided(&settings, &after(empty(), &first));
    assert_eq!(subjects(&second), []);
    assert_eq!(second.kept.len(), 6, "{:?}", second.kept);
}

#[test]
fn only_what_differs_is_changed_and_foreign_statements_stay() {
    let settings = settings(SETTINGS);
    let mut facts = after(empty(), &decided(&settings, &empty()));
    let foreign = json!({"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"});
    let Ok(Holder::There { policy: Some(policy), .. }) = &mut facts.bucket else { panic!("no policy") };
    let mut document: Value = serde_json::from_str(policy).expect("JSON");
    document["Statement"].as_array_mut().expect("a list").insert(0, foreign.clone());
    *policy = document.to_string();
    assert_eq!(subjects(&decided(&settings, &facts)), [], "what others say is not a change");
    // An account joins the second unit of staging: auto-deployment may be on its way, or may have failed.
    let unit = "ou-ab12-stg00002".parse().expect("a unit");
    facts.units.insert(unit, Ok(targets(&["333333333333", "555555555555"])));
    let decision = decided(&settings, &facts);
    assert_eq!(
        subjects(&decision),
        [
            ("policy of bucket sagemaker-us-east-1-111122223333", Verb::Update),
            ("policy of model package group churn", Verb::Update),
            ("stacks of stack set modeldeploy-role-staging", Verb::Create),
        ]
    );
    let Order::PutBucketPolicy { policy, .. } = &decision.steps[0].order else { panic!("no bucket's") };
    assert_eq!(serde_json::from_str::<Value>(policy).expect("JSON")["Statement"][0], foreign);
    let lacking = decision.steps[2].change.after.as_deref();
    assert_eq!(lacking, Some("ou-ab12-stg00002, us-east-1: 555555555555\n"));
}

#[test]
fn a_stack_set_is_updated_for_its_template_its_parameters_and_stacks_left_behind() {
    let settings = settings(SETTINGS);
    let done = after(empty(), &decided(&settings, &empty()));
    let with = |change: fn(&mut StackSetFacts)| {
        let mut facts = done.clone();
        let set = facts.stack_sets.get_mut("modeldeploy-role-prod").expect("known").as_mut().expect("read");
        change(set.as_mut().expect("made"));
        decided(&settings, &facts)
    };
    let updated = [("stack set modeldeploy-role-prod", Verb::Update)];
    let older = with(|set| set.template = TEMPLATE.replace("ecr:BatchGetImage", "ecr:*"));
    assert_eq!(subjects(&older), updated);
    assert!(older.steps[0].change.before.as_deref().is_some_and(|before| before.contains("ecr:*")));
    let other = with(|set| _ = set.parameters.insert("AsyncBucket".to_owned(), "async".to_owned()));
    assert_eq!(subjects(&other), updated);
    assert!(other.steps[0].change.before.as_deref().is_some_and(|before| before.contains("AsyncBucket: async")));
    assert_eq!(subjects(&with(|set| set.instances[0].status = "OUTDATED".to_owned())), updated);
    let stuck = with(|set| set.instances[0].status = "INOPERABLE".to_owned());
    assert_eq!((subjects(&stuck).len(), stuck.notes.len()), (0, 1));
    let moved = with(|set| set.units = vec!["ou-ab12-old00001".to_owned()]);
    assert_eq!(subjects(&moved), [("stacks of stack set modeldeploy-role-prod", Verb::Create)]);
    let left = with(|set| {
        let other = Instance { account: "666666666666".to_owned(), ..set.instances[0].clone() };
        set.instances.push(other);
    });
    assert_eq!((subjects(&left).len(), left.notes[0].cause.as_deref()), (0, Some("666666666666")));
    let foreign = with(|set| set.service_managed = false);
    assert_eq!((subjects(&foreign).len(), foreign.notes[0].severity), (0, Severity::Error));
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_goes_on() {
    let settings = settings(SETTINGS);
    let mut facts = empty();
    facts.roles[0].1 = Err(denied("role"));
    facts.units.insert("ou-ab12-prd00001".parse().expect("a unit"), Err(denied("unit")));
    facts.stack_sets.insert("modeldeploy-role-staging".to_owned(), Err(denied("stack set")));
    let decision = decided(&settings, &facts);
    // Without prod's accounts, a policy that names all accounts would lock them out.
    assert_eq!(subjects(&decision), [("stack set modeldeploy-role-prod", Verb::Create)]);
    let left = "the policies of bucket and groups are left as they are";
    assert_eq!(whats(&decision), ["role", "unit", left, "stack set"]);
}

#[test]
fn what_is_missing_and_not_ours_to_make_is_named() {
    let settings = settings(&SETTINGS.replace("seed_bucket: seeds", "pipeline_roles: classic"));
    let mut facts = empty();
    facts.roles = vec![(ClassicRole::Use, Ok(Holder::Missing))];
    facts.bucket = Ok(Holder::Missing);
    facts.groups[0].1 = Ok(Holder::Missing);
    let decision = decided(&settings, &facts);
    let whats = whats(&decision);
    let parts = ["UseRole does not exist", "LaunchRole gets no policy", "bucket sagemaker-", "group churn"];
    assert_eq!(whats.len(), parts.len(), "{whats:#?}");
    for (what, part) in whats.iter().zip(parts) {
        assert!(what.contains(part), "{what}");
    }
    let Order::CreateStackSet(set) = &decision.steps[0].order else { panic!("no stack set") };
    let classic = "arn:aws:iam::111122223333:role/service-role/AmazonSageMakerServiceCatalogProductsUseRole";
    assert_eq!(set.parameters["PipelineExecutionRoleArn"], classic);
}

#[test]
fn the_organization_is_changed_only_where_a_flag_asks_for_it() {
    let settings = settings(&format!("{SETTINGS}call_as: delegated-admin\n"));
    let mut facts = empty();
    let organization = facts.organization.as_mut().expect("known");
    organization.trusted_access = Ok(false);
    let quiet = decided(&settings, &facts);
    let hints: Vec<&str> = quiet.notes.iter().filter_map(|note| note.hint.as_deref()).collect();
    assert!(hints[0].contains("activate-organizations-access"), "{hints:?}");
    assert!(hints[1].contains("--register-delegated-admin 111122223333"), "{hints:?}");
    assert!(!quiet.steps.iter().any(|step| matches!(step.order, Order::EnableTrustedAccess)));
    let wishes = Wishes { enable_trusted_access: true, register_delegated_admin: Some(id("999999999999")) };
    let asked = decide(&settings, &wishes, &facts).expect("fits");
    assert_eq!(asked.steps[0].order, Order::EnableTrustedAccess);
    assert_eq!(asked.steps[1].order, Order::RegisterDelegatedAdmin(id("999999999999")));
    // In a member account, neither can be done.
    let organization = facts.organization.as_mut().expect("known");
    organization.management = Ok("777777777777".to_owned());
    let member = decide(&settings, &wishes, &facts).expect("fits");
    assert_eq!(member.notes.iter().filter(|note| note.severity == Severity::Error).count(), 2);
    assert!(!member.steps.iter().any(|step| matches!(step.order, Order::EnableTrustedAccess)));
}

#[test]
fn where_no_stage_is_named_only_the_organization_is_changed() {
    let mut facts = empty();
    facts.organization.as_mut().expect("known").trusted_access = Ok(false);
    let wishes = Wishes { enable_trusted_access: true, register_delegated_admin: Some(id("111122223333")) };
    let decision = decide(&SettingsSpec::of_the_organization(), &wishes, &facts).expect("fits");
    let orders: Vec<&Order> = decision.steps.iter().map(|step| &step.order).collect();
    assert_eq!(orders, [&Order::EnableTrustedAccess, &Order::RegisterDelegatedAdmin(id("111122223333"))]);
    assert_eq!(whats(&decision), [""; 0]);
}

#[test]
fn stages_that_a_person_rolls_out_are_noted_and_their_accounts_let_in() {
    let settings = settings("version: 1\nstages: [{name: prod, accounts: ['444444444444']}]\nseed_bucket: seeds\n");
    let mut facts = empty();
    facts.groups = Vec::new();
    let decision = decided(&settings, &facts);
    assert_eq!(decision.steps.len(), 2, "{:?}", subjects(&decision));
    assert!(whats(&decision)[0].contains("is rolled out by you"));
    let files: BTreeMap<_, _> = folder::files(&settings, &facts).expect("fits").into_iter().collect();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let all = [
        "README.md",
        "launch-role-policy.json",
        "model-data-bucket-policy.json",
        "modeldeploy-role-prod-parameters.json",
        "target-account.yml",
    ];
    assert_eq!(names, all);
    assert!(files["model-data-bucket-policy.json"].contains("arn:aws:iam::444444444444:root"));
    for name in &names[1..] {
        assert!(files["README.md"].contains(&format!("file://{name}")), "{name} is used by no command");
    }
    assert!(files["README.md"].contains("In each of 444444444444"));
}

#[test]
fn the_commands_for_a_delegated_administrator_say_so() {
    let settings = settings(&format!("{SETTINGS}call_as: delegated-admin\n"));
    let files: BTreeMap<_, _> = folder::files(&settings, &empty()).expect("fits").into_iter().collect();
    let readme = &files["README.md"];
    assert!(readme.contains("register-delegated-administrator --account-id 111122223333"), "{readme}");
    let units = "OrganizationalUnitIds=ou-ab12-stg00001,ou-ab12-stg00002 --regions us-east-1 --call-as DELEGATED_ADMIN";
    assert!(readme.contains(units), "{readme}");
}

#[test]
fn every_parameter_of_the_template_is_set_and_the_policies_fit_on_a_role() {
    let settings = settings(SETTINGS);
    let set = StackSet::of(&settings, &empty().home, &settings.stages[0]);
    let template: serde_yaml::Value = serde_yaml::from_str(TEMPLATE).expect("YAML");
    let declared: Vec<&str> =
        template["Parameters"].as_mapping().expect("parameters").keys().filter_map(|key| key.as_str()).collect();
    let mut set: Vec<&str> = set.parameters.keys().copied().collect();
    set.sort_by_key(|name| declared.iter().position(|one| one == name));
    assert_eq!(set, declared);
    // All inline policies of a role have 10,240 characters together, spaces not counted (IAM quotas).
    for role in [ClassicRole::Use, ClassicRole::Launch] {
        let document = policies::role_document(role, &settings, &empty()).expect("fits").to_string();
        assert!(document.len() < 10_240, "{role:?}: {}", document.len());
    }
}
