//! The endpoint template, from the file that a person wrote to the text that is deployed.

use std::path::{Path, PathBuf};

use super::packaging::{Packed, Purpose, Repository, package};
use crate::cli::TEMPLATE_FILE;
use crate::domain::check::sarif::Made;
use crate::domain::check::{File, of_rendering, show_lines, too_large, too_large_to_read};
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
        let bytes = path.metadata().map_or(0, |file| usize::try_from(file.len()).unwrap_or(usize::MAX));
        if let Some(finding) = too_large_to_read(&path.display().to_string(), bytes) {
            return Err(Failure::invalid([finding]));
        }
        Ok(Self { text: files::read_text(&path)?, name, path })
    }

    /// Renders the template if it is one to render. Where that takes a package and the context has none, the inner
    /// result is a warning for each place that speaks of it.
    pub(in super::super) fn rendered(
        &self,
        context: &Context<'_>,
    ) -> std::result::Result<std::result::Result<Rendered, Vec<Finding>>, Vec<Finding>> {
        let name = self.path.display().to_string();
        if self.path.extension().is_none_or(|extension| extension != rendering::EXTENSION) {
            return Ok(Ok(Rendered { name, text: self.text.clone() }));
        }
        let of_catalogue = |found| {
            let mut found = of_rendering(found);
            show_lines(File { name: &name, text: &self.text }, None, &mut found);
            found
        };
        Ok(match render(&self.text, &name, context).map_err(of_catalogue)? {
            Rendering::Text(text) => {
                let name = format!("{} (rendered)", self.path.with_extension("").display());
                Ok(Rendered { name, text })
            }
            Rendering::NeedsPackage(places) => Err(of_catalogue(places)),
        })
    }

    /// Packs what the template names.
    pub(super) fn pack(
        &self,
        input_dir: &Path,
        rendered: &Rendered,
        template: &Template,
        purpose: Purpose<'_>,
    ) -> std::result::Result<Packed, Vec<Finding>> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let repository = Repository { root: input_dir, folder };
        let packed = package(&rendered.text, template, repository, purpose).map_err(|mut found| {
            show_lines(rendered.as_file(), Some(template), &mut found);
            found
        })?;
        // Places in S3 are longer than the names that they replace
        let grown = too_large(&rendered.name, packed.text.len());
        match (purpose, grown.filter(|_| too_large(&rendered.name, rendered.text.len()).is_none())) {
            (Purpose::Deploying(_), Some(finding)) => {
                let cause = "with the places in S3 of the local files that it names";
                Err(vec![finding.cause(cause).hint("name fewer files, or shorten the template")])
            }
            _ => Ok(packed),
        }
    }

    /// What the rendered text is made of, unless it is the file's own.
    pub(in super::super) fn source_of(&self, rendered: &Rendered) -> Option<Made> {
        let source = self.path.display().to_string();
        (rendered.name != source).then(|| Made { name: rendered.name.clone(), source })
    }

    /// What is wrong with what the template names.
    pub(in super::super) fn check_files(
        &self,
        input_dir: &Path,
        rendered: &Rendered,
        template: &Template,
    ) -> Vec<Finding> {
        self.pack(input_dir, rendered, template, Purpose::Checking).err().unwrap_or_default()
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
