//! What files and what went wrong with them are called.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A file in a folder, as people write it: `a`, not `./a`.
pub(crate) fn within(folder: &Path, name: impl AsRef<Path>) -> PathBuf {
    if folder.as_os_str() == "." { name.as_ref().to_owned() } else { folder.join(name) }
}

/// The folder that a file is in.
pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What to do where there is no room left for what is written.
pub(crate) fn full(error: &std::io::Error) -> Option<&'static str> {
    let is_full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    is_full.then_some("the disk or device is full: make room on it, or name another place")
}

/// An I/O error without the number behind it.
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
