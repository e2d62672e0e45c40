//! What a command answers: data, to stdout.

use super::session::Session;
use crate::domain::finding::Finding;
use crate::domain::text::page::Page;
use crate::error::{Failure, Result};
use crate::files;
use crate::output;

/// What stands for stdout where a file is asked for.
pub(super) const STDOUT: &str = "-";

/// Text for people to stdout.
pub(super) fn print(page: &Page, session: &Session) -> Result<()> {
    to_stdout(&session.console.paper().rendered(page))
}

/// Text for people in the place of what the terminal shows.
pub(super) fn redraw(page: &Page, session: &Session) -> Result<()> {
    to_stdout(&format!("{}{}", output::CLEARED, session.console.paper().rendered(page)))
}

/// A JSON document to stdout.
pub(super) fn print_json(document: &str) -> Result<()> {
    to_stdout(&output::json(document))
}

/// A file's text to stdout, as it would be in the file.
pub(super) fn print_file(text: &str) -> Result<()> {
    to_stdout(text)
}

/// Data; where a file that was named goes to stdout, beside it.
fn to_stdout(text: &str) -> Result<()> {
    if files::stdout_is_an_output() {
        output::aside(text);
        return Ok(());
    }
    output::data(text).map_err(|error| {
        let hint = files::full(&error).unwrap_or("look at where stdout is led to");
        Failure::failed(Finding::error("cannot write to stdout").cause(files::plain(&error)).hint(hint))
    })
}
