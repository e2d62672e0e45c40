//! The files that test cases name, looked at and not read.

use std::path::Path;

use crate::domain::check::CaseFiles;
use crate::domain::test_suite::SuiteDraft;
use crate::files;

/// The size of every file that the cases in `path` name; none of what is no file. Cases that cannot be read name nothing.
pub(super) fn named_in(path: &Path, text: &str) -> CaseFiles {
    let folder = files::folder_of(path);
    let Ok(draft) = SuiteDraft::parse(text, "") else { return CaseFiles::new() };
    let size = |name: &str| {
        let metadata = std::fs::metadata(files::within(folder, name)).ok()?;
        metadata.is_file().then(|| metadata.len())
    };
    draft.files().into_iter().map(|name| (name.to_owned(), size(name))).collect()
}
