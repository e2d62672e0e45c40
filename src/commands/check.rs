//! `modeldeploy check`: everything that can be known of template, configs and cases without AWS, all at once.

use std::path::{Path, PathBuf};

use super::project::{self, Project, checked, default_name};
use super::registry::{choose, chosen_by, latest_allowed};
use super::session::Session;
use super::stdout::{STDOUT, print, print_json};
use crate::cli::check::CheckArgs;
use crate::cli::{Format, TEMPLATE_FILE, variable};
use crate::cloud::offline::Offline;
use crate::cloud::{Caller, ModelRegistry};
use crate::domain::check::catalogue::{explanation, source};
use crate::domain::check::report::Report;
use crate::domain::check::sarif::Made;
use crate::domain::check::{Subject, sarif};
use crate::domain::cloudformation::deployer::Deployer;
use crate::domain::finding::rule::Rule;
use crate::domain::finding::{Finding, Severity};
use crate::domain::project::build_plan::ProjectFacts;
use crate::domain::project::stage::Stage;
use crate::domain::registry::model_package::{GroupRef, ModelPackage};
use crate::domain::text::count::counted;
use crate::error::{Exit, Failure, Result};
use crate::files::{self, Pending, Readers};
use crate::output;

/// What is checked, and where to say it.
pub(super) struct Settings {
    project: project::Settings,
    strict: bool,
    sarif: Option<PathBuf>,
}

impl Settings {
    pub(super) fn of(args: &CheckArgs, session: &Session) -> Self {
        let setting = |name: &str| session.setting(None, name);
        let project = project::Settings {
            facts: ProjectFacts {
                name: setting(variable::PROJECT_NAME).unwrap_or_default(),
                id: setting(variable::PROJECT_ID).unwrap_or_default(),
                artifact_bucket: setting(variable::ARTIFACT_BUCKET),
            },
            input_dir: args.input.input_dir.clone(),
            template: args.repository.template.clone(),
            stages: args.repository.stages.to_vec(),
            cases: args.cases.clone(),
            files_within: args.input.cases.files_within.clone(),
            deployer: Deployer::of(args.export.export_format, args.stack_set.stack_set_role),
        };
        Self { project, strict: args.strict, sarif: args.sarif.clone() }
    }
}

/// Checks, says what is wrong, and fails if anything is.
pub(super) async fn run(
    settings: &Settings,
    session: &Session,
    world: Option<&Offline>,
    region: Option<&str>,
) -> Result<()> {
    let json = session.console.format == Format::Json;
    let to_stdout = settings.sarif.as_deref().is_some_and(|file| file == Path::new(STDOUT));
    if json && to_stdout {
        let finding = Finding::error("--format json and --sarif - both write to stdout");
        return Err(Failure::invalid([finding.hint("name a file for SARIF")]));
    }
    let sarif = settings.sarif.as_deref().filter(|_| !to_stdout);
    let sarif = sarif.map(|file| Pending::at(file, Readers::AsUsual)).transpose()?;
    let package = match world {
        Some(world) => package(session, world).await?,
        None => None,
    };
    let region = world.map(Caller::region).or(region.filter(|region| !region.is_empty()));
    let template = template_name(&settings.project);
    let (findings, made) = find(&settings.project, session, package.as_ref(), region);
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let warnings = findings.len() - errors;
    let log = || {
        let template = files::within(&settings.project.input_dir, &template);
        let log = sarif::render(&findings, made.as_ref(), &template.display().to_string(), env!("CARGO_PKG_VERSION"));
        output::json(&log)
    };
    // Before anything is printed, which nobody may read; what was found is said also where the file cannot be written.
    let written = sarif.map_or(Ok(()), |file| file.put(log().as_bytes()));
    if to_stdout {
        print_json(&log())?;
    }
    if json {
        print_json(&Report::of(&findings).render())?;
    } else {
        for finding in &findings {
            session.console.warning(finding);
        }
        let stages: Vec<&str> = settings.project.stages.iter().map(Stage::as_str).collect();
        let (errors, warnings) = (counted(errors, "error"), counted(warnings, "warning"));
        let checked = format!("{} for {}", template.display(), stages.join(", "));
        session.console.note(&format!("checked {checked}: {errors} and {warnings}"));
    }
    written?;
    if errors > 0 || (settings.strict && warnings > 0) {
        return Err(Failure { exit: Exit::Invalid, findings: Vec::new() });
    }
    Ok(())
}

fn template_name(project: &project::Settings) -> PathBuf {
    let default = || default_name(&project.input_dir).unwrap_or_else(|_| TEMPLATE_FILE.into());
    project.template.clone().unwrap_or_else(default)
}

/// What cannot be read, as findings of the catalogue.
fn unreadable(failure: Failure, path: Option<&Path>) -> Vec<Finding> {
    let named = |one: Finding| {
        let (Some(path), None) = (path, &one.place) else {
            return Finding { rule: one.rule.or(Some(Rule::FileUnreadable)), ..one };
        };
        let finding = Finding::of(Rule::FileUnreadable, "cannot be read").in_file(&path.display().to_string());
        Finding { cause: one.cause, hint: one.hint, ..finding }
    };
    failure.findings.into_iter().map(named).collect()
}

/// Reads the files and checks what could be read; beside the findings, the text that no file has.
fn find(
    settings: &project::Settings,
    session: &Session,
    package: Option<&ModelPackage>,
    region: Option<&str>,
) -> (Vec<Finding>, Option<Made>) {
    let mut project = Project::read(settings.clone(), &session.environment, package);
    let unread = project.unreadable.drain(..);
    let mut findings: Vec<Finding> = unread.flat_map(|(path, failure)| unreadable(failure, path.as_deref())).collect();
    // What only the package decides is judged by the build.
    for found in [&mut project.needs_package, &mut project.unrendered, &mut project.unusable] {
        findings.append(found);
    }
    let rendered = project.rendered.as_ref();
    let subject = Subject { package, region, variables_come_later: true, ..project.subject(rendered) };
    let checked = checked(&subject);
    findings.extend(checked.findings);
    let Some((template, rendered)) = project.template.as_ref().zip(rendered) else { return (findings, None) };
    if let Some(parsed) = &checked.template {
        findings.extend(template.check_files(&settings.input_dir, rendered, parsed));
    }
    // The command ends here, and to take a large tree apart takes a fifth of the time that it took to read it
    std::mem::forget(checked.template);
    (findings, template.source_of(rendered))
}

/// The package that a build would choose in the offline world, if a group is known.
async fn package(session: &Session, world: &Offline) -> Result<Option<ModelPackage>> {
    let Some(group) = session.setting(None, variable::GROUP).and_then(|group| group.parse::<GroupRef>().ok()) else {
        return Ok(None);
    };
    let failed =
        |error: crate::cloud::CloudError| error.failure(format!("cannot read model package group \"{group}\""));
    let Some(arn) = world.model_package_group(&group).await.map_err(failed)? else {
        return Ok(None);
    };
    // That there is none to deploy is for the build to say.
    let Ok(by) = chosen_by(None, session) else { return Ok(None) };
    let Ok(latest) = latest_allowed(world, &group, &by).await else { return Ok(None) };
    Ok(choose(None, latest, &by, world, &group, &arn).await.ok())
}

/// Prints a rule, or the list of all.
pub(super) fn explain(id: &str, session: &Session) -> Result<()> {
    let json = session.console.format == Format::Json;
    let rules: Vec<Rule> = if id.is_empty() {
        Rule::ALL.to_vec()
    } else {
        vec![Rule::of_id(id).ok_or_else(|| {
            let ids = Rule::ALL.iter().map(|rule| rule.id());
            let unknown = Finding::error(format!("there is no rule \"{id}\""));
            let otherwise = "list all with `modeldeploy check --explain`";
            Failure::invalid([unknown.nearest(id, ids, otherwise)])
        })?]
    };
    if json {
        let rules: Vec<serde_json::Value> = rules
            .iter()
            .map(|rule| {
                let (explanation, source) = (explanation(*rule), source(*rule));
                serde_json::json!({"id": rule.id(), "severity": rule.severity().name(), "explanation": explanation, "source": source})
            })
            .collect();
        return print_json(&format!("{:#}\n", serde_json::Value::Array(rules)));
    }
    let text = match &rules[..] {
        [rule] => {
            format!(
                "{} ({})\n\n{}\n\nSource: {}\n",
                rule.id(),
                rule.severity().name(),
                explanation(*rule),
                source(*rule)
            )
        }
        rules => {
            let lines: Vec<String> =
                rules.iter().map(|rule| format!("{:<28} {}", rule.id(), rule.severity().name())).collect();
            lines.join("\n") + "\n"
        }
    };
    print(&text.lines().map(str::to_owned).collect(), session)
}
