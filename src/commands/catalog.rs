//! `modeldeploy catalog`: the project template that SageMaker projects start from.

pub(super) mod import;
mod plan;
mod product;
mod role;
mod settings;
mod studio;
mod template;

use std::path::Path;

pub(super) use self::settings::{Settings, asked};
use super::session::Session;
use super::stdout::{STDOUT, print_file};
use crate::domain::platform::project_template::ProjectTemplate;
use crate::error::Result;
use crate::files::{Pending, Readers};

pub(super) fn render(template: &ProjectTemplate, output: &Path, session: &Session) -> Result<()> {
    let text = template::render(template)?;
    if output == Path::new(STDOUT) {
        return print_file(&text);
    }
    Pending::at(output, Readers::AsUsual)?.put(text.as_bytes())?;
    session.console.note(&format!("wrote {}", output.display()));
    Ok(())
}
