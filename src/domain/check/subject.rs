//! What is checked.

use std::collections::BTreeMap;

use crate::domain::cloudformation::deployer::Deployer;
use crate::domain::project::build_plan::ProjectFacts;
use crate::domain::project::stage_file::StageFile;
use crate::domain::registry::model_package::ModelPackage;

/// A file with its text, as it was read or as it was rendered.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

/// What is checked, and what is known beside the files.
pub struct Subject<'a> {
    pub template: Option<File<'a>>,
    pub stages: &'a [StageFile],
    pub cases: Option<File<'a>>,
    /// The files that the cases name.
    pub case_files: &'a CaseFiles,
    pub facts: &'a ProjectFacts,
    pub package: Option<&'a ModelPackage>,
    /// The Region of the roll-out, where it is known.
    pub region: Option<&'a str>,
    /// What makes the stacks.
    pub deployer: Deployer,
    /// Whether variables that are not set count as set later, as on a laptop; else they are missing.
    pub variables_come_later: bool,
}

/// The files that cases name, as they name them.
pub type CaseFiles = BTreeMap<String, CaseFile>;

/// What was found where a case names a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseFile {
    /// So many bytes of a file that can be read
    There(u64),
    Missing,
    /// In no folder that files may lie in: where it is, and where they may lie
    Outside {
        is: String,
        may_be: String,
    },
}
