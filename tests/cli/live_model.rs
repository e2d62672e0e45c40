//! The proof of the live model: what an endpoint really serves, in whatever way its config says it.
//!
//! moto has no instance pools, shadow variants, inference components or running images: its answers are changed, or
//! stand-ins (see support/aws.rs).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::{Aws, Deployment, ENDPOINT, GROUP, RawAnswer, Run, account_of, tells};

const INVOKED: &str = "version: 1\ncases: [{name: one, body: one, expect: {json: [{path: $.label, equals: one}]}}]\n";

/// One account with the endpoint, and the test of it with these cases.
fn deployed(cases: &str) -> (Aws, Run) {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(["Approved"]);
    let test = aws.deployed(&["one"]).file("test/cases.yml", cases);
    (aws, test)
}

/// The only staging account's id.
fn account(aws: &Aws) -> &str {
    &aws.accounts("staging")[0]
}

/// The properties of the suites in JUnit XML.
fn properties(xml: &str) -> BTreeMap<String, String> {
    let document = roxmltree::Document::parse(xml).expect("well-formed XML");
    let properties = document.descendants().filter(|node| node.has_tag_name("property"));
    let attribute = |node: &roxmltree::Node, name: &str| node.attribute(name).expect("an attribute").to_owned();
    properties.map(|node| (attribute(&node, "name"), attribute(&node, "value"))).collect()
}

/// One account whose endpoint serves version 1, while the build chose version 2.
fn serving_the_former_version() -> (Aws, Run) {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(["Approved", "Approved"]);
    let test = aws.deployed(&["one"]);
    let former = Deployment::exported(&test, "staging-config-export.json").serving(aws.package(1));
    aws.roll_out(&former, aws.accounts("staging"));
    (aws, test)
}

/// A shadow variant beside the production variant, whose model is that one; moto's endpoints have no shadow.
fn add_shadow(aws: &Aws, model: &'static str) {
    aws.fault("DescribeEndpointConfig").changes(move |config: &mut Value| {
        let shadow = json!({"VariantName": "Shadow", "ModelName": model, "InitialInstanceCount": 1});
        config["ShadowProductionVariants"] = json!([shadow]);
    });
    aws.fault("DescribeEndpoint").changes(|endpoint: &mut Value| {
        endpoint["ShadowProductionVariants"] = json!([{"VariantName": "Shadow"}]);
    });
}

#[test]
fn a_production_variant_of_another_version_is_not_hidden_behind_a_shadow() {
    let (aws, test) = serving_the_former_version();
    aws.add_model(account(&aws), "shadow-model", &aws.package(2));
    add_shadow(&aws, "shadow-model");
    let test = test.with("--junit").with("junit.xml").with("--html").with("page.html");
    let outcome = test.run().exits(3);
    let results = account_of(&outcome);
    assert_eq!(results["liveModelMatches"], false);
    tells(&results["errors"], "live_model_mismatch", &["AllTraffic", &aws.package(1), "--live-as shadow"]);
    assert_eq!(results["errors"].as_array().map(Vec::len), Some(1));
    assert_eq!(results["cases"][0]["success"], true, "the cases run all the same");

    // It is meant to be the shadow. Who serves what is told all the same.
    let outcome = test.clone().env("MODELDEPLOY_LIVE_AS", "shadow").run().succeeds();
    let outcome = outcome.says(&["production variant AllTraffic serves", &aws.package(1), "instead of the package"]);
    let report = outcome.json("test-results.json");
    let results = account_of(&outcome);
    assert_eq!((&results["liveModelMatches"], &report["liveAs"]), (&json!(true), &json!("shadow")));
    assert_eq!(results["liveModelPackageArns"], json!([aws.package(1), aws.package(2)]));
    let told = |variant: usize| {
        let variant = &results["variants"][variant];
        (variant["role"].clone(), variant["serves"].clone(), variant["parts"][0]["modelPackageArns"].clone())
    };
    assert_eq!(told(0), (json!("production"), json!("other"), json!([aws.package(1)])));
    assert_eq!(told(1), (json!("shadow"), json!("package"), json!([aws.package(2)])));
    let properties = properties(&outcome.text("junit.xml"));
    let production = format!("serves {} instead of the package (model the-model)", aws.package(1));
    assert_eq!(properties["production variant AllTraffic"], production);
    assert_eq!(properties["shadow variant Shadow"], "serves the package (model shadow-model)");
    let page = outcome.text("page.html");
    for said in ["the others serve something else", "<p>serves something else</p>", "<p>serves the package</p>"] {
        assert!(page.contains(said), "{said}");
    }
    test.clone().with("--live-as").with("both").run().exits(3);

    // Nothing of it is live.
    aws.forget_faults();
    add_shadow(&aws, "the-model");
    for live_as in ["production", "shadow"] {
        let results = account_of(&test.clone().with("--live-as").with(live_as).run().exits(3));
        assert_eq!(results["errors"].as_array().map(Vec::len), Some(1), "{live_as}");
        tells(&results["errors"], "live_model_mismatch", &[&aws.package(1), &aws.package(2)]);
    }
}

#[test]
fn a_shadow_may_serve_another_version_than_production() {
    let (aws, test) = deployed(INVOKED);
    aws.add_model(account(&aws), "challenger", &aws.package(1).replace("/1", "/9"));
    add_shadow(&aws, "challenger");
    let results = account_of(&test.run().succeeds());
    assert_eq!((&results["liveModelMatches"], &results["variants"][1]["serves"]), (&json!(true), &json!("other")));
}

/// The endpoint's variant with these pools: instance types, each with the model that it names.
fn pooled(pools: &'static [(&'static str, Option<&'static str>)], own: bool) -> impl Fn(&mut Value) + Send + Sync {
    move |config: &mut Value| {
        let variant = config["ProductionVariants"][0].as_object_mut().expect("a variant");
        variant.remove("InstanceType");
        if !own {
            variant.remove("ModelName");
        }
        let pools = pools.iter().zip(1..).map(|((instance_type, model), priority)| {
            let mut pool = json!({"InstanceType": instance_type, "Priority": priority});
            if let Some(model) = model {
                pool["ModelNameOverride"] = json!(model);
            }
            pool
        });
        variant.insert("InstancePools".to_owned(), pools.collect());
    }
}

#[test]
fn every_instance_pool_is_followed_to_its_model() {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(["Approved", "Approved"]);
    let test = aws.deployed(&["one"]).with("--junit").with("junit.xml");
    aws.add_model(account(&aws), "cpu-model", &aws.package(2));
    aws.add_model(account(&aws), "former-model", &aws.package(1));
    let tested = |pools, own| {
        aws.forget_faults();
        aws.fault("DescribeEndpointConfig").changes(pooled(pools, own));
        test.run()
    };
    let good = tested(&[("ml.g6.xlarge", None), ("ml.c7i.xlarge", Some("cpu-model"))], true).succeeds();
    assert_eq!(account_of(&good)["variants"][0]["modelNames"], json!(["the-model", "cpu-model"]));
    // The variant's own model runs nowhere then.
    tested(&[("ml.g6.xlarge", Some("the-model")), ("ml.c7i.xlarge", Some("cpu-model"))], false).succeeds();

    let bad = tested(&[("ml.g6.xlarge", None), ("ml.c7i.xlarge", Some("former-model"))], true).exits(3);
    let results = account_of(&bad);
    assert_eq!(results["liveModelMatches"], false);
    let parts = ["pool ml.c7i.xlarge of variant AllTraffic serves", &aws.package(1), "(model former-model)"];
    tells(&results["errors"], "live_model_mismatch", &parts);
    let properties = properties(&bad.text("junit.xml"));
    assert_eq!(properties["production variant AllTraffic, pool ml.g6.xlarge"], "serves the package (model the-model)");
    assert!(properties["production variant AllTraffic, pool ml.c7i.xlarge"].contains("instead of the package"));

    // One of the pools has no model at all.
    aws.forget_faults();
    let pools = &[("ml.g6.xlarge", None), ("ml.c7i.xlarge", Some("cpu-model"))];
    aws.fault("DescribeEndpointConfig").changes(pooled(pools, false));
    aws.fault("ListInferenceComponents").answers_by(|_| json!({"InferenceComponents": []}));
    let results = account_of(&test.run().exits(3));
    tells(&results["errors"], "live_model_unknown", &["pool ml.g6.xlarge of variant AllTraffic cannot be proved"]);
    assert_eq!(results["liveModelMatches"], false);
}

#[test]
fn a_variant_that_names_its_models_in_a_new_way_cannot_be_proved() {
    let (aws, test) = deployed(INVOKED);
    aws.fault("DescribeEndpointConfig").changes(|config| {
        config["ProductionVariants"][0]["ModelSet"] = json!([{"ModelName": "the-model"}, {"ModelName": "another"}]);
    });
    let results = account_of(&test.run().exits(3));
    tells(&results["errors"], "live_model_unknown", &["variant AllTraffic cannot be proved", "ModelSet"]);
    assert_eq!((&results["liveModelMatches"], &results["variants"][0]["serves"]), (&json!(false), &json!("unknown")));
}

#[test]
fn a_model_that_may_serve_something_else_than_its_package_is_not_proved() {
    type Change = (&'static str, fn(&mut Value), &'static str, &'static str);
    let (aws, test) = deployed(INVOKED);
    let newer = |member: &str| format!("{member}, which is newer than this modeldeploy");
    let changes: [Change; 6] = [
        ("DescribeModel", |model| model["ModelOverride"] = json!("other"), "live_model_unknown", "ModelOverride"),
        ("DescribeModel", |model| model["Containers"][0]["Weights"] = json!("w"), "live_model_unknown", "Weights"),
        ("DescribeModel", |model| model["ModelDataUrl"] = json!("s3://b/k"), "live_model_unknown", "ModelDataUrl"),
        (
            "DescribeEndpoint",
            |endpoint| endpoint["ProductionVariants"][0]["ModelNameOverride"] = json!("other"),
            "live_model_unknown",
            "ModelNameOverride",
        ),
        (
            "DescribeEndpoint",
            |endpoint| endpoint["ProductionVariants"][0]["InstancePools"] = json!([{"ModelNameOverride": "other"}]),
            "live_model_unknown",
            "ModelNameOverride",
        ),
        (
            "DescribeEndpointConfig",
            |config| config["ProductionVariants"][0]["Colour"] = json!("blue"),
            "live_model_unknown",
            "Colour",
        ),
    ];
    for (operation, change, kind, member) in changes {
        aws.forget_faults();
        aws.fault(operation).changes(change);
        let results = account_of(&test.run().exits(3));
        tells(&results["errors"], kind, &["variant AllTraffic cannot be proved", &newer(member)]);
        assert_eq!(results["liveModelMatches"], false, "{member}");
    }
    aws.forget_faults();
    aws.fault("DescribeModel").changes(|model| model["Containers"][0]["Mode"] = json!("MultiModel"));
    let results = account_of(&test.run().exits(3));
    tells(&results["errors"], "live_model_unknown", &["model the-model is of mode MultiModel"]);
    assert_eq!(results["variants"][0]["serves"], "unknown");

    aws.forget_faults();
    aws.fault("DescribeModel").changes(|model| {
        model["Containers"][0]["Mode"] = json!("SingleModel");
        model["Containers"][0]["ModelDataUrl"] = json!("s3://elsewhere/model.tar.gz");
    });
    let results = account_of(&test.run().exits(3));
    let said =
        "variant AllTraffic serves from s3://elsewhere/model.tar.gz (model the-model), which the package does not";
    tells(&results["errors"], "model_data_changed", &[said]);
}

#[test]
fn a_component_of_another_endpoint_or_in_the_middle_of_a_deployment_proves_nothing() {
    let (aws, test) = deployed(INVOKED);
    let changed = |operation: &str, change: fn(&mut Value)| {
        let component = move |more: fn(&mut Value)| {
            let mut component = json!({"InferenceComponentName": "ours", "VariantName": "AllTraffic",
                "EndpointName": ENDPOINT, "EndpointArn": "arn", "InferenceComponentArn": "arn", "CreationTime": 1,
                "LastModifiedTime": 1, "InferenceComponentStatus": "InService",
                "Specification": {"ModelName": "the-model"}});
            more(&mut component);
            component
        };
        let as_it_is: fn(&mut Value) = |_| ();
        let (listed, described) = match operation {
            "ListInferenceComponents" => (component(change), component(as_it_is)),
            _ => (component(as_it_is), component(change)),
        };
        aws.forget_faults();
        aws.fault("DescribeEndpointConfig").changes(|config| {
            config["ProductionVariants"][0].as_object_mut().expect("a variant").remove("ModelName");
        });
        aws.fault("ListInferenceComponents").answers_by(move |_| json!({"InferenceComponents": [listed]}));
        aws.fault("DescribeInferenceComponent").answers_by(move |_| described.clone());
        test.run()
    };
    changed("DescribeInferenceComponent", |_| ()).succeeds();
    for operation in ["ListInferenceComponents", "DescribeInferenceComponent"] {
        let named = changed(operation, |component| component["EndpointName"] = json!("other")).exits(3);
        tells(
            &account_of(&named)["errors"],
            "live_model_unknown",
            &[operation, "the answer is about other, not about"],
        );
        let arn = changed(operation, |component| {
            component["EndpointArn"] = json!("arn:aws:sagemaker:us-east-1:123456789012:endpoint/churn-staging");
        });
        tells(&account_of(&arn.exits(3))["errors"], "live_model_unknown", &[operation, "the answer is about arn:"]);
    }
    let updating = changed("DescribeInferenceComponent", |component| {
        component["InferenceComponentStatus"] = json!("Updating");
    });
    let said = ["component ours of variant AllTraffic cannot be proved: it is \"Updating\""];
    tells(&account_of(&updating.exits(3))["errors"], "live_model_unknown", &said);
    let astray = changed("DescribeInferenceComponent", |component| component["VariantName"] = json!("Canary"));
    let errors = account_of(&astray.exits(3))["errors"].to_string();
    let said = "component ours of variant AllTraffic cannot be proved: it is on variant Canary";
    assert!(errors.contains(said), "{errors}");
}

/// An inference component's name, and what is described of it.
type Component = (&'static str, fn() -> Value);

/// The endpoint's models come by these inference components, which moto lacks: names, and what each is made of. They
/// are listed in pages of one.
fn stand_in_components(aws: &Aws, components: &'static [Component]) {
    aws.forget_faults();
    aws.fault("DescribeEndpointConfig").changes(|config| {
        config["ProductionVariants"][0].as_object_mut().expect("a variant").remove("ModelName");
    });
    aws.fault("ListInferenceComponents").answers_by(|request| {
        assert_eq!(request["EndpointNameEquals"], ENDPOINT);
        let number: usize = request["NextToken"].as_str().map_or(0, |token| token.parse().expect("our token"));
        let listed = components.get(number).map(|(name, _)| {
            json!({"InferenceComponentName": name, "VariantName": "AllTraffic", "EndpointName": ENDPOINT,
                   "EndpointArn": "arn", "InferenceComponentArn": "arn", "CreationTime": 1, "LastModifiedTime": 1})
        });
        let more = number + 1 < components.len();
        json!({"InferenceComponents": listed.into_iter().collect::<Vec<_>>(),
               "NextToken": more.then(|| (number + 1).to_string())})
    });
    let arn = format!("arn:aws:sagemaker:us-east-1:{}:inference-component", account(aws));
    aws.fault("DescribeInferenceComponent").answers_by(move |request| {
        let (name, specification) =
            components.iter().find(|(name, _)| request["InferenceComponentName"] == *name).expect("a known component");
        let specified = specification();
        let key = if specified.is_array() { "Specifications" } else { "Specification" };
        json!({"InferenceComponentName": name, "VariantName": "AllTraffic", "EndpointName": ENDPOINT,
               key: specified, "InferenceComponentStatus": "InService",
               "EndpointArn": "arn", "InferenceComponentArn": format!("{arn}/{name}"), "CreationTime": 1,
               "LastModifiedTime": 1})
    });
}

#[test]
fn inference_components_are_followed_to_their_models() {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(["Approved", "Approved"]);
    let test = aws.deployed(&["one"]);
    let fraud = aws.package(1).replace("churn-models", "fraud-models");
    aws.add_model(account(&aws), "fraud-model", &fraud);
    aws.add_model(account(&aws), "former-model", &aws.package(1));
    let image = || json!({"Container": {"DeployedImage": {"ResolvedImage": "repo/other@sha256:aa"}}});

    let ours: &[Component] =
        &[("fraud", || json!({"ModelName": "fraud-model"})), ("ours", || json!({"ModelName": "the-model"}))];
    stand_in_components(&aws, ours);
    let results = account_of(&test.run().succeeds());
    assert_eq!(results["liveModelPackageArns"], json!([fraud, aws.package(2)]));
    assert_eq!(results["variants"][0]["modelNames"], json!(["fraud-model", "the-model"]));
    assert_eq!(aws.calls("ListInferenceComponents").len(), 4, "every page is read, before the cases and after them");

    let two_versions: &[Component] =
        &[("ours", || json!({"ModelName": "the-model"})), ("old", || json!({"ModelName": "former-model"}))];
    stand_in_components(&aws, two_versions);
    let results = account_of(&test.run().exits(3));
    tells(&results["errors"], "live_model_mismatch", &["serves", &aws.package(1), "former-model"]);

    stand_in_components(&aws, Box::leak(Box::new([("bare", image as fn() -> Value)])));
    let results = account_of(&test.run().exits(3));
    tells(&results["errors"], "live_model_mismatch", &["no model package", "repo/other@sha256:aa", "bare"]);
    assert_eq!(results["variants"][0]["images"], json!(["repo/other@sha256:aa"]));

    stand_in_components(&aws, &[]);
    let results = account_of(&test.run().exits(3));
    tells(&results["errors"], "live_model_unknown", &["variant AllTraffic cannot be proved", "no inference component"]);
    assert_eq!(results["liveModelMatches"], false);
}

#[test]
fn every_specification_of_a_component_is_followed() {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(["Approved", "Approved"]);
    let test = aws.deployed(&["one"]);
    aws.add_model(account(&aws), "cpu-model", &aws.package(2));
    aws.add_model(account(&aws), "former-model", &aws.package(1));
    let good: Component = ("ours", || {
        json!([{"InstanceType": "ml.g6.xlarge", "ModelName": "the-model"},
               {"InstanceType": "ml.c7i.xlarge", "ModelName": "cpu-model"}])
    });
    stand_in_components(&aws, Box::leak(Box::new([good])));
    let results = account_of(&test.run().succeeds());
    let parts = results["variants"][0]["parts"].as_array().expect("a list");
    let told = parts.iter().map(|part| (part["inferenceComponent"].as_str(), part["instanceType"].as_str()));
    assert_eq!(told.collect::<Vec<_>>(), [(Some("ours"), Some("ml.g6.xlarge")), (Some("ours"), Some("ml.c7i.xlarge"))]);

    let bad: Component = ("ours", || {
        json!([{"InstanceType": "ml.g6.xlarge", "ModelName": "the-model"},
               {"InstanceType": "ml.c7i.xlarge", "ModelName": "former-model"}])
    });
    stand_in_components(&aws, Box::leak(Box::new([bad])));
    let results = account_of(&test.run().exits(3));
    let said = ["component ours on ml.c7i.xlarge of variant AllTraffic serves", &aws.package(1)];
    tells(&results["errors"], "live_model_mismatch", &said);
}

#[test]
fn an_image_that_runs_is_held_against_the_digest_in_the_registry() {
    let (aws, test) = deployed(INVOKED);
    // moto's endpoints do not tell their images.
    let running = |digest: &'static str| {
        move |endpoint: &mut Value| {
            let resolved = format!("111122223333.dkr.ecr.us-east-1.amazonaws.com/churn@sha256:{digest}");
            endpoint["ProductionVariants"][0]["DeployedImages"] = json!([{"ResolvedImage": resolved}]);
        }
    };
    let registered = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    aws.fault("DescribeEndpoint").changes(running(registered));
    let results = account_of(&test.run().succeeds());
    let image = results["variants"][0]["images"][0].as_str().expect("an image");
    assert!(image.ends_with(&format!("churn@sha256:{registered}")), "{image}");

    aws.forget_faults();
    aws.fault("DescribeEndpoint").changes(running("00ff"));
    let results = account_of(&test.run().exits(3));
    tells(&results["errors"], "image_mismatch", &["variant AllTraffic", "churn@sha256:00ff", registered]);
    assert_eq!(results["liveModelMatches"], true, "the package is the one that was asked for");

    // Who may not ask the registry proves the package by its ARN.
    aws.fault("DescribeModelPackage").denies();
    test.run().succeeds().says(&["image and model data are not compared with the registry"]);
}

#[test]
fn no_running_image_but_the_packages_own_proves_it() {
    let (aws, test) = deployed(INVOKED);
    let (repository, other) = ("111122223333.dkr.ecr.us-east-1.amazonaws.com/churn", "repo/other@sha256:00ff");
    let registered = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let right = format!("{repository}@{registered}");
    let image = |resolved: &str| json!({"ResolvedImage": resolved});
    let tested = |images: Value, variants: usize| {
        aws.forget_faults();
        aws.fault("DescribeEndpoint").changes(move |endpoint| {
            let variant = json!({"VariantName": "AllTraffic", "DeployedImages": images});
            endpoint["ProductionVariants"] = json!(vec![variant; variants]);
        });
        test.run()
    };
    tested(json!([image(&right)]), 1).succeeds();
    for (images, kind, said) in [
        (json!([{"SpecifiedImage": format!("{repository}:1")}]), "live_model_unknown", "without its digest"),
        (json!([{"ResolutionTime": 1}]), "live_model_unknown", "an image without a name"),
        (json!([image(&format!("{right}00"))]), "image_mismatch", registered),
        (json!([image(&right.replace('@', "/"))]), "image_mismatch", registered),
        (json!([image(&right), image(other)]), "image_mismatch", "which the package does not have"),
        (json!([image(&right), {"SpecifiedImage": format!("{repository}:2")}]), "live_model_unknown", "churn:2"),
    ] {
        let results = account_of(&tested(images, 1).exits(3));
        tells(&results["errors"], kind, &["variant AllTraffic", said]);
        assert_eq!(results["liveModelMatches"], kind != "live_model_unknown");
    }
    let results = account_of(&tested(json!([image(&right)]), 2).exits(3));
    let said = "variant AllTraffic cannot be proved: the endpoint names it twice";
    tells(&results["errors"], "live_model_unknown", &[said]);
}

#[test]
fn an_endpoint_that_changes_while_the_cases_run_is_not_proved() {
    type Change = (fn(&mut Value), &'static str);
    let (aws, test) = deployed(INVOKED);
    let after_the_cases = |change: fn(&mut Value)| {
        aws.forget_faults();
        aws.fault("DescribeEndpoint").nth(2).changes(change);
        test.run()
    };
    let said = format!("endpoint {ENDPOINT} changed while the cases ran, so nothing is proved: ");
    let changes: [Change; 6] = [
        (|endpoint| endpoint["EndpointConfigName"] = json!("next"), "endpoint config next is live"),
        (|endpoint| endpoint["PendingDeploymentSummary"] = json!({"EndpointConfigName": "next"}), "a deployment of"),
        (|endpoint| endpoint["EndpointStatus"] = json!("Updating"), "it is \"Updating\""),
        (|endpoint| endpoint["EndpointStatus"] = json!("RollingBack"), "it is \"RollingBack\""),
        (|endpoint| endpoint["CreationTime"] = json!(9), "it was deleted and created anew"),
        (|endpoint| endpoint["LastModifiedTime"] = json!(9), "it was modified"),
    ];
    for (change, what) in changes {
        let results = account_of(&after_the_cases(change).exits(3));
        tells(&results["errors"], "live_model_unknown", &[&said, what]);
        let case = &results["cases"][0]["success"];
        assert_eq!((&results["liveModelMatches"], case), (&json!(false), &json!(true)), "{what}");
    }
    after_the_cases(|endpoint| {
        endpoint["EndpointStatus"] = json!("Updating");
        endpoint["ProductionVariants"][0]["CurrentInstanceCount"] = json!(1);
        endpoint["ProductionVariants"][0]["DesiredInstanceCount"] = json!(2);
    })
    .succeeds();

    aws.forget_faults();
    aws.fault("DescribeEndpoint").nth(2).denies();
    let results = account_of(&test.run().exits(3));
    tells(&results["errors"], "live_model_unknown", &["cannot tell whether endpoint", "changed: "]);
    assert_eq!(results["liveModelMatches"], false);
}

#[test]
fn a_component_that_gets_another_model_while_the_cases_run_is_not_proved() {
    static TIMES: AtomicUsize = AtomicUsize::new(0);
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(["Approved", "Approved"]);
    let test = aws.deployed(&["one"]);
    aws.add_model(account(&aws), "former-model", &aws.package(1));
    let component: Component = ("ours", || {
        let is_first = TIMES.fetch_add(1, Ordering::Relaxed) == 0;
        json!({"ModelName": if is_first { "the-model" } else { "former-model" }})
    });
    stand_in_components(&aws, Box::leak(Box::new([component])));
    let results = account_of(&test.run().exits(3));
    tells(&results["errors"], "live_model_unknown", &["its inference components are not what was proved"]);
}

#[test]
fn a_deployment_beside_the_status_in_service_is_waited_for() {
    let (aws, test) = deployed(INVOKED);
    let deploys = |endpoint: &mut Value| endpoint["PendingDeploymentSummary"] = json!({"EndpointConfigName": "next"});
    aws.fault("DescribeEndpoint").first(1).changes(deploys);
    test.run().succeeds().says(&["is InService: a deployment is under way", "an update to next is under way"]);

    aws.forget_faults();
    aws.fault("DescribeEndpoint").changes(deploys);
    aws.forget_calls();
    let results = account_of(&test.clone().with("--wait").with("600ms").run().exits(3));
    let said = ["is \"InService\", expected no deployment", "an update to next is under way"];
    tells(&results["errors"], "endpoint_not_ready", &said);
    assert_eq!(aws.calls("InvokeEndpoint").len(), 0);
}

#[test]
fn an_answer_of_a_variant_that_the_endpoint_does_not_have_proves_nothing() {
    let (aws, test) = deployed(INVOKED);
    let by = |variant: &'static str| {
        let mut answer = RawAnswer::new(200, "application/json", r#"{"label": "one"}"#);
        answer.headers.push(("x-amzn-invoked-production-variant", variant.to_owned()));
        aws.forget_faults();
        aws.fault("InvokeEndpoint").answers_with(answer);
    };
    for variant in ["AllTraffic", ""] {
        by(variant);
        test.run().succeeds();
    }
    by("Canary");
    let results = account_of(&test.run().exits(3));
    let said = format!("variant Canary answered, which is no production variant of endpoint {ENDPOINT}");
    tells(&results["errors"], "live_model_unknown", &[&said]);
    assert_eq!(results["liveModelMatches"], false);

    // One that the endpoint has, and that was not asked.
    for operation in ["DescribeEndpoint", "DescribeEndpointConfig"] {
        aws.fault(operation).changes(|answer| {
            let variants = answer["ProductionVariants"].as_array_mut().expect("a list");
            let mut canary = variants[0].clone();
            canary["VariantName"] = json!("Canary");
            variants.push(canary);
        });
    }
    let targeted = INVOKED.replace("body: one,", "body: one, target_variant: AllTraffic,");
    let results = account_of(&test.file("test/cases.yml", targeted).run().exits(3));
    let said = format!("variant Canary of endpoint {ENDPOINT} answered what was asked of variant AllTraffic");
    tells(&results["errors"], "live_model_unknown", &[&said]);
}

#[test]
fn what_runs_and_is_not_in_the_config_or_not_in_the_package_is_not_proved() {
    let (aws, test) = deployed(INVOKED);
    aws.fault("DescribeEndpoint").changes(|endpoint| {
        let variants = endpoint["ProductionVariants"].as_array_mut().expect("a list");
        variants.push(json!({"VariantName": "Canary"}));
    });
    let said = "variant Canary cannot be proved: it runs, and endpoint config the-config does not have it";
    tells(&account_of(&test.run().exits(3))["errors"], "live_model_unknown", &[said]);
    aws.forget_faults();
    aws.fault("DescribeModel").changes(|model| {
        let containers = model["Containers"].as_array_mut().expect("a list");
        containers[0]["Image"] = json!("111122223333.dkr.ecr.us-east-1.amazonaws.com/other:1");
    });
    let said = ["variant AllTraffic runs", "/other:1 (model the-model), which the package does not have"];
    tells(&account_of(&test.run().exits(3))["errors"], "image_mismatch", &said);
}

#[test]
fn model_data_that_is_no_longer_what_was_registered_fails_the_proof() {
    let (aws, test) = deployed(INVOKED);
    let bucket = aws.bucket("models");
    let registered = aws.put_object(&bucket, "model.tar.gz", b"the registered model");
    let place = format!("s3://{bucket}/model.tar.gz");
    // moto does not keep the tag of a package's model data. S3 quotes tags, and SageMaker does not.
    let (url, tag) = (place.clone(), registered.trim_matches('"').to_owned());
    aws.fault("DescribeModelPackage").changes(move |package| {
        let container = &mut package["InferenceSpecification"]["Containers"][0];
        container["ModelDataUrl"] = json!(url);
        container["ModelDataETag"] = json!(tag);
    });
    test.run().succeeds();
    let asked = &aws.calls("HeadObject")[0];
    assert_eq!((asked.account.as_str(), asked.path.as_str()), (account(&aws), &*format!("/{bucket}/model.tar.gz")));

    aws.fault("HeadObject").first(1).answers_with(RawAnswer::new(403, "application/xml", ""));
    // The answer to HEAD has no body: its status is all that it says.
    test.run().succeeds().says(&[
        &format!("whether {place} is what was registered is not known"),
        "access is denied (HTTP 403)",
        "; allow s3:GetObject to arn:aws:iam::",
    ]);

    let changed = aws.put_object(&bucket, "model.tar.gz", b"another model");
    let results = account_of(&test.run().exits(3));
    let tags = [changed.trim_matches('"'), registered.trim_matches('"')];
    tells(&results["errors"], "model_data_changed", &[&place, &format!("tag {}, and {} was", tags[0], tags[1])]);
    assert_eq!(results["cases"][0]["success"], true);

    aws.delete_object(&bucket, "model.tar.gz");
    let results = account_of(&test.run().exits(3));
    tells(&results["errors"], "model_data_changed", &[&place, "is gone"]);
}

#[test]
fn all_data_of_a_package_is_held_against_its_entity_tags() {
    let (aws, test) = deployed(INVOKED);
    let bucket = aws.bucket("models");
    let names = ["model.tar.gz", "manifest.json", "adapter.tar.gz", "more.tar.gz"];
    let tags = names.map(|name| aws.put_object(&bucket, name, name.as_bytes()).trim_matches('"').to_owned());
    // moto keeps none of these.
    let places = names.map(|name| format!("s3://{bucket}/{name}"));
    aws.fault("DescribeModelPackage").changes(move |package| {
        let source = |at: usize| json!({"S3Uri": places[at], "ETag": tags[at]});
        let container = &mut package["InferenceSpecification"]["Containers"][0];
        let mut main = source(0);
        (main["ManifestS3Uri"], main["ManifestEtag"]) = (json!(places[1]), json!(tags[1]));
        container.as_object_mut().expect("a container").remove("ModelDataUrl");
        container["ModelDataSource"] = json!({"S3DataSource": main});
        container["AdditionalModelDataSources"] = json!([{"ChannelName": "lora", "S3DataSource": source(2)}]);
        container["AdditionalS3DataSource"] = source(3);
    });
    test.run().succeeds();
    assert_eq!(aws.calls("HeadObject").len(), 4);
    for name in names {
        let former = aws.object(&bucket, name).expect("an object");
        aws.put_object(&bucket, name, b"another one");
        let results = account_of(&test.run().exits(3));
        assert_eq!(results["errors"].as_array().map(Vec::len), Some(1), "{name}");
        tells(&results["errors"], "model_data_changed", &[name, "was registered"]);
        aws.put_object(&bucket, name, &former);
    }
}

/// An answer of each Describe call with every member that AWS's newest model has (models/describe.py).
const DESCRIBED: &str = include_str!("../reference/describe.json");

#[test]
fn what_aws_answers_and_a_world_of_the_same_answers_are_read_alike() {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(["Approved"]);
    let test = aws.deployed(&[]).file("none.yml", "version: 1\ncases: []\n").with("--cases").with("none.yml");
    let filled = DESCRIBED.replace("222233334444", account(&aws)).replace("eu-central-1", "us-east-1");
    let recorded: Value = serde_json::from_str(&filled).expect("JSON");
    let answer = |operation: &str| recorded["answers"][operation].clone();
    let mut endpoint = answer("DescribeEndpoint");
    // A deployment that is under way is waited for.
    endpoint.as_object_mut().expect("members").remove("PendingDeploymentSummary").expect("it was there");
    for kind in ["ProductionVariants", "ShadowProductionVariants"] {
        for variant in endpoint[kind].as_array_mut().expect("a list") {
            variant.as_object_mut().expect("members").remove("VariantStatus").expect("it was there");
        }
    }
    let described = endpoint.clone();
    aws.fault("DescribeEndpoint").answers_by(move |_| described.clone());
    let mut package = answer("DescribeModelPackage");
    package["ModelPackageArn"] = json!(aws.package(1));
    package["ModelPackageGroupName"] = json!(GROUP);
    let described = package.clone();
    aws.fault("DescribeModelPackage").answers_by(move |_| described.clone());
    let model = answer("DescribeModel");
    aws.fault("DescribeModel").answers_by(move |request| named(model.clone(), &request["ModelName"]));
    let mut component = answer("DescribeInferenceComponent");
    component["VariantName"] = json!("all");
    // A variant that names a model of its own has no component.
    let mut config = answer("DescribeEndpointConfig");
    config["ProductionVariants"].as_array_mut().expect("a list").push(json!({"VariantName": "all"}));
    let answers = [("DescribeEndpointConfig", config.clone()), ("DescribeInferenceComponent", component.clone())];
    for (operation, answer) in answers {
        aws.fault(operation).answers_by(move |_| answer.clone());
    }
    let listed = component.clone();
    aws.fault("ListInferenceComponents").answers_by(move |_| json!({"InferenceComponents": [listed]}));

    let models = models_in(&config).into_iter().chain(models_in(&component));
    let models = models.map(|name| named(answer("DescribeModel"), &json!(name)));
    let mut world = json!({
        "Caller": {"Account": aws.account(), "Arn": format!("arn:aws:iam::{}:root", aws.account())},
        "Region": "us-east-1",
        "ModelPackageGroups": [{"ModelPackageGroupName": GROUP, "ModelPackageGroupArn": aws.group(),
                                "ModelPackages": [package]}],
        "Endpoints": [endpoint],
        "EndpointConfigs": [config],
        "Models": models.collect::<Vec<_>>(),
        "InferenceComponents": [component],
    });
    as_the_cli_prints_times(&mut world);
    let test = test.with("--accounts").with(account(&aws)).file("world.json", world.to_string());

    let of = |run: &Run| account_of(&run.run().exits(3));
    let (live, offline) = (of(&test), of(&test.clone().env("MODELDEPLOY_OFFLINE", "world.json")));
    assert_eq!(live, offline, "{live:#}\n{offline:#}");
    let parts = |account: &Value| account["variants"].as_array().expect("a list").len();
    assert_eq!(parts(&live), 5, "two variants, two shadows, and the one with components");
    assert!(!live.to_string().contains("newer than this modeldeploy"), "a member is not understood: {live:#}");

    let resolve = test.then("resolve --format json --model-version 1");
    let package = |run: &Run| {
        let outcome = run.run().succeeds();
        serde_json::from_str::<Value>(&outcome.stdout).expect("JSON")["modelPackage"].clone()
    };
    let (live, offline) = (package(&resolve), package(&resolve.clone().env("MODELDEPLOY_OFFLINE", "world.json")));
    assert_eq!(live, offline, "{live:#}");
    let empty = live.as_object().expect("fields").iter().filter(|(_, value)| value.is_null() || **value == json!([]));
    assert_eq!(empty.map(|(name, _)| name).collect::<Vec<_>>(), [""; 0], "every field is filled");
}

fn named(mut model: Value, name: &Value) -> Value {
    model["ModelName"] = name.clone();
    model
}

/// The models that an endpoint's config or a component names.
fn models_in(described: &Value) -> Vec<String> {
    match described {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match (name.as_str(), value) {
                ("ModelName" | "ModelNameOverride", Value::String(model)) => vec![model.clone()],
                (_, value) => models_in(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(models_in).collect(),
        _ => Vec::new(),
    }
}

/// Seconds since 1970, as the service sends them, in ISO 8601, as version 2 of the AWS CLI prints them.
fn as_the_cli_prints_times(described: &mut Value) {
    match described {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_f64() {
                    Some(_) if name.ends_with("Time") => *value = json!("2026-11-29T10:00:00.25+00:00"),
                    _ => as_the_cli_prints_times(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(as_the_cli_prints_times),
        _ => {}
    }
}
