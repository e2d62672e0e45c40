//! `modeldeploy setup`: what surrounds projects, planned from what is there and put in place.

mod apply;
mod facts;
mod inputs;

use std::path::Path;

use serde_json::json;

use self::apply::Applying;
use self::facts::{Gathering, gather};
pub(super) use self::inputs::Inputs;
use super::{Session, print};
use crate::cli::{Format, SetupApplyArgs, SetupCommand, SetupPlanArgs};
use crate::cloud::aws::Aws;
use crate::domain::finding::{Finding, Severity};
use crate::domain::setup::{Decision, Facts, decide, folder};
use crate::error::{Exit, Failure, Result};
use crate::files::{Folders, PendingFiles, within};
use crate::output;

pub(super) async fn run(command: &SetupCommand, inputs: &Inputs, session: &Session, cloud: &Aws) -> Result<()> {
    match command {
        SetupCommand::Plan(args) => Box::pin(plan(args, inputs, session, cloud)).await,
        SetupCommand::Apply(args) => Box::pin(apply(args, inputs, session, cloud)).await,
    }
}

async fn plan(args: &SetupPlanArgs, inputs: &Inputs, session: &Session, cloud: &Aws) -> Result<()> {
    let facts = Box::pin(gather(&Gathering { inputs, cloud, session, wait: None })).await?;
    let decision = decided(inputs, &facts)?;
    if let Some(folder) = &args.output {
        write(folder, inputs, &facts, session)?;
    }
    show(&decision, session)?;
    let unread = unread(&decision);
    match (unread.is_empty(), decision.steps.is_empty()) {
        (true, true) => Ok(()),
        (true, false) => Err(Failure { exit: Exit::SomethingToDo, findings: Vec::new() }),
        (false, _) => Err(Failure { exit: Exit::Failed, findings: unread }),
    }
}

async fn apply(args: &SetupApplyArgs, inputs: &Inputs, session: &Session, cloud: &Aws) -> Result<()> {
    let facts = Box::pin(gather(&Gathering { inputs, cloud, session, wait: Some(args.wait) })).await?;
    let decision = decided(inputs, &facts)?;
    show(&decision, session)?;
    let mut findings = unread(&decision);
    if !decision.steps.is_empty() {
        approve(args, decision.steps.len())?;
        let applying = Applying { inputs, cloud, session, wait: args.wait };
        findings.extend(applying.all(&decision.steps).await);
    }
    if findings.is_empty() { Ok(()) } else { Err(Failure { exit: Exit::Failed, findings }) }
}

fn decided(inputs: &Inputs, facts: &Facts) -> Result<Decision> {
    decide(&inputs.settings, &inputs.wishes, facts).map_err(|error| unrenderable(&error))
}

fn unrenderable(error: &dyn std::error::Error) -> Failure {
    Failure::failed(Finding::error("cannot render a document").cause(error.to_string()))
}

/// What ends the command badly in the end.
fn unread(decision: &Decision) -> Vec<Finding> {
    decision.notes.iter().filter(|note| note.severity == Severity::Error).cloned().collect()
}

fn show(decision: &Decision, session: &Session) -> Result<()> {
    for note in decision.notes.iter().filter(|note| note.severity == Severity::Warning) {
        session.console.warning(note);
    }
    let plan = decision.plan();
    if session.console.format == Format::Text {
        return print(&plan.text());
    }
    let note = |note: &Finding| {
        let severity = match note.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        json!({"severity": severity, "what": note.what, "cause": note.cause, "hint": note.hint})
    };
    let notes: Vec<_> = plan.notes.iter().map(note).collect();
    print(&format!("{:#}\n", json!({"changes": plan.changes, "kept": plan.kept, "notes": notes})))
}

fn approve(args: &SetupApplyArgs, changes: usize) -> Result<()> {
    if args.yes {
        return Ok(());
    }
    let refused = |cause: &str| Failure::failed(Finding::error("nothing was changed").cause(cause));
    let things = if changes == 1 { "this".to_owned() } else { format!("these {changes} things") };
    match output::ask(&format!("Change {things}? [y/N]")) {
        Some(answer) if matches!(answer.to_lowercase().as_str(), "y" | "yes") => Ok(()),
        Some(_) => Err(refused("the answer was no")),
        None => {
            let mut failure = refused("there is no terminal to ask on");
            failure.findings[0].hint = Some("approve with --yes".to_owned());
            Err(failure)
        }
    }
}

fn write(folder: &Path, inputs: &Inputs, facts: &Facts, session: &Session) -> Result<()> {
    let files = folder::files(&inputs.settings, facts).map_err(|error| unrenderable(&error))?;
    let files: Vec<_> = files.into_iter().map(|(name, text)| (within(folder, name), text.into_bytes())).collect();
    PendingFiles::prepare(&files, Folders::AreMade)?.put()?;
    session.console.note(&format!("wrote {} files to {}", files.len(), folder.display()));
    Ok(())
}
