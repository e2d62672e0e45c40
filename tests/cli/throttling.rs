//! A busy AWS: short pauses, the time that it asks for, the attempts that are set, and one rate for many accounts.

use std::time::{Duration, Instant};

use crate::support::{Aws, Run};

fn takes(run: &Run) -> Duration {
    let started = Instant::now();
    run.run().succeeds();
    started.elapsed()
}

#[test]
fn calls_that_are_throttled_again_and_again_cost_seconds() {
    let aws = Aws::with_project();
    let test = aws.deployed(&["one"]);
    for operation in ["ListAccountsForParent", "AssumeRole", "DescribeEndpoint", "DescribeModel"] {
        aws.fault(operation).first(3).throttles();
    }
    // Each waits 1.4 s at most; the SDK's adaptive mode took 60 s for one.
    let took = takes(&test);
    assert!(took < Duration::from_secs(30), "{took:?}");
}

#[test]
fn a_service_that_says_when_to_come_back_is_heeded() {
    for (header, value) in [("retry-after", "2"), ("x-amz-retry-after", "2000")] {
        let aws = Aws::with_project();
        aws.fault("ListModelPackages").first(1).throttles_until(header, value);
        let took = takes(&Run::new("build").in_project(&aws));
        assert!(took >= Duration::from_secs(2), "{header}: {took:?}");
        assert_eq!(aws.calls("ListModelPackages").len(), 2);
    }
}

#[test]
fn attempts_are_those_that_a_variable_or_a_profile_sets() {
    let aws = Aws::with_project();
    aws.fault("ListModelPackages").throttles();
    let build = Run::new("build").in_project(&aws);
    let in_profile = |name: &str, settings: &str| {
        let run = build.clone().file(name, format!("[default]\n{settings}\n"));
        let place = run.folder().join(name).display().to_string();
        run.env("AWS_CONFIG_FILE", place)
    };
    for (run, attempts) in [
        (build.clone().env("AWS_MAX_ATTEMPTS", "1"), 1),
        (build.clone().env("AWS_MAX_ATTEMPTS", "4"), 4),
        (in_profile("attempts", "max_attempts = 3"), 3),
        (in_profile("mode", "retry_mode = standard\nmax_attempts = 2"), 2),
    ] {
        aws.forget_calls();
        run.run().exits(1).says(&["sagemaker:ListModelPackages ThrottlingException: Rate exceeded (request "]);
        assert_eq!(aws.calls("ListModelPackages").len(), attempts);
    }
}

#[test]
fn accounts_that_are_throttled_together_keep_to_one_rate() {
    const ACCOUNTS: usize = 30;
    let aws = Aws::new().with_unit("staging", ACCOUNTS).with_unit("prod", 1).with_packages(["Approved"]);
    let test = aws.deployed(&["one"]).with("--concurrency").with(ACCOUNTS.to_string());
    aws.fault("AssumeRole").takes(20.0, 5.0);
    let took = takes(&test);
    assert!(took >= Duration::from_secs(1), "the rate is the service's: {took:?}");
    // At first all call at once; then few are too early.
    let calls = aws.calls("AssumeRole").len();
    assert!(calls < ACCOUNTS * 5 / 2, "{calls} calls for {ACCOUNTS} accounts");
}

#[test]
fn one_throttled_account_holds_up_no_other_one() {
    let aws = Aws::with_project();
    let test = aws.deployed(&["one"]);
    let accounts = aws.staging_accounts();
    aws.fault("DescribeEndpoint").in_account(&accounts[0]).first(4).throttles();
    test.run().succeeds();
    let calls = aws.all_calls();
    let position = |operation: &str, account: &str| {
        let found = calls.iter().rposition(|call| call.operation() == operation && call.account == account);
        found.unwrap_or_else(|| panic!("no {operation} in {account}"))
    };
    assert!(position("InvokeEndpoint", &accounts[1]) < position("DescribeEndpoint", &accounts[0]));
}
