//! Access before the roll-out: gaps, what is undecided, what may not be read, and model data of another account.

use serde_json::{Value, json};

use crate::support::{Aws, GROUP, Outcome, RawAnswer, Run, in_world};

const DATA: &str = "churn/model.tar.gz";
/// Owned by another account, and larger than what S3 copies at once.
const FOREIGN: &str = "8a2f1c2d3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccddeeff";

/// A project whose package has a bucket, a key and a repository of the build's account.
struct Project {
    aws: Aws,
    bucket: String,
    key: String,
}

impl Project {
    fn new() -> Self {
        let aws = Aws::new().with_unit("staging", 2).with_unit("prod", 1);
        let key = aws.key(&document(&[own_key(&aws)]));
        let bucket = aws.bucket("models");
        aws.put_encrypted_object(&bucket, DATA, &key);
        let image = aws.repository("churn");
        aws.add_package(&image, Some(&format!("s3://{bucket}/{DATA}")));
        Self { aws, bucket, key }
    }

    fn open(self) -> Self {
        self.aws.put_bucket_policy(
            &self.bucket,
            &document(&[anyone("s3:GetObject", Some(&format!("arn:aws:s3:::{}/*", self.bucket)))]),
        );
        self.aws.put_key_policy(&self.key, &document(&[own_key(&self.aws), anyone("kms:Decrypt", Some("*"))]));
        self.aws.put_repository_policy("churn", &document(&[anyone("ecr:*", None)]));
        self
    }

    fn build(&self) -> Run {
        Run::new("build").in_project(&self.aws)
    }

    fn strict(&self) -> Run {
        self.build().with("--access-check").with("error")
    }

    /// The calls to other services than those that every build asks.
    fn reads(&self) -> Vec<String> {
        let calls = self.aws.all_calls();
        let mut actions: Vec<String> = calls.iter().map(|call| call.action.clone()).collect();
        actions.retain(|action| ["s3:", "kms:", "ecr:"].iter().any(|service| action.starts_with(service)));
        actions.sort();
        actions
    }

    /// An answer of S3 that says the object is another account's.
    fn lists_a_foreign_object(&self, size: u64) {
        let xml = format!(
            "<ListBucketResult><Name>{}</Name><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated><Contents>\
             <Key>{DATA}</Key><Size>{size}</Size><Owner><ID>{FOREIGN}</ID></Owner></Contents></ListBucketResult>",
            self.bucket
        );
        self.aws.fault("ListObjectsV2").answers_with(RawAnswer::new(200, "application/xml", xml));
    }
}

fn document(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn anyone(action: &str, resource: Option<&str>) -> Value {
    let mut statement = json!({"Effect": "Allow", "Principal": "*", "Action": action});
    if let Some(resource) = resource {
        statement["Resource"] = json!(resource);
    }
    statement
}

/// What every key's policy starts with.
fn own_key(aws: &Aws) -> Value {
    json!({"Sid": "Own", "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{}:root", aws.account())},
           "Action": "kms:*", "Resource": "*"})
}

/// The statements that were proposed, by their id.
fn proposed(outcome: &Outcome, sid: &str) -> Value {
    let line = outcome.stderr.lines().find(|line| line.contains(&format!("\"Sid\":\"{sid}\"")));
    let line = line.unwrap_or_else(|| panic!("no {sid} in:\n{}", outcome.stderr));
    serde_json::from_str(&line[line.find("{\"Sid\"").expect("JSON")..]).expect("JSON to the line's end")
}

fn warnings(outcome: &Outcome) -> usize {
    outcome.stderr.lines().filter(|line| line.starts_with("warning: ")).count()
}

#[test]
fn a_package_that_everybody_can_reach_gives_no_finding() {
    let project = Project::new().open();
    let outcome = project.strict().run().succeeds();
    assert_eq!(warnings(&outcome), 0, "{}", outcome.stderr);
    // As many calls as there are things to ask, however many accounts there are; grants only if they matter.
    let reads = [
        "ecr:DescribeImages",
        "ecr:GetRepositoryPolicy",
        "kms:GetKeyPolicy",
        "s3:GetBucketAcl",
        "s3:GetBucketPolicy",
        "s3:HeadObject",
        "s3:ListObjectsV2",
    ];
    assert_eq!(project.reads(), reads);
    assert_eq!(project.aws.writing_calls(), ["sagemaker:PutModelPackageGroupPolicy"]);
}

#[test]
fn every_gap_is_named_at_once_and_closed_by_the_statement_that_is_proposed() {
    let project = Project::new();
    let outcome = project.strict().run().exits(1).says(&[
        &format!("cannot read model data s3://{}/{DATA}", project.bucket),
        &format!("cause: no statement of the policy of bucket {} allows s3:GetObject", project.bucket),
        &format!("aws s3api put-bucket-policy --bucket {} --policy file://policy.json", project.bucket),
        &format!("cannot decrypt model data s3://{}/{DATA}", project.bucket),
        &format!("cause: no statement of the policy of key {} allows kms:Decrypt", project.key),
        &format!("aws kms create-grant --key-id {} --operations Decrypt", project.key),
        "churn-staging-role of ",
        "churn-prod-role of ",
        "cause: no statement of the policy of repository churn allows ecr:BatchCheckLayerAvailability, \
         ecr:BatchGetImage and ecr:GetDownloadUrlForLayer",
        "aws ecr set-repository-policy --repository-name churn",
    ]);
    assert_eq!(outcome.stderr.matches("error: ").count(), 3, "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "");
    assert_eq!(outcome.files().len(), 3, "nothing is written");
    assert_eq!(project.aws.writing_calls(), [""; 0], "and nothing is changed");
    assert_eq!(project.aws.calls("ListGrants").len(), 1);

    // By default they are warnings.
    let warned = project.build().run().succeeds();
    assert_eq!(warnings(&warned), 3, "{}", warned.stderr);
    assert_eq!(proposed(&warned, "ModeldeployImagepabc123"), proposed(&outcome, "ModeldeployImagepabc123"));

    let aws = &project.aws;
    aws.put_bucket_policy(&project.bucket, &document(&[proposed(&outcome, "ModeldeployModelDatapabc123")]));
    project.strict().run().exits(1);
    aws.put_key_policy(&project.key, &document(&[own_key(aws), proposed(&outcome, "ModeldeployModelKeypabc123")]));
    let outcome = project.strict().run().exits(1);
    aws.put_repository_policy("churn", &document(&[proposed(&outcome, "ModeldeployImagepabc123")]));
    let outcome = project.strict().run().succeeds();
    assert_eq!(warnings(&outcome), 0, "{}", outcome.stderr);
}

#[test]
fn access_that_is_not_to_be_checked_costs_no_call() {
    let project = Project::new();
    let outcome = project.build().with("--access-check").with("off").run().succeeds();
    assert_eq!((warnings(&outcome), project.reads()), (0, Vec::new()));
    // Without the accounts there is nobody to check for.
    let unknown = "with --no-group-policy the target accounts are not known";
    let outcome = project.strict().with("--no-group-policy").run().exits(1);
    let outcome = outcome.says(&["error: access cannot be checked, and --access-check is error", unknown]);
    assert!(!outcome.files().contains(&"release.json".into()));
    let outcome = project.build().with("--no-group-policy").run().succeeds();
    assert_eq!((warnings(&outcome), project.reads()), (0, Vec::new()));
    project.build().with("--access-check").with("maybe").run().exits(2);
}

#[test]
fn an_image_alone_and_a_registry_of_aws_need_few_calls_or_none() {
    let project = Project::new();
    project.aws.add_package("763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.5", None);
    let outcome = project.strict().run().succeeds();
    assert_eq!((warnings(&outcome), project.reads()), (0, Vec::new()));
    project.aws.add_package("public.ecr.aws/x/y:1", None);
    assert_eq!(warnings(&project.strict().run().succeeds()), 0);
}

#[test]
fn a_grant_opens_a_key_for_whom_it_names() {
    let project = Project::new().open();
    project.aws.put_key_policy(&project.key, &document(&[own_key(&project.aws)]));
    for account in project.aws.accounts("staging") {
        project.aws.grant_decryption(&project.key, &format!("arn:aws:iam::{account}:role/churn-staging-role"));
    }
    let outcome = project.strict().run().exits(1);
    let prod = &project.aws.accounts("prod")[0];
    let gap = format!("error: role churn-prod-role of {prod} cannot decrypt model data");
    assert!(outcome.stderr.contains(&gap) && !outcome.stderr.contains("staging-role"), "{}", outcome.stderr);
    project.aws.grant_decryption(&project.key, &format!("arn:aws:iam::{prod}:role/churn-prod-role"));
    project.strict().run().succeeds();
}

#[test]
fn a_deny_of_the_group_that_others_put_is_found_before_the_roll_out() {
    let project = Project::new().open();
    let freeze = json!({"Sid": "Freeze", "Effect": "Deny", "Principal": "*", "Action": "sagemaker:CreateModel",
                        "Resource": "*"});
    project.aws.set_group_policy(GROUP, &document(&[freeze]));
    project.strict().run().exits(1).says(&[
        &format!("cannot deploy {}", project.aws.package(1)),
        "cause: statement \"Freeze\" of the resource policy of model package group \"churn-models\" denies \
         sagemaker:CreateModel",
    ]);
    assert_eq!(project.aws.writing_calls(), [""; 0]);
}

#[test]
fn what_cannot_be_decided_is_said_and_is_no_error() {
    let project = Project::new().open();
    let mut from_network = anyone("s3:GetObject", Some(&format!("arn:aws:s3:::{}/*", project.bucket)));
    from_network["Sid"] = json!("FromOurNetwork");
    from_network["Condition"] = json!({"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}});
    project.aws.put_bucket_policy(&project.bucket, &document(&[from_network]));
    let outcome = project.strict().run().succeeds().says(&[
        &format!("can read model data s3://{}/{DATA} is not decided", project.bucket),
        "statement \"FromOurNetwork\" allows, perhaps: condition key aws:SourceVpce: its value is known only when",
    ]);
    assert_eq!(warnings(&outcome), 1, "{}", outcome.stderr);

    let target = &project.aws.accounts("prod")[0];
    for (image, why) in [
        (format!("{target}.dkr.ecr.us-east-1.amazonaws.com/a:1"), format!("belongs to target account {target}")),
        ("444455556666.dkr.ecr.us-east-1.amazonaws.com/a:1".to_owned(), "is not known as one of AWS's own".to_owned()),
        ("registry.example.com/a:1".to_owned(), "it is in no registry of AWS".to_owned()),
    ] {
        project.aws.add_package(&image, None);
        let outcome = project.strict().run().succeeds().says(&[&format!("can pull image {image} is not known"), &why]);
        assert_eq!(warnings(&outcome), 1, "{}", outcome.stderr);
    }
}

#[test]
fn the_organization_of_the_accounts_is_known() {
    let project = Project::new().open();
    let of_organization = |id: &str| {
        let mut statement = anyone("s3:GetObject", Some(&format!("arn:aws:s3:::{}/*", project.bucket)));
        statement["Condition"] = json!({"StringEquals": {"aws:PrincipalOrgID": id}});
        document(&[statement])
    };
    project.aws.put_bucket_policy(&project.bucket, &of_organization("o-stranger00"));
    project.strict().run().exits(1);
    project.aws.put_bucket_policy(&project.bucket, &of_organization(&project.aws.organization()));
    let outcome = project.strict().run().succeeds();
    assert_eq!(warnings(&outcome), 0, "{}", outcome.stderr);
}

#[test]
fn a_read_that_is_denied_is_one_warning_with_the_action_and_never_ends_the_build() {
    let denied = [
        ("GetBucketPolicy", "s3:GetBucketPolicy", "cannot read the policy of bucket "),
        ("GetBucketAcl", "s3:GetBucketAcl", "cannot read the owner of bucket "),
        ("ListObjectsV2", "s3:ListBucket", "cannot read the owner of s3://"),
        ("HeadObject", "s3:GetObject", "cannot read the encryption of s3://"),
        ("GetKeyPolicy", "kms:GetKeyPolicy", "cannot read the policy of key "),
        ("GetRepositoryPolicy", "ecr:GetRepositoryPolicy", "cannot read the repository policy of image "),
        ("DescribeImages", "ecr:DescribeImages", "cannot read whether image "),
    ];
    let project = Project::new().open();
    for (operation, action, what) in denied {
        project.aws.forget_faults();
        project.aws.fault(operation).denies();
        let outcome = project.strict().run().succeeds().says(&[
            &format!("warning: access is not checked in full: {what}"),
            &format!("cause: {action}"),
            &format!("hint: allow {action} to arn:aws:sts::{}:user/moto", project.aws.account()),
        ]);
        assert_eq!(warnings(&outcome), 1, "{operation}: {}", outcome.stderr);
    }
    project.aws.forget_faults();
    project.aws.put_key_policy(&project.key, &document(&[own_key(&project.aws)]));
    project.aws.fault("ListGrants").denies();
    project.strict().run().succeeds().says(&["hint: allow kms:ListGrants to", "the grants of the key cannot be read"]);
}

#[test]
fn a_service_that_is_out_of_reach_ends_nothing() {
    let project = Project::new().open();
    project.aws.fault("GetRepositoryPolicy").cuts_off();
    let build = project.strict().env("AWS_MAX_ATTEMPTS", "1");
    build.run().succeeds().says(&["warning: access is not checked in full", "cause: ecr:GetRepositoryPolicy"]);
}

#[test]
fn a_statement_for_a_unit_is_decided_by_the_path_of_each_account() {
    let project = Project::new().open();
    let (aws, bucket) = (&project.aws, &project.bucket);
    let below = |unit: &str| {
        let pattern = format!("{}/*/{}/*", aws.organization(), aws.unit(unit));
        document(&[json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                          "Resource": format!("arn:aws:s3:::{bucket}/*"),
                          "Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": pattern}}})])
    };
    aws.put_bucket_policy(bucket, &below("staging"));
    project.strict().run().succeeds().says(&["is not decided", "aws:PrincipalOrgPaths"]);
    // moto does not tell the paths of accounts.
    let (organization, units) = (aws.organization(), ["staging", "prod"].map(|unit| aws.unit(unit).to_owned()));
    let paths = [aws.accounts("staging").to_vec(), aws.accounts("prod").to_vec()];
    aws.fault("ListAccountsForParent").changes(move |answer| {
        for account in answer["Accounts"].as_array_mut().expect("a list") {
            let id = account["Id"].as_str().expect("an id").to_owned();
            let unit = &units[usize::from(paths[1].contains(&id))];
            account["Paths"] = json!([format!("{organization}/r-ab12/{unit}/{id}/")]);
        }
    });
    let outcome = project.strict().run().exits(1).says(&["churn-prod-role of ", "cannot read model data"]);
    assert!(!outcome.stderr.contains("churn-staging-role"), "{}", outcome.stderr);
}

#[test]
fn an_image_that_is_archived_or_gone_is_a_gap() {
    let project = Project::new().open();
    let status = |status: &'static str| {
        project.aws.forget_faults();
        // moto has no archive.
        project.aws.fault("DescribeImages").changes(move |answer| {
            answer["imageDetails"][0]["imageStatus"] = json!(status);
        });
        project.strict().run()
    };
    status("ARCHIVED").exits(1).says(&[
        "error: image ",
        "/churn:1 cannot be pulled",
        "cause: it is archived in repository churn",
        "aws ecr update-image-storage-class --repository-name churn --image-id imageTag=1",
    ]);
    status("ACTIVATING").succeeds().says(&["warning: image ", "it is being restored from the archive"]);
    status("FROZEN").succeeds().says(&["its status in repository churn is FROZEN"]);
    assert_eq!(warnings(&status("ACTIVE").succeeds()), 0);
    let asked = &project.aws.calls("DescribeImages")[0].json();
    assert_eq!(asked["filter"], json!({"imageStatus": "ANY"}));
    assert_eq!(asked["imageIds"], json!([{"imageTag": "1"}]));

    project.aws.forget_faults();
    project.aws.add_package(&format!("{}.dkr.ecr.us-east-1.amazonaws.com/churn:2", project.aws.account()), None);
    project.strict().run().exits(1).says(&["/churn:2 is not there", "has no image with tag \"2\""]);
}

#[test]
fn what_the_package_names_and_is_not_there_is_a_gap() {
    let project = Project::new().open();
    let image = format!("{}.dkr.ecr.us-east-1.amazonaws.com/nowhere:1", project.aws.account());
    project.aws.add_package(&image, Some(&format!("s3://{}/gone.tar.gz", project.bucket)));
    let gone = format!("error: model data s3://{}/gone.tar.gz is not there", project.bucket);
    project.strict().run().exits(1).says(&[&gone, &format!("error: image {image} is not there")]);
    project.aws.add_package(&image, Some("s3://no-bucket-of-anybody-0a1b2c/model.tar.gz"));
    let outcome = project.strict().run().exits(1).says(&["error: model data s3://no-bucket-of-anybody-0a1b2c/"]);
    assert_eq!(warnings(&outcome), 0, "{}", outcome.stderr);
}

#[test]
fn model_data_under_a_prefix_needs_the_list_as_well() {
    let project = Project::new().open();
    project.aws.put_object(&project.bucket, "large/model/part-1", b"1");
    let image = format!("{}.dkr.ecr.us-east-1.amazonaws.com/churn:1", project.aws.account());
    project.aws.add_package(&image, Some(&format!("s3://{}/large/model/", project.bucket)));
    let outcome = project
        .strict()
        .run()
        .exits(1)
        .says(&[&format!("cause: no statement of the policy of bucket {} allows s3:ListBucket", project.bucket)]);
    let mut policy = document(&[anyone("s3:GetObject", Some(&format!("arn:aws:s3:::{}/*", project.bucket)))]);
    let statements = policy["Statement"].as_array_mut().expect("a list");
    statements.push(proposed(&outcome, "ModeldeployModelDatapabc123"));
    project.aws.put_bucket_policy(&project.bucket, &policy);
    project.strict().run().succeeds();
}

/// moto has every bucket in every Region; the redirect is a stand-in.
#[test]
fn a_bucket_in_another_region_is_asked_there() {
    let project = Project::new().open();
    for operation in ["GetBucketPolicy", "GetBucketAcl", "ListObjectsV2", "HeadObject"] {
        let mut elsewhere = RawAnswer::new(301, "application/xml", "<Error><Code>PermanentRedirect</Code></Error>");
        elsewhere.headers.push(("x-amz-bucket-region", "eu-west-1".to_owned()));
        if operation == "HeadObject" {
            elsewhere.body.clear();
        }
        project.aws.fault(operation).first(1).answers_with(elsewhere);
    }
    let outcome = project.strict().run().succeeds();
    assert_eq!(warnings(&outcome), 0, "{}", outcome.stderr);
    for operation in ["GetBucketPolicy", "GetBucketAcl", "ListObjectsV2", "HeadObject"] {
        let calls = project.aws.calls(operation);
        let regions: Vec<bool> = calls
            .iter()
            .map(|call| call.headers["authorization"].to_str().expect("text").contains("/eu-west-1/s3/"))
            .collect();
        assert_eq!(regions, [false, true], "{operation}");
    }
}

/// In moto every object is its bucket's owner's, so the list with another owner is a stand-in; the copy is moto's.
#[test]
fn model_data_of_another_account_is_named_and_taken_over_if_that_is_asked_for() {
    let project = Project::new().open();
    let place = format!("s3://{}/{DATA}", project.bucket);
    let before = project.aws.belongings(&project.bucket, DATA);
    project.lists_a_foreign_object(7);
    let gap = format!("model data {place} belongs to another account than its bucket");
    project.build().run().succeeds().says(&[
        &format!("warning: {gap}"),
        &format!("cause: its owner is canonical user {FOREIGN}"),
        "modeldeploy build --fix-ownership",
    ]);
    project.strict().run().exits(1).says(&[&format!("error: {gap}")]);
    assert_eq!(project.aws.calls("CopyObject").len(), 0, "never by default");

    let fix = project.strict().with("--fix-ownership");
    let outcome = fix.clone().with("--dry-run").run().succeeds().says(&[&format!("would copy {place} onto itself")]);
    assert_eq!((warnings(&outcome), project.aws.calls("CopyObject").len()), (0, 0));

    let outcome = fix.run().succeeds().says(&[&format!("copied {place} onto itself")]);
    assert_eq!(warnings(&outcome), 0, "{}", outcome.stderr);
    assert_eq!(project.aws.calls("CopyObject").len(), 1);
    assert_eq!(project.aws.belongings(&project.bucket, DATA), before);
    assert_eq!(before[1..], [Some("42".to_owned()), Some(project.key.clone()), Some("team=vision".to_owned())]);
    assert_eq!(project.aws.object(&project.bucket, DATA).as_deref(), Some(b"weights".as_slice()));
}

#[test]
fn model_data_that_cannot_be_taken_over_ends_the_build_with_nothing_written() {
    let project = Project::new().open();
    project.lists_a_foreign_object(7);
    project.aws.fault("CopyObject").denies();
    let outcome = project.build().with("--fix-ownership").run().exits(1).says(&[
        &format!("error: cannot copy s3://{}/{DATA} onto itself, to take it over", project.bucket),
        "cause: s3:PutObject AccessDenied",
    ]);
    assert_eq!(outcome.files().len(), 3);
    assert_eq!(project.aws.calls("PutModelPackageGroupPolicy").len(), 0);
}

/// No test holds 6 GiB: the size in the list and the answers to the parts are stand-ins.
#[test]
fn a_large_object_is_copied_in_parts_and_nothing_of_it_is_left_if_that_fails() {
    const SIZE: u64 = 6 * 1024 * 1024 * 1024 + 1;
    let project = Project::new().open();
    project.lists_a_foreign_object(SIZE);
    let part = "<CopyPartResult><ETag>\"0a1b\"</ETag></CopyPartResult>";
    project.aws.fault("UploadPartCopy").answers_with(RawAnswer::new(200, "application/xml", part));
    let done = "<CompleteMultipartUploadResult><ETag>\"0a1b-13\"</ETag></CompleteMultipartUploadResult>";
    project.aws.fault("CompleteMultipartUpload").answers_with(RawAnswer::new(200, "application/xml", done));
    let build = project.build().with("--fix-ownership");
    build.run().succeeds();
    let mut ranges: Vec<String> = project
        .aws
        .calls("UploadPartCopy")
        .iter()
        .map(|call| call.headers["x-amz-copy-source-range"].to_str().expect("text").to_owned())
        .collect();
    ranges.sort_by_key(String::len);
    assert_eq!((ranges.len(), ranges.first().map(String::as_str)), (13, Some("bytes=0-536870911")));
    assert!(ranges.contains(&format!("bytes={}-{}", SIZE - 1, SIZE - 1)), "{ranges:?}");
    let [created] = &project.aws.calls("CreateMultipartUpload")[..] else { panic!("one upload") };
    let header = |name: &str| created.headers[name].to_str().expect("text");
    assert_eq!(
        (header("x-amz-meta-run"), header("x-amz-tagging"), header("content-type")),
        ("42", "team=vision", "application/x-tar")
    );
    assert_eq!(header("x-amz-server-side-encryption-aws-kms-key-id"), project.key);

    project.aws.forget_faults();
    project.lists_a_foreign_object(SIZE);
    project.aws.fault("UploadPartCopy").denies();
    build.run().exits(1).says(&["error: cannot copy s3://"]);
    assert_eq!(project.aws.calls("AbortMultipartUpload").len(), 1);
}

#[test]
fn gaps_are_data_where_data_is_asked_for() {
    let project = Project::new();
    let gaps = |run: Run, code: i32| {
        let outcome = run.with("--format").with("json").run().exits(code);
        let document: Value = serde_json::from_str(&outcome.stdout).expect("one JSON document");
        document["access"].clone()
    };
    let access = gaps(project.strict(), 1);
    assert_eq!(access, gaps(project.build().with("--dry-run"), 0));
    assert_eq!(access, gaps(project.build(), 0));
    assert_eq!((access["gaps"].as_array().map(Vec::len), &access["undecided"]), (Some(3), &json!([])));
    let gap = &access["gaps"][0];
    let of_bucket =
        |verb: &str, rest: &str| format!("aws s3api {verb}-bucket-policy --bucket {} --{rest}", project.bucket);
    assert_eq!(
        gap["change"],
        json!({"policy": format!("the policy of bucket {}", project.bucket),
               "read": of_bucket("get", "query Policy --output text"),
               "write": of_bucket("put", "policy file://policy.json"), "grant": null})
    );
    assert_eq!(gap["statement"]["Action"], json!(["s3:GetObject"]));
    assert!(access["gaps"][1]["change"]["grant"].as_str().is_some_and(|grant| grant.ends_with(" ROLE_ARN")));
    assert_eq!(gaps(project.open().build(), 0), json!({"gaps": [], "undecided": []}));
    assert_eq!(gaps(Project::new().build().with("--access-check").with("off"), 0), Value::Null);
}

#[test]
fn all_data_that_a_container_names_is_looked_at() {
    let project = Project::new().open();
    let more = project.aws.bucket("more");
    let keys = ["manifest.csv", "adapters/a/model", "adapters/list.csv", "extra"];
    for key in keys {
        project.aws.put_object(&more, key, b"data");
    }
    // moto keeps none of these.
    let uri = |key: &str| json!(format!("s3://{more}/{key}"));
    let [manifest, prefix, list, extra] = [uri(keys[0]), uri("adapters/a/"), uri(keys[2]), uri(keys[3])];
    let data = json!(format!("s3://{}/{DATA}", project.bucket));
    project.aws.fault("DescribeModelPackage").changes(move |package| {
        let container = &mut package["InferenceSpecification"]["Containers"][0];
        container["ModelDataSource"] = json!({"S3DataSource": {"S3Uri": data, "S3DataType": "S3Object",
            "CompressionType": "Gzip", "ManifestS3Uri": manifest}});
        container["AdditionalModelDataSources"] = json!([{"ChannelName": "a", "S3DataSource": {"S3Uri": prefix,
            "S3DataType": "S3Prefix", "CompressionType": "None", "ManifestS3Uri": list}}]);
        container["AdditionalS3DataSource"] = json!({"S3DataType": "S3Object", "S3Uri": extra});
    });
    let outcome = project.strict().run().exits(1);
    for key in ["manifest.csv", "adapters/a/", "adapters/list.csv", "extra"] {
        assert!(outcome.stderr.contains(&format!("s3://{more}/{key}")), "{key}: {}", outcome.stderr);
    }
    assert_eq!(outcome.stderr.matches("error: ").count(), 1, "{}", outcome.stderr);
    let record = project.build().run().succeeds().json("release.json");
    let dependencies = record["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().expect("a list");
    assert_eq!(dependencies.iter().filter(|one| one["name"] == "more data").count(), 4);
}

#[test]
fn an_offline_world_answers_from_pasted_documents() {
    let run = in_world("build --access-check error", |world| {
        let account = world["Caller"]["Account"].as_str().expect("an id").to_owned();
        world["Repositories"] = json!([{"registryId": account, "repositoryName": "iris"}]);
        let key = format!("arn:aws:kms:us-east-1:{account}:key/k-1");
        let own = json!({"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")},
                         "Action": "kms:*", "Resource": "*"});
        world["Keys"] = json!([{"Arn": key, "PolicyName": "default", "Policy": document(&[own]).to_string(), "Grants": [
            {"KeyId": key, "GranteePrincipal": "arn:aws:iam::222222222222:root", "Operations": ["Decrypt"]}]}]);
        let data = "s3://sagemaker-us-east-1-111111111111/iris/3/model.tar.gz".strip_prefix("s3://").expect("a URI");
        let (bucket, object) = data.split_once('/').expect("a URI");
        world["Buckets"] = json!([{"Name": bucket, "Owner": {"ID": "us"}, "Objects": [
            {"Key": object, "ContentLength": 1216, "SSEKMSKeyId": key, "Owner": {"ID": "them"}}]}]);
    });
    let outcome = run.run().exits(1).says(&[
        "cannot read model data s3://",
        "cannot decrypt model data s3://",
        "cannot pull image 111111111111.dkr.ecr.us-east-1.amazonaws.com/iris:",
        "belongs to another account than its bucket",
    ]);
    assert_eq!(outcome.stderr.matches("error: ").count(), 4, "{}", outcome.stderr);
    assert!(!outcome.stderr.lines().any(|line| line.contains("decrypt") && line.contains("222222222222")));
    run.then("build --fix-ownership").run().succeeds().says(&["onto itself: its bucket's account owns it now"]);
    run.then("rehearse --approve --access-check error").run().exits(1).says(&["cannot pull image"]);
}

#[test]
fn an_offline_world_that_says_nothing_of_them_gives_no_finding() {
    let run = in_world("build", |_| {});
    let outcome = run.run().succeeds();
    assert_eq!(warnings(&outcome), 0, "{}", outcome.stderr);
    let outcome = run.then("build --access-check error").run().succeeds().says(&["the offline world says nothing of"]);
    assert!(warnings(&outcome) > 0);
}
