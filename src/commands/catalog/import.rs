//! `modeldeploy catalog import`: the project template where Studio finds it.

use serde_json::Value;

use super::{product, studio};
use crate::cli::{Format, ImportArgs};
use crate::cloud::Cloud;
use crate::cloud::aws::Aws;
use crate::commands::consent;
use crate::commands::{Session, print, print_json};
use crate::domain::catalog::placement;
use crate::domain::change::Plan;
use crate::domain::digest::sha256;
use crate::domain::finding::{Finding, Severity};
use crate::domain::project_template::bucket_finding;
use crate::domain::s3_uri::S3Uri;
use crate::error::{Exit, Failure, Result};

/// What is imported.
pub(super) struct Template {
    pub(super) text: String,
    pub(super) digest: String,
    pub(super) bucket: String,
    /// The seed zip that its projects start from, where that is not asked of each.
    pub(super) seed: Option<S3Uri>,
}

pub(in super::super) async fn run(args: &ImportArgs, session: &Session, aws: &Aws) -> Result<()> {
    let template = template(args)?;
    if args.s3_template {
        Box::pin(studio::run(args, &template, session, aws)).await
    } else {
        Box::pin(product::run(args, &template, session, aws)).await
    }
}

/// The rendered template; all that is wrong with the flags is said at once.
fn template(args: &ImportArgs) -> Result<Template> {
    let mut findings: Vec<Finding> = placement::prefix_finding(&args.template_prefix).into_iter().collect();
    findings.extend(args.template_bucket.as_deref().and_then(bucket_finding));
    if args.s3_template {
        findings.extend(placement::file_name(&args.product).err());
    }
    for (flag, value, most) in [("--portfolio", &args.portfolio, 100), ("--product", &args.product, 8191)] {
        if value.trim().is_empty() || value.chars().count() > most {
            findings
                .push(Finding::error(format!("{flag} has to have 1 to {most} characters")).hint("give another name"));
        }
    }
    let rendered = match super::template(&args.template) {
        Ok(text) => Some(text),
        Err(failure) => {
            findings.extend(failure.findings);
            None
        }
    };
    let bucket = args.template_bucket.clone().or_else(|| args.template.seed_bucket.clone());
    let (Some(text), Some(bucket), true) = (rendered, bucket, findings.is_empty()) else {
        return Err(Failure::invalid(findings));
    };
    let seed = args.template.seed_bucket.clone().zip(args.template.seed_key.clone());
    let seed = seed.map(|(bucket, key)| S3Uri { bucket, key });
    Ok(Template { digest: sha256(text.as_bytes()), text, bucket, seed })
}

/// That projects will find no seed; only a look tells, since the template is good without.
pub(super) async fn seed_doubts(template: &Template, aws: &Aws) -> Vec<Finding> {
    let Some(seed) = &template.seed else { return Vec::new() };
    match aws.has_object(seed).await {
        Ok(true) => Vec::new(),
        Ok(false) => vec![
            Finding::warning(format!("seed zip {seed} is not there, or you may not see it"))
                .cause("a project that is created without it fails")
                .hint("upload it with \"modeldeploy seed upload\", and give the key that it prints"),
        ],
        Err(error) => {
            let finding = error.finding(format!("whether seed zip {seed} is there is not known"));
            vec![Finding { severity: Severity::Warning, ..finding }]
        }
    }
}

/// All that would be done, on stdout, and the exit code that says whether it is anything.
pub(super) fn show(plan: &Plan, session: &Session) -> Result<()> {
    if session.console.format == Format::Json {
        print_json(&format!("{:#}\n", plan.document()))?;
    } else {
        print(&plan.page(), session)?;
        tell(plan, session);
    }
    if plan.changes.is_empty() { Ok(()) } else { Err(Failure { exit: Exit::SomethingToDo, findings: Vec::new() }) }
}

/// Shows the plan to whoever agrees to it, or watches.
pub(super) async fn agree(plan: &Plan, args: &ImportArgs, session: &Session) -> Result<()> {
    session.console.show(&plan.page());
    tell(plan, session);
    consent::to_change(plan.changes.len(), args.yes).await
}

/// The failure of a step: every step can be taken again.
pub(super) fn again(mut failure: Failure) -> Failure {
    let hint = &mut failure.findings[0].hint;
    let again = "run it again: what is done it will find done";
    *hint = Some(hint.take().map_or(again.to_owned(), |hint| format!("{hint}; then {again}")));
    failure
}

/// Both, or all that is wrong with either.
pub(super) fn both<A, B>(one: Result<A>, other: Result<B>) -> Result<(A, B)> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(mut one), Err(other)) => {
            one.findings.extend(other.findings);
            Err(one)
        }
        (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => Err(failure),
    }
}

fn tell(plan: &Plan, session: &Session) {
    for note in &plan.notes {
        session.console.warning(note);
    }
}

/// The plan and what came of it.
pub(super) fn report(plan: &Plan, session: &Session, lines: &[String], facts: Value) -> Result<()> {
    if session.console.format == Format::Json {
        let mut answer = plan.document();
        if let (Some(answer), Value::Object(facts)) = (answer.as_object_mut(), facts) {
            answer.extend(facts);
        }
        return print_json(&format!("{answer:#}\n"));
    }
    print(&lines.iter().cloned().collect(), session)
}
