//! The endpoint template, from the file that a person wrote to the text that is deployed.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

use super::super::interruption;
use super::packaging::{Packed, Purpose, Repository, package};
use crate::cli::TEMPLATE_FILE;
use crate::domain::check::sarif::Made;
use crate::domain::check::{File, of_rendering, show_lines, too_large, too_large_to_read};
use crate::domain::cloudformation::deployer::Deployer;
use crate::domain::cloudformation::packaging::{Reference, references};
use crate::domain::cloudformation::template::Template;
use crate::domain::finding::Finding;
use crate::domain::project::rendering::{self, Context, Rendering, render};
use crate::error::{Failure, Result};
use crate::files;

/// Many times what the engine's steps take; but what it does in one of them may have no end.
const LONGEST_RENDERING: Duration = Duration::from_secs(10);
/// Enough for every level of an expression that is read.
const STACK_BYTES: usize = 16 << 20;

const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Renders on a thread of its own, which is given up when its time is over, or the run is to end; it ends with the process.
fn in_time(text: &str, name: &str, context: &Context<'_>) -> std::result::Result<Rendering, Vec<Finding>> {
    let (text, file) = (text.to_owned(), name.to_owned());
    let (project, stages, package) = (context.project.clone(), context.stages.to_vec(), context.package.cloned());
    let (sender, done) = channel();
    let begun = Builder::new().name("rendering".to_owned()).stack_size(STACK_BYTES).spawn(move || {
        let context = Context { project: &project, stages: &stages, package: package.as_ref() };
        _ = sender.send(render(&text, &file, &context));
    });
    let failed = |cause: String| vec![Finding::error("cannot be rendered").in_file(name).cause(cause)];
    begun.map_err(|error| failed(error.to_string()))?;
    let start = Instant::now();
    loop {
        match done.recv_timeout(BETWEEN_LOOKS) {
            Ok(rendered) => return rendered,
            Err(RecvTimeoutError::Disconnected) => return Err(failed("rendering broke off".to_owned())),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(reason) = interruption::came() {
            return Err(failed(reason));
        }
        if start.elapsed() >= LONGEST_RENDERING {
            let cause = format!("to render it takes longer than {}", humantime::format_duration(LONGEST_RENDERING));
            let finding = Finding::error("does not come to an end").in_file(name).cause(cause);
            return Err(vec![finding.hint("look at its loops")]);
        }
    }
}

/// The template's file.
#[derive(Debug)]
pub(in crate::commands) struct TemplateFile {
    /// In the input directory.
    pub(in crate::commands) name: PathBuf,
    path: PathBuf,
    pub(in crate::commands) text: String,
    deployer: Deployer,
}

/// What rendering a template leads to.
pub(super) enum Text {
    Known(Rendered),
    /// It takes a package, and the context has none: a warning for each place that speaks of it.
    NeedsPackage(Vec<Finding>),
    Wrong(Vec<Finding>),
}

/// The template's text as it is checked.
pub(in crate::commands) struct Rendered {
    /// What messages call it.
    name: String,
    text: String,
}

impl Rendered {
    pub(in crate::commands) fn as_file(&self) -> File<'_> {
        File { name: &self.name, text: &self.text }
    }

    pub(in crate::commands) fn parsed(&self) -> Option<Template> {
        Template::parse(&self.text, &self.name).ok()
    }
}

impl TemplateFile {
    /// Reads the template of that name in the input directory.
    pub(super) fn read(name: PathBuf, input_dir: &Path, deployer: Deployer) -> Result<Self> {
        let path = files::within(input_dir, &name);
        let bytes = path.metadata().map_or(0, |file| usize::try_from(file.len()).unwrap_or(usize::MAX));
        if let Some(finding) = too_large_to_read(&path.display().to_string(), bytes, deployer) {
            return Err(Failure::invalid([finding]));
        }
        Ok(Self { text: files::read_text(&path)?, name, path, deployer })
    }

    /// Renders the template if it is one to render.
    pub(super) fn rendered(&self, context: &Context<'_>) -> Text {
        let name = self.path.display().to_string();
        if self.path.extension().is_none_or(|extension| extension != rendering::EXTENSION) {
            return Text::Known(Rendered { name, text: self.text.clone() });
        }
        let of_catalogue = |found| {
            let mut found = of_rendering(found);
            show_lines(File { name: &name, text: &self.text }, None, &mut found);
            found
        };
        match in_time(&self.text, &name, context) {
            Ok(Rendering::Text(text)) => {
                let name = format!("{} (rendered)", self.path.with_extension("").display());
                Text::Known(Rendered { name, text })
            }
            Ok(Rendering::NeedsPackage(places)) => Text::NeedsPackage(of_catalogue(places)),
            Err(found) => Text::Wrong(of_catalogue(found)),
        }
    }

    /// Packs what the template names.
    pub(in crate::commands) fn pack(
        &self,
        input_dir: &Path,
        rendered: &Rendered,
        template: &Template,
        purpose: Purpose<'_>,
    ) -> std::result::Result<Packed, Vec<Finding>> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let repository = Repository { root: input_dir, folder, deployer: self.deployer };
        let shown = |mut found: Vec<Finding>| {
            show_lines(rendered.as_file(), Some(template), &mut found);
            found
        };
        let mut packed = package(&rendered.text, template, repository, purpose).map_err(shown)?;
        packed.warnings = shown(packed.warnings);
        // Places in S3 are longer than the names that they replace
        let too_large = |text: &str| too_large(&rendered.name, text.len(), self.deployer);
        match (purpose, too_large(&packed.text).filter(|_| too_large(&rendered.text).is_none())) {
            (Purpose::Deploying { .. }, Some(finding)) => {
                let cause = "with the places in S3 of the local files that it names";
                Err(vec![finding.cause(cause).hint("name fewer files, or shorten the template")])
            }
            _ => Ok(packed),
        }
    }

    /// What the rendered text is made of, unless it is the file's own.
    pub(in crate::commands) fn source_of(&self, rendered: &Rendered) -> Option<Made> {
        let source = self.path.display().to_string();
        (rendered.name != source).then(|| Made { name: rendered.name.clone(), source })
    }

    /// Whether what is deployed depends on the Region, in which nested templates are named.
    pub(in crate::commands) fn names_templates(&self, template: &Template) -> bool {
        references(&template.root, self.deployer).iter().any(Reference::needs_region)
    }

    /// What is wrong with what the template names.
    pub(in crate::commands) fn check_files(
        &self,
        input_dir: &Path,
        rendered: &Rendered,
        template: &Template,
    ) -> Vec<Finding> {
        match self.pack(input_dir, rendered, template, Purpose::Checking) {
            Ok(packed) => packed.warnings,
            Err(found) => found,
        }
    }
}

/// The name of the template in a repository that names none.
pub(in crate::commands) fn default_name(input_dir: &Path) -> Result<PathBuf> {
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
