//! A person's word before something is changed for others.

use crate::domain::finding::Finding;
use crate::error::{Failure, Result};
use crate::output;

/// Asks on the terminal whether to make so many changes, unless there is none to make, or the word was given by a flag.
pub(super) async fn to_change(changes: usize, is_given: bool) -> Result<()> {
    if is_given || changes == 0 {
        return Ok(());
    }
    let things = if changes == 1 { "this".to_owned() } else { format!("these {changes} things") };
    to(&format!("Change {things}?"), "nothing was changed", "--yes").await
}

/// Asks a question on the terminal; a no, or nobody to ask, ends the command with what it leaves undone.
pub(super) async fn to(question: &str, undone: &str, flag: &str) -> Result<()> {
    let refused = |cause: &str| Finding::error(undone).cause(cause);
    match output::ask(&format!("{question} [y/N]")).await {
        Some(answer) if matches!(answer.to_lowercase().as_str(), "y" | "yes") => Ok(()),
        Some(_) => Err(Failure::failed(refused("the answer was no"))),
        None => {
            let finding = refused("there is no terminal to ask on").hint(format!("approve with {flag}"));
            Err(Failure::failed(finding))
        }
    }
}
