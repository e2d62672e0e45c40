//! The test cases of a repository as `check` and `build` take them: their text, and the files that they name, looked at
//! and not read.

use std::path::Path;

use crate::domain::check::{CaseFiles, File};
use crate::domain::test_suite::SuiteDraft;
use crate::files;

pub(super) struct CasesFile {
    name: String,
    text: String,
    /// The size of every file that the cases name. Cases that cannot be read name nothing.
    pub(super) named: CaseFiles,
}

impl CasesFile {
    pub(super) fn new(path: &Path, text: String) -> Self {
        let folder = files::folder_of(path);
        let size = |name: &str| {
            let metadata = std::fs::metadata(files::within(folder, name)).ok()?;
            metadata.is_file().then_some(metadata.len())
        };
        let draft = SuiteDraft::parse(&text, "").ok();
        let files = draft.iter().flat_map(SuiteDraft::files);
        let named = files.map(|name| (name.to_owned(), size(name))).collect();
        Self { name: path.display().to_string(), text, named }
    }

    pub(super) fn as_file(&self) -> File<'_> {
        File { name: &self.name, text: &self.text }
    }
}
