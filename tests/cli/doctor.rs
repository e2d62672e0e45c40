//! `modeldeploy doctor` looks at a platform that is made from the project's own templates, healthy and damaged.
//!
//! moto keeps the organization, roles, pipeline, projects, repository, rules, buckets and the registry. What it lacks
//! has stand-ins here, in `Platform::arm`: trusted access and delegated administrators of StackSets, the state of a
//! pipeline, branches, the Regions of buckets, quotas, Service Catalog, and stack sets with their operations and
//! instances.

#[path = "doctor/platform.rs"]
pub(crate) mod platform;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::platform::{Platform, SEED, xml_of};
use crate::support::{GROUP, Outcome, RawAnswer, Run, read_from_project};

type Lines = BTreeMap<(String, String), String>;

fn lines(outcome: &Outcome) -> Lines {
    let report: Value = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", outcome.stdout, outcome.stderr));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let checks = report["checks"].as_array().expect("checks").iter();
    checks.map(|one| ((text(&one["check"]), text(&one["subject"])), text(&one["status"]))).collect()
}

#[test]
fn a_healthy_platform_has_nothing_to_mend_and_is_only_read() {
    let platform = Platform::new();
    let outcome = platform.doctor().run().succeeds();
    assert!(!outcome.stdout.contains("What to do"), "{}", outcome.stdout);
    for status in ["warn ", "fail ", "skipped "] {
        assert!(!outcome.stdout.contains(&format!("\n  {status}")), "{}", outcome.stdout);
    }
    let all = platform.lines();
    let wrong: Vec<_> = all.iter().filter(|(_, status)| *status != "ok").collect();
    assert!(wrong.is_empty() && all.len() > 50, "{wrong:?}");
    let mut writing = platform.aws.writing_calls();
    writing.retain(|call| !["codebuild:BatchGetProjects", "sts:AssumeRole"].contains(&call.as_str()));
    assert_eq!(writing, [""; 0]);
    for secret in platform.aws.secrets() {
        assert!(!outcome.stdout.contains(&secret) && !outcome.stderr.contains(&secret));
    }
}

/// What is broken, the line that has to say so, and what it then says.
type Damage = (&'static str, fn(&mut Platform), (&'static str, &'static str), &'static str);

/// `{prod}` stands for the account of the stage; `*` is any subject.
const DAMAGE: [Damage; 25] = [
    ("a role is gone", |p| p.delete_test_role(), ("role", "test"), "fail"),
    ("a role trusts another service", |p| p.trust_another_service("build"), ("role-trust", "build"), "fail"),
    ("a statement is missing", |p| p.take("pipeline", "DeployStackSets"), ("role-rights", "pipeline"), "fail"),
    ("less can be judged", |p| p.take("build", "JudgeImages"), ("role-rights", "build"), "warn"),
    ("projects cannot have roles", |p| p.take("launch", "ManageOwnRoles"), ("role-rights", "launch"), "fail"),
    ("the seed cannot be read", |p| p.take("launch", "ReadSeedAndTemplate"), ("seed-rights", ""), "fail"),
    ("a target account has no role", |p| p.delete_target_role(), ("target-role", "prod {prod}"), "fail"),
    ("a target role trusts others", |p| p.trust_another_account(), ("target-trust", "prod {prod}"), "fail"),
    ("a target role lacks a right", |p| p.take_target_policy(), ("target-rights", "prod {prod}"), "fail"),
    ("no filter for approvals", |p| p.unfilter("ModelRule", "ModelApprovalStatus"), ("model-rule", ""), "fail"),
    ("no filter for updates", |p| p.unfilter("ModelRule", "UpdatedModelPackageFields"), ("model-rule", ""), "warn"),
    ("no filter for pushes", |p| p.unfilter("CodeRule", "event"), ("code-rule", ""), "warn"),
    ("an instance is INOPERABLE", |p| p.stand_ins.instance = "INOPERABLE", ("instances", "prod"), "fail"),
    ("an instance is OUTDATED", |p| p.stand_ins.instance = "OUTDATED", ("instances", "prod"), "warn"),
    ("an operation runs", |p| p.stand_ins.operation = Some("RUNNING"), ("operation", "*"), "warn"),
    ("the seed is not there", |p| p.aws.delete_object(&p.bucket("seeds"), SEED), ("seed", ""), "fail"),
    ("model data cannot be read", |p| p.open_models("s3:GetObjectTagging"), ("access", ""), "fail"),
    ("the product is not visible", |p| p.stand_ins.tags = json!([]), ("visibility", ""), "fail"),
    ("nobody may use the portfolio", |p| p.stand_ins.principals = json!([]), ("principal", ""), "fail"),
    ("a quota is too small", |p| p.stand_ins.quota = 1, ("quota", "*"), "fail"),
    ("a quota has no room for an update", |p| p.stand_ins.quota = 3, ("quota", "*"), "warn"),
    ("StackSets are shut out", |p| p.stand_ins.trusted_access = "DISABLED", ("trusted-access", ""), "fail"),
    ("the seed is in another Region", |p| p.stand_ins.seeds = "eu-west-1", ("region", "seed bucket"), "fail"),
    ("the pipeline failed", |p| p.stand_ins.state = failed(), ("last-execution", ""), "fail"),
    ("this machine's clock is wrong", |p| p.stand_ins.ahead = 1000, ("clock", ""), "fail"),
];

fn failed() -> Value {
    json!({"status": "Failed", "errorDetails": {"code": "JobFailed", "message": "no quota"}})
}

#[test]
fn each_kind_of_damage_turns_exactly_its_own_line() {
    let mut platform = Platform::new();
    let healthy = platform.lines();
    for (title, damage, (check, subject), status) in DAMAGE {
        damage(&mut platform);
        platform.arm();
        let outcome = platform.doctor().with("--format").with("json").run().exits(i32::from(status == "fail"));
        let damaged = lines(&outcome);
        let subject =
            subject.replace("{staging}", &platform.first("staging")).replace("{prod}", &platform.first("prod"));
        let turned: Vec<_> = damaged
            .iter()
            .filter(|(line, value)| {
                *value != "ok" && *value != "skipped" || healthy.get(*line).is_some_and(|before| before != *value)
            })
            .collect();
        let own = |line: &(String, String)| line.0 == check && (subject == "*" || line.1 == subject);
        assert!(
            !turned.is_empty() && turned.iter().all(|(line, value)| own(line) && *value == status),
            "{title}: {turned:?}"
        );
        assert!(subject == "*" || turned.len() == 1, "{title}: {turned:?}");
        platform.repair();
    }
    assert_eq!(platform.lines(), healthy, "all is repaired");

    platform.close_account();
    let (mut left, closed) = (healthy, platform.first("staging"));
    left.retain(|(_, subject), _| !subject.ends_with(&closed));
    left.insert(("unit".to_owned(), "staging".to_owned()), "warn".to_owned());
    assert_eq!(platform.lines(), left, "an account is closed for good");
}

/// A status of a line.
fn status<'a>(lines: &'a Lines, check: &str, subject: &str) -> Option<&'a str> {
    lines.get(&(check.to_owned(), subject.to_owned())).map(String::as_str)
}

#[test]
fn what_a_person_reads_at_a_wide_and_a_narrow_terminal() {
    let mut platform = Platform::new();
    platform.take("pipeline", "DeployStackSets");
    platform.take("launch", "ReadSeedAndTemplate");
    platform.stand_ins.operation = Some("RUNNING");
    platform.stand_ins.tags = json!([]);
    platform.stand_ins.quota = 1;
    platform.aws.close_account(&platform.aws.accounts("staging")[1].clone());
    platform.arm();
    platform.aws.fault("DescribeRule").denies();
    let at = |width: &str| platform.doctor().env("COLUMNS", width).run().exits(1).stdout;
    let steady = |text: String| {
        let mut text = text.replace(&platform.id, "p-abc123").replace(platform.aws.account(), "111111111111");
        for (number, (_, account)) in platform.accounts().iter().enumerate() {
            text = text.replace(account, &(number + 2).to_string().repeat(12));
        }
        let unit = regex::Regex::new("ou-[a-z0-9]{4}-[a-z0-9]{8}").expect("valid");
        let text = text.replace(platform.aws.unit("staging"), "ou-STAGING");
        let text = unit.replace_all(&text, "ou-ab12-0000prod").replace("ou-STAGING", "ou-ab12-0staging");
        regex::Regex::new(r"\bo-[a-z0-9]{10}\b").expect("valid").replace_all(&text, "o-abc1234567").into_owned()
    };
    insta::assert_snapshot!("wide", steady(at("110")));
    let narrow = at("60");
    insta::assert_snapshot!("narrow", steady(narrow.clone()));
    let plain =
        |line: &&str| line.split_whitespace().count() > 1 && !line.contains(['"', '{']) && !line.contains("aws ");
    let wide: Vec<&str> = narrow.lines().filter(|line| line.chars().count() > 60).filter(plain).collect();
    assert!(wide.is_empty(), "{wide:#?}");
    let colored = platform.doctor().with("--color").with("always").run().exits(1).stdout;
    assert!(colored.contains("\u{1b}[1;31mfail"), "{colored}");
    assert!(!narrow.contains('\u{1b}'));
}

#[test]
fn a_reading_that_is_denied_is_skipped_with_the_right_that_it_needs() {
    let platform = Platform::new();
    platform.aws.forget_faults();
    for operation in
        ["GetRole", "GetPipeline", "DescribeStackSet", "DescribeProductAsAdmin", "HeadObject", "DescribeOrganization"]
    {
        platform.aws.fault(operation).denies();
    }
    platform.arm_behind();
    let outcome = platform.doctor().with("--format").with("json").run().succeeds();
    let lines = lines(&outcome);
    for (check, subject) in
        [("pipeline", ""), ("role", "launch"), ("features", ""), ("product", ""), ("instances", "prod")]
    {
        assert_eq!(status(&lines, check, subject), Some("skipped"), "{check} {subject} {lines:#?}");
    }
    // What can be known all the same is said.
    assert_eq!(status(&lines, "unit", "prod"), Some("ok"));
    let report: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let needs: Vec<&str> =
        report["checks"].as_array().expect("checks").iter().filter_map(|one| one["needs"].as_str()).collect();
    for right in [
        "iam:GetRole",
        "codepipeline:GetPipeline",
        "cloudformation:DescribeStackSet",
        "servicecatalog:DescribeProductAsAdmin",
        "s3:GetObject",
        "organizations:DescribeOrganization",
    ] {
        assert!(needs.contains(&right), "{right}: {needs:?}");
    }
    let fixes = report["fixes"].to_string();
    assert!(fixes.contains("allow whoever runs this to read it") && fixes.contains("iam:GetRole"), "{fixes}");
}

#[test]
fn checks_run_side_by_side() {
    const DELAY: Duration = Duration::from_millis(100);
    let platform = Platform::new();
    platform.aws.forget_faults();
    for operation in [
        "GetRole",
        "ListRolePolicies",
        "GetRolePolicy",
        "GetPipeline",
        "GetPipelineState",
        "BatchGetProjects",
        "DescribeStackSet",
        "ListStackInstances",
        "AssumeRole",
        "DescribeRule",
        "ListTargetsByRule",
        "GetServiceQuota",
        "HeadObject",
        "HeadBucket",
        "DescribeProductAsAdmin",
    ] {
        platform.aws.fault(operation).delays(DELAY);
    }
    platform.arm_behind();
    platform.aws.forget_calls();
    let started = Instant::now();
    platform.doctor().run().succeeds();
    let (wall, calls) = (started.elapsed(), platform.aws.all_calls().len());
    let delayed = u32::try_from(calls / 2).expect("few");
    assert!(calls > 80, "{calls}");
    assert!(wall < DELAY * delayed / 2, "{wall:?} for {calls} calls");
    assert!(platform.aws.most_calls_at_once() > 8, "{}", platform.aws.most_calls_at_once());
}

#[test]
fn what_is_not_named_is_skipped_and_what_cannot_be_is_refused() {
    let platform = Platform::new();
    let bare = Run::new("doctor").aws(&platform.aws);
    let outcome = bare.clone().with("--format").with("json").run().succeeds();
    let all = lines(&outcome);
    for check in ["pipeline", "product", "seed", "unit", "group", "artifact-bucket"] {
        let skipped = all.iter().any(|(line, status)| line.0 == check && status == "skipped");
        assert!(skipped, "{check}: {all:#?}");
    }
    assert_eq!(status(&all, "caller", ""), Some("ok"));
    bare.clone()
        .with("--project-name")
        .with("churn")
        .run()
        .exits(2)
        .says(&["--project-name is given without --project-id"]);
    bare.clone()
        .with("--model-package-group")
        .with("a b")
        .run()
        .exits(2)
        .says(&["--model-package-group cannot be used"]);
    bare.clone().with("--seed-bucket").with("seeds").run().exits(2).says(&["--seed-key"]);
    bare.clone().env("ORGANIZATIONAL_UNIT_PROD_ID", "prod").run().exits(2).says(&["ORGANIZATIONAL_UNIT_PROD_ID"]);
    bare.clone().file("staging-config.json", "[").run().exits(2).says(&["staging-config.json"]);
    bare.with("--offline").with("world.json").run().exits(2).says(&["doctor speaks to AWS only"]);
}

#[test]
fn accounts_that_nothing_is_deployed_to_are_named_and_those_of_child_units_count() {
    let platform = Platform::new();
    platform.aws.close_account(&platform.first("staging"));
    platform.aws.move_management_account_into("prod");
    let outcome = platform.doctor().run().succeeds();
    outcome.says(&["it is SUSPENDED", "it is the management account", "has 1 active account"]);
    let Platform { aws, id, .. } = platform;
    let aws = aws.with_unit("prod/child", 1);
    let child = aws.accounts("prod/child")[0].clone();
    let outcome =
        Run::new("doctor --format json").aws(&aws).with("--project-name").with(GROUP).with("--project-id").with(id);
    let all = lines(&outcome.run().exits(1));
    assert_eq!(status(&all, "target-role", &format!("prod {child}")), Some("fail"), "{all:#?}");
}

#[test]
fn one_classic_role_is_looked_at_for_all_that_it_does() {
    let platform = Platform::with(&[("PipelineRoles", "classic")]);
    let outcome = platform.doctor().with("--format").with("json").run().succeeds();
    let all = lines(&outcome);
    let wrong: Vec<_> = all.iter().filter(|(_, status)| *status != "ok").collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    for check in ["role", "role-trust", "role-rights"] {
        assert_eq!(status(&all, check, "build, test, pipeline, events"), Some("ok"));
    }
}

#[test]
fn another_role_looks_into_accounts_whose_own_role_cannot_be_taken_on() {
    let platform = Platform::new();
    platform.aws.forget_faults();
    platform.aws.fault("AssumeRole").replies(|call| {
        let role = call.form("RoleArn").unwrap_or_default();
        if !role.ends_with(":role/OrganizationAccountAccessRole") {
            return RawAnswer::new(
                403,
                "text/xml",
                "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>",
            );
        }
        // A key of the test's own in that account, as if it were the role's.
        let account = role.split(':').nth(4).unwrap_or_default();
        let credentials = format!(
            "<Credentials><AccessKeyId>SEED{account}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
             <SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
        );
        xml_of("https://sts.amazonaws.com/doc/2011-06-15/", "AssumeRole", &credentials)
    });
    platform.arm_behind();
    let doctor = platform.doctor().with("--format").with("json");
    let prod = format!("prod {}", platform.first("prod"));
    let all = lines(&doctor.run().succeeds());
    for check in ["target-role", "target-session", "quota"] {
        assert_eq!(status(&all, check, &prod), Some("skipped"), "{check}");
    }
    let all = lines(&doctor.with("--inspect-role").with("OrganizationAccountAccessRole").run().succeeds());
    for (check, expected) in
        [("target-role", "ok"), ("target-trust", "ok"), ("target-rights", "ok"), ("target-session", "skipped")]
    {
        assert_eq!(status(&all, check, &prod), Some(expected), "{check}");
    }
}

#[test]
fn a_group_in_another_region_is_named() {
    let platform = Platform::new();
    let foreign = "arn:aws:sagemaker:eu-west-1:111122223333:model-package-group/churn";
    let doctor = platform.doctor().with("--model-package-group").with(foreign);
    let all = lines(&doctor.with("--format").with("json").run().exits(1));
    assert_eq!(status(&all, "region", "model package group"), Some("fail"));
}

#[test]
fn life_cycles_are_looked_at_where_they_decide() {
    let platform = Platform::new();
    let doctor = platform.doctor().with("--format").with("json");
    let outcome = doctor.clone().env("MODELDEPLOY_LIFECYCLE", "production/active").run();
    assert_eq!(status(&lines(&outcome), "version", ""), Some("warn"));
    assert!(outcome.stdout.contains("is at production/active: a build ends with 4"), "{}", outcome.stdout);
    doctor.with("--lifecycle").with("a/b/c").run().exits(2).says(&["\"a/b/c\" is not a stage"]);
}

#[test]
fn a_bucket_of_model_data_stands_for_a_version_to_come() {
    let platform = Platform::new();
    let bucket = format!("sagemaker-models-{}", platform.aws.account());
    let doctor = platform.doctor().with("--model-package-group").with("no-group-yet");
    let all = lines(&doctor.clone().with("--format").with("json").run().exits(1));
    assert_eq!(status(&all, "access", ""), Some("skipped"));
    let doctor = doctor.with("--model-data-bucket").with(&bucket);
    doctor.run().exits(1).says(&["s3:ListBucket", "add to the policy of bucket", "aws s3api put-bucket-policy"]);
    let open = |action: &str, rest: &str| json!({"Effect": "Allow", "Principal": "*", "Action": action, "Resource": format!("arn:aws:s3:::{bucket}{rest}")});
    let policy = json!({"Version": "2012-10-17", "Statement": [open("s3:GetObject", "/*"), open("s3:ListBucket", "")]});
    platform.aws.put_bucket_policy(&bucket, &policy);
    let all = lines(&doctor.with("--format").with("json").run().exits(1));
    assert_eq!(status(&all, "access", ""), Some("ok"));
    // The rule of the project is for another group than the one that was named.
    assert_eq!(status(&all, "model-rule", ""), Some("fail"));
}

#[test]
fn a_delegated_administrator_is_told_what_the_pipeline_lacks() {
    let mut platform = Platform::new();
    let as_member = |platform: &Platform| {
        platform.aws.forget_faults();
        platform.aws.fault("DescribeOrganization").changes(|answer| {
            answer["Organization"]["MasterAccountId"] = json!("999999999999");
            answer["Organization"]["MasterAccountArn"] =
                json!("arn:aws:organizations::999999999999:account/o-exampleorgid/999999999999");
        });
        platform.arm_behind();
        platform.doctor().env("COLUMNS", "400").run().exits(1)
    };
    as_member(&platform).says(&[
        "is a member account, which cannot run stack sets",
        "aws organizations register-delegated-administrator --service-principal \
         member.org.stacksets.cloudformation.amazonaws.com",
        "You must be the management account or delegated admin account",
    ]);
    platform.stand_ins.delegates = vec![platform.aws.account().to_owned()];
    let outcome = as_member(&platform);
    assert!(outcome.stdout.contains("is a delegated administrator of StackSets"), "{}", outcome.stdout);
    outcome.says(&[
        "SELF, from an account that is not the management account",
        "set parameter CallAs of the project to DELEGATED_ADMIN",
    ]);
    platform.take("pipeline", "ActAsDelegatedAdministrator");
    as_member(&platform).says(&["may not organizations:ListDelegatedAdministrators"]);
}

#[test]
fn whether_a_role_can_be_taken_on_says_who_tried() {
    let platform = Platform::new();
    let denied = || {
        platform.aws.forget_faults();
        platform.aws.fault("AssumeRole").denies();
    };
    denied();
    platform.arm_behind();
    let by_another = platform.doctor().run().succeeds();
    by_another.says(&["user/moto cannot take it on, and is not the test role", "--inspect-role"]);
    denied();
    let (account, role) = (platform.aws.account().to_owned(), platform.role("test"));
    platform.aws.fault("GetCallerIdentity").replies(move |_| {
        let arn = format!("arn:aws:sts::{account}:assumed-role/{role}/build");
        xml_of(
            "https://sts.amazonaws.com/doc/2011-06-15/",
            "GetCallerIdentity",
            &format!("<Arn>{arn}</Arn><UserId>x</UserId><Account>{account}</Account>"),
        )
    });
    platform.arm_behind();
    platform
        .doctor()
        .run()
        .exits(1)
        .says(&["the pipeline's test role cannot assume sagemaker-role-prod", "\"Sid\": \"TestModels\""]);
}

#[test]
fn whoever_has_no_credentials_is_told_so_at_once() {
    let platform = Platform::new();
    platform.aws.forget_calls();
    let outcome = platform.doctor().without_credentials().run().exits(1);
    outcome.says(&["fail    caller", "give credentials and a Region"]);
    assert_eq!(platform.aws.all_calls().len(), 0);
    platform.aws.fault("GetCallerIdentity").expires_the_token();
    platform.arm_behind();
    platform.doctor().run().exits(1).says(&["fail    caller", "ExpiredToken"]);
    assert_eq!(platform.aws.all_calls().len(), 1);
}

#[test]
fn the_guide_has_every_check_and_every_call() {
    let guide = read_from_project("docs/doctor.md");
    let platform = Platform::new();
    platform.aws.forget_calls();
    platform.doctor().run().succeeds();
    for call in platform.aws.all_calls() {
        let right = match call.action.as_str() {
            "sts:GetCallerIdentity" => continue,
            "s3:HeadBucket" | "s3:ListObjectsV2" => "s3:ListBucket",
            "s3:HeadObject" => "s3:GetObject",
            other => other,
        };
        assert!(guide.contains(&format!("`{right}`")), "{right} is not in docs/doctor.md");
    }
    for check in modeldeploy::domain::platform::doctor::Check::ALL {
        assert!(guide.contains(&format!("\n| `{}` | ", check.id())), "{} is not in docs/doctor.md", check.id());
    }
}
