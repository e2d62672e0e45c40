//! `modeldeploy status`: what it says of accounts that are as they should be and of those that are not, and that it only
//! reads.

use std::io::{BufRead, BufReader};
use std::process::Command;

use insta::assert_snapshot;
use regex::Regex;
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Aws, Deployment, Outcome, Protocol, RawAnswer, Run, in_a_repository, read_from_project};

/// Three staging accounts, of which one is a version behind and one lets nobody in; a production account without an
/// endpoint.
fn project() -> (Aws, Run) {
    let aws = Aws::new().with_unit("staging", 3).with_unit("prod", 1).with_packages(["Approved", "Approved"]);
    let run = aws.deployed(&[]);
    let former = Deployment::exported(&run, "staging-config-export.json").serving(aws.package(1));
    let accounts = staging(&aws);
    aws.roll_out(&former, &accounts[1..2]);
    aws.fault("AssumeRole").in_account(&accounts[2]).denies();
    deploy_by_stack_set(&aws);
    (aws, run.then("status"))
}

/// The staging accounts, in the order in which they are shown.
fn staging(aws: &Aws) -> Vec<String> {
    let mut accounts = aws.accounts("staging").to_vec();
    accounts.sort();
    accounts
}

/// The stack set of staging deploys version 2; that of production is not there.
fn deploy_by_stack_set(aws: &Aws) {
    let missing = RawAnswer::error(Protocol::Query, 404, "StackSetNotFoundException", "not found");
    let parameter = format!(
        "<member><ParameterKey>ModelPackageName</ParameterKey><ParameterValue>{}</ParameterValue></member>",
        aws.package(2)
    );
    let described = format!(
        "<StackSet><PermissionModel>SERVICE_MANAGED</PermissionModel><Parameters>{parameter}</Parameters></StackSet>"
    );
    let is_staging = |name: Option<String>| name.as_deref() == Some("sagemaker-churn-p-abc123-deploy-staging");
    aws.fault("DescribeStackSet").replies(move |call| {
        let found = is_staging(call.form("StackSetName"));
        if found { RawAnswer::query("DescribeStackSet", &described) } else { missing.clone() }
    });
    let instance = |(account, status): (&String, &str)| {
        format!("<member><Account>{account}</Account><Region>us-east-1</Region><Status>{status}</Status></member>")
    };
    let accounts = staging(aws);
    let instances = accounts.iter().zip(["CURRENT", "OUTDATED", "CURRENT"]).map(instance);
    let instances = format!("<Summaries>{}</Summaries>", instances.collect::<String>());
    aws.fault("ListStackInstances").replies(move |_| RawAnswer::query("ListStackInstances", &instances));
}

fn report(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", outcome.stdout, outcome.stderr))
}

/// The endpoints of a stage.
fn endpoints(report: &Value, stage: &str) -> Vec<Value> {
    let stages = report["stages"].as_array().expect("stages");
    let found = stages.iter().find(|one| one["stage"] == stage).unwrap_or_else(|| panic!("no {stage}: {report:#}"));
    found["endpoints"].as_array().expect("endpoints").clone()
}

/// Without what no two runs have in common.
fn steady(aws: &Aws, text: &str) -> String {
    let mut text = text.replace(aws.account(), ACCOUNT);
    for (number, account) in staging(aws).iter().chain(aws.accounts("prod")).enumerate() {
        text = text.replace(account, &(number + 2).to_string().repeat(12));
    }
    let text =
        Regex::new("ou-[a-z0-9]{4}-[a-z0-9]{8}").expect("valid").replace_all(&text, "ou-ab12-00000000").into_owned();
    let text = Regex::new(r"\b\d min\b").expect("valid").replace_all(&text, "0 min").into_owned();
    let time = Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z").expect("valid");
    time.replace_all(&text, "<time>").into_owned()
}

#[test]
fn every_account_is_a_row_whatever_is_wrong_with_it() {
    let (aws, status) = project();
    let outcome = status.clone().with("--format=json").with("--html=status.html").run().exits(1);
    let report = report(&outcome);
    let rows = endpoints(&report, "staging");
    let accounts = staging(&aws);
    let [good, behind, denied] = &accounts[..] else { panic!("three") };
    let row = |account: &str| {
        let found = rows.iter().find(|row| row["accountId"] == account);
        found.unwrap_or_else(|| panic!("no {account}: {report:#}"))
    };
    assert_eq!((&row(good)["modelPackageVersion"], &row(good)["matchesStackSet"]), (&json!(2), &json!(true)));
    assert_eq!(row(good)["modelPackages"][0]["behind"], 0);
    assert_eq!(row(good)["modelPackages"][0]["approvalStatus"], "Approved");
    assert_eq!(row(good)["variants"][0]["instances"][0]["instanceType"], "ml.m5.large");
    assert_eq!((&row(behind)["modelPackageVersion"], &row(behind)["matchesStackSet"]), (&json!(1), &json!(false)));
    assert_eq!(row(behind)["modelPackages"][0]["behind"], 1);
    assert_eq!(row(behind)["stackInstance"]["status"], "OUTDATED");
    let why = row(denied)["error"].as_str().expect("a reason");
    assert!(why.contains("cannot assume arn:aws:iam::") && why.contains("AccessDenied"), "{why}");
    let [absent] = &endpoints(&report, "prod")[..] else { panic!("one") };
    assert_eq!((&absent["endpointStatus"], &absent["error"]), (&Value::Null, &Value::Null));
    assert_eq!((&report["complete"], &report["modelPackageGroups"][0]["latestVersion"]), (&json!(false), &json!(2)));
    assert_eq!(report["notes"], json!(["stage prod has no stack set sagemaker-churn-p-abc123-deploy-prod"]));
    assert!(outcome.stderr.contains("error: 1 of 4 endpoints could not be read"), "{}", outcome.stderr);
    let page = outcome.text("status.html");
    for text in [good, behind, denied, "NOT ALL IN SERVICE", "OUTDATED, drift", "AccessDenied", "deploys version 2"] {
        assert!(page.contains(text), "{text} is not in {page}");
    }
    let schema: Value = serde_json::from_str(&Run::new("status --print-schema").run().succeeds().stdout).expect("JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    assert!(
        validator.is_valid(&report),
        "{:?}",
        validator.iter_errors(&report).map(|error| error.to_string()).collect::<Vec<_>>()
    );
}

#[test]
fn nothing_is_changed_and_no_secret_is_shown() {
    let (aws, status) = project();
    let outcome = status.run().exits(1);
    let mut writing = aws.writing_calls();
    writing.retain(|call| call != "sts:AssumeRole");
    assert_eq!(writing, [""; 0]);
    for secret in aws.secrets() {
        assert!(!outcome.stdout.contains(&secret) && !outcome.stderr.contains(&secret));
    }
}

#[test]
fn what_a_person_reads_at_a_wide_and_a_narrow_terminal() {
    let (aws, status) = project();
    for (name, width) in [("wide", "140"), ("narrow", "60")] {
        let outcome = status.clone().env("COLUMNS", width).run().exits(1);
        assert_snapshot!(name, steady(&aws, &outcome.stdout));
        let width = width.parse().expect("a number");
        let longer = outcome.stdout.lines().filter(|line| line.chars().count() > width && line.trim().contains(' '));
        assert_eq!(longer.collect::<Vec<_>>(), [""; 0]);
    }
}

#[test]
fn stack_sets_and_a_registry_that_cannot_be_read_are_said_once_and_the_rows_stay() {
    let aws = Aws::with_project();
    let status = aws.deployed(&[]).then("status --format=json");
    aws.fault("DescribeStackSet").denies();
    aws.fault("ListModelPackages").denies();
    aws.fault("DescribeModelPackage").denies();
    let report = report(&status.run().succeeds());
    for row in endpoints(&report, "staging") {
        assert_eq!((&row["modelPackageVersion"], &row["modelPackages"][0]["behind"]), (&json!(1), &Value::Null));
    }
    let notes = report["notes"].as_array().expect("notes");
    let denied = ["cloudformation:DescribeStackSet", "sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"];
    assert_eq!(notes.len(), denied.len(), "{notes:#?}");
    for (note, action) in notes.iter().zip(denied) {
        assert!(note.as_str().is_some_and(|note| note.contains(action)), "{note} {action}");
    }
}

#[test]
fn the_projects_name_and_id_are_enough_where_its_build_can_be_read() {
    let aws = Aws::with_project();
    aws.deployed(&[]);
    let variable = |name: &str, value: &str| json!({"name": name, "value": value, "type": "PLAINTEXT"});
    let variables = json!([
        variable("MODELDEPLOY_STAGES", "staging"),
        variable("ORGANIZATIONAL_UNIT_STAGING_ID", aws.unit("staging")),
        variable("SAGEMAKER_EXECUTION_ROLE_STAGING_NAME", "churn-staging-role"),
    ]);
    let build = json!({"projects": [{"name": "b", "environment": {"environmentVariables": variables}}]});
    aws.fault("BatchGetProjects").answers_with(RawAnswer::json(200, &build));
    deploy_by_stack_set_of_nobody(&aws);
    let bare = Run::new("status --format=json --project-name churn --project-id p-abc123").aws(&aws);
    let all = report(&bare.run().succeeds());
    assert_eq!(all["stages"].as_array().map(Vec::len), Some(1));
    assert_eq!(endpoints(&all, "staging").len(), 2);
    // Of no unit, the accounts are not known.
    let none = Run::new("status --project-name churn --stage staging").aws(&aws).run().exits(1);
    none.says(&["error: no unit is named (ORGANIZATIONAL_UNIT_STAGING_ID)", "--project-id is not given"]);
}

fn deploy_by_stack_set_of_nobody(aws: &Aws) {
    let missing = RawAnswer::error(Protocol::Query, 404, "StackSetNotFoundException", "not found");
    aws.fault("DescribeStackSet").answers_with(missing);
}

#[test]
fn the_accounts_of_the_stack_set_stand_in_for_a_unit_that_is_not_named() {
    let aws = Aws::new().with_unit("staging", 3).with_unit("prod", 1).with_packages(["Approved", "Approved"]);
    let run = aws.deployed(&[]);
    deploy_by_stack_set(&aws);
    let status = run.then("status --stage staging --format=json").without_env("ORGANIZATIONAL_UNIT_STAGING_ID");
    assert_eq!(endpoints(&report(&status.run().succeeds()), "staging").len(), 3);
    // A Region in which nothing is: no row is of the others.
    let elsewhere = report(&status.with("--regions=eu-west-1").run().succeeds());
    assert_eq!(endpoints(&elsewhere, "staging"), [Value::Null; 0]);
}

#[test]
fn what_cannot_be_used_is_said_before_any_call() {
    let aws = Aws::with_project();
    let status = Run::new("status --watch --format=json --role-name=arn:aws:iam::1:role/x --lifecycle=a/b/c").aws(&aws);
    let outcome = status.env("ORGANIZATIONAL_UNIT_PROD_ID", "prod").run().exits(2);
    outcome.says(&[
        "--project-name is not given",
        "--role-name cannot be used",
        "--lifecycle cannot be used",
        "--watch is for text",
        "variable ORGANIZATIONAL_UNIT_PROD_ID cannot be used",
    ]);
    assert!(aws.all_calls().is_empty());
}

#[test]
fn whoever_watches_reads_a_line_a_change_and_ends_it() {
    let aws = Aws::with_project();
    let status = aws.deployed(&[]).then("status --stage staging --watch=1s");
    deploy_by_stack_set_of_nobody(&aws);
    let mut process = status.command().spawn().expect("it starts");
    let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines().map(|line| line.expect("a line"));
    assert!(lines.any(|line| line.starts_with("2 endpoints: 2 in service")));
    let account = aws.accounts("staging")[0].clone();
    aws.fault("DescribeEndpoint").in_account(&account).changes(|one| one["EndpointStatus"] = json!("Updating"));
    let change = lines.next().expect("a change");
    assert!(change.contains(&format!("staging {account} us-east-1 changed: InService -> Updating")), "{change}");
    let sent = Command::new("kill").args(["-INT", &process.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
    assert_eq!(lines.next(), None);
    assert_eq!(process.wait().expect("it ends").code(), Some(0));
}

/// The world that a rehearsal leaves, as the page shows it.
#[test]
fn an_offline_world_is_shown_as_the_page_says() {
    let rehearsal = in_a_repository("rehearse --approve");
    rehearsal.run().succeeds();
    let status = rehearsal.then("status").env("MODELDEPLOY_OFFLINE", "rehearsal/world.json").env("COLUMNS", "110");
    let shown = status.run().succeeds().stdout;
    let age = Regex::new(r"\b\d+ (min|h|d)\b").expect("valid");
    let steady = |text: &str| age.replace_all(text, "AGE").split_whitespace().collect::<Vec<_>>().join(" ");
    let page = read_from_project("docs/status.md");
    let example = page.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    assert_eq!(steady(example), steady(&shown), "docs/status.md shows something else than:\n{shown}");
}
