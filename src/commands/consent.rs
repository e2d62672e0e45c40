//! A person's word before something is changed for others.

use crate::domain::finding::Finding;
use crate::error::{Failure, Result};
use crate::output;

/// Asks on the terminal whether to make so many changes, unless there is none to make, or the word was given by a flag.
pub(super) fn to_change(changes: usize, is_given: bool) -> Result<()> {
    if is_given || changes == 0 {
        return Ok(());
    }
    let refused = |cause: &str| Finding::error("nothing was changed").cause(cause);
    let things = if changes == 1 { "this".to_owned() } else { format!("these {changes} things") };
    match output::ask(&format!("Change {things}? [y/N]")) {
        Some(answer) if matches!(answer.to_lowercase().as_str(), "y" | "yes") => Ok(()),
        Some(_) => Err(Failure::failed(refused("the answer was no"))),
        None => Err(Failure::failed(refused("there is no terminal to ask on").hint("approve with --yes"))),
    }
}
