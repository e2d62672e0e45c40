//! `modeldeploy build` with a template that names local files: what is packed, uploaded, reused and refused.

use std::path::Path;
use std::process::Command;

use crate::support::{Aws, Outcome, RawAnswer, Run, TEMPLATE, any_python, in_a_repository};

const FUNCTION: &str = "
  Hook:
    Type: AWS::Lambda::Function
    Properties:
      Code: ./hook  # what answers
";
const SCRIPT: &str = "
  Job: {Type: AWS::Glue::Job, Properties: {Command: {Name: glueetl, ScriptLocation: 'job.py'}}}
";
const DENIED: &str = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";

fn with_template(run: Run, more: &str) -> Run {
    run.file("endpoint-config-template.yml", format!("{TEMPLATE}{more}"))
}

/// A build in AWS whose template names a function's folder.
fn with_function(aws: &Aws, bucket: &str) -> Run {
    with_template(Run::new("build").in_project(aws).env("ARTIFACT_BUCKET", bucket), FUNCTION)
        .file("hook/bootstrap", "#!/bin/sh\n")
        .file("hook/lib/a.py", "a = 1\n".repeat(100))
        .file("hook/.git/index", "not content")
}

/// Bytes that no compression makes smaller.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// The key that an exported template has in the stead of a file.
fn key(outcome: &Outcome) -> String {
    let text = outcome.text("template-export.yml");
    let (_, rest) = text.split_once("artifacts/").expect("a key");
    format!("artifacts/{}", rest.split('"').next().expect("its end"))
}

/// What Python reads of a zip archive: `name mode size` of each file, and whether all checksums are right.
fn listed(archive: &Path) -> String {
    let script = "import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
for i in z.infolist(): print(i.filename, oct(i.external_attr >> 16), i.file_size, i.date_time)";
    let python = Command::new(any_python()).arg("-c").arg(script).arg(archive).output().expect("Python runs");
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    String::from_utf8(python.stdout).expect("UTF-8")
}

#[test]
fn what_a_template_names_is_uploaded_once_and_its_place_written_where_the_name_stood() {
    let aws = Aws::with_project();
    let bucket = aws.bucket("artifacts");
    let build = with_function(&aws, &bucket);
    let outcome = build.run().succeeds();
    let key = key(&outcome);
    let outcome = outcome.says(&[&format!("artefact        ./hook -> s3://{bucket}/{key}")]);
    let place = format!("{{\"S3Bucket\": \"{bucket}\", \"S3Key\": \"{key}\"}}");
    let expected = format!("{TEMPLATE}{FUNCTION}").replace("./hook", &place);
    assert_eq!(outcome.text("template-export.yml"), expected);

    let [put] = &aws.calls("PutObject")[..] else { panic!("one object") };
    let header = |name: &str| put.headers.get(name).map(|value| value.to_str().expect("text").to_owned());
    assert!(header("x-amz-checksum-sha256").is_some_and(|checksum| checksum.len() == 44));
    assert_eq!(header("if-none-match").as_deref(), Some("*"));
    assert_eq!(header("x-amz-server-side-encryption"), None);
    let object = aws.object(&bucket, &key).expect("it is there");
    let archive = build.folder().join("archive.zip");
    std::fs::write(&archive, object).expect("can be written");
    assert_eq!(
        listed(&archive),
        "bootstrap 0o100755 10 (1980, 1, 1, 0, 0, 0)\nlib/a.py 0o100755 600 (1980, 1, 1, 0, 0, 0)\n"
    );

    aws.forget_calls();
    let again = build.run().succeeds().says(&["artefact        ./hook is there already:"]);
    assert_eq!(again.text("template-export.yml"), expected);
    assert_eq!(aws.writing_calls(), [""; 0]);
    build.file("hook/lib/a.py", "a = 2\n").run().succeeds();
    assert_eq!(aws.calls("PutObject").len(), 1, "other content is another object");
}

#[test]
fn a_large_file_goes_up_in_parts_each_with_its_checksum() {
    let aws = Aws::with_project();
    let bucket = aws.bucket("artifacts");
    let script = noise(17 * 1024 * 1024);
    let build = with_template(Run::new("build").in_project(&aws).env("ARTIFACT_BUCKET", &bucket), SCRIPT)
        .file("job.py", &script)
        .with("--kms-key-id")
        .with("alias/models");
    let outcome = build.run().succeeds();
    let key = key(&outcome);
    assert!(Path::new(&key).extension().is_some_and(|extension| extension == "py"));
    assert!(outcome.text("template-export.yml").contains(&format!("ScriptLocation: \"s3://{bucket}/{key}\"")));
    assert_eq!(aws.object(&bucket, &key).expect("it is there"), script);
    let parts = aws.calls("UploadPart");
    let mut sizes: Vec<usize> = parts.iter().map(|part| part.body.len() >> 20).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 8, 8]);
    assert!(parts.iter().all(|part| part.headers.contains_key("x-amz-checksum-sha256")));
    let [started] = &aws.calls("CreateMultipartUpload")[..] else { panic!("once") };
    assert_eq!(started.headers["x-amz-checksum-algorithm"], "SHA256");
    assert_eq!(started.headers["x-amz-server-side-encryption"], "aws:kms");
    assert_eq!(started.headers["x-amz-server-side-encryption-aws-kms-key-id"], "alias/models");
    assert_eq!(aws.calls("CompleteMultipartUpload").len(), 1);
    aws.forget_calls();
    build.run().succeeds();
    assert_eq!(aws.writing_calls(), [""; 0]);
}

#[test]
fn an_upload_that_breaks_off_is_taken_back_and_nothing_else_changes() {
    let aws = Aws::with_project();
    let bucket = aws.bucket("artifacts");
    let build = with_template(Run::new("build").in_project(&aws).env("ARTIFACT_BUCKET", &bucket), SCRIPT)
        .file("job.py", noise(9 * 1024 * 1024));
    aws.fault("UploadPart").nth(2).answers_with(RawAnswer::new(403, "application/xml", DENIED));
    let outcome = build.run().exits(1).says(&["cannot upload job.py to s3://", "hint: allow s3:PutObject to arn:"]);
    assert_eq!(aws.calls("AbortMultipartUpload").len(), 1);
    assert_eq!(aws.calls("PutModelPackageGroupPolicy").len(), 0);
    assert!(!outcome.files().contains(&"template-export.yml".into()));
}

#[test]
fn a_key_of_kms_is_sent_and_named_where_it_is_refused() {
    let aws = Aws::with_project();
    let bucket = aws.bucket("artifacts");
    let build = with_function(&aws, &bucket).env("ARTIFACT_BUCKET_KMS_KEY_ID", "alias/models");
    aws.fault("PutObject").first(1).answers_with(RawAnswer::new(403, "application/xml", DENIED));
    build
        .run()
        .exits(1)
        .says(&["allow s3:PutObject to ", "and kms:GenerateDataKey and kms:Decrypt with key alias/models"]);
    build.run().succeeds();
    let put = &aws.calls("PutObject")[1];
    assert_eq!(put.headers["x-amz-server-side-encryption"], "aws:kms");
    assert_eq!(put.headers["x-amz-server-side-encryption-aws-kms-key-id"], "alias/models");
}

#[test]
fn who_may_not_list_the_bucket_uploads_and_is_told_what_is_there() {
    let aws = Aws::with_project();
    let bucket = aws.bucket("artifacts");
    let build = with_function(&aws, &bucket);
    // So S3 answers HEAD: without a body, and 403 also where there is nothing.
    aws.fault("HeadObject").answers_with(RawAnswer::new(403, "application/xml", ""));
    build.run().succeeds().says(&["artefact        ./hook -> s3://"]);
    build.run().succeeds().says(&["artefact        ./hook is there already:"]);
    assert_eq!(aws.calls("PutObject").len(), 2);
}

#[test]
fn a_bucket_that_is_not_there_or_out_of_reach_is_named() {
    let aws = Aws::with_project();
    let outcome = with_function(&aws, &format!("absent-{}", aws.account())).run().exits(1);
    outcome.says(&[
        "s3:PutObject NoSuchBucket",
        "hint: check --artifact-bucket (ARTIFACT_BUCKET): it has to be a bucket in us-east-1",
    ]);
    let moved = "<Error><Code>PermanentRedirect</Code><Message>another endpoint</Message></Error>";
    aws.fault("HeadObject").answers_with(RawAnswer::new(301, "application/xml", ""));
    aws.fault("PutObject").answers_with(RawAnswer::new(301, "application/xml", moved));
    with_function(&aws, &aws.bucket("elsewhere")).run().exits(1).says(&["PermanentRedirect", "a bucket in us-east-1"]);
    assert_eq!(aws.calls("PutModelPackageGroupPolicy").len(), 0);
}

#[test]
fn a_dry_run_uploads_nothing_and_says_what_it_would() {
    let aws = Aws::with_project();
    let bucket = aws.bucket("artifacts");
    let build = with_function(&aws, &bucket);
    let dry = build.clone().with("--dry-run");
    dry.run().succeeds().says(&["would upload ./hook (", &format!("bytes) to s3://{bucket}/artifacts/churn/")]);
    let json = dry.clone().with("--format").with("json").run().succeeds();
    let plan: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(plan["calls"][0]["operation"], "s3:PutObject");
    assert_eq!(plan["calls"][0]["bucket"], bucket.as_str());
    assert_eq!(aws.writing_calls(), [""; 0]);
    build.run().succeeds();
    aws.forget_calls();
    dry.run().succeeds().says(&["would not upload ./hook, which is there already: s3://"]);
    assert_eq!(aws.writing_calls(), [""; 0]);
}

#[cfg(unix)]
#[test]
fn the_same_content_is_the_same_object_whatever_the_file_system_says_of_it() {
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, SystemTime};

    let built = |files: &[&str], mode: u32, age: u64| {
        let mut run = with_template(in_a_repository("build"), FUNCTION);
        for name in files {
            run = run.file(name, format!("content of {name}"));
            let path = run.folder().join(name);
            let file = std::fs::File::options().write(true).open(&path).expect("there");
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(age)).expect("can be set");
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("can be set");
        }
        key(&run.run().succeeds())
    };
    let first = built(&["hook/a.py", "hook/b/c.py", "hook/b.py"], 0o600, 1_000_000_000);
    let second = built(&["hook/b.py", "hook/b/c.py", "hook/a.py"], 0o775, 1_700_000_000);
    assert_eq!(first, second);
    assert_ne!(first, built(&["hook/a.py", "hook/b/c.py"], 0o600, 1_000_000_000));
}

#[cfg(unix)]
#[test]
fn everything_that_cannot_be_uploaded_is_named_at_once() {
    use std::os::unix::fs::symlink;

    let resource =
        |name: &str, code: &str| format!("  {name}: {{Type: AWS::Lambda::Function, Properties: {{Code: {code}}}}}\n");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let outside = elsewhere.path().to_str().expect("UTF-8");
    let more: String = [
        ("Absent", "./absent"),
        ("Nothing", "''"),
        ("Outside", outside),
        ("Empty", "./empty"),
        ("LeadsOut", "./linked"),
        ("Endless", "./endless"),
        ("Fine", "./fine"),
    ]
    .map(|(name, code)| resource(name, code))
    .concat();
    let run = with_template(in_a_repository("build"), &more)
        .file("linked/own.py", "x")
        .file("endless/own.py", "x")
        .file("fine/real.py", "x")
        .without_env("MODELDEPLOY_OFFLINE")
        .with("--offline")
        .with("world.json");
    let folder = run.folder();
    std::fs::create_dir(folder.join("empty")).expect("can be made");
    symlink(elsewhere.path(), folder.join("linked/out")).expect("can be linked");
    symlink(".", folder.join("endless/up")).expect("can be linked");
    symlink("real.py", folder.join("fine/link.py")).expect("can be linked");
    let outcome = run.run().exits(2);
    insta::assert_snapshot!(outcome.stderr.replace(outside, "[elsewhere]"));
    assert!(!outcome.files().contains(&"template-export.yml".into()));
}

#[test]
fn a_template_that_names_files_needs_a_bucket() {
    let aws = Aws::with_project();
    let build = with_function(&aws, "").run().exits(2);
    build.says(&["names local files, and there is no bucket to upload them to", "hint: set variable ARTIFACT_BUCKET"]);
    assert!(aws.all_calls().is_empty());
}

#[test]
fn a_file_that_is_a_zip_archive_already_is_uploaded_as_it_is_and_another_one_is_put_into_one() {
    let aws = Aws::with_project();
    let bucket = aws.bucket("artifacts");
    let more = FUNCTION.replace("./hook", "hook.py");
    let build = with_template(Run::new("build").in_project(&aws).env("ARTIFACT_BUCKET", &bucket), &more)
        .file("hook.py", "def handler(event, context): pass\n");
    let packed = aws.object(&bucket, &key(&build.run().succeeds())).expect("there");
    let archive = build.folder().join("packed.zip");
    std::fs::write(&archive, &packed).expect("can be written");
    assert_eq!(listed(&archive), "hook.py 0o100755 34 (1980, 1, 1, 0, 0, 0)\n");
    let build = with_template(build, &FUNCTION.replace("./hook", "packed.zip"));
    aws.forget_calls();
    let again = build.run().succeeds().says(&["artefact        packed.zip is there already:"]);
    assert_eq!(aws.object(&bucket, &key(&again)).expect("there"), packed);
}

#[test]
fn names_are_relative_to_the_template_and_may_lead_anywhere_in_the_input_directory() {
    let run = in_a_repository("build --template deploy/endpoint.yml");
    let run = run
        .file("deploy/endpoint.yml", format!("{TEMPLATE}{}", FUNCTION.replace("./hook", "../functions/hook")))
        .file("functions/hook/a.py", "a = 1\n");
    run.run().succeeds().says(&["artefact        ../functions/hook -> s3://"]);
}

#[test]
fn a_rehearsal_packs_and_keeps_no_object() {
    let run = with_template(in_a_repository("rehearse --approve"), FUNCTION).file("hook/a.py", "a = 1\n");
    let outcome =
        run.run().succeeds().says(&["artefact        ./hook -> s3://sagemaker-project-p-exampleiris1/artifacts/iris/"]);
    assert!(outcome.text("rehearsal/template-export.yml").contains("\"S3Key\": \"artifacts/iris/"));
}

const NESTED: &str = "
  Shared:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: nested/shared.yml}
  Remote:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: 'https://elsewhere.s3.amazonaws.com/remote.yml'}
  Serverless: {Type: AWS::Serverless::Function, Properties: {CodeUri: ./hook}}
  Included: {'Fn::Transform': {Name: AWS::Include, Parameters: {Location: included.yml}}}
";

/// A repository for the plain CloudFormation action.
fn with_nested(run: Run) -> Run {
    let template =
        format!("Transform: AWS::Serverless-2016-10-31\nGlobals: {{Function: {{CodeUri: ./hook}}}}\n{TEMPLATE}");
    with_template(run, "")
        .file("endpoint-config-template.yml", format!("{template}{NESTED}"))
        .file("hook/app.py", "a = 1\n")
        .file("included.yml", "Type: AWS::SQS::Queue\n")
        .file("nested/deeper.json", "{\"Resources\": {\"T\": {\"Type\": \"AWS::SNS::Topic\"}}}")
        .file(
            "nested/shared.yml",
            "Resources:\n  Own: {Type: AWS::Lambda::Function, Properties: {Code: ../hook}}\n  Deeper: {Type: \
             AWS::CloudFormation::Stack, Properties: {TemplateURL: ./deeper.json}}\n",
        )
}

#[test]
fn nested_templates_includes_and_serverless_code_are_packed_for_a_plain_stack() {
    let aws = Aws::with_project();
    let bucket = aws.bucket("artifacts");
    let build = with_nested(Run::new("build --export-format cloudformation").in_project(&aws));
    let outcome = build.env("ARTIFACT_BUCKET", &bucket).run().succeeds();
    let template = outcome.text("template-export.yml");
    let url = format!("https://s3.us-east-1.amazonaws.com/{bucket}/");
    let (_, after) = template.split_once(&format!("TemplateURL: \"{url}")).expect("a place");
    let shared = after.split('"').next().expect("its end");
    let text = String::from_utf8(aws.object(&bucket, shared).expect("it is there")).expect("text");
    assert!(text.contains(&format!("Code: {{\"S3Bucket\": \"{bucket}\", \"S3Key\": \"artifacts/")), "{text}");
    let (_, after) = text.split_once(&format!("TemplateURL: \"{url}")).expect("the template within");
    let deeper = after.split('"').next().expect("its end");
    let text = aws.object(&bucket, deeper).expect("it is there");
    assert!(String::from_utf8_lossy(&text).contains("AWS::SNS::Topic"));
    assert!(template.contains("'https://elsewhere.s3.amazonaws.com/remote.yml'"), "{template}");
    assert_eq!(template.matches(&format!("CodeUri: \"s3://{bucket}/artifacts/")).count(), 2, "{template}");
    assert!(template.contains(&format!("Location: \"s3://{bucket}/artifacts/")), "{template}");
    let record = outcome.text("release.json");
    for source in ["nested/shared.yml", "nested/deeper.json", "included.yml", "hook"] {
        assert!(record.contains(&format!("\"{source}\"")), "{source} is not in {record}");
    }
}

#[test]
fn what_only_some_stack_sets_refuse_is_no_error_of_the_others() {
    let refused = ["[stackset-transform]", "[stackset-nested-stack]", "hint: ", "--stack-set-role custom"];
    let offline = |command: &str| with_nested(in_a_repository(command).env("ARTIFACT_BUCKET", "churn-artifacts"));
    for command in ["check", "build", "rehearse --approve"] {
        offline(command).run().exits(2).says(&refused);
        offline(&format!("{command} --stack-set-role custom")).run().succeeds();
        offline(command).env("MODELDEPLOY_STACK_SET_ROLE", "custom").run().succeeds();
    }
    offline("check --export-format cloudformation").run().succeeds();
    let outcome = offline("build --export-format cloudformation").run().succeeds();
    let template = outcome.text("template-export.yml");
    assert!(
        template.contains("TemplateURL: \"https://s3.us-east-1.amazonaws.com/churn-artifacts/artifacts/"),
        "{template}"
    );
}

#[test]
fn a_nested_template_that_cannot_be_packed_is_told_with_its_place() {
    let build =
        with_nested(in_a_repository("build --export-format cloudformation").env("ARTIFACT_BUCKET", "churn-artifacts"));
    let shared = |text: &str| {
        std::fs::write(build.folder().join("nested/shared.yml"), text).expect("can be written");
        build.run().exits(2)
    };
    shared("Resources: {T: {Type: A::B::C, Type: A::B::D}}\n").says(&["nested/shared.yml:1:32: has \"Type\" twice"]);
    shared("Resources:\n  L: {Type: AWS::Lambda::Function, Properties: {Code: ./nope}}\n").says(&[
        "nested/shared.yml:2:55: names \"./nope\" as Code of \"L\", which is not a file or folder [local-file]",
    ]);
    shared("Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: shared.yml}}}\n")
        .says(&["names \"shared.yml\" as TemplateURL of \"S\", which leads back to itself"]);
    std::fs::remove_file(build.folder().join("nested/shared.yml")).expect("it was there");
    build
        .run()
        .exits(2)
        .says(&["names \"nested/shared.yml\" as TemplateURL of \"Shared\", which is not a file or folder"]);
}

/// What `cdk synth` writes of a function.
const CDK: &str = r#"{
 "Parameters": {
  "StageName": {"Type": "String"},
  "BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"}
 },
 "Rules": {"CheckBootstrapVersion": {"Assertions": [{
  "Assert": {"Fn::Not": [{"Fn::Contains": [["1", "2", "3", "4", "5"], {"Ref": "BootstrapVersion"}]}]},
  "AssertDescription": "CDK bootstrap stack version 6 required."
 }]}},
 "Resources": {
  "Hook": {
   "Type": "AWS::Lambda::Function",
   "Properties": {
    "Code": {"S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}, "S3Key": "5d41402a.zip"},
    "Handler": "app.handler", "Runtime": "python3.13", "Role": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/r"}
   },
   "Metadata": {"aws:asset:path": "asset.5d41402a", "aws:asset:is-bundled": false, "aws:asset:property": "Code"}
  }
 }
}"#;

#[test]
fn assets_of_the_cdk_are_packed_into_the_artifact_bucket() {
    let synthesized = |command: &str| {
        let run = in_a_repository(&format!("{command} --template cdk.out/S.template.json --stages staging"));
        let run = run.file("staging-config.json", r#"{"Parameters": {"StageName": "staging"}}"#);
        run.env("ARTIFACT_BUCKET", "b").file("cdk.out/S.template.json", CDK)
    };
    let run = synthesized("build").file("cdk.out/asset.5d41402a/app.py", "def handler(event, context): return 1\n");
    let outcome = run.run().succeeds();
    let template = outcome.text("template-export.yml");
    assert!(template.contains(r#""Code": {"S3Bucket": {"Fn::Sub": "b"}, "S3Key": "artifacts/"#), "{template}");
    assert!(outcome.text("release.json").contains("\"cdk.out/asset.5d41402a\""));
    assert!(!outcome.stderr.contains("cdk-asset") && !outcome.stderr.contains("rule-"), "{}", outcome.stderr);
    // One that is not there may be published by somebody else
    let absent = [
        "names \"asset.5d41402a\" as Code of \"Hook\", which is not a file or folder [cdk-asset]",
        "nobody publishes it",
    ];
    let outcome = synthesized("build").run().succeeds().says(&absent);
    assert!(outcome.text("template-export.yml").contains("5d41402a.zip"));
    synthesized("check").run().succeeds().says(&absent);
    synthesized("check --strict").run().exits(2).says(&absent);
}
