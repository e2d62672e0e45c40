//! What files and what went wrong with them are called.

use std::path::{Path, PathBuf};

/// A file in a folder, as people write it: `a`, not `./a`.
pub(crate) fn within(folder: &Path, name: impl AsRef<Path>) -> PathBuf {
    if folder.as_os_str() == "." { name.as_ref().to_owned() } else { folder.join(name) }
}

/// The folder that a file is in.
pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// An I/O error without the number behind it.
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
