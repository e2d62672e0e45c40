//! How calls to AWS leave the machine: by the proxy of the environment, and trusting the certificates that it names.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use crate::support::{Aws, Run, in_a_repository};

/// A listener that records the first line of each request and answers 502.
struct Recorder {
    url: String,
    lines: Receiver<String>,
}

impl Recorder {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
                let mut first = String::new();
                let mut line = String::new();
                // The head ends with an empty line.
                while reader.read_line(&mut line).is_ok_and(|length| length > 2) {
                    if first.is_empty() {
                        line.trim_end().clone_into(&mut first);
                    }
                    line.clear();
                }
                if sender.send(first).is_err() {
                    return;
                }
                _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        Self { url, lines }
    }

    /// What came until now.
    fn lines(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }
}

/// A build in a repository, with credentials and no world: its first call goes to AWS, once.
fn build() -> Run {
    in_a_repository("build")
        .without_env("MODELDEPLOY_OFFLINE")
        .env("SAGEMAKER_PROJECT_NAME", "iris")
        .env("SAGEMAKER_PROJECT_ID", "p-abc123")
        .env("SOURCE_MODEL_PACKAGE_GROUP_NAME", "iris-models")
        .env("ARTIFACT_BUCKET", "artifacts")
        .env("SAGEMAKER_EXECUTION_ROLE_STAGING_NAME", "iris-staging-role")
        .env("SAGEMAKER_EXECUTION_ROLE_PROD_NAME", "iris-prod-role")
        .env("ORGANIZATIONAL_UNIT_STAGING_ID", "ou-ab12-stagings")
        .env("ORGANIZATIONAL_UNIT_PROD_ID", "ou-ab12-products")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE000000000")
        .env("AWS_SECRET_ACCESS_KEY", "a-secret-access-key-for-nothing-at-all-0")
        .env("AWS_MAX_ATTEMPTS", "1")
}

#[test]
fn calls_to_aws_go_through_the_https_proxy() {
    let proxy = Recorder::start();
    build().env("HTTPS_PROXY", &proxy.url).run().exits(1).says(&["error: ", "cause: ", "the proxy"]);
    let lines = proxy.lines();
    assert!(!lines.is_empty(), "nothing came to the proxy");
    for line in lines {
        assert!(line.starts_with("CONNECT ") && line.contains(".amazonaws.com:443 "), "{line}");
    }
}

#[test]
fn an_address_in_no_proxy_is_asked_directly() {
    let (proxy, endpoint) = (Recorder::start(), Recorder::start());
    let build = build().env("HTTP_PROXY", &proxy.url).env("AWS_ENDPOINT_URL", &endpoint.url);
    build.clone().env("NO_PROXY", "127.0.0.1").run().exits(1);
    assert_eq!(proxy.lines(), Vec::<String>::new());
    let lines = endpoint.lines();
    assert!(!lines.is_empty() && lines.iter().all(|line| line.starts_with("POST / ")), "{lines:?}");

    // Without it, the same calls go through the proxy.
    build.run().exits(1);
    assert_eq!(endpoint.lines(), Vec::<String>::new());
    let lines = proxy.lines();
    let through = format!("POST {}/", endpoint.url);
    assert!(!lines.is_empty() && lines.iter().all(|line| line.starts_with(&through)), "{lines:?}");
}

#[test]
fn certificates_that_cannot_be_used_are_found_before_any_call() {
    let proxy = Recorder::start();
    let build = build()
        .env("HTTPS_PROXY", &proxy.url)
        .file("empty.pem", "")
        .file("text.pem", "these are no certificates\n")
        .file("broken.pem", "-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n");
    for name in ["missing.pem", "empty.pem", "text.pem", "broken.pem"] {
        let outcome = build.clone().env("AWS_CA_BUNDLE", name).run();
        assert!(!outcome.stderr.contains("panicked"), "{name}: {}", outcome.stderr);
        outcome.exits(2).says(&["error: ", "AWS_CA_BUNDLE", name]);
    }
    assert_eq!(proxy.lines(), Vec::<String>::new());
    // An empty variable is none.
    build.env("AWS_CA_BUNDLE", "").run().exits(1);
    assert!(!proxy.lines().is_empty());
}

/// An import that looks at IAM, S3 and Service Catalog, by way of a proxy that notes whom it calls.
fn import(proxy: &Recorder) -> Run {
    Run::new("catalog import --seed-bucket seeds --seed-key seed.zip --dry-run")
        .env("HTTPS_PROXY", &proxy.url)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE000000000")
        .env("AWS_SECRET_ACCESS_KEY", "a-secret-access-key-for-nothing-at-all-0")
        .env("AWS_MAX_ATTEMPTS", "1")
}

/// The hosts that were called, each once.
fn hosts(proxy: &Recorder) -> BTreeSet<String> {
    let host = |line: String| line.trim_start_matches("CONNECT ").trim_end_matches(":443 HTTP/1.1").to_owned();
    proxy.lines().into_iter().map(host).collect()
}

#[test]
fn fips_and_dual_stack_reach_every_service_by_variable_and_by_profile() {
    let proxy = Recorder::start();
    for (variables, profile, wanted) in [
        (
            &[][..],
            "",
            ["iam.amazonaws.com", "seeds.s3.eu-west-1.amazonaws.com", "servicecatalog.eu-west-1.amazonaws.com"],
        ),
        (
            &["AWS_USE_DUALSTACK_ENDPOINT"],
            "use_dualstack_endpoint = true",
            ["iam.global.api.aws", "seeds.s3.dualstack.eu-west-1.amazonaws.com", "servicecatalog.eu-west-1.api.aws"],
        ),
        (
            &["AWS_USE_FIPS_ENDPOINT"],
            "use_fips_endpoint = true",
            [
                "iam-fips.amazonaws.com",
                "seeds.s3-fips.eu-west-1.amazonaws.com",
                "servicecatalog-fips.eu-west-1.amazonaws.com",
            ],
        ),
    ] {
        let wanted = BTreeSet::from(wanted.map(str::to_owned));
        let import = import(&proxy);
        variables.iter().fold(import.clone(), |import, name| import.env(name, "true")).run().exits(1);
        assert_eq!(hosts(&proxy), wanted);
        let config = format!("[default]\n{profile}\n");
        import.file("config", config).env("AWS_CONFIG_FILE", "config").run().exits(1);
        assert_eq!(hosts(&proxy), wanted);
    }
}

#[test]
fn where_services_are_called_elsewhere_fips_and_dual_stack_count_for_nothing() {
    let aws = Aws::with_project();
    let both = |run: Run| run.env("AWS_USE_FIPS_ENDPOINT", "true").env("AWS_USE_DUALSTACK_ENDPOINT", "true");
    both(Run::new("build --dry-run").in_project(&aws)).run().succeeds();
    // By a profile, too
    let config = "[default]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n";
    let profile = Run::new("resolve").in_project(&aws).file("config", config);
    profile.env("AWS_CONFIG_FILE", "config").run().succeeds();
}

#[test]
fn in_govcloud_organizations_have_one_host_with_fips_and_without() {
    let proxy = Recorder::start();
    let config = r#"[{"ParameterKey": "StageName", "ParameterValue": "staging"},
                     {"ParameterKey": "SageMakerProjectName", "ParameterValue": "churn"}]"#;
    let test = import(&proxy)
        .then("test --organizational-unit ou-ab12-stagings --role-name tester --build-config config.json --cases c.yml")
        .file("config.json", config)
        .file("c.yml", "version: 1\ncases: []\n")
        .env("AWS_REGION", "us-gov-east-1");
    for fips in ["false", "true"] {
        test.clone().env("AWS_USE_FIPS_ENDPOINT", fips).run();
        let hosts = hosts(&proxy);
        assert!(hosts.contains("organizations.us-gov-west-1.amazonaws.com"), "{hosts:?}");
    }
}

#[test]
fn a_region_that_is_no_part_of_a_host_name_is_refused_before_any_call() {
    let proxy = Recorder::start();
    let import = import(&proxy);
    let refused = |run: Run, source: &str| {
        let cause = "cause: \"x@elsewhere.example/\" is not a Region name: ";
        run.run().exits(2).says(&[&format!("error: {source} cannot be used"), cause, "hint: "]);
    };
    let nowhere = "x@elsewhere.example/";
    refused(import.clone().env("AWS_REGION", nowhere), "--region (AWS_REGION)");
    refused(import.clone().with("--region").with(nowhere), "--region (AWS_REGION)");
    let unset = import.without_env("AWS_REGION");
    refused(unset.clone().env("AWS_DEFAULT_REGION", nowhere), "AWS_DEFAULT_REGION");
    let profile = unset.file("config", format!("[default]\nregion = {nowhere}\n")).env("AWS_CONFIG_FILE", "config");
    refused(profile.clone(), "config:2:10: region");
    let regions = profile.then("test").with("--regions").with(format!("us-east-1,{nowhere}"));
    regions.run().exits(2).says(&["for '--regions <REGIONS>'", "is not a Region name"]);
    assert_eq!(proxy.lines(), Vec::<String>::new());
}
