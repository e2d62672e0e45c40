//! What is written beside its place, and what of it a killed run left behind.

use std::fs::{File, Permissions, TryLockError};
use std::path::Path;
use std::time::Duration;

use tempfile::{Builder, NamedTempFile};

use crate::domain::digest::sha256;

const BEGIN: &str = ".modeldeploy-";
const END: &str = ".tmp";
const RANDOM: usize = 10;
/// So many digits, nobody hits upon.
const SEAL: usize = 16;

/// Where files cannot be locked, one that is older than this belongs to nobody.
const OLD: Duration = Duration::from_hours(24);
/// Another run may look for leftovers between our making a file and our locking it, hardly ever twice.
const ATTEMPTS: usize = 10;

/// What the name of a file begins with that is not in its place yet, in that folder. Nobody else gives a file such a name: its
/// seal is of this process and of the folder.
fn begin(process: &str, folder: &Path) -> String {
    #[cfg(unix)]
    let place = std::os::unix::fs::MetadataExt::ino;
    #[cfg(not(unix))]
    let place = std::fs::Metadata::len;
    let place = folder.metadata().map_or(0, |folder| place(&folder));
    let seal = sha256(format!("{BEGIN}{process} {place}").as_bytes());
    format!("{BEGIN}{process}-{}-", &seal[..SEAL])
}

/// Whether a file is one of ours that is not in its place yet.
pub(super) fn is_temporary(path: &Path) -> bool {
    let parts = || {
        let (name, folder) = (path.file_name()?.to_str()?, path.parent()?);
        let process = name.strip_prefix(BEGIN)?.split('-').next()?;
        name.strip_prefix(&begin(process, folder))?.strip_suffix(END)
    };
    parts().is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// A new file that is locked as long as it is open: the lock goes with the process, however that ends.
pub(super) fn locked(folder: &Path, permissions: Option<Permissions>) -> std::io::Result<NamedTempFile> {
    let begin = begin(&std::process::id().to_string(), folder);
    let mut builder = Builder::new();
    builder.prefix(&begin).suffix(END).rand_bytes(RANDOM);
    if let Some(permissions) = permissions {
        builder.permissions(permissions);
    }
    for _ in 1..ATTEMPTS {
        let temporary = builder.tempfile_in(folder)?;
        // Only who removes leftovers locks a file of ours; then it is as good as gone.
        if !matches!(temporary.as_file().try_lock(), Err(TryLockError::WouldBlock)) && temporary.path().exists() {
            return Ok(temporary);
        }
    }
    builder.tempfile_in(folder)
}

/// Removes what no process holds any more.
pub(super) fn remove_from(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| is_temporary(&entry.path())) {
        let path = entry.path();
        // A link of that name is not ours, and a pipe would never open.
        if !path.symlink_metadata().is_ok_and(|there| there.is_file()) {
            continue;
        }
        let Ok(file) = File::open(&path) else { continue };
        let is_left = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(_)) => is_old(&file),
        };
        if is_left {
            // The lock is held until the file is gone, so that who made it this moment makes another one.
            _ = std::fs::remove_file(&path);
        }
    }
}

fn is_old(file: &File) -> bool {
    let written = file.metadata().and_then(|there| there.modified());
    written.ok().and_then(|written| written.elapsed().ok()).is_some_and(|age| age > OLD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_process_holds_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = locked(folder.path(), None).expect("a file");
        let left = locked(folder.path(), None).expect("a file");
        let (_, left) = left.keep().expect("stays, unlocked");
        let elsewhere = tempfile::tempdir().expect("a folder");
        let of_another_folder = locked(elsewhere.path(), None).expect("a file");
        let others = [
            ".modeldeploy-notes",
            ".modeldeploy-0123456789",
            ".modeldeploy-mine.tmp",
            ".modeldeploy-0123456789.tmp",
            ".modeldeploy-4711-0123456789abcdef-0123456789.tmp",
            of_another_folder.path().file_name().and_then(|name| name.to_str()).expect("a name"),
            "release.json",
        ];
        for name in others {
            std::fs::write(folder.path().join(name), "").expect("written");
        }
        remove_from(folder.path());
        assert!(held.path().exists() && !left.exists());
        assert!(others.iter().all(|name| folder.path().join(name).exists()));
    }
}
