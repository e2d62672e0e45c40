//! A project's repository, read once: `build`, a rehearsal, `check` and `doctor` start from it.

mod cases_file;
mod packaging;
mod template;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use self::cases_file::CasesFile;
pub(super) use self::packaging::{Artefact, Packed, Purpose};
use self::template::Text;
pub(super) use self::template::{Rendered, TemplateFile, default_name};
use crate::cli::CASES_FILE;
use crate::domain::check::{CaseFiles, Checked, Subject, check};
use crate::domain::cloudformation::deployer::Deployer;
use crate::domain::finding::Finding;
use crate::domain::project::build_plan::{ProjectFacts, StagePlan};
use crate::domain::project::rendering::Context;
use crate::domain::project::stage::{Stage, StageSettings};
use crate::domain::project::stage_file::StageFile;
use crate::domain::registry::model_package::ModelPackage;
use crate::error::Failure;
use crate::{files, secrets};

/// Where the files of a project are, and what is known beside them.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) facts: ProjectFacts,
    pub(super) input_dir: PathBuf,
    /// None: the one that is there.
    pub(super) template: Option<PathBuf>,
    pub(super) stages: Vec<Stage>,
    /// None: those of the repository, if it has any.
    pub(super) cases: Option<PathBuf>,
    pub(super) files_within: Option<PathBuf>,
    pub(super) deployer: Deployer,
}

/// What was read, and what could not be.
pub(super) struct Project {
    pub(super) settings: Settings,
    pub(super) template: Option<TemplateFile>,
    /// The template as it is checked, where that is known without the package.
    pub(super) rendered: Option<Rendered>,
    pub(super) stages: Vec<StageFile>,
    cases: Option<CasesFile>,
    /// With the file's path, if it is known which is meant.
    pub(super) unreadable: Vec<(Option<PathBuf>, Failure)>,
    /// Variables of stages.
    pub(super) unusable: Vec<Finding>,
    /// Why there is no rendered template.
    pub(super) unrendered: Vec<Finding>,
    /// The places of the template that speak of the package, which is not known.
    pub(super) needs_package: Vec<Finding>,
}

impl Project {
    /// Reads all files; `package` is what the template may speak of.
    pub(super) fn read(
        settings: Settings,
        environment: &BTreeMap<String, String>,
        package: Option<&ModelPackage>,
    ) -> Self {
        let mut project = Self::unread(settings);
        project.template = project.read_template();
        project.read_stages(environment, |_| true);
        project.cases = project.read_cases();
        project.render(package);
        project
    }

    /// Reads the configs that are there, and the template if it can be read.
    pub(super) fn read_if_there(settings: Settings, environment: &BTreeMap<String, String>) -> Self {
        let mut project = Self::unread(settings);
        project.template = project.read_template();
        project.unreadable.clear();
        project.read_stages(environment, Path::exists);
        project.render(None);
        project
    }

    fn unread(settings: Settings) -> Self {
        Self {
            settings,
            template: None,
            rendered: None,
            stages: Vec::new(),
            cases: None,
            unreadable: Vec::new(),
            unusable: Vec::new(),
            unrendered: Vec::new(),
            needs_package: Vec::new(),
        }
    }

    fn read_stages(&mut self, environment: &BTreeMap<String, String>, is_wanted: fn(&Path) -> bool) {
        for stage in self.settings.stages.clone() {
            let (settings, found) = StageSettings::from_environment(&stage, environment);
            self.unusable.extend(found);
            let path = files::within(&self.settings.input_dir, &settings.config_file);
            if !is_wanted(&path) {
                continue;
            }
            if let Some(text) = self.kept(&path, files::read_text(&path)) {
                self.stages.push(StageFile::read(settings, path.display().to_string(), text));
            }
        }
    }

    fn render(&mut self, package: Option<&ModelPackage>) {
        match self.template.as_ref().map(|template| self.text(template, package)) {
            Some(Text::Known(rendered)) => self.rendered = Some(rendered),
            Some(Text::NeedsPackage(places)) => self.needs_package = places,
            Some(Text::Wrong(findings)) => self.unrendered = findings,
            None => {}
        }
    }

    fn kept<T>(&mut self, path: &Path, read: crate::error::Result<T>) -> Option<T> {
        read.map_err(|failure| self.unreadable.push((Some(path.to_owned()), failure))).ok()
    }

    fn read_template(&mut self) -> Option<TemplateFile> {
        let Settings { template, input_dir, deployer, .. } = self.settings.clone();
        let name = match template.map_or_else(|| default_name(&input_dir), Ok) {
            Ok(name) => name,
            Err(failure) => {
                self.unreadable.push((None, failure));
                return None;
            }
        };
        self.kept(&files::within(&input_dir, &name), TemplateFile::read(name.clone(), &input_dir, deployer))
    }

    fn read_cases(&mut self) -> Option<CasesFile> {
        let Settings { cases, input_dir, files_within, .. } = self.settings.clone();
        let within = files_within.as_deref();
        if let Some(path) = cases {
            return self.kept(&path, CasesFile::read(&path, within));
        }
        let path = files::within(&input_dir, CASES_FILE);
        self.kept(&path, CasesFile::read_any(&path, within)).flatten()
    }

    fn text(&self, template: &TemplateFile, package: Option<&ModelPackage>) -> Text {
        let stages: Vec<StagePlan> = self.stages.iter().filter_map(StageFile::sound_plan).collect();
        template.rendered(&Context { project: &self.settings.facts, stages: &stages, package })
    }

    /// The template as it is checked, with what only the package tells.
    ///
    /// # Errors
    /// The template cannot be read or rendered.
    pub(super) fn rendered_with(&self, package: &ModelPackage) -> Result<Option<Rendered>, Vec<Finding>> {
        match self.template.as_ref().map(|template| self.text(template, Some(package))) {
            Some(Text::Known(rendered)) => Ok(Some(rendered)),
            Some(Text::NeedsPackage(findings) | Text::Wrong(findings)) => Err(findings),
            None => Ok(None),
        }
    }

    /// What is checked of the files.
    pub(super) fn subject<'a>(&'a self, rendered: Option<&'a Rendered>) -> Subject<'a> {
        const NONE: &CaseFiles = &CaseFiles::new();
        Subject {
            template: rendered.map(Rendered::as_file),
            stages: &self.stages,
            cases: self.cases.as_ref().map(CasesFile::as_file),
            case_files: self.cases.as_ref().map_or(NONE, |cases| &cases.named),
            facts: &self.settings.facts,
            package: None,
            region: None,
            deployer: self.settings.deployer,
            variables_come_later: false,
        }
    }
}

/// Checks, and keeps secret what the files declare to be so.
pub(super) fn checked(subject: &Subject<'_>) -> Checked {
    let checked = check(subject);
    secrets::learn_all(&checked.confidential);
    checked
}
