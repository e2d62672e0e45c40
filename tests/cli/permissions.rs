//! What the roles of the platform may do is what is done: what the binary calls (recorded here, over the full range of its
//! features), and what the services call in its place. Nothing is missing, and nothing is unused.

use std::collections::{BTreeMap, BTreeSet};

use modeldeploy::domain::platform::policy::{Home, PlatformPolicy};
use regex::Regex;
use serde_json::{Value, json};

use crate::support::{
    ACCOUNT, AsyncResult, Aws, Deployment, ENDPOINT, RawAnswer, Run, StreamedAnswer, TEMPLATE, Template, actions,
    answers, read_from_project, statements,
};

/// Every call of `build` and `test`, and what IAM asks for it; a new call wants a row here, and its right in `templates/`.
const NEEDED: [(&str, &[&str]); 32] = [
    ("ecr:DescribeImages", &["ecr:DescribeImages"]),
    ("ecr:GetRepositoryPolicy", &["ecr:GetRepositoryPolicy"]),
    ("kms:GetKeyPolicy", &["kms:GetKeyPolicy"]),
    ("kms:ListGrants", &["kms:ListGrants"]),
    ("organizations:ListAccountsForParent", &["organizations:ListAccountsForParent"]),
    ("organizations:ListOrganizationalUnitsForParent", &["organizations:ListOrganizationalUnitsForParent"]),
    ("s3:AbortMultipartUpload", &["s3:AbortMultipartUpload"]),
    ("s3:CompleteMultipartUpload", &["s3:PutObject"]),
    ("s3:CreateMultipartUpload", &["s3:PutObject"]),
    ("s3:GetBucketAcl", &["s3:GetBucketAcl"]),
    ("s3:GetBucketPolicy", &["s3:GetBucketPolicy"]),
    ("s3:GetObject", &["s3:GetObject"]),
    ("s3:HeadObject", &["s3:GetObject"]),
    ("s3:ListObjectsV2", &["s3:ListBucket"]),
    ("s3:PutObject", &["s3:PutObject"]),
    ("s3:UploadPart", &["s3:PutObject"]),
    ("sagemaker:CallWithBearerToken", &["sagemaker:CallWithBearerToken", "sagemaker:InvokeEndpoint"]),
    ("sagemaker:CreateModelPackageGroup", &["sagemaker:CreateModelPackageGroup"]),
    ("sagemaker:DescribeEndpoint", &["sagemaker:DescribeEndpoint"]),
    ("sagemaker:DescribeEndpointConfig", &["sagemaker:DescribeEndpointConfig"]),
    ("sagemaker:DescribeInferenceComponent", &["sagemaker:DescribeInferenceComponent"]),
    ("sagemaker:DescribeModel", &["sagemaker:DescribeModel"]),
    ("sagemaker:DescribeModelPackage", &["sagemaker:DescribeModelPackage"]),
    ("sagemaker:DescribeModelPackageGroup", &["sagemaker:DescribeModelPackageGroup"]),
    ("sagemaker:GetModelPackageGroupPolicy", &["sagemaker:GetModelPackageGroupPolicy"]),
    ("sagemaker:InvokeEndpoint", &["sagemaker:InvokeEndpoint"]),
    ("sagemaker:InvokeEndpointAsync", &["sagemaker:InvokeEndpointAsync"]),
    // The service's documentation says the one, the list of actions the other.
    (
        "sagemaker:InvokeEndpointWithResponseStream",
        &["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointWithResponseStream"],
    ),
    ("sagemaker:ListInferenceComponents", &["sagemaker:ListInferenceComponents"]),
    ("sagemaker:ListModelPackages", &["sagemaker:ListModelPackages"]),
    ("sagemaker:PutModelPackageGroupPolicy", &["sagemaker:PutModelPackageGroupPolicy"]),
    ("sts:AssumeRole", &["sts:AssumeRole"]),
];

/// Allowed to everybody.
const FREE: [&str; 1] = ["sts:GetCallerIdentity"];

/// Files of `src/cloud/aws` that neither `build` nor `test` use as the platform runs them: `--fix-ownership` writes
/// model data, which the platform's roles may not; in CodeBuild, credentials are the service role's. What `catalog import`
/// calls, catalog_import.rs compares with its page.
const OF_OTHER_COMMANDS: [&str; 6] =
    ["codepipeline.rs", "credentials.rs", "iam.rs", "s3/copy.rs", "s3/project_template.rs", "studio.rs"];

/// What is done with a platform engineer's own credentials only (see setup.rs beside this file).
const OF_SETUP: [&str; 3] =
    ["organizations:DescribeOrganization", "organizations:ListDelegatedAdministrators", "s3:PutBucketPolicy"];

/// Statements for what services do with these roles, of which the binary knows nothing.
const OF_SERVICES: [&str; 12] = [
    // CodeBuild
    "WriteLog",
    "ReadAndWriteArtifacts",
    "SeeArtifactBucket",
    "UseArtifactKey",
    "ReportTestCases",
    // SageMaker, where it runs models with the role
    "WriteLogs",
    "WriteMetrics",
    "LogInToRegistries",
    "PullImages",
    "DecryptModelData",
    // S3, which else says "denied" of what is not there
    "ListModelData",
    "AwaitAsyncAnswers",
];

/// What was called, by command and by whose right.
#[derive(Default)]
struct Recorded {
    build: BTreeSet<String>,
    test: BTreeSet<String>,
    target: BTreeSet<String>,
}

impl Recorded {
    fn of_build(&mut self, aws: &Aws) {
        self.build.extend(aws.all_calls().iter().map(|call| call.action.clone()));
        aws.forget_calls();
    }

    fn of_test(&mut self, aws: &Aws) {
        for call in aws.all_calls() {
            // Assuming a role is counted in the role's account, and is the right of who assumes it.
            let own = call.account == aws.account() || call.action == "sts:AssumeRole";
            if own { &mut self.test } else { &mut self.target }.insert(call.action.clone());
        }
        aws.forget_calls();
    }
}

pub(crate) const ALL_MODES: &str = "
version: 1
defaults: {retries: 0}
cases:
  - {name: one, body: one, expect: {json: [{path: $.label, equals: one}]}}
  - {name: stream, mode: stream, body: one, expect: {json: [{path: $.label, equals: one}]}}
  - {name: chat, mode: chat, stream: false, messages: [{role: user, content: hi}], expect: {body: {equals: hi}}}
  - {name: queued, mode: async, body: one, async: {deadline: 20s, input: 's3://BUCKET/in'}}
  - name: holdout
    dataset: {file: 's3://BUCKET/holdout.csv', label: y, prediction: '$.predictions[*]', gates: {accuracy: {min: 0}}}
  - {name: traffic, capture: {s3: 's3://BUCKET/captured/'}}
";

/// What `traffic` draws: one captured request.
pub(crate) fn captured() -> String {
    let part = json!({"data": "1", "encoding": "CSV"});
    json!({"captureData": {"endpointInput": part, "endpointOutput": part}, "eventVersion": "0"}).to_string()
}

/// What a model says to `chat`.
pub(crate) const COMPLETION: &str = r#"{"choices": [{"message": {"role": "assistant", "content": "hi"}}]}"#;

/// A first build, a build with a version, and a test of every mode and kind of endpoint.
fn record() -> Recorded {
    let mut recorded = Recorded::default();
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1);
    Run::new("build").in_project(&aws).run().exits(4);
    recorded.of_build(&aws);

    let aws = aws.with_packages(["Approved"]);
    let build = Run::new("build").in_project(&aws);
    build.run().succeeds();
    recorded.of_build(&aws);
    record_more_of_build(&mut recorded);
    let accounts = aws.staging_accounts();
    aws.roll_out(&Deployment::exported(&build, "staging-config-export.json"), &accounts);
    let bucket = aws.bucket("payloads");
    let tag = aws.put_object(&bucket, "model.tar.gz", b"the model");
    aws.put_object(&bucket, "holdout.csv", b"x,y\n1,a\n");
    aws.put_object(&bucket, "captured/a.jsonl", captured().as_bytes());
    let place = format!("s3://{bucket}/model.tar.gz");
    // What moto lacks: see modes_aws.rs, which proves the answers; here, only who is asked for what.
    aws.fault("DescribeModelPackage").changes(move |package| {
        let container = &mut package["InferenceSpecification"]["Containers"][0];
        container["ModelDataUrl"] = json!(place);
        container["ModelDataETag"] = json!(tag.trim_matches('"'));
    });
    aws.fault("InvokeEndpointWithResponseStream").streams(StreamedAnswer::of(&["{\"label\": \"one\"}"]));
    aws.fault("CallWithBearerToken").answers_with(RawAnswer::new(200, "application/json", COMPLETION));
    aws.queue_answers(&accounts[0], &answers(&["one"]));
    aws.queue_answers(&accounts[0], &[json!({"predictions": ["a"]}), json!(1)]);
    aws.queue_async(&accounts[0], &[AsyncResult::Output(json!({"label": "one"}))]);
    let test = build.then("test").testing(&aws, &ALL_MODES.replace("BUCKET", &bucket));
    test.run().succeeds();
    recorded.of_test(&aws);

    let component = json!({"InferenceComponentName": "ours", "VariantName": "AllTraffic", "EndpointName": ENDPOINT,
        "EndpointArn": "arn", "InferenceComponentArn": "arn", "CreationTime": 1, "LastModifiedTime": 1});
    aws.fault("DescribeEndpointConfig").changes(|config| {
        config["ProductionVariants"][0].as_object_mut().expect("a variant").remove("ModelName");
    });
    let listed = component.clone();
    aws.fault("ListInferenceComponents").answers_by(move |_| json!({"InferenceComponents": [listed]}));
    aws.fault("DescribeInferenceComponent").answers_by(move |_| {
        let mut described = component.clone();
        described["Specification"] = json!({"ModelName": "the-model"});
        described["InferenceComponentStatus"] = json!("InService");
        described
    });
    test.run().succeeds();
    recorded.of_test(&aws);
    recorded
}

/// A build that judges access to data, key and image, and one that uploads files of its template, the last of which
/// breaks off.
fn record_more_of_build(recorded: &mut Recorded) {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1);
    let build = build_that_uploads(&aws);
    build.clone().file("Large.py", vec![1; 9 << 20]).run().succeeds();
    let denied = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    aws.fault("UploadPart").answers_with(RawAnswer::new(403, "application/xml", denied));
    build.file("Large.py", vec![2; 9 << 20]).run().exits(1);
    recorded.of_build(&aws);
}

/// A build that judges access to data, key and image, and uploads files of its template; `Large.py` is to be given.
pub(crate) fn build_that_uploads(aws: &Aws) -> Run {
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": {"AWS": format!("arn:aws:iam::{}:root", aws.account())}}]});
    let (key, bucket) = (aws.key(&policy), aws.bucket("models"));
    aws.put_encrypted_object(&bucket, "model.tar.gz", &key);
    aws.add_package(&aws.repository("churn"), Some(&format!("s3://{bucket}/model.tar.gz")));
    let job = |name: &str| {
        format!(
            "  {name}: {{Type: AWS::Glue::Job, Properties: {{Role: a, Command: {{Name: glueetl, ScriptLocation: '{name}.py'}}}}}}\n"
        )
    };
    let template = format!("{TEMPLATE}{}{}", job("Small"), job("Large"));
    let build = Run::new("build").in_project(aws).env("ARTIFACT_BUCKET", aws.bucket("artifacts"));
    build.file("endpoint-config-template.yml", template).file("Small.py", "a")
}

/// What IAM asks for these calls.
fn needed(calls: &BTreeSet<String>) -> BTreeSet<String> {
    let table = BTreeMap::from(NEEDED);
    let paid = calls.iter().filter(|call| !FREE.contains(&call.as_str()));
    let rights = paid.map(|call| {
        table.get(call.as_str()).unwrap_or_else(|| {
            panic!("the binary calls {call}: say in NEEDED what IAM asks for it, and allow that in templates/")
        })
    });
    rights.flat_map(|rights| rights.iter().map(|right| (*right).to_owned())).collect()
}

/// What these statements allow, those for services left out.
fn allowed(statements: &[Value]) -> BTreeSet<String> {
    let ours = statements.iter().filter(|one| !OF_SERVICES.contains(&one["Sid"].as_str().expect("an id")));
    ours.flat_map(actions).collect()
}

#[track_caller]
fn same(who: &str, allowed: &BTreeSet<String>, needed: &BTreeSet<String>) {
    let missing: Vec<_> = needed.difference(allowed).collect();
    let unused: Vec<_> = allowed.difference(needed).collect();
    assert!(missing.is_empty() && unused.is_empty(), "{who}: missing {missing:?}, unused {unused:?}");
}

/// The project template with every optional right.
fn project(flags: &str) -> Template {
    let text = Run::new(&format!("catalog render --stages prod {flags}")).run().succeeds().stdout;
    let seed = [("SeedBucket", "seeds"), ("SeedKey", "seed-repo.zip")];
    let host = [
        ("ConnectionArn", "arn:aws:codeconnections:us-east-1:111122223333:connection/0-a"),
        ("FullRepositoryId", "our-group/churn"),
    ];
    let mut values = vec![
        ("SageMakerProjectName", "churn"),
        ("SageMakerProjectId", "p-abc123"),
        ("OrganizationalUnitProdId", "ou-ab12-cdef3456"),
        ("SageMakerExecutionRoleProdName", "sagemaker-role-prod"),
        ("ArtifactKeyArn", "arn:aws:kms:us-east-1:111122223333:key/0-a"),
    ];
    values.extend(if flags.is_empty() { seed } else { host });
    Template::new(&text, &values)
}

fn target_account(values: &[(&str, &str)]) -> Vec<Value> {
    let always = [
        ("SageMakerRoleSuffix", "prod"),
        ("PipelineExecutionRoleArn", "arn:aws:iam::111122223333:role/modeldeploy-p-abc123-test"),
    ];
    let values: Vec<(&str, &str)> = always.iter().chain(values).copied().collect();
    statements(
        &Template::new(&read_from_project("templates/target-account.yml"), &values).resource("SageMakerCrossRole"),
    )
}

#[test]
fn the_roles_may_do_what_the_binary_does_and_no_more() {
    let recorded = record();
    let project = project("");
    let role = |name: &str| allowed(&statements(&project.resource(name)));
    same("BuildRole", &role("BuildRole"), &needed(&recorded.build));
    same("TestRole", &role("TestRole"), &needed(&recorded.test));
    let target = target_account(&[
        ("ModelDataKeyArn", "arn:aws:kms:us-east-1:111122223333:key/0-a"),
        ("AsyncBucket", "async-payloads"),
    ]);
    same("sagemaker-role-*", &allowed(&target), &needed(&recorded.target));

    // What was not called here is called nowhere: the table and the sources name the same calls.
    let calls: BTreeSet<&String> = recorded.build.iter().chain(&recorded.test).chain(&recorded.target).collect();
    for (call, _) in NEEDED {
        assert!(calls.contains(&call.to_owned()), "{call} is in NEEDED, and was not called");
    }
    let literal = Regex::new(r#""((?:[a-z0-9-]+):[A-Z][A-Za-z]+)""#).expect("valid");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cloud/aws");
    let rights = needed(&calls.iter().map(|call| (*call).clone()).collect());
    for (name, source) in sources(&folder, "") {
        if OF_OTHER_COMMANDS.contains(&name.as_str()) {
            continue;
        }
        for found in literal.captures_iter(&source) {
            let call = found[1].to_owned();
            if OF_SETUP.contains(&call.as_str()) {
                continue;
            }
            let known = calls.contains(&call) || rights.contains(&call) || FREE.contains(&call.as_str());
            assert!(
                known,
                "{name} calls {call}, and no test here does: record it, or name the file in OF_OTHER_COMMANDS"
            );
        }
    }
}

/// The files of a folder and of those in it, by their place in it.
fn sources(folder: &std::path::Path, prefix: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
        let name = format!("{prefix}{}", entry.file_name().into_string().expect("UTF-8"));
        if entry.path().is_dir() {
            found.extend(sources(&entry.path(), &format!("{name}/")));
        } else {
            found.push((name, std::fs::read_to_string(entry.path()).expect("a file")));
        }
    }
    found
}

#[test]
fn the_classic_role_may_do_what_the_four_roles_may_together() {
    let mut together = BTreeSet::new();
    for source in ["", "--source connection"] {
        let project = project(source);
        let roles = project.resources("AWS::IAM::Role");
        assert_eq!(roles, ["BuildRole", "TestRole", "PipelineRole", "EventRole"]);
        for role in roles {
            together.extend(statements(&project.resource(&role)).iter().flat_map(actions));
        }
    }
    let account = ACCOUNT.parse().expect("an account");
    let policy = PlatformPolicy::UseRole { key_arn: Some("arn:aws:kms:us-east-1:111122223333:key/0-a") };
    let policy = policy.document(Home { partition: "aws", account: &account }).expect("fits");
    let classic = policy["Statement"].as_array().expect("statements").iter().flat_map(actions).collect();
    same("use-role.yml.j2", &classic, &together);
}

#[test]
fn what_a_target_account_needs_not_it_does_not_get() {
    let sids = |values: &[(&str, &str)]| -> Vec<String> {
        target_account(values).iter().map(|one| one["Sid"].as_str().expect("an id").to_owned()).collect()
    };
    let plain = sids(&[]);
    let more = |values: &[(&str, &str)]| -> Vec<String> {
        sids(values).into_iter().filter(|sid| !plain.contains(sid)).collect()
    };
    assert_eq!(more(&[("AsyncBucket", "payloads")]), ["ExchangeAsyncPayloads", "AwaitAsyncAnswers"]);
    assert_eq!(more(&[("CaptureBucket", "sagemaker-project-*")]), ["CaptureData"]);
    assert_eq!(more(&[("ModelDataKeyArn", "arn:aws:kms:us-east-1:111122223333:key/0-a")]), ["DecryptModelData"]);

    let bucket = |values: &[(&str, &str)]| {
        let statements = target_account(values);
        statements.into_iter().find(|one| one["Sid"] == "ReadModelData").expect("there")["Resource"].clone()
    };
    assert_eq!(bucket(&[]), "arn:aws:s3:::sagemaker-*-111122223333/*");
    assert_eq!(bucket(&[("ModelDataBucket", "models")]), "arn:aws:s3:::models/*");
}
