//! Where calls go, held to AWS's own endpoint rules as the botocore of tests/requirements.txt evaluates them: in every
//! Region of every partition and in one that does not exist yet, with FIPS and dual stack and without.

use std::process::Command;

use modeldeploy::cloud::aws::{Service, ServiceEndpoint};
use serde_json::Value;

use crate::support::test_python;

/// What the rules say of one service in one Region.
struct Rule {
    service: String,
    region: String,
    fips: bool,
    dual_stack: bool,
    /// None where the rules refuse.
    place: Option<ServiceEndpoint>,
}

fn rules() -> Vec<Rule> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/models/generate.py");
    let printed = Command::new(test_python()).args([script, "--hosts"]).output().expect("Python runs");
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let rows: Vec<Value> = serde_json::from_slice(&printed.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let rule = |row: &Value| Rule {
        service: text(&row["service"]).expect("a service"),
        region: text(&row["region"]).expect("a Region"),
        fips: row["fips"] == true,
        dual_stack: row["dualStack"] == true,
        place: text(&row["host"]).zip(text(&row["signedFor"])).map(|(host, region)| ServiceEndpoint { host, region }),
    };
    rows.iter().map(rule).collect()
}

#[test]
fn services_without_a_client_of_the_sdk_are_called_where_aws_rules_have_them() {
    let rules = rules();
    for service in Service::ALL.iter().copied() {
        let of: Vec<&Rule> = rules.iter().filter(|rule| rule.service == service.id()).collect();
        assert!(of.len() > 200, "{service:?}: {} rules", of.len());
        for Rule { region, fips, dual_stack, place, .. } in of {
            let found = service.place(region, *fips, *dual_stack);
            assert_eq!(found, *place, "{service:?} in {region}, FIPS {fips}, dual stack {dual_stack}");
        }
    }
}

macro_rules! host_of_sdk {
    ($sdk:ident, $rule:ident) => {{
        use $sdk::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
        let Rule { region, fips, dual_stack, .. } = $rule;
        let params = Params::builder().region(region.clone()).use_fips(*fips).use_dual_stack(*dual_stack).build();
        let endpoint = DefaultResolver::new().resolve_endpoint(&params.expect("a Region")).await;
        endpoint.ok().map(|endpoint| endpoint.url().trim_start_matches("https://").to_owned())
    }};
}

#[tokio::test]
async fn clients_of_the_sdk_call_where_aws_rules_have_them() {
    let mut seen = 0;
    for rule in &rules() {
        let host = match rule.service.as_str() {
            "S3" => host_of_sdk!(aws_sdk_s3, rule),
            "SageMaker" => host_of_sdk!(aws_sdk_sagemaker, rule),
            "SageMaker Runtime" => host_of_sdk!(aws_sdk_sagemakerruntime, rule),
            "STS" => host_of_sdk!(aws_sdk_sts, rule),
            _ => continue,
        };
        seen += 1;
        let Rule { service, region, fips, dual_stack, place } = rule;
        let wanted = place.as_ref().map(|place| place.host.clone());
        assert_eq!(host, wanted, "{service} in {region}, FIPS {fips}, dual stack {dual_stack}");
    }
    assert!(seen > 800, "{seen} rules");
}
