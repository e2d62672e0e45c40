//! Endpoint templates that are rendered before anything reads them.

mod context;
mod loops;
mod missing;
mod source;

use std::collections::BTreeSet;

use minijinja::{Environment, Error, ErrorKind, Value};

pub use self::context::Context;
use self::context::{NAMES, PACKAGE, is_known, root};
use self::loops::Loops;
use self::missing::Output;
use self::source::{MAX_STEPS, Source};
use crate::domain::finding::Finding;
use crate::domain::finding::nearest;
use crate::domain::jinja;

/// What a template that is rendered is called: `endpoint-config-template.yml.j2`.
pub(crate) const EXTENSION: &str = "j2";

/// What came of rendering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rendering {
    Text(String),
    /// It speaks of the package, and the context knows none: a warning for each place.
    NeedsPackage(Vec<Finding>),
}

/// Renders a template; `file` is its name in messages.
///
/// # Errors
/// All findings: what is not a template, every name that there is not or that has no value, and where rendering breaks off.
pub fn render(text: &str, file: &str, context: &Context<'_>) -> Result<Rendering, Vec<Finding>> {
    let source = Source { text, file };
    let too_long = source.too_long();
    if !too_long.is_empty() {
        return Err(too_long);
    }
    let mut environment = environment().map_err(|error| vec![source.finding(&error)])?;
    let used = names(&environment, source).map_err(|error| vec![source.finding(&error)])?;
    let unknown =
        used.iter().filter(|name| !is_known(name)).flat_map(|name| source.unknown(name, nearest(name, NAMES)));
    let mut findings: Vec<Finding> = unknown.collect();
    let loops = Loops::of(text);
    let opened = names(&environment, Source { text: &loops.opened, ..source }).unwrap_or_default();
    findings.extend(opened.iter().flat_map(|name| loops.unknown(name, source)));
    let needs_package = context.package.is_none() && used.iter().any(|name| root(name) == PACKAGE);
    if needs_package && findings.is_empty() {
        return Ok(Rendering::NeedsPackage(source.needs_package()));
    }
    if !needs_package
        && let Some(rendered) = missing::render(&mut environment, source, context, &mut findings)
        && findings.is_empty()
    {
        return Ok(Rendering::Text(rendered));
    }
    findings.sort_by(|one, other| one.place.cmp(&other.place));
    Err(findings)
}

fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = jinja::language()?;
    environment.set_fuel(Some(MAX_STEPS));
    // The place of an error is part of what is asked for.
    environment.set_debug(true);
    environment.add_filter("tojson", |value: &Value| {
        let mut json = Output::default();
        serde_json::to_writer(&mut json, value).map_err(|error| {
            let kind = if error.is_io() { ErrorKind::WriteFailure } else { ErrorKind::BadSerialization };
            Error::new(kind, error.to_string())
        })?;
        Ok(String::from_utf8_lossy(&json.0).into_owned())
    });
    Ok(environment)
}

/// The names that a template speaks of and does not make itself, as far as they can be told without rendering it.
fn names(environment: &Environment<'_>, source: Source<'_>) -> Result<BTreeSet<String>, Error> {
    let template = environment.template_from_named_str(source.file, source.text)?;
    let own: BTreeSet<&str> = environment.globals().map(|(name, _)| name).collect();
    Ok(template.undeclared_variables(true).into_iter().filter(|name| !own.contains(name.as_str())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use crate::domain::project::build_plan::{ProjectFacts, StagePlan};
    use crate::domain::project::stage::StageSettings;
    use crate::domain::project::stage_config::StageConfig;
    use crate::domain::registry::model_package::{Container, MetricsReport, ModelPackage};

    #[test]
    fn what_no_stack_or_memory_holds_is_refused() {
        let (project, stages) = (ProjectFacts { name: "a".into(), id: "b".into(), artifact_bucket: None }, Vec::new());
        let context = Context { project: &project, stages: &stages, package: None };
        let found = |text: &str| render(text, "t.j2", &context).expect_err("refused").swap_remove(0);
        let chains = [
            format!("1{}", "+1".repeat(100_000)),
            format!("{}a", "not ".repeat(80_000)),
            "a".to_owned() + &".b".repeat(9_000),
        ];
        for chain in chains {
            for text in [format!("a\n<%= {chain} %>"), format!("a\n<%= '%>' ~ ({chain}) %>")] {
                let finding = found(&text);
                assert!(finding.cause.as_ref().is_some_and(|cause| cause.ends_with("and 4096 are read")), "{finding}");
                assert_eq!(finding.place.and_then(|place| place.position).map(|at| at.line), Some(2));
            }
        }
        let doubled = "<% set a = [1] %>".to_owned() + &"<% set a = [a, a] %>".repeat(40) + "<%= a|tojson %>";
        assert_eq!(found(&doubled).what, "is too long once it is rendered");
        let note = format!("<%# it's {} %>", "a ".repeat(9_000));
        assert!(render(&note, "t.j2", &context).is_ok());
    }

    pub(crate) fn package() -> ModelPackage {
        ModelPackage {
            arn: "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/4".into(),
            group: "churn".into(),
            version: 4,
            status: "Completed".into(),
            approval_status: "Approved".into(),
            approval_description: Some("better: \"by far\"".into()),
            containers: vec![Container {
                image: Some("image:1".into()),
                environment_values: BTreeMap::from([("THREADS".to_owned(), "4".to_owned())]),
                ..Container::default()
            }],
            metadata: BTreeMap::from([("accuracy".to_owned(), "0.97".to_owned())]),
            metrics: vec![MetricsReport {
                kind: "ModelQuality.Statistics".into(),
                uri: "s3://bucket/quality.json".into(),
                ..MetricsReport::default()
            }],
            ..ModelPackage::default()
        }
    }

    pub(crate) fn with<T>(package: Option<&ModelPackage>, work: impl FnOnce(&Context<'_>) -> T) -> T {
        let project = ProjectFacts { name: "churn".into(), id: "p-1".into(), artifact_bucket: None };
        let stages = ["staging", "prod"].map(|name| {
            let text = format!(r#"{{"Parameters": {{"StageName": "{name}", "Count": 2}}, "Tags": {{"a": "b"}}}}"#);
            StagePlan {
                settings: StageSettings::bare(&name.parse().expect("valid")),
                config: StageConfig::parse(&text, "s.json").expect("valid"),
            }
        });
        work(&Context { project: &project, stages: &stages, package })
    }

    fn rendered(text: &str) -> String {
        with(Some(&package()), |context| match render(text, "t.yml.j2", context) {
            Ok(Rendering::Text(text)) => text,
            other => panic!("{other:?}"),
        })
    }

    fn findings(text: &str) -> Vec<String> {
        with(Some(&package()), |context| render(text, "t.yml.j2", context).expect_err(text))
            .iter()
            .map(|finding| format!("{finding} | {}", finding.hint.as_deref().unwrap_or_default()))
            .collect()
    }

    #[test]
    fn a_template_that_does_not_come_to_an_end_is_stopped() {
        let text = "<% for a in range(100000) %><% for b in range(100000) %><% endfor %><% endfor %>";
        assert_eq!(findings(text), ["t.yml.j2: does not come to an end | look at its loops"]);
    }

    #[test]
    fn a_template_that_fills_the_memory_is_stopped() {
        let text = format!("<% for a in range(100000) %>{}<% endfor %>", "x".repeat(1000));
        assert_eq!(findings(&text), ["t.yml.j2: is too long once it is rendered | look at its loops"]);
    }

    #[test]
    fn what_cloudformation_means_by_braces_and_brackets_stays() {
        let text = "A: '{{resolve:ssm:/a:1}}'\nB: !Sub ${AWS::Region}-${!Literal}\nC: [[1, 2], [[3]]]\n\
                    D: |\n  @{ Key = 'v' }  {% x %} {# y #} <a href=\"x\"> 5 %> 3 < %\n";
        assert_eq!(rendered(text), text);
    }

    #[test]
    fn values_loops_conditions_and_comments_are_rendered_and_their_lines_vanish() {
        let text = "Name: <%= project.name %>\n\
                    <%# not to be seen %>\n\
                    <% for stage in stages %>\n\
                    \x20 <%= stage.name %>: <%= stage.parameters.Count %><%= stage.tags.a %>\n\
                    <% endfor %>\n\
                    <% if package.metadata.accuracy | float > 0.9 %>\n\
                    Good: <%= package.approval_description | tojson %>\n\
                    <% endif %>\n\
                    <% for name, value in package.containers[0].environment | items %>\n\
                    <%= name %>: <%= value | tojson %>\n\
                    <% endfor %>\n\
                    None: <%= package.description | default(\"-\") %>\n\
                    <% if package.description is defined %>\n\
                    Described: yes\n\
                    <% endif %>\n\
                    Open: <%= \"<%\" %>\n";
        assert_eq!(
            rendered(text),
            "Name: churn\n  staging: 2b\n  prod: 2b\nGood: \"better: \\\"by far\\\"\"\nTHREADS: \"4\"\nNone: -\nOpen: <%\n"
        );
    }

    #[test]
    fn every_unknown_name_is_found_at_once_with_its_place_and_the_nearest_one() {
        let found =
            findings("A: <%= projet.name %>\nB:  <%= package.verson %> <%= package.verson %>\nC: <%= wombat %>\n");
        assert_eq!(
            found,
            [
                "t.yml.j2:1:8: uses unknown name \"projet.name\" | did you mean \"project.name\"?",
                "t.yml.j2:2:9: uses unknown name \"package.verson\" | did you mean \"package.version\"?",
                "t.yml.j2:2:31: uses unknown name \"package.verson\" | did you mean \"package.version\"?",
                "t.yml.j2:3:8: uses unknown name \"wombat\" | a template knows project, stages and package; \
                 docs/templates.md lists what is in them",
            ]
        );
    }

    #[test]
    fn a_name_in_a_loop_or_a_map_is_missed_when_it_is_rendered() {
        let found = findings("A: 1\n<% for stage in stages %>\nB: <%= stage.parameters.Cout %>\n<% endfor %>\n");
        assert_eq!(
            found,
            ["t.yml.j2:3:8: uses \"stage.parameters.Cout\", which has no value | did you mean \"Count\"? \
              otherwise give it a default: | default(\"...\")"]
        );
        assert!(
            findings("A: <%= stages.prod.name %>\n")[0]
                .ends_with("stages is a list: write stages[0], or a loop over it")
        );
        assert_eq!(findings("A: <%= package.metadata.owner %>\n").len(), 1);
        assert_eq!(findings("A: <%= project.artifact_bucket %>\n").len(), 1);
        assert_eq!(findings("A: <%= package.containers[3].image %>\n").len(), 1);
    }

    /// `line:column name` of each finding, and what its hint suggests.
    fn told(text: &str) -> Vec<String> {
        let part = |text: &str| text.split('"').nth(1).unwrap_or_default().to_owned();
        with(Some(&package()), |context| render(text, "t", context).expect_err(text))
            .iter()
            .map(|finding| {
                let at = finding.place.as_ref().and_then(|place| place.position).expect("a place");
                let near = finding.hint.as_deref().filter(|hint| hint.starts_with("did you mean")).map(part);
                format!("{}:{} {} {}", at.line, at.column, part(&finding.what), near.unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn every_name_without_a_value_is_told_at_once_in_order() {
        let text = "A: <%= project.nme %>\n\
                    <% for one in stages %>\n\
                    B: <%= one.parameters.Cout %> <%= 1 + one.parameters.Nombre | float %>\n\
                    <% if one.tags.owner == \"x\" %><% endif %>\n\
                    <% for tag in one.tags.list %><%= tag %><% endfor %>\n\
                    <% endfor %>\n\
                    C: <%= package.metadata.acuracy %> <%= package.containers[0].environment[\"THREDS\"] %>\n\
                    D: <%= package.metadata.owner.name | upper %> <%= range(package.metadata.count) | join %>\n\
                    E: <%= package.description ~ package.metadata.note %>\n";
        assert_eq!(
            told(text),
            [
                "1:8 project.nme project.name",
                "3:8 one.parameters.Cout Count",
                "3:39 one.parameters.Nombre ",
                "4:7 one.tags.owner ",
                "5:15 one.tags.list ",
                "7:8 package.metadata.acuracy accuracy",
                "7:40 package.containers[0].environment['THREDS'] ",
                "8:8 package.metadata.owner ",
                "8:57 package.metadata.count ",
                "9:8 package.description ",
                "9:30 package.metadata.note ",
            ]
        );
    }

    #[test]
    fn a_wrong_field_of_a_list_is_told_where_rendering_does_not_come_by_and_without_a_package() {
        let text = "<% for stage in stages %><% if stage.name == \"none\" %>\n\
                    <%= stage.nme %> <%= stage.parameters.Any %> <%= \"stage.text\" %>\n\
                    <% endif %><% endfor %>\n\
                    <%- for c in package.containers if c.image %><%= c.imag %><%= c.name %><% endfor %>\n";
        let expected = ["2:5 stage.nme stage.name", "4:50 c.imag c.image", "4:63 c.name "];
        assert_eq!(told(text), expected);
        let found = with(None, |context| render(text, "t", context).expect_err("no package"));
        assert_eq!(found.len(), expected.len());
        let own =
            "<% for package in stages %><%= package.name %><% endfor %><% for stage in [1] %><%= stage %><% endfor %>";
        assert_eq!(rendered(own), "stagingprod1");
    }

    #[test]
    fn a_default_and_a_question_miss_nothing() {
        let text = "<% for stage in stages %><%= stage.parameters.Any | default(\"-\") %>\
                    <% if stage.role_name is defined %>x<% endif %><% endfor %>";
        assert_eq!(rendered(text), "--");
    }

    #[test]
    fn what_follows_from_a_name_without_a_value_is_not_told_beside_it() {
        assert_eq!(told("<%= package.metadata.a | float | round(\"x\") %> <%= 1 / 0 %>"), ["1:5 package.metadata.a "]);
        assert_eq!(told("<% set x = package.metadata.a %><%= x.y.z %><%= x %>"), ["1:12 package.metadata.a "]);
        let many = "<%= package.metadata.a %>\n".repeat(260);
        assert_eq!(told(&many).len(), 250);
    }

    #[test]
    fn what_is_no_template_is_said_with_its_line() {
        for text in ["A: 1\nB: <% for x %>\n", "A: 1\nB: <%= project. %>", "A: 1\n<% if project %>x", "A: 1\nB: <%= 1"]
        {
            let found = findings(text);
            assert!(found[0].starts_with("t.yml.j2:2") || found[0].starts_with("t.yml.j2:3"), "{found:?}");
        }
        assert!(findings("A: 1\nB: <%= project.name | wombat %>\n")[0].starts_with("t.yml.j2:2"));
        assert!(findings("<% include 'x' %>")[0].starts_with("t.yml.j2:1"));
    }

    #[test]
    fn without_a_package_its_uses_are_named_and_all_else_is_rendered() {
        let text = "A: <%= project.name %>\nB: <%= package.arn %>\n";
        with(None, |context| {
            let Ok(Rendering::NeedsPackage(found)) = render(text, "t", context) else { panic!("needs one") };
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].to_string(), "t:2:8: uses the model package, which is known only to the build");
            assert_eq!(render("A: <%= project.name %>\n", "t", context), Ok(Rendering::Text("A: churn\n".into())));
            assert!(render("A: <%= package.arn %><%= projekt.name %>", "t", context).is_err());
        });
    }
}
