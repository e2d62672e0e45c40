//! `modeldeploy build` with a template that is rendered.

use crate::support::{Aws, Run, TEMPLATE, in_a_repository, in_world, world};

const PLAIN: &str = "endpoint-config-template.yml";
const RENDERED: &str = "endpoint-config-template.yml.j2";

/// The sample's template with something behind it, rendered.
fn rendering(run: Run, more: &str) -> Run {
    std::fs::remove_file(run.folder().join(PLAIN)).expect("is there");
    run.file(RENDERED, format!("{TEMPLATE}{more}"))
}

#[test]
fn a_template_is_rendered_from_project_stages_and_package_and_all_else_stays() {
    let more = "<%# not to be seen %>\n\
                Metadata:\n\
                \x20 Project: <%= project.name %> <%= project.id %> in <%= project.artifact_bucket %>\n\
                <% for stage in stages %>\n\
                \x20 <%= stage.name %>: <%= stage.parameters.EndpointInstanceType %> <%= stage.role_name | default(\"-\") %>\n\
                <% endfor %>\n\
                \x20 Model: <%= package.group %> <%= package.version %>\n\
                \x20 Why: <%= package.approval_description | tojson %>\n\
                \x20 Accuracy: '<%= package.metadata.accuracy %>'\n\
                \x20 Image: <%= package.containers[0].image %>\n\
                \x20 Dynamic: '{{resolve:ssm:/a:1}} ${AWS::Region}'\n";
    let more = more.replace("Metadata:\n", "  Topic:\n    Type: AWS::SNS::Topic\nMetadata:\n");
    let run = in_world("build", |world| {
        world["ModelPackageGroups"][0]["ModelPackages"][2]["ApprovalDescription"] = "a \"quoted\": one".into();
    });
    let outcome = rendering(run, &more).run().succeeds();
    let text = outcome.text("template-export.yml");
    let rest = text.strip_prefix(TEMPLATE).expect("the template's own text is as it was");
    insta::assert_snapshot!(rest);
    let record = outcome.json("release.json");
    assert_eq!(template_of(&record), RENDERED);
}

/// The template that a release record names.
fn template_of(record: &serde_json::Value) -> &serde_json::Value {
    &record["predicate"]["buildDefinition"]["externalParameters"]["template"]
}

#[test]
fn a_template_that_is_not_rendered_travels_byte_for_byte() {
    let text = format!("{TEMPLATE}# <%= wombat %> {{{{ x }}}}\n");
    let outcome = in_a_repository("build").file(PLAIN, &text).run().succeeds();
    assert_eq!(outcome.text("template-export.yml"), text);
}

#[test]
fn two_templates_are_one_too_many_unless_one_is_named() {
    let run = in_a_repository("build").file(RENDERED, TEMPLATE);
    run.run().exits(2).says(&["there are two endpoint templates", "say which it is with --template"]);
    for (name, input) in [(PLAIN, PLAIN), (RENDERED, RENDERED)] {
        let outcome = run.clone().with("--template").with(name).run().succeeds();
        assert_eq!(template_of(&outcome.json("release.json")), input);
    }
}

#[test]
fn every_unknown_name_is_told_before_the_first_call() {
    let aws = Aws::with_project();
    let more = "# <%= projcet.name %>\n# <%= package.verson %>\n# <%= wombat %>\n";
    let outcome = rendering(Run::new("build").in_project(&aws), more).run().exits(2);
    insta::assert_snapshot!(outcome.stderr);
    assert!(aws.all_calls().is_empty());
    assert!(!outcome.files().contains(&"template-export.yml".into()));
}

#[test]
fn every_name_without_a_value_is_told_at_once() {
    let more = "<% for stage in stages %>\n\
                # <%= stage.parameters.EndpointInstanceTyp %> <%= stage.tags.owner | upper %>\n\
                <% endfor %>\n\
                # <%= package.metadata.acuracy %> <%= package.containers[0].environment.TOKEN %>\n";
    insta::assert_snapshot!(rendering(in_a_repository("build"), more).run().exits(2).stderr);
}

#[test]
fn every_field_that_no_element_of_a_list_has_is_told_before_there_is_a_package() {
    let more = "<% for stage in stages if stage.name == 'none' %>\n\
                # <%= stage.nme %>\n\
                <% endfor %>\n\
                <% for container in package.containers %>\n\
                # <%= container.imag %>\n\
                <% endfor %>\n";
    for command in ["build", "check"] {
        let outcome = rendering(in_a_repository(command), more).run().exits(2);
        outcome.says(&[
            "126:7: uses unknown name \"stage.nme\"",
            "\"stage.name\"",
            "129:7: uses unknown name \"container.imag\"",
        ]);
    }
}

#[test]
fn what_is_no_template_is_told_before_the_first_call() {
    let aws = Aws::with_project();
    let line = TEMPLATE.lines().count() + 1;
    let outcome = rendering(Run::new("build").in_project(&aws), "<% for x %>\n").run().exits(2);
    outcome.says(&[&format!("{RENDERED}:{line}:"), "is not a valid template"]);
    assert!(aws.all_calls().is_empty());
}

#[test]
fn what_the_package_makes_of_a_template_is_checked_before_anything_changes() {
    let aws = Aws::with_project();
    for (more, says) in [
        ("# <%= package.metadata.owner %>\n", "uses \"package.metadata.owner\", which has no value"),
        ("<%= \"Parameters\" if package.version %>: 3\n", "has \"Parameters\" twice"),
        ("<%= \"Outputs: [\" if package.version %>\n", "is not valid YAML"),
    ] {
        let outcome = rendering(Run::new("build").in_project(&aws), more).run().exits(2).says(&[says]);
        assert!(!outcome.files().contains(&"template-export.yml".into()));
    }
    let undeclared = "<% if package.version %>\n  X: {Type: AWS::SNS::Topic}\n<% endif %>\n";
    let run = rendering(Run::new("build").in_project(&aws), undeclared);
    let text =
        TEMPLATE.replace("  EndpointInstanceType:\n", "  <%= package.group | replace('churn-models', 'Other') %>:\n");
    run.clone().file(RENDERED, text).run().exits(2).says(&["sets \"EndpointInstanceType\", which"]);
    assert_eq!(aws.writing_calls(), [""; 0]);
    run.file(RENDERED, format!("{TEMPLATE}{undeclared}")).run().succeeds();
}

#[test]
fn a_rehearsal_renders_as_the_build_does() {
    let run = rendering(in_a_repository("rehearse --approve"), "# <%= package.arn %>\n");
    let outcome = run.run().succeeds();
    let arn = world()["ModelPackageGroups"][0]["ModelPackages"][2]["ModelPackageArn"].clone();
    let text = outcome.text("rehearsal/template-export.yml");
    assert!(text.ends_with(&format!("# {}\n", arn.as_str().expect("an ARN"))), "{text}");
}

#[test]
fn no_value_of_the_environment_is_anywhere_but_where_the_template_puts_it() {
    let run = in_world("build", |world| {
        let package = &mut world["ModelPackageGroups"][0]["ModelPackages"][2];
        package["InferenceSpecification"]["Containers"][0]["Environment"]["TOKEN"] = "a-secret-of-the-model".into();
    });
    let outcome = rendering(run.clone(), "# <%= package.containers[0].environment | length %>\n").run().succeeds();
    assert!(!outcome.text("release.json").contains("a-secret-of-the-model"));
    assert!(!format!("{}{}", outcome.stdout, outcome.stderr).contains("a-secret-of-the-model"));
    let run = run.file(RENDERED, format!("{TEMPLATE}# <%= package.containers[0].environment.TOKEN %>\n"));
    assert!(run.run().succeeds().text("template-export.yml").ends_with("# a-secret-of-the-model\n"));
}
