//! The test cases of a repository as `check` and `build` take them: their text, and the files that they name, looked at
//! and not read.

use std::fs::Metadata;
use std::path::Path;

use crate::domain::check::{CaseFiles, File};
use crate::domain::test_suite::SuiteDraft;
use crate::files::{self, Unreachable};

pub(super) struct CasesFile {
    name: String,
    text: String,
    /// The size of every file that the cases name. Cases that cannot be read name nothing, and what is outside of their
    /// folder is not looked at: whether it may be there is for `test --files-within` to say.
    pub(super) named: CaseFiles,
}

impl CasesFile {
    pub(super) fn new(path: &Path, text: String) -> Self {
        let folder = files::folder_of(path);
        let size = |name: &str| match files::named(&files::within(folder, name), folder) {
            Ok(real) => Some(real.metadata().ok().filter(Metadata::is_file).map(|file| file.len())),
            Err(Unreachable::Outside(_)) => None,
            Err(Unreachable::Io(_)) => Some(None),
        };
        let draft = SuiteDraft::parse(&text, "").ok();
        let files = draft.iter().flat_map(SuiteDraft::files);
        let named = files.filter_map(|name| Some((name.to_owned(), size(name)?))).collect();
        Self { name: path.display().to_string(), text, named }
    }

    pub(super) fn as_file(&self) -> File<'_> {
        File { name: &self.name, text: &self.text }
    }
}
