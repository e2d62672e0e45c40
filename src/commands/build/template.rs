//! The endpoint template, from the file that a person wrote to the text that is deployed.

use std::path::{Path, PathBuf};

use super::packaging::{Artefact, Repository, package};
use crate::cli::{ProjectArgs, TEMPLATE_FILE};
use crate::domain::finding::Finding;
use crate::domain::rendering::{self, Context, Rendering, render};
use crate::domain::template::Template;
use crate::error::{Failure, Result};
use crate::files;

/// The template's file.
#[derive(Debug)]
pub(in super::super) struct TemplateFile {
    /// In the input directory.
    pub(super) name: PathBuf,
    path: PathBuf,
    pub(super) text: String,
}

/// What is deployed of a template.
#[derive(Debug)]
pub(super) struct Deployable {
    pub(super) template: Template,
    /// Rendered, and with places in S3 in the stead of local files.
    pub(super) text: String,
    pub(super) artefacts: Vec<Artefact>,
}

impl TemplateFile {
    /// Reads the template that was named, else the one that is there.
    pub(super) fn read(args: &ProjectArgs, input_dir: &Path) -> Result<Self> {
        let name = match &args.template {
            Some(name) => name.clone(),
            None => default_name(input_dir)?,
        };
        let path = files::within(input_dir, &name);
        Ok(Self { text: files::read_text(&path)?, name, path })
    }

    /// Renders the template if it is one to render, reads it, and packs what it names. `None` where that takes a
    /// package and the context has none.
    pub(super) fn deployable(
        &self,
        input_dir: &Path,
        context: &Context<'_>,
    ) -> std::result::Result<Option<Deployable>, Vec<Finding>> {
        let shown = self.path.display().to_string();
        let is_rendered = self.path.extension().is_some_and(|extension| extension == rendering::EXTENSION);
        let (text, shown) = if is_rendered {
            match render(&self.text, &shown, context)? {
                Rendering::Text(text) => (text, format!("{} (rendered)", self.path.with_extension("").display())),
                Rendering::NeedsPackage(_) => return Ok(None),
            }
        } else {
            (self.text.clone(), shown)
        };
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let repository = Repository { root: input_dir, folder };
        let deployable = Template::parse(&text, &shown).and_then(|template| {
            let (text, artefacts) = package(&text, &template, repository, context.project)?;
            Ok(Some(Deployable { template, text, artefacts }))
        });
        if is_rendered { deployable.map_err(|found| with_lines(found, &text)) } else { deployable }
    }
}

/// The name of the template in a repository that names none.
pub(in super::super) fn default_name(input_dir: &Path) -> Result<PathBuf> {
    let (plain, rendered) =
        (PathBuf::from(TEMPLATE_FILE), PathBuf::from(format!("{TEMPLATE_FILE}.{}", rendering::EXTENSION)));
    match (input_dir.join(&plain).exists(), input_dir.join(&rendered).exists()) {
        (false, true) => Ok(rendered),
        (true, true) => Err(Failure::invalid([Finding::error("there are two endpoint templates")
            .cause(format!("{TEMPLATE_FILE} and {} are both there", rendered.display()))
            .hint("remove one of them, or say which it is with --template")])),
        _ => Ok(plain),
    }
}

/// Nobody has the rendered text before their eyes, so a finding in it shows its line.
pub(super) fn with_lines(findings: Vec<Finding>, text: &str) -> Vec<Finding> {
    let line = |finding: &Finding| {
        let position = finding.place.as_ref()?.position?;
        Some(format!("line {} is: {}", position.line, text.lines().nth(position.line - 1)?.trim()))
    };
    let shown = |finding: Finding| match (line(&finding), &finding.cause) {
        (Some(line), None) => finding.cause(line),
        (Some(line), Some(cause)) => Finding { cause: Some(format!("{cause}; {line}")), ..finding },
        (None, _) => finding,
    };
    findings.into_iter().map(shown).collect()
}
