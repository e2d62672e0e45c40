//! `modeldeploy catalog`: the project template that SageMaker projects start from.

pub(super) mod import;
mod product;
mod role;
mod studio;

use std::path::Path;

use super::{STDOUT, Session, print_file};
use crate::cli::{self, RenderArgs, TemplateArgs};
use crate::domain::finding::Finding;
use crate::domain::project_template::{CallAs, ProjectTemplate, Source};
use crate::error::{Failure, Result};
use crate::files::{Pending, Readers};

pub(super) fn render(args: &RenderArgs, session: &Session) -> Result<()> {
    let text = template(&args.template)?;
    if args.output == Path::new(STDOUT) {
        return print_file(&text);
    }
    Pending::at(&args.output, Readers::AsUsual)?.put(text.as_bytes())?;
    session.console.note(&format!("wrote {}", args.output.display()));
    Ok(())
}

/// The template as it was asked for.
fn template(args: &TemplateArgs) -> Result<String> {
    let template = ProjectTemplate {
        stages: args.stages.to_vec(),
        source: match args.source {
            cli::Source::CodeCommit => Source::CodeCommit,
            cli::Source::Connection => Source::Connection,
        },
        call_as: match args.call_as {
            cli::CallAs::Management => CallAs::Management,
            cli::CallAs::DelegatedAdmin => CallAs::DelegatedAdmin,
        },
        seed_bucket: args.seed_bucket.clone(),
        seed_key: args.seed_key.clone(),
    };
    let findings = template.findings();
    if !findings.is_empty() {
        return Err(Failure::invalid(findings));
    }
    template
        .render()
        .map_err(|error| Failure::failed(Finding::error("cannot render the project template").cause(error.to_string())))
}
