//! `modeldeploy setup`: what surrounds projects, planned from what is there and put in place.

mod apply;
mod facts;
mod inputs;

use std::path::Path;

use self::apply::Applying;
use self::facts::{Gathering, gather};
pub(super) use self::inputs::Inputs;
use super::{Session, consent, print, print_json};
use crate::cli::{Format, SetupApplyArgs, SetupCommand, SetupPlanArgs};
use crate::cloud::aws::Aws;
use crate::domain::finding::{Finding, Severity};
use crate::domain::setup::{Decision, Facts, decide, folder};
use crate::error::{Exit, Failure, Result};
use crate::files::{Folders, PendingFiles, prove_folder, within};

pub(super) async fn run(command: &SetupCommand, inputs: &Inputs, session: &Session, cloud: &Aws) -> Result<()> {
    match command {
        SetupCommand::Plan(args) => Box::pin(plan(args, inputs, session, cloud)).await,
        SetupCommand::Apply(args) => Box::pin(apply(args, inputs, session, cloud)).await,
    }
}

async fn plan(args: &SetupPlanArgs, inputs: &Inputs, session: &Session, cloud: &Aws) -> Result<()> {
    if let Some(folder) = &args.output {
        prove_folder(folder)?;
    }
    let facts = Box::pin(gather(&Gathering { inputs, cloud, session, wait: None })).await?;
    let decision = decided(inputs, &facts)?;
    show(&decision, session)?;
    if let Some(folder) = &args.output {
        write(folder, inputs, &facts, session)?;
    }
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
        consent::to_change(decision.steps.len(), args.yes).await?;
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
        return print(&plan.page(), session);
    }
    print_json(&format!("{:#}\n", plan.document()))
}

fn write(folder: &Path, inputs: &Inputs, facts: &Facts, session: &Session) -> Result<()> {
    let files = folder::files(&inputs.settings, facts).map_err(|error| unrenderable(&error))?;
    let files: Vec<_> = files.into_iter().map(|(name, text)| (within(folder, name), text.into_bytes())).collect();
    PendingFiles::prepare(&files, Folders::AreMade)?.put()?;
    session.console.note(&format!("wrote {} files to {}", files.len(), folder.display()));
    Ok(())
}
