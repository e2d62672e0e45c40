//! Outputs: proven writable before any work is done for them, and written whole or not at all.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tempfile::NamedTempFile;

use super::in_use::{self, Claim, InUse};
use super::place::{self, Folders, Place, Unusable};
use super::standard::{STDERR, STDOUT, StandardStream};
use super::{leftover, stream};
use crate::domain::finding::Finding;
use crate::error::{Failure, Result};

/// Who may read a file that was not there before; one that is replaced keeps its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Whom the process's umask lets.
    AsUsual,
    /// The owner alone, since requests and answers of a model are in it.
    OwnerAlone,
}

impl Readers {
    #[cfg(unix)]
    fn mode(self) -> u32 {
        match self {
            Self::AsUsual => 0o666,
            Self::OwnerAlone => 0o600,
        }
    }
}

/// An output whose place was proven; a regular file is written beside its place, and nothing is seen of it until it is
/// put there.
#[derive(Debug)]
pub(crate) struct Pending {
    shown: PathBuf,
    pub(super) to: Destination,
    /// What goes there, where that is not on the disk yet.
    contents: Vec<u8>,
    /// Of all but what any number of outputs can go to, as to `/dev/null`.
    claim: Option<Claim>,
    /// Whether it takes the place of what is there.
    replaces: bool,
}

#[derive(Debug)]
pub(super) enum Destination {
    /// Renamed to its place when it is whole.
    Beside {
        temporary: NamedTempFile,
        real: PathBuf,
    },
    /// Written over in its place, since nothing can be renamed onto it.
    Mounted(File),
    /// Added to: a pipe, a device, a file that is open already.
    Stream(File),
    Stdout,
    Stderr,
}

impl Pending {
    /// Proves that the file that a person named can be written, by writing beside its place.
    ///
    /// # Errors
    /// Its folder is not there or cannot be written to, a folder has its name, or it falls on an input or another output.
    pub(crate) fn at(path: &Path, readers: Readers) -> Result<Self> {
        Self::with(path, Folders::AreThere, readers, None)
    }

    /// The same, with what becomes of its folder, and the moment after which nobody waits for the reader of a pipe.
    ///
    /// # Errors
    /// As `at`.
    pub(crate) fn with(path: &Path, folders: Folders, readers: Readers, deadline: Option<Instant>) -> Result<Self> {
        let place = place::follow(path, folders).map_err(|cause| unwritable(path, cause))?;
        let claim = claim(path, &place)?;
        let to = prove(place, claim.as_ref(), readers, deadline).map_err(|error| unwritable(path, error.into()))?;
        Ok(Self { shown: path.to_owned(), to, contents: Vec::new(), claim, replaces: true })
    }

    /// Writes the contents and puts the file in its place.
    ///
    /// # Errors
    /// The disk refuses, or the file was read meanwhile.
    pub(crate) fn put(mut self, contents: &[u8]) -> Result<()> {
        self.fill(contents)?;
        self.settle()
    }

    /// The same where nothing is to be replaced, not even what came there meanwhile.
    ///
    /// # Errors
    /// As `put`, or something is there.
    pub(crate) fn put_new(self, contents: &[u8]) -> Result<()> {
        Self { replaces: false, ..self }.put(contents)
    }

    pub(super) fn fill(&mut self, contents: &[u8]) -> Result<()> {
        if let Destination::Beside { temporary, .. } = &mut self.to {
            let file = temporary.as_file_mut();
            // On the disk before it takes the place of another one: else a power cut may leave neither, and some disks say
            // only now that they are full.
            let written = overwrite(file, contents).and_then(|()| file.sync_all());
            written.map_err(|error| unwritable(&self.shown, error.into()))
        } else {
            contents.clone_into(&mut self.contents);
            Ok(())
        }
    }

    fn settle(self) -> Result<()> {
        in_use::undivided(|in_use| self.refuse_overlap(in_use))?;
        match self.to {
            Destination::Beside { .. } => in_use::undivided(|in_use| self.rename(in_use)),
            _ => self.write(),
        }
    }

    /// Whether the file was read since its place was proven.
    pub(super) fn refuse_overlap(&self, in_use: &InUse) -> Result<()> {
        let Some(claim) = &self.claim else { return Ok(()) };
        let there = match &self.to {
            Destination::Beside { real, .. } => real.symlink_metadata().ok(),
            Destination::Mounted(file) | Destination::Stream(file) => file.metadata().ok(),
            Destination::Stdout | Destination::Stderr => None,
        };
        match in_use.overlap_of(claim, there.as_ref()) {
            Some(other) => Err(overlapping(&self.shown, &other)),
            None => Ok(()),
        }
    }

    pub(super) fn rename(self, in_use: &mut InUse) -> Result<()> {
        let Self { shown, to, claim, replaces, .. } = self;
        let Destination::Beside { temporary, real } = to else { return Ok(()) };
        // What took the name since it was proven is not ours to replace.
        if real.symlink_metadata().is_ok_and(|there| !there.is_file()) {
            return Err(unwritable(&shown, "it is no longer a regular file".to_owned().into()));
        }
        let put = if replaces { temporary.persist(&real) } else { temporary.persist_noclobber(&real) };
        let file = put.map_err(|error| unwritable(&shown, error.error.into()))?;
        if let Some(claim) = claim {
            in_use.is_put(&claim, file.metadata().ok().as_ref());
        }
        Ok(())
    }

    pub(super) fn write(self) -> Result<()> {
        let Self { shown, to, contents, claim, .. } = self;
        let written = match to {
            Destination::Mounted(mut file) => overwrite(&mut file, &contents),
            Destination::Stream(file) => stream::add(&file, &contents),
            Destination::Stdout => standard(&STDOUT, &contents),
            Destination::Stderr => standard(&STDERR, &contents),
            Destination::Beside { .. } => Ok(()),
        };
        written.map_err(|error| unwritable(&shown, error.into()))?;
        if let Some(claim) = claim {
            in_use::undivided(|in_use| in_use.is_put(&claim, None));
        }
        Ok(())
    }
}

/// All of it, unless nobody reads and the run is to end.
fn standard(stream: &'static StandardStream, contents: &[u8]) -> std::io::Result<()> {
    stream.write(contents);
    match stream.flush() {
        // Whoever reads what a command prints and goes away has read enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Whether a file that was named goes to stdout, where nothing else must be then.
pub(crate) fn stdout_is_an_output() -> bool {
    STDOUT_IS_AN_OUTPUT.load(Ordering::Relaxed)
}

static STDOUT_IS_AN_OUTPUT: AtomicBool = AtomicBool::new(false);

fn claim(path: &Path, place: &Place) -> Result<Option<Claim>> {
    let (real, there) = match place {
        Place::File { real, there, .. } => (real, there.as_ref()),
        Place::Stream { real, there } | Place::Stdout { real, there } | Place::Stderr { real, there } => {
            (real, Some(there))
        }
    };
    if there.is_some_and(place::is_character_device) {
        return Ok(None);
    }
    Claim::new(path, real, there).map(Some).map_err(|other| overlapping(path, &other))
}

fn prove(
    place: Place,
    claim: Option<&Claim>,
    readers: Readers,
    deadline: Option<Instant>,
) -> std::io::Result<Destination> {
    match place {
        Place::File { real, folder, there } => {
            if let Some(there) = &there {
                // Whoever may write to the folder alone could rename a file onto one that is write-protected.
                let file = OpenOptions::new().write(true).open(&real)?;
                if place::is_mounted(&real) {
                    return Ok(Destination::Mounted(file));
                }
                return beside(&real, &folder, Some(there), claim, readers);
            }
            beside(&real, &folder, None, claim, readers)
        }
        Place::Stream { real, .. } => stream::opened(&real, deadline).map(Destination::Stream),
        Place::Stdout { .. } => {
            STDOUT_IS_AN_OUTPUT.store(true, Ordering::Relaxed);
            Ok(Destination::Stdout)
        }
        Place::Stderr { .. } => Ok(Destination::Stderr),
    }
}

/// A file beside a place, with the mode that it will have there.
fn beside(
    real: &Path,
    folder: &Path,
    there: Option<&Metadata>,
    claim: Option<&Claim>,
    readers: Readers,
) -> std::io::Result<Destination> {
    leftover::remove_from(folder);
    // A temporary file's own 0600 would lock later steps out; the umask still has its say.
    #[cfg(unix)]
    let permissions = there.is_none().then(|| std::os::unix::fs::PermissionsExt::from_mode(readers.mode()));
    #[cfg(not(unix))]
    let permissions = None;
    let mut temporary = leftover::locked(folder, permissions)?;
    if let Some(claim) = claim {
        claim.beside(temporary.path());
    }
    // A full disk makes files, and takes nothing into them; what is written stays allocated until it is written over.
    temporary.write_all(PROOF)?;
    if let Some(there) = there {
        keep_owner_and_mode(temporary.as_file(), there)?;
    }
    Ok(Destination::Beside { temporary, real: real.to_owned() })
}

const PROOF: &[u8] = b"\n";

/// A file that is replaced keeps its mode and, as far as we may say so, its owner.
fn keep_owner_and_mode(file: &File, there: &Metadata) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (there.uid(), there.gid()) {
            // Only root gives files away; a group of one's own may be kept by anyone.
            _ = fchown(file, Some(there.uid()), Some(there.gid())).or_else(|_| fchown(file, None, Some(there.gid())));
        }
    }
    file.set_permissions(there.permissions())
}

/// In the place of what is there.
fn overwrite(file: &mut File, contents: &[u8]) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(contents)?;
    file.set_len(contents.len() as u64)
}

/// What of these outputs would fall on an input or on each other; nothing is written, and folders may be missing.
pub(crate) fn overlaps<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Vec<Finding> {
    let mut claims = Vec::new();
    let mut findings = Vec::new();
    for path in paths {
        // What else is wrong with a place is said by its proof.
        let Ok(place) = place::follow(path, Folders::AreThere) else { continue };
        match claim(path, &place) {
            Ok(claim) => claims.push(claim),
            Err(failure) => findings.extend(failure.findings),
        }
    }
    findings
}

/// Makes a folder and proves that files can be written to it, where their names are not known yet.
///
/// # Errors
/// It cannot be made, or takes no files.
pub(crate) fn prove_folder(folder: &Path) -> Result<()> {
    place::real_folder(folder, Folders::AreMade)
        .and_then(|real| Ok(leftover::locked(&real, None)?.write_all(PROOF)?))
        .map_err(|cause| unwritable(folder, cause))
}

fn unwritable(path: &Path, Unusable { cause, hint }: Unusable) -> Failure {
    let hint = hint.unwrap_or("check the folder's permissions and free space, or name another place");
    Failure::failed(Finding::error(format!("cannot write {}", path.display())).cause(cause).hint(hint))
}

fn overlapping(path: &Path, other: &str) -> Failure {
    let finding = Finding::error(format!("cannot write {}", path.display())).cause(other);
    Failure::invalid([finding.hint("give each output a place of its own, which is that of no input")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_takes_the_place_of_none_that_came_meanwhile() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new");
        let pending = || Pending::at(&path, Readers::AsUsual).expect("proven");
        let late = pending();
        std::fs::write(&path, "mine").expect("written");
        let failure = late.put_new(b"other").expect_err("something is there");
        assert_eq!(failure.findings[0].cause.as_deref(), Some("file exists"));
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "mine");
        std::fs::remove_file(&path).expect("removed");
        pending().put_new(b"other").expect("nothing is there");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "other");
    }
}
