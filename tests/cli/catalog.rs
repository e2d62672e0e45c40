//! `modeldeploy catalog render`: what it makes of its flags. Whether CloudFormation takes it, `make templates` proves.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Gallery, Run, Template};

/// The longest name and id that SageMaker gives a project (botocore `CreateProject`, `ProjectId`).
const LONGEST_NAME: &str = "n2345678901234567890123456789012";
const LONGEST_ID: &str = "p-345678901234567890";

fn render(flags: &str) -> String {
    Run::new(&format!("catalog render {flags}")).run().succeeds().stdout
}

/// The template with a value for whatever has no default.
fn template(flags: &str) -> Template {
    filled(&render(flags))
}

fn filled(text: &str) -> Template {
    let value = |name: &str| match name {
        "SageMakerProjectName" => Some(LONGEST_NAME),
        "SageMakerProjectId" => Some(LONGEST_ID),
        "SeedBucket" => Some("seeds"),
        "SeedKey" => Some("seed-repo.zip"),
        "ConnectionArn" => Some("arn:aws:codeconnections:us-east-1:111122223333:connection/0-a"),
        "FullRepositoryId" => Some("our-group/models/churn"),
        _ if name.starts_with("OrganizationalUnit") => Some("ou-ab12-cdef3456"),
        _ if name.starts_with("SageMakerExecutionRole") => Some("sagemaker-role-of-the-stage"),
        _ => None,
    };
    let yaml: serde_yaml::Value = serde_yaml::from_str(text).expect("YAML");
    let names = yaml["Parameters"].as_mapping().expect("parameters").keys().filter_map(serde_yaml::Value::as_str);
    let values: Vec<(&str, &str)> = names.filter_map(|name| Some((name, value(name)?))).collect();
    Template::new(text, &values)
}

/// Names of the pipeline's stages, each with the names of its actions.
fn stages(template: &Template) -> Vec<String> {
    let pipeline = template.resource("Pipeline");
    let stages = pipeline["Stages"].as_array().expect("stages").iter();
    let name = |value: &Value| value["Name"].as_str().expect("a name").to_owned();
    stages
        .map(|stage| {
            let actions = stage["Actions"].as_array().expect("actions").iter().map(name).collect::<Vec<_>>();
            format!("{}: {}", name(stage), actions.join(" "))
        })
        .collect()
}

#[test]
fn an_approval_stands_between_stages_and_every_stage_is_tested() {
    let two = [
        "Source: Source",
        "Build: Build",
        "Deploy-staging: Deploy Test",
        "Approve-prod: Approve",
        "Deploy-prod: Deploy Test",
    ];
    assert_eq!(stages(&template("")), two);
    assert_eq!(stages(&template("--source connection")), two);
    assert_eq!(stages(&template("--stages prod")), ["Source: Source", "Build: Build", "Deploy-prod: Deploy Test"]);
    let six = stages(&template("--stages a,b,c,d,e,f"));
    assert_eq!(six.len(), 2 + 6 + 5);
    let asked: Vec<&String> = six.iter().filter(|stage| stage.starts_with("Approve-")).collect();
    assert_eq!(asked.len(), 5);
    assert_eq!(asked[0], "Approve-b: Approve");

    let untested = render("").replace("Default: 'true'", "Default: 'false'");
    assert_eq!(stages(&filled(&untested)).last().map(String::as_str), Some("Deploy-prod: Deploy"));
}

#[test]
fn flags_become_defaults_and_nothing_else_changes() {
    let plain = render("");
    let seeded = render("--seed-bucket seeds --seed-key a/seed-repo.zip --call-as delegated-admin");
    let plain: Vec<&str> = plain.lines().collect();
    let mut added: Vec<&str> = seeded.lines().filter(|line| !plain.contains(line)).map(str::trim).collect();
    added.sort_unstable();
    assert_eq!(added, ["Default: \"a/seed-repo.zip\"", "Default: \"seeds\"", "Default: DELEGATED_ADMIN"]);
    assert_eq!(render(""), render("--stages staging,prod --source codecommit --call-as self"));

    let from_host = template("--source connection");
    let source = &from_host.resource("Pipeline")["Stages"][0]["Actions"][0];
    assert_eq!(source["Configuration"]["FullRepositoryId"], "our-group/models/churn");
    assert_eq!(from_host.resources("AWS::CodeCommit::Repository"), [""; 0]);
    assert_eq!(from_host.resources("AWS::Events::Rule"), ["ModelRule"], "a connection starts the pipeline itself");
}

#[test]
fn the_stages_of_the_environment_and_a_file_will_do() {
    let run = Run::new("catalog render --output out/project.yml")
        .file("out/README.md", "")
        .env("MODELDEPLOY_STAGES", "canary,prod");
    let outcome = run.run().succeeds().says(&["wrote out/project.yml"]);
    assert_eq!(outcome.stdout, "");
    assert_eq!(outcome.text("out/project.yml"), render("--stages canary,prod"));
}

#[test]
fn classic_projects_make_no_roles() {
    let classic = render("").replace("Default: own", "Default: classic");
    let classic = filled(&classic);
    let role = "arn:aws:iam::111122223333:role/service-role/AmazonSageMakerServiceCatalogProductsUseRole";
    assert_eq!(classic.resources("AWS::IAM::Role"), [""; 0]);
    for project in ["BuildProject", "TestProject"] {
        assert_eq!(classic.resource(project)["ServiceRole"], role);
    }
    assert_eq!(classic.resource("Pipeline")["RoleArn"], role);
    assert_eq!(classic.resource("ModelRule")["Targets"][0]["RoleArn"], role);
    assert_eq!(classic.output("TestRoleArn"), role);
}

#[test]
fn events_of_real_approvals_and_pushes_start_the_pipeline() {
    let template = template("");
    let approval = template.resource("ModelRule")["EventPattern"]["detail"].clone();
    assert_eq!(
        approval,
        json!({"ModelPackageGroupName": [LONGEST_NAME], "ModelApprovalStatus": ["Approved", "Rejected"],
               "UpdatedModelPackageFields": ["ModelApprovalStatus"]})
    );
    let push = template.resource("CodeRule")["EventPattern"]["detail"].clone();
    assert_eq!(
        push,
        json!({"event": ["referenceCreated", "referenceUpdated"], "referenceType": ["branch"], "referenceName": ["main"]})
    );
}

#[test]
fn no_name_is_longer_than_its_service_takes() {
    // The longest stage that is taken, which the limit of a stack set's name decides.
    let stage = "s".repeat(57);
    let template = template(&format!("--stages first,{stage}"));
    let limits = [
        ("AWS::S3::Bucket", "BucketName", 63),
        ("AWS::Events::Rule", "Name", 64),
        ("AWS::CodeCommit::Repository", "RepositoryName", 100),
        ("AWS::CodeBuild::Project", "Name", 150),
        ("AWS::CodePipeline::Pipeline", "Name", 100),
        ("AWS::IAM::Role", "RoleName", 64),
        ("AWS::Logs::LogGroup", "LogGroupName", 512),
    ];
    let fits = |what: &str, value: &Value, limit: usize| {
        let text = value.as_str().unwrap_or_else(|| panic!("{what} is {value}"));
        assert!(text.chars().count() <= limit, "{what} has {} of {limit} characters: {text}", text.chars().count());
        assert!(!text.contains("${"), "{what}: {text}");
    };
    for (kind, property, limit) in limits {
        let made = template.resources(kind);
        assert!(!made.is_empty(), "no {kind}");
        for id in made {
            fits(&id, &template.resource(&id)[property], limit);
        }
    }
    // CodePipeline: names of stages, actions, artifacts and namespaces 100, values of a configuration 1,000.
    for stage in template.resource("Pipeline")["Stages"].as_array().expect("stages") {
        fits("a stage", &stage["Name"], 100);
        for action in stage["Actions"].as_array().expect("actions") {
            fits("an action", &action["Name"], 100);
            for artifact in action["OutputArtifacts"].as_array().into_iter().flatten() {
                fits("an artifact", &artifact["Name"], 100);
            }
            if let Some(namespace) = action.get("Namespace") {
                fits("a namespace", namespace, 100);
            }
            for (key, value) in action["Configuration"].as_object().expect("a configuration") {
                let limit = if key == "StackSetName" { 128 } else { 1000 };
                fits(key, &Value::from(value.as_str().map_or_else(|| value.to_string(), str::to_owned)), limit);
            }
        }
    }
    assert!(template.parameter_names().iter().all(|name| name.len() <= 255));
}

#[test]
fn what_no_pipeline_can_be_made_for_ends_with_2() {
    let mut gallery = Gallery::default();
    let usages = [
        ("stages that cannot be told apart", "--stages pre-prod,preProd".to_owned()),
        ("a stage with a long name", format!("--stages {},prod", "s".repeat(58))),
        ("a stage twice", "--stages prod,prod".to_owned()),
        ("too many stages", format!("--stages {}", (0..25).map(|n| format!("s{n}")).collect::<Vec<_>>().join(","))),
        ("no bucket and no key", "--seed-bucket s3://seeds --seed-key s3://seeds/a.zip".to_owned()),
        ("a seed for a connection", "--source connection --seed-bucket seeds --seed-key a.zip".to_owned()),
        ("no source", "--source github".to_owned()),
        ("no such caller", "--call-as admin".to_owned()),
    ];
    for (title, flags) in usages {
        let run = Run::new(&format!("catalog render {flags}")).env("COLUMNS", "100");
        gallery.add(title, &run.run().exits(2));
    }
    gallery.add("no folder", &Run::new("catalog render --output nope/a.yml").run().exits(1));
    gallery.add("a folder in the way", &Run::new("catalog render --output a").file("a/b", "").run().exits(1));
    assert_snapshot!("render_errors", gallery.text());
    let help = Run::new("catalog render --help").env("COLUMNS", "100").run().succeeds();
    assert_snapshot!("render_help", help.stdout);
}
