//! The test cases of a repository as `check` and `build` take them: their text, and the files that they name, looked at
//! and not read.

use std::io::ErrorKind;
use std::path::Path;

use crate::domain::check::{CaseFile, CaseFiles, File};
use crate::domain::suite::capture::draw::CaptureSource;
use crate::domain::suite::suite_draft::SuiteDraft;
use crate::error::Result;
use crate::files::{self, Unreachable};

pub(super) struct CasesFile {
    name: String,
    text: String,
    /// Every file that the cases name. Cases that cannot be read name nothing.
    pub(super) named: CaseFiles,
}

impl CasesFile {
    /// The cases of that file, whose files lie in its own folder unless another is said.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn read(path: &Path, within: Option<&Path>) -> Result<Self> {
        let text = files::read_text(path)?;
        let folder = files::folder_of(path);
        let within = within.unwrap_or(folder);
        let found = |name: &str, may_be_folder: bool| match files::named(&files::within(folder, name), within) {
            Ok(real) => match real.metadata() {
                Ok(file) if file.is_file() || (may_be_folder && file.is_dir()) => {
                    files::keep(&files::within(folder, name));
                    CaseFile::There(file.len())
                }
                _ => CaseFile::Missing,
            },
            Err(Unreachable::Outside(real)) => {
                CaseFile::Outside { is: real.display().to_string(), may_be: within.display().to_string() }
            }
            Err(Unreachable::Io(_)) => CaseFile::Missing,
        };
        let draft = SuiteDraft::parse(&text, "").ok();
        let files = draft.iter().flat_map(|draft| draft.files().into_iter().chain(draft.datasets()));
        let mut named: CaseFiles = files.map(|name| (name.to_owned(), found(name, false))).collect();
        for (_, draw) in draft.iter().flat_map(SuiteDraft::draws) {
            if let CaptureSource::Path(path) = draw.source {
                named.insert(path.clone(), found(&path, true));
            }
        }
        Ok(Self { name: path.display().to_string(), text, named })
    }

    /// The cases that a repository has where they are looked for. Only a file that is not there is none.
    ///
    /// # Errors
    /// There is something, and it cannot be read.
    pub(super) fn read_any(path: &Path, within: Option<&Path>) -> Result<Option<Self>> {
        match path.symlink_metadata() {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            _ => Self::read(path, within).map(Some),
        }
    }

    pub(super) fn as_file(&self) -> File<'_> {
        File { name: &self.name, text: &self.text }
    }
}
