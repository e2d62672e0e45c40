//! The plan of an import: shown, agreed to, and reported on.

use serde_json::Value;

use super::settings::Settings;
use crate::cli::Format;
use crate::commands::consent;
use crate::commands::session::Session;
use crate::commands::stdout::{print, print_json};
use crate::domain::platform::change::Plan;
use crate::error::{Exit, Failure, Result};

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
pub(super) async fn agree(plan: &Plan, settings: &Settings, session: &Session) -> Result<()> {
    session.console.show(&plan.page());
    tell(plan, session);
    consent::to_change(plan.changes.len(), settings.yes).await
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
