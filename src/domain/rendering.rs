//! Endpoint templates that are rendered before anything reads them: `<%= x %>`, `<% for x in xs %>`, `<%# note %>`.
//!
//! The delimiters are ones that no CloudFormation template holds: `{{resolve:...}}`, `${...}`, `[[...]]` and the `@{...}`
//! of PowerShell in user data stay what they are, and a template with `<%= x %>` as a value is YAML before it is rendered.

mod context;

use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};

pub use self::context::Context;
use self::context::{IN_LISTS, NAMES, PACKAGE, is_known};
use super::finding::{Finding, Position, nearest};

/// What a template that is rendered is called: `endpoint-config-template.yml.j2`.
pub const EXTENSION: &str = "j2";

const OPEN: &str = "<%";
const CLOSE: &str = "%>";

/// A second's worth of the engine's steps: no template that fits a stack set takes a hundredth of them.
const MAX_STEPS: u64 = 10_000_000;

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
/// All findings: what is no template, every name that there is not, and where rendering breaks off.
pub fn render(text: &str, file: &str, context: &Context<'_>) -> Result<Rendering, Vec<Finding>> {
    let source = Source { text, file };
    let environment = environment().map_err(|error| vec![source.finding(&error, context)])?;
    let template = environment.template_from_named_str(file, text);
    let template = template.map_err(|error| vec![source.finding(&error, context)])?;
    let globals: BTreeSet<&str> = environment.globals().map(|(name, _)| name).collect();
    let used: BTreeSet<String> = template.undeclared_variables(true).into_iter().collect();
    let unknown = used.iter().filter(|name| !globals.contains(name.as_str()) && !is_known(name));
    let mut unknown: Vec<Finding> = unknown.flat_map(|name| source.unknown(name)).collect();
    if !unknown.is_empty() {
        unknown.sort_by(|one, other| one.place.cmp(&other.place));
        return Err(unknown);
    }
    if context.package.is_none() && used.iter().any(|name| root(name) == PACKAGE) {
        return Ok(Rendering::NeedsPackage(source.needs_package()));
    }
    match template.render(Serde(context.values())) {
        Ok(rendered) => Ok(Rendering::Text(rendered)),
        Err(error) => Err(vec![source.finding(&error, context)]),
    }
}

fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(
        SyntaxConfig::builder()
            .variable_delimiters("<%=", CLOSE)
            .block_delimiters(OPEN, CLOSE)
            .comment_delimiters("<%#", CLOSE)
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()?,
    );
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(MAX_STEPS));
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    // The place of an error is part of what is asked for.
    environment.set_debug(true);
    environment.add_filter("tojson", |value: &Value| {
        serde_json::to_string(value).map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))
    });
    Ok(environment)
}

fn root(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// A template's text, to find places in.
struct Source<'a> {
    text: &'a str,
    file: &'a str,
}

impl Source<'_> {
    fn position(&self, offset: usize) -> Position {
        let before = &self.text[..offset];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        Position { line: before.matches('\n').count() + 1, column: before[start..].chars().count() + 1 }
    }

    /// Every place within delimiters where a name stands.
    fn places(&self, name: &str) -> Vec<Position> {
        let part_of_name = |any: char| any.is_alphanumeric() || any == '_';
        let mut places = Vec::new();
        let mut from = 0;
        while let Some(open) = self.text[from..].find(OPEN).map(|at| from + at) {
            let end = self.text[open..].find(CLOSE).map_or(self.text.len(), |at| open + at);
            let tag = &self.text[open..end];
            let is_comment = tag.starts_with("<%#");
            for (at, _) in tag.match_indices(name).filter(|_| !is_comment) {
                let before = tag[..at].chars().next_back();
                let after = tag[at + name.len()..].chars().next();
                if !before.is_some_and(|any| part_of_name(any) || any == '.') && !after.is_some_and(part_of_name) {
                    places.push(self.position(open + at));
                }
            }
            from = end;
        }
        places
    }

    fn unknown(&self, name: &str) -> Vec<Finding> {
        let hint = match nearest(name, NAMES) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "a template knows project, stages and package; docs/templates.md lists what is in them".to_owned(),
        };
        let finding = Finding::error(format!("speaks of \"{name}\", which there is not")).hint(hint);
        let places = self.places(name);
        if places.is_empty() {
            return vec![finding.in_file(self.file)];
        }
        places.into_iter().map(|place| finding.clone().at(self.file, place)).collect()
    }

    fn needs_package(&self) -> Vec<Finding> {
        let finding = Finding::warning("speaks of the model package, which is known only to the build")
            .hint("what it becomes is checked by \"modeldeploy build\", with --dry-run too");
        let places = self.places(PACKAGE);
        places.into_iter().map(|place| finding.clone().at(self.file, place)).collect()
    }

    fn finding(&self, error: &Error, context: &Context<'_>) -> Finding {
        let range = error.range().filter(|range| self.text.get(range.clone()).is_some());
        let position = range.as_ref().map(|range| self.position(range.start));
        let position = position.or_else(|| error.line().map(|line| Position { line, column: 1 }));
        let finding = match error.kind() {
            ErrorKind::SyntaxError => Finding::error("is no template that can be rendered")
                .hint("values stand in <%= %>, statements in <% %>, notes in <%# %>"),
            ErrorKind::OutOfFuel => {
                let finding = Finding::error("does not come to an end").hint("look at its loops");
                return finding.cause(format!("it takes more than {MAX_STEPS} steps to render")).in_file(self.file);
            }
            ErrorKind::UndefinedError => return self.undefined(range.as_ref(), position, context),
            _ => Finding::error("cannot be rendered"),
        };
        let finding = finding.cause(error.detail().map_or_else(|| error.kind().to_string(), str::to_owned));
        match position {
            Some(position) => finding.at(self.file, position),
            None => finding.in_file(self.file),
        }
    }

    /// A name that only rendering finds wanting: a parameter that a stage does not set, a field in a loop.
    fn undefined(&self, range: Option<&Range<usize>>, at: Option<Position>, context: &Context<'_>) -> Finding {
        let name = range.and_then(|range| self.text.get(range.clone())).map(str::trim).unwrap_or_default();
        let own = name.rsplit(['.', '[']).next().unwrap_or(name).trim_matches(['"', '\'', ']']);
        let parameters = context.stages.iter().flat_map(|stage| &stage.config.parameters);
        let fields = NAMES.iter().map(|name| name.rsplit('.').next().unwrap_or(name));
        let known: BTreeSet<&str> =
            fields.chain(IN_LISTS).chain(parameters.map(|parameter| parameter.key.as_str())).collect();
        let hint = match nearest(own, known.into_iter().filter(|known| *known != own)) {
            Some(near) => format!("did you mean \"{near}\"? otherwise give it a default: | default(\"...\")"),
            None => "give it a default, as in <%= x | default(\"...\") %>".to_owned(),
        };
        let finding = Finding::error(format!("speaks of \"{name}\", which has no value")).hint(hint);
        match at {
            Some(at) => finding.at(self.file, at),
            None => finding.in_file(self.file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use crate::domain::build_plan::{ProjectFacts, StagePlan};
    use crate::domain::model_package::{Container, MetricsReport, ModelPackage};
    use crate::domain::stage::StageSettings;
    use crate::domain::stage_config::StageConfig;

    pub(super) fn package() -> ModelPackage {
        ModelPackage {
            arn: "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/4".into(),
            group: "churn".into(),
            version: 4,
            status: "Completed".into(),
            approval_status: "Approved".into(),
            approval_description: Some("better: \"by far\"".into()),
            containers: vec![Container {
                image: "image:1".into(),
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

    pub(super) fn with<T>(package: Option<&ModelPackage>, work: impl FnOnce(&Context<'_>) -> T) -> T {
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
                "t.yml.j2:1:8: speaks of \"projet.name\", which there is not | did you mean \"project.name\"?",
                "t.yml.j2:2:9: speaks of \"package.verson\", which there is not | did you mean \"package.version\"?",
                "t.yml.j2:2:31: speaks of \"package.verson\", which there is not | did you mean \"package.version\"?",
                "t.yml.j2:3:8: speaks of \"wombat\", which there is not | a template knows project, stages and package; \
                 docs/templates.md lists what is in them",
            ]
        );
    }

    #[test]
    fn a_name_in_a_loop_or_a_map_is_missed_when_it_is_rendered() {
        let found = findings("A: 1\n<% for stage in stages %>\nB: <%= stage.parameters.Cout %>\n<% endfor %>\n");
        assert_eq!(
            found,
            ["t.yml.j2:3:8: speaks of \"stage.parameters.Cout\", which has no value | did you mean \"Count\"? \
              otherwise give it a default: | default(\"...\")"]
        );
        assert_eq!(findings("A: <%= package.metadata.owner %>\n").len(), 1);
        assert_eq!(findings("A: <%= project.artifact_bucket %>\n").len(), 1);
        assert_eq!(findings("A: <%= package.containers[3].image %>\n").len(), 1);
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
            assert_eq!(found[0].to_string(), "t:2:8: speaks of the model package, which is known only to the build");
            assert_eq!(render("A: <%= project.name %>\n", "t", context), Ok(Rendering::Text("A: churn\n".into())));
            assert!(render("A: <%= package.arn %><%= projekt.name %>", "t", context).is_err());
        });
    }
}
