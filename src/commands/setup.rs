//! `modeldeploy setup`: what surrounds projects, planned from what is there and put in place.

mod apply;
mod facts;
mod inputs;

use std::path::Path;
use std::time::Duration;

use self::apply::Applying;
use self::facts::{Gathering, gather};
use self::inputs::Act;
pub(super) use self::inputs::Inputs;
use super::consent;
use super::interruption::{self, SignalGuard, until_interrupted};
use super::session::Session;
use super::stdout::{print, print_json};
use crate::cli::Format;
use crate::cloud::aws::Aws;
use crate::domain::finding::{Finding, Severity};
use crate::domain::platform::setup::{Decision, Facts, decide, folder};
use crate::error::{Exit, Failure, Result};
use crate::files::{Folders, PendingFiles, prove_folder, within};

pub(super) async fn run(inputs: &Inputs, session: &Session, cloud: &Aws) -> Result<()> {
    match &inputs.act {
        Act::Plan { output } => Box::pin(plan(output.as_deref(), inputs, session, cloud)).await,
        Act::Apply { yes, wait } => until_interrupted(Box::pin(apply(*yes, *wait, inputs, session, cloud))).await,
    }
}

async fn plan(output: Option<&Path>, inputs: &Inputs, session: &Session, cloud: &Aws) -> Result<()> {
    if let Some(folder) = output {
        prove_folder(folder)?;
    }
    let _signals = SignalGuard::graceful();
    let gathered = Box::pin(gather(&Gathering { inputs, cloud, session, wait: None })).await;
    // Before the account is known, nothing is.
    let facts = gathered.map_err(|failure| interruption::outcome().err().unwrap_or(failure))?;
    let decision = decided(inputs, &facts)?;
    show(&decision, session)?;
    if let Err(mut stopped) = interruption::outcome() {
        stopped.findings.extend(unread(&decision));
        return Err(stopped);
    }
    if let Some(folder) = output {
        write(folder, inputs, &facts, session)?;
    }
    let unread = unread(&decision);
    match (unread.is_empty(), decision.steps.is_empty()) {
        (true, true) => Ok(()),
        (true, false) => Err(Failure { exit: Exit::SomethingToDo, findings: Vec::new() }),
        (false, _) => Err(Failure { exit: Exit::Failed, findings: unread }),
    }
}

async fn apply(yes: bool, wait: Duration, inputs: &Inputs, session: &Session, cloud: &Aws) -> Result<()> {
    let facts = Box::pin(gather(&Gathering { inputs, cloud, session, wait: Some(wait) })).await?;
    let decision = decided(inputs, &facts)?;
    show(&decision, session)?;
    let mut findings = unread(&decision);
    if !decision.steps.is_empty() {
        consent::to_change(decision.steps.len(), yes).await?;
        let applying = Applying { inputs, cloud, session, wait };
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
