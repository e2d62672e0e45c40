//! The example that is rehearsed where nothing else is given: a real iris classifier and its recorded answers.

use std::path::Path;

use super::super::project::{self, default_name};
use super::super::seed::FILES;
use crate::domain::finding::Finding;
use crate::error::{Failure, Result};
use crate::files::{self, Folders, Most, PendingFiles};
use crate::output::Console;

pub(super) const WORLD: &str = include_str!("../../../examples/iris/world.json");

/// What of a repository is for the pipeline and for people, not for a rehearsal.
const NOT_REHEARSED: [&str; 3] = ["README.md", "buildspec.yml", "test/buildspec.yml"];

/// Goes on with the caller's own files; where there is no template, with the example's, laid out for a look at them.
pub(super) fn stand_in(project: &mut project::Settings, output_dir: &Path, console: Console) -> Result<()> {
    let template = match &project.template {
        Some(name) => name.clone(),
        None => default_name(&project.input_dir)?,
    };
    if project.input_dir.as_os_str() != "." || project.input_dir.join(&template).exists() {
        return Ok(());
    }
    let folder = files::within(output_dir, "example");
    console.note(&format!(
        "no {} in this folder: rehearsing the example's files, which are in {} (copy them here to change them)",
        template.display(),
        folder.display()
    ));
    let files = FILES.iter().filter(|(name, _)| !NOT_REHEARSED.contains(name));
    let files = files.map(|(name, text)| (folder.join(name), text.as_bytes().to_vec()));
    let missing = files::all(files.filter_map(|(path, text)| match path.symlink_metadata() {
        Err(_) => Some(Ok((path, text))),
        Ok(_) if files::bytes(&path, Most::Written).is_ok_and(|there| there == text) => None,
        Ok(_) => Some(Err(changed(&path))),
    }))?;
    PendingFiles::prepare(&missing, Folders::AreMade)?.put()?;
    project.input_dir = folder;
    Ok(())
}

/// What somebody may have written is not replaced.
fn changed(path: &Path) -> Failure {
    let finding = Finding::error(format!("cannot write {}", path.display()))
        .cause("it is there already, and is not the example's file");
    Failure::invalid([finding.hint("copy your files to this folder to rehearse them, or name another --output-dir")])
}
