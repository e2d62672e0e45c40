//! `modeldeploy catalog import` against moto's S3, IAM and SageMaker, and a stand-in for Service Catalog (see
//! support/aws/service_catalog.rs), of which moto has next to nothing.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use modeldeploy::domain::platform::policy::{Home, PlatformPolicy};
use serde_json::{Value, json};

use crate::support::{Aws, Gallery, Outcome, RawAnswer, Run, on_a_terminal, read_from_project};

const LAUNCH_ROLE: &str = "AmazonSageMakerServiceCatalogProductsLaunchRole";
const AWS_POLICY: &str = "AmazonSageMakerAdmin-ServiceCatalogProductsServiceRolePolicy";
const SEED: &str = "modeldeploy/seed/0f3a.zip";
const PORTFOLIO: &str = "SageMaker Organization Templates";
const PRODUCT: &str = "Multi-account model deployment";
const STUDIO: &str = "arn:aws:iam::111122223333:role/service-role/Studio";
const VISIBLE: &str = "sagemaker:studio-visibility";

/// An account with a bucket, and a launch role that may do all that it needs.
pub(crate) fn account() -> (Aws, String) {
    let aws = Aws::new();
    let bucket = aws.bucket("seeds");
    aws.role("/service-role/", LAUNCH_ROLE, &["servicecatalog.amazonaws.com", "cloudformation.amazonaws.com"]);
    aws.put_role_policy(aws.account(), LAUNCH_ROLE, "modeldeploy", &launch_policy(&aws, &bucket));
    let policy = json!({"Version": "2012-10-17", "Statement":
        [{"Effect": "Allow", "Action": "codebuild:*", "Resource": "*"}]});
    aws.attach_policy(LAUNCH_ROLE, AWS_POLICY, &policy);
    aws.put_object(&bucket, SEED, b"a zip");
    (aws, bucket)
}

fn launch_policy(aws: &Aws, bucket: &str) -> Value {
    let account = aws.account().parse().expect("an account");
    let policy = PlatformPolicy::LaunchRole { seed_bucket: bucket, seed_prefix: "modeldeploy/" };
    policy.document(Home { partition: "aws", account: &account }).expect("fits")
}

pub(crate) fn import(aws: &Aws, bucket: &str, flags: &str) -> Run {
    let seed = format!("--seed-bucket {bucket} --seed-key {SEED}");
    Run::new(&format!("catalog import {seed} {flags}")).aws(aws)
}

fn writes(aws: &Aws) -> Vec<String> {
    let calls = aws.writing_calls();
    aws.forget_calls();
    calls
}

/// All of Service Catalog, the same for every account.
pub(crate) fn state(aws: &Aws) -> String {
    masked(&format!("{:#}", aws.whole_catalog()), aws)
}

fn versions(aws: &Aws) -> Vec<String> {
    let all = aws.whole_catalog()["products"].as_array().expect("products").clone();
    let all = all.iter().flat_map(|product| product["versions"].as_array().expect("versions").clone());
    all.map(|version| version["url"].as_str().expect("a URL").to_owned()).collect()
}

/// What a person made by hand: portfolio and product, with a template of their own.
fn made_by_hand(aws: &Aws) -> (String, String) {
    let request = json!({"DisplayName": PORTFOLIO, "ProviderName": "us", "IdempotencyToken": "a"});
    let made = aws.catalog("CreatePortfolio", &request);
    let portfolio = made["PortfolioDetail"]["Id"].as_str().expect("an id").to_owned();
    let product = product(aws, PRODUCT, "b");
    aws.catalog("AssociateProductWithPortfolio", &json!({"ProductId": product, "PortfolioId": portfolio}));
    (portfolio, product)
}

fn product(aws: &Aws, name: &str, token: &str) -> String {
    let request = json!({"Name": name, "Owner": "us", "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "Tags": [{"Key": "team", "Value": "ml"}], "IdempotencyToken": token,
        "ProvisioningArtifactParameters": {"Name": "by-hand", "Info": {"LoadTemplateFromURL": "https://x/hand.yml"}}});
    let made = aws.catalog("CreateProduct", &request);
    made["ProductViewDetail"]["ProductViewSummary"]["ProductId"].as_str().expect("an id").to_owned()
}

fn constrain(aws: &Aws, portfolio: &str, product: &str, parameters: &Value) {
    let request = json!({"PortfolioId": portfolio, "ProductId": product, "Type": "LAUNCH",
        "Parameters": parameters.to_string(), "IdempotencyToken": "c"});
    aws.catalog("CreateConstraint", &request);
}

const ALL_WRITES: [&str; 6] = [
    "s3:PutObject",
    "servicecatalog:CreatePortfolio",
    "servicecatalog:CreateProduct",
    "servicecatalog:AssociateProductWithPortfolio",
    "servicecatalog:CreateConstraint",
    "servicecatalog:AssociatePrincipalWithPortfolio",
];

#[test]
fn an_import_from_nothing_makes_everything_once() {
    let (aws, bucket) = account();
    let run = import(&aws, &bucket, "--yes --principal").with(STUDIO);
    let outcome = run.run().succeeds().says(&["created portfolio port-", "Create project"]);
    assert!(!outcome.stderr.contains("warning"), "{}", outcome.stderr);
    assert_eq!(writes(&aws), ALL_WRITES);

    let catalog = aws.whole_catalog();
    let made = &catalog["products"][0];
    assert_eq!(made["tags"], json!({VISIBLE: "true"}));
    assert_eq!(made["fields"]["Name"], PRODUCT);
    let parameters = catalog["constraints"][0]["Parameters"].as_str().expect("text");
    let role = format!("arn:aws:iam::{}:role/service-role/{LAUNCH_ROLE}", aws.account());
    assert_eq!(serde_json::from_str::<Value>(parameters).expect("JSON"), json!({"RoleArn": role}));
    assert_eq!(catalog["principals"][0][1], json!({"PrincipalARN": STUDIO, "PrincipalType": "IAM"}));

    // The version is loaded from the object that holds the very template that is rendered
    let rendered = Run::new(&format!("catalog render --seed-bucket {bucket} --seed-key {SEED}"));
    let keys: Vec<String> = aws.keys(&bucket).into_iter().filter(|key| key != SEED).collect();
    let [key] = keys.try_into().expect("one object");
    let stored = String::from_utf8(aws.object(&bucket, &key).expect("there")).expect("text");
    assert_eq!(stored, rendered.run().succeeds().stdout);
    assert_eq!(versions(&aws), [format!("https://{bucket}.s3.us-east-1.amazonaws.com/{key}")]);
    for part in [catalog["portfolios"][0]["Id"].as_str(), made["id"].as_str(), Some(role.as_str()), Some(key.as_str())]
    {
        assert!(outcome.stdout.contains(part.expect("text")), "{part:?} is not in {}", outcome.stdout);
    }

    let before = state(&aws);
    run.run().succeeds().says(&["nothing to do"]);
    import(&aws, &bucket, "").run().succeeds();
    assert_eq!(writes(&aws), [""; 0]);
    assert_eq!(state(&aws), before);
}

#[test]
fn a_changed_template_makes_exactly_one_version_and_one_that_comes_back_does_again() {
    let (aws, bucket) = account();
    import(&aws, &bucket, "--yes").run().succeeds().says(&["nobody sees the product"]);
    writes(&aws);
    let changed = import(&aws, &bucket, "--yes --stages dev,prod");
    changed.run().succeeds().says(&["added version pa-", "(v2-"]);
    assert_eq!(writes(&aws), ["s3:PutObject", "servicecatalog:CreateProvisioningArtifact"]);
    changed.run().succeeds();
    assert_eq!(writes(&aws), [""; 0]);
    import(&aws, &bucket, "--yes").run().succeeds().says(&["(v3-"]);
    assert_eq!(writes(&aws), ["servicecatalog:CreateProvisioningArtifact"]);
    let all = versions(&aws);
    assert_eq!((all.len(), &all[0]), (3, &all[2]));
    let catalog = aws.whole_catalog();
    let older = catalog["products"][0]["versions"].as_array().expect("versions").iter();
    assert!(older.clone().all(|one| one["detail"]["Active"] == true && one["detail"]["Guidance"] == "DEFAULT"));
}

/// Ends a run at each of its writing calls, before and after it is carried out, and runs it again.
fn ends_the_same_after_every_call(scene: impl Fn() -> (Aws, Run)) {
    let (aws, run) = scene();
    run.run().succeeds();
    let (wanted, calls) = (state(&aws), writes(&aws));
    assert!(calls.len() > 3, "{calls:?}");
    for (at, call) in calls.iter().enumerate() {
        let (_, operation) = call.split_once(':').expect("a service");
        let nth = calls[..=at].iter().filter(|one| *one == call).count();
        for is_done in [false, true] {
            let (aws, run) = scene();
            let fault = aws.fault(operation).nth(nth);
            if is_done {
                fault.does_and_denies();
            } else {
                fault.denies();
            }
            run.run().exits(1).says(&["error: cannot", operation]);
            assert_eq!(writes(&aws).len(), at + 1, "nothing is written after a call that failed");
            aws.forget_faults();
            run.run().succeeds();
            assert_eq!(state(&aws), wanted, "after {call}, done: {is_done}");
            writes(&aws);
            run.run().succeeds();
            assert_eq!(writes(&aws), [""; 0], "after {call}, done: {is_done}");
        }
    }
}

#[test]
fn a_first_import_that_ended_anywhere_ends_the_same_when_it_is_run_again() {
    ends_the_same_after_every_call(|| {
        let (aws, bucket) = account();
        let run = import(&aws, &bucket, "--yes --principal arn:aws:iam:::role/Studio* --principal").with(STUDIO);
        (aws, run)
    });
}

#[test]
fn an_import_over_what_somebody_made_by_hand_does_so_too() {
    ends_the_same_after_every_call(|| {
        let (aws, bucket) = account();
        let (portfolio, product) = made_by_hand(&aws);
        constrain(&aws, &portfolio, &product, &json!({"RoleArn": "arn:aws:iam::111122223333:role/Other"}));
        let run = import(&aws, &bucket, "--yes --principal").with(STUDIO);
        (aws, run)
    });
}

#[test]
fn what_an_ended_import_made_is_taken_up_with_whatever_template() {
    let (aws, bucket) = account();
    aws.fault("CreateProduct").does_and_denies();
    import(&aws, &bucket, "--yes").run().exits(1).says(&["error: cannot create product", "run it again"]);
    aws.forget_faults();
    import(&aws, &bucket, "--yes --stages dev,prod").run().succeeds();
    let catalog = aws.whole_catalog();
    assert_eq!(catalog["products"].as_array().map(Vec::len), Some(1));
    assert_eq!((versions(&aws).len(), catalog["associations"].as_array().map(Vec::len)), (2, Some(1)));
}

#[test]
fn what_somebody_made_by_hand_is_completed_and_otherwise_left() {
    let (aws, bucket) = account();
    let (portfolio, product) = made_by_hand(&aws);
    constrain(&aws, &portfolio, &product, &json!({"RoleArn": "arn:aws:iam::111122223333:role/Other"}));
    let theirs =
        json!({"PortfolioId": portfolio, "PrincipalARN": "arn:aws:iam:::role/Ann", "PrincipalType": "IAM_PATTERN"});
    aws.catalog("AssociatePrincipalWithPortfolio", &theirs);
    let plan = import(&aws, &bucket, "--dry-run --principal").with(STUDIO).run().exits(10);
    assert_snapshot!("plan_over_hand_made", masked(&plan.stdout, &aws));
    assert_eq!(writes(&aws), [""; 0]);

    import(&aws, &bucket, "--yes --principal").with(STUDIO).run().succeeds();
    assert_eq!(
        writes(&aws),
        [
            "s3:PutObject",
            "servicecatalog:UpdateProduct",
            "servicecatalog:CreateProvisioningArtifact",
            "servicecatalog:UpdateConstraint",
            "servicecatalog:AssociatePrincipalWithPortfolio",
        ]
    );
    let catalog = aws.whole_catalog();
    assert_eq!(catalog["products"][0]["tags"], json!({"team": "ml", VISIBLE: "true"}));
    assert_eq!(catalog["products"][0]["versions"].as_array().map(Vec::len), Some(2));
    assert_eq!(catalog["principals"].as_array().map(Vec::len), Some(2));
    assert!(catalog["constraints"][0]["Parameters"].as_str().is_some_and(|text| text.contains(LAUNCH_ROLE)));

    // Somebody's newer version is not what new projects shall get
    let version = json!({"ProductId": product, "IdempotencyToken": "d", "Parameters":
        {"Name": "newer", "Info": {"LoadTemplateFromURL": "https://x/newer.yml"}}});
    aws.catalog("CreateProvisioningArtifact", &version);
    import(&aws, &bucket, "--yes").run().succeeds();
    assert_eq!(writes(&aws), ["servicecatalog:CreateProvisioningArtifact"]);
}

/// What differs from run to run: accounts and digests.
fn masked(text: &str, aws: &Aws) -> String {
    let text = text.replace(aws.account(), "ACCOUNT");
    let digest = regex::Regex::new("[0-9a-f]{64}").expect("valid");
    let text = digest.replace_all(&text, "DIGEST").into_owned();
    let short = regex::Regex::new("(v[0-9]+)-[0-9a-f]{8}").expect("valid");
    short.replace_all(&text, "$1-DIGEST").into_owned()
}

#[test]
fn a_dry_run_and_a_run_without_a_word_write_nothing() {
    let (aws, bucket) = account();
    let plan = import(&aws, &bucket, "--dry-run --principal").with(STUDIO).run().exits(10);
    assert_snapshot!("plan_from_nothing", masked(&plan.stdout, &aws));
    let plan = import(&aws, &bucket, "--dry-run --format json").run().exits(10);
    let plan: Value = serde_json::from_str(&plan.stdout).expect("JSON");
    let subjects = plan["changes"].as_array().expect("changes").len();
    assert_eq!((subjects, &plan["changes"][1]["verb"]), (5, &json!("create")));
    assert_eq!(plan["notes"][0]["severity"], "warning");
    import(&aws, &bucket, "").run().exits(1).says(&["there is no terminal to ask on", "--yes"]);
    assert_eq!(writes(&aws), [""; 0]);
    import(&aws, &bucket, "--yes").run().succeeds();
    import(&aws, &bucket, "--dry-run").run().succeeds().says(&["nothing to do"]);
}

#[test]
fn a_person_is_asked_on_a_terminal() {
    let (aws, bucket) = account();
    let run = import(&aws, &bucket, "");
    let (ended, screen) = on_a_terminal(&run, 200, "n");
    assert_eq!(ended, Some(1), "{screen}");
    assert!(screen.contains("+ create portfolio") && screen.contains("Change these 5 things? [y/N]"), "{screen}");
    assert!(screen.contains("nothing was changed") && screen.contains("the answer was no"), "{screen}");
    assert_eq!(writes(&aws), [""; 0]);
    let (ended, screen) = on_a_terminal(&run, 200, "y");
    assert_eq!(ended, Some(0), "{screen}");
    assert_eq!(writes(&aws).len(), 5);
    let (ended, screen) = on_a_terminal(&run, 200, "n");
    assert_eq!(ended, Some(0), "nobody is asked where there is nothing to do: {screen}");
}

#[test]
fn json_names_all_that_was_made() {
    let (aws, bucket) = account();
    let run = import(&aws, &bucket, "--yes --format json --principal").with(STUDIO);
    let answer = |outcome: Outcome| serde_json::from_str::<Value>(&outcome.stdout).expect("JSON");
    let made = answer(run.run().succeeds());
    let catalog = aws.whole_catalog();
    assert_eq!(made["changes"].as_array().map(Vec::len), Some(6));
    assert_eq!(made["portfolio"], json!({"id": catalog["portfolios"][0]["Id"], "name": PORTFOLIO}));
    assert_eq!(made["product"], json!({"id": catalog["products"][0]["id"], "name": PRODUCT}));
    assert_eq!(made["version"]["id"], catalog["products"][0]["versions"][0]["detail"]["Id"]);
    assert_eq!(made["version"]["url"], catalog["products"][0]["versions"][0]["url"]);
    assert_eq!(made["principals"], json!([STUDIO]));
    let again = answer(run.run().succeeds());
    assert_eq!((&again["changes"], &again["version"]), (&json!([]), &made["version"]));
}

#[test]
fn without_a_launch_role_nothing_is_made() {
    let aws = Aws::new();
    let bucket = aws.bucket("seeds");
    let mut gallery = Gallery::default();
    gallery.add("AWS's own is not there", &import(&aws, &bucket, "--yes").run().exits(1));
    let other = "--yes --launch-role arn:aws:iam::111122223333:role/Launch";
    gallery.add("the named one is not there", &import(&aws, &bucket, other).run().exits(1));
    aws.role("/", "Launch", &["servicecatalog.amazonaws.com"]);
    let mut elsewhere = import(&aws, &bucket, other).run().exits(2);
    elsewhere.stderr = elsewhere.stderr.replace(aws.account(), "444455556666");
    gallery.add("it is another account's", &elsewhere);
    assert_snapshot!("launch_role_missing", gallery.text());
    assert_eq!(writes(&aws), [""; 0]);
    let named = format!("--yes --launch-role arn:aws:iam::{}:role/Launch", aws.account());
    import(&aws, &bucket, &named).run().succeeds().says(&["lacks AWS's policy"]);
}

#[test]
fn what_a_launch_role_may_not_do_is_told_with_the_statement_to_add() {
    let aws = Aws::new();
    let bucket = aws.bucket("seeds");
    aws.role("/service-role/", LAUNCH_ROLE, &["sagemaker.amazonaws.com"]);
    let mut policy = launch_policy(&aws, &bucket);
    policy["Statement"].as_array_mut().expect("statements").retain(|one| one["Sid"] != "ManageLogGroups");
    aws.put_role_policy(aws.account(), LAUNCH_ROLE, "modeldeploy", &policy);
    aws.attach_policy(
        LAUNCH_ROLE,
        "elsewhere",
        &json!({"Version": "2012-10-17", "Statement":
        [{"Effect": "Deny", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/modeldeploy/*")}]}),
    );
    let outcome = import(&aws, &bucket, "--yes").run().succeeds();
    let warnings: Vec<&str> = outcome.stderr.lines().filter(|line| line.starts_with("warning: launch role")).collect();
    assert_eq!(warnings.len(), 4, "{}", outcome.stderr);
    outcome.says(&[
        "does not trust servicecatalog.amazonaws.com",
        r#"hint: add to its trust policy: {"Effect":"Allow","Principal":{"Service":"servicecatalog.amazonaws.com"}"#,
        "lacks AWS's policy",
        r#"may not do all of "ReadSeedAndTemplate""#,
        "s3:GetObject (denied by a statement)\n",
        r#"may not do all of "ManageLogGroups""#,
        "hint: change the statement that denies it\n",
        r#"hint: add to an inline policy of it: {"Sid":"ManageLogGroups""#,
    ]);
}

#[test]
fn a_launch_role_that_cannot_be_looked_at_is_taken_at_its_word() {
    let (aws, bucket) = account();
    let named = format!("--yes --launch-role arn:aws:iam::{}:role/service-role/{LAUNCH_ROLE}", aws.account());
    aws.fault("ListAttachedRolePolicies").denies();
    import(&aws, &bucket, &named).run().succeeds().says(&["may launch is not known", "iam:ListAttachedRolePolicies"]);
    aws.fault("GetRole").denies();
    import(&aws, &bucket, &named).run().succeeds().says(&["could not be looked at", "allow iam:GetRole to"]);
    import(&aws, &bucket, "--yes").run().exits(1).says(&["cannot look at launch role", "allow iam:GetRole to"]);
}

#[test]
fn all_pages_are_turned() {
    let (aws, bucket) = account();
    for number in 0..5 {
        let request = json!({"DisplayName": format!("other {number}"), "ProviderName": "us",
                             "IdempotencyToken": format!("other-{number}")});
        aws.catalog("CreatePortfolio", &request);
    }
    let (portfolio, product_id) = made_by_hand(&aws);
    for number in 0..5 {
        let id = product(&aws, &format!("other {number}"), &format!("other-{number}"));
        aws.catalog("AssociateProductWithPortfolio", &json!({"ProductId": id, "PortfolioId": portfolio}));
        let principal = format!("arn:aws:iam::111122223333:role/other-{number}");
        let principal = json!({"PortfolioId": portfolio, "PrincipalARN": principal, "PrincipalType": "IAM"});
        aws.catalog("AssociatePrincipalWithPortfolio", &principal);
    }
    let principal = json!({"PortfolioId": portfolio, "PrincipalARN": STUDIO, "PrincipalType": "IAM"});
    aws.catalog("AssociatePrincipalWithPortfolio", &principal);
    import(&aws, &bucket, "--yes --principal").with(STUDIO).run().succeeds().says(&[&portfolio, &product_id]);
    assert_eq!(
        writes(&aws),
        [
            "s3:PutObject",
            "servicecatalog:UpdateProduct",
            "servicecatalog:CreateProvisioningArtifact",
            "servicecatalog:CreateConstraint"
        ]
    );
    assert!(aws.all_calls().is_empty());
    import(&aws, &bucket, "").run().succeeds();
    assert_eq!(aws.calls("ListPortfolios").len(), 3);
    assert_eq!(aws.calls("SearchProductsAsAdmin").len(), 3);
}

#[test]
fn a_name_that_others_have_is_no_license_to_take_theirs() {
    let (aws, bucket) = account();
    let (_, theirs) = made_by_hand(&aws);
    // Their product is in a portfolio of theirs
    import(&aws, &bucket, "--yes --portfolio ours").run().succeeds();
    assert_eq!(aws.whole_catalog()["products"].as_array().map(Vec::len), Some(2));
    // By its id, it is meant
    let by_id = format!("--yes --portfolio ours --product {theirs}");
    import(&aws, &bucket, &by_id).run().succeeds().says(&["in other portfolios, too", PORTFOLIO]);
    assert_eq!(aws.whole_catalog()["products"].as_array().map(Vec::len), Some(2));
    // Two of a name in one portfolio
    let clash = import(&aws, &bucket, "--yes --portfolio ours").run().exits(1);
    clash.says(&["error: 2 products are named", "cause: they are prod-", "hint: give the id with --product"]);
}

#[test]
fn a_product_is_waited_for_while_it_is_made() {
    let (aws, bucket) = account();
    aws.catalog_is_slow(1);
    import(&aws, &bucket, "--yes").run().succeeds();
    assert_eq!(writes(&aws).len(), 5);
}

#[test]
fn what_cannot_be_read_is_named_with_the_right_that_is_missing() {
    let (aws, bucket) = account();
    aws.fault("ListPortfolios").denies();
    aws.fault("GetRole").answers_with(RawAnswer::new(500, "text/html", "<html>"));
    let run = import(&aws, &bucket, "--yes").env("AWS_MAX_ATTEMPTS", "1");
    run.run().exits(1).says(&[
        "cannot read the portfolios",
        "allow servicecatalog:ListPortfolios to",
        "cannot look at launch role",
    ]);
    assert_eq!(writes(&aws), [""; 0]);
    let (aws, _) = account();
    let nowhere = Run::new("catalog import --yes --template-bucket no-bucket-of-anybody").aws(&aws);
    nowhere.run().exits(1).says(&["cannot upload the template", "check --template-bucket"]);
    assert_eq!(writes(&aws), ["s3:PutObject"]);
}

#[test]
fn what_cannot_be_imported_ends_with_2() {
    let mut gallery = Gallery::default();
    let usages = [
        ("no bucket", String::new()),
        ("a seed for a connection", "--seed-bucket seeds --source connection".to_owned()),
        ("everything at once", "--template-bucket b --template-prefix a?b --seed-key s3://a/b --portfolio=".to_owned()),
        ("a long product in S3", format!("--template-bucket seeds --s3-template --product {}", "a".repeat(33))),
        ("principals of a template in S3", format!("--template-bucket seeds --s3-template --principal {STUDIO}")),
        ("a domain of a product", "--template-bucket seeds --domain d-1".to_owned()),
        ("no principal", "--template-bucket seeds --principal Studio".to_owned()),
        ("a wildcard with account", "--template-bucket seeds --principal arn:aws:iam::111122223333:role/S*".to_owned()),
        ("no role", "--template-bucket seeds --launch-role Launch".to_owned()),
        ("an offline world", "--template-bucket seeds --offline world.json".to_owned()),
    ];
    for (title, flags) in usages {
        let run =
            Run::new(&format!("catalog import --yes {flags}")).env("AWS_REGION", "us-east-1").env("COLUMNS", "100");
        gallery.add(title, &run.run().exits(2));
    }
    assert_snapshot!("import_errors", gallery.text());
    let help = Run::new("catalog import --help").env("COLUMNS", "100").run().succeeds();
    assert_snapshot!("import_help", help.stdout);
}

#[test]
fn the_page_names_the_rights_for_all_that_is_called_and_no_more() {
    let (aws, bucket) = account();
    let domain = aws.domain("ours");
    import(&aws, &bucket, "--yes --principal").with(STUDIO).run().succeeds();
    import(&aws, &bucket, "--yes --s3-template").run().succeeds();
    aws.tag_object(&bucket, KEY, &[("team", "ml")]);
    import(&aws, &bucket, &format!("--yes --s3-template --domain {domain}")).run().succeeds();
    let mut called: BTreeSet<String> = aws.all_calls().iter().map(|call| call.action.clone()).collect();
    let (aws, bucket) = account();
    let (portfolio, product) = made_by_hand(&aws);
    constrain(&aws, &portfolio, &product, &json!({"LocalRoleName": "Other"}));
    import(&aws, &bucket, "--yes").run().succeeds();
    called.extend(aws.all_calls().iter().map(|call| call.action.clone()));
    // As IAM names them
    let rights: BTreeSet<String> = called
        .into_iter()
        .map(|call| call.replace("HeadObject", "GetObject").replace("BucketCors", "BucketCORS"))
        .collect();

    let page = read_from_project("docs/platform.md");
    let (_, section) = page.split_once("### What the import may have to do").expect("a section");
    let table = section.split("\n\n").nth(1).expect("a table");
    let action = regex::Regex::new("`([a-z0-9]+:[A-Za-z]+)`").expect("valid");
    let named: BTreeSet<String> = action.captures_iter(table).map(|found| found[1].to_owned()).collect();
    assert_eq!(named, rights);
}

const KEY: &str = "modeldeploy/templates/multi-account-model-deployment.yml";
const LOCATION: &str = "sagemaker:projectS3TemplatesLocation";

#[test]
fn a_template_in_s3_is_tagged_and_the_domain_told_where() {
    let (aws, bucket) = account();
    aws.role("/", "Studio", &["sagemaker.amazonaws.com"]);
    let reads = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": format!("arn:aws:iam::*:role/*/{LAUNCH_ROLE}")}]});
    aws.put_role_policy(aws.account(), "Studio", "reads", &reads);
    let domain = aws.domain("ours");
    aws.tag_domain(&domain, "team", "ml");
    aws.put_cors(&bucket, "theirs", "https://example.com");
    let run = import(&aws, &bucket, "--yes --s3-template");
    let plan = import(&aws, &bucket, "--dry-run --s3-template").run().exits(10);
    assert_snapshot!("plan_in_s3", masked(&plan.stdout, &aws).replace(&domain, "DOMAIN"));
    assert_eq!(writes(&aws), [""; 0]);

    let outcome = run.run().succeeds().says(&["S3 Templates", LAUNCH_ROLE]);
    assert!(!outcome.stderr.contains("warning"), "{}", outcome.stderr);
    assert_eq!(writes(&aws), ["s3:PutObject", "s3:PutBucketCors", "sagemaker:AddTags"]);
    assert_eq!(aws.object_tags(&bucket, KEY), [(VISIBLE.to_owned(), "true".to_owned())].into());
    let text = String::from_utf8(aws.object(&bucket, KEY).expect("there")).expect("text");
    assert!(text.contains("SageMakerProjectName"));
    let origins: Vec<String> = aws.cors(&bucket).into_iter().flat_map(|(_, origins)| origins).collect();
    assert_eq!(origins, ["https://example.com", "https://*.sagemaker.aws"]);
    let tags = aws.domain_tags(&domain);
    assert_eq!(tags.get("team").map(String::as_str), Some("ml"));
    assert_eq!(tags.get(LOCATION), Some(&format!("s3://{bucket}/modeldeploy/templates/")));
    assert_eq!(aws.whole_catalog()["products"], json!([]), "Service Catalog is left alone");

    run.run().succeeds().says(&["nothing to do"]);
    assert_eq!(writes(&aws), [""; 0]);
    import(&aws, &bucket, "--yes --s3-template --stages dev,prod").run().succeeds();
    assert_eq!(writes(&aws), ["s3:PutObject"]);

    let again = import(&aws, &bucket, "--yes --s3-template --stages dev,prod --format json").run().succeeds();
    let answer: Value = serde_json::from_str(&again.stdout).expect("JSON");
    assert_eq!((&answer["changes"], &answer["template"]["key"]), (&json!([]), &json!(KEY)));
    assert_eq!(answer["domain"]["id"], domain);
}

#[test]
fn what_projects_and_their_users_will_lack_is_told() {
    let (aws, bucket) = account();
    aws.delete_object(&bucket, SEED);
    let seed = format!("warning: seed zip s3://{bucket}/{SEED} is not there");
    import(&aws, &bucket, "--dry-run").run().exits(10).says(&[&seed, "modeldeploy seed upload"]);
    aws.domain("ours");
    let in_s3 = import(&aws, &bucket, "--dry-run --s3-template");
    in_s3.run().exits(10).says(&[&seed, "may read the template is not known", "iam:ListRolePolicies NoSuchEntity"]);
    aws.role("/", "Studio", &["sagemaker.amazonaws.com"]);
    in_s3.run().exits(10).says(&[
        r#"may not do all of "ReadProjectTemplates""#,
        "not allowed: s3:GetObject, s3:GetObjectTagging; the bucket's own policy",
        r#"may not do all of "ListProjectTemplates""#,
        r#"may not do all of "PassLaunchRole""#,
    ]);
    let id = "--dry-run --portfolio port-abcdefghijklm --product prod-abcdefghijklm";
    import(&aws, &bucket, id).run().exits(1).says(&["no portfolio port-", "no product prod-"]);
}

#[test]
fn only_what_is_missing_of_a_template_in_s3_is_written() {
    let (aws, bucket) = account();
    let domain = aws.domain("ours");
    aws.domain("theirs");
    import(&aws, &bucket, "--yes --s3-template")
        .run()
        .exits(1)
        .says(&["2 SageMaker domains are in us-east-1", "--domain"]);
    assert_eq!(writes(&aws), [""; 0]);
    let run = import(&aws, &bucket, &format!("--yes --s3-template --domain {domain}"));
    run.run().succeeds();
    aws.tag_object(&bucket, KEY, &[("team", "ml"), (VISIBLE, "false")]);
    aws.tag_domain(&domain, LOCATION, "s3://elsewhere/");
    writes(&aws);
    run.run().succeeds().says(&["will no longer show the templates in s3://elsewhere/"]);
    assert_eq!(writes(&aws), ["s3:PutObjectTagging", "sagemaker:AddTags"]);
    let tags = aws.object_tags(&bucket, KEY);
    assert_eq!(tags, [("team".to_owned(), "ml".to_owned()), (VISIBLE.to_owned(), "true".to_owned())].into());
}

#[test]
fn a_template_in_s3_ends_the_same_after_every_call() {
    let scene = || {
        let (aws, bucket) = account();
        let domain = aws.domain("ours");
        aws.put_cors(&bucket, "theirs", "https://example.com");
        (aws, bucket, domain)
    };
    let look = |aws: &Aws, bucket: &str, domain: &str| {
        let state = format!("{:?} {:?} {:?}", aws.object_tags(bucket, KEY), aws.cors(bucket), aws.domain_tags(domain));
        state.replace(aws.account(), "ACCOUNT")
    };
    let (aws, bucket, domain) = scene();
    import(&aws, &bucket, "--yes --s3-template").run().succeeds();
    let wanted = look(&aws, &bucket, &domain);
    for operation in ["PutObject", "PutBucketCors", "AddTags"] {
        for is_done in [false, true] {
            let (aws, bucket, domain) = scene();
            let fault = aws.fault(operation);
            if is_done {
                fault.does_and_denies();
            } else {
                fault.denies();
            }
            let run = import(&aws, &bucket, "--yes --s3-template");
            run.run().exits(1).says(&["error: cannot", "run it again"]);
            aws.forget_faults();
            run.run().succeeds();
            assert_eq!(look(&aws, &bucket, &domain), wanted, "after {operation}, done: {is_done}");
        }
    }
}
