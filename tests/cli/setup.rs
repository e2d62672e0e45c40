//! `setup`: what surrounds projects is planned, put in place once, and found in place after whatever happened.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Aws, GROUP, Gallery, Outcome, RawAnswer, Run, read_from_project};

const LAUNCH_ROLE: &str = "AmazonSageMakerServiceCatalogProductsLaunchRole";
const USE_ROLE: &str = "AmazonSageMakerServiceCatalogProductsUseRole";

/// A management account in which SageMaker's own roles, a bucket of model data and a group are, and nothing of ours.
pub(crate) fn empty() -> (Aws, String) {
    let aws = Aws::with_project().with_role(LAUNCH_ROLE).with_role(USE_ROLE);
    let bucket = aws.bucket("models");
    (aws, bucket)
}

fn settings(aws: &Aws, bucket: &str) -> String {
    format!(
        "version: 1\nstages:\n  - {{name: staging, units: [{}]}}\n  - {{name: prod, units: [{}]}}\n\
         model_data_bucket: {bucket}\nseed_bucket: seeds\nmodel_package_groups: [{GROUP}]\npipeline_roles: classic\n",
        aws.unit("staging"),
        aws.unit("prod")
    )
}

pub(crate) fn setup(aws: &Aws, bucket: &str, command: &str) -> Run {
    Run::new(&format!("setup {command}")).aws(aws).file("modeldeploy.yml", settings(aws, bucket))
}

/// What there is in the end, in names instead of ids.
pub(crate) fn state(aws: &Aws, bucket: &str) -> String {
    let mut all = format!("{:#}\n{:#}\n", aws.bucket_policy(bucket).unwrap_or_default(), {
        aws.group_policy(GROUP).unwrap_or_default()
    });
    for role in [LAUNCH_ROLE, USE_ROLE] {
        all += &aws.query(
            "iam",
            aws.account(),
            &[
                ("Action", "GetRolePolicy"),
                ("Version", "2010-05-08"),
                ("RoleName", role),
                ("PolicyName", "modeldeploy"),
            ],
        );
    }
    for stage in ["staging", "prod"] {
        let name = format!("modeldeploy-role-{stage}");
        for action in ["DescribeStackSet", "ListStackInstances"] {
            let parameters = [("Action", action), ("Version", "2010-05-15"), ("StackSetName", &name)];
            all += &aws.query("cloudformation", aws.account(), &parameters);
        }
        for account in aws.accounts(stage) {
            let role = format!("sagemaker-role-{stage}");
            let parameters = [("Action", "GetRole"), ("Version", "2010-05-08"), ("RoleName", &role)];
            let answer = aws.query("iam", account, &parameters);
            all += if answer.contains("<RoleName>") { "role made\n" } else { "no role\n" };
        }
    }
    for account in [aws.accounts("staging"), aws.accounts("prod")].concat() {
        all = all.replace(&account, "member");
    }
    all = all.replace(aws.account(), "home").replace(bucket, "models");
    all = all.replace(aws.unit("staging"), "unit-staging").replace(aws.unit("prod"), "unit-prod");
    let ids = regex::Regex::new(
        "<RequestId>[^<]*|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9-]+T[0-9:.Z]+",
    );
    ids.expect("valid").replace_all(&all, "ID").into_owned()
}

fn plan_of(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

#[test]
fn an_empty_account_is_set_up_once_and_then_left_alone() {
    let (aws, bucket) = empty();
    aws.trust_stack_sets();
    let planned = setup(&aws, &bucket, "plan --format json").run().exits(10);
    let plan = plan_of(&planned);
    let subjects: Vec<_> = plan["changes"].as_array().expect("changes").iter().map(|one| &one["subject"]).collect();
    assert_eq!(
        subjects,
        [
            &format!("inline policy modeldeploy of role {LAUNCH_ROLE}"),
            &format!("inline policy modeldeploy of role {USE_ROLE}"),
            &format!("policy of bucket {bucket}"),
            &format!("policy of model package group {GROUP}"),
            "stack set modeldeploy-role-staging",
            "stacks of stack set modeldeploy-role-staging",
            "stack set modeldeploy-role-prod",
            "stacks of stack set modeldeploy-role-prod",
        ]
    );
    assert_eq!(aws.writing_calls(), [""; 0], "a plan writes nothing");

    setup(&aws, &bucket, "apply --yes").run().succeeds();
    let writing = aws.writing_calls();
    let expected = [
        "iam:PutRolePolicy",
        "iam:PutRolePolicy",
        "s3:PutBucketPolicy",
        "sagemaker:PutModelPackageGroupPolicy",
        "cloudformation:CreateStackSet",
        "cloudformation:CreateStackInstances",
        "cloudformation:CreateStackSet",
        "cloudformation:CreateStackInstances",
    ];
    assert_eq!(writing, expected);
    for account in aws.accounts("staging") {
        let role = [("Action", "GetRole"), ("Version", "2010-05-08"), ("RoleName", "sagemaker-role-staging")];
        assert!(aws.query("iam", account, &role).contains("<RoleName>"), "no role in {account}");
    }

    aws.forget_calls();
    let again = setup(&aws, &bucket, "plan").run().succeeds();
    assert!(again.stdout.ends_with("nothing to do\n"), "{}", again.stdout);
    setup(&aws, &bucket, "apply --yes").run().succeeds();
    assert_eq!(aws.writing_calls(), [""; 0], "the second time, nothing is written");
}

#[test]
fn a_role_that_was_rolled_out_is_taken_on_by_the_test() {
    let (aws, bucket) = empty();
    aws.trust_stack_sets();
    setup(&aws, &bucket, "apply --yes").run().succeeds();
    let test = aws.deployed(&["one"]);
    test.env("SAGEMAKER_EXECUTION_ROLE_NAME", "sagemaker-role-staging").run().succeeds();
    let taken = aws.calls("AssumeRole").len();
    assert_eq!(taken, aws.accounts("staging").len());
}

#[test]
fn a_run_that_was_cut_off_after_any_call_is_finished_by_the_next() {
    let (aws, bucket) = empty();
    aws.trust_stack_sets();
    setup(&aws, &bucket, "apply --yes").run().succeeds();
    let calls = aws.writing_calls().len();
    let wanted = state(&aws, &bucket);
    assert!(!wanted.contains("no role"), "{wanted}");
    for lives in 1..=calls {
        let (aws, bucket) = empty();
        aws.trust_stack_sets();
        aws.live_for(lives);
        setup(&aws, &bucket, "apply --yes").env("AWS_MAX_ATTEMPTS", "1").run().exits(1);
        aws.live_for(None);
        setup(&aws, &bucket, "apply --yes").run().succeeds();
        let found = state(&aws, &bucket);
        let differs = found.split('>').zip(wanted.split('>')).find(|(found, wanted)| found != wanted);
        assert!(found == wanted, "cut off after {lives} of {calls} writing calls: {differs:#?}");
        setup(&aws, &bucket, "plan").run().succeeds();
    }
}

#[test]
fn what_others_have_said_of_the_bucket_and_the_group_stays() {
    let (aws, bucket) = empty();
    aws.trust_stack_sets();
    let of = |sid: &str, resource: String| json!({"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": resource});
    let on_bucket = of("Theirs", format!("arn:aws:s3:::{bucket}/*"));
    let old = of("ModeldeployReadModelData", format!("arn:aws:s3:::{bucket}/old/*"));
    aws.set_bucket_policy(&bucket, &json!({"Version": "2012-10-17", "Statement": [on_bucket, old]}));
    let on_group = of("OfAnotherProject", "*".to_owned());
    aws.set_group_policy(GROUP, &json!({"Version": "2012-10-17", "Statement": [on_group]}));
    let planned = setup(&aws, &bucket, "plan").run().exits(10);
    assert!(planned.stdout.contains(&format!("~ update policy of bucket {bucket}\n")), "{}", planned.stdout);
    assert!(
        planned.stdout.contains(&format!("-       \"Resource\": \"arn:aws:s3:::{bucket}/old/*\"")),
        "{}",
        planned.stdout
    );
    setup(&aws, &bucket, "apply --yes").run().succeeds();
    let after = aws.bucket_policy(&bucket).expect("a policy");
    let statements = after["Statement"].as_array().expect("statements");
    assert_eq!((statements.len(), &statements[0]), (3, &on_bucket), "{after:#}");
    assert!(!after.to_string().contains("/old/"), "ours is replaced: {after:#}");
    let group = aws.group_policy(GROUP).expect("a policy");
    assert_eq!(group["Statement"][0], on_group);
    // An account that is closed is let in no longer.
    let closed = &aws.accounts("staging")[0];
    aws.close_account(closed);
    setup(&aws, &bucket, "apply --yes").run().succeeds();
    assert!(!aws.bucket_policy(&bucket).expect("a policy").to_string().contains(closed.as_str()));
}

#[test]
fn what_may_not_be_read_is_named_with_its_right_and_the_rest_is_done() {
    let (aws, bucket) = empty();
    aws.trust_stack_sets();
    let denied =
        ["GetRole", "GetBucketPolicy", "DescribeStackSet", "GetModelPackageGroupPolicy", "DescribeOrganization"];
    for operation in denied {
        aws.fault(operation).denies();
    }
    let planned = setup(&aws, &bucket, "plan").run().exits(1);
    for right in ["iam:GetRole", "s3:GetBucketPolicy", "cloudformation:DescribeStackSet"] {
        let statement = format!(r#"{{"Effect":"Allow","Action":"{right}","Resource":"arn:"#);
        assert!(planned.stderr.contains(&statement), "{right}: {}", planned.stderr);
    }
    planned.says(&["allow organizations:DescribeOrganization", "allow sagemaker:GetModelPackageGroupPolicy"]);
    aws.forget_faults();
    aws.fault("GetRole").denies();
    setup(&aws, &bucket, "apply --yes").run().exits(1).says(&["cannot read role", "done: policy of bucket"]);
    aws.forget_faults();
    let left = setup(&aws, &bucket, "plan --format json").run().exits(10);
    assert_eq!(plan_of(&left)["changes"].as_array().map(Vec::len), Some(2), "only the roles are left");
    // Without all accounts of a unit, no policy that names all accounts is written.
    aws.forget_calls();
    aws.fault("ListAccountsForParent").denies();
    setup(&aws, &bucket, "apply --yes").run().exits(1).says(&["cannot list the accounts of unit"]);
    assert_eq!(aws.writing_calls(), ["iam:PutRolePolicy", "iam:PutRolePolicy"]);
}

#[test]
fn the_organization_is_changed_by_flags_of_their_own_only() {
    let (aws, bucket) = empty();
    let told = setup(&aws, &bucket, "plan").run().exits(10);
    told.says(&["StackSets have no trusted access", "setup apply --enable-trusted-access"]);
    // Without it, the roll-out fails, and everything else is done.
    let tried = setup(&aws, &bucket, "apply --yes").run().exits(1);
    tried.says(&[
        "cannot change stack set modeldeploy-role-prod",
        "stacks of stack set modeldeploy-role-prod: not done",
    ]);
    assert!(!aws.writing_calls().contains(&"cloudformation:ActivateOrganizationsAccess".to_owned()));
    let account = aws.accounts("prod")[0].clone();
    let flags = format!("--yes --enable-trusted-access --register-delegated-admin {account}");
    aws.forget_calls();
    setup(&aws, &bucket, &format!("apply {flags}")).run().succeeds();
    let organization = ["cloudformation:ActivateOrganizationsAccess", "organizations:RegisterDelegatedAdministrator"];
    assert_eq!(aws.writing_calls()[..2], organization);
    aws.forget_calls();
    setup(&aws, &bucket, &format!("apply {flags}")).run().succeeds();
    assert_eq!(aws.writing_calls(), [""; 0]);
}

#[test]
fn without_settings_the_flags_of_the_organization_change_nothing_else() {
    let (aws, _) = empty();
    let account = &aws.accounts("prod")[0];
    let run = |command: &str| {
        let flags = format!("--enable-trusted-access --register-delegated-admin {account}");
        Run::new(&format!("setup {command} {flags}")).aws(&aws).run()
    };
    assert!(run("plan").exits(10).stdout.ends_with("2 changes, 0 as it should be\n"));
    assert_eq!(run("apply --yes").succeeds().stderr.lines().filter(|line| !line.starts_with("done: ")).count(), 0);
    let organization = ["cloudformation:ActivateOrganizationsAccess", "organizations:RegisterDelegatedAdministrator"];
    assert_eq!(aws.writing_calls(), organization);
    run("plan").succeeds();
    let also = Run::new("setup plan --enable-trusted-access --seed-bucket seeds").aws(&aws).run().exits(2);
    also.says(&["there is no modeldeploy.yml here, and no --stage"]);
}

#[test]
fn a_delegated_administrator_speaks_as_one() {
    let (aws, bucket) = empty();
    aws.trust_stack_sets();
    let told = setup(&aws, &bucket, "apply --yes --call-as delegated-admin").run().succeeds();
    told.says(&["is not a delegated administrator for StackSets", "setup apply --register-delegated-admin"]);
    let calls = aws.all_calls();
    let calls = calls.iter().filter(|call| call.action.starts_with("cloudformation:"));
    let otherwise: Vec<_> = calls.filter(|call| call.form("CallAs").as_deref() != Some("DELEGATED_ADMIN")).collect();
    assert!(otherwise.is_empty(), "{otherwise:?}");
}

#[test]
fn accounts_of_child_units_get_their_role_and_one_that_fails_is_named() {
    let (aws, bucket) = empty();
    let aws = aws.with_unit("staging/nested", 1);
    aws.trust_stack_sets();
    let failed = aws.accounts("staging")[0].clone();
    let results = format!(
        "<ListStackSetOperationResultsResponse><ListStackSetOperationResultsResult><Summaries><member><Account>{failed}\
         </Account><Status>FAILED</Status><StatusReason>the role is there already</StatusReason></member></Summaries>\
         </ListStackSetOperationResultsResult></ListStackSetOperationResultsResponse>"
    );
    aws.fault("ListStackSetOperationResults").first(1).answers_with(RawAnswer::new(200, "text/xml", results));
    let applied = setup(&aws, &bucket, "apply --yes").run().exits(1);
    let said = format!("stack set modeldeploy-role-staging: account {failed} was not changed");
    applied.says(&[&said, "the role is there already", "done: stacks of stack set modeldeploy-role-prod"]);
    let nested = &aws.accounts("staging/nested")[0];
    let role = [("Action", "GetRole"), ("Version", "2010-05-08"), ("RoleName", "sagemaker-role-staging")];
    assert!(aws.query("iam", nested, &role).contains("<RoleName>"), "no role in {nested}");
    assert!(aws.bucket_policy(&bucket).expect("a policy").to_string().contains(nested.as_str()));
}

#[test]
fn a_stack_set_that_is_busy_is_waited_for_and_one_that_differs_is_updated() {
    let (aws, bucket) = empty();
    aws.trust_stack_sets();
    setup(&aws, &bucket, "apply --yes").run().succeeds();
    aws.forget_calls();
    aws.keep_stack_sets_busy(2);
    let changed = setup(&aws, &bucket, "plan --async-bucket payloads").run().exits(10);
    changed.says(&["operation of-somebody-else runs on stack set"]);
    let changed = setup(&aws, &bucket, "apply --yes --async-bucket payloads").run().succeeds();
    changed.says(&["waiting for operation of-somebody-else", "done: stack set modeldeploy-role-prod"]);
    assert_eq!(aws.writing_calls(), ["cloudformation:UpdateStackSet", "cloudformation:UpdateStackSet"]);
    setup(&aws, &bucket, "plan --async-bucket payloads").run().succeeds();
    // Busy when it was read no longer, and busy again when it is written.
    aws.fault("UpdateStackSet").first(1).fails(409, "OperationInProgressException", "another operation is in progress");
    setup(&aws, &bucket, "apply --yes").run().succeeds();
    setup(&aws, &bucket, "plan").run().succeeds();
}

#[test]
fn nothing_is_changed_without_a_yes() {
    let (aws, bucket) = empty();
    aws.trust_stack_sets();
    setup(&aws, &bucket, "apply").run().exits(1).says(&["there is no terminal to ask on", "approve with --yes"]);
    assert_eq!(aws.writing_calls(), [""; 0]);
}

#[test]
fn documents_and_commands_are_written_for_other_tools() {
    let (aws, bucket) = empty();
    aws.trust_stack_sets();
    let outcome = setup(&aws, &bucket, "plan --output documents --roll-out print").run().exits(10);
    let readme = outcome.text("documents/README.md");
    for name in [
        "use-role-policy.json",
        "launch-role-policy.json",
        "model-data-bucket-policy.json",
        "model-package-group-churn-models-policy.json",
        "target-account.yml",
        "modeldeploy-role-staging-parameters.json",
        "modeldeploy-role-prod-parameters.json",
    ] {
        assert!(!outcome.text(&format!("documents/{name}")).is_empty());
        assert!(readme.contains(name), "{name} is in no command:\n{readme}");
    }
    let parameters = outcome.json("documents/modeldeploy-role-prod-parameters.json");
    assert!(parameters.to_string().contains("SageMakerRoleSuffix"), "{parameters}");
    assert!(readme.contains("--permission-model SELF_MANAGED"));
    assert!(readme.contains(&format!("--accounts {}", aws.accounts("prod")[0])));
    assert!(outcome.stderr.contains("role sagemaker-role-prod is rolled out by you"), "{}", outcome.stderr);
    let subjects = outcome.stdout.matches("stack set").count();
    assert_eq!(subjects, 0, "{}", outcome.stdout);
}

#[test]
fn flags_alone_are_settings_enough_and_wrong_ones_are_all_named() {
    let (aws, bucket) = empty();
    aws.trust_stack_sets();
    let accounts = aws.accounts("prod").join(",");
    let run = |flags: &str| Run::new(&format!("setup plan {flags}")).aws(&aws);
    let flags = format!("--stage staging={} --stage prod={accounts} --model-data-bucket {bucket}", aws.unit("staging"));
    let planned = run(&flags).run().exits(10);
    planned.says(&["stage \"prod\": role sagemaker-role-prod is rolled out by you", "gets no policy"]);
    let mut gallery = Gallery::default();
    gallery.add("nothing at all", &run("").run().exits(2));
    let wrong =
        "--stage staging=prod --stage staging=r-ab12 --model-data-bucket s3://x --seed-prefix a --artifact-key k";
    gallery.add("names that cannot be", &run(wrong).run().exits(2));
    let file = "version: 1\nstages:\n  - {nmae: staging, units: ou-ab12-stg00001}\nseedbucket: x\n";
    gallery.add("a file that does not fit", &run("").file("modeldeploy.yml", file).run().exits(2));
    let world = run("--offline world.yml").file("modeldeploy.yml", "version: 1").run().exits(2);
    gallery.add("an offline world", &world);
    insta::assert_snapshot!(gallery.text());
}

#[test]
fn the_rights_that_the_guide_names_are_those_of_the_calls() {
    let (aws, bucket) = empty();
    let account = &aws.accounts("prod")[0];
    let flags = format!("apply --yes --enable-trusted-access --register-delegated-admin {account}");
    setup(&aws, &bucket, &flags).run().succeeds();
    setup(&aws, &bucket, "apply --yes --async-bucket payloads").run().succeeds();
    // Who one is may be asked without a right.
    let calls = aws.all_calls();
    let called: BTreeSet<&str> =
        calls.iter().map(|call| call.action.as_str()).filter(|action| !action.starts_with("sts:")).collect();
    let guide = read_from_project("docs/setup.md");
    let (_, rights) = guide.split_once("## What it needs").expect("the section");
    let rights = rights.lines().filter(|line| line.starts_with('|')).collect::<String>();
    let action = regex::Regex::new("`([a-z0-9]+:[A-Za-z]+)`").expect("valid");
    let named: BTreeSet<&str> = action.captures_iter(&rights).map(|found| found.extract::<1>().1[0]).collect();
    assert_eq!(named, called);
}
