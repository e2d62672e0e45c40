//! Credentials, Regions and networks, good and bad: who the command is, and where its calls go.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::support::{ACCESS_KEY, Aws, Run, SECRET_KEY, SESSION_TOKEN, any_python, on_a_terminal};

const NO_CREDENTIALS: &str = "hint: give credentials: a profile (AWS_PROFILE), the AWS_ACCESS_KEY_ID variables, or the \
                              build's service role; with --offline none are needed";

#[test]
fn the_credentials_of_a_build_container_are_found() {
    let aws = Aws::with_project();
    let test =
        aws.deployed(&["one"]).without_credentials().env("AWS_CONTAINER_CREDENTIALS_FULL_URI", aws.credentials_url());
    test.run().succeeds();
    test.then("build").run().succeeds();
    let denied = test.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/nothing-here", aws.url()));
    denied.then("build").run().exits(1).says(&["error: ", "cause: ", NO_CREDENTIALS]);
}

#[test]
fn with_no_credentials_at_all_no_call_is_made_and_the_hint_says_what_to_give() {
    let aws = Aws::with_project();
    let test = aws.deployed(&["one"]).without_credentials();
    test.then("build").run().exits(1).says(&["cause: ", "no credentials", NO_CREDENTIALS]);
    let outcome = test.run().exits(1).says(&["error: cannot list the accounts of unit ", NO_CREDENTIALS]);
    assert_eq!(outcome.json("test-results.json")["success"], false);
    assert_eq!(aws.all_calls().len(), 0);
}

#[test]
fn credentials_that_aws_does_not_know_are_named_as_the_cause() {
    let aws = Aws::with_project();
    let message = "The security token included in the request is invalid.";
    aws.fault("DescribeModelPackageGroup").fails(400, "UnrecognizedClientException", message);
    let build = Run::new("build").in_project(&aws);
    let cause = format!("cause: sagemaker:DescribeModelPackageGroup UnrecognizedClientException: {message}");
    build.run().exits(1).says(&[&cause, NO_CREDENTIALS]);
}

#[test]
fn a_token_that_is_no_file_is_refused() {
    let aws = Aws::with_project();
    let build = aws.deployed(&["one"]).without_credentials().then("build");
    let build = build.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", aws.credentials_url());
    assert!(Command::new("mkfifo").arg(build.folder().join("pipe")).status().expect("runs").success());
    for file in ["pipe", "/dev/zero"] {
        let cause = format!("cannot read the token {file}: it is not a regular file");
        build.clone().env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file).run().exits(1).says(&["cause: ", &cause]);
    }
}

#[test]
fn the_question_for_a_code_ends_at_the_deadline() {
    let profile = "[profile p]\nrole_arn = arn:aws:iam::111111111111:role/r\nsource_profile = s\n\
                   mfa_serial = arn:aws:iam::111111111111:mfa/u\n[profile s]\naws_access_key_id = AKIA\n\
                   aws_secret_access_key = 0123456789\n";
    let run = Run::new("test --color never --accounts 111111111111 --role-name r --deadline")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_PROFILE", "p")
        .file(".aws/config", profile)
        .file("staging-config-export.json", r#"{"Parameters": {"SageMakerProjectName": "a", "StageName": "b"}}"#)
        .file("test/cases.yml", "version: 1\ncases: [{name: one, body: x}]\n");
    let (code, screen) = on_a_terminal(&run.with("2s"), 100, "nobody answers");
    assert_eq!(code, Some(1), "{screen}");
    for part in ["Code of the MFA device", "cause: the run was ended by its deadline", "is in test-results.json"] {
        assert!(screen.contains(part), "\"{part}\" is not in:\n{screen}");
    }
}

#[test]
fn a_command_for_credentials_has_bounds_and_says_nothing_to_the_terminal() {
    let run = |command: &str| {
        let run = Run::new("resolve --model-package-group a").env("AWS_REGION", "us-east-1").env("AWS_PROFILE", "p");
        run.file(".aws/config", format!("[profile p]\ncredential_process = {command}\n")).run().exits(1)
    };
    run("yes").says(&["cause: credential_process: it printed more than 65536 bytes, which are no credentials"]);
    let outcome = run("printf 'no\\033[2J key\\nerror: forged\\n' >&2; exit 3");
    assert!(!outcome.stderr.contains('\u{1b}') && !outcome.stderr.contains("\nerror: forged"), "{}", outcome.stderr);
    outcome.says(&["credential_process: it ended with exit status: 3: no", " key"]);
}

#[test]
fn expired_credentials_end_a_build() {
    let aws = Aws::with_project();
    aws.fault("ListModelPackages").expires_the_token();
    Run::new("build").in_project(&aws).run().exits(1).says(&[
        "cause: sagemaker:ListModelPackages ExpiredTokenException: The security token included in the request is expired",
        "hint: get fresh credentials; in CodeBuild, start the build again",
    ]);
}

#[test]
fn without_a_region_nothing_is_called() {
    let aws = Aws::with_project();
    let build = Run::new("build").in_project(&aws);
    let hint = "hint: set AWS_REGION or --region";
    build.clone().without_env("AWS_REGION").run().exits(2).says(&["error: no AWS Region is set", hint]);
    build.clone().env("AWS_REGION", "").run().exits(2).says(&["error: no AWS Region is set", hint]);
    assert_eq!(aws.all_calls().len(), 0);
    build.without_env("AWS_REGION").with("--region").with("us-east-1").run().succeeds();
}

#[test]
fn in_the_wrong_region_the_region_is_named() {
    let aws = Aws::with_project();
    let test = aws.deployed(&["one"]).env("AWS_REGION", "eu-west-1");
    let outcome = test.run().exits(3);
    let results = outcome.json("test-results.json");
    assert_eq!(
        results["accounts"][1]["errors"][0]["message"],
        "there is no endpoint churn-staging in Region eu-west-1"
    );
    let build = test.then("build --no-group-policy");
    build
        .run()
        .exits(1)
        .says(&["error: model package group \"churn-models\" does not exist", "looked in Region eu-west-1"]);
}

#[test]
fn an_address_that_nobody_answers_at_is_named_with_what_to_check() {
    let aws = Aws::with_project();
    let build = Run::new("build").in_project(&aws).env("AWS_MAX_ATTEMPTS", "1");
    // The port of a listener that is gone; `.invalid` never resolves (RFC 2606).
    let gone = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    for url in [format!("http://{gone}"), "http://aws.invalid".to_owned()] {
        build.clone().env("AWS_ENDPOINT_URL", url).run().exits(1).says(&[
            "error: cannot ",
            "cause: ",
            "hint: check the Region, the network and the proxy (AWS_REGION, HTTPS_PROXY, AWS_ENDPOINT_URL) (Region us-east-1)",
        ]);
    }
    assert_eq!(aws.all_calls().len(), 0);
}

/// The scenarios and what botocore asks for in them are data of tests/credentials, which `make credentials` renews.
#[test]
fn variables_and_profiles_mean_what_they_mean_to_botocore() {
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/credentials/run.py");
    let compared =
        Command::new(any_python()).arg(run).arg(env!("CARGO_BIN_EXE_modeldeploy")).output().expect("it starts");
    let said = String::from_utf8_lossy(&compared.stdout);
    let errors = String::from_utf8_lossy(&compared.stderr);
    assert!(compared.status.success() && said.contains(", 0 differ\n"), "{said}{errors}");
}

/// What the SDK reads of variables by itself, in these versions: `"AWS_..."` and `HOME` in the sources of its crates. With
/// another version, look at them again.
const SDK: [(&str, &str); 4] =
    [("aws-config", "1.13.0"), ("aws-runtime", "1.10.2"), ("aws-types", "1.7.0"), ("aws-sdk-s3", "1.157.0")];
const OF_THE_SDK: &str = "\
AWS_ACCESS_KEY_ID AWS_ACCOUNT_ID AWS_ACCOUNT_ID_ENDPOINT_MODE AWS_AUTH_SCHEME_PREFERENCE AWS_CONFIG_FILE \
AWS_CONTAINER_AUTHORIZATION_TOKEN AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_FULL_URI \
AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_DEFAULT_REGION AWS_DISABLE_CLOCK_SKEW_CORRECTION \
AWS_DISABLE_REQUEST_COMPRESSION AWS_EC2_METADATA_DISABLED AWS_EC2_METADATA_SERVICE_ENDPOINT \
AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE AWS_ENDPOINT_URL AWS_EXECUTION_ENV AWS_IGNORE_CONFIGURED_ENDPOINT_URLS \
AWS_LAMBDA_FUNCTION_NAME AWS_LOGIN_CACHE_DIRECTORY AWS_MAX_ATTEMPTS AWS_NEW_RETRIES_2026 AWS_PROFILE AWS_REGION \
AWS_REQUEST_CHECKSUM_CALCULATION AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES AWS_RESPONSE_CHECKSUM_VALIDATION \
AWS_RETRY_MODE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME AWS_S3_DISABLE_EXPRESS_SESSION_AUTH \
AWS_SDK_RUST_BUILD_UA_METADATA AWS_SDK_UA_APP_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN \
AWS_SHARED_CREDENTIALS_FILE AWS_SIGV4A_SIGNING_REGION_SET AWS_USE_DUALSTACK_ENDPOINT AWS_USE_FIPS_ENDPOINT \
AWS_WEB_IDENTITY_TOKEN_FILE";
const OF_NETWORKS: &str = "\
HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy REQUESTS_CA_BUNDLE SSL_CERT_FILE \
SSL_CERT_DIR NO_COLOR COLUMNS TERM CFN_TEMPLATE_NAME MODEL_PACKAGE_GROUP_NAME";

/// Every variable that this program names: AWS's in its sources, flags' and its own.
fn variables_of_ours() -> BTreeSet<String> {
    let named =
        regex::Regex::new("\"((?:AWS|MODELDEPLOY|CODEBUILD|SAGEMAKER|ORGANIZATIONAL)_[A-Z0-9_]+)\"").expect("valid");
    let mut found = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("readable").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                found.extend(named.captures_iter(&text).map(|one| one[1].to_owned()));
            }
        }
    }
    let whole = modeldeploy::cli::command();
    for command in std::iter::once(&whole).chain(whole.get_subcommands()) {
        found.extend(command.get_arguments().filter_map(|one| one.get_env()?.to_str().map(str::to_owned)));
    }
    found
}

#[test]
fn every_variable_that_is_set_to_nothing_counts_as_not_set() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).expect("readable");
    for (name, version) in SDK {
        let locked = lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n"));
        assert!(locked, "{name} is no longer {version}: look at which variables it reads");
    }
    let aws = Aws::with_project();
    let project = Run::new("build --dry-run").in_project(&aws).without_env("CODEBUILD_BUILD_ID");
    let config = format!(
        "[default]\nregion = us-east-1\nendpoint_url = {}\naws_access_key_id = {ACCESS_KEY}\n\
         aws_secret_access_key = {SECRET_KEY}\naws_session_token = {SESSION_TOKEN}\n",
        aws.url()
    );
    let outcome = project.run().succeeds();
    // The variables that the project needs are given by flags and by the profile.
    let mut run = project.file(".aws/config", config);
    for (flag, value) in [
        ("--project-name", "churn"),
        ("--project-id", "p-abc123"),
        ("--model-package-group", crate::support::GROUP),
        ("--artifact-bucket", "artifacts"),
    ] {
        run = run.with(flag).with(value);
    }
    let needed = ["ORGANIZATIONAL_UNIT_", "SAGEMAKER_EXECUTION_ROLE_"];
    let ours = variables_of_ours();
    assert!(ours.len() > 50, "{ours:?}");
    let names = ours.iter().map(String::as_str).chain(OF_THE_SDK.split(' ')).chain(OF_NETWORKS.split(' '));
    let names = names.filter(|name| !needed.iter().any(|begin| name.starts_with(begin)));
    let run = names.fold(run, |run, name| run.env(name, ""));
    assert_eq!(run.run().succeeds().stdout, outcome.stdout);
}
