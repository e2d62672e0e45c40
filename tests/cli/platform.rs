//! What the platform installs fits what the binary reads and writes: a project is rendered, and its pipeline is walked
//! through by hand, as CodePipeline and CodeBuild would: variables from the template, commands from the buildspecs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use modeldeploy::cli;
use modeldeploy::domain::project::stage::Stage;
use serde_json::Value;
use serde_yaml::Value as Yaml;

use crate::support::{
    ACCOUNT, Aws, Deployment, GROUP, Outcome, Run, TEMPLATE, Template, answers, cases, read_from_project, test_python,
};

const STAGES: [&str; 2] = ["staging", "prod"];

/// The project of `aws`, its group named after it.
fn project(aws: &Aws) -> Template {
    let text = Run::new("catalog render --seed-bucket seeds --seed-key seed-repo.zip").run().succeeds().stdout;
    Template::new(
        &text,
        &[
            ("SageMakerProjectName", GROUP),
            ("SageMakerProjectId", "p-abc123"),
            ("OrganizationalUnitStagingId", aws.unit("staging")),
            ("OrganizationalUnitProdId", aws.unit("prod")),
            ("SageMakerExecutionRoleStagingName", "sagemaker-role-staging"),
            ("SageMakerExecutionRoleProdName", "sagemaker-role-prod"),
        ],
    )
}

fn buildspec(file: &str) -> Yaml {
    serde_yaml::from_str(&read_from_project(file)).expect("YAML")
}

fn texts(yaml: &Yaml) -> Vec<&str> {
    yaml.as_sequence().into_iter().flatten().map(|text| text.as_str().expect("text")).collect()
}

/// The variables of a CodeBuild project.
fn variables(project: &Value) -> BTreeMap<String, String> {
    let listed = project["Environment"]["EnvironmentVariables"].as_array().expect("variables").iter();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    listed.map(|one| (text(&one["Name"]), text(&one["Value"]))).collect()
}

/// Runs a buildspec in the folder of `run` with these variables, and leaves its artifacts in the folder `artifact` and its
/// exported variables in files of their names.
fn code_build(run: &Run, file: &str, variables: &BTreeMap<String, String>, artifact: &str) -> Outcome {
    let spec = buildspec(file);
    let defaults = spec["env"]["variables"].as_mapping().into_iter().flatten();
    let defaults = defaults.map(|(name, value)| (name.as_str().expect("a name"), value.as_str().expect("text")));
    let mut run = defaults.fold(run.clone(), |run, (name, value)| run.env(name, value));
    run = variables.iter().fold(run, |run, (name, value)| run.env(name, value));
    run = run.env("BINARY", env!("CARGO_BIN_EXE_modeldeploy"));
    // The packed binary of the repository; here, it runs the one that is tested.
    let mut script = "set -e; mkdir -p bin; printf '#!/bin/sh\\nexec \"$BINARY\" \"$@\"\\n' > bin/modeldeploy\n\
                      (cd bin; sha256sum modeldeploy > modeldeploy.sha256; gzip -nf modeldeploy)\n"
        .to_owned();
    for phase in ["install", "pre_build", "build", "post_build"] {
        for commands in ["commands", "finally"] {
            script.extend(texts(&spec["phases"][phase][commands]).iter().map(|command| format!("{command}\n")));
        }
    }
    for name in texts(&spec["env"]["exported-variables"]) {
        writeln!(script, "sh -c 'printf %s \"${name}\"' > exported-{name}").expect("a string takes all");
    }
    let files = texts(&spec["artifacts"]["files"]).join(" ");
    writeln!(script, "mkdir {artifact}; cp {files} {artifact}").expect("a string takes all");
    run.shell(&script)
}

/// An action of the pipeline.
fn action(pipeline: &Value, stage: &str, name: &str) -> Value {
    let stages = pipeline["Stages"].as_array().expect("stages").iter();
    let actions = stages.filter(|one| one["Name"] == stage).flat_map(|one| one["Actions"].as_array().expect("actions"));
    actions.clone().find(|one| one["Name"] == name).unwrap_or_else(|| panic!("no action {stage} {name}")).clone()
}

/// The file of the build's artifact that a configuration names.
fn file_of(configuration: &Value, key: &str, artifact: &str) -> String {
    let named = configuration[key].as_str().expect("text");
    let prefix = format!("{artifact}::");
    named.strip_prefix(&prefix).unwrap_or_else(|| panic!("{key} is {named}, not of {artifact}")).to_owned()
}

#[test]
fn a_pipeline_passes_on_what_the_next_step_reads() {
    let aws = Aws::with_project();
    let template = project(&aws);
    let pipeline = template.resource("Pipeline");
    let building = action(&pipeline, "Build", "Build");
    assert_eq!(building["Configuration"]["ProjectName"], template.resource("BuildProject")["Name"]);
    let artifact = building["OutputArtifacts"][0]["Name"].as_str().expect("a name");
    let run = Run::new("build")
        .aws(&aws)
        .file("endpoint-config-template.yml", TEMPLATE)
        .file("staging-config.json", read_from_project("seed-repo/staging-config.json"))
        .file("prod-config.json", read_from_project("seed-repo/prod-config.json"))
        .file("test/cases.yml", cases(&["one"]));
    let project = template.resource("BuildProject");
    let spec = project["Source"]["BuildSpec"].as_str().expect("a file");
    let built = code_build(&run, spec, &variables(&project), artifact).exits(0);

    for stage in STAGES {
        let deploy = action(&pipeline, &format!("Deploy-{stage}"), "Deploy");
        assert_eq!(deploy["InputArtifacts"][0]["Name"], artifact);
        let [body, config] = ["TemplatePath", "Parameters"].map(|key| file_of(&deploy["Configuration"], key, artifact));
        assert_eq!(built.text(&format!("{artifact}/{body}")), TEMPLATE);
        let parameters = built.json(&format!("{artifact}/{config}"));
        assert!(parameters[0]["ParameterKey"].is_string(), "no list of parameters: {parameters:#}");
        assert_eq!(deploy["Configuration"]["DeploymentTargets"], aws.unit(stage));
        aws.roll_out(&Deployment::exported(&run, &config), aws.accounts(stage));

        for account in aws.accounts(stage) {
            aws.queue_answers(account, &answers(&["one"]));
        }
        let test = action(&pipeline, &format!("Deploy-{stage}"), "Test");
        assert_eq!(test["Configuration"]["ProjectName"], template.resource("TestProject")["Name"]);
        let inputs: Vec<_> =
            test["InputArtifacts"].as_array().expect("inputs").iter().map(|one| &one["Name"]).collect();
        assert_eq!(inputs, ["SourceArtifact", artifact]);
        assert_eq!(&test["Configuration"]["PrimarySource"], inputs[0]);
        let project = template.resource("TestProject");
        let mut all = variables(&project);
        let own = test["Configuration"]["EnvironmentVariables"].as_str().expect("JSON in a text");
        let own: Vec<BTreeMap<String, String>> = serde_json::from_str(own).expect("JSON");
        for mut variable in own {
            let (name, value) = (variable.remove("name"), variable.remove("value"));
            assert!(variable.is_empty(), "{variable:?}");
            let known = all.insert(name.clone().expect("a name"), value.expect("a value"));
            assert!(known.is_some(), "{name:?} is not a variable of the project");
        }
        all.insert(format!("CODEBUILD_SRC_DIR_{artifact}"), run.folder().join(artifact).display().to_string());
        let spec = project["Source"]["BuildSpec"].as_str().expect("a file");
        let output = test["OutputArtifacts"][0]["Name"].as_str().expect("a name");
        let tested = code_build(&run, spec, &all, output).exits(0);
        let results = tested.json(&format!("{output}/test-results.json"));
        assert_eq!((&results["stage"], &results["success"]), (&Value::from(stage), &Value::from(true)));
        let accounts = results["accounts"].as_array().expect("a list");
        assert_eq!(accounts.len(), aws.accounts(stage).len());
        let reports = &buildspec(spec)["reports"]["endpoint-tests"]["files"];
        assert!(tested.text(texts(reports)[0]).contains("<testsuites"));

        let brief = tested.text("exported-MODELDEPLOY_BRIEF");
        assert!(brief.len() <= 931 && !brief.contains('\n'), "no text for an approval: {brief}");
        let all = aws.accounts(stage).len();
        let verdict = format!("PASSED in {stage}: {all} of {all} case");
        for part in [&verdict, &aws.package(1), " version 1, ", "Approved in the registry"] {
            assert!(brief.contains(part), "{part} is not in the brief: {brief}");
        }
    }
}

#[test]
fn every_approval_shows_what_the_test_before_it_exports() {
    let exported = buildspec("test/buildspec.yml");
    let exported = texts(&exported["env"]["exported-variables"]);
    let aws = Aws::with_project();
    let pipeline = project(&aws).resource("Pipeline");
    let tested = action(&pipeline, "Deploy-staging", "Test");
    let approval = action(&pipeline, "Approve-prod", "Approve");
    let shown = approval["Configuration"]["CustomData"].as_str().expect("a text");
    let (_, reference) = shown.split_once("#{").expect("a variable");
    let (namespace, name) = reference.trim_end_matches('}').split_once('.').expect("a namespace");
    assert_eq!(tested["Namespace"], namespace);
    assert!(exported.contains(&name), "{name} is not exported: {exported:?}");
}

/// Variables that no project sets for all of its models: an offline world has no place in a pipeline, which variants are
/// to serve the package is for a repository with shadows to say, in its own buildspec, life cycles start no pipeline, and the
/// pipeline's own stack sets have the role that StackSets makes.
const OF_NO_PROJECT: [&str; 4] =
    ["MODELDEPLOY_OFFLINE", "MODELDEPLOY_LIVE_AS", "MODELDEPLOY_LIFECYCLE", "MODELDEPLOY_STACK_SET_ROLE"];

/// The variables that a command reads in a project, flags' and the global ones.
fn read_by(command: &str) -> BTreeSet<String> {
    let whole = cli::command();
    let one = whole.find_subcommand(command).expect("a command").clone();
    let arguments = one.get_arguments().chain(whole.get_arguments());
    let names = arguments.filter_map(|argument| argument.get_env()?.to_str().map(str::to_owned));
    names.filter(|name| !OF_NO_PROJECT.contains(&name.as_str())).collect()
}

#[test]
fn the_projects_set_every_variable_that_the_commands_read_and_no_other() {
    let aws = Aws::with_project();
    let template = project(&aws);
    let set = |id: &str| variables(&template.resource(id)).into_keys().collect::<BTreeSet<_>>();
    let mut of_build = read_by("build");
    for stage in STAGES {
        let stage: Stage = stage.parse().expect("a stage");
        of_build.extend([stage.role_variable(), stage.unit_variable(), stage.export_variable()]);
    }
    assert_eq!(set("BuildProject"), of_build);
    // Part of the contract since the first seed, though `test` takes the project's name from the build config.
    let mut of_test = read_by("test");
    of_test.extend([cli::variable::PROJECT_NAME, cli::variable::PROJECT_ID].map(str::to_owned));
    assert_eq!(set("TestProject"), of_test);
}

#[test]
fn the_role_of_target_accounts_is_deployed_and_taken_on() {
    let aws = Aws::with_project();
    let template = project(&aws);
    let test = aws.deployed(&["one"]);
    let trusted = template.output("TestRoleArn");
    let trusted = trusted.as_str().expect("an ARN");
    for account in aws.accounts("staging") {
        let parameters = [
            ("SageMakerRoleSuffix", "staging"),
            ("PipelineExecutionRoleArn", "arn:aws:iam::111122223333:role/modeldeploy-*-test"),
            ("AsyncBucket", "async-payloads"),
        ];
        let role =
            aws.deploy_role(&test_python(), account, &read_from_project("templates/target-account.yml"), &parameters);
        assert_eq!(role["RoleName"], "sagemaker-role-staging");
        let trust = &role["AssumeRolePolicyDocument"]["Statement"];
        assert_eq!(trust[0]["Principal"]["Service"], "sagemaker.amazonaws.com");
        // moto lets everybody assume every role, so whom the role trusts is read from its document.
        assert_eq!(trust[1]["Principal"]["AWS"], format!("arn:aws:iam::{ACCOUNT}:root"));
        let pattern = trust[1]["Condition"]["ArnLike"]["aws:PrincipalArn"].as_str().expect("a pattern");
        let (start, end) = pattern.split_once('*').expect("a pattern");
        assert!(trusted.starts_with(start) && trusted.ends_with(end), "{pattern} does not match {trusted}");
        let policies = role["Policies"].as_object().expect("policies");
        let sids: Vec<&str> = policies
            .values()
            .flat_map(|policy| policy["Statement"].as_array().unwrap_or_else(|| panic!("no statements: {policy}")))
            .map(|statement| statement["Sid"].as_str().expect("an id"))
            .collect();
        assert!(sids.contains(&"SendCases") && sids.contains(&"ExchangeAsyncPayloads"), "{sids:?}");
        assert!(!sids.contains(&"DecryptModelData") && !sids.contains(&"CaptureData"), "{sids:?}");
    }
    test.env("SAGEMAKER_EXECUTION_ROLE_NAME", "sagemaker-role-staging").run().succeeds();
    let taken: BTreeSet<_> = aws.calls("AssumeRole").iter().filter_map(|call| call.form("RoleArn")).collect();
    let roles = aws.accounts("staging").iter().map(|id| format!("arn:aws:iam::{id}:role/sagemaker-role-staging"));
    assert_eq!(taken, roles.collect());
}
