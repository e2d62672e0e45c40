//! The example that is rehearsed where nothing else is given: a real iris classifier and its recorded answers.

use std::path::PathBuf;

use super::super::build::default_name;
use super::super::seed::FILES;
use crate::cli::{CASES_FILE, RehearseArgs};
use crate::error::Result;
use crate::files::{self, Folders, PendingFiles};
use crate::output::Console;

pub(super) const WORLD: &str = include_str!("../../../examples/iris/world.json");

/// What of a repository is for the pipeline and for people, not for a rehearsal.
const NOT_REHEARSED: [&str; 3] = ["README.md", "buildspec.yml", "test/buildspec.yml"];

/// Where a rehearsal reads the template, the configs and the cases.
pub(super) struct Inputs {
    pub(super) folder: PathBuf,
    pub(super) cases: PathBuf,
}

/// The caller's own files; where there is no template, the example's, laid out for a look at them.
pub(super) fn inputs(args: &RehearseArgs, console: Console) -> Result<Inputs> {
    let named = args.suite.cases.clone();
    let own_cases = named.clone().unwrap_or_else(|| files::within(&args.input_dir, CASES_FILE));
    let own = Inputs { folder: args.input_dir.clone(), cases: own_cases };
    let default_folder = args.input_dir.as_os_str() == ".";
    let template = match &args.project.template {
        Some(name) => name.clone(),
        None => default_name(&args.input_dir)?,
    };
    if !default_folder || args.input_dir.join(&template).exists() {
        return Ok(own);
    }
    let folder = files::within(&args.output_dir, "example");
    console.note(&format!(
        "no {} in this folder: rehearsing the example's files, which are in {} (copy them here to change them)",
        template.display(),
        folder.display()
    ));
    let files = FILES.iter().filter(|(name, _)| !NOT_REHEARSED.contains(name));
    let files: Vec<_> = files.map(|(name, text)| (folder.join(name), text.as_bytes().to_vec())).collect();
    PendingFiles::prepare(&files, Folders::AreMade)?.put()?;
    Ok(Inputs { cases: named.unwrap_or_else(|| folder.join(CASES_FILE)), folder })
}
