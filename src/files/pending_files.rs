//! Several outputs: all are proven before the work, and none is seen before the disk has taken all.

use std::path::{Path, PathBuf};

use super::in_use;
use super::pending::{Destination, Pending, Readers};
use super::place::Folders;
use crate::error::{Failure, Result};

/// Several files of one run: all are proven before the work, and each is whole.
#[derive(Debug)]
pub(crate) struct PendingFiles(Vec<Pending>);

impl PendingFiles {
    /// Proves the place of every file.
    ///
    /// # Errors
    /// All that cannot be written; what is wrong with a folder is said once.
    pub(crate) fn at<'a>(paths: impl IntoIterator<Item = &'a Path>, folders: Folders) -> Result<Self> {
        let proven = all(paths.into_iter().map(|path| Pending::with(path, folders, Readers::AsUsual, None)));
        proven.map(Self).map_err(|mut failure| {
            failure.findings.dedup_by(|one, other| one.cause == other.cause);
            failure
        })
    }

    /// Writes every file, in the order of their places; the disk has taken them all before the first is seen.
    ///
    /// # Errors
    /// A file cannot be written; then none is.
    pub(crate) fn filled<'a>(mut self, contents: impl IntoIterator<Item = &'a [u8]>) -> Result<Self> {
        all(self.0.iter_mut().zip(contents).map(|(pending, contents)| pending.fill(contents)))?;
        Ok(self)
    }

    /// Proves the places and writes the files, where there is no work in between.
    ///
    /// # Errors
    /// A file cannot be written; then none is.
    pub(crate) fn prepare(files: &[(PathBuf, Vec<u8>)], folders: Folders) -> Result<Self> {
        let places = Self::at(files.iter().map(|(path, _)| path.as_path()), folders)?;
        places.filled(files.iter().map(|(_, contents)| contents.as_slice()))
    }

    /// Puts every file in its place; one that cannot be put there keeps none of the others back.
    ///
    /// # Errors
    /// All that could not be written.
    pub(crate) fn put(self) -> Result<()> {
        in_use::undivided(|in_use| all(self.0.iter().map(|pending| pending.refuse_overlap(in_use))))?;
        let (beside, others): (Vec<_>, Vec<_>) =
            self.0.into_iter().partition(|pending| matches!(pending.to, Destination::Beside { .. }));
        let renamed = in_use::undivided(|in_use| all(beside.into_iter().map(|pending| pending.rename(in_use))));
        let written = all(others.into_iter().map(Pending::write));
        all([renamed.map(drop), written.map(drop)]).map(drop)
    }
}

/// All results.
///
/// # Errors
/// The findings of all failures.
pub(crate) fn all<T>(results: impl IntoIterator<Item = Result<T>>) -> Result<Vec<T>> {
    let mut good = Vec::new();
    let mut bad: Option<Failure> = None;
    for result in results {
        match (result, &mut bad) {
            (Ok(value), _) => good.push(value),
            (Err(failure), None) => bad = Some(failure),
            (Err(failure), Some(bad)) => bad.findings.extend(failure.findings),
        }
    }
    bad.map_or(Ok(good), Err)
}

#[cfg(test)]
mod tests {
    use super::all;
    use crate::domain::finding::Finding;
    use crate::error::Failure;

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let failed = |what: &str| Err::<(), _>(Failure::failed(Finding::error(what)));
        let failure = all([Ok(()), failed("one"), failed("two")]).expect_err("two are wrong");
        assert_eq!(failure.findings.iter().map(ToString::to_string).collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(all([Ok(1), Ok(2)]), Ok(vec![1, 2]));
    }
}
