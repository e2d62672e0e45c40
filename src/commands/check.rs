//! `modeldeploy check`: everything that can be known of template, configs and cases without AWS, all at once.

use std::path::{Path, PathBuf};

use super::build::{Rendered, TemplateFile, default_name};
use super::cases_file::CasesFile;
use super::registry::{choose, latest_approved};
use super::{Session, print, print_json};
use crate::cli::{CASES_FILE, CheckArgs, Format, TEMPLATE_FILE, variable};
use crate::cloud::Cloud;
use crate::cloud::offline::Offline;
use crate::domain::build_plan::{ProjectFacts, StagePlan};
use crate::domain::check::report::Report;
use crate::domain::check::rule::Rule;
use crate::domain::check::sarif::Made;
use crate::domain::check::{CaseFiles, Checked, File, StageFile, Subject, check, sarif};
use crate::domain::count::counted;
use crate::domain::finding::{Finding, Severity};
use crate::domain::model_package::{GroupRef, ModelPackage};
use crate::domain::rendering::Context;
use crate::domain::stage::StageSettings;
use crate::error::{Exit, Failure, Result};
use crate::files::{self, Pending, Readers};
use crate::{output, secrets};

/// Stdout, where a file could be named.
const STDOUT: &str = "-";

/// Checks, says what is wrong, and fails if anything is.
pub(super) async fn run(
    args: &CheckArgs,
    session: &Session,
    world: Option<&Offline>,
    region: Option<&str>,
) -> Result<()> {
    if let Some(rule) = &args.explain {
        return explain(rule, session);
    }
    let json = session.console.format == Format::Json;
    let to_stdout = args.sarif.as_deref().is_some_and(|file| file == Path::new(STDOUT));
    if json && to_stdout {
        let finding = Finding::error("--format json and --sarif - both write to stdout");
        return Err(Failure::invalid([finding.hint("name a file for SARIF")]));
    }
    let sarif = args.sarif.as_deref().filter(|_| !to_stdout);
    let sarif = sarif.map(|file| Pending::at(file, Readers::AsUsual)).transpose()?;
    let package = match world {
        Some(world) => package(session, world).await?,
        None => None,
    };
    let region = world.map(Cloud::region).or(region.filter(|region| !region.is_empty()));
    let (findings, made) = find(args, session, package.as_ref(), region);
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let warnings = findings.len() - errors;
    let log = || {
        let template = files::within(&args.input_dir, template_name(args));
        let log = sarif::render(&findings, made.as_ref(), &template.display().to_string(), env!("CARGO_PKG_VERSION"));
        output::json(&log)
    };
    if to_stdout {
        print_json(&log())?;
    }
    if json {
        print_json(&Report::of(&findings).render())?;
    } else {
        for finding in &findings {
            session.console.warning(finding);
        }
        session.console.note(&summary(args, errors, warnings));
    }
    // Last: what was found is said also where the file cannot be written.
    if let Some(file) = sarif {
        file.put(log().as_bytes())?;
    }
    if errors > 0 || (args.strict && warnings > 0) {
        return Err(Failure { exit: Exit::Invalid, findings: Vec::new() });
    }
    Ok(())
}

fn summary(args: &CheckArgs, errors: usize, warnings: usize) -> String {
    let stages: Vec<&str> = args.stages.iter().map(crate::domain::stage::Stage::as_str).collect();
    let checked = format!("{} for {}", template_name(args).display(), stages.join(", "));
    format!("checked {checked}: {} and {}", counted(errors, "error"), counted(warnings, "warning"))
}

fn template_name(args: &CheckArgs) -> PathBuf {
    let default = || default_name(&args.input_dir).unwrap_or_else(|_| TEMPLATE_FILE.into());
    args.template.clone().unwrap_or_else(default)
}

fn file((name, text): &(String, String)) -> File<'_> {
    File { name, text }
}

/// A file that cannot be read, as findings of the catalogue.
fn unreadable(failure: Failure, path: &Path) -> Vec<Finding> {
    let named = |one: Finding| {
        if one.place.is_some() {
            return Finding { rule: one.rule.or(Some(Rule::FileUnreadable)), ..one };
        }
        let finding = Finding::of(Rule::FileUnreadable, "cannot be read").in_file(&path.display().to_string());
        Finding { cause: one.cause, hint: one.hint, ..finding }
    };
    failure.findings.into_iter().map(named).collect()
}

/// Reads the files and checks what could be read; beside the findings, the text that no file has.
fn find(
    args: &CheckArgs,
    session: &Session,
    package: Option<&ModelPackage>,
    region: Option<&str>,
) -> (Vec<Finding>, Option<Made>) {
    let mut findings = Vec::new();
    let mut read = |path: &Path| {
        let text = files::read_text(path).map_err(|failure| findings.extend(unreadable(failure, path)));
        text.ok().map(|text| (path.display().to_string(), text))
    };
    let mut unusable = Vec::new();
    let mut configs = Vec::new();
    for stage in args.stages.iter() {
        let (settings, found) = StageSettings::from_environment(stage, &session.environment);
        unusable.extend(found);
        if let Some(config) = read(&files::within(&args.input_dir, &settings.config_file)) {
            configs.push((settings, config));
        }
    }
    let default_cases = files::within(&args.input_dir, CASES_FILE);
    let cases_path = match &args.cases {
        None if default_cases.exists() => Some(&default_cases),
        named => named.as_ref(),
    };
    let cases = cases_path.and_then(|path| read(path).map(|(_, text)| CasesFile::new(path, text)));
    let setting = |name: &str| session.setting(None, name);
    let facts = ProjectFacts {
        name: setting(variable::PROJECT_NAME).unwrap_or_default(),
        id: setting(variable::PROJECT_ID).unwrap_or_default(),
        artifact_bucket: setting(variable::ARTIFACT_BUCKET),
    };
    let named = args.template.clone().map_or_else(|| default_name(&args.input_dir), Ok);
    let template = match named.map(|name| (TemplateFile::read(Some(&name), &args.input_dir), name)) {
        Ok((Ok(template), _)) => Some(template),
        Ok((Err(failure), name)) => {
            findings.extend(unreadable(failure, &files::within(&args.input_dir, name)));
            None
        }
        Err(failure) => {
            let of_catalogue = |one| Finding { rule: Some(Rule::FileUnreadable), ..one };
            findings.extend(failure.findings.into_iter().map(of_catalogue));
            None
        }
    };
    let stages: Vec<StageFile<'_>> =
        configs.iter().map(|(settings, config)| StageFile { settings, config: file(config) }).collect();
    let readable: Vec<StagePlan> = stages.iter().filter_map(StageFile::plan).collect();
    let context = Context { project: &facts, stages: &readable, package };
    let rendered = template.as_ref().and_then(|template| match template.rendered(&context) {
        Ok(Ok(rendered)) => Some(rendered),
        // What only the package decides is judged by the build.
        Ok(Err(found)) | Err(found) => {
            findings.extend(found);
            None
        }
    });
    let Checked { template: parsed, findings: mut found, confidential, .. } = check(&Subject {
        template: rendered.as_ref().map(Rendered::as_file),
        stages: &stages,
        cases: cases.as_ref().map(CasesFile::as_file),
        case_files: cases.as_ref().map_or(&CaseFiles::new(), |cases| &cases.named),
        facts: &facts,
        package,
        region,
        variables_come_later: true,
    });
    secrets::learn_all(&confidential);
    if let (Some(template), Some(rendered), Some(parsed)) = (&template, &rendered, &parsed) {
        found.extend(template.check_files(&args.input_dir, rendered, parsed));
    }
    let made = template.zip(rendered.as_ref()).and_then(|(template, rendered)| template.source_of(rendered));
    (findings.into_iter().chain(unusable).chain(found).collect(), made)
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
    let Ok(latest) = latest_approved(world, &group).await else { return Ok(None) };
    Ok(choose(None, latest, world, &group, &arn).await.ok())
}

/// Prints a rule, or the list of all.
fn explain(id: &str, session: &Session) -> Result<()> {
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
    let severity = |rule: &Rule| if rule.severity() == Severity::Error { "error" } else { "warning" };
    if json {
        let rules: Vec<serde_json::Value> = rules
            .iter()
            .map(|rule| {
                let (explanation, source) = (rule.explanation(), rule.source());
                serde_json::json!({"id": rule.id(), "severity": severity(rule), "explanation": explanation, "source": source})
            })
            .collect();
        return print_json(&format!("{:#}\n", serde_json::Value::Array(rules)));
    }
    let text = match &rules[..] {
        [rule] => {
            format!("{} ({})\n\n{}\n\nSource: {}\n", rule.id(), severity(rule), rule.explanation(), rule.source())
        }
        rules => {
            let lines: Vec<String> = rules.iter().map(|rule| format!("{:<28} {}", rule.id(), severity(rule))).collect();
            lines.join("\n") + "\n"
        }
    };
    print(&text.lines().map(str::to_owned).collect(), session)
}
