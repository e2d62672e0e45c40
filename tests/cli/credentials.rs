//! Credentials, Regions and networks, good and bad: who the command is, and where its calls go.

use std::path::Path;
use std::process::Command;

use crate::support::{Aws, Run, any_python};

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
