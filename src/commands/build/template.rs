//! The endpoint template, from the file that a person wrote to the text that is deployed.

use std::path::{Path, PathBuf};

use super::packaging::{Packed, Repository, package};
use crate::cli::TEMPLATE_FILE;
use crate::domain::build_plan::ProjectFacts;
use crate::domain::check::File;
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
    pub(super) packed: Packed,
}

/// The template's text as it is checked.
pub(in super::super) struct Rendered {
    /// What messages call it.
    name: String,
    text: String,
    /// Whether it is another text than the file's.
    is_made: bool,
}

impl Rendered {
    pub(in super::super) fn as_file(&self) -> File<'_> {
        File { name: &self.name, text: &self.text }
    }
}

impl TemplateFile {
    /// Reads the template that was named, else the one that is there.
    pub(in super::super) fn read(named: Option<&Path>, input_dir: &Path) -> Result<Self> {
        let name = match named {
            Some(name) => name.to_owned(),
            None => default_name(input_dir)?,
        };
        let path = files::within(input_dir, &name);
        Ok(Self { text: files::read_text(&path)?, name, path })
    }

    /// Renders the template if it is one to render. Where that takes a package and the context has none, the inner
    /// result is a warning for each place that speaks of it.
    pub(in super::super) fn rendered(
        &self,
        context: &Context<'_>,
    ) -> std::result::Result<std::result::Result<Rendered, Vec<Finding>>, Vec<Finding>> {
        let name = self.path.display().to_string();
        let is_made = self.path.extension().is_some_and(|extension| extension == rendering::EXTENSION);
        if !is_made {
            return Ok(Ok(Rendered { name, text: self.text.clone(), is_made }));
        }
        Ok(match render(&self.text, &name, context)? {
            Rendering::Text(text) => {
                let name = format!("{} (rendered)", self.path.with_extension("").display());
                Ok(Rendered { name, text, is_made })
            }
            Rendering::NeedsPackage(places) => Err(places),
        })
    }

    /// Packs what the template names.
    pub(super) fn deployable(
        &self,
        input_dir: &Path,
        rendered: &Rendered,
        template: Template,
        project: &ProjectFacts,
    ) -> std::result::Result<Deployable, Vec<Finding>> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let repository = Repository { root: input_dir, folder };
        match package(&rendered.text, &template, repository, project) {
            Ok(packed) => Ok(Deployable { template, packed }),
            Err(found) if rendered.is_made => Err(with_lines(found, &rendered.text)),
            Err(found) => Err(found),
        }
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
